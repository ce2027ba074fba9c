"""Going on after a restart: the hall in memory is the one that the record tells of."""

import dataclasses
from pathlib import Path
from typing import Any

from appliance.core import quota
from appliance.core.hall import Seating
from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from protocol.decisions import Armed, Disarmed, Moved, Scope, TimeGiven
from protocol.grant import Position
from protocol.journal import HandRaised
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused
from runtime.faults import FaultyDisk
from tests.core_hall import ADMITTED, PERSONS, START, CoreHall, core_hall

PASSING = frozenset({"writing", "face_tries", "needs_person", "needs_person_since"})
"""What a restart may forget: a lock, and the look at a face, which begins again."""
NEAR = "kept_bytes"
"""Counted anew from the disk: near what was counted on the way, a batch's head at most off."""


def known(seating: Seating) -> dict[str, Any]:
    """Return what the box knows of a candidate."""
    fields = (field.name for field in dataclasses.fields(seating))
    return {name: getattr(seating, name) for name in fields if name not in PASSING | {NEAR}}


def everybody(hall: CoreHall) -> list[dict[str, Any]]:
    """Return what the box knows of each candidate."""
    return [known(hall.seating(person)) for person in range(len(PERSONS))]


async def busy(hall: CoreHall) -> None:
    """Let one write, one raise a hand, one log in again and leave a tail behind."""
    first, second, third = [await hall.answering(person) for person in range(3)]
    first.answer("q-01", "a")
    first.answer("q-02", "b")
    first.answer("q-02")
    second.write(HandRaised, text="the screen flickers")
    await hall.deliver(first, second)
    await hall.rounds.log_heads_once()
    await hall.decide(TimeGiven(ms=60_000, reason="a power cut"), 0)
    third.answer("q-01", "c")
    await hall.deliver(third)
    again = await hall.log_in(2)
    third.answer("q-02", "d")
    reply = await hall.accept(third)
    assert isinstance(reply, BatchRefused)
    assert reply.code is BatchRefusal.OLD_EPOCH
    again.answer("q-03", "a")
    await hall.deliver(again)
    await hall.log_in(3)
    await hall.decide(ADMITTED, 3)
    await hall.log_in(4)


async def test_what_the_box_knows_of_everybody_comes_back(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Field by field: sessions, positions, answers, hands, strays, bytes on the disk."""
    async with core_hall(tmp_path, office) as hall:
        await busy(hall)
        before = everybody(hall)
        sizes = [hall.seating(person).kept_bytes for person in range(len(PERSONS))]
        made = hall.core.decider.made
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert everybody(again) == before
        assert again.core.decider.made == made
        for person, size in enumerate(sizes):
            assert abs(again.seating(person).kept_bytes - size) <= quota.HEAD_BYTES


async def test_a_journal_stands_at_its_last_head_and_a_fresh_one_at_its_grant(
    office: SampleOffice, tmp_path: Path
) -> None:
    """No grant is written again with an answer: the heads say where each epoch stands."""
    async with core_hall(tmp_path, office) as hall:
        writer, fresh = await hall.answering(0), await hall.log_in(1)
        writer.answer("q-01", "a")
        await hall.deliver(writer)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert again.seating(0).position == writer.position()
        assert again.seating(1).position == fresh.position(0)
        writer.answer("q-02", "b")
        fresh.consent()
        await again.deliver(writer, fresh)
        assert again.seating(0).position == writer.position()


async def test_an_old_epoch_is_still_known(office: SampleOffice, tmp_path: Path) -> None:
    """The tail of a dead seat that turns up after the restart is kept, not taken for a forgery."""
    async with core_hall(tmp_path, office) as hall:
        old = await hall.answering(0)
        await hall.log_in(0)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        old.answer("q-01", "a")
        reply = await again.accept(old)
        assert isinstance(reply, BatchRefused)
        assert reply.code is BatchRefusal.OLD_EPOCH
        assert again.row("SELECT count(*) FROM strays") == (1,)
        assert again.seating(0).stray_since > 0


async def test_a_seat_that_heard_no_acknowledgement_sends_again_and_nothing_is_twice(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The reply was lost with the box: the same batch is acknowledged at the same place."""
    async with core_hall(tmp_path, office) as hall:
        seat = await hall.answering(0)
        seat.answer("q-01", "a")
        batch = seat.batch()
        await hall.accept(seat, batch)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert isinstance(await again.accept(seat, batch), Acknowledged)
        count = again.row("SELECT count(*) FROM events WHERE session = ?", seat.grant.session)
        assert count == (len(seat.bodies),)


async def test_the_start_is_armed_as_it_was_decided_last(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Armed, disarmed and armed anew: the last decision holds."""
    async with core_hall(tmp_path, office) as hall:
        for what in (Armed(start=START), Disarmed(), Armed(start=START + 1_000)):
            await hall.decide(what)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert again.hall.subjects[SUBJECT].armed_start == START + 1_000
        await again.decide(Disarmed())
    async with core_hall(tmp_path, office, steady=hall.steady) as third:
        assert third.hall.subjects[SUBJECT].armed_start is None


async def test_after_a_reboot_no_decision_is_before_the_last_one(
    office: SampleOffice, tmp_path: Path
) -> None:
    """A dead battery says 2000: time goes on from the last decision, not from the last round."""
    async with core_hall(tmp_path, office) as hall:
        await hall.core.keep_clock()
        hall.steady.advance(5_000)
        last = await hall.decide(Disarmed())
    hall.steady.reboot()
    hall.steady.set_wall(946_684_800_000)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert (await again.decide(Disarmed())).at >= last.at


async def test_a_move_that_was_decided_after_the_grant_holds(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The grant names the old seat, the decision the new one."""
    async with core_hall(tmp_path, office) as hall:
        await hall.answering(0)
        other = hall.seating(5).seat
        moved = Moved(seat=other, epoch=2, reason="a broken keyboard")
        await hall.core.decider.decide(moved, SUBJECT, [hall.seating(0)], scope=Scope.ONE)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert again.seating(0).seat == other
        assert isinstance(again.seating(0).position, Position)


async def test_reading_back_writes_nothing(office: SampleOffice, tmp_path: Path) -> None:
    """A box with a full disk comes back to the hall that it left."""
    async with core_hall(tmp_path, office) as hall:
        await busy(hall)
        await hall.core.log.checkpoint()
        before = everybody(hall)
    with FaultyDisk().installed() as disk:
        async with core_hall(tmp_path, office, steady=hall.steady) as again:
            assert again.database.writer.jobs == 0
            assert everybody(again) == before
            disk.full()
            assert await again.core.log.newest()
