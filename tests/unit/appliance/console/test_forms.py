"""The forms: which act the fields make, and what is said where they make none."""

import pytest
from msgspec.structs import replace

from appliance.console.actions import Action, seat_choices
from appliance.console.dialogs.forms import CHECKED, form_of, free_seats, whole_number
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.messages import Language
from appliance.console.view import HallView
from exam.session import State
from protocol import staff_api as api
from protocol.staff_api import TaskKind
from protocol.values import decode, encode
from tests import sample_halls as halls

VIEW = HallView(hall=halls.in_the_exam(), connected=True, language=Language.EN, staff="wang")
SEAT = VIEW.seat("a-01")
WHO = "c-01"

MADE = [
    (Action.PAUSE, {"reason": "r"}, api.Pause(candidate=WHO, reason="r")),
    (Action.RESUME, {"reason": "r"}, api.Resume(candidate=WHO, reason="r")),
    (
        Action.EXTEND,
        {"minutes": "１5", "reason": " r "},
        api.Extend(candidate=WHO, ms=900_000, reason="r"),
    ),
    (
        Action.MESSAGE,
        {"text": "好", "confirm": CHECKED},
        api.Message(candidate=WHO, text="好", must_confirm=True),
    ),
    (Action.COLLECT, {"reason": "r"}, api.Collect(candidate=WHO, reason="r")),
    (Action.REOPEN, {"reason": "r"}, api.Reopen(candidate=WHO, reason="r")),
    (
        Action.VOID,
        {"article": "2(3)", "reason": "r"},
        api.Void(candidate=WHO, article="2(3)", reason="r"),
    ),
    (Action.MARK_ABSENT, {"reason": "r"}, api.MarkAbsent(candidate=WHO, reason="r")),
    (
        Action.MOVE,
        {"seat": "06", "reason": "r"},
        api.Move(candidate=WHO, seat="a-06", reason="r"),
    ),
    (Action.GRANT_LEAVE, {}, api.GrantLeave(candidate=WHO)),
    (Action.END_LEAVE, {}, api.EndLeave(candidate=WHO)),
    (Action.LOWER_HAND, {}, api.LowerHand(candidate=WHO)),
    (Action.NOTE_STRAY, {}, api.NoteStray(candidate=WHO)),
]
GRAVE = {Action.COLLECT, Action.VOID, Action.MARK_ABSENT}


@pytest.mark.parametrize(("action", "values", "act"), MADE, ids=[case[0] for case in MADE])
def test_a_filled_form_makes_its_act(action, values, act):
    """Each form makes the act of its name for the candidate at the seat; grave ones ask again."""
    made = form_of(action, VIEW, SEAT).make(values)
    assert isinstance(made, Wanted)
    assert made.act == act
    assert bool(made.sure) is (action in GRAVE)
    assert decode(encode(made.act), api.Act) == act


@pytest.mark.parametrize(
    ("action", "values", "act"),
    [
        (Action.PAUSE_ALL, {"reason": "r"}, api.Pause(candidate=None, reason="r")),
        (Action.COLLECT_ALL, {"reason": "r"}, api.Collect(candidate=None, reason="r")),
        (
            Action.EXTEND_ALL,
            {"minutes": "5", "reason": "r"},
            api.Extend(candidate=None, ms=300_000, reason="r"),
        ),
        (
            Action.MESSAGE_ALL,
            {"text": "t", "confirm": ""},
            api.Message(candidate=None, text="t", must_confirm=False),
        ),
        (Action.CLOSE_SUBJECT, {}, api.CloseSubject(subject="theory")),
        (Action.DISARM, {}, api.Disarm(subject="theory")),
    ],
)
def test_the_same_for_all(action, values, act):
    """Without a seat the act concerns all candidates, or the subject."""
    made = form_of(action, VIEW, None).make(values)
    assert isinstance(made, Wanted)
    assert made.act == act
    assert decode(encode(made.act), api.Act) == act


@pytest.mark.parametrize(
    ("action", "values", "field"),
    [
        (Action.PAUSE, {"reason": "  "}, "reason"),
        (Action.EXTEND, {"minutes": "", "reason": "r"}, "minutes"),
        (Action.EXTEND, {"minutes": "241", "reason": "r"}, "minutes"),
        (Action.EXTEND, {"minutes": "5", "reason": ""}, "reason"),
        (Action.MESSAGE, {"text": " ", "confirm": ""}, "text"),
        (Action.VOID, {"article": "", "reason": "r"}, "article"),
        (Action.VOID, {"article": "2(3)", "reason": ""}, "reason"),
        (Action.MOVE, {"seat": "01", "reason": "r"}, "seat"),
        (Action.MOVE, {"seat": "06", "reason": ""}, "reason"),
    ],
)
def test_what_is_missing_is_named(action, values, field):
    """A form that is not complete makes no act, and says which field to go back to."""
    made = form_of(action, VIEW, SEAT).make(values)
    assert isinstance(made, Problem)
    assert made.field == field
    assert made.text


def test_the_words_of_a_raised_hand_are_shown():
    """Whoever answers a hand reads what was written."""
    form = form_of(Action.LOWER_HAND, VIEW, VIEW.seat("a-03"))
    assert "键盘有一个键不灵" in form.tell
    assert "03 欧阳修文" in form.tell


def test_only_who_has_an_unmerged_tail_is_asked_about_it():
    """The choice is there while the task is, for its candidate and for nobody else."""
    hall, seat = halls.in_the_exam(), VIEW.seat("a-03")
    task = next(task for task in hall.tasks if task.kind is TaskKind.HAND)
    shown = replace(hall, tasks=(replace(task, kind=TaskKind.STRAY),))
    assert task.candidate == seat.occupant.candidate
    assert Action.NOTE_STRAY in {choice.action for choice in seat_choices(shown, seat)}
    for other, where in ((hall, seat), (shown, VIEW.seat("a-01"))):
        assert Action.NOTE_STRAY not in {choice.action for choice in seat_choices(other, where)}


def test_empty_seats_come_first_then_those_of_who_is_absent():
    """A candidate can be moved to a free seat, or to one whose candidate will not come."""
    seats = (
        halls.seat(1, halls.occupant(1, state=State.ABSENT)),
        halls.seat(2, halls.occupant(2, state=State.ANSWERING)),
        halls.seat(3, None),
    )
    assert list(free_seats(halls.hall(seats, halls.NINE)).items()) == [
        ("03", "a-03"), ("01", "a-01"),
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("２", None), ("-4", None), ("4.0", None)])
def test_whole_numbers(text, number):
    """Only a whole number within its bounds is one."""
    assert whole_number(text, 3, 10) == number
