"""A running exam whose every process is killed again and again, at random moments."""

from collections import Counter
from pathlib import Path

import pytest

from drill.chaos import Sweep
from drill.day import DayPlan, open_day
from drill.hall import HallPlan

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


def _programs(day):
    hall = day.hall
    return [*hall.office.states, *hall.box.states, *hall.seats.states]
