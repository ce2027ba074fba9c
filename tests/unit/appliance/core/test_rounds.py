"""What core does by the clock: start, absence, heads, parcels."""

import asyncio
from pathlib import Path

from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from exam.session import State
from protocol.decisions import AbsentMarked
from protocol.log_entries import HeadKept, decode_entry
from protocol.parcel import Lane
from protocol.sealing import SealingIdentity
from runtime.faults import FaultyDisk
from tests.core_hall import MINUTE, PERSONS, START, CoreHall, core_hall
from tests.waiting import until


def heads(hall: CoreHall) -> list[int]:
    """Return how far the log says that journals have come."""
    rows = hall.rows("SELECT body FROM leaves ORDER BY i")
    found = (decode_entry(bytes(body)) for (body,) in rows)
    return [entry.n for entry in found if isinstance(entry, HeadKept)]


async def test_absence_is_marked_when_the_log_in_has_closed_and_not_before(hall: CoreHall) -> None:
    """Half an hour after the armed start, who has not come is absent, by the machine, one each."""
    await hall.waiting(0)
    hall.begin()
    hall.until(START + 30 * MINUTE)
    await hall.rounds.look_at_the_doors()
    assert hall.seating(1).session.state is State.EXPECTED
    hall.until(START + 30 * MINUTE + 1)
    await hall.rounds.look_at_the_doors()
    await hall.rounds.look_at_the_doors()
    marked = [m for m, _ in hall.core.decider.made if isinstance(m.what, AbsentMarked)]
    assert len(marked) == len(PERSONS) - 1
    assert {m.by for m in marked} == {"machine"}
    assert hall.seating(0).session.state is State.WAITING


async def test_without_an_armed_start_nobody_is_absent(hall: CoreHall) -> None:
    """A start that waits for the code costs nobody the exam, however late it gets."""
    hall.until(START + 600 * MINUTE)
    await hall.rounds.look_at_the_doors()
    assert hall.seating(0).session.state is State.EXPECTED


async def test_absence_waits_for_the_disk(office: SampleOffice, tmp_path: Path) -> None:
    """What cannot be put on record has not happened; the next round does it."""
    with FaultyDisk().installed() as disk:
        async with core_hall(tmp_path, office) as hall:
            hall.begin()
            hall.until(START + 31 * MINUTE)
            disk.full()
            await hall.rounds.look_at_the_doors()
            assert hall.seating(0).session.state is State.EXPECTED
            disk.room()
            await hall.rounds.look_at_the_doors()
            assert hall.seating(0).session.state is State.ABSENT


async def test_the_paper_is_released_at_the_armed_moment(hall: CoreHall) -> None:
    """Not a millisecond before; a start that was taken back releases nothing."""
    hall.unlocked(SealingIdentity.generate())
    subject = hall.hall.subjects[SUBJECT]
    subject.armed_start = START
    hall.until(START - 100)
    watching = asyncio.ensure_future(hall.rounds.watch_the_start())
    try:
        await until(lambda: bool(hall.steady._sleepers))
        assert not subject.released
        hall.steady.advance(99)
        await asyncio.sleep(0)
        assert not subject.released
        hall.steady.advance(1)
        await until(lambda: subject.released)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_the_log_has_a_leaf_for_a_journal_that_grew_and_none_for_one_that_did_not(
    hall: CoreHall,
) -> None:
    """One head each round and journal, the last."""
    seat, other = await hall.waiting(0), await hall.waiting(1)
    await hall.rounds.log_heads_once()
    before = len(heads(hall))
    assert before == 2
    await hall.rounds.log_heads_once()
    assert len(heads(hall)) == before
    seat.answer("q-01", "a")
    seat.answer("q-02", "a")
    await hall.deliver(seat)
    await hall.rounds.log_heads_once()
    assert heads(hall)[before:] == [seat.position().n]
    assert other.sent


async def test_parcels_are_cut_once_and_nothing_of_nothing(hall: CoreHall) -> None:
    """A round takes what is new in every lane; without news it makes no parcel."""
    await hall.waiting(0)
    await hall.rounds.make_parcels_once()
    lanes = {written.key.lane for written in hall.written}
    assert lanes == {Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS}
    count = len(hall.written)
    await hall.rounds.make_parcels_once()
    assert len(hall.written) == count


async def test_parcels_wait_for_a_disk_that_is_full(office: SampleOffice, tmp_path: Path) -> None:
    """The round ends without one; with room it cuts them, and numbers have no hole."""
    with FaultyDisk().installed() as disk:
        async with core_hall(tmp_path, office) as hall:
            await hall.waiting(0)
            disk.full()
            await hall.rounds.make_parcels_once()
            disk.room()
            assert hall.written == []
            await hall.rounds.make_parcels_once()
            assert {written.key.n for written in hall.written} == {1}
