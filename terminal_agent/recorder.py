"""The seat's cameras: what they show, what is recorded of it, and the frames that are judged.

A camera that is pulled ends its view; the next one that is plugged in, or the same one
again, opens another, with no restart (`devices.kept_view`). From log-in to the end of a
session whose candidate consented, the view is recorded (`recording`), kept here sealed
(`segments`), and brought to the box (`uploading`). Judging frames go to the appliance's
``faces`` over mTLS, the newest only, and touch no disk.

Tasks: `run` owns one each for the view's pieces, the judging frames, the sessions' coming
and going, and the uploads; all end with it. What was recorded up to then is kept.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp

from devices.cameras import CameraWatch
from devices.capture import ClipOrigin
from devices.encoder import Piece
from devices.errors import DeviceError
from devices.kept_view import GapBegan, GapEnded, KeptView
from exam.session import ENDED, State
from protocol import faces_api
from protocol.errors import ProtocolError
from protocol.faces_api import FrameInfo
from protocol.journal import PictureGap
from protocol.seat_api import FaceStage
from protocol.segment import View
from protocol.values import encode
from runtime.errors import DiskError
from terminal_agent.link import Proven
from terminal_agent.recording import (
    CutRules,
    Gap,
    GapReason,
    Recorded,
    Recording,
    WriteGap,
)
from terminal_agent.segments import Chain, SegmentShelf
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent
from terminal_agent.state import SeatState, Watched
from terminal_agent.uploading import Uploader

VIEW: Final = View.FRONT
_AGAIN_S: Final = 1.0
_HANDED_IN: Final = {State.HANDED_IN, State.HANDED_IN_PROVISIONALLY}
_log = logging.getLogger(__name__)


class Recorder:
    """The seat's eyes; a context manager. ``source``: ``auto``, ``none``, or a video file."""

    def __init__(self, source: str, folder: Path, *, rules: CutRules | None = None) -> None:
        """``folder`` is where sealed segments wait for the box."""
        self._source = source
        self._rules = rules or CutRules()
        self._shelf = SegmentShelf(folder)
        self._uploader = Uploader(self._shelf)
        self._view: KeptView | None = None
        self._watch: CameraWatch | None = None
        self._recording: Recording | None = None

    async def __aenter__(self) -> Self:
        await self._shelf.open()
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
    def is_wanted(self) -> bool:
        """Whether this seat is to have a camera at all, found or not."""
        return self._source != "none"

    @property
    def cameras(self) -> int:
        """How many cameras deliver pictures."""
        return int(self._view is not None and self._view.is_live)

    @property
    def recording_since(self) -> int | None:
        """Hall time since when pictures are recorded without a gap, None where they are not."""
        return None if self._recording is None else self._recording.since

    def missing(self, seat: Watched) -> list[MakeEvent]:
        """Return the gap that is open now as events: the journal ends with a hand-in."""
        gap = None if self._recording is None else self._recording.open_gap(seat.now() or 0)
        return [] if gap is None else [_gap_event(gap, seat)]

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
        """Show, record and upload, for as long as the program lives."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow_sessions(seat), name="recorder: sessions")
                tasks.create_task(self._uploader.run(seat), name="recorder: uploads")
                async with self._open_view(seat) as view:
                    if view is not None:
                        tasks.create_task(self._judge(view, seat), name="recorder: judging")
                        await self._take_pieces(view, seat)
        finally:
            if self._recording is not None:
                await self._recording.pause()

    @asynccontextmanager
    async def _open_view(self, seat: Watched) -> AsyncIterator[KeptView | None]:
        """Keep a view of the source; None where there is to be no camera."""
        if self._source == "none":
            yield None
            return
        source = self._watch or ClipOrigin(path=str(Path(self._source)))
        async with KeptView(source, clock=lambda: seat.now() or 0, on_live=seat.changed) as view:
            self._view = view
            try:
                yield view
            finally:
                self._view = None

    # --- recording --------------------------------------------------------------------------

    async def _take_pieces(self, view: KeptView, seat: Watched) -> None:
        async for event in view.events():
            if isinstance(event, GapBegan):
                _log.warning("no picture: %s", event.reason)
            recording = self._recording
            if recording is None:
                continue
            was_since = recording.since
            match event:
                case Piece():
                    await recording.piece(event)
                case GapBegan():
                    await recording.lost(GapReason.CAMERA_LOST)
                case GapEnded():
                    continue  # the next piece says when
            if recording.since != was_since:
                seat.changed()

    async def _follow_sessions(self, seat: Watched) -> None:
        """Record the session that is open, from its beginning to its end."""
        is_first = True
        met: list[SeatSession] = []
        while True:
            version, state = seat.state.version, seat.state
            wanted, recording = _to_record(state), self._recording
            if recording is not None and (wanted is None or not _is_of(recording.chain, wanted)):
                await self._end(recording, seat)
            if state.session is not None and state.session not in met:
                met.append(state.session)
            met = [session for session in met if not await self._end_if_over(session)]
            if wanted is not None and self._recording is None:
                self._recording = self._begin(wanted, seat, is_fresh=not is_first)
            is_first = False
            await seat.wait_change(version)

    def _begin(self, session: SeatSession, seat: Watched, *, is_fresh: bool) -> Recording:
        grant, hall = session.grant, seat.state.hall
        assert hall is not None
        recorded = Recorded(
            chain=self._shelf.chain(grant.session, grant.epoch, VIEW),
            begins=grant.granted_at,
            key=session.key,
            recipient=hall.manifest.office.opening_recipient,
            is_fresh=is_fresh,
        )
        return Recording(
            recorded,
            self._shelf,
            _gap_writer(session, seat),
            rules=self._rules,
            camera=bool(self.cameras),
            on_record=lambda: session.progress.gaps.get(VIEW.value, 0),
        )

    async def _end(self, recording: Recording, seat: Watched) -> None:
        """End a recording; a disk that refuses the end is asked again."""
        at = seat.now() or 0
        while True:
            try:
                await recording.end(at)
                break
            except DiskError as error:
                _log.warning("the end of a recording waits: %s", error)
                await asyncio.sleep(_AGAIN_S)
        self._recording = None
        seat.changed()

    async def _end_if_over(self, session: SeatSession) -> bool:
        """Say of a session that is over that its view has ended, recorded or not.

        Also of one that was left before the exam, say for wrong own data: the box would wait
        for its pictures. Say whether that is done; a disk that refuses it is asked again.
        """
        if session.state == "open" and session.progress.session.state not in ENDED:
            return False
        chain = self._shelf.chain(session.grant.session, session.grant.epoch, VIEW)
        try:
            await self._shelf.end(chain)
        except DiskError as error:
            _log.warning("the end of a recording is said later: %s", error)
            return False
        return True

    # --- judging frames ---------------------------------------------------------------------

    async def _judge(self, view: KeptView, seat: Watched) -> None:
        """Send the newest frame whenever the face is to be looked at."""
        while True:
            session, proven = _to_look_at(seat.state), seat.state.proven
            if session is None or proven is None or not view.is_live:
                await seat.wait_change(seat.state.version)
                continue
            pause_ms = await self._send_frame(view, session, proven, seat.now() or 0)
            await asyncio.sleep(pause_ms / 1000)

    async def _send_frame(
        self, view: KeptView, session: SeatSession, proven: Proven, now: int
    ) -> int:
        try:
            still = await view.still()
        except DeviceError:
            return int(_AGAIN_S * 1000)
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


def _to_record(state: SeatState) -> SeatSession | None:
    """Return the session that is to be recorded now."""
    session = state.session
    if session is None or state.hall is None or not session.progress.consented_recording:
        return None
    if session.state != "open" or session.progress.session.state in {*ENDED, State.EXPECTED}:
        return None
    return session


def _is_of(chain: Chain, session: SeatSession) -> bool:
    return (chain.session, chain.epoch) == (session.grant.session, session.grant.epoch)


def _gap_event(gap: Gap, seat: Watched) -> MakeEvent:
    return seat.event(
        PictureGap,
        view=VIEW.value,
        since=gap.since,
        until=gap.until,
        reason=gap.reason.value,
    )


def _gap_writer(session: SeatSession, seat: Watched) -> WriteGap:
    async def write(gap: Gap) -> None:
        if session.progress.session.state in _HANDED_IN:  # its journal has ended
            return
        await session.write(_gap_event(gap, seat))

    return write
