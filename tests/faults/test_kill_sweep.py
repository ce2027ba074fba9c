"""A running exam whose every process is killed again and again, at random moments."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path

import pytest

from drill.chaos import Sweep
from drill.day import Day, DayPlan, open_day
from drill.demo.crew import Sitter
from drill.hall import HallPlan
from terminal_agent.view import Screen

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hall"), pytest.mark.timeout(400)]

KILLS = 50
SEATS = 2


async def test_fifty_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """No kept answer is missing, none is twice, and candidates go on at the same question."""
    hall = HallPlan(folder=tmp_path, seats=SEATS, minutes=20, cameras=SEATS, apart=True)
    async with open_day(DayPlan(hall=hall, pause_s=0.4), say=print) as day:
        for phase in (day.wake_up, day.pair, day.log_in, day.identify, day.unlock, day.start):
            await phase()
        sweep = Sweep(day.hall, seed="2026", kills=KILLS)
        await day.write_during(sweep.run())
        await day.hand_in()
        await day.close()
        report = await day.account()
        assert sweep.killed.total() == KILLS
        assert set(sweep.killed) == {state.name for state in _programs(day)}
        assert report.deaths == sweep.killed, "a program died that nobody had killed"
        assert report.mismatches == ()
        assert report.ok
        assert report.typed.events >= KILLS
        assert Counter(report.endings) == {"handed_in": SEATS}
        assert all(one.record.reopened for one in day.candidates)


async def test_kills_at_the_turns_of_the_day_lose_nothing(tmp_path: Path) -> None:
    """At log-in, unlocking, the armed start, hand-in and closing: everything comes to its end."""
    hall = HallPlan(folder=tmp_path, seats=SEATS, minutes=20, apart=True)
    killed: Counter[str] = Counter()
    enough = asyncio.Event()

    async with open_day(DayPlan(hall=hall, pause_s=0.4), say=print) as day:

        async def through(moment: Awaitable[object], kills: int) -> None:
            sweep = Sweep(day.hall, seed=f"2027 {len(killed)}", kills=kills)
            await asyncio.gather(sweep.run(), moment)
            killed.update(sweep.killed)

        await day.wake_up()
        await day.pair()
        async with asyncio.TaskGroup() as sitting:
            for one in day.candidates:
                sitting.create_task(Sitter(one, day.hall.staff, enough).run())
            await through(_all_wait(day), 6)
            await through(day.unlock(), 4)
            await through(day.start(), 6)
            await asyncio.sleep(2)
            enough.set()
            await through(_all_handed_in(day), 8)
        for one in day.candidates:
            await one.take_receipt()
        await through(day.close(), 6)
        report = await day.account()
        assert killed.total() == 30
        assert report.deaths == killed, "a program died that nobody had killed"
        assert report.mismatches == ()
        assert report.ok
        assert report.typed.events > 0
        assert Counter(report.endings) == {"handed_in": SEATS}
        assert all(len(one.record.receipt) == 20 for one in day.candidates)


async def _all_wait(day: Day) -> None:
    """Staff decide about those without a camera, and all come to wait for the start."""
    async with asyncio.TaskGroup() as going:
        deciding = going.create_task(day._decide_identities())
        for one in day.candidates:
            await one.page.screen(Screen.WAITING, seconds=120)
        await day.hall.staff.until(lambda hall: not hall.tasks, "identities decided")
        deciding.cancel()


async def _all_handed_in(day: Day) -> None:
    for one in day.candidates:
        await one.page.screen(Screen.HANDED_IN, seconds=120)


def _programs(day):
    hall = day.hall
    return [*hall.office.states, *hall.box.states, *hall.seats.states]
