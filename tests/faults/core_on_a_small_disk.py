"""Lets three seats write until core's disk is full, makes room, and looks at what was kept.

``core_on_a_small_disk.py FOLDER OTHER``: FOLDER lies on a small file system, OTHER elsewhere.
Prints how many events were kept and how many batches refused; raises where something is wrong.
"""

import asyncio
import sys
from pathlib import Path

from drill.sample_office import SampleOffice
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused
from tests.core_hall import CoreHall, core_hall, make_office
from tests.key_seat import KeySeat

REFUSALS = 30
ESSAY = tuple(f"o-{n}" for n in range(400))


async def send(hall: CoreHall, seat: KeySeat, kept: dict[str, int]) -> bool:
    """Send all that was not acknowledged; say whether it was kept now."""
    session = seat.grant.session
    reply = await hall.accept(seat, seat.batch(first=kept.get(session, 0) + 1))
    if isinstance(reply, Acknowledged):
        kept[session] = len(seat.bodies)
        return True
    assert isinstance(reply, BatchRefused), reply
    assert reply.code is BatchRefusal.FULL, reply
    assert "expected room to write, the disk is full" in reply.text, reply
    assert "make room" in reply.text, reply
    return False


def compare(hall: CoreHall, seats: list[KeySeat], kept: dict[str, int]) -> None:
    """Raise unless the disk has exactly what was acknowledged."""
    for seat in seats:
        query = "SELECT body FROM events WHERE session = ? ORDER BY n"
        stored = [bytes(body) for (body,) in hall.rows(query, seat.grant.session)]
        assert stored == seat.bodies[: kept[seat.grant.session]]


async def main(folder: Path, office: SampleOffice) -> None:
    """Fill, make room, go on, and begin again from the disk."""
    ballast, kept, refused = folder / "ballast", dict[str, int](), 0
    async with core_hall(folder / "box", office) as hall:
        seats = [await hall.waiting(person) for person in range(3)]
        ballast.write_bytes(bytes(1 << 20))
        while refused < REFUSALS:
            for seat in seats:
                seat.answer("q-01", *ESSAY)
            taken = await asyncio.gather(*(send(hall, seat, kept) for seat in seats))
            refused += taken.count(False)
        compare(hall, seats, kept)
        ballast.unlink()
        assert all([await send(hall, seat, kept) for seat in seats])
        for seat in seats:
            seat.answer("q-01", "a")
        assert all(await asyncio.gather(*(send(hall, seat, kept) for seat in seats)))
        compare(hall, seats, kept)
    async with core_hall(folder / "box", office, steady=hall.steady) as again:
        compare(again, seats, kept)
        assert all([await send(again, seat, dict.fromkeys(kept, 0)) for seat in seats])
        compare(again, seats, kept)
    sys.stdout.write(f"{sum(kept.values())} events kept, {refused} batches refused\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), make_office(Path(sys.argv[2]))))
