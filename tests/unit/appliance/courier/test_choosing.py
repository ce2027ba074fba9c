"""What is sent next, how much at once, and how long the pauses are."""

from appliance.courier.choosing import (
    FIRST_PIECE,
    JUMP_MS,
    LARGEST,
    LONGEST_PAUSE_S,
    RESEND_MS,
    SMALLEST,
    Moment,
    Pace,
    choose,
    pause_s,
    set_forward_ms,
)
from appliance.courier.ledger import Carried, Parcel, delivery_order
from protocol.parcel import Lane

NOW = 1_000_000_000


def parcel(lane: Lane, n: int, stage: Carried = Carried.SEALED, changed_at: int = NOW) -> Parcel:
    """Return a parcel of a lane."""
    return Parcel(
        name=f"{lane}.{n}",
        lane=lane,
        generation=1,
        n=n,
        size=1,
        sha256="0" * 64,
        digest="0" * 64,
        stage=stage,
        changed_at=changed_at,
    )


def chosen(*parcels: Parcel, taken: tuple[str, ...] = (), **held: float) -> str | None:
    """Return the name of what is chosen."""
    ordered = sorted(parcels, key=delivery_order)
    found = choose(ordered, taken, {"answers.1": 0.0} | held, now_s=10, now_ms=NOW)
    return None if found is None else found.name


def test_answers_go_first_then_by_number() -> None:
    """Whatever was found first: lanes in their order, numbers in theirs."""
    first, second = parcel(Lane.ANSWERS, 1), parcel(Lane.ANSWERS, 2)
    others = [parcel(lane, 1) for lane in reversed(Lane) if lane is not Lane.ANSWERS]
    assert chosen(*others, second, first) == "answers.1"
    assert chosen(*others, second, first, taken=("answers.1",)) == "answers.2"
    assert chosen(*others) == "evidence.1"


def test_what_the_office_has_is_not_sent() -> None:
    """Received, verified and refused parcels stay; so does one that was just sent."""
    stages = [Carried.SENT, Carried.RECEIVED, Carried.VERIFIED, Carried.REFUSED]
    assert chosen(*[parcel(Lane.ANSWERS, n, stage) for n, stage in enumerate(stages, 1)]) is None


def test_what_was_never_signed_for_is_asked_about_again() -> None:
    """A parcel that was sent long ago without a receipt is tried again."""
    assert chosen(parcel(Lane.ANSWERS, 1, Carried.SENT, NOW - RESEND_MS)) == "answers.1"


def test_a_calendar_that_was_set_back_does_not_hold_a_parcel() -> None:
    """Sent in what is now the future: asked about again, not in so many years."""
    assert chosen(parcel(Lane.ANSWERS, 1, Carried.SENT, NOW + 1)) == "answers.1"


def test_a_calendar_that_is_set_forward_is_told_from_time_that_passes() -> None:
    """Only what it runs ahead of the steady clock counts, from ten minutes on."""

    def after(steady_s: float, calendar_ms: int) -> int:
        start = Moment(steady_s=0, calendar_ms=0)
        return set_forward_ms(start, Moment(steady_s=steady_s, calendar_ms=calendar_ms))

    assert after(3600, 3_600_000) == 0
    assert after(3600, 3_600_000 + JUMP_MS) == 0
    assert after(10, 10_000 + 26 * 365 * 86_400_000) == 26 * 365 * 86_400_000
    assert after(10, -86_400_000) == 0


def test_a_held_back_parcel_gives_way_to_the_next() -> None:
    """What the office's receiver refused waits, and the lane goes on."""
    held = {"answers.1": 11.0}
    found = choose(
        [parcel(Lane.ANSWERS, 1), parcel(Lane.ANSWERS, 2)], (), held, now_s=10, now_ms=NOW
    )
    assert found is not None
    assert found.n == 2


def test_pieces_take_about_two_seconds() -> None:
    """A piece follows the measured rate, grows by steps, and stays within its bounds."""
    assert Pace().piece == FIRST_PIECE
    assert Pace(piece=1_000_000).after(1_000_000, 1.0).piece == 2_000_000
    assert Pace(piece=1_000_000).after(1_000_000, 4.0).piece == 500_000
    assert Pace(piece=1_000_000).after(1_000_000, 0.001).piece == 4_000_000
    assert Pace(piece=LARGEST).after(LARGEST, 0.001).piece == LARGEST
    assert Pace(piece=SMALLEST).after(SMALLEST, 100.0).piece == SMALLEST
    assert Pace(piece=SMALLEST).after_break().piece == SMALLEST
    assert Pace(piece=1_000_000).after_break().piece == 500_000


def test_a_short_last_piece_changes_nothing() -> None:
    """The tail of a file says little about the line."""
    assert Pace(piece=1_000_000).after(1000, 0.0001).piece == 1_000_000


def test_pauses_grow_and_are_bounded() -> None:
    """Half a second at first, doubling, at most the longest; never less than half of it."""
    assert [pause_s(n, 1.0) for n in (1, 2, 3)] == [0.5, 1.0, 2.0]
    assert pause_s(1000, 1.0) == LONGEST_PAUSE_S
    assert pause_s(1000, 0.0) == LONGEST_PAUSE_S / 2
