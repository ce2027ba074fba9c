"""What core wants of the faces process, and what follows from what it finds.

A look is begun and ends with an event, which one task (`FacesLine.run`) follows in turn.
`appliance.ipc.faces_line` keeps the roster and open looks true there through restarts;
while the process is away candidates wait, and a person may decide instead.
"""

import asyncio
import functools
import logging
import secrets
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Self

from appliance.core.building import Core
from appliance.core.hall import Seating
from appliance.ipc import faces as ipc
from appliance.ipc import faces_line
from appliance.ipc.settings import Settings
from exam.session import State
from runtime.errors import DatabaseError, DiskError

_WAIT_MS: Final = 120_000
"""So long the first frame may take: the candidate reads the own data before, or asks for
another try when ready. Then a person is asked: no picture comes from that seat."""
_PAUSE_MS: Final = 2_000
"""Between a look that failed and the next: what was on its way then is not the next try."""
_AGAIN_S: Final = 2.0
_log = logging.getLogger(__name__)

Photo = Callable[[str], Awaitable[bytes | None]]


class FacesLine:
    """See the module; a context manager."""

    def __init__(self, settings: Settings, core: Core, roster_photo: Photo) -> None:
        self._core = core
        self._photo = roster_photo
        self._looks: dict[str, Seating] = {}
        self._ends: asyncio.Queue[ipc.CheckEnded] = asyncio.Queue()
        self._line = faces_line.FacesLine(
            settings.socket("faces"),
            on_ended=self._ends.put_nowait,
            on_worker_lost=_note_loss,
            on_line=self._line_changed,
        )

    async def __aenter__(self) -> Self:
        await self._line.__aenter__()
        candidates = self._core.hall.candidates
        self._line.enrol({name: functools.partial(self._open, name) for name in candidates})
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._line.__aexit__(kind, error, trace)

    @property
    def build(self) -> str:
        """Which dlib the process runs on; empty while it is away."""
        return self._line.state.build if self._line.state else ""

    def _line_changed(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        self._core.surroundings.connected["faces"] = there

    async def _open(self, candidate: str) -> bytes:
        photo = await self._photo(candidate)
        if photo is None:
            raise LookupError(f"no photo of {candidate} on the roster")
        return photo

    # --- asking -----------------------------------------------------------------------------

    async def look(self, seating: Seating, *, pause_ms: int = 0) -> None:
        """Begin to look at the face of who sits there; it begins when the roster is enrolled.

        Where the seat says that it has no camera, a person is asked at once.
        """
        grant = seating.grant
        if grant is None or seating.session.state is not State.SEATED or seating.needs_person:
            return
        if self._core.links.says_no_camera(seating.seat):
            await self._core.identity_check.ask_staff(seating, "no_camera")
            return
        self._line.admit(
            ipc.Admit(
                session=grant.session,
                candidate=grant.candidate,
                seat_certificate=grant.seat_certificate,
            )
        )
        rules, check = self._core.hall.rules.identity, secrets.token_hex(16)
        self._looks = {name: who for name, who in self._looks.items() if who is not seating}
        self._looks[check] = seating
        self._line.begin(
            ipc.BeginCheck(
                session=grant.session,
                check=check,
                accept_below=rules.accept_below,
                refuse_above=rules.refuse_above,
                pause_ms=pause_ms,
                wait_ms=_WAIT_MS,
            )
        )

    def dismiss(self, seating: Seating) -> None:
        """Let an ended session be forgotten, and its template with it."""
        if seating.id is not None:
            self._looks = {name: who for name, who in self._looks.items() if who is not seating}
            self._line.dismiss(seating.id)

    async def settled(self) -> ipc.EngineState:
        """Return once the process knows the roster and every look that was begun."""
        return await self._line.settled()

    async def last_picture(self, session: str) -> bytes | None:
        """Return the best frame of the session's last look."""
        picture = await self._line.picture(session)
        return None if picture is None else picture.jpeg

    # --- following --------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow how looks end, in turn; what the disk refuses is tried again."""
        while True:
            ended = await self._ends.get()
            try:
                await self._ended(ended)
            except (DiskError, DatabaseError):
                _log.exception("a look at a face has ended and is not on record yet")
                await asyncio.sleep(_AGAIN_S)
                self._ends.put_nowait(ended)

    async def _ended(self, ended: ipc.CheckEnded) -> None:
        seating = self._looks.get(ended.check)
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
        self._looks.pop(ended.check, None)
        if seating.session.state is State.SEATED:
            failed = ended.verdict is not ipc.Verdict.NOT_SEEN
            await self.look(seating, pause_ms=_PAUSE_MS if failed else 0)

    async def _not_seen(self, seating: Seating, ended: ipc.CheckEnded) -> None:
        """Tell what keeps from a good look; where no frame came at all, ask a person."""
        if ended.frames:
            hints = tuple(hint.value for hint in ended.hints)
            self._core.identity_check.hint(seating, hints)
        else:
            await self._core.identity_check.ask_staff(seating, "no_picture")


def _note_loss(lost: ipc.WorkerLost) -> None:
    _log.warning("a faces worker (%d) was lost: %s", lost.pid, lost.reason)
