"""Lane recordings: what the box makes of stored segments, until the office has verified it."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from appliance.ipc import recordings as ipc
from appliance.recordings import parcels
from appliance.recordings.service import Recordings
from devices.capture import ClipOrigin
from devices.encoder import Piece, join
from devices.view import View as CameraView
from drill.clips import sample_clip
from drill.faces import ASTRONAUT
from protocol.parcel import Lane, LaneEndRecord, ParcelContents, SegmentRecord, ViewEnd
from protocol.recordings_api import Stored
from protocol.segment import FromSeat, View, open_manifest
from runtime.clock import MachineClock
from tests.delivering import Delivering, delivering
from tests.recording_box import Core, RecordingBox, RecordingSeat, hall, stands
from tests.sample_office import NOW, SampleOffice
from tests.sample_session import SUBJECT, SampleSession
from tests.waiting import until


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
def box(office: SampleOffice, tmp_path: Path) -> RecordingBox:
    """A box of it."""
    return RecordingBox(tmp_path, office)


@pytest.fixture
async def at(office: SampleOffice, tmp_path: Path) -> AsyncIterator[Delivering]:
    """An office that runs, and a line to it."""
    async with delivering(office, tmp_path) as found:
        yield found


def manifests(box: RecordingBox, seat: RecordingSeat) -> list[int]:
    """Return the numbers of the segments in the parcels, each checked and with its bytes."""
    numbers = []
    for contents, blobs in box.parcels():
        for record in contents.records:
            if isinstance(record, SegmentRecord):
                manifest = open_manifest(record.manifest, seat.key.public)
                assert len(blobs[manifest.digest]) == manifest.size
                numbers.append(manifest.n)
    return numbers


def ends(box: RecordingBox) -> list[LaneEndRecord]:
    """Return the ends of the lane in the parcels."""
    found = [record for contents, _ in box.parcels() for record in contents.records]
    return [record for record in found if isinstance(record, LaneEndRecord)]


async def close(core: Core, at: int = NOW) -> None:
    """Let core close the subject."""
    await core.ask(ipc.SubjectClosed(subject=SUBJECT, at=at))


async def test_stored_segments_go_into_parcels(box: RecordingBox) -> None:
    """Every stored segment is in one parcel, once, with its sealed bytes, in order."""
    async with hall(box) as (_, _core, seat):
        for n in range(7):
            assert await seat.send(seat.next(b"segment %d" % n)) == Stored()
        await until(lambda: len(manifests(box, seat)) == 7)
    assert manifests(box, seat) == list(range(1, 8))


async def test_a_parcel_is_not_larger_than_it_should_be(
    box: RecordingBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments are parted over parcels by their size; one alone may be larger."""
    monkeypatch.setattr(parcels, "MOST_BYTES", 50_000)
    async with hall(box) as (process, _core, seat):
        process.hall.generation = 0  # no parcel yet
        for size in (20_000, 20_000, 20_000, 90_000):
            await seat.send(seat.next(b"." * size))
        process.hall.generation = 1
        await until(lambda: len(manifests(box, seat)) == 4)
    held = [len(contents.records) for contents, _ in box.parcels()]
    assert held == [2, 1, 1]


async def test_nothing_is_parcelled_before_core_has_said_which_record_it_is(
    box: RecordingBox,
) -> None:
    """Without the generation a parcel has no name: it waits for core, and then is made."""
    async with box.running() as process, box.seat() as seat:
        seat.port = process.port
        await process.answer(seat.admitted())
        await seat.send(seat.next())
        await process._make_some(all_that_waits=True) if process.hall.generation else None
        assert box.parcels() == []
        await process.answer(stands(generation=3))
        await until(lambda: any((box.folder / "outbox" / "recordings").iterdir()))
    (path,) = (box.folder / "outbox" / "recordings").iterdir()
    assert ".3.recordings.00000001" in path.name


# --- the lane's end ------------------------------------------------------------------------------


async def test_the_lane_ends_when_every_view_has_come_to_its_end(box: RecordingBox) -> None:
    """After the closing the end waits for the announced last segment, then names it."""
    async with hall(box) as (process, core, seat):
        await seat.send(seat.next())
        last = seat.next()
        await seat.end()
        await close(core, at=process.hall.now())
        await until(lambda: manifests(box, seat) == [1])
        assert await box_is_quiet(process)
        assert ends(box) == []
        (awaited,) = process.state().awaited
        assert (awaited.subject, awaited.sessions) == (SUBJECT, ((seat.session, 1),))
        await seat.send(last)
        await until(lambda: ends(box) != [])
        assert process.state().awaited == ()
    (end,) = ends(box)
    source = FromSeat(session=seat.session, epoch=1)
    assert end.subject == SUBJECT
    assert end.views == (ViewEnd(source=source, view=View.FRONT, n=2, last=seat.last),)
    assert isinstance(box.parcels()[-1][0], ParcelContents)


async def test_a_view_that_never_ends_is_waited_for_only_so_long(box: RecordingBox) -> None:
    """A seat that died says no end: after the waiting time what is stored is the end."""
    box.views_wait_ms = 3_600_000
    async with hall(box) as (process, core, seat):
        await seat.send(seat.next())
        await until(lambda: manifests(box, seat) == [1])
        await close(core, at=process.hall.now() - 3_600_000 + 1_500)
        assert await box_is_quiet(process)
        assert ends(box) == []
        await until(lambda: ends(box) != [])
    assert [view.n for view in ends(box)[0].views] == [1]


async def test_a_session_without_recordings_ends_with_none(box: RecordingBox) -> None:
    """Who was not recorded leaves no chain, and holds no lane open."""
    async with hall(box) as (_, core, seat):
        await seat.end()
        await close(core)
        await until(lambda: ends(box) != [])
    assert ends(box)[0].views == ()


async def test_segments_that_never_came_are_in_the_end(box: RecordingBox) -> None:
    """Where the seat announced more than was stored in time, the end says so to the office."""
    box.views_wait_ms = 0
    async with hall(box) as (_, core, seat):
        await seat.send(seat.next())
        await seat.end(n=4, last="e" * 64)
        await close(core)
        await until(lambda: ends(box) != [])
    assert [(view.n, view.last) for view in ends(box)[0].views] == [(4, "e" * 64)]


async def test_a_damaged_segment_is_left_out_and_told(box: RecordingBox) -> None:
    """What the disk has spoilt goes into no parcel, core hears of it, the rest goes on."""
    async with hall(box) as (process, _core, seat):
        process.hall.generation = 0
        for _ in range(3):
            await seat.send(seat.next())
        path = box.folder / "recordings" / "segments" / box.segments[1]
        path.write_bytes(b"spoilt" + path.read_bytes()[6:])
        process.hall.generation = 1
        await until(lambda: manifests(box, seat) == [1, 3])
        await until(lambda: box.heard[-1].lost == 1)
    assert path.exists()


async def box_is_quiet(process: Recordings) -> bool:
    """Let the maker of parcels look once more; say that it had nothing to write."""
    return await process.parcels.make(all_that_waits=True) == []


# --- to the office -------------------------------------------------------------------------------


async def test_only_verified_permits_deletion(at: Delivering, box: RecordingBox) -> None:
    """The office verifies segments and their end; then, and not before, the box lets go.

    Core hears of it then, too.
    """
    session = SampleSession(at.lanes.box, "c-001")
    at.write(at.lanes.parcel(Lane.ANSWERS, [session.granted()]))
    async with hall(box) as (process, core, seat):
        await be(seat, session, core)
        for n in range(3):
            await seat.send(seat.next(b"segment %d" % n))
        await seat.end()
        await close(core)
        await until(lambda: ends(box) != [])
        assert len(box.segments) == 3
        assert process.state().delivered == ()
        async with at.courier() as courier:
            await at.all_verified(courier, 1 + len(box.parcels()))
            await until(lambda: box.segments == [])
            await until(lambda: process.state().delivered == (SUBJECT,))
    assert not any(lane.refused for lane in courier.state.lanes)


async def test_the_chain_goes_on_after_a_deletion(at: Delivering, box: RecordingBox) -> None:
    """A restarted process still knows what it has deleted: it repeats nothing, forks nothing."""
    session = SampleSession(at.lanes.box, "c-001")
    at.write(at.lanes.parcel(Lane.ANSWERS, [session.granted()]))
    async with at.courier() as courier:
        async with hall(box) as (_, core, seat):
            await be(seat, session, core)
            first = seat.next()
            await seat.send(first)
            await until(lambda: box.segments == [])
        async with box.running() as process, seat:
            seat.port = process.port
            assert await seat.send(first) == Stored()
            assert box.segments == []
            assert await seat.send(seat.next()) == Stored()
            await at.all_verified(courier, 3)
            await until(lambda: box.segments == [])


async def be(seat: RecordingSeat, session: SampleSession, core: Core) -> None:
    """Let the seat record this very session, and not the one that it began with."""
    await seat.end()
    seat.session, seat.key = session.grant.session, session.key
    await core.ask(seat.admitted())


# --- what the office can do with it --------------------------------------------------------------


async def recorded(pieces: int) -> list[Piece]:
    """Return the first pieces of a real clip's view."""
    clip = ClipOrigin(path=str(sample_clip(ASTRONAUT)))
    found: list[Piece] = []
    async with CameraView(clip, clock=MachineClock().wall_ms) as view:
        async for piece in view.pieces():
            found.append(piece)
            if len(found) == pieces:
                break
    return found


async def test_the_office_opens_and_plays_it(box: RecordingBox, tmp_path: Path) -> None:
    """`age` opens the sealed bytes of the parcel, and every picture of the two pieces decodes."""
    pieces = await recorded(2)
    async with hall(box) as (_, _core, seat):
        await seat.send(seat.next(join(pieces)))
        await until(lambda: manifests(box, seat) == [1])
    ((_, blobs),) = box.parcels()
    (sealed,) = blobs.values()
    identity = tmp_path / "opening.key"
    identity.write_text(box.office.opening_key.dangerous_text())
    sealed_file, opened = tmp_path / "segment.age", tmp_path / "segment.mp4"
    sealed_file.write_bytes(sealed)
    command = ["age", "-d", "-i", identity, "-o", opened, sealed_file]
    await asyncio.to_thread(subprocess.run, command, check=True)
    with av.open(str(opened)) as video:
        shown = sum(1 for _ in video.decode(video=0))
        assert (video.streams.video[0].width, video.streams.video[0].height) == (640, 480)
    assert shown == sum(piece.pictures for piece in pieces) > 20
