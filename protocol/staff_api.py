"""What staff ask of the box: acts, signed by the person who asks, and the hall's status.

Served on a Unix socket to the console and to ``exam-appliance act`` alike::

    GET  /v1/status                          -> HallStatus
    WS   /v1/changes                         -> HallStatus, at most twice a second
    POST /v1/acts                            ActRequest -> ActReply
    GET  /v1/pictures/{candidate}/roster     -> image/jpeg
    GET  /v1/pictures/{candidate}/camera     -> image/jpeg, of the last look at the face

An act is signed with the staff key, so every decision on record names a person who
really asked for it; a grave one by two people. Unlock codes travel beside the act, never
in it: acts are kept.
"""

from enum import StrEnum
from typing import Final, cast

from exam.identifiers import Digest, Label
from exam.session import State
from protocol.envelope import Envelope, open_envelope, sign
from protocol.keys import SigningKey, VerifyKey
from protocol.parcel import Lane
from protocol.payload_types import PayloadType
from protocol.values import Count, HexId, Milliseconds, Offset, Ordinal, Value, decode

STATUS = "/v1/status"
CHANGES = "/v1/changes"
ACTS = "/v1/acts"
PICTURES = "/v1/pictures"
AT_ONCE: Final = 1
"""The ``start`` of who asks in words for the start now."""


class OpenDoors(Value, frozen=True, kw_only=True, tag="open_doors", tag_field="kind"):
    """Confirm the hall's clock: ``correction`` in ms is added to the box's own."""

    correction: Offset


class OpenPairing(Value, frozen=True, kw_only=True, tag="open_pairing", tag_field="kind"):
    """Open a window in which these seats can be paired; the code shows in the status."""

    seats: tuple[Label, ...]
    replace: bool = False
    """Seats that are paired take another machine; the old one is no longer accepted."""


class ClosePairing(Value, frozen=True, kw_only=True, tag="close_pairing", tag_field="kind"):
    """Close the pairing window."""


class Unlock(Value, frozen=True, kw_only=True, tag="unlock", tag_field="kind"):
    """Open the paper's key with the codes that travel beside this act."""

    subject: Label


class Arm(Value, frozen=True, kw_only=True, tag="arm", tag_field="kind"):
    """Start the subject at ``start``, hall time; 0: as planned, or now if past; `AT_ONCE`: now."""

    subject: Label
    start: Milliseconds


class Disarm(Value, frozen=True, kw_only=True, tag="disarm", tag_field="kind"):
    """Take the start back before it comes."""

    subject: Label


class DecideIdentity(Value, frozen=True, kw_only=True, tag="decide_identity", tag_field="kind"):
    """Whether the person at the seat is the candidate (``admit`` and its contrary)."""

    candidate: Label
    accepted: bool
    reason: str


class Pause(Value, frozen=True, kw_only=True, tag="pause", tag_field="kind"):
    """Let the time stand still, for one candidate or (None) for all."""

    candidate: Label | None
    reason: str


class Resume(Value, frozen=True, kw_only=True, tag="resume", tag_field="kind"):
    """Let the time run again, for one candidate or (None) for all."""

    candidate: Label | None
    reason: str


class Extend(Value, frozen=True, kw_only=True, tag="extend", tag_field="kind"):
    """Give time, to one candidate or (None) to all."""

    candidate: Label | None
    ms: Milliseconds
    reason: str


class Message(Value, frozen=True, kw_only=True, tag="message", tag_field="kind"):
    """Tell one candidate or (None) all."""

    candidate: Label | None
    text: str
    must_confirm: bool


class Collect(Value, frozen=True, kw_only=True, tag="collect", tag_field="kind"):
    """Take in one candidate's paper, or (None) all that are still open."""

    candidate: Label | None
    reason: str


class Reopen(Value, frozen=True, kw_only=True, tag="reopen", tag_field="kind"):
    """Take back a hand-in that was made while cut off."""

    candidate: Label
    reason: str


class Void(Value, frozen=True, kw_only=True, tag="void", tag_field="kind"):
    """The candidate's subject counts nothing."""

    candidate: Label
    article: str
    reason: str


class MarkAbsent(Value, frozen=True, kw_only=True, tag="mark_absent", tag_field="kind"):
    """The candidate did not come."""

    candidate: Label
    reason: str


class Move(Value, frozen=True, kw_only=True, tag="move", tag_field="kind"):
    """Let the candidate go on at another seat; the next log-in there opens the next epoch."""

    candidate: Label
    seat: Label
    reason: str


class GrantLeave(Value, frozen=True, kw_only=True, tag="grant_leave", tag_field="kind"):
    """Let a candidate leave the seat."""

    candidate: Label


class EndLeave(Value, frozen=True, kw_only=True, tag="end_leave", tag_field="kind"):
    """The candidate is back."""

    candidate: Label


class LowerHand(Value, frozen=True, kw_only=True, tag="lower_hand", tag_field="kind"):
    """The candidate was helped."""

    candidate: Label


class NoteStray(Value, frozen=True, kw_only=True, tag="note_stray", tag_field="kind"):
    """Staff have seen that an old seat had unmerged answers; the office still decides."""

    candidate: Label


class CloseSubject(Value, frozen=True, kw_only=True, tag="close_subject", tag_field="kind"):
    """Close the subject: everybody must be accounted for."""

    subject: Label


Act = (
    OpenDoors
    | OpenPairing
    | ClosePairing
    | Unlock
    | Arm
    | Disarm
    | DecideIdentity
    | Pause
    | Resume
    | Extend
    | Message
    | Collect
    | Reopen
    | Void
    | MarkAbsent
    | Move
    | GrantLeave
    | EndLeave
    | LowerHand
    | NoteStray
    | CloseSubject
)


class StaffAct(Value, frozen=True, kw_only=True):
    """What a person signs. ``nonce`` makes each act one: a repetition does nothing.

    The generation and the hall time of the asking are signed too: a box that has lost its
    record cannot be made to act again by what was asked before. So is the centre: a person
    may serve at two, whose boxes have the same names.
    """

    centre: Label
    appliance: Label
    generation: Ordinal
    sitting: Label
    staff: Label
    nonce: HexId
    at: Milliseconds
    act: Act


def sign_act(act: StaffAct, staff_key: SigningKey) -> Envelope:
    """Sign an act with the staff key."""
    return sign(PayloadType.STAFF_ACT, act, staff_key)


def open_act(envelope: Envelope, staff_key: VerifyKey) -> StaffAct:
    """Return the act that this person signed."""
    return open_envelope(envelope, PayloadType.STAFF_ACT, staff_key, StaffAct)


class ActRequest(Value, frozen=True, kw_only=True):
    """An act, and for `Unlock` the codes as they were typed.

    Two people sign a grave act, both in its one envelope (`protocol.second_signature`).
    """

    act: Envelope
    codes: tuple[str, ...] = ()


class ActDone(Value, frozen=True, kw_only=True, tag="done", tag_field="outcome"):
    """What was done; ``decisions`` are the numbers of the decisions made."""

    decisions: tuple[Count, ...]


class ActRefusal(StrEnum):
    """Why an act was refused."""

    UNTRUSTED = "untrusted"
    NOT_NOW = "not_now"
    UNKNOWN = "unknown"
    WRONG_CODE = "wrong_code"
    WAIT = "wait"
    """Too many wrong codes: ``at`` says from when on another may be tried."""
    LOCKED = "locked"
    """The paper is not unlocked yet."""
    MALFORMED = "malformed"
    DISK = "disk"
    STALE = "stale"
    """Signed at another hall time than now: ask again."""
    NOT_ALLOWED = "not_allowed"
    """The person's role does not reach."""
    SECOND_PERSON = "second_person"
    """A second person must sign the same act."""


class ActRefused(Value, frozen=True, kw_only=True, tag="refused", tag_field="outcome"):
    """``text`` says what was expected, what came, and what to do; ``text_zh`` the same."""

    code: ActRefusal
    text: str
    text_zh: str = ""
    at: Milliseconds = 0


ActReply = ActDone | ActRefused


# --- the hall's status -------------------------------------------------------------------------


class SubjectStatus(Value, frozen=True, kw_only=True):
    """The subject whose turn it is."""

    id: Label
    title: str
    opens: Milliseconds
    closes: Milliseconds
    duration_s: Count
    codes: Count
    """How many unlock codes its paper asks for."""
    unlocked: bool
    armed_start: Milliseconds | None
    released: bool
    closed: bool
    log_in_closes: Milliseconds
    earliest_hand_in: Milliseconds


class Occupant(Value, frozen=True, kw_only=True):
    """The candidate who sits, or is expected, at a seat."""

    candidate: Label
    name: str
    id_number: str
    state: State
    session: HexId | None
    withheld: bool
    distance: int
    """Of the last look at the face, in thousandths; -1: none."""
    hand_raised: bool
    answered: Count
    acknowledged: Count
    """Events on the box's disk."""
    own_end: Milliseconds | None
    given_ms: Milliseconds
    leaves: Count
    office_verified: bool
    """All acknowledged events of this session are verified by the office."""


class SeatStatus(Value, frozen=True, kw_only=True):
    """One seat and who sits there. Found, reachable, paired and ready are four things."""

    seat: Label
    label: str
    room: Label
    found: bool
    reachable: bool
    paired: bool
    ready: bool
    """Linked, with the checked sealed paper and the hall's time."""
    linked: bool
    last_beat: Milliseconds
    address: str
    screen: str
    paper: bool
    clock_offset: int
    cameras: Count
    spooled: Count
    """Events on the seat's disk that the box has not acknowledged."""
    occupant: Occupant | None


class TaskKind(StrEnum):
    """What needs a person."""

    IDENTITY = "identity"
    HAND = "hand"
    LOST = "lost"
    PROVISIONAL = "provisional"
    STRAY = "stray"
    ALERT = "alert"
    PAIRING = "pairing"
    DISK = "disk"
    CLOCK = "clock"
    OFFICE = "office"


class Task(Value, frozen=True, kw_only=True):
    """One thing that needs a person; most urgent first. ``text`` is the candidate's or a code's."""

    id: str
    kind: TaskKind
    urgency: Count
    """0 is the most urgent."""
    seat: str
    candidate: str
    name: str
    since: Milliseconds
    text: str


class LaneStatus(Value, frozen=True, kw_only=True):
    """One lane of the way to the office. Parcels; ``waiting_bytes`` not received yet."""

    lane: Lane
    sealed: Count
    received: Count
    verified: Count
    refused: Count
    waiting_bytes: Count


class LineStatus(Value, frozen=True, kw_only=True):
    """The line to the office: ``state`` is ``up``, ``down`` or ``untried``."""

    state: str
    since: Milliseconds
    error: str


class PairingStatus(Value, frozen=True, kw_only=True):
    """The pairing window; ``code`` is empty while it is shut."""

    code: str
    seats: tuple[Label, ...]
    until: Milliseconds
    failures: Count
    last_failure: str


class ProcessStatus(Value, frozen=True, kw_only=True):
    """One of the appliance's processes, as core hears of it."""

    name: str
    connected: bool


class HallStatus(Value, frozen=True, kw_only=True):
    """All that the console shows."""

    appliance: Label
    generation: Count
    centre: Label
    sitting: Label
    title: str
    time_zone: str
    bundle_revision: Count
    rule_book: Label
    hall_time: Milliseconds
    clock_confirmed_by: str
    subject: SubjectStatus | None
    standing: dict[State, Count]
    """How many candidates of the subject stand where: all of them, at a seat or not."""
    seats: tuple[SeatStatus, ...]
    tasks: tuple[Task, ...]
    lanes: tuple[LaneStatus, ...]
    line: LineStatus
    pairing: PairingStatus
    processes: tuple[ProcessStatus, ...]
    staff: dict[Label, str]
    """Names of staff by their identifier."""
    disk_free: Count
    log_size: Count
    wrong_codes: Count
    next_code_at: Milliseconds
    closing: Digest | None
    """Digest of the closing of the current subject, once it is closed."""
    office_verified_all: bool
    """Everything up to the closing was verified by the office."""
    awaited_seats: tuple[Label, ...] = ()
    awaited_until: Milliseconds = 0
    """Seats whose recordings the closed subject waits for, and until when at the latest."""


def decode_act_reply(data: bytes) -> ActReply:
    """Parse the reply to an act."""
    return decode(data, cast("type[ActReply]", ActReply))
