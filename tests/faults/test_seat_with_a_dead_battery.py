"""A terminal whose clock stands in another year: paired, logged in, sat, started again, delivered.

Core and terminal are programs of their own; the terminal's calendar is wrong, as after a dead
battery. OpenSSL is told not to look at the calendar at all (``tests/unit/runtime``).
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator

import pytest

from appliance.ipc import staff_client
from benchmarks.door import admit, arm
from benchmarks.hall import MeasuredHall, measured_hall
from drill.page import SeatPage
from drill.sample_sitting import people
from exam.paper import Chosen
from protocol import staff_api
from terminal_agent import actions as do
from terminal_agent.view import LoginFieldName, Screen, View
from tests.source_tree import ROOT

PROGRAM = str(ROOT / "tests" / "faults" / "seat_of_another_time.py")
YEAR_S = 365.25 * 86_400
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@contextlib.asynccontextmanager
async def seat(hall: MeasuredHall, off_s: float) -> AsyncIterator[SeatPage]:
    """Run a terminal whose calendar is off, and open its page."""
    address = hall.folder / "page"
    address.unlink(missing_ok=True)
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, PROGRAM, str(off_s), "--folder", str(hall.folder / "a-seat")),
        *("--appliance", f"127.0.0.1:{hall.port}", "--network", "loopback"),
        *("--camera", "none", "--address-file", str(address)),
    )
    try:
        async with SeatPage("a01", address, patience_s=30) as page:
            opening = asyncio.get_running_loop().create_task(page.run())
            try:
                yield page
            finally:
                opening.cancel()
                await asyncio.gather(opening, return_exceptions=True)
    finally:
        program.kill()
        await program.wait()


def is_right(view: View) -> bool:
    """Say whether the page shows the hall's time; the hall here has the test's own."""
    return view.hall_time is not None and abs(view.hall_time - time.time() * 1000) < 10_000


@pytest.mark.parametrize(
    "years", [-26, pytest.param(+70, marks=pytest.mark.chaos)], ids=["in_2000", "in_2096"]
)
async def test_a_terminal_of_another_year_sits_and_delivers(years: int) -> None:
    """Hall time is the box's; a restart in the midst of it changes neither time nor question."""
    async with measured_hall(1) as hall:
        async with seat(hall, years * YEAR_S) as page:
            await come_to_the_paper(hall, page)
            await page.act(do.Answer(item=(await first(page)), response=Chosen(options=())))
            await page.act(do.GoTo(item=(await first(page))))
            view = await page.until(is_delivered, "all is delivered")
            assert is_right(view)
            ends = view.targets.ends
        async with seat(hall, years * YEAR_S) as page:
            view = await page.until(lambda v: is_delivered(v) and is_right(v), "on and delivered")
            assert view.screen is Screen.ANSWERING, "not handed in by a wrong clock"
            assert view.targets.ends == ends
            assert (await page.paper()).current == await first(page)


def is_delivered(view: View) -> bool:
    """Say whether the box has acknowledged all that lies at the seat."""
    return 0 < view.saved.on_disk == view.saved.acknowledged


async def first(page: SeatPage) -> str:
    """Return the candidate's first question."""
    return (await page.paper()).order[0].item


async def come_to_the_paper(hall: MeasuredHall, page: SeatPage) -> None:
    """Pair by the code that the console shows, log in, be admitted, and begin."""
    (person,) = people(1)
    name = (await staff_client.fetch_status(hall.staff_socket)).seats[0].seat
    await hall.act(staff_api.OpenPairing(seats=(name,)))
    code = (await staff_client.fetch_status(hall.staff_socket)).pairing.code
    await page.screen(Screen.PAIRING)
    await page.act(do.Pair(code=code, seat=name))
    await page.screen(Screen.CONSENT)
    await page.act(do.Consent(given=False))
    fields = {
        LoginFieldName.ID_NUMBER: person.id_number,
        LoginFieldName.ID_NUMBER_LAST4: person.id_number[-4:],
    }
    await page.act(do.LogIn(fields=fields))
    await page.screen(Screen.OWN_DATA)
    await page.act(do.ConfirmOwnData(right=True))
    await page.screen(Screen.FACE, Screen.RULES)
    status = await staff_client.fetch_status(hall.staff_socket)
    occupant = status.seats[0].occupant
    assert occupant is not None
    await admit(hall, occupant.candidate)
    await page.screen(Screen.RULES)
    await page.act(do.RulesRead())
    await page.screen(Screen.WAITING)
    await arm(hall)
    await page.screen(Screen.ANSWERING)
