"""How far the candidate at this seat has come: a fold over the journal's events.

Everything that the page shows of a session follows from the events on this disk, decisions
among them, by the functions that the box uses too. So a seat that was booted again stands
where it stood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from exam.paper import Response, is_empty
from exam.rulebook import RuleBook
from exam.session import HandedIn as WasHandedIn
from exam.session import NotNow, Reconciled, Session, happen
from protocol.decisions import (
    Collected,
    Decision,
    Moved,
    Reopened,
    Told,
    Voided,
    open_decision,
)
from protocol.journal import (
    Answered,
    Consented,
    DecisionReceived,
    Event,
    HandedIn,
    HandRaised,
    Left,
    Marked,
    NoticeConfirmed,
    OwnData,
    PictureGap,
    Placed,
    Returned,
)
from protocol.keys import VerifyKey
from protocol.meaning import happening_of, happening_of_event
from protocol.seat_api import Standing
from terminal_agent.trust import opened_by_any


@dataclass(frozen=True, kw_only=True)
class NoticeSaid:
    """A message that the candidate has not confirmed or closed yet."""

    digest: str
    text: str
    at: int
    must_confirm: bool


@dataclass
class Progress:
    """Where one session stands."""

    rules: RuleBook
    box_keys: Sequence[VerifyKey]
    """Of the boxes whose decisions may stand in the journal."""
    session: Session = field(default_factory=Session)
    responses: dict[str, Response] = field(default_factory=dict)
    marked: set[str] = field(default_factory=set)
    current: str | None = None
    consented: bool = False
    consented_recording: bool = False
    own_data_right: bool | None = None
    hand_at: int = 0
    """The event by which the hand was raised last."""
    lowered: int = 0
    """Hands raised up to this event were taken down."""
    moved_away: bool = False
    """The candidate goes on at another seat."""
    away_since: int | None = None
    """Steady time since when the screen is left."""
    left_at: int | None = None
    """The same moment in hall time."""
    notices: dict[str, NoticeSaid] = field(default_factory=dict)
    gaps: dict[str, int] = field(default_factory=dict)
    """By view, the end of the last gap in the recording, hall ms."""
    handed_in: HandedIn | None = None
    decided_before: int = 0
    """Decisions up to this number are in the standing that the session began with."""
    heard: set[str] = field(default_factory=set)
    """Digests of the decisions that are in this journal."""
    words: str = ""
    """What staff said at the last pause, collection or voiding."""

    def apply(self, event: Event) -> None:  # noqa: C901 - one line a kind of event
        """Follow one event that lies on the disk."""
        match event:
            case Answered(item=item, response=response):
                self.responses[item] = response
            case Marked(item=item, on=on):
                (self.marked.add if on else self.marked.discard)(item)
            case Placed(item=item):
                self.current = item
            case Consented(faces=faces, recording=recording):
                self.consented, self.consented_recording = faces, recording
            case OwnData(right=right):
                self.own_data_right = right
            case HandRaised(n=n):
                self.hand_at = n
            case NoticeConfirmed(notice=notice):
                self.notices.pop(notice, None)
            case Left(mono=mono, hall=hall):
                self.away_since, self.left_at = mono, hall
            case Returned():
                self.away_since = self.left_at = None
            case PictureGap(view=view, until=until):
                self.gaps[view] = until
            case HandedIn():
                self.handed_in = event
            case DecisionReceived(decision=envelope):
                self.heard.add(envelope.digest)
                decision = opened_by_any(open_decision, envelope, self.box_keys)
                self._decided(decision, envelope.digest)
            case _:
                pass
        self._happen(event)

    def begin(self, standing: Standing) -> None:
        """Begin where the candidate stood before the grant."""
        self.session = standing.session
        self.responses = dict(standing.responses)
        self.marked = set(standing.marked)
        self.current = standing.current
        self.own_data_right = standing.own_data_right
        self.decided_before = standing.decisions

    def _happen(self, event: Event) -> None:
        happening = happening_of_event(event, self.rules)
        if happening is None:
            return
        if isinstance(happening, WasHandedIn):  # final is what the box says: it knows of time given
            happening = replace(happening, provisional=True)
        after = happen(self.session, happening)
        if not isinstance(after, NotNow):
            self.session = after

    def _decided(self, decision: Decision, digest: str) -> None:
        happening = happening_of(decision.what, decision.at)
        if happening is not None:
            after = happen(self.session, happening)
            if not isinstance(after, NotNow):
                self.session = after
        match decision.what:
            case Reopened():
                self.handed_in = None
            case Moved():
                self.moved_away = True
            case Told(text=text, must_confirm=must):
                self.notices[digest] = NoticeSaid(
                    digest=digest, text=text, at=decision.at, must_confirm=must
                )
            case Collected(reason=reason) | Voided(reason=reason):
                self.words = reason
            case _:
                pass

    @property
    def hand_raised(self) -> bool:
        """Whether a hand is up."""
        return self.hand_at > self.lowered

    def reconciled(self, at: int) -> None:
        """Follow the receipt: the box took the hand-in as final."""
        after = happen(self.session, Reconciled(at=at))
        if not isinstance(after, NotNow):
            self.session = after

    def answered(self) -> int:
        """Count the items whose response is not empty."""
        return sum(not is_empty(response) for response in self.responses.values())
