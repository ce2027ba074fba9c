"""Segments from a seat to the box's disk, over real mTLS: taken, taken again, and refused."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace

from appliance.recordings import segments_http
from appliance.recordings.service import Recordings
from protocol.keys import SigningKey
from protocol.recordings_api import SEGMENT_HEADER, SEGMENTS, VIEWS, Stored
from protocol.segment import MAX_DURATION_MS, MAX_SEALED, FromRoom, View
from protocol.values import encode
from runtime.faults import FaultyDisk
from tests.recording_box import Core, RecordingBox, RecordingSeat, SampleSegment, code_of, hall
from tests.sample_office import CENTRE, NOW, SITTING, SampleOffice
from tests.waiting import until

ROOM = FromRoom(
    centre=CENTRE, sitting=SITTING, appliance="box-1", generation=1, room="r1", camera="c1"
)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
def box(office: SampleOffice, tmp_path: Path) -> RecordingBox:
    """A box of it."""
    return RecordingBox(tmp_path, office)


@pytest.fixture
async def running(box: RecordingBox) -> AsyncIterator[tuple[Recordings, Core, RecordingSeat]]:
    """The process, core, and a seat that is admitted."""
    async with hall(box) as found:
        yield found


@pytest.fixture
def process(running: tuple[Recordings, Core, RecordingSeat]) -> Recordings:
    """The process."""
    return running[0]


@pytest.fixture
def core(running: tuple[Recordings, Core, RecordingSeat]) -> Core:
    """Core's line."""
    return running[1]


@pytest.fixture
def seat(running: tuple[Recordings, Core, RecordingSeat]) -> RecordingSeat:
    """The seat."""
    return running[2]


async def test_a_segment_is_on_the_disk_when_the_seat_is_told(
    box: RecordingBox, seat: RecordingSeat
) -> None:
    """What was stored lies there, byte for byte, under a name that says what it is."""
    segment = seat.next(os.urandom(700_000))
    assert await seat.send(segment) == Stored()
    assert box.segments == [f"{seat.session}.1.front.000001.age"]
    path = box.folder / "recordings" / "segments" / box.segments[0]
    assert path.read_bytes() == segment.sealed


async def test_many_views_share_their_flushes(
    box: RecordingBox, process: Recordings, core: Core
) -> None:
    """Twelve segments that come together cost one flush each, and few of their folder."""
    process.hall.generation = 0  # no parcels meanwhile
    async with contextlib.AsyncExitStack() as stack:
        seats = [await stack.enter_async_context(box.seat()) for _ in range(12)]
        for seat in seats:
            seat.port = process.port
            await core.ask(seat.admitted())
        with FaultyDisk().installed() as disk:
            replies = await asyncio.gather(*(seat.send(seat.next()) for seat in seats))
    assert replies == [Stored()] * 12
    assert disk.visited["rename"] == 12
    assert 12 < disk.visited["sync"] <= 12 + 4


async def test_what_comes_again_is_stored_already(box: RecordingBox, seat: RecordingSeat) -> None:
    """A repetition of the last segment, or of an old one, adds nothing and is welcome."""
    segments = [seat.next(b"%d" % n) for n in range(3)]
    for segment in [*segments, *segments, segments[0]]:
        assert await seat.send(segment) == Stored()
    assert len(box.segments) == 3


async def test_the_same_segment_twice_at_once_is_one(
    box: RecordingBox, seat: RecordingSeat
) -> None:
    """A seat that gave up waiting and sent again gets the same answer twice."""
    segment = seat.next(os.urandom(300_000))
    replies = await asyncio.gather(*(seat.send(segment) for _ in range(4)))
    assert replies == [Stored()] * 4
    assert len(box.segments) == 1


async def test_a_hole_in_the_numbers_is_taken(box: RecordingBox, seat: RecordingSeat) -> None:
    """A number that was lost at the seat stops nothing; it cannot be filled in later."""
    first, lost, third = (seat.next(b"%d" % n) for n in range(3))
    assert await seat.send(first) == Stored()
    assert await seat.send(third) == Stored()
    assert code_of(await seat.send(lost)) == "fork"
    assert len(box.segments) == 2


# --- refused -------------------------------------------------------------------------------------


async def test_a_session_that_core_has_not_admitted_waits(
    box: RecordingBox, process: Recordings, core: Core
) -> None:
    """Before core's word nothing is stored; after it the same segment is."""
    async with box.seat() as early:
        early.port = process.port
        segment = early.next()
        assert code_of(await early.send(segment)) == "not_admitted"
        await core.ask(early.admitted())
        assert await early.send(segment) == Stored()


async def test_another_seats_certificate_is_refused(
    box: RecordingBox, process: Recordings, seat: RecordingSeat
) -> None:
    """A seat cannot send for a session that was admitted at another seat, well signed or not."""
    async with box.seat() as other:
        other.port = process.port
        assert code_of(await other.send(seat.segment())) == "not_admitted"
    assert box.segments == []


async def test_no_certificate_no_connection(process: Recordings, seat: RecordingSeat) -> None:
    """Without a certificate of the centre there is no request at all."""
    connector = aiohttp.TCPConnector(ssl=False)
    async with aiohttp.ClientSession(connector=connector) as stranger:
        with pytest.raises(aiohttp.ClientError):
            await stranger.post(f"https://127.0.0.1:{process.port}{SEGMENTS}")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": SigningKey.generate()}, "untrusted"),
        ({"view": View.PHONE_1}, "untrusted"),
        ({"source": ROOM, "view": View.ROOM}, "untrusted"),
        ({"prev": "e" * 64}, "fork"),
        ({"size": MAX_SEALED + 1}, "untrusted"),
        ({"ends": NOW + MAX_DURATION_MS + 1}, "untrusted"),
        ({"begins": NOW + 60_000}, "untrusted"),
        ({"digest": "e" * 64}, "broken"),
        ({"size": 5}, "broken"),
        ({"size": 10_000}, "broken"),
    ],
    ids=[
        *("another_key", "a_phones_view", "a_rooms_camera", "another_one_before", "too_large"),
        *("too_long", "from_the_future", "another_digest", "too_short", "longer_than_it_is"),
    ],
)
async def test_a_manifest_that_does_not_hold_is_refused(
    box: RecordingBox, seat: RecordingSeat, changes: dict, code: str
) -> None:
    """A forged, foreign or false manifest leaves nothing behind, and the true one is taken."""
    assert code_of(await seat.send(seat.segment(**changes))) == code
    assert box.segments == []
    assert await seat.send(seat.next()) == Stored()


async def test_altered_bytes_are_refused(box: RecordingBox, seat: RecordingSeat) -> None:
    """One byte that is not the manifest's, or the last one missing, and nothing is kept."""
    segment = seat.segment(os.urandom(200_000))
    altered = bytearray(segment.sealed)
    altered[100_000] ^= 1
    assert code_of(await seat.send(segment, bytes(altered))) == "broken"
    assert code_of(await seat.send(segment, segment.sealed[:-1])) == "broken"
    assert code_of(await seat.send(segment, segment.sealed + b"x")) == "broken"
    assert box.segments == []
    assert await seat.send(segment) == Stored()


async def test_an_altered_manifest_is_refused(seat: RecordingSeat) -> None:
    """A manifest changed after it was signed is not the session key's any more."""
    segment, other = seat.segment(), seat.segment(pieces=3)
    forged = replace(segment.envelope, payload=other.envelope.payload)
    assert code_of(await seat.send(SampleSegment(segment.manifest, forged, segment.sealed))) == (
        "untrusted"
    )


async def test_another_history_is_a_fork(box: RecordingBox, seat: RecordingSeat) -> None:
    """Two segments signed under one number: the first is kept, the second told apart."""
    other = seat.segment(b"another")
    assert await seat.send(seat.next(b"the first")) == Stored()
    assert code_of(await seat.send(other)) == "fork"
    assert len(box.segments) == 1


async def test_requests_that_break_the_protocol_are_told_why(seat: RecordingSeat) -> None:
    """No manifest, one that is not JSON, an end that is none: 400 with the reason."""
    for path, data, headers in [
        (SEGMENTS, b"", {}),
        (SEGMENTS, b"", {SEGMENT_HEADER: "{"}),
        (VIEWS, b'{"session":"x"}', {}),
    ]:
        status, body = await seat.post(path, data, headers)
        assert status == 400
        assert b"expected" in body


async def test_a_seat_that_stops_in_mid_body_holds_nothing_up(
    box: RecordingBox, seat: RecordingSeat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that does not go on is let go, and the whole segment sent anew is stored."""
    monkeypatch.setattr(segments_http, "PATIENCE_S", 0.2)
    segment, hang = seat.next(os.urandom(100_000)), asyncio.Event()

    async def stuck():
        yield segment.sealed[:50_000]
        await hang.wait()

    headers = {SEGMENT_HEADER: encode(segment.envelope).decode()}
    waiting = asyncio.ensure_future(seat.post(SEGMENTS, stuck(), headers))
    await until(lambda: any(name.endswith(".part") for name in box.segments))
    assert await seat.send(segment) == Stored()
    await until(lambda: box.segments == [f"{seat.session}.1.front.000001.age"])
    hang.set()
    await asyncio.gather(waiting, return_exceptions=True)


# --- the end of a view -------------------------------------------------------------------------


async def test_a_view_cannot_end_before_what_is_stored(seat: RecordingSeat) -> None:
    """The end names the last segment, or a later one that is still to come."""
    await seat.send(seat.next())
    await seat.send(seat.next())
    assert code_of(await seat.end(n=1)) == "fork"
    assert code_of(await seat.end(last="e" * 64)) == "fork"
    assert await seat.end() == Stored()
    assert await seat.end(n=5, last="e" * 64) == Stored()


# --- a filling disk ------------------------------------------------------------------------------


async def test_recordings_give_way_and_say_so(
    box: RecordingBox, process: Recordings, seat: RecordingSeat
) -> None:
    """With too little room a segment is refused, core hears since when; later it is taken."""
    segment = seat.next()
    process.shelf._leave_free = 10**18
    assert code_of(await seat.send(segment)) == "full"
    await until(lambda: box.heard[-1].full_since >= NOW)
    process.shelf._leave_free = 0
    assert await seat.send(segment) == Stored()
    await until(lambda: box.heard[-1].full_since == 0)
