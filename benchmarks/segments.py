"""Recordings of a measured hall: every seat sends sealed segments, all at the same moment.

That is the worst that recordings meet in a hall: after the line was away, each seat comes
with what it could not send. Otherwise a seat comes every half minute.
"""

import asyncio
import os
from collections.abc import Sequence

import aiohttp

from benchmarks.hall import HallError, MeasuredHall
from benchmarks.seats import MeasuredSeat
from protocol.recordings_api import (
    SEGMENT_HEADER,
    SEGMENTS,
    Refusal,
    Refused,
    Stored,
    decode_recordings_reply,
)
from protocol.sealing import seal
from protocol.segment import (
    FIRST,
    FromSeat,
    SegmentManifest,
    View,
    manifest_digest,
    sign_manifest,
)
from protocol.values import encode, sha256_hex

SIZE = 1024 * 1024
"""Bytes of picture in a segment: half a minute at 280 kbit/s."""
_AGAIN_S = 0.5
_TRIES = 60


async def send_recordings(
    hall: MeasuredHall, seats: Sequence[MeasuredSeat], count: int, size: int = SIZE
) -> None:
    """Let all seats send ``count`` segments each, one after the other; return once all are kept."""
    recipient = hall.office.manifest.office.opening_recipient
    made = [await asyncio.to_thread(seal, os.urandom(size), [recipient]) for _ in seats]
    async with asyncio.TaskGroup() as tasks:
        for seat, sealed in zip(seats, made, strict=True):
            name = f"recordings of {seat.grant.seat}"
            tasks.create_task(_send(hall, seat, sealed, count), name=name)


async def _send(hall: MeasuredHall, seat: MeasuredSeat, sealed: bytes, count: int) -> None:
    connector = aiohttp.TCPConnector(ssl=seat.context())
    base = f"https://127.0.0.1:{hall.recordings_port}"
    timeout = aiohttp.ClientTimeout(total=300)
    last = FIRST
    async with aiohttp.ClientSession(base, connector=connector, timeout=timeout) as http:
        for n in range(1, count + 1):
            envelope = sign_manifest(_manifest(seat, sealed, n, last), seat.key)
            await _until_stored(http, encode(envelope).decode(), sealed)
            last = manifest_digest(envelope)


async def _until_stored(http: aiohttp.ClientSession, manifest: str, sealed: bytes) -> None:
    """Send a segment until it is stored; core may not have told of the session yet."""
    for _ in range(_TRIES):
        headers = {SEGMENT_HEADER: manifest}
        async with http.post(SEGMENTS, data=sealed, headers=headers) as answer:
            body = await answer.read()
        if answer.status != 200:
            raise HallError(f"a segment was refused: {answer.status} {body[:200]!r}")
        reply = decode_recordings_reply(body)
        if isinstance(reply, Stored):
            return
        if not isinstance(reply, Refused) or reply.code is not Refusal.NOT_ADMITTED:
            raise HallError(f"a segment was refused: {reply}")
        await asyncio.sleep(_AGAIN_S)
    raise HallError("recordings did not hear of a session within half a minute")


def _manifest(seat: MeasuredSeat, sealed: bytes, n: int, last: str) -> SegmentManifest:
    begins = seat.grant.granted_at + n * 30_000
    return SegmentManifest(
        source=FromSeat(session=seat.grant.session, epoch=seat.grant.epoch),
        view=View.FRONT,
        n=n,
        begins=begins,
        ends=begins + 30_000,
        media_type="video/mp4",
        pieces=15,
        size=len(sealed),
        digest=sha256_hex(sealed),
        prev=last,
        complete=True,
    )
