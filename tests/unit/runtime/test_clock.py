"""Hall time never runs backward, whatever the machine's calendar does."""

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.clock import Anchor, Beat, HallClock, MachineClock, ManualClock, SeatClock, resume
from runtime.errors import ClockError

NINE = 1_790_000_000_000
"""Nine o'clock of some exam day, as hall time."""
YEAR_2000 = 946_684_800_000


def test_machine_clock_counts_in_milliseconds() -> None:
    """The real clock's readings agree with each other and with the kernel's boot id."""
    clock = MachineClock()
    assert clock.steady_ms() >= clock.awake_ms() > 0
    assert clock.wall_ms() > NINE - 10**11
    assert len(clock.boot()) == 36


def test_hall_time_ignores_the_calendar() -> None:
    """Setting the machine's calendar moves hall time by nothing, and is seen by the next look."""
    machine = ManualClock(wall_ms=NINE)
    clock = HallClock(machine)
    machine.set_wall(YEAR_2000)
    machine.advance(1_000)
    assert clock.now() == NINE + 1_000
    jump = clock.look()
    assert jump is not None
    assert jump.wall_ms == YEAR_2000 - NINE
    assert clock.look() is None


def test_sleep_of_the_machine_counts_and_is_seen() -> None:
    """Hall time goes on while the machine is suspended, and the look afterwards says how long."""
    machine = ManualClock(wall_ms=NINE)
    clock = HallClock(machine)
    machine.suspend(90_000)
    assert clock.now() == NINE + 90_000
    jump = clock.look()
    assert jump is not None
    assert (jump.wall_ms, jump.asleep_ms) == (0, 90_000)


def test_restarted_process_goes_on_with_its_anchor() -> None:
    """In the same run of the machine the saved anchor counts, and stays confirmed."""
    machine = ManualClock(wall_ms=YEAR_2000, steady_ms=50_000)
    anchor = HallClock(machine).confirm(NINE, not_before=0)
    machine.advance(5_000)
    again = HallClock(machine, anchor=anchor, last_ms=NINE + 3_000)
    assert again.now() == NINE + 5_000
    assert again.anchor.confirmed


def test_boot_with_dead_battery_goes_on_from_the_last_record() -> None:
    """After a boot in the year 2000 hall time begins at the last record, and is not confirmed."""
    machine = ManualClock(wall_ms=NINE)
    anchor = HallClock(machine).confirm(NINE, not_before=0)
    machine.reboot()
    machine.set_wall(YEAR_2000)
    clock = HallClock(machine, anchor=anchor, last_ms=NINE + 70_000)
    assert clock.now() == NINE + 70_000
    assert not clock.anchor.confirmed
    assert clock.behind_ms == NINE + 70_000 - YEAR_2000


def test_boot_with_good_battery_takes_the_calendar() -> None:
    """After a boot whose calendar is later than the last record, the calendar is the guess."""
    machine = ManualClock(wall_ms=NINE)
    machine.reboot(off_ms=60_000)
    clock = HallClock(machine, last_ms=NINE)
    assert clock.now() == NINE + 60_000
    assert clock.behind_ms == 0


def test_person_may_set_it_back_but_not_before_the_last_record() -> None:
    """A confirmed time before the last binding record is refused; another is taken, even back."""
    machine = ManualClock(wall_ms=NINE + 10**9)
    clock = HallClock(machine)
    assert clock.now() == NINE + 10**9
    with pytest.raises(ClockError, match="not before the last record"):
        clock.confirm(NINE - 1, not_before=NINE)
    clock.confirm(NINE, not_before=NINE)
    assert clock.now() == NINE


def test_anchor_survives_being_kept() -> None:
    """An anchor written as JSON and read back is the same anchor."""
    anchor = Anchor(boot="b", offset_ms=-5, confirmed=True)
    assert msgspec.json.decode(msgspec.json.encode(anchor), type=Anchor) == anchor


async def test_waiting_ends_at_the_hall_time() -> None:
    """Who waits for nine o'clock goes on at nine, not a millisecond before."""
    machine = ManualClock(wall_ms=NINE - 2_500)
    clock = HallClock(machine)
    waiting = asyncio.ensure_future(clock.wait_until(NINE))
    for _ in range(2):
        await asyncio.sleep(0)
        machine.advance(1_000)
    await asyncio.sleep(0)
    machine.advance(499)
    for _ in range(5):
        await asyncio.sleep(0)
    assert not waiting.done()
    machine.advance(1)
    await asyncio.wait_for(waiting, 5)
    assert clock.now() == NINE


def test_seat_takes_hall_time_with_half_the_round_trip() -> None:
    """A beat that took 40 ms is taken as if the box had written it 20 ms ago."""
    machine = ManualClock(wall_ms=YEAR_2000, steady_ms=1_040)
    clock = SeatClock(machine)
    with pytest.raises(ClockError, match="none came yet"):
        clock.now()
    clock.hear(Beat(sent_ms=1_000, received_ms=1_040, hall_ms=NINE))
    assert clock.now() == NINE + 20
    assert clock.error_ms == 20
    machine.advance(5_000)
    assert clock.now() == NINE + 5_020


def test_best_beat_counts() -> None:
    """A slow beat does not spoil what a quick one measured."""
    machine = ManualClock(wall_ms=0, steady_ms=2_000)
    clock = SeatClock(machine)
    clock.hear(Beat(sent_ms=998, received_ms=1_000, hall_ms=NINE))
    clock.hear(Beat(sent_ms=1_500, received_ms=2_000, hall_ms=NINE + 990))
    assert clock.now() == NINE + 1_001


def test_late_correction_lets_the_clock_stand_not_run_back() -> None:
    """If the box says less than the seat believed, the seat stands still until that is reached."""
    machine = ManualClock(wall_ms=0, steady_ms=1_000)
    clock = SeatClock(machine)
    clock.hear(Beat(sent_ms=1_000, received_ms=1_000, hall_ms=NINE))
    assert clock.now() == NINE
    assert clock.hear(Beat(sent_ms=1_000, received_ms=1_000, hall_ms=NINE - 3_000)) == -3_000
    assert clock.now() == NINE
    machine.advance(3_500)
    assert clock.now() == NINE + 500


def test_seat_without_session_follows_a_person_back() -> None:
    """While no session is open, a seat follows when hall time is set back at the doors."""
    machine = ManualClock(wall_ms=0, steady_ms=1_000)
    clock = SeatClock(machine)
    clock.hear(Beat(sent_ms=1_000, received_ms=1_000, hall_ms=NINE + 10**9))
    clock.now()
    clock.hear(Beat(sent_ms=1_000, received_ms=1_000, hall_ms=NINE), may_go_back=True)
    assert clock.now() == NINE


def test_rebooted_seat_goes_on_without_the_box() -> None:
    """A seat that was rebooted while cut off is not before its last record."""
    machine = ManualClock(wall_ms=NINE)
    clock = SeatClock(machine)
    clock.hear(Beat(sent_ms=0, received_ms=0, hall_ms=NINE))
    machine.reboot(off_ms=10_000)
    again = SeatClock(machine, anchor=clock.anchor, last_ms=NINE + 4_000)
    assert again.now() == NINE + 10_000
    assert again.error_ms is None


def test_answer_before_its_question_is_refused() -> None:
    """A beat that ends before it began is no measurement."""
    with pytest.raises(ClockError, match="after its question"):
        SeatClock(ManualClock(wall_ms=0)).hear(Beat(sent_ms=5, received_ms=4, hall_ms=NINE))


@given(
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 3_000), st.integers(-2_000, 2_000)),
        min_size=1,
        max_size=30,
    )
)
def test_seat_clock_never_runs_backward(steps: list[tuple[int, int, int]]) -> None:
    """Whatever beats come, each look at the clock is at least the one before."""
    machine = ManualClock(wall_ms=0)
    clock = SeatClock(machine, last_ms=NINE)
    before = clock.now()
    for pause, trip, noise in steps:
        sent = machine.steady_ms()
        machine.advance(trip)
        clock.hear(Beat(sent_ms=sent, received_ms=machine.steady_ms(), hall_ms=NINE + sent + noise))
        machine.advance(pause)
        after = clock.now()
        assert after >= before
        before = after


@given(
    same_boot=st.booleans(),
    steady_ms=st.integers(0, 10**12),
    wall_ms=st.integers(0, 2 * NINE),
    last_ms=st.integers(0, 2 * NINE),
)
def test_resumed_time_is_never_before_the_last_record(
    *, same_boot: bool, steady_ms: int, wall_ms: int, last_ms: int
) -> None:
    """Whatever was saved and whatever the calendar says, time goes on from the last record."""
    saved = Anchor(boot="old", offset_ms=NINE - steady_ms, confirmed=True)
    anchor = resume(
        saved,
        boot="old" if same_boot else "new",
        steady_ms=steady_ms,
        wall_ms=wall_ms,
        last_ms=last_ms,
    )
    assert steady_ms + anchor.offset_ms >= last_ms
