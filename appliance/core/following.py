"""What follows from what has become durable: who is told, who gets a receipt.

Listens to decisions and to the journal. Telling is immediate and never waits; what takes a
commit of its own (a receipt, a log-in's look at the face) is done in turn by one task,
`Following.run`. All of it can be done again after a restart: `hello` asks for it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.core import records
from appliance.core.decisions import Decider
from appliance.core.hall import Hall, Seating
from appliance.core.identity_check import IdentityCheck
from appliance.core.journal import Journal
from appliance.core.links import Link, Links
from appliance.core.receipts import Receipts
from appliance.core.refusals import NotPossibleError
from appliance.core.release import Release
from appliance.core.sessions import GrantGiven
from exam.rulebook import Consequence
from exam.session import ENDED, State
from protocol.decisions import Collected, Decision, Scope
from protocol.envelope import Envelope
from protocol.journal import Consented, Event, HandedIn, Returned, RulesRead, decode_event
from protocol.seat_api import DecisionSaid, Hello, LoggedIn, LoginRequest, ReceiptSaid
from protocol.standing import standing_after
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError
from runtime.facts import fact

Look = Callable[[Seating], Awaitable[None]]
"""Begins the look at a candidate's face."""

Dismiss = Callable[[Seating], None]
"""Lets a session's face be forgotten."""

_AGAIN_S = 2.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _GiveReceipt:
    seating: Seating
    event: HandedIn


@dataclass(frozen=True, kw_only=True)
class _LookAt:
    seating: Seating


@dataclass(frozen=True, kw_only=True)
class _CollectForLeaves:
    seating: Seating


_Owed = _GiveReceipt | _LookAt | _CollectForLeaves


class Following:
    """Tells the seats, and does what is owed after each commit."""

    def __init__(
        self,
        database: Database,
        hall: Hall,
        links: Links,
        decider: Decider,
        journal: Journal,
        release: Release,
        receipts: Receipts,
        identity_check: IdentityCheck,
    ) -> None:
        self._database = database
        self._hall = hall
        self._links = links
        self._decider = decider
        self._journal = journal
        self._release = release
        self._receipts = receipts
        self._check = identity_check
        self._owed: asyncio.Queue[_Owed] = asyncio.Queue()
        self._not_asked: set[str] = set()
        """Sessions whose consent has not reached this box's record: nobody looks at them."""
        self.look: Look | None = None
        """How the faces process is asked; None while it is not there."""
        self.dismiss: Dismiss | None = None
        """How the faces process is told that a session has ended."""
        decider.listen(self._decided)
        journal.listen(self._written)

    # --- telling ----------------------------------------------------------------------------

    def decisions_for(self, hello: Hello, seat: str) -> list[Envelope]:
        """Return the decisions that this seat has not seen, in their order."""
        seen = hello.decisions_seen if hello.generation == self._decider.generation else 0
        candidates = {s.candidate.id for s in self._hall.seatings() if s.seat == seat}
        return [
            envelope
            for decision, envelope in self._decider.made
            if decision.n > seen and _concerns(decision, candidates, set(hello.sessions))
        ]

    async def hello(self, link: Link) -> None:
        """Give a seat whose link has come up what it may have missed."""
        subject = self._hall.current()
        for seating in self._hall.seatings():
            if seating.seat != link.seat or seating.id is None:
                continue
            if subject is not None and seating.subject == subject.id:
                self._release.give_to(seating)
            await self._receipt_again(seating, link)
        await self._office_again(link)

    async def _office_again(self, link: Link) -> None:
        """Tell what the office holds of this seat's journals: it may have been said unheard."""
        mine = {s.id for s in self._hall.seatings() if s.seat == link.seat and s.id is not None}
        sessions = mine | set(() if link.hello is None else link.hello.sessions)
        said = await self._database.read(
            lambda c: [fact(c, records.office_fact(session)) for session in sessions]
        )
        for text in said:
            if text is not None:
                link.tell(text.encode())

    async def _receipt_again(self, seating: Seating, link: Link) -> None:
        if seating.id is None or seating.session.state is not State.HANDED_IN:
            return
        receipt = await self._receipts.of(seating.id)
        if receipt is not None:
            link.tell(ReceiptSaid(session=seating.id, receipt=receipt))
            return
        event = await self._last_hand_in(seating)
        if event is not None:
            self._owed.put_nowait(_GiveReceipt(seating=seating, event=event))

    async def logged_in(self, given: GrantGiven, request: LoginRequest) -> LoggedIn:
        """Begin what a log-in begins; return all that the seat must know of the session."""
        seating = given.seating
        seating.consents = request.consents_to_faces
        if seating.session.state is State.SEATED:
            self._owed.put_nowait(_LookAt(seating=seating))
        mine, session, epoch = {seating.candidate.id}, seating.id or "", seating.epoch
        bodies = await self._database.read(lambda c: records.events_before(c, session, epoch))
        # From here on nothing is awaited: standing and decisions are of one moment.
        return LoggedIn(
            grant=given.grant,
            own_data=given.own_data,
            standing=standing_after(
                seating.session,
                (decode_event(body) for body in bodies),
                max((d.n for d, _ in self._decider.made), default=0),
            ),
            decisions=tuple(e for d, e in self._decider.made if _concerns(d, mine, set())),
        )

    def _decided(self, decision: Decision, envelope: Envelope) -> None:
        said = DecisionSaid(decision=envelope)
        if decision.scope is Scope.ALL:
            self._links.tell(said)
            for everybody in self._hall.seatings(decision.subject):
                self._dismiss_ended(everybody)
            return
        seating = self._hall.seating(decision.candidate, decision.subject)
        seats = {s.seat for s in (seating,) if s is not None}
        if seating is not None and seating.grant is not None:
            seats.add(seating.grant.seat)  # a moved candidate's old seat hears of it too
        self._links.tell(said, seats)
        if seating is not None:
            self._release.give_to(seating)
            self._dismiss_ended(seating)

    def _dismiss_ended(self, seating: Seating) -> None:
        if self.dismiss is not None and seating.id and seating.session.state in ENDED:
            self.dismiss(seating)

    def _written(self, seating: Seating, events: tuple[Event, ...]) -> None:
        for event in events:
            if isinstance(event, RulesRead):
                self._release.give_to(seating)
            if isinstance(event, Consented) and seating.id in self._not_asked:
                self._owed.put_nowait(_LookAt(seating=seating))
            if isinstance(event, HandedIn) and seating.session.state is State.HANDED_IN:
                self._owed.put_nowait(_GiveReceipt(seating=seating, event=event))
                self._dismiss_ended(seating)
            if isinstance(event, Returned) and self._left_too_often(seating):
                self._owed.put_nowait(_CollectForLeaves(seating=seating))

    def _left_too_often(self, seating: Seating) -> bool:
        rules = self._hall.rules.leaving_screen
        too_often = seating.session.leaves > rules.limit
        return too_often and rules.consequence is Consequence.COLLECT

    # --- what is owed -----------------------------------------------------------------------

    async def run(self) -> None:
        """Begin the looks that a restart cut off, then do what is owed, in turn.

        What the disk refuses is tried again.
        """
        for seating in self._hall.seatings():
            if seating.id is not None and seating.session.state is State.SEATED:
                self._owed.put_nowait(_LookAt(seating=seating))
        while True:
            owed = await self._owed.get()
            try:
                await self._do(owed)
            except (DiskError, DatabaseError):
                _log.exception("owed and not done yet: %s", type(owed).__name__)
                await asyncio.sleep(_AGAIN_S)
                self._owed.put_nowait(owed)

    async def _do(self, owed: _Owed) -> None:
        match owed:
            case _GiveReceipt(seating=seating, event=event):
                await self._give_receipt(seating, event)
            case _CollectForLeaves(seating=seating):
                await self._collect(seating)
            case _LookAt(seating=seating):
                await self._look_at(seating)

    async def _look_at(self, seating: Seating) -> None:
        """Let the face be compared, if the candidate has consented; else a person looks.

        At a seat without a camera nobody is asked: that is no refusal.
        """
        self._not_asked.discard(seating.id or "")
        if seating.consents is None:
            self._not_asked.add(seating.id or "")
        elif not seating.consents:
            asked = not self._links.says_no_camera(seating.seat)
            await self._check.ask_staff(seating, "no_consent" if asked else "no_camera")
        elif self.look is None:
            await self._check.ask_staff(seating, "no_faces_process")
        else:
            await self.look(seating)

    async def _give_receipt(self, seating: Seating, event: HandedIn) -> None:
        if seating.id is None:
            return
        receipt = await self._receipts.of(seating.id) or await self._receipts.give(seating, event)
        link = self._links.of(seating.seat)
        if link is not None and receipt is not None:
            link.tell(ReceiptSaid(session=seating.id, receipt=receipt))

    async def _collect(self, seating: Seating) -> None:
        """Take the paper in, as the rule book says; a person confirms what it means."""
        reason = f"left the screen {seating.session.leaves} times"
        try:
            await self._decider.decide(
                Collected(reason=reason), seating.subject, [seating], scope=Scope.ONE
            )
        except NotPossibleError as error:
            _log.warning("%s", error)

    async def _last_hand_in(self, seating: Seating) -> HandedIn | None:
        position, session = seating.position, seating.id
        if position is None or session is None:
            return None
        bodies = await self._database.read(
            lambda c: records.events_of(c, session, position.epoch, 1, position.n)
        )
        for body in reversed(bodies):
            event = decode_event(body)
            if isinstance(event, HandedIn):
                return event
        return None


def _concerns(decision: Decision, candidates: set[str], sessions: set[str]) -> bool:
    if decision.scope is Scope.ALL:
        return True
    return decision.candidate in candidates or decision.session in sessions
