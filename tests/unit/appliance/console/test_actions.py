"""What the menus offer: only what the session table allows, and every reason why not."""

import pytest
from msgspec.structs import replace

from appliance.console.actions import Action, hall_choices, seat_choices
from exam import session
from exam.session import State
from tests import sample_halls as halls

NEEDS = {
    Action.PAUSE: session.Paused,
    Action.RESUME: session.Resumed,
    Action.EXTEND: session.TimeGiven,
    Action.COLLECT: session.Collected,
    Action.REOPEN: session.Reopened,
    Action.VOID: session.Voided,
    Action.MARK_ABSENT: session.MissedIt,
    Action.GRANT_LEAVE: session.WentAway,
    Action.END_LEAVE: session.CameBack,
}


def offered(hall, **who):
    """Return what is offered at a seat whose candidate is like this."""
    seat = halls.seat(1, halls.occupant(1, **who), **halls.LINKED)
    return {choice.action for choice in seat_choices(hall, seat)}


def possible(hall):
    """Return what can be chosen for the whole hall."""
    return {choice.action for choice in hall_choices(hall) if choice.why_not is None}


@pytest.mark.parametrize("state", list(State))
def test_a_seat_offers_what_the_table_allows(state):
    """Nothing is offered that the box would refuse by the session table."""
    got = offered(halls.in_the_exam(), state=state, session="ab" * 16)
    for action, happening in NEEDS.items():
        if action in got:
            assert state in session.TABLE[happening], action
    assert Action.PAIR_SEAT in got


def test_who_writes_can_be_paused_and_who_is_paused_resumed():
    """Pause and resume are never offered together."""
    hall = halls.in_the_exam()
    assert Action.PAUSE in offered(hall, state=State.ANSWERING)
    assert Action.RESUME not in offered(hall, state=State.ANSWERING)
    paused = offered(hall, state=State.PAUSED)
    assert Action.RESUME in paused
    assert Action.PAUSE not in paused


def test_a_withheld_result_can_be_decided_after_the_hand_in():
    """The identity stays open after the end, where it was left open."""
    hall = halls.in_the_exam()
    assert Action.IDENTITY in offered(hall, state=State.HANDED_IN, withheld=True)
    assert Action.IDENTITY not in offered(hall, state=State.HANDED_IN)


def test_a_free_seat_offers_pairing_only():
    """There is nobody to decide about."""
    choices = seat_choices(halls.in_the_exam(), halls.seat(9, None))
    assert [choice.action for choice in choices] == [Action.PAIR_SEAT]


def test_keys_are_distinct():
    """No two entries of a menu share a key, and none takes the seat page's own."""
    hall = replace(halls.in_the_exam(), closing=None)
    keys = [choice.key for choice in hall_choices(hall)]
    assert len(keys) == len(set(keys))
    for state in State:
        seat = halls.seat(1, halls.occupant(1, state=state, session="ab" * 16, hand_raised=True))
        at_seat = [choice.key for choice in seat_choices(hall, seat)]
        assert len(at_seat) == len(set(at_seat))
        assert not set(at_seat) & {"n", "z"}


def test_the_hall_offers_the_days_next_things():
    """Unlocking before the start, arming once unlocked, closing when all have ended."""
    assert Action.UNLOCK in possible(halls.before_the_code())
    assert Action.ARM not in possible(halls.before_the_code())
    assert Action.DISARM in possible(halls.armed())
    assert Action.PAUSE_ALL not in possible(halls.armed())
    assert {Action.PAUSE_ALL, Action.EXTEND_ALL, Action.COLLECT_ALL} <= possible(
        halls.in_the_exam()
    )
    assert Action.CLOSE_SUBJECT not in possible(halls.in_the_exam())
    assert Action.CLOSE_SUBJECT in possible(halls.accounted_for())


def test_after_the_closing_only_clock_and_pairing_are_left():
    """A closed subject takes no more acts."""
    assert possible(halls.delivered()) == {Action.OPEN_DOORS, Action.PAIR}
