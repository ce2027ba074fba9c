"""A seat over restarts and sittings: what goes on, what is still delivered, what never mixes."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from protocol.decisions import Armed, Moved, Paused, Told, open_decision
from protocol.journal import DecisionReceived, Entered, decode_event
from protocol.seat_api import DecisionSaid
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from terminal_agent import actions as do
from terminal_agent import ending
from terminal_agent.view import ReasonCode, Screen
from tests.seat_hall import (
    DOORS,
    START,
    SUBJECT,
    BoxLine,
    Keys,
    SampleHall,
    SeatSteady,
    answering,
    desk,
    lay_paper,
)


@pytest.fixture
def keys() -> Keys:
    """The box's keys, which stay over the sittings."""
    return Keys()


# --- a second sitting on the same machine -----------------------------------------------------


async def test_decisions_of_another_sitting_neither_block_nor_mix(
    tmp_path: Path, keys: Keys
) -> None:
    """Decision 1 of the second sitting is kept beside decision 1 of the first."""
    first, second = SampleHall(keys, sitting="s-1"), SampleHall(keys, sitting="s-2")
    async with desk(tmp_path, first) as at:
        for start in (START, START + 1, START + 2):
            await at.decide(Armed(start=start))
        assert at.desk.state.armed == {SUBJECT: START + 2}
        await at.meet(second, BoxLine(second))
        assert at.desk.state.armed == {}
        assert (await at.seat.hello()).decisions_seen == 0
        await at.decide(Armed(start=START + 9))
        assert (await at.seat.hello()).decisions_seen == 1
    async with desk(tmp_path, second, meets=False, knows=second) as at:
        assert at.desk.state.armed == {SUBJECT: START + 9}


async def test_a_session_of_an_earlier_sitting_does_not_stand_before_the_next_candidate(
    tmp_path: Path, keys: Keys
) -> None:
    """What was open yesterday stays in the spool, and the doors are open for another."""
    first, second = SampleHall(keys, sitting="s-1"), SampleHall(keys, sitting="s-2")
    async with desk(tmp_path, first) as at:
        await at.log_in()
        yesterday = at.session.grant
    async with desk(tmp_path, second, knows=first) as at:
        assert at.desk.state.session is None
        assert at.seat.owing() is None
        assert at.seat.view().screen is Screen.CONSENT
        assert (await at.seat.hello()).sessions == ()
        await at.log_in()
        assert at.session.grant.sitting == "s-2"
        kept = await at.desk.spool.events(yesterday, 1, 99)
        assert len(kept) == 3, "with the one of the second start"
    async with desk(tmp_path, second, meets=False, knows=second) as at:
        assert at.session.grant.sitting == "s-2"


async def test_a_box_of_another_sitting_is_not_followed_while_somebody_writes(
    tmp_path: Path, keys: Keys
) -> None:
    """A second box in the next room does not take the paper from under a candidate."""
    first, second = SampleHall(keys, sitting="s-1"), SampleHall(keys, sitting="s-2")
    lay_paper(tmp_path, first)
    async with answering(tmp_path, first) as at:
        assert at.seat.sits_elsewhere(second.trusted())
        assert not at.seat.sits_elsewhere(first.trusted())


async def test_decisions_of_the_first_schema_find_their_sitting(tmp_path: Path, keys: Keys) -> None:
    """A spool of before is opened, and nothing that was kept is lost or in the wrong place."""
    hall = SampleHall(keys)
    async with desk(tmp_path, hall) as at:
        await at.decide(Armed(start=START + 5))
    with sqlite3.connect(tmp_path / "spool.db") as old:
        old.execute("UPDATE decisions SET sitting = '', appliance = ''")
    async with desk(tmp_path, hall, meets=False, knows=hall) as at:
        assert at.desk.state.armed == {SUBJECT: START + 5}


# --- undelivered events -----------------------------------------------------------------------


async def test_what_a_candidate_left_behind_is_delivered_by_the_next_start(
    tmp_path: Path,
) -> None:
    """The candidate left while the line was down; the seat was started again."""
    hall = SampleHall()
    line = BoxLine(hall)
    async with desk(tmp_path, hall, line) as at:
        await at.log_in()
        grant = at.session.grant
        await at.seat.act(do.LeaveHall())
    async with desk(tmp_path, hall, line, knows=hall) as at:
        assert at.desk.state.session is None
        assert await at.deliver() == 1
        assert at.seat.owing() is None
    assert len(line.journal[grant.session, grant.epoch]) == 2
    async with desk(tmp_path, hall, line, knows=hall) as at:
        assert at.desk.tails == []


async def test_what_was_not_delivered_at_the_change_of_subject_still_is(tmp_path: Path) -> None:
    """The next candidate sits there already; the one before loses nothing."""
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        first = at.session.grant
        await at.seat.act(do.LeaveHall())
        at.desk.clear_session()
        await at.log_in()
        second = at.session.grant
        assert (first.session, first.epoch) != (second.session, second.epoch)
        assert await at.deliver() == 2
        for grant in (first, second):
            assert len(at.line.journal[grant.session, grant.epoch]) == 2


async def test_the_whole_tail_of_an_ended_epoch_is_delivered(tmp_path: Path) -> None:
    """Also what is more than one batch, and also over a restart between two batches."""
    hall = SampleHall()
    lay_paper(tmp_path, hall)
    line = BoxLine(hall)
    async with desk(tmp_path, hall, line) as at:
        await at.come_to_the_paper()
        for _ in range(430):
            await at.seat.act(do.GoTo(item="s2"))
        grant, n = at.session.grant, at.session.n
        line.ended_epochs.add((grant.session, grant.epoch))
        batch = await at.session.next_batch()
        assert batch is not None
        assert len(batch.events) < n
        line.take(batch)
    async with desk(tmp_path, hall, line, knows=hall) as at:
        await at.deliver()
        assert len(line.journal[grant.session, grant.epoch]) == n + 1
        assert at.desk.state.session is None
    async with desk(tmp_path, hall, line, knows=hall) as at:
        assert (at.desk.state.session, at.desk.tails) == (None, [])


async def test_a_tail_that_the_box_refuses_holds_nobody_up(tmp_path: Path) -> None:
    """A box that knows nothing of an old session still gets the new one's events."""
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        first = at.session.grant
        await at.seat.act(do.LeaveHall())
        at.desk.clear_session()
        await at.log_in()
        del at.line.grants[first.session, first.epoch]
        await at.deliver()
        second = at.session.grant
        assert len(at.line.journal[second.session, second.epoch]) == 2
        assert at.seat.view().reason is None


# --- a restart --------------------------------------------------------------------------------


async def test_a_seat_that_was_moved_away_from_knows_it_after_a_restart(tmp_path: Path) -> None:
    """Once all is delivered the old seat stands free, also if it was started again meanwhile."""
    hall = SampleHall()
    line = BoxLine(hall)
    async with desk(tmp_path, hall, line) as at:
        await at.log_in()
        await at.decide(Moved(seat="a02", epoch=2, reason="machine"), one=True)
    async with desk(tmp_path, hall, line, knows=hall) as at:
        assert at.session.progress.moved_away
        await ending.look(at.desk, DOORS)
        assert at.desk.state.session is not None, "not everything is delivered yet"
        await at.deliver()
        await ending.look(at.desk, DOORS)
        assert at.desk.state.session is None


async def test_a_hand_that_was_taken_down_stays_down_after_a_restart(tmp_path: Path) -> None:
    """Only a hand raised after that is up."""
    hall = SampleHall()
    line = BoxLine(hall)
    async with desk(tmp_path, hall, line) as at:
        await at.log_in()
        await at.seat.act(do.RaiseHand(raised=True))
        assert at.seat.view().hand_raised
        await at.seat.act(do.RaiseHand(raised=False))
        assert not at.seat.view().hand_raised
    async with desk(tmp_path, hall, line, meets=False, knows=hall) as at:
        assert not at.seat.view().hand_raised
        await at.seat.act(do.RaiseHand(raised=True))
        assert at.seat.view().hand_raised


async def test_a_restart_comes_back_to_the_same_question_without_the_box(tmp_path: Path) -> None:
    """The wrapped key opens the paper; answers, marks and the question are as they were."""
    hall = SampleHall()
    lay_paper(tmp_path, hall)
    async with answering(tmp_path, hall) as at:
        await at.seat.act(do.Mark(item="s3", marked=True))
        await at.seat.act(do.GoTo(item="s7"))
        before = at.seat.paper()
        n = at.session.n
    assert before is not None
    async with desk(tmp_path, hall, meets=False, knows=hall) as at:
        assert at.seat.view().screen is Screen.ANSWERING
        assert at.seat.paper() == before
        assert before.current == "s7"
        assert at.session.n == n + 1, "only that the agent was started again"
        kept = [decode_event(b) for b in await at.desk.spool.events(at.session.grant, 1, 999)]
        assert [event.n for event in kept] == list(range(1, n + 2))
        assert sum(isinstance(event, Entered) for event in kept) == 1


async def test_decisions_that_overtook_the_log_in_are_in_the_journal_by_the_next_hello(
    tmp_path: Path,
) -> None:
    """A decision that is kept and not yet in the journal is written when a link comes up."""
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        envelope = hall.decision(Paused(reason="fire drill"))
        await at.desk.spool.keep_decision(open_decision(envelope, hall.keys.box.public), envelope)
        await at.seat.hello()
        await at.seat.hello()
        bodies = await at.desk.spool.events(at.session.grant, 1, 99)
        received = [e for e in map(decode_event, bodies) if isinstance(e, DecisionReceived)]
        assert [event.decision for event in received] == [envelope]


async def test_a_message_told_twice_at_once_is_one_event(tmp_path: Path) -> None:
    """The page's log-in and the link may write the same decision in the same moment."""
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        said = DecisionSaid(decision=hall.decision(Told(text="quiet", must_confirm=True)))
        await asyncio.gather(*(at.seat.hear(said) for _ in range(5)))
        assert at.session.n == 3
        assert len(at.seat.view().notices) == 1


# --- a calendar that is wrong -----------------------------------------------------------------

YEAR = int(365.25 * 86_400_000)


@pytest.mark.parametrize("years", [-26, +70])
async def test_a_power_cut_and_a_dead_battery_hand_nothing_in(tmp_path: Path, years: int) -> None:
    """Cut off, the seat only guesses the time and ends nothing by it; the box puts it right."""
    hall = SampleHall()
    line = BoxLine(hall)
    steady = SeatSteady(wall_ms=DOORS)
    lay_paper(tmp_path, hall)
    async with desk(tmp_path, hall, line, steady=steady) as at:
        await at.come_to_the_paper()
    steady.set_wall(DOORS + years * YEAR)
    steady.reboot()
    async with desk(tmp_path, hall, line, steady=steady, meets=False, knows=hall) as at:
        guessed = at.desk.now()
        assert guessed is not None
        assert guessed >= START, "never before the last event"
        await ending.look(at.desk, guessed)
        assert at.seat.view().screen is Screen.ANSWERING
        await at.meet(hall, line)
        await at.tell_time(START + 1000)
        assert at.desk.now() == START + 1000
        await ending.look(at.desk, START + 1000)
        assert at.seat.view().screen is Screen.ANSWERING


# --- what hinders ---------------------------------------------------------------------------


async def test_a_full_disk_does_not_keep_a_seat_from_trying_again(tmp_path: Path) -> None:
    """Taking up fails whole, says which disk, and goes well once there is room."""
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        n = at.session.n
    async with desk(tmp_path, hall, meets=False) as at:
        with FaultyDisk().installed() as disk:
            disk.full()
            with pytest.raises(DiskFullError):
                await at.seat.resume(hall.trusted())
            disk.room()
            await at.seat.resume(hall.trusted())
        assert at.session.n == n + 1
        assert at.desk.tails == []


async def test_a_sitting_that_found_no_room_is_taken_up_when_there_is(
    tmp_path: Path, keys: Keys
) -> None:
    """At each write point on the way: the next link begins it anew, and nothing is left out."""
    first, second = SampleHall(keys, sitting="s-1"), SampleHall(keys, sitting="s-2")
    line = BoxLine(second)
    async with desk(tmp_path, second, line) as at:
        await at.log_in()
        session = at.session.grant.session
    for after in range(3):
        async with desk(tmp_path, first) as at:
            assert at.desk.state.session is None
            with FaultyDisk().installed() as disk:
                disk.full(after=after)
                with pytest.raises(DiskFullError):
                    await at.meet(second, line)
                disk.room()
                await at.meet(second, line)
            assert at.session.grant.session == session, f"point {after}"


async def test_trouble_is_said_until_it_is_over(tmp_path: Path) -> None:
    """The page shows on every screen what the seat tries again."""
    async with desk(tmp_path, SampleHall()) as at:
        at.desk.troubled(DiskFullError("no room"))
        shown = at.seat.view().trouble
        assert shown is not None
        assert shown.code is ReasonCode.DISK_TRIED
        at.desk.troubled(None)
        assert at.seat.view().trouble is None
