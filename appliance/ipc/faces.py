"""What `core` and `faces` tell each other.

`faces` serves its socket and `core` is its client, which it never waits for: a check is
begun by a request and ends with an event. `faces` keeps nothing on any disk: after it
was restarted (another ``instance`` in `EngineState`, the first event of each connection)
core enrols the roster and admits the sessions again. Distances are in thousandths, as
in the rule book.
"""

from enum import StrEnum
from typing import Final

from exam.identifiers import Digest, Label
from exam.rulebook import Thousandths
from protocol.faces_api import FaceHint
from protocol.values import Count, HexId, Milliseconds, Value
from runtime.ipc import Channel

MAX_BYTES: Final = 4 * 1024 * 1024
"""A roster photo of 1,000 KB is 1.4 MB in JSON."""


# --- requests of core ----------------------------------------------------------------------


class Enrol(Value, frozen=True, kw_only=True, tag="enrol"):
    """Make the template of one candidate from the roster photo. 30 to 150 ms of one core."""

    candidate: Label
    photo: bytes


class Admit(Value, frozen=True, kw_only=True, tag="admit"):
    """Frames of this session may come from the seat with this certificate; idempotent."""

    session: HexId
    candidate: Label
    seat_certificate: Digest
    """SHA-256 of the certificate in DER."""


class Dismiss(Value, frozen=True, kw_only=True, tag="dismiss"):
    """The session has ended: forget its pictures."""

    session: HexId


class BeginCheck(Value, frozen=True, kw_only=True, tag="begin_check"):
    """Compare the next frames of this session with its candidate; ends in `CheckEnded`.

    A check of the same session that is still running ends without an event.
    """

    session: HexId
    check: HexId
    """Core's name for this try."""
    accept_below: Thousandths
    refuse_above: Thousandths
    pause_ms: Count = 0
    """Frames of the time before this has passed were of the look before: they do not count."""
    wait_ms: Count = 0
    """So long the first frame is waited for, before the check's own time runs without one."""


class GetPicture(Value, frozen=True, kw_only=True, tag="get_picture"):
    """The best frame of the session's last check, for the person who decides."""

    session: HexId


class Forget(Value, frozen=True, kw_only=True, tag="forget"):
    """The sitting is over: forget the roster and every session."""


Request = Enrol | Admit | Dismiss | BeginCheck | GetPicture | Forget


# --- replies -------------------------------------------------------------------------------


class Enrolled(Value, frozen=True, kw_only=True, tag="enrolled"):
    """The template is ready."""

    candidate: Label
    photo: Digest


class PhotoFault(StrEnum):
    """Why a roster photo gives no template."""

    NO_PICTURE = "no_picture"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"


class NotEnrolled(Value, frozen=True, kw_only=True, tag="not_enrolled"):
    """The photo gives no template; checks of this candidate go to a person at once."""

    candidate: Label
    photo: Digest
    fault: PhotoFault
    text: str


class Done(Value, frozen=True, kw_only=True, tag="done"):
    """The request was carried out."""


class Picture(Value, frozen=True, kw_only=True, tag="picture"):
    """A frame as it came from the seat. ``taken``: hall time by the seat."""

    session: HexId
    taken: Milliseconds
    jpeg: bytes


class NoPicture(Value, frozen=True, kw_only=True, tag="no_picture"):
    """No frame of this session has come."""

    session: HexId


Reply = Enrolled | NotEnrolled | Done | Picture | NoPicture


# --- events --------------------------------------------------------------------------------


class EngineState(Value, frozen=True, kw_only=True, tag="engine_state"):
    """How things stood when core connected; the first event of each connection."""

    instance: HexId
    """Made at each start of the process: another one has forgotten everything."""
    build: str
    """Which dlib, in words, such as ``dlib 20.0.1, fast build``."""
    fast: bool
    workers: Count
    port: Count
    """Where seats send their frames."""
    enrolled: Count
    admitted: Count


class WorkerLost(Value, frozen=True, kw_only=True, tag="worker_lost"):
    """A process that looks at pictures died or hung, and another is started."""

    pid: Count
    reason: str


class Verdict(StrEnum):
    """What a check has found."""

    ACCEPTED = "accepted"
    """Near enough, and nobody on the roster is nearer."""
    DOUBT = "doubt"
    """Between the thresholds, or somebody else is nearer: a person decides."""
    REFUSED = "refused"
    """Too far: another try, or a person."""
    NOT_SEEN = "not_seen"
    """Too few usable frames in the time; the hints say why."""
    NO_TEMPLATE = "no_template"
    """The roster photo gave no template: a person decides."""


class CheckEnded(Value, frozen=True, kw_only=True, tag="check_ended"):
    """What a check found, with all that is needed to put it on record."""

    check: HexId
    session: HexId
    candidate: Label
    verdict: Verdict
    distance: int
    """Median over the used frames; -1 where there was none."""
    distances: tuple[Count, ...]
    """Of each used frame, in their order."""
    nearest: Label | None
    """Who on the roster is nearest; None without a used frame."""
    nearest_distance: int
    """-1 where there is none."""
    frames: Count
    """Frames that were looked at, used or not."""
    hints: tuple[FaceHint, ...]
    """What kept frames from being used, the most frequent first."""
    accept_below: Thousandths
    refuse_above: Thousandths
    photo: Digest | None
    """SHA-256 of the roster photo that was compared with."""
    build: str


Event = EngineState | WorkerLost | CheckEnded

CHANNEL: Final[Channel[Request, Reply, Event]] = Channel(
    requests=Request, replies=Reply, events=Event, max_bytes=MAX_BYTES
)
