"""What to do next: the day's order, worked out from the status alone. Pure.

The order: confirm the clock, pair, unlock (codes go out 15 minutes before the start), arm,
watch, close, wait for the office. A seat that is not there holds nothing up: pairing is
asked for only where a terminal waits, and gives way when the start is near.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

import msgspec

from appliance.console import accounts, wording
from appliance.console import messages as m
from appliance.console.messages import Language
from appliance.console.places import label_of
from exam.session import WRITING, State
from protocol.staff_api import HallStatus, SeatStatus, SubjectStatus, Task, TaskKind

CODE_BEFORE_MS: Final = 15 * 60_000
"""Unlock codes are given out so long before the start."""
_START_IS_NEAR_MS: Final = 2 * 60_000
_NAMED: Final = 3
"""Seats that are named in one line; the office's page names them all."""
_GRACE_MS: Final = 15_000
"""A seat hands in by itself at the end; only what is later is a person's matter."""

_NEVER_FIRST: Final = frozenset({TaskKind.CLOCK, TaskKind.OFFICE, TaskKind.STRAY})
"""These wait without harm: they stand in the list, and never before the day's next step."""


class Step(StrEnum):
    """One thing to do, or to wait for."""

    NO_SUBJECT = "no_subject"
    OPEN_DOORS = "open_doors"
    PAIR = "pair"
    PAIRING = "pairing"
    WAIT_CODE = "wait_code"
    UNLOCK = "unlock"
    ARM = "arm"
    WAIT_START = "wait_start"
    SEE_TO = "see_to"
    WATCH = "watch"
    COLLECT = "collect"
    CLOSE = "close"
    OFFICE = "office"
    DONE = "done"


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """The step, and the task to see to where it is `Step.SEE_TO`."""

    step: Step
    task: Task | None = None


def next_step(hall: HallStatus) -> NextStep:
    """Return what a person should do next."""
    subject = hall.subject
    if subject is None:
        return NextStep(step=Step.NO_SUBJECT)
    if hall.closing is not None:
        return NextStep(step=Step.DONE if hall.office_verified_all else Step.OFFICE)
    if not hall.clock_confirmed_by:
        return NextStep(step=Step.OPEN_DOORS)
    if subject.released:
        return _after_the_start(hall)
    return _before_the_start(hall, subject)


def _before_the_start(hall: HallStatus, subject: SubjectStatus) -> NextStep:
    near = hall.hall_time >= subject.opens - _START_IS_NEAR_MS
    armed = subject.armed_start is not None
    if not near or armed:
        pairing = _pairing(hall)
        if pairing is not None:
            return pairing
    if not subject.unlocked:
        early = hall.hall_time < subject.opens - CODE_BEFORE_MS
        return _task_first(hall, Step.WAIT_CODE) if early else NextStep(step=Step.UNLOCK)
    if not armed:
        return NextStep(step=Step.ARM)
    return _task_first(hall, Step.WAIT_START)


def _pairing(hall: HallStatus) -> NextStep | None:
    if hall.pairing.code and hall.pairing.seats:
        return NextStep(step=Step.PAIRING)
    return NextStep(step=Step.PAIR) if waiting_to_pair(hall) else None


def waiting_to_pair(hall: HallStatus) -> list[SeatStatus]:
    """Return the seats whose terminal is there and not paired."""
    return [seat for seat in hall.seats if seat.found and not seat.paired]


def _after_the_start(hall: HallStatus) -> NextStep:
    if accounts.accounted(hall) == accounts.everybody(hall):
        return NextStep(step=Step.CLOSE)
    if left_behind(hall):
        return NextStep(step=Step.COLLECT)
    return _task_first(hall, Step.WATCH)


def left_behind(hall: HallStatus) -> list[SeatStatus]:
    """Return the linked seats whose candidate's time is over and whose paper is still open.

    A seat that is lost hands in by itself; it stands in the list of what needs a person.
    """
    return [
        seat
        for seat in hall.seats
        if seat.linked
        and seat.occupant is not None
        and seat.occupant.own_end is not None
        and seat.occupant.state in {State.ANSWERING, State.AWAY}
        and hall.hall_time > seat.occupant.own_end + _GRACE_MS
    ]


def _task_first(hall: HallStatus, otherwise: Step) -> NextStep:
    task = next((task for task in hall.tasks if task.kind not in _NEVER_FIRST), None)
    return NextStep(step=otherwise) if task is None else NextStep(step=Step.SEE_TO, task=task)


# --- in words ------------------------------------------------------------------------------------


def say_next(hall: HallStatus, language: Language) -> str:
    """Return the next step as a sentence."""
    found = next_step(hall)
    if found.step is Step.DONE:
        return accounts.final_sentence(hall, language) or ""
    if found.step is Step.OFFICE:
        return _office(hall, language)
    return _SENTENCES[found.step](hall, found, language)


def _office(hall: HallStatus, language: Language) -> str:
    verified, sealed = accounts.parcels(hall)
    text = m.NEXT_OFFICE if verified < sealed else m.NEXT_OFFICE_MORE
    seats = accounts.awaited_seats(hall, language, _NAMED)
    if hall.line.state == "down":
        text = m.NEXT_OFFICE_DOWN
    elif verified == sealed and seats:
        text = m.NEXT_OFFICE_SEATS
    return text.say(
        language,
        verified=verified,
        sealed=sealed,
        seats=seats,
        until=wording.clock_minutes(hall.awaited_until, hall.time_zone),
    )


def _wait_code(hall: HallStatus, _found: NextStep, language: Language) -> str:
    opens = 0 if hall.subject is None else hall.subject.opens
    at = wording.clock_minutes(opens - CODE_BEFORE_MS, hall.time_zone)
    return m.NEXT_WAIT_CODE.say(language, at=at)


def _wait_start(hall: HallStatus, _found: NextStep, language: Language) -> str:
    start = 0 if hall.subject is None else hall.subject.armed_start or 0
    return m.NEXT_WAIT_START.say(language, at=wording.clock(start, hall.time_zone))


def _see_to(hall: HallStatus, found: NextStep, language: Language) -> str:
    if found.task is None:
        return ""
    waiting = sum(task.kind not in _NEVER_FIRST for task in hall.tasks)
    kind = m.TASK[found.task.kind].say(language)
    what = f"{label_of(hall, found.task.seat)} {found.task.name} {kind}".strip()
    return m.NEXT_SEE_TO.say(language, n=waiting, what=what)


def _watch(hall: HallStatus, _found: NextStep, language: Language) -> str:
    return m.NEXT_WATCH.say(
        language,
        writing=accounts.count(hall, *WRITING, State.PAUSED),
        done=accounts.accounted(hall),
        all=accounts.everybody(hall),
    )


_Sentence = Callable[[HallStatus, NextStep, Language], str]

_SENTENCES: Final[dict[Step, _Sentence]] = {
    Step.NO_SUBJECT: lambda _h, _f, language: m.NEXT_NO_SUBJECT.say(language),
    Step.OPEN_DOORS: lambda _h, _f, language: m.NEXT_OPEN_DOORS.say(language),
    Step.PAIR: lambda h, _f, language: m.NEXT_PAIR.say(language, n=len(waiting_to_pair(h))),
    Step.PAIRING: lambda h, _f, language: m.NEXT_PAIRING.say(language, n=len(h.pairing.seats)),
    Step.WAIT_CODE: _wait_code,
    Step.UNLOCK: lambda _h, _f, language: m.NEXT_UNLOCK.say(language),
    Step.ARM: lambda h, _f, language: m.NEXT_ARM.say(
        language, ready=sum(s.ready for s in h.seats), all=len(h.seats)
    ),
    Step.WAIT_START: _wait_start,
    Step.SEE_TO: _see_to,
    Step.WATCH: _watch,
    Step.COLLECT: lambda h, _f, language: m.NEXT_COLLECT.say(language, n=len(left_behind(h))),
    Step.CLOSE: lambda h, _f, language: m.NEXT_CLOSE.say(language, n=accounts.everybody(h)),
}
