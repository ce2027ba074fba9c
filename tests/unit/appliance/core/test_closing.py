"""The closing: what it says stays true, whatever seats and disks do at that moment."""

import asyncio
import itertools
from pathlib import Path

import pytest

from appliance.core.release import Release
from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from exam.session import State
from protocol import decisions as d
from protocol import staff_api as api
from protocol.closing import Closing, Ending, open_closing
from protocol.journal import DecisionReceived
from protocol.sealing import SealingIdentity
from protocol.seat_api import Acknowledged
from runtime.errors import DiskError
from runtime.faults import FaultyDisk
from tests.core_hall import MINUTE, PERSONS, START, CoreHall, core_hall
from tests.core_office import core_office
from tests.key_seat import KeySeat

ACCOUNT = (
    "6 accounted for: 6 handed in, 0 refused or absent; all received and verified by the office"
)


def closed(hall: CoreHall) -> Closing:
    """Return the account that is on record."""
    envelope = hall.hall.subjects[SUBJECT].closing
    assert envelope is not None
    return open_closing(envelope, hall.core.box.key.public)


async def handed_in(hall: CoreHall, *persons: int) -> list[KeySeat]:
    """Let some hand in, after the earliest moment; all others are absent."""
    await hall.arm()
    seats = [await hall.waiting(person) for person in persons]
    hall.begin()
    for seat in seats:
        seat.enter(hall=hall.now())
        seat.answer("q-01", "a")
    hall.until(START + 40 * MINUTE)
    for seat in seats:
        seat.hand_in(hall=hall.now())
    await hall.deliver(*seats)
    await hall.rounds.look_at_the_doors()
    return seats


def closings(hall: CoreHall) -> list[d.Decision]:
    """Return the decisions that closed a subject."""
    made = (decision for decision, _ in hall.core.decider.made)
    return [decision for decision in made if isinstance(decision.what, d.SubjectClosed)]


def covers(hall: CoreHall, person: int) -> int:
    """Return the event to which the account covers a person's journal."""
    wanted = hall.seating(person).candidate.id
    position = next(c.position for c in closed(hall).candidates if c.candidate == wanted)
    assert position is not None
    return position.n


def hear(hall: CoreHall, seat: KeySeat) -> None:
    """Let a seat note the last decision."""
    seat.write(DecisionReceived, decision=hall.core.decider.made[-1][1])


async def close(hall: CoreHall) -> api.ActReply:
    """Close the subject, as a person does."""
    return await hall.act(api.CloseSubject(subject=SUBJECT))


async def test_everybody_is_named_once_as_they_ended(hall: CoreHall) -> None:
    """Handed in, collected, voided, refused, absent: with seat, position and answers."""
    seats = [await hall.waiting(person) for person in range(4)]
    hall.begin()
    for seat in seats[:3]:
        seat.enter(hall=hall.now())
    seats[0].answer("q-01", "a")
    seats[0].answer("q-02", "b")
    seats[0].answer("q-02")
    seats[0].hand_in(hall=hall.now())
    await hall.deliver(*seats)
    await hall.decide(d.Collected(reason="ill"), 1)
    await hall.decide(d.Voided(article="5", reason="notes"), 2)
    turned_away = d.IdentityDecided(
        method="person", accepted=False, withheld=False, distance=-1, reason="another man"
    )
    await hall.decide(turned_away, 3)
    hall.until(START + 40 * MINUTE)
    await hall.rounds.look_at_the_doors()
    assert isinstance(await close(hall), api.ActDone)
    found = {one.candidate: one for one in closed(hall).candidates}
    in_turn = [found[hall.seating(person).candidate.id] for person in range(len(PERSONS))]
    assert [one.ending for one in in_turn] == [
        Ending.HANDED_IN, Ending.COLLECTED, Ending.VOIDED, Ending.REFUSED, Ending.ABSENT,
        Ending.ABSENT,
    ]  # fmt: skip
    assert (in_turn[0].answers, in_turn[0].position) == (1, seats[0].position())
    assert (in_turn[5].session, in_turn[5].position) == (None, None)


async def test_who_still_writes_is_named_and_nothing_is_closed(hall: CoreHall) -> None:
    """The refusal says who; neither the decision nor an account is on record."""
    await hall.answering(0)
    reply = await close(hall)
    assert isinstance(reply, api.ActRefused)
    assert reply.code is api.ActRefusal.NOT_NOW
    assert PERSONS[0].name in reply.text
    assert hall.rows("SELECT * FROM closings") == []
    assert not [
        made for made, _ in hall.core.decider.made if isinstance(made.what, d.SubjectClosed)
    ]


async def test_a_batch_that_is_on_its_way_to_the_disk_is_covered(hall: CoreHall) -> None:
    """Whatever was being written when the closing began is acknowledged before it, and in it."""
    (seat,) = await handed_in(hall, 0)
    hear(hall, seat)
    writing = asyncio.ensure_future(hall.accept(seat))
    await asyncio.sleep(0)  # it holds the journal, and waits for its commit
    assert isinstance(await close(hall), api.ActDone)
    assert isinstance(await writing, Acknowledged)
    assert covers(hall, 0) == seat.position().n


async def test_seats_write_on_while_the_subject_is_closed(
    office: SampleOffice, tmp_path: Path
) -> None:
    """However they race, the office takes the closing and every event, and accounts for all."""
    async with (
        core_hall(tmp_path / "hall", office) as hall,
        core_office(tmp_path / "office", office) as central,
    ):
        seats = await handed_in(hall, *range(len(PERSONS)))

        async def write_on(seat: KeySeat) -> None:
            while hall.hall.subjects[SUBJECT].closing is None:
                hear(hall, seat)
                await hall.deliver(seat)
            hear(hall, seat)  # the closing itself
            await hall.deliver(seat)

        async def close_meanwhile() -> None:
            for _ in range(5):
                await hall.rounds.make_parcels_once()
            assert isinstance(await close(hall), api.ActDone)

        await asyncio.gather(close_meanwhile(), *(write_on(seat) for seat in seats))
        await hall.rounds.make_parcels_once()
        await central.take(hall)
        assert central.reasons() == []
        assert central.accounts() == [ACCOUNT]


async def test_nothing_is_decided_in_a_closed_subject(hall: CoreHall) -> None:
    """The account is signed: a decision that comes late is refused, and not on record."""
    await handed_in(hall, 0)
    await close(hall)
    before = len(hall.core.decider.made)
    with pytest.raises(Exception, match="closed and its account signed"):
        await hall.decide(d.Voided(article="5", reason="notes"), 0)
    assert len(hall.core.decider.made) == before
    assert hall.seating(0).session.state is State.HANDED_IN


async def test_a_closing_is_whole_or_not_at_all_wherever_the_disk_fills_up(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Each write point in turn: decision and account stand together, or neither does."""
    visited = 0
    for point in itertools.count():
        with FaultyDisk().installed() as disk:
            async with core_hall(tmp_path / str(point), office) as hall:
                await handed_in(hall, 0)
                request = hall.request(api.CloseSubject(subject=SUBJECT))
                disk.full(after=point)
                reply = await _as_it_ends(hall, request)
                disk.room()
                decided = [m for m, _ in hall.core.decider.made if m.act == request.act.digest]
                assert len(hall.rows("SELECT * FROM closings")) == len(decided)
                assert isinstance(await hall.acts.perform(request), api.ActDone)
                assert len(hall.rows("SELECT * FROM closings")) == 1
                assert len(closings(hall)) == 1
        visited = point
        if isinstance(reply, api.ActDone):
            break
    assert visited >= 2


async def _as_it_ends(hall: CoreHall, request: api.ActRequest) -> api.ActReply | None:
    try:
        return await hall.acts.perform(request)
    except DiskError:
        return None


async def test_a_key_that_cannot_be_removed_takes_no_closing_back(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The act is done; P is gone from memory now, and from the disk at the next start."""
    with FaultyDisk().installed() as disk:
        async with core_hall(tmp_path, office) as hall:
            await handed_in(hall, 0)
            wrapped = wrap(hall)
            disk.hiccup(after=1)  # the closing's commit passes, the removal does not
            assert isinstance(await close(hall), api.ActDone)
            assert wrapped.exists()
            assert hall.hall.subjects[SUBJECT].paper_key is None
        async with core_hall(tmp_path, office) as hall:
            assert not wrapped.exists()
            assert hall.hall.subjects[SUBJECT].paper_key is None


def wrap(hall: CoreHall) -> Path:
    """Let P lie wrapped on the box's disk, as after an unlocking."""
    release: Release = hall.core.release
    key = SealingIdentity.generate()
    release._wrap(SUBJECT, key)
    hall.unlocked(key)
    return release._wrapped(SUBJECT)
