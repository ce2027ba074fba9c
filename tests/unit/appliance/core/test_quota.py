"""A paired seat in other hands: it cannot fill the box's disk, and nobody else notices."""

from pathlib import Path

import pytest

from appliance.core import quota
from drill.sample_office import SampleOffice
from protocol import staff_api as api
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused, LoginRefusal, LoginRefused
from tests.core_hall import DOORS, CoreHall, core_hall
from tests.key_seat import KeySeat

SAVE_EVERY_MS = 300
ESSAY = 9_000
"""Bytes of 3,000 characters."""


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "FIRST_BYTES", 24_000)
    monkeypatch.setattr(quota, "BYTES_A_SECOND", 100)


async def filled(hall: CoreHall, seat: KeySeat) -> BatchRefused:
    """Let a seat write until it is refused."""
    for number in range(1000):
        seat.answer(f"q-{number:02}", "a")
        reply = await hall.accept(seat)
        if isinstance(reply, BatchRefused):
            return reply
    pytest.fail("nothing bounds the seat")


@pytest.mark.parametrize("minutes", [1, 10, 60, 240, 600])
def test_no_page_writes_as_much(minutes: int) -> None:
    """Saving a whole essay as often as a page can, without a pause, stays below the bound."""
    saves = minutes * 60_000 // SAVE_EVERY_MS
    written = saves * (ESSAY + 200 + quota.HEAD_BYTES)
    quota.check(0, written, 0, minutes * 60_000)


@pytest.mark.usefixtures("_small")
async def test_a_seat_that_writes_too_much_is_refused_and_shown(hall: CoreHall) -> None:
    """It hears FULL with bound and advice; a person is told; its neighbour goes on."""
    seat, neighbour = await hall.waiting(0), await hall.waiting(1)
    reply = await filled(hall, seat)
    assert reply.code is BatchRefusal.FULL
    assert "expected at most" in reply.text
    assert "send them later" in reply.text
    (task,) = [t for t in hall.status().tasks if t.kind is api.TaskKind.ALERT]
    assert (task.seat, task.text) == (hall.seating(0).seat, "too_much_written")
    neighbour.answer("q-01", "a")
    assert isinstance(await hall.accept(neighbour), Acknowledged)


async def test_a_seat_that_records_too_much_is_shown(hall: CoreHall) -> None:
    """While recordings refuses it, beside whatever it has written; nobody else is named."""
    seat = await hall.waiting(0)
    await hall.waiting(1)
    hall.core.surroundings.recordings_over = {seat.grant.session: DOORS}
    (task,) = [t for t in hall.status().tasks if t.kind is api.TaskKind.ALERT]
    assert (task.seat, task.since) == (hall.seating(0).seat, DOORS)
    assert task.text == "too_much_recorded"
    hall.seating(0).over_quota_since = DOORS
    alerts = [t for t in hall.status().tasks if t.kind is api.TaskKind.ALERT]
    assert len({t.id for t in alerts}) == 2


@pytest.mark.usefixtures("_small")
async def test_what_was_refused_is_taken_later_whole(hall: CoreHall) -> None:
    """The bound grows with the time: the same batch comes in, and the alert goes."""
    seat = await hall.waiting(0)
    reply = await filled(hall, seat)
    assert reply.acknowledged is not None
    hall.steady.advance(60_000)
    again = await hall.accept(seat, seat.batch(first=reply.acknowledged.n + 1))
    assert isinstance(again, Acknowledged)
    assert not [t for t in hall.status().tasks if t.kind is api.TaskKind.ALERT]


@pytest.mark.usefixtures("_small")
async def test_a_restart_forgets_nothing_of_what_was_written(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The bytes are counted again from the disk, the same to the byte."""
    async with core_hall(tmp_path, office) as hall:
        seat = await hall.waiting(0)
        await filled(hall, seat)
        before = hall.seating(0).kept_bytes
    async with core_hall(tmp_path, office) as hall:
        assert hall.seating(0).kept_bytes == before
        reply = await filled(hall, seat)
        assert isinstance(reply, BatchRefused)


@pytest.mark.usefixtures("_small")
async def test_logging_in_over_and_over_fills_no_disk(hall: CoreHall) -> None:
    """Each grant counts; beyond the bound the seat is told to wait, and nothing is written."""
    for _ in range(100):
        given, _, _ = await hall.ask(0)
        if isinstance(given, LoginRefused):
            break
    assert isinstance(given, LoginRefused)
    assert given.code is LoginRefusal.LOCKED
    assert given.at > hall.now()
    (grants,) = hall.row("SELECT count(*) FROM grants")
    assert 1 < grants < 100


@pytest.mark.usefixtures("_small")
async def test_tails_of_old_epochs_count_as_well(hall: CoreHall) -> None:
    """A seat that was replaced may tell one story after another: they are bounded too."""
    old = await hall.waiting(0)
    await hall.log_in(0)
    refused = None
    for length in range(1, 400):
        tail = KeySeat(old.grant, old.envelope, old.key)
        tail.bodies, tail.sent = list(old.bodies), old.sent
        for number in range(length):
            tail.answer(f"q-{number:02}", "a")
        refused = await hall.accept(tail)
        assert isinstance(refused, BatchRefused)
        if refused.code is BatchRefusal.FULL:
            break
    assert refused is not None
    assert refused.code is BatchRefusal.FULL
    (size,) = hall.row("SELECT sum(length(batch)) FROM strays")
    assert size < quota.FIRST_BYTES
