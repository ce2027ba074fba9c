"""Acts as people type them."""

import pytest
from msgspec.structs import replace

from appliance.act_words import ACTS, ActWordsError, form, read_act, table
from appliance.console.messages import Language
from protocol import staff_api as api
from protocol.staff_api import Act, HallStatus
from tests import sample_halls as halls
from tests.sample_halls import MINUTE, NINE


def read(typed: str, hall: HallStatus | None = None) -> Act:
    """Read an act whose fields hold no blanks."""
    name, *fields = typed.split()
    return read_act(name, fields, hall or halls.in_the_exam())


def why(typed: str, hall: HallStatus | None = None) -> str:
    """Return why an act is refused, having looked that it says so in Chinese too."""
    with pytest.raises(ActWordsError) as error:
        read(typed, hall)
    assert error.value.show(Language.ZH) != str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "who", ["01", "a-01", "A-01", "王芳", "０１", "11010119900300173x", "c-01"]
)
def test_a_candidate_is_named_as_a_person_sees_them(who: str) -> None:
    """Label, seat, name, ID number and identifier lead to the same candidate."""
    expected = api.Pause(candidate="c-01", reason="停电")
    assert read(f"pause candidate={who} reason=停电") == expected


def test_everybody_is_said_and_never_implied() -> None:
    """Only `all` means all; without it an act for many is refused."""
    assert read("collect candidate=all reason=时间到").candidate is None
    assert "needs candidate" in why("collect reason=时间到")


def test_two_of_one_name_are_told_apart_by_their_seats() -> None:
    """A name that two candidates bear is refused with the labels of both seats."""
    hall = halls.in_the_exam()
    first, second, *rest = hall.seats
    twin = replace(second, occupant=replace(second.occupant, name=first.occupant.name))
    said = why("pause candidate=王芳 reason=x", replace(hall, seats=(first, twin, *rest)))
    assert f"{first.label}, {second.label}" in said


def test_minutes_and_times_are_read_as_people_say_them() -> None:
    """Time is given in minutes; a start is a time of day, `now`, or the planned moment."""
    assert read("extend candidate=02 minutes=5 reason=x").ms == 5 * MINUTE
    hall = halls.before_the_code()
    assert read("arm", hall) == api.Arm(subject="theory", start=0)
    assert read("arm start=09:01", hall).start == NINE + MINUTE
    assert read("arm start=now", hall).start == api.AT_ONCE


def test_a_start_gone_by_is_refused_until_now_is_said() -> None:
    """A past moment would start the exam at once: typed or planned, it is refused with its age."""
    early = halls.before_the_code()
    late = replace(early, hall_time=NINE + 14 * MINUTE)
    assert "09:00 is 14 minute(s) ago; expected a moment to come" in why("arm start=09:00", late)
    assert "09:00 is 14 minute(s) ago" in why("arm", late)
    assert "09:13:30 is 30 s ago" in why("arm start=09:13:30", late)
    assert read("arm start=now", late).start == api.AT_ONCE


def test_the_clock_is_corrected_by_the_time_on_the_wall() -> None:
    """The doors open with the box's time, or with what a watch shows instead."""
    hall = halls.before_the_code()
    assert read("open-doors", hall) == api.OpenDoors(correction=0)
    assert read("open_doors time=08:50:07", hall) == api.OpenDoors(correction=7_000)


def test_seats_to_pair_are_listed_or_all() -> None:
    """Seats go by their labels, separated by commas."""
    assert read("open-pairing seats=01,a-03").seats == ("a-01", "a-03")
    assert len(read("open-pairing seats=all replace=yes").seats) == 6


def test_identity_is_decided_by_two_words() -> None:
    """To admit and to refuse are the two sides of one act."""
    assert read("admit candidate=02 reason=本人").accepted is True
    assert read("refuse candidate=02 reason=不是本人").accepted is False


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("dance", "the acts are: open-doors, "),
        ("pause candidate=01", "pause needs reason; expected: pause candidate=...|all reason=..."),
        ("pause who=01 reason=x", "'who=01' does not belong here"),
        ("pause 01", "'01' does not belong here"),
        ("pause candidate=01 candidate=02 reason=x", "'candidate=02' does not belong here"),
        ("pause candidate=Z99 reason=x", "no candidate 'Z99'"),
        ("move candidate=01 seat=Z99 reason=x", "no seat 'Z99'; its seats: 01, 02"),
        ("extend candidate=01 minutes=-5 reason=x", "a whole number from 1 up; got '-5'"),
        ("extend candidate=01 minutes=0 reason=x", "a whole number from 1 up; got '0'"),
        ("arm start=noon", "got 'noon'"),
        ("message candidate=all text=x must_confirm=perhaps", "expected yes or no"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_is(typed: str, expected: str) -> None:
    """Each mistake is told with what was expected, what came, and what to do."""
    assert expected in why(typed)


def test_a_closed_sitting_asks_for_the_subject() -> None:
    """Where no subject has its turn, none is guessed."""
    assert "name one by subject=" in why("arm", replace(halls.morning(), subject=None))


def test_every_act_of_the_box_can_be_typed() -> None:
    """The words make each kind of act that core carries out, and the page of help has them."""
    typed = {
        "candidate": "01",
        "seat": "06",
        "seats": "01",
        "reason": "x",
        "article": "1",
        "minutes": "1",
        "text": "x",
    }
    made = set()
    for name, found in ACTS.items():
        needed = [field.split("|")[0] for field in found.fields if not field.startswith("[")]
        made.add(type(read_act(name, [f"{n}={typed[n]}" for n in needed], halls.in_the_exam())))
        assert form(name) in table()
    assert made == set(Act.__args__)
