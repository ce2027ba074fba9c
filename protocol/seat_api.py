"""What a seat and the box say to each other, over HTTP and one WebSocket with mTLS.

::

    GET  /v1/hall               -> HallInfo           who the box is, what is sat, by which rules
    GET  /v1/papers/{subject}   -> paper.age          sealed; ranges (RFC 9110, section 14)
    POST /v1/login              LoginRequest -> LoginReply
    POST /v1/batches            Batch -> BatchReply   `protocol.journal.Batch`
    WS   /v1/link               Hello, then Beat ...  <- HallSays ...

The box knows the seat by its certificate; no message names its sender. All that
matters on the link is signed by itself (decisions, receipts, checkpoints), may come
twice, and is asked for again by number, so a link may break anywhere.
"""

from enum import StrEnum
from typing import cast

import msgspec

from exam.identifiers import Digest, Label
from exam.paper import Response
from exam.rulebook import LoginField
from exam.session import Session
from protocol.envelope import Envelope
from protocol.grant import Position
from protocol.office_receipt import VerifiedJournal
from protocol.values import Count, HexId, Milliseconds, Value, decode

HALL = "/v1/hall"
PAPERS = "/v1/papers"
LOGIN = "/v1/login"
BATCHES = "/v1/batches"
LINK = "/v1/link"
MAX_BODY = 2 * 1024 * 1024
"""Largest request in bytes."""


class HallInfo(Value, frozen=True, kw_only=True):
    """What the seat must know before anybody logs in.

    The seat checks ``bundle`` by the office's certificate under the root that it
    pinned at pairing; box and log keys, papers and rule book follow from it.
    """

    appliance: Label
    generation: Count
    seat: Label
    hall_time: Milliseconds
    bundle: Envelope
    office_certificate: str
    """PEM of the office's signing certificate, issued by the root."""
    rule_book: str
    """TOML, whose digest the bundle names."""
    faces_port: Count
    recordings_port: Count
    subject: Label | None
    """The subject whose turn it is; None after the last."""


class LoginRequest(Value, frozen=True, kw_only=True):
    """``fields`` as the candidate typed them; ``session_key`` is made by the seat for this log-in.

    Consent was asked before; it is an event of the journal as well.
    """

    subject: Label
    fields: dict[LoginField, str]
    session_key: Digest
    consents_to_faces: bool
    consents_to_recording: bool


class OwnData(Value, frozen=True, kw_only=True):
    """What the candidate is shown of the own data, for confirmation."""

    candidate: Label
    name: str
    id_number: str
    ticket_number: str
    mobile: str
    level: str
    extra_minutes: Count


class Standing(Value, frozen=True, kw_only=True):
    """Where the candidate stood before this grant, from the epochs before it.

    So a candidate who comes back, or goes on at another seat, finds what was answered.
    """

    session: Session
    responses: dict[Label, Response] = msgspec.field(default_factory=dict)
    marked: tuple[Label, ...] = ()
    current: Label | None = None
    own_data_right: bool | None = None
    decisions: Count = 0
    """Number of the last decision whose effect is in here."""


class LoggedIn(Value, frozen=True, kw_only=True, tag="logged_in", tag_field="outcome"):
    """The grant, and every decision so far that concerns this session or all."""

    grant: Envelope
    own_data: OwnData
    standing: Standing
    decisions: tuple[Envelope, ...]


class LoginRefusal(StrEnum):
    """Why a log-in was refused."""

    WRONG = "wrong"
    LOCKED = "locked"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    OTHER_SEAT = "other_seat"
    ALREADY_IN = "already_in"
    ENDED = "ended"
    OTHER_EXAM = "other_exam"
    NO_EXAM = "no_exam"


class LoginRefused(Value, frozen=True, kw_only=True, tag="refused", tag_field="outcome"):
    """``at``: hall time from or until when, 0 where none; ``seat``: the label to go to."""

    code: LoginRefusal
    at: Milliseconds
    tries_left: Count
    seat: str


LoginReply = LoggedIn | LoginRefused


class Acknowledged(Value, frozen=True, kw_only=True, tag="acknowledged", tag_field="outcome"):
    """All events to the acknowledgement's ``n`` are on the box's disk."""

    acknowledgement: Envelope


class BatchRefusal(StrEnum):
    """Why a batch was refused, and so what the seat does next."""

    GAP = "gap"
    """Send again from ``acknowledged``."""
    FORK = "fork"
    """Another history was acknowledged: a person must look."""
    UNTRUSTED = "untrusted"
    MALFORMED = "malformed"
    NO_SESSION = "no_session"
    OLD_EPOCH = "old_epoch"
    """The session went on at another seat; the tail is kept and shown to a person."""
    FULL = "full"
    """The box's disk is full, or the session has reached its bound: keep the events, send later."""


class BatchRefused(Value, frozen=True, kw_only=True, tag="refused", tag_field="outcome"):
    """``text`` is for the record; ``acknowledged`` is where the box stands."""

    code: BatchRefusal
    text: str
    acknowledged: Position | None


BatchReply = Acknowledged | BatchRefused


# --- the link: from the seat ---------------------------------------------------------------


class Hello(Value, frozen=True, kw_only=True, tag="hello", tag_field="says"):
    """The first message. ``decisions_seen`` is the number of the last one in the spool."""

    agent: str
    boot: HexId
    sessions: tuple[HexId, ...]
    decisions_seen: Count
    generation: Count
    """Of the decisions seen; 0 where none."""
    checkpoints: tuple[str, ...]
    """The last checkpoint kept of each generation."""


class Beat(Value, frozen=True, kw_only=True, tag="beat", tag_field="says"):
    """Every two seconds. Sizes in bytes."""

    sent: Milliseconds
    """The seat's own steady clock; comes back in the answer."""
    hall: Milliseconds
    """Hall time as the seat has it, 0 where it has none."""
    screen: str
    paper: Digest | None
    """Digest of the sealed paper that lies here, checked; None while it is fetched."""
    spooled: Count
    """Events on this disk that the box has not acknowledged."""
    disk_free: Count
    cameras: Count
    hand_raised: bool
    log_size: Count
    """Leaves of the log whose checkpoint the seat has checked last."""
    cosignature: str
    """The seat's cosignature line over that checkpoint; empty before the first."""


SeatSays = Hello | Beat


# --- the link: from the box ----------------------------------------------------------------


class HallBeat(Value, frozen=True, kw_only=True, tag="hall_beat", tag_field="says"):
    """The box's answer to each beat: hall time, and the log with the proof that it only grew."""

    hall_time: Milliseconds
    sent: Milliseconds
    """The ``sent`` of the beat that this answers: so the way there and back is known."""
    subject: Label | None
    checkpoint: str
    proof_from: Count
    proof: tuple[str, ...]
    """Consistency proof from ``proof_from`` leaves, each hash in base64."""


class DecisionSaid(Value, frozen=True, kw_only=True, tag="decision", tag_field="says"):
    """A decision, for this session or for all."""

    decision: Envelope


class PaperKeySaid(Value, frozen=True, kw_only=True, tag="paper_key", tag_field="says"):
    """P: the age identity that opens the sealed paper. One line, to all at the same moment."""

    subject: Label
    revision: Count
    key: str


class ReceiptSaid(Value, frozen=True, kw_only=True, tag="receipt", tag_field="says"):
    """The candidate's receipt."""

    session: HexId
    receipt: Envelope


class FaceStage(StrEnum):
    """How far the look at the face has come."""

    LOOKING = "looking"
    FAILED = "failed"
    STAFF = "staff"


class FaceSaid(Value, frozen=True, kw_only=True, tag="face", tag_field="says"):
    """What the look at the face found. ``hints`` are words of `protocol.faces_api.FaceHint`."""

    session: HexId
    stage: FaceStage
    hints: tuple[str, ...]
    tries_left: Count


class OfficeHolds(Value, frozen=True, kw_only=True, tag="office_holds", tag_field="says"):
    """What the office has verified: the seat may clear its spool up to there."""

    office_receipt: Envelope
    journals: tuple[VerifiedJournal, ...]


class AmendmentSaid(Value, frozen=True, kw_only=True, tag="amendment", tag_field="says"):
    """A correction of the paper, signed by the office."""

    amendment: Envelope


HallSays = (
    HallBeat | DecisionSaid | PaperKeySaid | ReceiptSaid | FaceSaid | OfficeHolds | AmendmentSaid
)


def decode_seat_says(data: bytes) -> SeatSays:
    """Parse one message of the link that came from a seat."""
    return decode(data, cast("type[SeatSays]", SeatSays))


def decode_hall_says(data: bytes) -> HallSays:
    """Parse one message of the link that came from the box."""
    return decode(data, cast("type[HallSays]", HallSays))


def decode_login_reply(data: bytes) -> LoginReply:
    """Parse the reply to a log-in."""
    return decode(data, cast("type[LoginReply]", LoginReply))


def decode_batch_reply(data: bytes) -> BatchReply:
    """Parse the reply to a batch."""
    return decode(data, cast("type[BatchReply]", BatchReply))
