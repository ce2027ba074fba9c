"""What the console tells a newcomer to do, at each moment of the day."""

import pytest
from msgspec.structs import replace

from appliance.console.messages import Language
from appliance.console.next_step import Step, next_step, say_next
from appliance.console.office_screen import office_lines
from exam.session import State
from protocol.staff_api import LineStatus, TaskKind
from tests import sample_halls as halls
from tests.sample_halls import MINUTE, NINE

UNLOCKED = replace(
    halls.before_the_code(), subject=halls.subject(unlocked=True), hall_time=NINE - 9 * MINUTE
)
EARLY = replace(halls.before_the_code(), hall_time=NINE - 16 * MINUTE)
WATCHED = replace(halls.in_the_exam(), tasks=())
CONFIRMED = replace(halls.morning(), clock_confirmed_by="wang", tasks=())

DAY = [
    ("nobody has confirmed the clock", halls.morning(), Step.OPEN_DOORS),
    ("terminals wait to be paired", CONFIRMED, Step.PAIR),
    ("nine digits are out", halls.pairing(), Step.PAIRING),
    ("it is too early for a code", EARLY, Step.WAIT_CODE),
    ("the code may be out", halls.before_the_code(), Step.UNLOCK),
    ("the paper is unlocked", UNLOCKED, Step.ARM),
    ("the start is armed", halls.armed(), Step.WAIT_START),
    ("somebody needs a person", halls.in_the_exam(), Step.SEE_TO),
    ("nobody needs a person", WATCHED, Step.WATCH),
    ("everybody has ended", halls.accounted_for(), Step.CLOSE),
    (
        "the office has not verified all",
        replace(halls.delivered(), office_verified_all=False),
        Step.OFFICE,
    ),
    ("the office has verified all", halls.delivered(), Step.DONE),
    ("no subject is left", replace(halls.morning(), subject=None), Step.NO_SUBJECT),
]


@pytest.mark.parametrize(("hall", "step"), [case[1:] for case in DAY], ids=[c[0] for c in DAY])
def test_the_day_leads_from_step_to_step(hall, step):
    """Each moment of the day has its one step, and a sentence for it in both languages."""
    assert next_step(hall).step is step
    for language in Language:
        assert say_next(hall, language)


def test_a_terminal_that_is_not_there_holds_nothing_up():
    """A seat without a terminal is not waited for: the code comes next."""
    seats = (*halls.before_the_code().seats[:5], halls.seat(6, halls.occupant(6)))
    assert next_step(replace(halls.before_the_code(), seats=seats)).step is Step.UNLOCK


def test_pairing_gives_way_when_the_start_is_near():
    """Two minutes before the start a locked paper is more urgent than an unpaired terminal."""
    seats = (halls.seat(1, halls.occupant(1), **halls.FOUND),)
    late = replace(halls.before_the_code(), seats=seats, hall_time=NINE - MINUTE)
    assert next_step(late).step is Step.UNLOCK
    assert next_step(replace(late, hall_time=NINE - 5 * MINUTE)).step is Step.PAIR


def test_the_most_urgent_task_is_named():
    """The step names the first thing in the list, its seat and its candidate."""
    said = say_next(halls.in_the_exam(), Language.EN)
    assert "3 things" in said
    assert "04 张伟 seat lost" in said


@pytest.mark.parametrize("kind", [TaskKind.OFFICE, TaskKind.STRAY, TaskKind.CLOCK])
def test_what_can_wait_never_comes_first(kind):
    """Things that wait without harm stand in the list only."""
    assert next_step(replace(WATCHED, tasks=(halls.task(kind, 1),))).step is Step.WATCH


def test_who_is_left_behind_is_collected():
    """A linked seat that is still open well after its own end is to be collected."""
    over = replace(WATCHED, hall_time=NINE + 121 * MINUTE)
    assert next_step(over).step is Step.COLLECT
    assert "3" in say_next(over, Language.EN)


def test_a_seat_gets_its_moment_to_hand_in_by_itself():
    """In the first seconds after the own end nothing is asked of a person."""
    at_the_end = replace(WATCHED, hall_time=NINE + 120 * MINUTE + 5_000)
    assert next_step(at_the_end).step is Step.WATCH


def test_a_line_that_is_down_at_the_end_is_no_alarm():
    """After the closing the sentence says that delivery goes on by itself."""
    cut = replace(
        halls.delivered(),
        office_verified_all=False,
        line=LineStatus(state="down", since=NINE, error="timed out"),
    )
    assert "by itself" in say_next(cut, Language.EN)
    assert "2060" in say_next(cut, Language.ZH)


def test_seats_that_hold_the_lane_up_are_named():
    """Where all parcels are verified and recordings may still come: whose, and until when."""
    hall = halls.delivered()
    seats = tuple(seat.seat for seat in hall.seats[:4])
    waits = replace(
        hall,
        office_verified_all=False,
        awaited_seats=seats,
        awaited_until=NINE + 150 * MINUTE,
    )
    said = "等录像：座位 01、02、03 等 4 个，最迟到 11:30：按 N 查看"
    assert say_next(waits, Language.ZH) == said
    assert "01, 02, 03 ... (4)" in say_next(waits, Language.EN)
    assert "11:30" in say_next(waits, Language.EN)
    page = "\n".join(cell.text for line in office_lines(waits, Language.EN) for cell in line)
    assert "01, 02, 03, 04" in page
    assert "11:30" in page


def test_somebody_who_is_expected_is_not_ended():
    """A candidate who has not come keeps the subject from being closed."""
    seats = (*halls.accounted_for().seats[:5], halls.seat(6, halls.occupant(6)))
    hall = halls.counted(replace(halls.accounted_for(), seats=seats))
    assert hall.standing[State.EXPECTED] == 1
    assert next_step(hall).step is Step.WATCH
