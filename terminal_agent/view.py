"""What the candidate's page is shown.

The seat is the model, the page a view of it: `View` is all that the page knows of
the way through the sitting, pushed whole each time that it changes. The paper and
the candidate's own responses are large and change by the page's own doing, so they
are fetched apart, as `PaperShown`. What the page can do stands in `actions`.

Rules of this module:

- Values only: no I/O, no clock. Times are hall time in ms, ``None`` where not known.
- Nothing here decides; every number (tries left, earliest hand-in) comes from the seat.
- No sentence for people: a refusal is a `ReasonCode` with parameters, and the texts in
  Chinese and English stand in ``page/messages.js``. What staff or the office wrote
  (notices, rules, titles) travels as text.
"""

from enum import StrEnum

import msgspec

from exam.identifiers import Label
from exam.paper import ItemOrder, Paper, Response


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen value whose unknown fields are refused."""


class Screen(StrEnum):
    """Which screen stands before the candidate; at each moment exactly one."""

    SEARCHING = "searching"
    """No appliance found yet."""
    PAIRING = "pairing"
    """Found, and waiting to be paired by staff."""
    CLOSED = "closed"
    """The appliance is reached, the doors are not open; ``reason`` may say why."""
    CONSENT = "consent"
    LOGIN = "login"
    OWN_DATA = "own_data"
    FACE = "face"
    RULES = "rules"
    WAITING = "waiting"
    ANSWERING = "answering"
    PAUSED = "paused"
    HANDED_IN = "handed_in"
    """By the candidate or by the end of the own time; provisional while without receipt."""
    COLLECTED = "collected"
    """By staff, or by force under a rule; ``reason`` says which."""
    VOIDED = "voided"
    REFUSED = "refused"
    """The way is closed to this candidate; ``reason`` says why and whom to ask."""
    ENDED = "ended"
    """The sitting is over at this seat."""


class HallLink(StrEnum):
    """Whether the appliance is reached at this moment."""

    SEARCHING = "searching"
    """Not reached since the seat came up."""
    REACHED = "reached"
    LOST = "lost"
    """It was reached and is not now."""


class Language(StrEnum):
    """A language of the page's own words."""

    ZH = "zh"
    EN = "en"


class LetterSize(StrEnum):
    """标准, 大, 特大."""

    NORMAL = "normal"
    LARGE = "large"
    LARGER = "larger"


class ReasonCode(StrEnum):
    """Why something was refused or ended. Parameters are named behind each."""

    APPLIANCE_UNREACHED = "appliance_unreached"
    NOT_NOW = "not_now"
    """The action does not belong to the present screen."""
    BAD_REQUEST = "bad_request"
    OTHER_PAGE = "other_page"
    """A newer page has taken over."""
    PAIRING_WRONG = "pairing_wrong"
    PAIRING_CLOSED = "pairing_closed"
    PAIRING_LATER = "pairing_later"
    """Too many tries; ``seconds`` to wait."""
    PAIRING_EXPIRED = "pairing_expired"
    PAIRING_TAKEN = "pairing_taken"
    """Another machine is paired as this seat."""
    PAIRING_NOT_PROVED = "pairing_not_proved"
    """The other side did not prove that it knows the code: somebody may pose as the box."""
    DOORS_CLOSED = "doors_closed"
    """``at``: hall ms when they open."""
    LOGIN_WRONG = "login_wrong"
    """``tries_left``."""
    LOGIN_LOCKED = "login_locked"
    """Too many wrong tries; ``at``: hall ms from which on it may be tried again."""
    LOGIN_LATE = "login_late"
    """``at``: hall ms when log-in closed."""
    OTHER_EXAM = "other_exam"
    """On the roster of another sitting or subject."""
    NO_EXAM = "no_exam"
    """No subject of this candidate is open."""
    OTHER_SEAT = "other_seat"
    """``seat``: the label of the candidate's own seat."""
    ALREADY_IN = "already_in"
    """Logged in at another seat; ``seat``: its label."""
    ALREADY_HANDED_IN = "already_handed_in"
    OWN_DATA_WRONG = "own_data_wrong"
    FACE_REFUSED = "face_refused"
    """Not taken for the person of the photo; ``tries_left``."""
    NO_CAMERA = "no_camera"
    HAND_IN_EARLY = "hand_in_early"
    """``at``: hall ms from which it is allowed."""
    TIME_OVER = "time_over"
    PAUSED = "paused"
    DISK = "disk"
    """The seat's disk did not take it: nothing was saved."""
    DISK_TRIED = "disk_tried"
    """The seat's disk refuses; the seat tries again by itself."""
    UNTRUSTED = "untrusted"
    """The appliance's answer does not prove what it must; nothing of it was followed."""
    RECEIPT_MISMATCH = "receipt_mismatch"
    """A receipt came that is not about what was written here; it is kept for staff."""
    OFFICE_MISMATCH = "office_mismatch"
    """The office holds another journal than was written here; its word is kept for staff."""
    MISMATCH = "mismatch"
    """The response does not fit its item."""
    PAPER_MISSING = "paper_missing"
    """The sealed paper is not here yet."""
    PAPER_DAMAGED = "paper_damaged"
    COLLECTED_BY_STAFF = "collected_by_staff"
    COLLECTED_LEAVES = "collected_leaves"
    """Left the screen too often; ``count`` and ``limit``."""
    VOIDED_BY_STAFF = "voided_by_staff"
    ABSENT = "absent"
    """Not logged in by the end of lateness."""
    SEAT_REVOKED = "seat_revoked"
    INTERNAL = "internal"
    """The seat itself failed; staff must look."""


class Reason(_Value, frozen=True, kw_only=True):
    """Why, with the numbers and names that belong to it, and staff's own words if any."""

    code: ReasonCode
    parameters: dict[str, int | str] = msgspec.field(default_factory=dict)
    words: str = ""


class Place(_Value, frozen=True, kw_only=True):
    """Where the seat stands: ``seat`` is what is painted on the desk."""

    seat: str = ""
    room: str = ""
    centre: str = ""


class Saved(_Value, frozen=True, kw_only=True):
    """How many events lie on this seat's disk, and how many the appliance acknowledged."""

    on_disk: int = 0
    acknowledged: int = 0


class SittingShown(_Value, frozen=True, kw_only=True):
    """The plan's words and window for the candidate's subject."""

    title: str
    subject: str
    issuer: str = ""
    window_opens: int
    window_closes: int
    duration_s: int
    mock: bool = False


class CandidateShown(_Value, frozen=True, kw_only=True):
    """Who sits here. ``account`` is the ID number."""

    name: str
    account: str
    cameras: int = 0


class Targets(_Value, frozen=True, kw_only=True):
    """Moments to count towards, hall ms; ``None`` where the rule book has none."""

    doors_open: int | None = None
    opens: int | None = None
    """When this candidate may begin."""
    armed: bool = False
    """Whether staff have set the start; until then ``opens`` is only planned."""
    login_closes: int | None = None
    earliest_hand_in: int | None = None
    ends: int | None = None
    """This candidate's own end, time given included."""


class PairingShown(_Value, frozen=True, kw_only=True):
    """Pairing by staff at the seat, where ``asks_code``; ``hint`` tells machines apart.

    ``asks_seat`` where the machine does not know yet which seat it is.
    """

    asks_code: bool = True
    asks_seat: bool = False
    code_length: int = 9
    hint: str = ""
    appliance: str = ""


class LoginFieldName(StrEnum):
    """What a rule book may ask for at log-in: the words of `exam.rulebook.LoginField`."""

    ID_NUMBER = "id_number"
    ID_NUMBER_LAST4 = "id_number_last4"
    TICKET_NUMBER = "ticket_number"
    PASSWORD = "password"  # noqa: S105 - the name of a field, not a password


class LoginField(_Value, frozen=True, kw_only=True):
    """One line of the log-in form; ``length`` 0 where any length may come."""

    name: LoginFieldName
    length: int = 0
    secret: bool = False


class LoginForm(_Value, frozen=True, kw_only=True):
    """The log-in form, and how many tries are left (``None``: not limited)."""

    fields: tuple[LoginField, ...]
    tries_left: int | None = None


class DataName(StrEnum):
    """What the candidate is asked to check of the own data."""

    NAME = "name"
    ID_NUMBER = "id_number"
    TICKET_NUMBER = "ticket_number"
    MOBILE = "mobile"
    LEVEL = "level"
    SUBJECT = "subject"
    SEAT = "seat"
    EXTRA_MINUTES = "extra_minutes"


class DataRow(_Value, frozen=True, kw_only=True):
    """One line of the own data."""

    name: DataName
    value: str


class FaceStage(StrEnum):
    """How far the look at the face has come."""

    LOOKING = "looking"
    """The camera runs; nothing has been decided."""
    FAILED = "failed"
    """A try has failed; another may be asked for while ``tries_left``."""
    STAFF = "staff"
    """A picture lies with the invigilator, who decides by eye."""


class FaceHint(StrEnum):
    """What keeps the appliance from a good look: `protocol.faces_api.FaceHint`, and one more."""

    NO_FACE = "no_face"
    SEVERAL = "several"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TOO_SMALL = "too_small"
    TURNED = "turned"
    COVERED = "covered"
    BLURRED = "blurred"
    HOLD_STILL = "hold_still"
    NO_CAMERA = "no_camera"
    """Seen by the seat itself."""


class FaceShown(_Value, frozen=True, kw_only=True):
    """The face check as the candidate sees it."""

    stage: FaceStage
    hints: tuple[FaceHint, ...] = ()
    tries_left: int | None = None


class Words(_Value, frozen=True, kw_only=True):
    """A paragraph that the office wrote, in both languages; ``en`` may be empty."""

    zh: str
    en: str = ""


class Notice(_Value, frozen=True, kw_only=True):
    """A message from the invigilator or the office, not yet confirmed or closed."""

    id: str
    text: str
    at: int
    """Hall ms."""
    must_confirm: bool
    """It stands over everything until the candidate says that it is read."""


class PausedShown(_Value, frozen=True, kw_only=True):
    """A pause, and since when (hall ms). Its reason is for the record, not for candidates."""

    since: int


class LeaveShown(_Value, frozen=True, kw_only=True):
    """Leaves of the screen so far, the limit, and by when (hall ms) to be back, if away now."""

    count: int
    limit: int
    back_by: int | None = None


class Counts(_Value, frozen=True, kw_only=True):
    """How a paper stands."""

    total: int
    answered: int
    marked: int

    @property
    def unanswered(self) -> int:
        """Items without an answer."""
        return self.total - self.answered


class ReceiptShown(_Value, frozen=True, kw_only=True):
    """What the candidate takes away: ``code`` is 20 characters, shown in fours."""

    code: str
    at: int
    """Hall ms of the hand-in."""
    events: int
    """Events that the appliance acknowledged before it signed."""


class HandInShown(_Value, frozen=True, kw_only=True):
    """The end page. Without a receipt the hand-in lies on this seat's disk only, so far."""

    at: int
    counts: Counts
    receipt: ReceiptShown | None = None
    leave_at: int | None = None
    """Hall ms at which the page does `LeaveHall` by itself, unless the candidate is still
    copying the receipt and says so; ``None``: not without a receipt."""


class View(_Value, frozen=True, kw_only=True):
    """All that the page shows. What does not belong to ``screen`` may be ``None``.

    ``version`` grows with every change but the passing of time; ``hall_time`` is
    sampled when the view is taken, and ``None`` while the seat has no hall time.
    """

    version: int
    screen: Screen
    hall_time: int | None
    hall_link: HallLink
    place: Place = Place()
    time_zone: str = "Asia/Shanghai"
    language: Language = Language.ZH
    letter_size: LetterSize = LetterSize.NORMAL
    saved: Saved = Saved()
    sitting: SittingShown | None = None
    candidate: CandidateShown | None = None
    targets: Targets = Targets()
    reason: Reason | None = None
    notices: tuple[Notice, ...] = ()
    """Not yet confirmed or closed, oldest first."""
    hand_raised: bool = False
    trouble: Reason | None = None
    """What the seat itself cannot do now and tries again; shown on every screen."""
    has_camera: bool = True
    """Whether a camera is at this seat: what consent is asked for depends on it."""
    recording_since: int | None = None
    """Hall ms since when the cameras record; ``None``: they do not."""
    pairing: PairingShown | None = None
    login: LoginForm | None = None
    own_data: tuple[DataRow, ...] = ()
    face: FaceShown | None = None
    rules: tuple[Words, ...] = ()
    begins_by_click: bool = False
    """The candidate opens the paper by a click (`Begin`) instead of its opening by itself."""
    paused: PausedShown | None = None
    leaves: LeaveShown | None = None
    hand_in: HandInShown | None = None
    ahead: tuple[str, ...] = ()
    """Pictures of the question that stands before the candidate, to be fetched with the paper."""


class PaperShown(_Value, frozen=True, kw_only=True):
    """The paper as this candidate sees it, and what was answered so far.

    ``order`` names every item once, with its options in the candidate's order (empty:
    as in the paper); items keep to their parts.
    """

    paper: Paper
    order: tuple[ItemOrder, ...]
    responses: dict[Label, Response] = msgspec.field(default_factory=dict)
    marked: tuple[Label, ...] = ()
    current: Label | None = None


class AssetShown(_Value, frozen=True, kw_only=True):
    """A picture of the paper, in memory."""

    media_type: str
    content: bytes
