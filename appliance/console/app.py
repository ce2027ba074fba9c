"""The console: holds the line to core, hands what comes to the screens, opens dialogs.

Rules: it is a client and keeps nothing; what it shows is drawn at most twice a second; it
draws on standard error, which nobody may redirect.

Task: one worker follows the line; the app owns it, and it ends with the app.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from msgspec.structs import replace
from textual.app import App
from textual.binding import Binding, BindingType

from appliance.console import events
from appliance.console import messages as m
from appliance.console.actions import Action, hall_choices
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.base import ConfirmDialog
from appliance.console.dialogs.menu import MenuDialog
from appliance.console.dialogs.opening import dialog_of, dialog_of_task, help_page, menu_of_task
from appliance.console.link import HallLink, Lost
from appliance.console.main_screen import MainScreen
from appliance.console.messages import Language
from appliance.console.next_step import Step, next_step
from appliance.console.office_screen import OfficeScreen
from appliance.console.palette import CALM, THEME
from appliance.console.seat_page import SeatPage
from appliance.console.view import HallView, ShowsHall, Surroundings
from protocol.keys import SigningKey
from protocol.staff_api import Act, ActReply, HallStatus, SeatStatus, StaffAct

_DRAW_EVERY_S: Final = 0.5
_KEPT_CHANGES: Final = 2_000

_ACTION_OF_STEP: Final = {
    Step.OPEN_DOORS: Action.OPEN_DOORS,
    Step.PAIR: Action.PAIR,
    Step.PAIRING: Action.PAIR,
    Step.WAIT_CODE: Action.UNLOCK,
    Step.UNLOCK: Action.UNLOCK,
    Step.ARM: Action.ARM,
    Step.COLLECT: Action.COLLECT_ALL,
    Step.CLOSE: Action.CLOSE_SUBJECT,
}


class ConsoleApp(App[None]):
    """The invigilator's console."""

    TITLE = "Examhall"
    CSS_PATH = Path(__file__).with_name("console.tcss")
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,N", "next", show=False),
        Binding("a,A", "menu", show=False),
        Binding("o,O", "office", show=False),
        Binding("l,L", "language", show=False),
        Binding("question_mark,f1", "help", show=False),
        Binding("q,Q", "ask_quit", show=False),
        Binding("ctrl+c", "help_quit", show=False, priority=True),
    ]

    def __init__(
        self,
        link: HallLink,
        *,
        language: Language = Language.ZH,
        surroundings: Surroundings | None = None,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._link: Final = link
        self._surroundings: Final = surroundings or Surroundings()
        self._steady: Final = steady
        self._view = HallView(language=language, staff=link.staff)
        self._came_at = steady()
        self.is_drawn = False
        """Whether the screens show the last status that came."""
        self._changes: list[events.Change] = []
        self._quitting: ConfirmDialog | None = None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Name our own colour, before the style sheet is read."""
        return {"calm": CALM}

    def on_mount(self) -> None:
        """Draw the empty hall and begin to follow core."""
        self.register_theme(THEME)
        self.theme = THEME.name
        self._open_main()
        for key in self._surroundings.keys:
            self.bind(f"{key.key},{key.key.upper()}", f"extra('{key.key}')", show=False)
        self.set_interval(_DRAW_EVERY_S, self._draw)
        self.run_worker(self._follow(), group="link", exit_on_error=True)

    def _open_main(self) -> None:
        self.push_screen(MainScreen(self, self._surroundings, str(self._link.socket)))

    # --- following core ----------------------------------------------------------------------

    async def _follow(self) -> None:
        async for news in self._link.follow():
            self.receive(news)

    def receive(self, news: HallStatus | Lost) -> None:
        """Take what the line brought; drawn at the next turn, a lost or found line at once."""
        was_connected = self._view.connected
        if isinstance(news, Lost):
            self._view = replace(self._view, connected=False, trouble=news.detail)
        else:
            self._note(news)
            self._came_at = self._steady()
            self._view = replace(self._view, hall=news, connected=True, trouble="")
        self.is_drawn = False
        if self._view.connected is not was_connected:
            self._draw()

    def _note(self, hall: HallStatus) -> None:
        if self._view.hall is not None:
            self._changes += events.changes(self._view.hall, hall)
            del self._changes[:-_KEPT_CHANGES]

    def _draw(self) -> None:
        if self.is_drawn:
            return
        self.is_drawn = True
        for screen in self.screen_stack:
            if isinstance(screen, ShowsHall) and screen.is_mounted:
                screen.show_hall(self._view)

    # --- what dialogs ask of the app: `appliance.console.view.Desk` ------------------------------

    @property
    def view(self) -> HallView:
        """What is shown now."""
        return self._view

    def now(self) -> int:
        """Return the hall time in ms, counted on from the last status."""
        hall = self._view.hall
        since = self._steady() - self._came_at
        return 0 if hall is None else hall.hall_time + round(since * 1000)

    def asked(self, act: Act) -> StaffAct | None:
        """Return an act of this moment to sign; None before the first status came."""
        return None if self._view.hall is None else self._link.asked(self._view.hall, act)

    @property
    def staff(self) -> str:
        """Who acts here."""
        return self._link.staff

    async def second_key(self, staff: str, passphrase: str) -> SigningKey:
        """Open a second person's key; raise `StaffKeyError` or `OSError`."""
        return await self._link.second_key(staff, passphrase)

    async def ask(
        self, asked: StaffAct, codes: tuple[str, ...] = (), second: SigningKey | None = None
    ) -> ActReply:
        """Have it carried out; raise `LinkLostError`."""
        return await self._link.ask(asked, codes, second)

    async def picture(self, candidate: str, which: str) -> bytes | None:
        """Return a picture of a candidate: ``roster`` or ``camera``."""
        return await self._link.picture(candidate, which)

    # --- keys --------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let the letters count on the hall's screen only; help counts everywhere."""
        del parameters
        if action in {"next", "menu", "office", "language", "ask_quit", "extra"}:
            return isinstance(self.screen, MainScreen)
        return True

    def action_next(self) -> None:
        """Do what the line "Next" says."""
        hall = self._view.hall
        if hall is None:
            return
        found = next_step(hall)
        if found.task is not None:
            self._open_task(found.task.id)
        elif found.step in {Step.OFFICE, Step.DONE}:
            self.action_office()
        elif found.step in _ACTION_OF_STEP:
            self._open(_ACTION_OF_STEP[found.step], None)

    def action_menu(self) -> None:
        """Open the list of what concerns the whole hall."""
        if self._view.hall is None:
            return
        menu = MenuDialog(self, d.MENU.say(self._view.language), hall_choices(self._view.hall))
        self.push_screen(menu, self._chosen)

    def _chosen(self, action: Action | None, seat: SeatStatus | None = None) -> None:
        if action is not None:
            self._open(action, seat)

    def action_office(self) -> None:
        """Show what is on its way to the office."""
        self.push_screen(OfficeScreen(self))

    def action_help(self) -> None:
        """Explain signs and keys."""
        if isinstance(self.screen, MainScreen):
            self.push_screen(help_page(self))

    def action_language(self) -> None:
        """Speak the other language."""
        self._view = replace(self._view, language=self._view.language.other)
        self.is_drawn = False
        self._draw()

    def action_ask_quit(self) -> None:
        """Close the console, once the person has confirmed it."""
        language = self._view.language
        tell = (self._surroundings.leaving or d.QUIT_TELL).say(language)
        confirm = ConfirmDialog(self, d.QUIT.say(language), tell, yes=d.QUIT_YES)
        self._quitting = confirm
        self.push_screen(confirm, lambda sure: self.exit() if sure else None)

    def action_help_quit(self) -> None:
        """Ask on Ctrl+C whether to close, in our words, and close on the second."""
        if self._quitting is not None and self.screen is self._quitting:
            self.exit()
        else:
            self.action_ask_quit()

    async def action_quit(self) -> None:
        """Take Ctrl+Q for the same wish."""
        self.action_help_quit()

    async def action_extra(self, key: str) -> None:
        """Press a key of the program around the console."""
        for extra in self._surroundings.keys:
            if extra.key == key:
                await extra.press()

    # --- opening -----------------------------------------------------------------------------

    def on_main_screen_seat_opened(self, event: MainScreen.SeatOpened) -> None:
        """Open a seat's page."""
        self._open_seat(event.seat)

    def on_main_screen_task_opened(self, event: MainScreen.TaskOpened) -> None:
        """Open what a task needs."""
        self._open_task(event.task)

    def _open_seat(self, seat: str) -> None:
        self.push_screen(SeatPage(self, seat, self._open, lambda: self._changes))

    def _open_task(self, name: str) -> None:
        hall = self._view.hall
        task = None if hall is None else next((t for t in hall.tasks if t.id == name), None)
        if task is None:
            return
        seat = self._view.seat_of(task.candidate)
        menu = None if seat is None else menu_of_task(self, task, seat)
        if seat is not None and menu is not None:
            self.push_screen(menu, partial(self._chosen, seat=seat))
            return
        dialog = dialog_of_task(self, task)
        if dialog is not None:
            self.push_screen(dialog, self._finished)
        elif task.seat:
            self._open_seat(task.seat)

    def _open(self, action: Action, seat: SeatStatus | None) -> None:
        dialog = dialog_of(self, action, seat)
        if dialog is not None:
            self.push_screen(dialog, self._finished)

    def _finished(self, done: Any) -> None:
        if done is not None:
            self.notify(m.DONE.say(self._view.language), timeout=3)
