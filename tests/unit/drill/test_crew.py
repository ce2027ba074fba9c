"""The demo's simulated candidates: none of them waits for what will not come."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from drill.demo.crew import Sitter
from drill.errors import NotInTimeError
from terminal_agent.view import Screen


class NoCode:
    """Staff whose pairing window has closed: every seat is paired."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def until(self, *_: Any) -> None:
        self.asked.set()
        await asyncio.sleep(0)
        raise NotInTimeError("no code")


async def test_a_seat_that_was_paired_meanwhile_waits_for_no_code() -> None:
    """The reply to its code was lost, the pairing went on: the page shows it, and so goes he."""
    page, staff = SimpleNamespace(seat="a02", view=SimpleNamespace(screen=Screen.PAIRING)), NoCode()
    candidate = SimpleNamespace(page=page)
    sitter = Sitter(cast("Any", candidate), cast("Any", staff), asyncio.Event())
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        tasks.create_task(sitter._do(cast("Any", page.view)))
        await staff.asked.wait()
        page.view = SimpleNamespace(screen=Screen.CONSENT)
