"""Pages and dialogs that are left while something for them is still on its way."""

import asyncio
from pathlib import Path

from appliance.console.dialogs.base import ConfirmDialog
from appliance.console.dialogs.doors import DoorsDialog
from appliance.console.main_screen import MainScreen
from appliance.console.pictures import Picture, decode
from appliance.console.portraits import Portraits
from appliance.console.seat_page import SeatPage
from protocol.staff_api import ActDone
from tests import sample_halls as halls
from tests.consoles import console
from tests.scripted_desk import portrait


async def test_a_picture_for_a_page_that_is_taken_away_does_no_harm(tmp_path: Path) -> None:
    """Children go before their parents: a picture that comes between the two is dropped."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("enter")
        assert isinstance(c.app.screen, SeatPage)
        roster, camera = c.app.screen.query(Picture)
        await camera.query("*").remove()
        camera.show(decode(portrait("#335577", "#221100")))
        await roster.query(".no-picture").remove()
        roster.show(decode(portrait("#335577", "#221100")))


async def test_a_picture_that_comes_after_the_page_does_no_harm(tmp_path: Path) -> None:
    """The places for the pictures may have gone while one was fetched."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        asked, answer = asyncio.Event(), asyncio.Event()

        async def late(_candidate: str, _which: str) -> bytes | None:
            asked.set()
            await answer.wait()
            return None

        c.app.picture = late  # type: ignore[method-assign] # a slow core
        await c.press("enter")
        await asked.wait()
        portraits = c.app.screen.query_one(Portraits)
        await portraits.query(Picture).remove()
        answer.set()
        await c.press("escape")
        assert isinstance(c.app.screen, MainScreen)


async def test_what_ends_twice_takes_one_screen_away(tmp_path: Path) -> None:
    """A reply for a dialog that was left already leaves the hall's screen where it is."""
    async with console(halls.morning(), tmp_path) as c:
        await c.press("n")
        dialog = c.app.screen
        assert isinstance(dialog, DoorsDialog)
        dialog.action_leave()
        dialog.done(ActDone(decisions=(1,)))
        dialog.trouble("late")
        await c.pilot.pause()
        assert isinstance(c.app.screen, MainScreen)
        dialog.trouble("later")


async def test_a_reply_under_another_dialog_ends_its_own(tmp_path: Path) -> None:
    """While it is asked whether to quit, a reply ends the dialog beneath, after the answer."""
    async with console(halls.morning(), tmp_path) as c:
        await c.press("n")
        dialog = c.app.screen
        assert isinstance(dialog, DoorsDialog)
        await c.press("ctrl+c")
        dialog.done(ActDone(decisions=(1,)))
        await c.pilot.pause()
        assert isinstance(c.app.screen, ConfirmDialog)
        await c.press("n")
        await c.until(lambda: isinstance(c.app.screen, MainScreen))
