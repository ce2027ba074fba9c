"""A full disk at every write point of core's record, and once on a real disk that is too small.

One short exam day is played in core's own parts: the record is opened, people log in, write,
are decided about, hand in and get their receipts. The day is played
with the disk full at its first write point until core has said so, then at its second, and so
on, until a day passes before the disk is full.
"""

import itertools
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from protocol.decisions import Told
from protocol.grant import Position
from protocol.journal import chain, decode_event, open_acknowledgement, start_position
from protocol.log_entries import Granted, decode_entry
from protocol.sealing import SealingIdentity
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from tests.core_hall import ADMITTED, CoreHall, core_hall, paper_key, shared_office
from tests.key_seat import KeySeat
from tests.source_tree import ROOT

T = TypeVar("T")


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> SampleOffice:
    """The office that made the hall's bundle."""
    return shared_office(tmp_path_factory)


class FullOnce:
    """What core said of a full disk; whoever was refused makes room and asks again."""

    def __init__(self, disk: FaultyDisk) -> None:
        self.disk = disk
        self.told: list[str] = []

    async def do(self, what: Callable[[], Awaitable[T]]) -> T:
        """Do it; where the disk is full, hear so, make room, and do it again."""
        try:
            return await what()
        except DiskFullError as error:
            self.told.append(str(error))
        self.disk.room()
        return await what()

    async def send(self, hall: CoreHall, seat: KeySeat) -> Position:
        """Send what is new, again after a refusal; return what was acknowledged."""
        batch = seat.batch()
        reply = await hall.accept(seat, batch)
        if isinstance(reply, BatchRefused):
            assert reply.code is BatchRefusal.FULL, reply
            self.told.append(reply.text)
            self.disk.room()
            reply = await hall.accept(seat, batch)
        assert isinstance(reply, Acknowledged), reply
        word = open_acknowledgement(reply.acknowledgement, hall.core.box.key.public)
        return Position(epoch=word.epoch, n=word.n, head=word.head)


class Day:
    """Two candidates' day at core, and what they were promised."""

    def __init__(self, hall: CoreHall, full: FullOnce) -> None:
        self.hall = hall
        self.full = full
        self.seats: dict[int, KeySeat] = {}
        self.promised: dict[int, Position] = {}

    async def play(self, key: SealingIdentity) -> None:
        """Play the day; ``key`` is P."""
        hall, do = self.hall, self.full.do
        for person in (0, 1):
            self.seats[person] = await do(lambda person=person: hall.log_in(person))
            await do(lambda person=person: hall.decide(ADMITTED, person))
        hall.unlocked(key)
        for seat in self.seats.values():
            seat.consent()
            seat.read_rules()
        await self._all_send()
        hall.begin()
        hall.hall.subjects[SUBJECT].released = False
        await do(lambda: hall.core.release.release(SUBJECT))
        for seat in self.seats.values():
            seat.enter(hall=hall.now())
        await self._all_send()
        await do(lambda: hall.decide(Told(text="ten minutes left", must_confirm=False)))
        for seat in self.seats.values():
            seat.answer("q-01", "a")
        await self._all_send()
        await do(hall.rounds.log_heads_once)
        await do(hall.core.log.checkpoint)
        await do(lambda: hall.core.log.keep_cosignature(hall.core.log.size, "a-01", "line"))
        await do(hall.core.keep_clock)
        await self._moves()
        for person, seat in self.seats.items():
            handed_in = seat.hand_in(hall=hall.now())
            await self._send(person)
            await do(lambda p=person, e=handed_in: hall.core.receipts.give(hall.seating(p), e))

    async def _moves(self) -> None:
        """Person 1 logs in again; the tail that the first log-in left behind turns up."""
        old = self.seats[1]
        self.seats[1] = await self.full.do(lambda: self.hall.log_in(1))
        old.answer("q-01", "b")
        for _ in range(2):
            reply = await self.hall.accept(old, old.batch(first=len(old.bodies)))
            assert isinstance(reply, BatchRefused)
            if reply.code is not BatchRefusal.FULL:
                break
            self.full.told.append(reply.text)
            self.full.disk.room()
        assert reply.code is BatchRefusal.OLD_EPOCH

    async def _all_send(self) -> None:
        for person in self.seats:
            await self._send(person)

    async def _send(self, person: int) -> None:
        self.promised[person] = await self.full.send(self.hall, self.seats[person])


def is_whole(hall: CoreHall, day: Day) -> None:
    """Check the record: each promise kept, nothing half, nothing twice."""
    stored = hall.rows("SELECT session, epoch, n, link, head FROM heads ORDER BY seq")
    for session, epoch in {row[:2] for row in stored}:
        bodies = [
            bytes(body)
            for (body,) in hall.rows(
                "SELECT body FROM events WHERE session = ? AND epoch = ? ORDER BY n", session, epoch
            )
        ]
        assert [decode_event(body).n for body in bodies] == list(range(1, len(bodies) + 1))
        heads = [row for row in stored if row[:2] == (session, epoch)]
        assert heads[-1][2] == len(bodies)
    for person, seat in day.seats.items():
        promised = day.promised[person]
        query = "SELECT body FROM events WHERE session = ? AND epoch = ? AND n <= ? ORDER BY n"
        session = seat.grant.session
        bodies = [bytes(row[0]) for row in hall.rows(query, session, promised.epoch, promised.n)]
        if promised.epoch == seat.grant.epoch:
            assert bodies == seat.bodies[: promised.n]
            begin = start_position(seat.grant, seat.envelope.digest)
            assert chain(begin.head, bodies) == promised.head
        assert len(bodies) == promised.n
        assert hall.seating(person).position == promised
    leaves = hall.rows("SELECT i, body FROM leaves ORDER BY i")
    assert [i for i, _ in leaves] == list(range(len(leaves)))
    granted = [leaf for _, leaf in leaves if isinstance(decode_entry(bytes(leaf)), Granted)]
    assert hall.row("SELECT count(*) FROM grants") == (len(granted),)
    decided = [n for (n,) in hall.rows("SELECT n FROM decisions ORDER BY n")]
    assert decided == list(range(1, len(hall.core.decider.made) + 1))


async def played(
    office: SampleOffice, folder: Path, key: SealingIdentity, after: int
) -> tuple[int, list[str]]:
    """Play a day on a disk that is full after so many write points; return points and words."""
    with FaultyDisk().installed() as disk:
        disk.full(after=after)
        full = FullOnce(disk)
        async with AsyncExitStack() as stack:
            hall = await full.do(lambda: stack.enter_async_context(core_hall(folder, office)))
            day = Day(hall, full)
            await day.play(key)
            is_whole(hall, day)
            points = disk.points
        disk.room()
        async with core_hall(folder, office, steady=hall.steady) as again:
            is_whole(again, day)
            for person, seat in day.seats.items():
                assert await full.send(again, seat_again(seat)) == day.promised[person]
            is_whole(again, day)
    return points, full.told


def seat_again(seat: KeySeat) -> KeySeat:
    """Return the seat as it is when no acknowledgement came: it sends everything again."""
    seat.sent = 0
    return seat


async def test_a_day_meets_a_full_disk_at_every_write_point(
    office: SampleOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each time core says so, keeps what it promised, and goes on when there is room."""
    key = paper_key(office)
    for after in itertools.count():
        points, told = await played(office, tmp_path / f"day-{after}", key, after)
        if points <= after:  # the day was over before the disk was full
            break
        assert len(told) == 1, f"point {after}: {told}"
        assert "expected room" in told[0], f"point {after}: {told}"
        assert "make room" in told[0], f"point {after}: {told}"
    assert told == []
    assert points >= 35
    with capsys.disabled():
        print(f"\n{points} write points of core's record visited with a full disk")  # noqa: T201


@pytest.mark.parametrize("kilobytes", [3072, 3333])
def test_core_on_a_disk_that_is_really_full(tmp_path: Path, kilobytes: int) -> None:
    """On a small real disk exactly what was acknowledged is there; with room it goes on."""
    small, other = tmp_path / "small", tmp_path / "other"
    small.mkdir()
    other.mkdir()
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-r", "--mount"]
    script = f'mount -t tmpfs -o size={kilobytes}k disk "$1" && exec "$2" "$3" "$1" "$4"'
    program = str(ROOT / "tests" / "faults" / "core_on_a_small_disk.py")
    done = subprocess.run(
        [*unshare, "sh", "-c", script, "sh", str(small), sys.executable, program, str(other)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    assert "events kept" in done.stdout
