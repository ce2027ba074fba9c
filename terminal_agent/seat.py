"""The seat, whole: what the link tells and asks, and what the page shows and asks.

Everything that the candidate does becomes an event on this disk first; everything that the
hall says is checked before it is followed. Screens follow from the state alone. Each way goes
one way down, and all stand on the `Desk`::

    an answer    page/keeper.js, loopback, Seat.act, doing, SeatSession.write_when, Spool.append
    a log-in     Seat.act, doing, logging_in, Spool.open_session
    a word       Link, Seat.hear, hearing, and from there: following a decision,
                 opening the paper, keeping a receipt
    the own end  ending, SeatSession.write_when, Spool.append
    a sitting    Seat.found, taking_up, with what the spool has of it
    the screen   SeatState, showing, Seat.view, loopback, the page
"""

from typing import Final

from exam.session import WRITING, State
from protocol.keys import SigningKey
from protocol.seat_api import Beat, HallSays, Hello
from runtime.clock import Beat as ClockBeat
from terminal_agent import doing, following, hearing, showing, taking_up
from terminal_agent.actions import Action, Outcome
from terminal_agent.desk import Desk
from terminal_agent.link import Proven
from terminal_agent.session import SeatSession
from terminal_agent.trust import TrustedHall
from terminal_agent.view import AssetShown, HallLink, PaperShown, View
from terminal_agent.witness import Witness


class Seat:
    """One seat; see the module. The link's `Hearer` and the page's `SeatModel`."""

    def __init__(self, desk: Desk) -> None:
        self.desk: Final = desk
        self._seat_key: SigningKey | None = None
        self._sitting: str | None = None
        """The sitting that was taken up wholly."""

    # --- coming up --------------------------------------------------------------------------

    def paired_as(self, seat: str, seat_key: SigningKey) -> None:
        """Note which seat this machine is, and with which key it cosigns."""
        self.desk.state.paired, self.desk.state.seat = True, seat
        self._seat_key = seat_key
        self.desk.changed()

    async def resume(self, hall: TrustedHall | None) -> None:
        """Go on where this seat stood: the hall that it knew, the session, the paper."""
        if hall is not None:
            await self._take_up(hall)

    async def found(self, proven: Proven) -> None:
        """Believe the hall of an appliance that was proved, and watch its log."""
        hall, desk = proven.hall, self.desk
        await desk.spool.put("hall", hall.info)
        witness = None if self._seat_key is None else Witness(desk.spool, hall, self._seat_key)
        if witness is not None:
            await witness.resume()
        if self._sitting != hall.sitting.id:
            await self._take_up(hall)
        desk.witness = witness
        desk.state.hall, desk.state.proven = hall, proven
        desk.state.subject = hall.info.subject
        desk.changed()

    async def _take_up(self, hall: TrustedHall) -> None:
        self._sitting = None  # what fails in the midst of it is begun anew
        await taking_up.take_up(self.desk, hall)
        self._sitting = hall.sitting.id

    def sits_elsewhere(self, hall: TrustedHall) -> bool:
        """Say whether a candidate writes here in another sitting than this hall's."""
        state = self.desk.state
        other = state.hall is not None and state.hall.sitting.id != hall.sitting.id
        return other and state.state() in {*WRITING, State.PAUSED}

    def link_up(self) -> None:
        """Note that the link stands."""
        self.desk.state.reached = HallLink.REACHED
        self.desk.changed()

    def link_lost(self) -> None:
        """Note that the link broke, or that the appliance is not found."""
        state = self.desk.state
        if state.reached is HallLink.REACHED:
            state.reached = HallLink.LOST
            self.desk.changed()
        state.proven = None

    # --- the link's hearer ------------------------------------------------------------------

    async def hello(self) -> Hello:
        """Return what this seat knows."""
        desk = self.desk
        hall, session = desk.state.hall, desk.state.session
        assert hall is not None  # a link stands to a hall that was proved
        if session is not None:
            await following.catch_up(desk)
        kept = await desk.spool.checkpoints()
        return Hello(
            agent=desk.agent,
            boot=desk.boot(),
            sessions=tuple(dict.fromkeys(s.grant.session for s in desk.sessions())),
            decisions_seen=await desk.spool.decisions_seen(hall.log),
            generation=hall.info.generation,
            checkpoints=tuple(n for name, n in kept.items() if name.startswith(hall.logs)),
        )

    def beat(self) -> Beat:
        """Return what this seat says of itself now."""
        desk, state = self.desk, self.desk.state
        session, now, witness = state.session, desk.now(), desk.witness
        hall, subject = state.hall, state.current_subject()
        sealed = None if hall is None or subject is None else hall.paper(subject.id)
        has_paper = sealed is not None and sealed.sealed_sha256 in state.papers_here
        return Beat(
            sent=desk.steady.steady_ms(),
            hall=now or 0,
            screen=showing.screen_of(state, now).value,
            paper=sealed.sealed_sha256 if sealed is not None and has_paper else None,
            spooled=0 if session is None else max(0, session.n - session.acknowledged),
            disk_free=desk.disk_free(),
            cameras=desk.eyes.cameras,
            hand_raised=session is not None and session.progress.hand_raised,
            log_size=0 if witness is None else witness.ask(),
            cosignature="" if witness is None else witness.cosignature,
        )

    def session(self) -> SeatSession | None:
        """Return the session that is open at this seat."""
        return self.desk.state.session

    def owing(self) -> SeatSession | None:
        """Return a session with events that the box does not have, the open one first."""
        return self.desk.owing()

    async def hear_clock(self, beat: ClockBeat) -> None:
        """Take hall time from an answered beat."""
        desk, before = self.desk, self.desk.clock.anchor
        is_guess = before is None or not before.confirmed  # this machine's calendar, or no better
        desk.clock.hear(beat, may_go_back=is_guess or desk.state.session is None)
        anchor = desk.clock.anchor
        if anchor is not None:
            await desk.spool.put("anchor", anchor)

    async def hear(self, said: HallSays) -> None:
        """Take one message of the hall."""
        await hearing.hear(self.desk, said)

    async def moved(self, session: SeatSession) -> None:
        """Take note that the session went on at another seat."""
        await self.desk.moved(session)

    def forked(self, text: str) -> None:
        """Say that staff must look: the box holds another history than this seat."""
        self.desk.forked(text)

    # --- the page's model -------------------------------------------------------------------

    def view(self) -> View:
        """Return what the page shows now."""
        return showing.view_of(self.desk.state, self.desk.eyes, self.desk.now())

    async def wait_change(self, seen: int) -> None:
        """Return once the view's version differs from ``seen``."""
        await self.desk.wait_change(seen)

    def paper(self) -> PaperShown | None:
        """Return the open paper with what was answered."""
        state = self.desk.state
        session, paper = state.session, state.paper
        if session is None or paper is None or state.state() is State.WAITING:
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
        paper = self.desk.state.paper
        if paper is None or name not in paper.assets:
            return None
        found = next(asset for asset in paper.paper.assets if asset.name == name)
        return AssetShown(media_type=found.media_type, content=bytes(paper.assets[name]))

    async def own_picture(self) -> bytes | None:
        """Return the newest camera picture."""
        return await self.desk.eyes.newest()

    async def act(self, action: Action) -> Outcome:
        """Do what the candidate asked."""
        return await doing.do(self.desk, action)
