"""The rule book: every number of an exam's rules, read from TOML and checked whole.

Rule books differ in their files and nowhere in code. Durations end in ``_s`` and are
seconds; distances between faces are in thousandths. A file that does not fit is
refused with the place and what is allowed there::

    read_rule_book('name = "ksj" ...')  -> RuleBook
"""

import tomllib
from enum import StrEnum
from typing import Annotated

import msgspec

from exam.identifiers import Label

Seconds = Annotated[int, msgspec.Meta(ge=0, le=7 * 86400)]
Thousandths = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Number = Annotated[int, msgspec.Meta(ge=0, le=1000)]


class RuleBookError(ValueError):
    """A rule book that does not fit; the message names the place and what is allowed."""


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class LoginField(StrEnum):
    """What a candidate types to log in."""

    ID_NUMBER = "id_number"
    ID_NUMBER_LAST4 = "id_number_last4"
    TICKET_NUMBER = "ticket_number"
    PASSWORD = "password"  # noqa: S105 - the name of a field


class Begin(StrEnum):
    """How a candidate enters at the start."""

    BY_ITSELF = "by_itself"
    BY_CLICK = "by_click"


class LostTime(StrEnum):
    """What becomes of time lost through no fault of the candidate."""

    GIVE_BACK = "give_back"
    FORFEITED = "forfeited"
    STAFF_DECIDE = "staff_decide"


class Consequence(StrEnum):
    """What follows when the limit is passed."""

    COLLECT = "collect"
    WARN = "warn"


class Leave(StrEnum):
    """Whether a candidate may leave the seat."""

    ON_APPROVAL = "on_approval"
    NONE = "none"


class IdentityFailure(StrEnum):
    """What follows when the comparison of faces fails."""

    SIT_WITHHELD = "sit_withheld"
    STAFF_FIRST = "staff_first"


class PictureLost(StrEnum):
    """What follows when a view that the rule book asks for is lost."""

    GO_ON = "go_on"
    STOP = "stop"


class LoginRules(_Section, frozen=True, kw_only=True):
    """``wrong_tries`` in a row, then ``lock_s`` of waiting; never a lock-out."""

    fields: tuple[LoginField, ...]
    wrong_tries: Number
    lock_s: Seconds


class DoorRules(_Section, frozen=True, kw_only=True):
    """Log-in is possible from ``open_before_s`` before the start to ``late_after_s`` after it."""

    open_before_s: Seconds
    late_after_s: Seconds


class BeginRules(_Section, frozen=True, kw_only=True):
    """How the exam is entered."""

    how: Begin


class HandInRules(_Section, frozen=True, kw_only=True):
    """Earliest hand-in after the start, for theory and for practical subjects."""

    earliest_theory_s: Seconds
    earliest_practical_s: Seconds


class LeavingScreenRules(_Section, frozen=True, kw_only=True):
    """Back within ``grace_s`` counts nothing; beyond ``limit`` leaves follows the consequence."""

    grace_s: Seconds
    limit: Number
    consequence: Consequence


class ReEntryRules(_Section, frozen=True, kw_only=True):
    """After a crash the candidate comes back within ``within_s``; 0 means any time."""

    within_s: Seconds


class LostTimeRules(_Section, frozen=True, kw_only=True):
    """Time lost through no fault of the candidate."""

    treatment: LostTime


class AwayRules(_Section, frozen=True, kw_only=True):
    """Leaving the seat."""

    leave: Leave
    minutes: Number


class IdentityRules(_Section, frozen=True, kw_only=True):
    """Distances at or below ``accept_below`` are the candidate, at or above ``refuse_above`` not.

    What lies between goes to a person.
    """

    method: str
    tries: Number
    on_failure: IdentityFailure
    accept_below: Thousandths
    refuse_above: Thousandths


class CameraRules(_Section, frozen=True, kw_only=True):
    """The views that are recorded from log-in to the end."""

    views: tuple[Label, ...]
    picture_lost: PictureLost


class GraveAct(StrEnum):
    """What a rule book may ask two people for."""

    VOID = "void"
    COLLECT_ALL = "collect_all"
    TURN_AWAY = "turn_away"
    CLOCK = "clock"
    """Hall time back before a decision, or past the log-in while somebody is still expected."""


class StaffRole(StrEnum):
    """What a member of staff is in the hall."""

    INVIGILATOR = "invigilator"
    CHIEF = "chief"
    QUALITY = "quality"


class StaffRules(_Section, frozen=True, kw_only=True):
    """Who may ask for something; what two people must sign, one of them of a role in ``one_of``."""

    may_act: tuple[StaffRole, ...] = (StaffRole.INVIGILATOR, StaffRole.CHIEF)
    two_people: tuple[GraveAct, ...] = (GraveAct.VOID, GraveAct.COLLECT_ALL, GraveAct.CLOCK)
    one_of: tuple[StaffRole, ...] = (StaffRole.CHIEF, StaffRole.QUALITY)


class PhotoRules(_Section, frozen=True, kw_only=True):
    """What a roster photo must be. Shapes are width to height in thousandths."""

    formats: tuple[str, ...]
    min_bytes: Annotated[int, msgspec.Meta(ge=1)]
    max_bytes: Annotated[int, msgspec.Meta(ge=1)]
    min_width: Annotated[int, msgspec.Meta(ge=1)]
    max_width: Annotated[int, msgspec.Meta(ge=1)]
    min_height: Annotated[int, msgspec.Meta(ge=1)]
    max_height: Annotated[int, msgspec.Meta(ge=1)]
    min_shape: Thousandths
    max_shape: Thousandths
    colour: bool
    white_ground: bool
    """A ground that seems not white is shown to a person, never refused by the machine."""


class EndRules(_Section, frozen=True, kw_only=True):
    """The end page counts ``leave_hall_s`` down."""

    leave_hall_s: Seconds


class RuleBook(_Section, frozen=True, kw_only=True):
    """The rules of one programme."""

    name: Label
    title: str
    title_en: str
    login: LoginRules
    doors: DoorRules
    begin: BeginRules
    hand_in: HandInRules
    leaving_screen: LeavingScreenRules
    re_entry: ReEntryRules
    lost_time: LostTimeRules
    away: AwayRules
    identity: IdentityRules
    cameras: CameraRules
    photo: PhotoRules
    end: EndRules
    staff: StaffRules = StaffRules()


def read_rule_book(text: str) -> RuleBook:
    """Return the rule book; raise `RuleBookError` with the place that does not fit."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleBookError(f"the rule book is no TOML: {error}") from error
    try:
        book = msgspec.convert(data, RuleBook)
    except msgspec.ValidationError as error:
        raise RuleBookError(f"the rule book does not fit: {error}") from error
    if book.identity.accept_below > book.identity.refuse_above:
        raise RuleBookError(
            "identity: expected accept_below to be at most refuse_above; "
            f"got {book.identity.accept_below} and {book.identity.refuse_above}"
        )
    if not book.staff.may_act:
        raise RuleBookError("staff.may_act: expected at least one role; got none")
    if not book.login.fields:
        raise RuleBookError("login.fields: expected at least one field; got none")
    return book
