"""Whole days on real programs with a line and an office that fail: typed is what is verified."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from central.office import tls_identity
from drill.chaos import kill
from drill.day import Day, DayPlan, open_day
from drill.hall import HallPlan
from drill.line import SickOffice
from drill.sample_sitting import SUBJECT
from protocol import staff_api as api
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hall"), pytest.mark.timeout(400)]

PIECE = 3_000
"""Bytes after which the line breaks: less than one parcel of this day."""


@asynccontextmanager
async def a_day(folder: Path, **hall: object) -> AsyncIterator[Day]:
    plan = HallPlan(folder=folder, seats=2, minutes=20, **hall)
    async with open_day(DayPlan(hall=plan, pause_s=0.3, leave_to_the_end=0), say=print) as day:
        yield day


async def sit(day: Day) -> None:
    for phase in (day.wake_up, day.pair, day.log_in, day.identify, day.unlock, day.start):
        await phase()


async def all_is_there(day: Day, least: int) -> None:
    report = await day.account()
    assert report.mismatches == ()
    assert report.typed == report.verified
    assert report.typed.events > least
    assert report.ok


async def test_an_office_that_is_away_all_day_has_all_in_the_end(tmp_path: Path) -> None:
    """From the doors to the closing nothing reaches it, and nobody in the hall is held up."""
    async with a_day(tmp_path) as day:
        await day.hall.line.cut()
        before = at_the_office(day)
        await sit(day)
        await day.write_during(asyncio.sleep(4))
        await day.hand_in()
        await day.hall.staff.do(api.CloseSubject(subject=SUBJECT))
        assert all(len(one.record.receipt) == 20 for one in day.candidates)
        hall = await day.hall.staff.status()
        assert (hall.line.state, hall.office_verified_all) == ("down", False)
        assert at_the_office(day) == before
        await day.hall.line.restore()
        await day.delivered()
        await all_is_there(day, 10)


async def test_an_office_that_fails_at_every_turn_has_all_in_the_end(tmp_path: Path) -> None:
    """It answers 500, uploads break in the middle, parcels are sent again from the first."""
    async with a_day(tmp_path, apart=True) as day:
        line = day.hall.line
        await sit(day)

        async def troubles() -> None:
            async with SickOffice(*tls_identity(day.hall.layout)) as sick:
                line.divert(sick.port)
                await until(lambda: sick.asked > 2, seconds=60)
                line.divert(None)
            for _ in range(4):
                before = line.passed
                line.cut_after(PIECE)
                await until(lambda before=before: line.passed >= before + PIECE, seconds=60)
            await forget_what_was_sent(day)

        await day.write_during(troubles())
        await day.hand_in()
        await forget_what_was_sent(day)
        await day.close()
        await all_is_there(day, 10)


def at_the_office(day: Day) -> list[Path]:
    return sorted(day.hall.layout.parcels.rglob("*.parcel"))


async def forget_what_was_sent(day: Day) -> None:
    """The courier loses its ledger: the office is offered again what it has."""
    await kill((day.hall.box,), "courier")
    for path in (day.hall.places.state / "courier").glob("courier.db*"):
        path.unlink(missing_ok=True)
