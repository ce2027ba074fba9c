"""How the console looks: pictures of its screens at 80x24 and 120x40, in both languages.

After a change that is meant, look at the report that pytest writes, then run with
``--snapshot-update``.
"""

import pytest
from textual.pilot import Pilot

from appliance.console.app import ConsoleApp
from appliance.console.link import Lost
from appliance.console.messages import Language
from appliance.console.pictures import Picture
from tests import sample_halls as halls
from tests.standing_link import StandingLink
from tests.waiting import until

NARROW, WIDE = (80, 24), (120, 40)
LANGUAGES = list(Language)
TO_THE_DOUBT = ("tab", "down", "down", "enter")


def app(*news, language=Language.ZH):
    """Return a console that has this news, and a clock that stands."""
    return ConsoleApp(StandingLink(*news), language=language, steady=lambda: 0.0)


async def drawn(pilot: Pilot) -> None:
    """Wait until the last news is drawn and all pictures are there."""
    await until(lambda: pilot.app.view.hall is not None and pilot.app.is_drawn)
    await until(lambda: all(each.is_shown for each in pilot.app.screen.query(Picture)))
    await pilot.pause()


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("moment", ["morning", "in_the_exam", "delivered"])
def test_the_hall(snap_compare, moment, language, size) -> None:
    """The hall at three moments of the day."""
    hall = getattr(halls, moment)()
    assert snap_compare(app(hall, language=language), terminal_size=size, run_before=drawn)


@pytest.mark.parametrize("moment", ["before_the_code", "armed", "accounted_for"])
def test_the_rest_of_the_day(snap_compare, moment) -> None:
    """The moments between."""
    assert snap_compare(app(getattr(halls, moment)()), terminal_size=NARROW, run_before=drawn)


def test_the_line_to_core_is_lost(snap_compare) -> None:
    """The last picture stays, greyed, and says of when it is."""
    assert snap_compare(app(halls.in_the_exam(), Lost()), terminal_size=NARROW, run_before=drawn)


PAGES = {
    "menu": (halls.in_the_exam, ("a",)),
    "doors": (halls.morning, ("n",)),
    "pairing_choice": (halls.morning, ("a", "2")),
    "pairing_code": (halls.pairing, ("n",)),
    "unlock": (halls.before_the_code, ("n", *"2345")),
    "arm": (halls.unlocked, ("n",)),
    "identity": (halls.in_the_exam, TO_THE_DOUBT),
    "hand": (halls.in_the_exam, ("tab", "down", "enter")),
    "seat": (halls.in_the_exam, ("down", "down", "down", "enter")),
    "extend": (halls.in_the_exam, ("enter", "e", "1", "0", "enter")),
    "office": (halls.in_the_exam, ("o",)),
    "help": (halls.morning, ("question_mark",)),
    "quit": (halls.morning, ("q",)),
}


WORDY = ("menu", "doors", "unlock", "identity", "seat", "help")
"""Where the longer English could spoil the page."""


@pytest.mark.parametrize(
    ("page", "language"),
    [*((page, Language.ZH) for page in PAGES), *((page, Language.EN) for page in WORDY)],
)
def test_a_page(snap_compare, page, language) -> None:
    """A dialog or a page, at 80x24."""
    moment, keys = PAGES[page]

    async def opened(pilot: Pilot) -> None:
        await drawn(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        await drawn(pilot)

    assert snap_compare(app(moment(), language=language), terminal_size=NARROW, run_before=opened)
