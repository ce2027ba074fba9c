"""Decisions: what the hall decided about one session or about all, signed by the box.

Format. A decision goes to the seats as a signed event and lies in their spools, so
that the seats can rebuild the hall; it is a leaf of the log; it names the person.
Decisions count from 1 within a generation, without a hole.

``by`` is the staff member, or ``machine`` where a rule alone decided; ``act`` is the
digest of the staff member's signed act, None for the machine's.
"""

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from exam.identifiers import Digest, Label
from protocol.envelope import Envelope, open_envelope, sign
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import HexId, Milliseconds, Offset, Ordinal, Value

MACHINE: Final = "machine"


class DoorsOpened(Value, frozen=True, kw_only=True, tag="doors_opened", tag_field="kind"):
    """A person confirmed the hall's clock; ``correction`` in ms against the box's own."""

    correction: Offset


class Armed(Value, frozen=True, kw_only=True, tag="armed", tag_field="kind"):
    """The subject starts at ``start``; the seats hold its sealed paper by then."""

    start: Milliseconds


class Disarmed(Value, frozen=True, kw_only=True, tag="disarmed", tag_field="kind"):
    """The start was taken back before it came."""


class IdentityDecided(Value, frozen=True, kw_only=True, tag="identity", tag_field="kind"):
    """Whether the person at the seat is the candidate. ``distance`` in thousandths, -1: none."""

    method: str
    """``face`` (the comparison was clear) or ``person`` (somebody looked)."""
    accepted: bool
    withheld: bool
    """The candidate may sit, the result waits for the office."""
    distance: Annotated[int, msgspec.Meta(ge=-1, le=10_000)]
    reason: str


class Paused(Value, frozen=True, kw_only=True, tag="paused", tag_field="kind"):
    """The time stands still and nothing can be written."""

    reason: str


class Resumed(Value, frozen=True, kw_only=True, tag="resumed", tag_field="kind"):
    """The time runs again; what the pause took is given back by the sum of time."""

    reason: str


class TimeGiven(Value, frozen=True, kw_only=True, tag="time_given", tag_field="kind"):
    """Minutes added to the own end, and to the window where that is nearer."""

    ms: Milliseconds
    reason: str


class Told(Value, frozen=True, kw_only=True, tag="told", tag_field="kind"):
    """A message from the invigilator."""

    text: str
    must_confirm: bool


class LeaveGranted(Value, frozen=True, kw_only=True, tag="leave_granted", tag_field="kind"):
    """The candidate may leave the seat until ``back_by``."""

    back_by: Milliseconds


class LeaveEnded(Value, frozen=True, kw_only=True, tag="leave_ended", tag_field="kind"):
    """The candidate is back at the seat."""


class Warned(Value, frozen=True, kw_only=True, tag="warned", tag_field="kind"):
    """A warning or reminder by an article of the rule book."""

    article: str
    text: str


class Collected(Value, frozen=True, kw_only=True, tag="collected", tag_field="kind"):
    """The paper was taken in by a person or by a rule, not by the candidate."""

    reason: str


class Reopened(Value, frozen=True, kw_only=True, tag="reopened", tag_field="kind"):
    """A hand-in made while cut off was taken back, because time had been given."""

    reason: str


class Voided(Value, frozen=True, kw_only=True, tag="voided", tag_field="kind"):
    """The candidate's subject counts nothing, by an article of the rule book."""

    article: str
    reason: str


class AbsentMarked(Value, frozen=True, kw_only=True, tag="absent", tag_field="kind"):
    """The candidate did not come, or came too late; ``session`` of the decision is None."""

    reason: str


class Refused(Value, frozen=True, kw_only=True, tag="refused", tag_field="kind"):
    """The person at the seat was turned away before the start."""

    reason: str


class Moved(Value, frozen=True, kw_only=True, tag="moved", tag_field="kind"):
    """The session goes on at another seat, in epoch ``epoch``."""

    seat: Label
    epoch: Ordinal
    reason: str


class SubjectClosed(Value, frozen=True, kw_only=True, tag="subject_closed", tag_field="kind"):
    """Everybody is accounted for: handed in, collected, voided, refused or absent."""


What = (
    DoorsOpened
    | Armed
    | Disarmed
    | IdentityDecided
    | Paused
    | Resumed
    | TimeGiven
    | Told
    | LeaveGranted
    | LeaveEnded
    | Warned
    | Collected
    | Reopened
    | Voided
    | AbsentMarked
    | Refused
    | Moved
    | SubjectClosed
)


class Scope(StrEnum):
    """Whom a decision concerns."""

    ALL = "all"
    ONE = "one"


class Decision(Value, frozen=True, kw_only=True):
    """One decision. With scope ``one``, ``candidate`` names whom; else it is None."""

    appliance: Label
    generation: Ordinal
    n: Ordinal
    sitting: Label
    subject: Label
    scope: Scope
    candidate: Label | None
    session: HexId | None
    at: Milliseconds
    by: Label
    act: Digest | None
    what: What

    def __post_init__(self) -> None:
        if (self.scope is Scope.ONE) != (self.candidate is not None):
            raise ValueError("expected a candidate with scope one, and none with scope all")
        if (self.by == MACHINE) != (self.act is None):
            raise ValueError("expected a signed act of every person, and none of the machine")


def sign_decision(decision: Decision, box_key: SigningKey) -> Envelope:
    """Sign a decision with the box key."""
    return sign(PayloadType.DECISION, decision, box_key)


def open_decision(envelope: Envelope, box_key: VerifyKey) -> Decision:
    """Return the decision that this box signed."""
    return open_envelope(envelope, PayloadType.DECISION, box_key, Decision)
