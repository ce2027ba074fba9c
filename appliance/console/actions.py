"""What a person may do now: for the whole hall, and at one seat. Pure.

For one candidate the session table of `exam.session` says what is possible; the box says
so again when it is asked. What cannot be done now is shown all the same, with the reason.
"""

from enum import StrEnum
from typing import Final

import msgspec

from appliance.console import accounts
from appliance.console.dialogs import messages as d
from appliance.console.messages import Text
from exam import session as s
from exam.session import ENDED, State
from protocol.staff_api import HallStatus, Occupant, SeatStatus, SubjectStatus, TaskKind


class Action(StrEnum):
    """An entry of a menu."""

    OPEN_DOORS = "open_doors"
    PAIR = "pair"
    UNLOCK = "unlock"
    ARM = "arm"
    DISARM = "disarm"
    MESSAGE_ALL = "message_all"
    PAUSE_ALL = "pause_all"
    RESUME_ALL = "resume_all"
    EXTEND_ALL = "extend_all"
    COLLECT_ALL = "collect_all"
    CLOSE_SUBJECT = "close_subject"
    IDENTITY = "identity"
    MESSAGE = "message"
    LOWER_HAND = "lower_hand"
    NOTE_STRAY = "note_stray"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"
    GRANT_LEAVE = "grant_leave"
    END_LEAVE = "end_leave"
    MOVE = "move"
    COLLECT = "collect"
    REOPEN = "reopen"
    VOID = "void"
    MARK_ABSENT = "mark_absent"
    PAIR_SEAT = "pair_seat"


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """One entry: its key, its title, and why it cannot be chosen now (None: it can)."""

    action: Action
    key: str
    title: Text
    why_not: Text | None = None


_A: Final = Action
_HALL: Final[tuple[tuple[Action, str, Text], ...]] = (
    (_A.OPEN_DOORS, "1", d.OPEN_DOORS),
    (_A.PAIR, "2", d.PAIR),
    (_A.UNLOCK, "3", d.UNLOCK),
    (_A.ARM, "4", d.ARM),
    (_A.DISARM, "5", d.DISARM),
    (_A.MESSAGE_ALL, "m", d.MESSAGE_ALL),
    (_A.PAUSE_ALL, "p", d.PAUSE_ALL),
    (_A.RESUME_ALL, "r", d.RESUME_ALL),
    (_A.EXTEND_ALL, "e", d.EXTEND_ALL),
    (_A.COLLECT_ALL, "c", d.COLLECT_ALL),
    (_A.CLOSE_SUBJECT, "9", d.CLOSE_SUBJECT),
)

_SEAT: Final[tuple[tuple[Action, str, Text, type | None], ...]] = (
    (_A.IDENTITY, "i", d.IDENTITY, s.IdentityAccepted),
    (_A.LOWER_HAND, "h", d.LOWER_HAND, None),
    (_A.NOTE_STRAY, "y", d.NOTE_STRAY, None),
    (_A.MESSAGE, "m", d.MESSAGE, None),
    (_A.PAUSE, "p", d.PAUSE, s.Paused),
    (_A.RESUME, "r", d.RESUME, s.Resumed),
    (_A.EXTEND, "e", d.EXTEND, s.TimeGiven),
    (_A.GRANT_LEAVE, "g", d.GRANT_LEAVE, s.WentAway),
    (_A.END_LEAVE, "b", d.END_LEAVE, s.CameBack),
    (_A.MOVE, "v", d.MOVE, s.Moved),
    (_A.COLLECT, "c", d.COLLECT, s.Collected),
    (_A.REOPEN, "o", d.REOPEN, s.Reopened),
    (_A.VOID, "w", d.VOID, s.Voided),
    (_A.MARK_ABSENT, "a", d.MARK_ABSENT, s.MissedIt),
)
"""The happening of the session table that an act needs, where it needs one."""


def hall_choices(hall: HallStatus) -> list[Choice]:
    """Return what concerns the whole hall, in the order of the day."""
    return [
        Choice(action=action, key=key, title=title, why_not=_why_not(action, hall))
        for action, key, title in _HALL
    ]


def _why_not(action: Action, hall: HallStatus) -> Text | None:
    subject = hall.subject
    if action in {Action.OPEN_DOORS, Action.PAIR}:
        return None
    if subject is None or hall.closing is not None:
        return d.NOT_CLOSED
    if action in {Action.UNLOCK, Action.ARM, Action.DISARM}:
        return _why_no_start(action, subject)
    if action is Action.MESSAGE_ALL:
        return None
    if action is Action.CLOSE_SUBJECT:
        is_complete = accounts.accounted(hall) == accounts.everybody(hall)
        return None if is_complete else d.NOT_ACCOUNTED
    if action is Action.RESUME_ALL:
        return None if accounts.count(hall, State.PAUSED) else d.NOT_PAUSED
    return None if subject.released else d.NOT_BEGUN


def _why_no_start(action: Action, subject: SubjectStatus) -> Text | None:
    if subject.released:
        return d.ALREADY_BEGUN
    if action is Action.UNLOCK:
        return d.ALREADY_UNLOCKED if subject.unlocked else None
    if action is Action.ARM:
        return None if subject.unlocked else d.NOT_UNLOCKED
    return None if subject.armed_start is not None else d.NOT_ARMED


def seat_choices(hall: HallStatus, seat: SeatStatus) -> list[Choice]:
    """Return what concerns one seat and who sits there; only what is possible now."""
    found: list[Choice] = []
    if seat.occupant is not None and hall.closing is None:
        found = [
            Choice(action=action, key=key, title=title)
            for action, key, title, happening in _SEAT
            if _is_possible(action, happening, seat.occupant)
            and (action is not Action.NOTE_STRAY or _has_stray(hall, seat.occupant))
        ]
    return [*found, Choice(action=Action.PAIR_SEAT, key="k", title=d.PAIR_SEAT)]


def _has_stray(hall: HallStatus, occupant: Occupant) -> bool:
    return any(
        task.kind is TaskKind.STRAY and task.candidate == occupant.candidate for task in hall.tasks
    )


def _is_possible(action: Action, happening: type | None, occupant: Occupant) -> bool:
    if action is Action.LOWER_HAND:
        return occupant.hand_raised
    if action is Action.MESSAGE:
        return occupant.session is not None and occupant.state not in ENDED
    if action is Action.IDENTITY and occupant.state in ENDED and not occupant.withheld:
        return False
    if action is Action.MOVE and occupant.state is State.AWAY:
        return False
    if happening is None:
        return True
    after = s.TABLE[happening].get(occupant.state)
    changes_nothing = action in {Action.PAUSE, Action.RESUME} and after is occupant.state
    return after is not None and not changes_nothing
