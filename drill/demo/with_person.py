"""The demo with a person: the console in this terminal, a page in a browser, six seats.

::

    hall                real programs, see `drill.hall`
      tasks             the crew: five simulated candidates, and one who may take the
                        person's place; the watch over the hall; the page's address
        window          the person's page, where a display and a browser are there
          console       in this terminal; closing it is the end of the demo

The tasks belong to `sit`, and end with the console.
"""

import asyncio
import contextlib
import sys
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from appliance.console.app import ConsoleApp
from drill.candidate import Candidate
from drill.demo import browser, prompts
from drill.demo import messages as m
from drill.demo.alone import office_says
from drill.demo.crew import A_DAY_S, Sitter
from drill.demo.desk import Desk
from drill.demo.narrator import Narrator
from drill.demo.showing import keep_open
from drill.errors import NotInTimeError
from drill.hall import Hall, HallPlan, Seated, open_hall
from drill.office_store import account_is_complete
from drill.waiting import patience, until
from protocol.staff_api import HallStatus
from runtime.tasks import Tasks

SIMULATED: Final = 5
"""Seats; the next one is the person's."""
IMPOSTOR: Final = 2
"""The seat, from 0, whose sitter is not its candidate."""
_OPENS_IN_S: Final = 10 * 60
"""Codes are given out 15 minutes before the planned start: there is a code, and time."""
_MINUTES: Final = 60
_PAUSE_S: Final = 1.5
_HAND_IN_APART_S: Final = 1.5
_WITHOUT_CUT_S: Final = 90.0
"""So long the others write on after the person's end, where the line was never cut."""
_UP_S: Final = 30.0
_LAST_PARCELS_S: Final = 30.0
_LOOK_S: Final = 0.2
_ADDRESS_EVERY_S: Final = 1.0
"""A seat's program that was started again has another address."""


async def sit(folder: Path, say: Narrator, *, camera: bool) -> bool:
    """Open the hall and the console until the person closes it; say what came of the day.

    Return whether the day came to its end: all was received and verified.
    """
    say(m.OPENING)
    async with open_hall(_plan(folder, camera=camera)) as hall:
        say(m.OPEN)
        own = hall.seated[SIMULATED]
        facts = prompts.Facts(
            seat=own.seat,
            label=own.person.seat,
            name=own.person.name,
            id_number=own.person.id_number,
            has_camera=camera,
        )
        is_done = await _Demo(hall, Desk(hall, facts)).run(say)
        if is_done:
            await _last_parcels(hall)
            for sentence in await asyncio.to_thread(office_says, hall, say.language):
                say.plain(sentence)
        else:
            say(m.BEFORE_THE_END)
    return is_done


async def _last_parcels(hall: Hall) -> None:
    """Let the office verify what seats co-signed after the closing; it says so itself if not."""
    with contextlib.suppress(NotInTimeError):
        async with patience(_LAST_PARCELS_S, "the office's account of the subject is complete"):
            while not await asyncio.to_thread(account_is_complete, hall.layout):  # noqa: ASYNC110 - another process's file
                await asyncio.sleep(_LOOK_S)


def _plan(folder: Path, *, camera: bool) -> HallPlan:
    return HallPlan(
        folder=folder,
        seats=SIMULATED + 1,
        minutes=_MINUTES,
        cameras=SIMULATED,
        own_cameras=frozenset({SIMULATED} if camera else ()),
        impostors=frozenset({IMPOSTOR}),
        opens_in_s=_OPENS_IN_S,
    )


class _Demo:
    """One run, from the open hall to the console's end."""

    def __init__(self, hall: Hall, desk: Desk) -> None:
        self._hall = hall
        self._desk = desk
        self._enough = [asyncio.Event() for _ in hall.seated]
        """By seat: its simulated candidate may hand in."""
        self._is_done = False

    async def run(self, say: Narrator) -> bool:
        """Show the console until the person closes it."""
        async with AsyncExitStack() as stack:
            tasks = await stack.enter_async_context(Tasks("demo"))
            for number, seated in enumerate(self._hall.seated):
                tasks.start(f"candidate {seated.seat}", self._sits(seated, number), may_end=True)
            tasks.start("watch the hall", self._watch(), may_end=True)
            tasks.start("read the address", self._read_address())
            await stack.enter_async_context(self._window())
            await keep_open(lambda: self._desk.console(say.language), _show, say)
            say(m.ENDING)  # at once: what follows takes seconds
        return self._is_done

    @asynccontextmanager
    async def _window(self) -> AsyncIterator[None]:
        await until(lambda: self._desk.facts.address != "", "the page's address", _UP_S)
        profile = self._hall.places.folder / "browser"
        async with browser.window(self._desk.facts.address, profile):
            yield

    async def _sits(self, seated: Seated, number: int) -> None:
        """Let a simulated candidate sit; at the person's seat only where that is wished."""
        if number == SIMULATED:
            await self._desk.stood_in.wait()
        async with self._hall.page(seated.seat) as page, Tasks(f"page {seated.seat}") as tasks:
            tasks.start("live line", page.run())
            candidate = Candidate(seated, page, seed="demo", pause_s=_PAUSE_S)
            await Sitter(candidate, self._hall.staff, self._enough[number]).run()

    async def _watch(self) -> None:
        """Tell the others to hand in after the person's end, once the line was gone and is back."""
        await self._until(self._person_is_through)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._desk.was_restored.wait(), _WITHOUT_CUT_S)
        for enough in self._enough:
            enough.set()
            await asyncio.sleep(_HAND_IN_APART_S)
        await self._until(lambda hall: hall.closing is not None and hall.office_verified_all)
        self._is_done = True

    def _person_is_through(self, hall: HallStatus) -> bool:
        if hall.subject is None or not hall.subject.released:
            return False
        return self._desk.facts.stand_in or prompts.has_ended(hall, self._desk.facts)

    async def _until(self, true: Callable[[HallStatus], bool]) -> None:
        await self._hall.staff.until(true, "what the demo waits for", A_DAY_S)

    async def _read_address(self) -> None:
        path = self._hall.places.page(self._desk.facts.seat)
        while True:
            address = (await asyncio.to_thread(path.read_text, "ascii")).strip()
            self._desk.facts = replace(self._desk.facts, address=address)
            await asyncio.sleep(_ADDRESS_EVERY_S)


async def _show(app: ConsoleApp) -> None:
    """Run the console; where this is cancelled, give the terminal back as it was.

    What was typed before it stood there was not meant for it.
    """
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    showing = asyncio.create_task(app.run_async(), name="console")
    try:
        await asyncio.shield(showing)
    except asyncio.CancelledError:
        app.exit()
        await showing
        raise
