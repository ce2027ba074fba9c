"""The seat: what it hears from the hall and does for the candidate. The page's `SeatModel`.

Everything that the candidate does becomes an event on this disk first (`SeatSession.write`);
everything that the hall says is checked before it is followed. Screens follow from the
state alone: see `terminal_agent.showing`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from exam import times
from exam.session import ENDED, WRITING, State
from protocol.errors import ProtocolError
from protocol.journal import Entered, HandedIn, Started
from protocol.keys import SigningKey
from protocol.sealed_paper import SealedPaper
from protocol.sealing import SealingIdentity
from protocol.seat_api import Beat, HallSays, Hello
from runtime.clock import Beat as ClockBeat
from runtime.clock import SeatClock, SteadyClock
from runtime.errors import ClockError, DatabaseError, DiskError
from terminal_agent import doing, hearing, showing, taking_up
from terminal_agent.actions import Action, Outcome
from terminal_agent.link import Proven
from terminal_agent.papers import PaperShelf
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent, Spool
from terminal_agent.state import Eyes, SeatState
from terminal_agent.trust import TrustedHall
from terminal_agent.view import AssetShown, HallLink, PaperShown, Reason, ReasonCode, View
from terminal_agent.witness import Witness

_LOOK_S: Final = 0.2
_DISK: Final = (DiskError, DatabaseError, OSError)
_log = logging.getLogger(__name__)

Pair = Callable[[str, str], Awaitable[Reason | None]]
"""Pairs this machine with the code and seat that staff typed; returns why not."""


class Seat:
    """One seat; see the module."""

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
        self.state: Final = SeatState()
        self.pair: Pair | None = None
        self.disk_free: Callable[[], int] = lambda: 0
        self.witness: Witness | None = None
        self._seat_key: SigningKey | None = None
        self.tails: Final[list[SeatSession]] = []
        """Sessions that nobody sits any more, with events that the box does not have."""
        self.papers_wanted: Final = asyncio.Event()
        """Set when a sealed paper that was here is to be fetched again."""
        self._sitting: str | None = None
        """The sitting that was taken up wholly."""
        self.logging_in: Final = asyncio.Lock()
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
        return self.event(Started, boot=self._boot(), agent=self.agent)

    def _boot(self) -> str:
        return self.steady.boot().replace("-", "")[:32].ljust(32, "0")

    # --- coming up --------------------------------------------------------------------------

    async def resume(self, hall: TrustedHall | None) -> None:
        """Go on where this seat stood: the hall that it knew, the session, the paper."""
        if hall is not None:
            await self._take_up(hall)

    async def found(self, proven: Proven) -> None:
        """Believe the hall of an appliance that was proved, and watch its log."""
        hall = proven.hall
        await self.spool.put("hall", hall.info)
        witness = None if self._seat_key is None else Witness(self.spool, hall, self._seat_key)
        if witness is not None:
            await witness.resume()
        if self._sitting != hall.sitting.id:
            await self._take_up(hall)
        self.witness = witness
        self.state.hall, self.state.proven = hall, proven
        self.state.subject = hall.info.subject
        self.changed()

    async def _take_up(self, hall: TrustedHall) -> None:
        self._sitting = None  # what fails in the midst of it is begun anew
        await taking_up.take_up(self, hall)
        self._sitting = hall.sitting.id

    def put_by(self) -> None:
        """Stand as before any sitting; what is in the spool stays there."""
        self.clear_session()
        self.tails.clear()
        self.state.armed.clear()
        self.state.papers_here.clear()

    def sits_elsewhere(self, hall: TrustedHall) -> bool:
        """Say whether a candidate writes here in another sitting than this hall's."""
        own = self.state.hall
        other = own is not None and own.sitting.id != hall.sitting.id
        return other and self.state.state() in {*WRITING, State.PAUSED}

    def paired_as(self, seat: str, seat_key: SigningKey) -> None:
        """Note which seat this machine is, and with which key it cosigns."""
        self.state.paired, self.state.seat = True, seat
        self._seat_key = seat_key
        self.changed()

    def link_up(self) -> None:
        """Note that the link stands."""
        self.state.reached = HallLink.REACHED
        self.changed()

    def link_lost(self) -> None:
        """Note that the link broke, or that the appliance is not found."""
        if self.state.reached is HallLink.REACHED:
            self.state.reached = HallLink.LOST
            self.changed()
        self.state.proven = None

    # --- the link's hearer ------------------------------------------------------------------

    async def hello(self) -> Hello:
        """Return what this seat knows."""
        hall, session = self.state.hall, self.state.session
        assert hall is not None  # a link stands to a hall that was proved
        if session is not None:
            await hearing.catch_up(self)
        kept = await self.spool.checkpoints()
        return Hello(
            agent=self.agent,
            boot=self._boot(),
            sessions=tuple(dict.fromkeys(s.grant.session for s in self._sessions())),
            decisions_seen=await self.spool.decisions_seen(hall.log),
            generation=hall.info.generation,
            checkpoints=tuple(n for name, n in kept.items() if name.startswith(hall.logs)),
        )

    def session_of(self, session: str) -> SeatSession | None:
        """Return the open session or a tail by its name, the newest epoch first."""
        found = [s for s in self._sessions() if s.grant.session == session]
        return max(found, key=lambda s: s.grant.epoch, default=None)

    async def kept_session(self, session: str, epoch: int) -> SeatSession | None:
        """Return any session of this sitting by its name and epoch, also one that has ended."""
        for known in self._sessions():
            if (known.grant.session, known.grant.epoch) == (session, epoch):
                return known
        hall = self.state.hall
        return None if hall is None else await taking_up.find(self, hall, session, epoch)

    def _sessions(self) -> list[SeatSession]:
        """Return the sessions of this seat that matter now, the open one first."""
        session = self.state.session
        return [*([] if session is None else [session]), *self.tails]

    def beat(self) -> Beat:
        """Return what this seat says of itself now."""
        session, now = self.state.session, self.now()
        hall, subject = self.state.hall, self.state.current_subject()
        sealed = None if hall is None or subject is None else hall.paper(subject.id)
        has_paper = sealed is not None and sealed.sealed_sha256 in self.state.papers_here
        return Beat(
            sent=self.steady.steady_ms(),
            hall=now or 0,
            screen=showing.screen_of(self.state, now).value,
            paper=sealed.sealed_sha256 if sealed is not None and has_paper else None,
            spooled=0 if session is None else max(0, session.n - session.acknowledged),
            disk_free=self.disk_free(),
            cameras=self.eyes.cameras,
            hand_raised=session is not None and session.progress.hand_raised,
            log_size=0 if self.witness is None else self.witness.ask(),
            cosignature="" if self.witness is None else self.witness.cosignature,
        )

    def session(self) -> SeatSession | None:
        """Return the session that is open at this seat."""
        return self.state.session

    def owing(self) -> SeatSession | None:
        """Return a session with events that the box does not have, the open one first."""
        self.tails[:] = [tail for tail in self.tails if tail.unsent.is_set()]
        return next((s for s in self._sessions() if s.unsent.is_set() and not s.waits), None)

    async def hear_clock(self, beat: ClockBeat) -> None:
        """Take hall time from an answered beat."""
        before = self.clock.anchor
        is_guess = before is None or not before.confirmed  # this machine's calendar, or no better
        self.clock.hear(beat, may_go_back=is_guess or self.state.session is None)
        anchor = self.clock.anchor
        if anchor is not None:
            await self.spool.put("anchor", anchor)

    async def hear(self, said: HallSays) -> None:
        """Take one message of the hall."""
        await hearing.hear(self, said)

    async def moved(self, session: SeatSession) -> None:
        """Take note that the session went on at another seat."""
        if session.state != "moved":
            await session.leave("moved")
        if self.state.session is session:
            self.clear_session()

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
        self.state.fault = Reason(code=ReasonCode.INTERNAL, words=text)
        self.changed()

    # --- the paper ----------------------------------------------------------------------------

    async def paper_key(self, sealed: SealedPaper, key: SealingIdentity) -> None:
        """Take P: open the exam with it, and keep it wrapped for a restart.

        The exam first: keeping P costs three flushes, and nobody waits for them.
        """
        try:
            await self.begin(sealed, key)
        finally:
            await asyncio.to_thread(self.shelf.wrap, sealed, key)

    async def begin(self, sealed: SealedPaper, key: SealingIdentity) -> None:
        """Open the paper if it is here, and the exam where the rule book lets it open by itself."""
        if self.state.paper is None:
            await self._open_paper(sealed, key)
        await self.enter_by_itself()
        self.changed()

    async def open_kept(self, sealed: SealedPaper) -> None:
        """Open the open session's paper with the P that was kept, if there is one."""
        session = self.state.session
        if session is None or session.grant.subject != sealed.subject:
            return
        key = await asyncio.to_thread(self.shelf.unwrap, sealed)
        if key is not None and self.state.state() not in ENDED:
            await self.begin(sealed, key)

    async def paper_came(self, sealed: SealedPaper) -> None:
        """Note that a sealed paper lies here, checked; its key may have been here before it."""
        self.state.papers_here.add(sealed.sealed_sha256)
        if self.state.paper is None:
            await self.open_kept(sealed)
        self.changed()

    async def _open_paper(self, sealed: SealedPaper, key: SealingIdentity) -> None:
        """Open the sealed paper in memory. One that is not whole is fetched again."""
        try:
            self.state.paper = await self.shelf.open(sealed, key)
        except FileNotFoundError:
            _log.warning("the paper's key came before the paper of %s", sealed.subject)
        except (ProtocolError, OSError) as error:
            _log.error("the paper does not open, and is fetched again: %s", error)
            self.state.fault = Reason(code=ReasonCode.PAPER_DAMAGED, words=str(error))
            await asyncio.to_thread(self.shelf.discard, sealed)
        else:
            if self.state.fault is not None and self.state.fault.code is ReasonCode.PAPER_DAMAGED:
                self.state.fault = None
            return
        self.state.papers_here.discard(sealed.sealed_sha256)
        self.papers_wanted.set()

    async def enter_by_itself(self) -> None:
        """Open the exam, where the rule book lets it open by itself."""
        hall = self.state.hall
        if hall is not None and hall.rules.begin.how.value == "by_itself":
            await self.enter()

    async def enter(self) -> None:
        """Write that the paper lies open before the candidate."""
        session, paper = self.state.session, self.state.paper
        if session is None or paper is None:
            return
        entered = self.event(Entered, paper=paper.digest)
        await session.write_when(lambda: [entered] if self.state.state() is State.WAITING else None)

    # --- time --------------------------------------------------------------------------------

    async def watch_time(self) -> None:
        """Hand in at the own end, also without the appliance; look at the doors."""
        screen = None
        while True:
            await asyncio.sleep(_LOOK_S)
            now = self.now()
            if now is None:
                continue
            try:
                await self.look(now)
            except (DiskError, DatabaseError) as error:  # tried again at the next look
                _log.warning("the hand-in waits for the disk: %s", error)
            following = showing.screen_of(self.state, now)
            if following is not screen:
                screen = following
                self.changed()

    async def look(self, now: int) -> None:
        """Do what is due at ``now``: the own end, or standing free after a move."""
        anchor = self.clock.anchor  # booted again and cut off, a seat only guesses the time
        is_sure = anchor is not None and anchor.confirmed
        if is_sure and self.state.state() in WRITING and now >= self.own_end(now):
            await self.hand_in(automatic=True)
        session = self.state.session
        if session is not None and session.progress.moved_away and not session.unsent.is_set():
            await self.moved(session)

    def own_end(self, now: int) -> int:
        """Return when this candidate's time ends, as far as this seat knows."""
        subject, session = self.state.current_subject(), self.state.session
        assert subject is not None
        assert session is not None
        extra = session.own_data.extra_minutes * 60_000
        progress = session.progress.session
        return times.own_end(subject, self.state.armed_start(), progress, extra, now)

    async def hand_in(self, *, automatic: bool) -> int | None:
        """Write the hand-in, provisional while the appliance is not reached.

        Returns None where nothing was being written any more.
        """
        session = self.state.session
        assert session is not None

        def makers() -> list[MakeEvent] | None:
            if self.state.state() not in WRITING:
                return None
            counts = showing.counts_of(self.state)
            event = self.event(
                HandedIn,
                automatic=automatic,
                provisional=self.state.reached is not HallLink.REACHED,
                answered=counts.answered,
                marked=counts.marked,
                unanswered=counts.unanswered,
            )
            return [*self.eyes.missing(self), event]

        return await session.write_when(makers)

    async def leave_hall(self) -> None:
        """Free the seat: the candidate is done."""
        session = self.state.session
        if session is not None:
            await session.leave("left")
        self.state.left = True
        self.changed()

    def clear_session(self) -> None:
        """Stand before the next candidate; what was not delivered yet still is."""
        state = self.state
        if state.session is not None and state.session.unsent.is_set():
            self.tails.append(state.session)
        state.session = state.paper = state.face = state.consent = state.login_refused = None
        state.fault, state.left, state.own_data_wrong = None, False, False
        self.changed()

    # --- the page's model ----------------------------------------------------------------------

    def view(self) -> View:
        """Return what the page shows now."""
        return showing.view_of(self.state, self.eyes, self.now())

    def paper(self) -> PaperShown | None:
        """Return the open paper with what was answered."""
        session, paper = self.state.session, self.state.paper
        if session is None or paper is None or self.state.state() is State.WAITING:
            return None
        progress = session.progress
        return PaperShown(
            paper=paper.paper,
            order=session.grant.order,
            responses=dict(progress.responses),
            marked=tuple(sorted(progress.marked)),
            current=progress.current,
        )

    def asset(self, name: str) -> AssetShown | None:
        """Return a picture of the open paper."""
        paper = self.state.paper
        if paper is None or name not in paper.assets:
            return None
        found = next(asset for asset in paper.paper.assets if asset.name == name)
        return AssetShown(media_type=found.media_type, content=bytes(paper.assets[name]))

    async def own_picture(self) -> bytes | None:
        """Return the newest camera picture."""
        return await self.eyes.newest()

    async def act(self, action: Action) -> Outcome:
        """Do what the candidate asked."""
        return await doing.do(self, action)
