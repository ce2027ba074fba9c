"""The parts of the `faces` process at work together: memory, workers, core's line, frames.

Owns the way of a frame: from the seat's request through the pool into memory, and of a
check's end to core. Rules:

* A frame is looked at in memory and forgotten; nothing of it is logged or written.
* Frames of running checks are urgent; roster photos and all others wait for them.
* What core is told is told once, by ``publish``, which never waits.

Tasks: `run` ends checks whose time is up; its owner cancels it.
"""

import hashlib
import logging
import uuid
from collections.abc import Callable
from typing import Final

from appliance.faces.errors import (
    BusyError,
    FaceError,
    NoPictureError,
    SupersededError,
    WorkerLostError,
)
from appliance.faces.formats import check_jpeg
from appliance.faces.judgement import LOG_IN_SCALES, FrameLimits
from appliance.faces.look import Describe, Look, Scale
from appliance.faces.pool import Lost, Pool
from appliance.faces.sessions import AdmittedSession, Memory, Template, UnknownSessionError
from appliance.ipc import faces as ipc
from protocol.faces_api import FrameInfo, FrameRefusal, FrameRefused, FrameReply, FrameSeen
from runtime.clock import SteadyClock

log = logging.getLogger(__name__)

CHECK_PAUSE_MS: Final = 250
"""Between two frames of a seat whose check is running."""
RETRY_MS: Final = 1_000
"""Between two frames of a seat whose next check may begin at any moment."""
IDLE_PAUSE_MS: Final = 5_000
"""Between two frames of a candidate who has been accepted."""
_SWEEP_MS: Final = 500

_REFUSALS: Final[dict[type[FaceError], FrameRefusal]] = {
    NoPictureError: FrameRefusal.NO_PICTURE,
    SupersededError: FrameRefusal.SUPERSEDED,
    BusyError: FrameRefusal.BUSY,
    WorkerLostError: FrameRefusal.LOST,
}


class FacesService:
    """Answers core's requests and the seats' frames."""

    def __init__(
        self,
        pool: Pool,
        *,
        publish: Callable[[ipc.Event], None],
        clock: SteadyClock,
        limits: FrameLimits | None = None,
    ) -> None:
        self._pool = pool
        self._publish = publish
        self._clock = clock
        self._memory = Memory(build=pool.build, limits=limits)
        self._instance = uuid.uuid4().hex
        self.port = 0
        """Where the listener listens; set by the composition root."""

    # --- core ---------------------------------------------------------------------------

    def state(self) -> ipc.EngineState:
        """Return how things stand."""
        return ipc.EngineState(
            instance=self._instance,
            build=self._pool.build,
            fast=self._pool.fast,
            workers=len(self._pool.pids),
            port=self.port,
            enrolled=len(self._memory.templates),
            admitted=len(self._memory.sessions),
        )

    def worker_lost(self, lost: Lost) -> None:
        """Tell core that a worker was lost."""
        log.warning("worker %d was lost (%s); next in %.1f s", lost.pid, lost.reason, lost.pause_s)
        self._publish(ipc.WorkerLost(pid=lost.pid, reason=lost.reason))

    async def answer(self, request: ipc.Request) -> ipc.Reply:
        """Carry out a request of core."""
        match request:
            case ipc.Enrol():
                return await self._enrol(request)
            case ipc.Admit():
                self._memory.admit(request)
            case ipc.Dismiss(session=session):
                self._memory.dismiss(session)
            case ipc.BeginCheck():
                ended = self._memory.begin(request, self._clock.steady_ms())
                if ended is not None:
                    self._publish(ended)
            case ipc.GetPicture(session=session):
                return self._picture(session)
            case ipc.Forget():
                self._memory.forget()
        return ipc.Done()

    async def _enrol(self, asked: ipc.Enrol) -> ipc.Enrolled | ipc.NotEnrolled:
        digest = hashlib.sha256(asked.photo).hexdigest()
        try:
            look = await self._pool.look(f"enrol {asked.candidate}", asked.photo)
        except NoPictureError as error:
            self._memory.enrol(asked.candidate, None)
            return _not_enrolled(asked.candidate, digest, ipc.PhotoFault.NO_PICTURE, str(error))
        descriptor = look.faces[0].descriptor if len(look.faces) == 1 else None
        if descriptor is None:
            self._memory.enrol(asked.candidate, None)
            fault = ipc.PhotoFault.SEVERAL_FACES if look.faces else ipc.PhotoFault.NO_FACE
            text = f"expected one face in the roster photo, found {len(look.faces)}"
            return _not_enrolled(asked.candidate, digest, fault, text)
        self._memory.enrol(asked.candidate, Template(descriptor=descriptor, photo=digest))
        return ipc.Enrolled(candidate=asked.candidate, photo=digest)

    def _picture(self, session: str) -> ipc.Picture | ipc.NoPicture:
        known = self._memory.sessions.get(session)
        if known is None or known.kept is None:
            return ipc.NoPicture(session=session)
        return ipc.Picture(session=session, taken=known.kept.taken, jpeg=known.kept.jpeg)

    # --- seats --------------------------------------------------------------------------

    async def frame(self, info: FrameInfo, seat_certificate: str | None, jpeg: bytes) -> FrameReply:
        """Look at a frame that came from the seat with this certificate."""
        try:
            session = self._memory.session_at(info.session, seat_certificate)
        except UnknownSessionError as error:
            code = FrameRefusal.NOT_ADMITTED
            return FrameRefused(code=code, text=str(error), next_ms=RETRY_MS)
        try:
            check_jpeg(jpeg)
            look = await self._look(info.session, session, jpeg)
        except FaceError as error:
            code = _REFUSALS[type(error)]
            pause = RETRY_MS if code is FrameRefusal.BUSY else self._pause(session)
            return FrameRefused(code=code, text=str(error), next_ms=pause)
        hints, ended = self._memory.seen(
            session, look, info.taken, jpeg, now=self._clock.steady_ms()
        )
        if ended is not None:
            self._tell(ended)
        return FrameSeen(hints=hints, next_ms=self._pause(session))

    async def _look(self, name: str, session: AdmittedSession, jpeg: bytes) -> Look:
        if session.check is None:
            return await self._pool.look(name, jpeg, scales=(Scale.FULL,), describe=Describe.NONE)
        return await self._pool.look(name, jpeg, urgent=True, scales=LOG_IN_SCALES)

    def _pause(self, session: AdmittedSession) -> int:
        if session.check is not None:
            return CHECK_PAUSE_MS
        return IDLE_PAUSE_MS if session.accepted else RETRY_MS

    # --- time ---------------------------------------------------------------------------

    async def run(self) -> None:
        """End checks whose time is up, until cancelled."""
        while True:
            await self._clock.sleep(_SWEEP_MS)
            for ended in self._memory.expire(self._clock.steady_ms()):
                self._tell(ended)

    def _tell(self, ended: ipc.CheckEnded) -> None:
        log.info(
            "check %s of session %s: %s, distance %d over %d of %d frames",
            *(ended.check, ended.session, ended.verdict.value),
            *(ended.distance, len(ended.distances), ended.frames),
        )
        self._publish(ended)


def _not_enrolled(candidate: str, photo: str, fault: ipc.PhotoFault, text: str) -> ipc.NotEnrolled:
    return ipc.NotEnrolled(candidate=candidate, photo=photo, fault=fault, text=text)
