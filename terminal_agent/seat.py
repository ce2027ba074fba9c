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
from protocol.decisions import open_decision
from protocol.errors import ProtocolError
from protocol.grant import open_grant
from protocol.journal import Entered, HandedIn, Started
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity
from protocol.seat_api import Beat, HallSays, Hello
from runtime.clock import Beat as ClockBeat
from runtime.clock import SeatClock, SteadyClock
from runtime.errors import ClockError, DatabaseError, DiskError
from terminal_agent import doing, hearing, showing
from terminal_agent.actions import Action, Outcome
from terminal_agent.link import Proven
from terminal_agent.papers import PaperShelf
from terminal_agent.progress import Progress
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent, Spool
from terminal_agent.state import Eyes, SeatState
from terminal_agent.trust import TrustedHall
from terminal_agent.view import AssetShown, HallLink, PaperShown, Reason, ReasonCode, View
from terminal_agent.witness import Witness

_LOOK_S: Final = 0.2
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
        self.moved_away = False
        """The candidate goes on at another seat, once all is delivered from here."""
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
        self.state.hall = hall
        if hall is None:
            return
        self.state.subject = hall.info.subject
        for envelope in await self.spool.decisions():
            hearing.follow(self, open_decision(envelope, hall.box_key))
        stored = await self.spool.last_session()
        if stored is None or stored.state != "open":
            return
        grant = open_grant(stored.grant_envelope, hall.box_key)
        if grant.sitting != hall.sitting.id:
            return
        progress = Progress(rules=hall.rules, box_key=hall.box_key)
        self.state.session = await SeatSession.resume(
            self.spool, stored, grant, progress, self.changed, self.now() or 0
        )
        await self.state.session.write(self.started())
        await hearing.catch_up(self)
        sealed = hall.paper(grant.subject)
        if sealed is not None and await self.shelf.has(sealed):
            self.state.paper_here = True
            key = await asyncio.to_thread(self.shelf.unwrap, sealed)
            if key is not None and self.state.state() not in ENDED:
                await self.open_paper(key, keep=False)
        self.changed()

    async def found(self, proven: Proven) -> None:
        """Believe the hall of an appliance that was proved, and watch its log."""
        state = self.state
        state.proven, state.hall = proven, proven.hall
        state.subject = proven.hall.info.subject
        await self.spool.put("hall", proven.hall.info)
        key = self._seat_key
        self.witness = None if key is None else Witness(self.spool, proven.hall, key)
        if self.witness is not None:
            await self.witness.resume()
        self.changed()

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
        hall = self.state.hall
        generation = 1 if hall is None else hall.info.generation
        session = self.state.session
        return Hello(
            agent=self.agent,
            boot=self._boot(),
            sessions=() if session is None else (session.grant.session,),
            decisions_seen=await self.spool.decisions_seen(generation),
            generation=generation,
            checkpoints=tuple((await self.spool.checkpoints()).values()),
        )

    def beat(self) -> Beat:
        """Return what this seat says of itself now."""
        session, now = self.state.session, self.now()
        hall, subject = self.state.hall, self.state.current_subject()
        sealed = None if hall is None or subject is None else hall.paper(subject.id)
        has_paper = sealed is not None and self.state.paper_here
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
        """Return the session whose events are to be delivered."""
        return self.state.session

    async def hear_clock(self, beat: ClockBeat) -> None:
        """Take hall time from an answered beat."""
        self.clock.hear(beat, may_go_back=self.state.session is None)
        anchor = self.clock.anchor
        if anchor is not None:
            await self.spool.put("anchor", anchor)

    async def hear(self, said: HallSays) -> None:
        """Take one message of the hall."""
        await hearing.hear(self, said)

    async def moved(self, session: SeatSession) -> None:
        """Take note that the session went on at another seat."""
        await session.leave("moved")
        if self.state.session is session:
            self.clear_session()

    def forked(self, text: str) -> None:
        """Say that staff must look: the box holds another history than this seat."""
        _log.error("the box does not take this journal: %s", text)
        self.state.fault = Reason(code=ReasonCode.INTERNAL, words=text)
        self.changed()

    async def open_paper(self, key: SealingIdentity, *, keep: bool) -> None:
        """Open the sealed paper with P, in memory; ``keep``: wrap P for a restart."""
        hall, session = self.state.hall, self.state.session
        sealed = None if hall is None or session is None else hall.paper(session.grant.subject)
        if sealed is None:
            return
        try:
            self.state.paper = await self.shelf.open(sealed, key)
        except (ProtocolError, OSError) as error:
            _log.error("the paper does not open: %s", error)
            self.state.fault = Reason(code=ReasonCode.PAPER_DAMAGED, words=str(error))
        self.changed()
        if keep and self.state.paper is not None:
            await asyncio.to_thread(self.shelf.wrap, sealed, key)

    async def enter_by_itself(self) -> None:
        """Open the exam, where the rule book lets it open by itself."""
        hall = self.state.hall
        if hall is not None and hall.rules.begin.how.value == "by_itself":
            await self.enter()

    async def enter(self) -> None:
        """Write that the paper lies open before the candidate."""
        session, paper = self.state.session, self.state.paper
        if session is None or paper is None or self.state.state() is not State.WAITING:
            return
        await session.write(self.event(Entered, paper=paper.digest))

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
                await self._at_the_end(now)
            except (DiskError, DatabaseError) as error:  # tried again at the next look
                _log.warning("the hand-in waits for the disk: %s", error)
            following = showing.screen_of(self.state, now)
            if following is not screen:
                screen = following
                self.changed()

    async def _at_the_end(self, now: int) -> None:
        anchor = self.clock.anchor  # booted again and cut off, a seat only guesses the time
        is_sure = anchor is not None and anchor.confirmed
        if is_sure and self.state.state() in WRITING and now >= self.own_end(now):
            await self.hand_in(automatic=True)
        session = self.state.session
        if self.moved_away and session is not None and not session.unsent.is_set():
            await self.moved(session)

    def own_end(self, now: int) -> int:
        """Return when this candidate's time ends, as far as this seat knows."""
        subject, session = self.state.current_subject(), self.state.session
        assert subject is not None
        assert session is not None
        extra = session.own_data.extra_minutes * 60_000
        progress = session.progress.session
        return times.own_end(subject, self.state.armed_start(), progress, extra, now)

    async def hand_in(self, *, automatic: bool) -> int:
        """Write the hand-in; provisional while the appliance is not reached."""
        session = self.state.session
        assert session is not None
        counts = showing.counts_of(self.state)
        event = self.event(
            HandedIn,
            automatic=automatic,
            provisional=self.state.reached is not HallLink.REACHED,
            answered=counts.answered,
            marked=counts.marked,
            unanswered=counts.unanswered,
        )
        return await session.write(*self.eyes.missing(self), event)

    async def leave_hall(self) -> None:
        """Free the seat: the candidate is done."""
        session = self.state.session
        if session is not None:
            await session.leave("left")
        self.state.left = True
        self.changed()

    def clear_session(self) -> None:
        """Stand before the next candidate."""
        state = self.state
        state.session = state.paper = state.face = state.consent = state.login_refused = None
        state.fault, state.left = None, False
        self.moved_away = False
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
