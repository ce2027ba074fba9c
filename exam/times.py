"""Sums of time: doors, own end, earliest hand-in. Pure; hall time in ms is an argument.

The own end is the earlier of entry + duration and the end of the window. Extra time,
time given and pauses move both, since none of them is the candidate's fault; a late
start moves the window by as much.
"""

import msgspec

from exam.rulebook import RuleBook
from exam.session import Session, stood_still_ms
from exam.sitting import Subject


class TooEarly(msgspec.Struct, frozen=True, kw_only=True):
    """Log-in opens at ``opens``."""

    opens: int


class TooLate(msgspec.Struct, frozen=True, kw_only=True):
    """Log-in closed at ``closed``."""

    closed: int


class Open(msgspec.Struct, frozen=True, kw_only=True):
    """Log-in is open until ``closes``."""

    closes: int


def start_of(subject: Subject, armed_start: int | None) -> int:
    """Return the start: the armed one, else the planned one."""
    return subject.opens if armed_start is None else armed_start


def doors(
    rules: RuleBook, subject: Subject, armed_start: int | None, now: int
) -> Open | TooEarly | TooLate:
    """Say whether a candidate may log in for the first time now."""
    start = start_of(subject, armed_start)
    opens = min(start, subject.opens) - rules.doors.open_before_s * 1000
    closes = start + rules.doors.late_after_s * 1000
    if now < opens:
        return TooEarly(opens=opens)
    if now > closes and armed_start is not None:
        return TooLate(closed=closes)
    return Open(closes=closes)


def window_end(subject: Subject, armed_start: int | None) -> int:
    """Return the end of the window; a start after the plan moves it by as much."""
    late = max(0, start_of(subject, armed_start) - subject.opens)
    return subject.closes + late


def own_end(
    subject: Subject, armed_start: int | None, session: Session, extra_ms: int, now: int
) -> int:
    """Return when this candidate's time ends, as things stand at ``now``."""
    entered = start_of(subject, armed_start) if session.entered_at is None else session.entered_at
    added = extra_ms + session.given_ms + stood_still_ms(session, entered, now)
    nearer = min(entered + subject.duration_s * 1000, window_end(subject, armed_start))
    return nearer + added


def earliest_hand_in(rules: RuleBook, subject: Subject, armed_start: int | None) -> int:
    """Return from when on a candidate may hand in."""
    after = (
        rules.hand_in.earliest_practical_s if subject.practical else rules.hand_in.earliest_theory_s
    )
    return start_of(subject, armed_start) + after * 1000
