"""Keeps the console open: it is a client, and its crash harms nothing in the hall.

One that crashed is opened again, after a moment in which the person can read why; where
that comes `CRASHES` times within `WITHIN_S`, it would go on for ever, and the demo ends.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from drill.demo import messages as m
from drill.demo.narrator import Narrator
from drill.errors import DrillError

CRASHES: Final = 3
WITHIN_S: Final = 20.0
READ_S: Final = 2.0
"""So long the person reads that the console is opened again."""


class Console(Protocol):
    """What is looked at here of a Textual program."""

    @property
    def return_code(self) -> int | None:
        """Other than 0 where it crashed."""


AnyConsole = TypeVar("AnyConsole", bound=Console)


async def keep_open(
    make: Callable[[], AnyConsole],
    show: Callable[[AnyConsole], Awaitable[object]],
    say: Narrator,
    *,
    read_s: float = READ_S,
    steady: Callable[[], float] = time.monotonic,
) -> None:
    """Show a console until the person closes it; raise `DrillError` where none stays up."""
    crashes: list[float] = []
    while True:
        console = make()
        await show(console)
        if not console.return_code:
            return
        crashes.append(steady())
        if crashed_too_often(crashes):
            raise DrillError(
                f"the console crashed {CRASHES} times within {WITHIN_S:.0f} s; its words are above"
            )
        say(m.CONSOLE_AGAIN)
        await asyncio.sleep(read_s)


def crashed_too_often(crashes: list[float]) -> bool:
    """Say whether the last ones, at these seconds, came too close together."""
    return len(crashes) >= CRASHES and crashes[-1] - crashes[-CRASHES] <= WITHIN_S
