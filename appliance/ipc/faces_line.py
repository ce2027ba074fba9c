"""Core's end of the line to `faces`: what core wants is kept true there, come what may.

Owns the wish: who is on the roster, which sessions are admitted, which checks run. One
task brings `faces` to it, in this order, whenever either has changed:

1. the roster: `faces` must know all templates before a check can say who is nearest;
2. sessions that have ended are dismissed, new ones admitted;
3. checks begin.

When `faces` was restarted (another ``instance``) it is told everything again; a check that
ran begins anew and ends with one event. Nothing here waits for `faces`: all but `picture`
return at once.

::

    async with FacesLine(socket, on_ended=record, on_photo_fault=note) as line:
        line.enrol({"zhang-wei": open_photo, ...})
        line.admit(Admit(session=..., candidate="zhang-wei", seat_certificate=...))
        line.begin(BeginCheck(session=..., check=..., accept_below=450, refuse_above=600))

Tasks: the client's, and one that brings `faces` up to date; both end with the context.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from appliance.ipc.faces import (
    CHANNEL,
    Admit,
    BeginCheck,
    CheckEnded,
    Dismiss,
    EngineState,
    Enrol,
    Event,
    Forget,
    GetPicture,
    NotEnrolled,
    PhotoFault,
    Picture,
    Reply,
    Request,
    WorkerLost,
)
from runtime.errors import IpcError
from runtime.ipc import Client
from runtime.tasks import Tasks

log = logging.getLogger(__name__)

OpenPhoto = Callable[[], Awaitable[bytes]]
"""Opens a roster photo from the sealed bundle, when it is needed."""

_ENROL_S: Final = 60.0
_AT_ONCE: Final = 4
_AGAIN_S: Final = 0.5


class FacesLine:
    """What core wants of `faces`. An async context manager; used on one event loop."""

    def __init__(
        self,
        socket: Path,
        *,
        on_ended: Callable[[CheckEnded], None],
        on_photo_fault: Callable[[NotEnrolled], None] | None = None,
        on_worker_lost: Callable[[WorkerLost], None] | None = None,
        on_line: Callable[[bool], None] | None = None,
    ) -> None:
        """Take callbacks that are brief; they are called on the loop.

        A photo's fault is told again after `faces` was restarted.
        """
        self._on_ended = on_ended
        self._on_photo_fault = on_photo_fault
        self._on_worker_lost = on_worker_lost
        self._on_line = on_line
        self._client: Client[Request, Reply, Event] = Client(
            socket, CHANNEL, on_event=self._hear, on_line=self._line_changed
        )
        self._tasks = Tasks("line to faces")
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()
        self._roster: dict[str, OpenPhoto] = {}
        self._sessions: dict[str, Admit] = {}
        self._checks: dict[str, BeginCheck] = {}
        self._there = _There()
        self.state: EngineState | None = None
        """What `faces` said when it was connected last; None while it is away."""

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        await self._tasks.__aenter__()
        self._tasks.start("keep faces up to date", self._keep_up())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.__aexit__(kind, error, trace)
        await self._client.__aexit__(kind, error, trace)

    # --- the wish -----------------------------------------------------------------------

    def enrol(self, roster: Mapping[str, OpenPhoto]) -> None:
        """Let these be the candidates, and nobody else: another roster forgets all sessions."""
        if set(roster) != set(self._roster):
            self._there = _There()
            self._sessions.clear()
            self._checks.clear()
        self._roster = dict(roster)
        self._change()

    def admit(self, session: Admit) -> None:
        """Let frames of this session come from this seat; again for a move to another."""
        self._sessions[session.session] = session
        self._change()

    def dismiss(self, session: str) -> None:
        """Let the session be forgotten."""
        self._sessions.pop(session, None)
        self._checks.pop(session, None)
        self._change()

    def begin(self, check: BeginCheck) -> None:
        """Begin a check of an admitted session, in place of one that runs."""
        self._checks[check.session] = check
        self._change()

    async def settled(self) -> EngineState:
        """Return what `faces` said of itself, once it knows all that is wanted now."""
        while self.state is None or not self._settled.is_set():
            await self._settled.wait()
        return self.state

    async def picture(self, session: str) -> Picture | None:
        """Return the best frame of the last check; None where there is none or `faces` is away."""
        try:
            reply = await self._client.ask(GetPicture(session=session), timeout=2.0)
        except IpcError as error:
            log.warning("no picture of session %s: %s", session, error)
            return None
        return reply if isinstance(reply, Picture) else None

    def _change(self) -> None:
        self._settled.clear()
        self._changed.set()

    # --- what faces says ----------------------------------------------------------------

    def _line_changed(self, is_online: bool) -> None:  # noqa: FBT001 - the client's callback
        if not is_online:
            self.state = None
            self._settled.clear()
            self._there.checks.clear()  # their ends may be missed: they begin again
        if self._on_line is not None:
            self._on_line(is_online)

    def _hear(self, event: Event) -> None:
        match event:
            case EngineState():
                if self._there.instance not in ("", event.instance):
                    self._there = _There(event.instance)
                self.state = event
                self._change()
            case WorkerLost():
                if self._on_worker_lost is not None:
                    self._on_worker_lost(event)
            case CheckEnded():
                running = self._checks.get(event.session)
                if running is not None and running.check == event.check:
                    del self._checks[event.session]
                    self._there.checks.pop(event.session, None)
                    self._on_ended(event)

    # --- the task -----------------------------------------------------------------------

    async def _keep_up(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._client.online()
            there = self._there
            try:
                await self._bring_up(there)
                if not self._changed.is_set() and self.state is not None:
                    self._settled.set()
            except IpcError as error:
                log.warning("faces is not up to date yet: %s", error)
                await asyncio.sleep(_AGAIN_S)
                self._change()

    async def _bring_up(self, there: "_There") -> None:
        """Tell `faces` what it does not know yet; raise `IpcError` where it cannot be told."""
        if not there.instance:
            await self._forget(there)
            return
        await self._bring_roster(there)
        for session in [known for known in there.sessions if known not in self._sessions]:
            await self._client.ask(Dismiss(session=session))
            there.sessions.pop(session)
        for name, admitted in list(self._sessions.items()):
            if there.sessions.get(name) != admitted:
                await self._client.ask(admitted)
                there.sessions[name] = admitted
        for name, check in list(self._checks.items()):
            if name in there.sessions and there.checks.get(name) != check:
                await self._begin(there, check)

    async def _begin(self, there: "_There", check: BeginCheck) -> None:
        there.checks[check.session] = check  # before the reply: the end may come first
        try:
            await self._client.ask(check)
        except IpcError:
            there.checks.pop(check.session, None)
            raise

    async def _forget(self, there: "_There") -> None:
        """Begin with nothing: at the first contact, or after another roster was set."""
        state = self.state
        if state is None:
            return  # the greeting will wake us
        await self._client.ask(Forget())
        there.instance = state.instance
        self._change()

    async def _bring_roster(self, there: "_There") -> None:
        missing = [name for name in self._roster if name not in there.enrolled]
        for n in range(0, len(missing), _AT_ONCE):
            few = missing[n : n + _AT_ONCE]
            results = await asyncio.gather(
                *(self._enrol_one(name, there) for name in few), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result

    async def _enrol_one(self, candidate: str, there: "_There") -> None:
        try:
            photo = await self._roster[candidate]()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are enrolled
            there.enrolled.add(candidate)
            self._fault(_closed(candidate, error))
            return
        reply = await self._client.ask(Enrol(candidate=candidate, photo=photo), timeout=_ENROL_S)
        there.enrolled.add(candidate)
        if isinstance(reply, NotEnrolled):
            self._fault(reply)

    def _fault(self, fault: NotEnrolled) -> None:
        log.warning("no template of %s: %s", fault.candidate, fault.text)
        if self._on_photo_fault is not None:
            self._on_photo_fault(fault)


def _closed(candidate: str, error: Exception) -> NotEnrolled:
    """Say that a photo could not be opened; there are no bytes whose digest could be named."""
    return NotEnrolled(
        candidate=candidate,
        photo="0" * 64,
        fault=PhotoFault.NO_PICTURE,
        text=f"expected the roster photo in the bundle, it does not open: {error}",
    )


class _There:
    """What one instance of `faces` has been told. Without a name: one that must forget."""

    def __init__(self, instance: str = "") -> None:
        self.instance = instance
        self.enrolled: set[str] = set()
        self.sessions: dict[str, Admit] = {}
        self.checks: dict[str, BeginCheck] = {}
