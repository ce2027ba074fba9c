"""Bringing sealed segments to the box, each until the box has said that it is stored.

The oldest of each chain first; chains do not wait for one another. What the box refuses for
the moment is tried again; what a person must look at stays here and is said.

Task: `Uploader.run`, owned by the recorder; it may be cancelled anywhere.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

import aiohttp

from protocol.errors import MalformedError, ProtocolError
from protocol.recordings_api import (
    SEGMENT_HEADER,
    SEGMENTS,
    VIEWS,
    RecordingsReply,
    Refusal,
    Refused,
    Stored,
    decode_recordings_reply,
)
from protocol.values import encode
from runtime.errors import DiskError
from terminal_agent.link import Proven
from terminal_agent.segments import Chain, SegmentShelf, read_segment
from terminal_agent.state import Watched

AGAIN_S: Final = 2.0
_TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=5, sock_read=30)
_log = logging.getLogger(__name__)


class Uploader:
    """Empties the shelf into the box."""

    def __init__(self, shelf: SegmentShelf) -> None:
        self._shelf = shelf
        self._said = ""

    async def run(self, seat: Watched) -> None:
        """Send whatever there is, whenever the box is there."""
        while True:
            state = seat.state
            proven, version = state.proven, state.version
            if proven is None:
                await seat.wait_change(version)
                continue
            self._shelf.news.clear()
            if not await self._send_some(proven):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._shelf.news.wait(), AGAIN_S)

    async def _send_some(self, proven: Proven) -> bool:
        """Send the next segment of each chain; say whether the box has stored any."""
        stored = False
        for chain in self._shelf.chains():
            try:
                stored |= await self._send_next(proven, chain)
            except (aiohttp.ClientError, OSError, TimeoutError, ProtocolError, DiskError) as error:
                self._say(f"a segment waits: {error or type(error).__name__}")
        return stored

    async def _send_next(self, proven: Proven, chain: Chain) -> bool:
        path = self._shelf.next_of(chain)
        if path is None:
            if _is_stored(await self._post(proven, VIEWS, encode(chain.end()), {}), self._say):
                await self._shelf.told(chain)
            return False
        try:
            envelope, sealed = await asyncio.to_thread(read_segment, path)
        except MalformedError:
            await self._shelf.set_aside(chain, path)
            raise
        headers = {
            SEGMENT_HEADER: encode(envelope).decode(),
            "Content-Type": "application/octet-stream",
        }
        if not _is_stored(await self._post(proven, SEGMENTS, sealed, headers), self._say):
            return False
        await self._shelf.stored(chain, path)
        return True

    async def _post(
        self, proven: Proven, path: str, data: bytes, headers: dict[str, str]
    ) -> RecordingsReply:
        url = proven.url(proven.hall.info.recordings_port, path)
        async with proven.http.post(url, data=data, headers=headers, timeout=_TIMEOUT) as reply:
            body = await reply.read()
        if reply.status != 200:  # noqa: PLR2004 - HTTP's OK
            raise MalformedError(f"HTTP {reply.status}: {body[:300].decode(errors='replace')}")
        return decode_recordings_reply(body)

    def _say(self, text: str) -> None:
        """Log a trouble once, not every two seconds."""
        if text != self._said:
            self._said = text
            _log.warning("recordings: %s", text)


def _is_stored(reply: RecordingsReply, say: Callable[[str], None]) -> bool:
    match reply:
        case Stored():
            return True
        case Refused(code=Refusal.NOT_ADMITTED | Refusal.FULL | Refusal.BROKEN, text=text):
            say(text)
        case Refused(code=code, text=text):
            say(f"a person must look at what the box refuses ({code}): {text}")
    return False
