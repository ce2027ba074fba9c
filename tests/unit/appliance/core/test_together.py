"""Batches of one turn of the loop: one job of the writer, and no batch suffers for another."""

import asyncio
import sqlite3

import pytest

from appliance.core import together
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused
from runtime.faults import FaultyDisk
from tests.core_hall import CoreHall
from tests.key_seat import KeySeat


@pytest.fixture
async def seats(hall: CoreHall) -> list[KeySeat]:
    """Three candidates in the waiting room who have each written something new."""
    there = [await hall.waiting(person) for person in range(3)]
    for seat in there:
        seat.answer("q-01", "a")
    return there


def stored(hall: CoreHall, seat: KeySeat) -> int:
    """Return how many events of the seat are on the disk."""
    query = "SELECT count(*) FROM events WHERE session = ?"
    return int(hall.row(query, seat.grant.session)[0])


async def test_the_batches_of_one_turn_are_one_job(hall: CoreHall, seats: list[KeySeat]) -> None:
    """Three seats that send at the same moment are written by one job, and all acknowledged."""
    jobs = hall.database.writer.jobs
    replies = await asyncio.gather(*map(hall.accept, seats))
    assert hall.database.writer.jobs == jobs + 1
    assert all(isinstance(reply, Acknowledged) for reply in replies)
    assert [stored(hall, seat) for seat in seats] == [len(seat.bodies) for seat in seats]


async def test_a_turn_takes_no_more_than_it_may(
    hall: CoreHall, seats: list[KeySeat], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes with too many others is taken in the next turn, and acknowledged as well."""
    monkeypatch.setattr(together, "MOST", 2)
    jobs = hall.database.writer.jobs
    replies = await asyncio.gather(*map(hall.accept, seats))
    assert hall.database.writer.jobs == jobs + 2
    assert all(isinstance(reply, Acknowledged) for reply in replies)
    assert [stored(hall, seat) for seat in seats] == [len(seat.bodies) for seat in seats]


async def test_a_batch_that_breaks_a_rule_of_the_tables_harms_no_neighbour(
    hall: CoreHall, seats: list[KeySeat]
) -> None:
    """A row that is there already fails its own batch; the others are kept once each."""
    broken = seats[1]
    row = (broken.grant.session, broken.grant.epoch, len(broken.bodies), b"{}")
    await hall.database.write(
        lambda c: c.execute("INSERT INTO events (session, epoch, n, body) VALUES (?, ?, ?, ?)", row)
    )
    replies = await asyncio.gather(*map(hall.accept, seats), return_exceptions=True)
    assert [type(reply) for reply in replies] == [
        Acknowledged,
        sqlite3.IntegrityError,
        Acknowledged,
    ]
    assert [stored(hall, seat) for seat in seats] == [len(seat.bodies) for seat in seats]
    standing = hall.seating(1).position
    assert standing is not None
    assert standing.n == len(broken.bodies) - 1


async def test_a_forged_batch_is_refused_and_its_neighbours_are_kept(
    hall: CoreHall, seats: list[KeySeat]
) -> None:
    """A signature by another key in the same turn is refused by itself."""
    forged = seats[0].batch(key=seats[1].key)
    replies = await asyncio.gather(
        hall.accept(seats[0], forged), hall.accept(seats[1]), hall.accept(seats[2])
    )
    assert isinstance(replies[0], BatchRefused)
    assert replies[0].code is BatchRefusal.UNTRUSTED
    assert all(isinstance(reply, Acknowledged) for reply in replies[1:])
    assert stored(hall, seats[0]) == len(seats[0].bodies) - 1


async def test_what_was_committed_holds_also_where_nobody_waits(
    hall: CoreHall, seats: list[KeySeat]
) -> None:
    """A seat that goes away in mid-request finds its events there, and the hall knows."""
    seat = seats[0]
    request = asyncio.ensure_future(hall.accept(seat))
    await asyncio.sleep(0)  # the batch is gathered, and its turn has not ended
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    while hall.seating(0).position != seat.position():
        await hall.database.write(lambda _: None)
    assert isinstance(await hall.accept(seat, seat.batch(first=1)), Acknowledged)
    assert stored(hall, seat) == len(seat.bodies)


async def test_a_full_disk_refuses_the_whole_turn_and_keeps_none_of_it(
    hall: CoreHall, seats: list[KeySeat], caplog: pytest.LogCaptureFixture
) -> None:
    """All are told to keep their events; with room again the same batches are taken."""
    batches = [seat.batch() for seat in seats]
    with FaultyDisk().installed() as disk:
        disk.full()
        replies = await asyncio.gather(*map(hall.accept, seats, batches))
        for reply in replies:
            assert isinstance(reply, BatchRefused)
            assert reply.code is BatchRefusal.FULL
            assert "expected room" in reply.text
            assert "make room" in reply.text
        assert [stored(hall, seat) for seat in seats] == [len(s.bodies) - 1 for s in seats]
        disk.room()
        assert all(
            isinstance(reply, Acknowledged)
            for reply in await asyncio.gather(*map(hall.accept, seats, batches))
        )
    assert [stored(hall, seat) for seat in seats] == [len(seat.bodies) for seat in seats]
    assert "3 batches are not kept" in caplog.text
