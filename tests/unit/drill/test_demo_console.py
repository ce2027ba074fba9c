"""A console that crashes is opened again; the hall does not end with it."""

import pytest
from textual.app import App

from drill.demo.messages import Language
from drill.demo.narrator import Narrator
from drill.demo.showing import WITHIN_S, crashed_too_often, keep_open
from drill.errors import DrillError


class Crashing(App[None]):
    """Crashes as it comes up."""

    def on_mount(self) -> None:
        raise RuntimeError("a fault of the console")


class Closed(App[None]):
    """Is closed by the person."""

    def on_mount(self) -> None:
        self.exit()


async def shown(*consoles: type[App[None]]) -> list[str]:
    """Show real Textual programs one after another; return what was said."""
    said: list[str] = []
    left = iter([console() for console in consoles])
    await keep_open(
        left.__next__,
        lambda app: app.run_async(headless=True),
        Narrator(Language.ZH, said.append),
        read_s=0,
    )
    assert next(left, None) is None
    return said


async def test_a_crashed_console_is_opened_again() -> None:
    """The person is told that the hall goes on, in their language; closing ends it."""
    again = "监考台意外退出，考场不受影响，正在重新打开"
    assert await shown(Crashing, Crashing, Closed) == [again, again]
    assert await shown(Closed) == []


async def test_a_console_that_never_stays_up_ends_the_demo() -> None:
    """The third crash within seconds is the last."""
    with pytest.raises(DrillError, match="crashed 3 times"):
        await shown(Crashing, Crashing, Crashing, Closed)


def test_crashes_far_apart_do_not_add_up() -> None:
    """Only the last three count, and only where they came close together."""
    assert not crashed_too_often([0, 1])
    assert crashed_too_often([0, 1, WITHIN_S])
    assert not crashed_too_often([0, 1, WITHIN_S + 1])
    assert crashed_too_often([0, 100, 101, 102])
