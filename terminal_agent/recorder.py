"""The seat's cameras: which one looks, what it shows, and the frames that are judged.

A camera that is pulled ends its view; the next one that is plugged in, or the same one
again, opens another, with no restart. Judging frames go to the appliance's ``faces`` over
mTLS, the newest only, and touch no disk.

Tasks: `run` owns one task for the cameras' coming and going and, while a view is open,
one that sends judging frames; all end with it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

import aiohttp

from devices.cameras import CameraWatch
from devices.capture import AnyOrigin, CameraOrigin, ClipOrigin
from devices.errors import DeviceError
from devices.view import View
from exam.session import State
from protocol import faces_api
from protocol.errors import ProtocolError
from protocol.faces_api import FrameInfo
from protocol.seat_api import FaceStage
from protocol.values import encode
from terminal_agent.link import Proven
from terminal_agent.session import SeatSession
from terminal_agent.state import SeatState

_AGAIN_S: Final = 1.0
_log = logging.getLogger(__name__)


class Watched(Protocol):
    """The seat, as far as the recorder looks at it."""

    @property
    def state(self) -> SeatState:
        """The seat at this moment."""

    def now(self) -> int | None:
        """Return hall time."""

    def changed(self) -> None:
        """Let the page see that something changed."""

    async def wait_change(self, seen: int) -> None:
        """Return once the seat's version differs from ``seen``."""


class Recorder:
    """The seat's eyes; a context manager. ``source``: ``auto``, ``none``, or a video file."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._view: View | None = None
        self._watch: CameraWatch | None = None
        self.recording_since: int | None = None

    async def __aenter__(self) -> Self:
        if self._source == "auto":
            self._watch = await CameraWatch().__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watch is not None:
            await self._watch.__aexit__(kind, error, trace)

    @property
    def cameras(self) -> int:
        """How many cameras deliver pictures."""
        return int(self._view is not None)

    async def newest(self) -> bytes | None:
        """Return the newest picture as JPEG."""
        view = self._view
        if view is None:
            return None
        try:
            return (await view.still(quality=80)).jpeg
        except DeviceError:
            return None

    async def run(self, seat: Watched) -> None:
        """Keep a view open while there is a camera, for as long as the program lives."""
        while True:
            origin = self._origin()
            if origin is None:
                await asyncio.sleep(_AGAIN_S)
                continue
            try:
                async with self._open(origin, seat) as view:
                    await self._while_open(view, seat)
            except* DeviceError as group:
                _log.warning("the camera is lost: %s", group.exceptions[0])
            await asyncio.sleep(_AGAIN_S)

    def _origin(self) -> AnyOrigin | None:
        if self._source == "none":
            return None
        if self._watch is None:
            return ClipOrigin(path=str(Path(self._source)))
        cameras = self._watch.cameras
        return CameraOrigin(node=cameras[0].node) if cameras else None

    @asynccontextmanager
    async def _open(self, origin: AnyOrigin, seat: Watched) -> AsyncIterator[View]:
        async with View(origin, clock=lambda: seat.now() or 0) as view:
            self._view = view
            seat.changed()
            try:
                yield view
            finally:
                self._view = None
                seat.changed()

    async def _while_open(self, view: View, seat: Watched) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read_pieces(view), name="recorder: pieces")
            tasks.create_task(self._judge(view, seat), name="recorder: judging frames")

    async def _read_pieces(self, view: View) -> None:
        async for _piece in view.pieces():
            continue

    # --- judging frames ---------------------------------------------------------------------

    async def _judge(self, view: View, seat: Watched) -> None:
        """Send the newest frame whenever the face is to be looked at."""
        while True:
            session, proven = _to_look_at(seat.state), seat.state.proven
            if session is None or proven is None:
                await seat.wait_change(seat.state.version)
                continue
            pause_ms = await self._send_frame(view, session, proven, seat.now() or 0)
            await asyncio.sleep(pause_ms / 1000)

    async def _send_frame(self, view: View, session: SeatSession, proven: Proven, now: int) -> int:
        still = await view.still()
        info = FrameInfo(session=session.grant.session, view="front", taken=still.taken or now)
        url = proven.url(proven.hall.info.faces_port, faces_api.FRAMES)
        headers = {faces_api.FRAME_HEADER: encode(info).decode(), "Content-Type": "image/jpeg"}
        try:
            async with proven.http.post(url, data=still.jpeg, headers=headers) as reply:
                return faces_api.decode_frame_reply(await reply.read()).next_ms
        except (aiohttp.ClientError, OSError, TimeoutError, ProtocolError) as error:
            _log.info("the faces process was not reached: %s", error)
            return int(_AGAIN_S * 1000)


def _to_look_at(state: SeatState) -> SeatSession | None:
    """Return the session whose face is to be looked at now."""
    session = state.session
    if session is None or not session.progress.consented:
        return None
    if session.progress.session.state is not State.SEATED:
        return None
    if session.progress.own_data_right is not True:
        return None
    if state.face is not None and state.face.stage is not FaceStage.LOOKING:
        return None  # a person looks, or the candidate is asked to try again
    return session
