"""Sums of time, at the millisecond before, on and after each border."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam import times
from exam.rulebook import RuleBook, read_rule_book
from exam.session import Paused, Resumed, Session, State, TimeGiven, happen
from exam.sitting import Subject
from tests.source_tree import ROOT

MINUTE = 60_000
NINE = 9 * 60 * MINUTE
KSJ = read_rule_book((ROOT / "exam" / "rulebooks" / "ksj.toml").read_text("utf-8"))
THEORY = Subject(
    id="theory", title="理论", opens=NINE, closes=NINE + 90 * MINUTE, duration_s=90 * 60
)
PRACTICAL = Subject(
    id="practical",
    title="实操",
    opens=NINE,
    closes=NINE + 90 * MINUTE,
    duration_s=90 * 60,
    practical=True,
)


def entered(at: int) -> Session:
    return Session(state=State.ANSWERING, entered_at=at)


def then(session: Session, *happenings: object) -> Session:
    for happening in happenings:
        following = happen(session, happening)  # type: ignore[arg-type]
        assert isinstance(following, Session)
        session = following
    return session


@pytest.mark.parametrize(
    ("armed", "now", "outcome"),
    [
        (None, NINE - 30 * MINUTE - 1, times.TooEarly(opens=NINE - 30 * MINUTE)),
        (None, NINE - 30 * MINUTE, times.Open(closes=NINE + 30 * MINUTE)),
        (NINE, NINE + 30 * MINUTE, times.Open(closes=NINE + 30 * MINUTE)),
        (NINE, NINE + 30 * MINUTE + 1, times.TooLate(closed=NINE + 30 * MINUTE)),
        (NINE + 20 * MINUTE, NINE + 50 * MINUTE, times.Open(closes=NINE + 50 * MINUTE)),
        (NINE + 20 * MINUTE, NINE - 30 * MINUTE, times.Open(closes=NINE + 50 * MINUTE)),
        (None, NINE + 60 * MINUTE, times.Open(closes=NINE + 30 * MINUTE)),
    ],
)
def test_doors(armed: int | None, now: int, outcome: object) -> None:
    """Doors open 30 minutes before, close 30 after the start; without one nobody is late."""
    assert times.doors(KSJ, THEORY, armed, now) == outcome


@pytest.mark.parametrize(
    ("entry", "end"),
    [
        (NINE, NINE + 90 * MINUTE),
        (NINE + 10 * MINUTE, NINE + 90 * MINUTE),
        (NINE + 29 * MINUTE, NINE + 90 * MINUTE),
    ],
)
def test_the_own_end_is_never_behind_the_window(entry: int, end: int) -> None:
    """Entry plus duration, or the end of the window where that is earlier."""
    assert times.own_end(THEORY, NINE, entered(entry), 0, entry) == end


def test_a_short_subject_ends_before_its_window() -> None:
    """Where the duration is shorter than the window, it counts from the entry."""
    short = Subject(id="s", title="", opens=NINE, closes=NINE + 90 * MINUTE, duration_s=60 * 60)
    assert times.own_end(short, NINE, entered(NINE + 5 * MINUTE), 0, NINE) == NINE + 65 * MINUTE


def test_a_late_start_moves_the_window() -> None:
    """Twenty minutes late, everybody has the whole time; early, the window stays."""
    late = NINE + 20 * MINUTE
    assert times.own_end(THEORY, late, entered(late), 0, late) == late + 90 * MINUTE
    assert times.window_end(THEORY, NINE - 5 * MINUTE) == THEORY.closes


def test_everything_added_moves_the_end() -> None:
    """Accommodation, time given and pauses add up, beyond the window too."""
    session = then(
        entered(NINE),
        TimeGiven(at=NINE, ms=5 * MINUTE),
        Paused(at=NINE + MINUTE),
        Resumed(at=NINE + 4 * MINUTE),
    )
    assert times.own_end(THEORY, NINE, session, 15 * MINUTE, NINE) == THEORY.closes + 23 * MINUTE


def test_a_running_pause_moves_the_end_with_the_clock() -> None:
    """While the time stands still, the time left does too."""
    session = then(entered(NINE), Paused(at=NINE + MINUTE))
    left = {
        times.own_end(THEORY, NINE, session, 0, now) - now
        for now in (NINE + MINUTE, NINE + 2 * MINUTE, NINE + 50 * MINUTE)
    }
    assert left == {89 * MINUTE}


@pytest.mark.parametrize(("subject", "after"), [(THEORY, 30 * MINUTE), (PRACTICAL, 0)])
def test_earliest_hand_in(subject: Subject, after: int) -> None:
    """Theory after 30 minutes from the start as it really was, practical at once."""
    assert times.earliest_hand_in(KSJ, subject, NINE + MINUTE) == NINE + MINUTE + after


def test_before_arming_the_plan_counts() -> None:
    """Without an armed start the planned one stands."""
    assert times.start_of(THEORY, None) == NINE
    assert times.start_of(THEORY, NINE + 1) == NINE + 1


@given(st.integers(0, 10**8), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_more_given_is_never_less_time(entry: int, given_ms: int, extra: int, more: int) -> None:
    """Whatever the entry: what is added is had in full."""
    session = Session(state=State.ANSWERING, entered_at=entry, given_ms=given_ms)
    longer = Session(state=State.ANSWERING, entered_at=entry, given_ms=given_ms + more)
    before = times.own_end(THEORY, NINE, session, extra, NINE)
    assert times.own_end(THEORY, NINE, longer, extra, NINE) == before + more
    assert times.own_end(THEORY, NINE, session, extra + more, NINE) == before + more


def test_the_rule_book_is_the_table_of_the_requirements() -> None:
    """Every number of ``ksj`` in the requirements' table stands in its file."""
    book: RuleBook = KSJ
    assert [field.value for field in book.login.fields] == ["id_number", "id_number_last4"]
    assert (book.doors.open_before_s, book.doors.late_after_s) == (1800, 1800)
    assert book.begin.how == "by_itself"
    assert (book.hand_in.earliest_theory_s, book.hand_in.earliest_practical_s) == (1800, 0)
    leaving = book.leaving_screen
    assert (leaving.grace_s, leaving.limit, leaving.consequence) == (5, 10, "collect")
    assert book.re_entry.within_s == 0
    assert book.lost_time.treatment == "give_back"
    assert book.away.leave == "on_approval"
    assert (book.identity.tries, book.identity.on_failure) == (3, "sit_withheld")
    assert book.cameras.picture_lost == "go_on"
