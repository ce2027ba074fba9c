"""Attacks on the ports of `recordings` and `faces` by a seat that is in wrong hands."""

import asyncio
import contextlib
import os
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.faces import frames_http
from appliance.recordings import bounds
from protocol.faces_api import FRAME_HEADER, FRAMES, FrameInfo
from protocol.recordings_api import SEGMENT_HEADER, SEGMENTS, Stored
from protocol.values import encode
from runtime.listener import Listener
from runtime.tls import client_context, server_context
from tests.recording_box import RecordingBox, RecordingSeat, SampleSegment, code_of, hall
from tests.sample_office import SampleOffice
from tests.waiting import until

LARGE = os.urandom(100_000)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
def box(office: SampleOffice, tmp_path: Path) -> RecordingBox:
    """A box of it."""
    return RecordingBox(tmp_path, office)


@contextlib.asynccontextmanager
async def two_seats(box: RecordingBox) -> AsyncIterator[tuple[RecordingSeat, RecordingSeat]]:
    """The process, with an evil seat and another one that are both admitted."""
    async with hall(box) as (process, core, evil), box.seat() as other:
        other.port = process.port
        await core.ask(other.admitted())
        yield evil, other


def test_a_view_needs_far_less_than_a_session_may_have() -> None:
    """Two hours of a view at twice the measured rate lie within, wherever they come from."""
    two_hours = 2 * 3600
    assert bounds.allowed(0, two_hours * 1000) > 2 * 16_000 * two_hours
    assert bounds.allowed(0, 10**15) == bounds.allowed(0, bounds.LONGEST_S * 1000)
    assert bounds.allowed(1000, 0) == bounds.FIRST_BYTES


async def test_one_session_cannot_fill_the_disk(
    box: RecordingBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond its bound it is told to wait, also after a restart; another seat is not."""
    monkeypatch.setattr(bounds, "FIRST_BYTES", 250_000)
    monkeypatch.setattr(bounds, "BYTES_A_SECOND", 0)
    async with two_seats(box) as (evil, other):
        segments = [evil.next(LARGE) for _ in range(3)]
        assert [await evil.send(one) for one in segments[:2]] == [Stored()] * 2
        assert code_of(await evil.send(segments[2])) == "full"
        assert await evil.send(segments[0]) == Stored()
        assert await other.send(other.next(LARGE)) == Stored()
    async with box.running() as process, box.core(), evil:
        evil.port = process.port
        assert process.state().over == {}
        assert code_of(await evil.send(segments[2])) == "full"
        assert list(process.state().over) == [evil.session]  # and core shows it to a person
        monkeypatch.setattr(bounds, "FIRST_BYTES", 10 * len(LARGE))
        assert await evil.send(segments[2]) == Stored()
        assert process.state().over == {}


async def test_bodies_that_never_end_are_few_and_their_room_is_counted(
    box: RecordingBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine bodies at once from one session: the ninth is refused, another seat is served."""
    async with two_seats(box) as (evil, other):
        hang = asyncio.Event()

        async def stuck(segment: SampleSegment) -> AsyncIterator[bytes]:
            yield segment.sealed[:1000]
            await hang.wait()

        def send(segment: SampleSegment) -> "asyncio.Future[tuple[int, bytes]]":
            headers = {SEGMENT_HEADER: encode(segment.envelope).decode()}
            return asyncio.ensure_future(evil.post(SEGMENTS, stuck(segment), headers))

        segment = evil.next(LARGE)
        waiting = [send(segment) for _ in range(bounds.AT_ONCE)]
        await until(lambda: sum(name.endswith(".part") for name in box.segments) == len(waiting))
        assert code_of(await evil.send(segment)) == "full"
        assert await other.send(other.next(LARGE)) == Stored()
        for task in waiting:
            task.cancel()
        hang.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        await until(lambda: not any(name.endswith(".part") for name in box.segments))
        assert await evil.send(segment) == Stored()


async def raw(port: int, context: ssl.SSLContext, data: bytes) -> bytes:
    """Send bytes as they are; return the first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(data)
        async with asyncio.timeout(10):
            return await reader.readline()
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


HEADS = {
    "address": b"POST /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "header": b"POST / HTTP/1.1\r\nHost: a\r\nExam-Segment: " + b"x" * 200_000 + b"\r\n\r\n",
    "deep": b"POST %b HTTP/1.1\r\nHost: a\r\n%b: %b\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("head", HEADS)
async def test_heads_that_are_none_end_in_400(box: RecordingBox, head: str) -> None:
    """Too long, or JSON a thousand deep: refused, and the next segment is stored."""
    async with two_seats(box) as (evil, other):
        data = HEADS[head]
        if head == "deep":
            data %= (SEGMENTS.encode(), SEGMENT_HEADER.encode(), b"[" * 5000)
        answer = await raw(evil.port, evil._context, data)
        assert answer == b"" or b" 400 " in answer
        assert await other.send(other.next(LARGE)) == Stored()


async def test_a_frame_that_never_ends_is_let_go(
    office: SampleOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seat is told to send the next one; the service is not asked."""
    monkeypatch.setattr(frames_http, "PATIENCE_S", 0.2)
    app = frames_http.frames_app(None)  # type: ignore[arg-type] # never reached
    context = server_context(office.centre_ca.issue("127.0.0.1"), authorities=office.centre_ca.pem)
    seat = client_context(
        authorities=office.centre_ca.pem, identity=office.centre_ca.issue("seat"), check_name=False
    )
    info = encode(FrameInfo(session="1" * 32, view="front", taken=1)).decode()
    head = (
        f"POST {FRAMES} HTTP/1.1\r\nHost: a\r\n{FRAME_HEADER}: {info}\r\n"
        "Content-Length: 1000\r\n\r\n"
    )
    async with Listener(app, context, host="127.0.0.1", shutdown_timeout=0.1) as listener:
        assert b" 408 " in await raw(listener.port, seat, head.encode() + b"x" * 10)
