"""The session table: every state meets every happening, and nothing is left to chance."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam import session as s
from exam.session import (
    ENDED,
    TABLE,
    WRITING,
    Happening,
    NotNow,
    Session,
    State,
    happen,
    stood_still_ms,
)

ONE_OF_EACH: tuple[Happening, ...] = (
    s.LoggedIn(at=10),
    s.Moved(at=10),
    s.IdentityAccepted(at=10),
    s.IdentityAccepted(at=10, withheld=True),
    s.TurnedAway(at=10),
    s.RulesRead(at=10),
    s.Entered(at=10),
    s.Paused(at=10),
    s.Resumed(at=10),
    s.TimeGiven(at=10, ms=300_000),
    s.WentAway(at=10, back_by=310_000),
    s.CameBack(at=10),
    s.LeftScreen(at=10),
    s.HandedIn(at=10, automatic=False, provisional=False),
    s.HandedIn(at=10, automatic=True, provisional=True),
    s.Reconciled(at=10),
    s.Reopened(at=10),
    s.Collected(at=10),
    s.Voided(at=10),
    s.MissedIt(at=10),
)


def after(*happenings: Happening, start: Session | None = None) -> Session:
    """Return the session after happenings that are all possible."""
    session = Session() if start is None else start
    for happening in happenings:
        following = happen(session, happening)
        assert isinstance(following, Session), str(following)
        session = following
    return session


def stood_still(session: Session, since: int = 0) -> int:
    """How long the time has stood still, with no pause running."""
    return stood_still_ms(session, since, now=0)


IN = after(s.LoggedIn(at=0), s.IdentityAccepted(at=1), s.RulesRead(at=2), s.Entered(at=1000))


def test_the_table_has_a_row_for_every_happening() -> None:
    """No happening is forgotten, neither in the table nor in these tests."""
    assert set(TABLE) == set(get_args(Happening)) == {type(one) for one in ONE_OF_EACH}


def test_every_state_but_the_first_is_reached() -> None:
    """No state of the table is one that a candidate never gets to."""
    found, waiting = {State.EXPECTED}, [Session()]
    while waiting:
        session = waiting.pop()
        for happening in ONE_OF_EACH:
            following = happen(session, happening)
            if isinstance(following, Session) and following.state not in found:
                found.add(following.state)
                waiting.append(following)
    assert found == set(State)


@pytest.mark.parametrize("state", sorted(State))
@pytest.mark.parametrize("happening", ONE_OF_EACH, ids=lambda h: type(h).__name__)
def test_what_is_not_in_the_table_is_refused(state: State, happening: Happening) -> None:
    """A happening leads where the table says, or is refused with the states it needs."""
    outcome = happen(Session(state=state), happening)
    row = TABLE[type(happening)]
    if state not in row:
        assert isinstance(outcome, NotNow)
        assert outcome.possible_in == tuple(row)
        assert str(state) in str(outcome)
    else:
        assert isinstance(outcome, Session)
        provisional = isinstance(happening, s.HandedIn) and happening.provisional
        wanted = State.HANDED_IN_PROVISIONALLY if provisional else row[state]
        assert outcome.state is wanted


def test_who_has_ended_never_writes_again() -> None:
    """From an ended session no row of happenings leads back to writing."""
    for state in ENDED:
        for happening in ONE_OF_EACH:
            following = happen(Session(state=state), happening)
            assert isinstance(following, NotNow) or following.state in ENDED


def test_a_crash_and_a_new_log_in_change_nothing() -> None:
    """Logging in again leaves state, entry and given time as they were."""
    session = after(s.TimeGiven(at=2000, ms=60_000), start=IN)
    assert after(s.LoggedIn(at=3000), s.Entered(at=4000), start=session) == session


def test_pauses_add_up() -> None:
    """Two pauses count together; a second word within one begins no other."""
    session = after(
        s.Paused(at=2000),
        s.Paused(at=2500),
        s.Resumed(at=5000),
        s.Paused(at=6000),
        s.Resumed(at=6500),
        start=IN,
    )
    assert (stood_still(session), session.paused_since) == (3500, None)


def test_a_pause_ends_with_the_session() -> None:
    """Whoever is collected in a pause has it counted to that moment."""
    session = after(s.Paused(at=2000), s.Collected(at=5000), start=IN)
    assert (stood_still(session), session.paused_since, session.ended_at) == (3000, None, 5000)


def test_a_pause_is_never_negative() -> None:
    """A clock that was put back gives no time away."""
    assert stood_still(after(s.Paused(at=5000), s.Resumed(at=2000), start=IN)) == 0


def test_a_provisional_hand_in_is_reopened_or_reconciled() -> None:
    """Cut off, the hand-in can be taken back; once reconciled it cannot."""
    provisional = after(s.HandedIn(at=9000, automatic=True, provisional=True), start=IN)
    assert provisional.ended_at == 9000
    reopened = after(s.Reopened(at=9500), start=provisional)
    assert (reopened.state, reopened.ended_at) == (State.ANSWERING, None)
    settled = after(s.Reconciled(at=9500), start=provisional)
    assert settled.state is State.HANDED_IN
    assert isinstance(happen(settled, s.Reopened(at=9600)), NotNow)


def test_a_reopening_gives_the_time_since_the_hand_in_back() -> None:
    """Who was cut off from the hall has what passed until the reopening, and it is no machine's."""
    session = after(
        s.HandedIn(at=9000, automatic=True, provisional=True), s.Reopened(at=9500), start=IN
    )
    assert (stood_still(session), session.automatic) == (500, False)


def test_who_enters_in_a_pause_is_paused() -> None:
    """A pause of the hall reaches who waits, and who comes while it lasts."""
    for before in ((), (s.LoggedIn(at=0), s.IdentityAccepted(at=1), s.RulesRead(at=2))):
        early = after(*before, s.Paused(at=500))
        rest = (s.LoggedIn(at=600), s.IdentityAccepted(at=601), s.RulesRead(at=602))
        session = after(*rest[len(before) :], s.Entered(at=1000), start=early)
        assert session.state is State.PAUSED
        resumed = after(s.Resumed(at=3000), start=session)
        assert (resumed.state, stood_still(resumed, since=1000)) == (State.ANSWERING, 2000)


def test_a_pause_that_ends_before_the_entry_holds_up_nobody() -> None:
    """Who enters after the pause writes at once, and was given nothing."""
    waiting = (s.LoggedIn(at=0), s.IdentityAccepted(at=1), s.RulesRead(at=2))
    session = after(*waiting, s.Paused(at=500), s.Resumed(at=900), s.Entered(at=1000))
    assert (session.state, stood_still(session, since=1000)) == (State.ANSWERING, 0)


def test_a_pause_interrupts_a_leave() -> None:
    """Whoever was away with leave is away again after the pause, for as much longer."""
    away = after(s.WentAway(at=2000, back_by=302_000), start=IN)
    session = after(s.Paused(at=3000), s.Resumed(at=5000), start=away)
    assert (session.state, session.back_by) == (State.AWAY, 304_000)
    back = after(s.Paused(at=3000), s.CameBack(at=4000), s.Resumed(at=5000), start=away)
    assert (back.state, back.back_by) == (State.ANSWERING, None)


def test_who_handed_in_while_cut_off_is_reopened_into_the_pause() -> None:
    """A pause that a cut-off seat did not hear of waits for whoever is reopened."""
    cut_off = after(s.HandedIn(at=9000, automatic=True, provisional=True), start=IN)
    session = after(s.Paused(at=8000), s.Reopened(at=9500), start=cut_off)
    assert session.state is State.PAUSED
    assert after(s.Resumed(at=9900), start=session).state is State.ANSWERING


def test_a_move_changes_no_state() -> None:
    """Who is moved before coming is expected at the other seat, and may be absent there."""
    assert after(s.Moved(at=10)) == Session()
    assert after(s.Moved(at=2000), start=IN) == IN


SEAT_HEARS_LATE = st.lists(st.integers(1, 900), min_size=4, max_size=4, unique=True).map(sorted)


@given(SEAT_HEARS_LATE, st.integers(0, 1000))
def test_the_time_that_stood_still_does_not_hang_on_the_order_of_hearing(
    moments: list[int], entered: int
) -> None:
    """Box and seat hear of entry, hand-in and pauses in other orders, and reckon the same end."""
    pause, resume, hand_in, reopen = moments
    waiting = (s.LoggedIn(at=0), s.IdentityAccepted(at=0), s.RulesRead(at=0))
    entry = s.Entered(at=min(entered, hand_in))
    handed_in = s.HandedIn(at=hand_in, automatic=True, provisional=True)
    stop, go, again = s.Paused(at=pause), s.Resumed(at=resume), s.Reopened(at=reopen)
    orders = (
        (entry, stop, go, handed_in, again),
        (stop, go, entry, handed_in, again),
        (entry, stop, handed_in, go, again),
        (entry, handed_in, stop, go, again),
    )
    found = {
        (session.state, session.entered_at, stood_still(session, entry.at))
        for order in orders
        for session in [after(*waiting, *order)]
    }
    assert len(found) == 1


def test_a_result_is_withheld_until_a_person_decides() -> None:
    """A failed face lets the candidate sit with the result withheld, and a person lifts that."""
    sitting = after(s.LoggedIn(at=0), s.IdentityAccepted(at=1, withheld=True), s.RulesRead(at=2))
    assert sitting.withheld
    handed_in = after(
        s.Entered(at=3), s.HandedIn(at=4, automatic=False, provisional=False), start=sitting
    )
    assert after(s.IdentityAccepted(at=5), start=handed_in).withheld is False
    assert after(s.TurnedAway(at=5), start=handed_in).state is State.VOIDED
    for before in (sitting, handed_in):
        assert after(s.TurnedAway(at=5), start=before).withheld is False


@given(st.lists(st.tuples(st.sampled_from(ONE_OF_EACH), st.integers(0, 10**7)), max_size=30))
def test_any_course_of_things_keeps_its_sums(course: list[tuple[Happening, int]]) -> None:
    """Whatever comes in whatever order: sums only grow, entry stays, ends fit their states."""
    session = Session()
    for happening, at in course:
        following = happen(session, msgspec.structs.replace(happening, at=at))
        if isinstance(following, NotNow):
            continue
        assert following.stood_still[: len(session.stood_still)] == session.stood_still
        assert following.given_ms >= session.given_ms
        assert following.leaves >= session.leaves
        assert session.entered_at in (None, following.entered_at)
        assert following.state is not State.PAUSED or following.paused_since is not None
        assert following.state not in {*WRITING, *ENDED} or following.paused_since is None
        assert following.state not in ENDED or following.ended_at is not None
        session = following
