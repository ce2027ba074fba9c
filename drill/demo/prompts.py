"""What the demo says to the person at each moment, worked out from the hall's status. Pure.

Two voices: to the invigilator, beside the console's own next step, and to the candidate at
the person's seat. Each is one sentence; the page's address follows while it is of use.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from appliance.console.next_step import Step, next_step
from appliance.console.view import HallView
from drill.demo import messages as m
from drill.demo.messages import Language, Text
from exam.session import ENDED, State
from protocol.staff_api import HallStatus, SeatStatus, Task, TaskKind
from terminal_agent.view import Screen


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo knows and the hall does not."""

    seat: str
    """The person's seat, by its identifier."""
    label: str
    """What is painted on its desk."""
    name: str
    id_number: str
    address: str = ""
    """Of the seat's page, token included; empty while the seat starts."""
    code: str = ""
    """The unlock code, once the envelope was opened."""
    line_is_up: bool = True
    was_cut: bool = False
    stand_in: bool = False
    """Whether a simulated candidate has taken the person's place."""
    has_camera: bool = False


_STAFF: Final[dict[Step, Text]] = {
    Step.OPEN_DOORS: m.STEP_OPEN_DOORS,
    Step.PAIR: m.STEP_PAIR,
    Step.PAIRING: m.STEP_PAIRING,
    Step.ARM: m.STEP_ARM,
    Step.WAIT_START: m.STEP_WAIT_START,
    Step.DONE: m.STEP_DONE,
}
_SEAT: Final[dict[Screen, Text]] = {
    Screen.CLOSED: m.SEAT_WAITS,
    Screen.CONSENT: m.SEAT_CONSENT,
    Screen.LOGIN: m.SEAT_LOGIN,
    Screen.FACE: m.SEAT_FACE,
    Screen.OWN_DATA: m.SEAT_OWN_DATA,
    Screen.RULES: m.SEAT_RULES,
    Screen.WAITING: m.SEAT_WAITING,
    Screen.ANSWERING: m.SEAT_ANSWERING,
    Screen.HANDED_IN: m.SEAT_HANDED_IN,
}
_WITHOUT_CAMERA: Final = {
    Screen.CONSENT: m.SEAT_CONSENT_NO_CAMERA,
    Screen.FACE: m.SEAT_NO_CAMERA,
}
_OVER: Final = {
    Screen.HANDED_IN,
    Screen.COLLECTED,
    Screen.VOIDED,
    Screen.REFUSED,
    Screen.ENDED,
}


def note(view: HallView, facts: Facts) -> str:
    """Return what stands under the console's next step, line by line."""
    if view.hall is None:
        return ""
    return "\n".join(line for line in _lines(view.hall, facts, view.language) if line)


def _lines(hall: HallStatus, facts: Facts, language: Language) -> Iterator[str]:
    yield _to_the_invigilator(hall, facts, language)
    if hall.subject is None or hall.closing is not None:
        return
    if facts.stand_in:
        return
    seat = own_seat(hall, facts)
    text = _to_the_candidate(hall, seat, facts)
    if text is not None:
        yield text.say(
            language,
            seat=facts.label,
            name=facts.name,
            id_number=facts.id_number,
            last4=facts.id_number[-4:],
            address=facts.address,
        )
    if facts.address and text is not m.SEAT_PAIR and _screen(seat) not in _OVER:
        yield m.SEAT_ADDRESS.say(language, seat=facts.label, address=facts.address)


# --- to the invigilator ----------------------------------------------------------------------


def _to_the_invigilator(hall: HallStatus, facts: Facts, language: Language) -> str:
    found = next_step(hall)
    match found.step:
        case Step.UNLOCK | Step.WAIT_CODE:
            text = m.STEP_CODE if facts.code else m.STEP_ENVELOPE
        case Step.SEE_TO if _is_about_a_face(found.task):
            assert found.task is not None
            text = _about_a_face(found.task, facts)
        case Step.WATCH | Step.SEE_TO | Step.COLLECT:
            text = _in_the_exam(hall, facts)
        case Step.CLOSE | Step.OFFICE:
            text = _at_the_end(found.step, facts)
        case Step.ARM if not _sits(hall, facts):
            text = m.STEP_SIT_FIRST
        case step:
            text = _STAFF.get(step, m.NOTHING)
    task = found.task
    return text.say(
        language,
        seat=facts.label,
        code=facts.code,
        who="" if task is None else f"{task.seat.upper()} {task.name}",
    )


def _sits(hall: HallStatus, facts: Facts) -> bool:
    """Say whether nothing is asked of the person at the own seat any more."""
    return facts.stand_in or _screen(own_seat(hall, facts)) in {Screen.WAITING, *_OVER}


def _is_about_a_face(task: Task | None) -> bool:
    return task is not None and task.kind is TaskKind.IDENTITY


def _about_a_face(task: Task, facts: Facts) -> Text:
    if task.seat == facts.seat and not facts.stand_in:
        return m.STEP_OWN_FACE if facts.has_camera else m.STEP_NO_CAMERA
    return m.STEP_FACE


def _in_the_exam(hall: HallStatus, facts: Facts) -> Text:
    if not facts.line_is_up:
        return m.STEP_LINE_CUT
    if hall.subject is None or not hall.subject.released:
        return m.STEP_WAIT_START
    if not facts.was_cut:
        return m.STEP_CUT
    if hall.line.state == "down":
        return m.STEP_LINE_COMES
    return m.STEP_OTHERS_FOLLOW if has_ended(hall, facts) else m.STEP_LINE_BACK


def _at_the_end(step: Step, facts: Facts) -> Text:
    if not facts.line_is_up:
        return m.STEP_PUT_BACK
    return m.STEP_CLOSE if step is Step.CLOSE else m.STEP_OFFICE


# --- to the candidate ------------------------------------------------------------------------


def own_seat(hall: HallStatus, facts: Facts) -> SeatStatus | None:
    """Return the person's seat."""
    return next((seat for seat in hall.seats if seat.seat == facts.seat), None)


def has_ended(hall: HallStatus, facts: Facts) -> bool:
    """Say whether the person's exam is over, one way or another."""
    seat = own_seat(hall, facts)
    return seat is not None and seat.occupant is not None and seat.occupant.state in ENDED


def _to_the_candidate(hall: HallStatus, seat: SeatStatus | None, facts: Facts) -> Text | None:
    if seat is None:
        return None
    if not facts.address:
        return m.SEAT_STARTS
    if not seat.paired:
        return m.SEAT_PAIR if hall.pairing.code else None
    screen = _screen(seat)
    if screen in _WITHOUT_CAMERA and not facts.has_camera:
        return _WITHOUT_CAMERA[screen]
    if screen in {Screen.WAITING, Screen.RULES} and _is_withheld(seat):
        return m.SEAT_WITHHELD
    return None if screen is None else _SEAT.get(screen)


def _is_withheld(seat: SeatStatus) -> bool:
    there = seat.occupant
    return there is not None and there.withheld and there.state is not State.REFUSED


def _screen(seat: SeatStatus | None) -> Screen | None:
    if seat is None or not seat.screen:
        return None
    return Screen(seat.screen)
