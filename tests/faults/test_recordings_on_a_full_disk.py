"""A disk that is full at any one write point, at the seat and at the box: what follows.

Nothing that was called stored or kept is lost or doubled, the chain has no hole, and all that
was not recorded is a gap on record. Every write point is visited; the count is printed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.ipc import recordings as ipc
from appliance.recordings import service, shelf
from protocol.parcel import LaneEndRecord, SegmentRecord
from protocol.recordings_api import RecordingsReply, Refused, Stored
from protocol.segment import FIRST, SegmentManifest, View, manifest_digest, open_manifest
from runtime.errors import DiskError
from runtime.faults import FaultyDisk
from terminal_agent.recording import CutRules
from terminal_agent.segments import read_segment
from tests.recorded_view import BEGINS, SESSION, RecordedView
from tests.recording_box import RecordingBox, RecordingSeat
from tests.sample_office import NOW, SampleOffice
from tests.sample_session import SUBJECT
from tests.waiting import until

MOST_POINTS = 200


class FillingDisk(FaultyDisk):
    """Full from one write point on, until so many have found it full; then there is room."""

    def __init__(self, *, after: int, lasts: int) -> None:
        super().__init__()
        self.found_full = 0
        self._lasts = lasts
        self.full(after=after)

    def _visit(self, kind: str) -> int:
        error = super()._visit(kind)
        self.found_full += bool(error)
        if self.found_full == self._lasts:
            self.room()
        return error


def points() -> Iterator[int]:
    """Count write points until a day passes that never met the last one."""
    yield from range(MOST_POINTS)
    pytest.fail(f"expected fewer than {MOST_POINTS} write points")


# --- the seat --------------------------------------------------------------------------------


@dataclass
class Taken:
    """What the box has got from a seat, as it was signed."""

    digests: list[str] = field(default_factory=list)
    manifests: list[SegmentManifest] = field(default_factory=list)

    async def take(self, view: RecordedView) -> None:
        """Store what there is, oldest first; what comes again is stored already."""
        for chain in view.shelf.chains():
            while (path := view.shelf.next_of(chain)) is not None:
                envelope, _ = read_segment(path)
                if manifest_digest(envelope) not in self.digests:
                    self.digests.append(manifest_digest(envelope))
                    self.manifests.append(open_manifest(envelope, view.key.public))
                await view.shelf.stored(chain, path)


async def seat_day(view: RecordedView) -> Taken:
    """Record three segments and let the box store them; return what it has got."""
    taken = Taken()
    for n in range(9):
        await view.pieces(n)
        if n % 3 == 2:
            with contextlib.suppress(DiskError):
                await taken.take(view)
    await again(lambda: view.recording.end(BEGINS + 18_000))
    await again(lambda: taken.take(view))
    (chain,) = view.shelf.chains()
    await again(lambda: view.shelf.told(chain))
    return taken


async def again(do: Callable[[], Awaitable[object]]) -> None:
    """Do something, as its owner does, until the disk takes it."""
    while True:
        try:
            await do()
        except DiskError:
            await asyncio.sleep(0)
        else:
            return


@pytest.mark.parametrize("lasts", [1, 3, 8])
async def test_a_seat_whose_disk_is_full_at_any_write(tmp_path: Path, lasts: int) -> None:
    """Whatever write finds no room: kept segments reach the box once, the rest is a gap."""
    for after in points():
        view = RecordedView(tmp_path / f"{after}", rules=CutRules(duration_ms=6_000))
        await view.start()
        with FillingDisk(after=after, lasts=lasts).installed() as disk:
            taken = await seat_day(view)
        _check_seat(view, taken)
        await view.start(is_fresh=False)
        chain = view.shelf.chain(SESSION, 1, View.FRONT)
        assert (chain.n, chain.ended, chain.told) == (len(taken.digests), True, True)
        if not disk.found_full:
            break
    print(f"seat: {after} write points, each found the disk full once")  # noqa: T201 - the count is asked for
    assert after > 20


def _check_seat(view: RecordedView, taken: Taken) -> None:
    kept = [(m.begins, m.ends) for m in taken.manifests]
    spans = sorted(kept + [(gap.since, gap.until) for gap in view.journal.gaps])
    assert [m.n for m in taken.manifests] == list(range(1, len(kept) + 1))
    assert [m.prev for m in taken.manifests] == [FIRST, *taken.digests][: len(kept)]
    assert [begins for begins, _ in spans] == [BEGINS, *(ends for _, ends in spans[:-1])]
    assert spans[-1][1] == BEGINS + 18_000
    assert not list(view.folder.glob("*.segment"))


# --- the box -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the process look and flush without its pauses."""
    monkeypatch.setattr(shelf, "EVERY_S", 0.001)
    monkeypatch.setattr(service, "LOOK_S", 0.01)


@contextlib.asynccontextmanager
async def box_at_work(box: RecordingBox) -> AsyncIterator[tuple[RecordingSeat, service.Recordings]]:
    async with box.running() as process, box.core(), box.seat() as seat:
        seat.port = process.port
        yield seat, process


async def send_until_stored(send: Callable[[], Awaitable[RecordingsReply]]) -> None:
    """Send as a seat does, until the box has it; it is refused for want of room only."""
    while (reply := await send()) != Stored():
        assert isinstance(reply, Refused)
        assert reply.code.value in {"full", "not_admitted"}, reply
        await asyncio.sleep(0)


async def box_day(box: RecordingBox, seat: RecordingSeat, process: service.Recordings) -> None:
    """Take three segments, parcel them, end the lane."""
    await again(lambda: process.answer(seat.admitted()))
    for n in range(3):
        segment = seat.next(b"segment %d" % n)
        await send_until_stored(lambda s=segment: seat.send(s))
    await send_until_stored(seat.end)
    await again(lambda: process.answer(ipc.SubjectClosed(subject=SUBJECT, at=NOW)))
    await until(lambda: _lane_ended(box))


def _lane_ended(box: RecordingBox) -> bool:
    return any(
        isinstance(r, LaneEndRecord) for contents, _ in box.parcels() for r in contents.records
    )


def _numbers(box: RecordingBox, seat: RecordingSeat) -> list[int]:
    return [
        open_manifest(record.manifest, seat.key.public).n
        for contents, _ in box.parcels()
        for record in contents.records
        if isinstance(record, SegmentRecord)
    ]


@pytest.mark.parametrize("lasts", [1, 5])
async def test_a_box_whose_disk_is_full_at_any_write(
    tmp_path: Path, office: SampleOffice, hurried: None, lasts: int
) -> None:
    """Whatever write finds no room: what was stored is parcelled once, and known afterwards."""
    for after in points():
        box = RecordingBox(tmp_path / f"{after}", office)
        box.folder.mkdir()
        async with box_at_work(box) as (seat, process):
            with FillingDisk(after=after, lasts=lasts).installed() as disk:
                await box_day(box, seat, process)
        assert _numbers(box, seat) == [1, 2, 3]
        async with box.running():
            assert len(box.segments) == 3
            assert _numbers(box, seat) == [1, 2, 3]
        if not disk.found_full:
            break
    print(f"box: {after} write points, each found the disk full once")  # noqa: T201 - the count is asked for
    assert after > 20
