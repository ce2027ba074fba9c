"""The desk: the seat's parts and its state, as all share them who do something at this seat.

It owns the seat's memory: `SeatState`, and the sessions that are not delivered yet. Spool,
papers, clock and cameras it hands out. Rules:

1. Who does something at the seat is given the desk: `hearing`, `following`, `opening`,
   `ending`, `doing`. The desk knows none of them; `terminal_agent.seat` stands over all.
2. Who changes the state says so by `changed`: page, recorder and uploads wait for it.
3. What is in the spool stays there; `clear_session` and `put_by` forget in memory only.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from protocol.journal import Started
from runtime.clock import SeatClock, SteadyClock
from runtime.errors import ClockError, DatabaseError, DiskError
from terminal_agent.papers import PaperShelf
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent, Spool
from terminal_agent.state import Eyes, SeatState
from terminal_agent.view import Reason, ReasonCode
from terminal_agent.witness import Witness

_DISK: Final = (DiskError, DatabaseError, OSError)
_log = logging.getLogger(__name__)

Pair = Callable[[str, str], Awaitable[Reason | None]]
"""Pairs this machine with the code and seat that staff typed; returns why not."""


class Desk:
    """One seat's parts and state; see the module."""

    def __init__(
        self,
        spool: Spool,
        shelf: PaperShelf,
        clock: SeatClock,
        steady: SteadyClock,
        eyes: Eyes,
        *,
        agent: str,
    ) -> None:
        self.spool: Final = spool
        self.shelf: Final = shelf
        self.clock: Final = clock
        self.steady: Final = steady
        self.eyes: Final = eyes
        self.agent: Final = agent
        """Which program writes, as the journal names it."""
        self.pair: Pair | None = None
        self.disk_free: Callable[[], int] = lambda: 0
        self.witness: Witness | None = None
        """Of the log of the hall that was found."""
        self.state: Final = SeatState()
        self.tails: Final[list[SeatSession]] = []
        """Sessions that nobody sits any more, with events that the box does not have."""
        self.papers_wanted: Final = asyncio.Event()
        """Set when a sealed paper that was here is to be fetched again."""
        self.login_lock: Final = asyncio.Lock()
        """Held by the one log-in that is going on."""
        self._version = asyncio.Event()

    # --- time and change --------------------------------------------------------------------

    def now(self) -> int | None:
        """Return hall time, None before the first heartbeat."""
        try:
            return self.clock.now()
        except ClockError:
            return None

    def changed(self) -> None:
        """Let the page and whoever waits see the new state."""
        self.state.version += 1
        self._version.set()
        self._version = asyncio.Event()

    async def wait_change(self, seen: int) -> None:
        """Return once the version differs from ``seen``."""
        while self.state.version == seen:
            await self._version.wait()

    def event(self, kind: type, **fields: object) -> MakeEvent:
        """Return a maker of an event that happens now."""
        hall, mono = self.now() or 0, self.steady.steady_ms()
        return lambda n: kind(n=n, hall=hall, mono=mono, **fields)

    def started(self) -> MakeEvent:
        """Return a maker of the event that says which run of which program writes."""
        return self.event(Started, boot=self.boot(), agent=self.agent)

    def boot(self) -> str:
        """Return the name of this boot: 32 characters."""
        return self.steady.boot().replace("-", "")[:32].ljust(32, "0")

    # --- sessions ---------------------------------------------------------------------------

    def sessions(self) -> list[SeatSession]:
        """Return the sessions of this seat that matter now, the open one first."""
        session = self.state.session
        return [*([] if session is None else [session]), *self.tails]

    def session_of(self, session: str) -> SeatSession | None:
        """Return the open session or a tail by its name, the newest epoch first."""
        found = [s for s in self.sessions() if s.grant.session == session]
        return max(found, key=lambda s: s.grant.epoch, default=None)

    def owing(self) -> SeatSession | None:
        """Return a session with events that the box does not have, the open one first."""
        self.tails[:] = [tail for tail in self.tails if tail.unsent.is_set()]
        return next((s for s in self.sessions() if s.unsent.is_set() and not s.waits), None)

    async def moved(self, session: SeatSession) -> None:
        """Take note that the session went on at another seat."""
        if session.state != "moved":
            await session.leave("moved")
        if self.state.session is session:
            self.clear_session()

    def clear_session(self) -> None:
        """Stand before the next candidate; what was not delivered yet still is."""
        state = self.state
        if state.session is not None and state.session.unsent.is_set():
            self.tails.append(state.session)
        state.session = state.paper = state.face = state.consent = state.login_refused = None
        state.fault, state.left, state.own_data_wrong = None, False, False
        self.changed()

    def put_by(self) -> None:
        """Stand as before any sitting; what is in the spool stays there."""
        self.clear_session()
        self.tails.clear()
        self.state.armed.clear()
        self.state.papers_here.clear()

    # --- what goes wrong --------------------------------------------------------------------

    def troubled(self, error: Exception | None) -> None:
        """Say what this seat tries again and again; None: it went well."""
        trouble = None
        if error is not None:
            _log.error("tried again: %s", error)
            code = ReasonCode.DISK_TRIED if isinstance(error, _DISK) else ReasonCode.INTERNAL
            trouble = Reason(code=code)
        if trouble != self.state.trouble:
            self.state.trouble = trouble
            self.changed()

    def forked(self, text: str) -> None:
        """Say that staff must look: the box holds another history than this seat."""
        _log.error("the box does not take this journal: %s", text)
        self.state.fault = Reason(code=ReasonCode.INTERNAL)
        self.changed()
