"""A console at work in a test: the app driven by keys, against a scripted desk."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Digits, Static

from appliance.console.app import ConsoleApp
from appliance.console.link import HallLink
from appliance.console.messages import Language
from appliance.console.view import Surroundings
from protocol.staff_api import HallStatus
from tests.scripted_desk import KEY, ScriptedDesk, scripted_desk
from tests.waiting import until

NARROW = (80, 24)
WIDE = (120, 40)


@dataclass
class Console:
    """A running console and the desk that it speaks to."""

    app: ConsoleApp
    pilot: Pilot[None]
    desk: ScriptedDesk

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, and let the screen follow."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type text into the field that has the cursor."""
        await self.pilot.press(*text)
        await self.pilot.pause()

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait until something is so, and the screen has followed."""
        await until(happened)
        await self.pilot.pause()

    async def shows(self, status: HallStatus) -> None:
        """Let core's status be this one, and wait until the console has it."""
        self.desk.status = status
        await self.until(lambda: self.app.view.hall == status and self.app.is_drawn)

    def text(self) -> str:
        """Return all words of the screen on top, as they were last given to it."""
        screen = self.app.screen
        statics = (str(each.content) for each in screen.query(Static) if each.display)
        digits = (each.value for each in screen.query(Digits) if each.display)
        return "\n".join([*statics, *digits])

    def has(self, words: str) -> Callable[[], bool]:
        """Return whether the screen on top shows these words, to be asked again and again."""
        return lambda: words in self.text()


@asynccontextmanager
async def console(
    status: HallStatus,
    folder: Path,
    *,
    size: tuple[int, int] = NARROW,
    language: Language = Language.ZH,
    surroundings: Surroundings | None = None,
    before: Callable[[ScriptedDesk], Awaitable[None]] | None = None,
) -> AsyncIterator[Console]:
    """Run a console that has drawn this status."""
    async with scripted_desk(status, folder) as desk:
        if before is not None:
            await before(desk)
        link = HallLink(desk.socket, "wang", KEY, folder)
        app = ConsoleApp(link, language=language, surroundings=surroundings, steady=lambda: 0.0)
        async with app.run_test(size=size) as pilot:
            found = Console(app, pilot, desk)
            if before is None:
                await found.until(lambda: app.view.hall is not None and app.is_drawn)
            yield found
