"""Core's line to the faces process: enrol the roster, begin looks, follow what they find.

Core never waits for it: a look is begun by a message and ends with an event, which one
task (`FacesLine.run`) follows in turn. After the process was restarted it has forgotten
everything, so roster and open looks are told again; while it is away candidates wait, and
a person may decide instead.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

from appliance.core.building import Core
from appliance.core.hall import Seating
from appliance.ipc import faces as ipc
from appliance.ipc.settings import Settings
from exam.session import State
from runtime.errors import IpcError
from runtime.ipc import Client

_ENROL_S: Final = 30.0
_LOOKS_WITHOUT_PICTURE: Final = 3
"""So many looks without one frame, and a person is asked: there may be no camera."""
_log = logging.getLogger(__name__)

Photo = Callable[[str], Awaitable[bytes | None]]


class FacesLine:
    """See the module; a context manager."""

    def __init__(self, settings: Settings, core: Core, roster_photo: Photo) -> None:
        self._core = core
        self._photo = roster_photo
        self._instance = ""
        self._looks: dict[str, Seating] = {}
        self._unseen: dict[str, int] = {}
        self._events: asyncio.Queue[ipc.Event] = asyncio.Queue()
        self._client = Client(
            settings.socket("faces"),
            ipc.CHANNEL,
            on_event=self._events.put_nowait,
            on_line=self._line,
        )
        self.build = ""
        """Which dlib the process runs on."""

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    def _line(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        self._core.surroundings.connected["faces"] = there

    # --- asking -----------------------------------------------------------------------------

    async def look(self, seating: Seating) -> None:
        """Begin to look at the face of who sits there; once the roster is enrolled, at once."""
        grant = seating.grant
        if (
            not self._instance
            or grant is None
            or seating.session.state is not State.SEATED
            or seating.needs_person
        ):
            return
        self._client.tell(
            ipc.Admit(
                session=grant.session,
                candidate=grant.candidate,
                seat_certificate=grant.seat_certificate,
            )
        )
        rules, check = self._core.hall.rules.identity, secrets.token_hex(16)
        self._looks[check] = seating
        self._client.tell(
            ipc.BeginCheck(
                session=grant.session,
                check=check,
                accept_below=rules.accept_below,
                refuse_above=rules.refuse_above,
            )
        )

    async def last_picture(self, session: str) -> bytes | None:
        """Return the best frame of the session's last look."""
        try:
            reply = await self._client.ask(ipc.GetPicture(session=session))
        except IpcError as error:
            _log.warning("no picture of %s: %s", session, error)
            return None
        return reply.jpeg if isinstance(reply, ipc.Picture) else None

    # --- following --------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow what the process says, in turn."""
        while True:
            event = await self._events.get()
            match event:
                case ipc.EngineState():
                    await self._engine(event)
                case ipc.CheckEnded():
                    await self._ended(event)
                case ipc.WorkerLost(pid=pid, reason=reason):
                    _log.warning("a faces worker (%d) was lost: %s", pid, reason)

    async def _engine(self, state: ipc.EngineState) -> None:
        self.build = state.build
        if state.instance == self._instance:
            return
        self._instance = ""
        self._looks.clear()
        for candidate in self._core.hall.candidates.values():
            if not await self._enrol(candidate.id):
                return  # the line broke: its next first event begins again
        self._instance = state.instance
        subject = self._core.hall.current()
        for seating in self._core.hall.seatings(None if subject is None else subject.id):
            await self.look(seating)

    async def _enrol(self, candidate: str) -> bool:
        photo = await self._photo(candidate)
        if photo is None:
            return True
        try:
            reply = await self._client.ask(
                ipc.Enrol(candidate=candidate, photo=photo), timeout=_ENROL_S
            )
        except IpcError as error:
            _log.warning("%s could not be enrolled: %s", candidate, error)
            return False
        if isinstance(reply, ipc.NotEnrolled):
            _log.warning("the roster photo of %s: %s", candidate, reply.text)
        return True

    async def _ended(self, ended: ipc.CheckEnded) -> None:
        seating = self._looks.pop(ended.check, None)
        if seating is None or seating.id != ended.session:
            return
        check = self._core.identity_check
        match ended.verdict:
            case ipc.Verdict.NO_TEMPLATE:
                await check.ask_staff(seating, "no_template")
            case ipc.Verdict.NOT_SEEN:
                await self._not_seen(seating, ended)
            case _:
                closest = ended.nearest in {None, seating.candidate.id}
                await check.measured(seating, ended.distance, is_closest=closest)
        if seating.session.state is State.SEATED:
            await self.look(seating)
        else:
            self._unseen.pop(ended.session, None)

    async def _not_seen(self, seating: Seating, ended: ipc.CheckEnded) -> None:
        self._core.identity_check.hint(seating, tuple(hint.value for hint in ended.hints))
        if ended.frames:
            self._unseen.pop(ended.session, None)
            return
        self._unseen[ended.session] = self._unseen.get(ended.session, 0) + 1
        if self._unseen[ended.session] >= _LOOKS_WITHOUT_PICTURE:
            await self._core.identity_check.ask_staff(seating, "no_picture")
