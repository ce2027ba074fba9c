"""What this console saw change at the seats."""

from msgspec.structs import replace

from appliance.console.events import changes
from appliance.console.messages import Language
from exam.session import State
from tests import sample_halls as halls


def hall(*seats):
    """Return a hall of these seats, a minute after nine."""
    return halls.hall(seats, halls.NINE + halls.MINUTE)


def said(before, after, language=Language.EN):
    """Return the changes in words."""
    return [change.say(language) for change in changes(hall(before), hall(after))]


SITTING = halls.seat(1, halls.occupant(1, state=State.WAITING, session="ab" * 16), **halls.LINKED)


def changed(**who):
    """Return the seat with its candidate changed."""
    return replace(SITTING, occupant=replace(SITTING.occupant, **who))


def test_nothing_changes_by_itself():
    """Two equal statuses tell nothing."""
    assert said(SITTING, SITTING) == []


def test_a_new_state_is_told_with_the_old_one():
    """From where to where, in the language of the reader."""
    after = changed(state=State.ANSWERING)
    assert said(SITTING, after) == ["waiting -> answering"]
    assert said(SITTING, after, Language.ZH) == ["候考 → 答题中"]


def test_lost_and_back():
    """A seat that is no longer heard of, and its return."""
    lost = replace(SITTING, linked=False)
    assert said(SITTING, lost) == ["seat lost"]
    assert said(lost, SITTING) == ["seat back"]


def test_hands_time_and_leaves():
    """Hand up, hand down, time given and leaving the screen are told."""
    assert said(SITTING, changed(hand_raised=True)) == ["hand raised"]
    assert said(changed(hand_raised=True), SITTING) == ["hand lowered"]
    assert said(SITTING, changed(given_ms=300_000)) == ["05:00 given"]
    assert said(SITTING, changed(leaves=2)) == ["left the screen (time 2)"]


def test_somebody_else_at_the_seat():
    """A candidate who was moved here is named, and not mistaken for the one before."""
    other = replace(SITTING, occupant=halls.occupant(2, state=State.ANSWERING, session="cd" * 16))
    assert said(SITTING, other) == ["李雷 came to this seat"]


def test_pairing_is_told():
    """A terminal that was paired."""
    before = halls.seat(2, None, **halls.FOUND)
    assert said(before, replace(before, paired=True)) == ["paired"]
