"""A link that gives one status and then nothing: for pictures of the console."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from appliance.console.link import HallLink, Lost
from protocol.staff_api import HallStatus
from tests.scripted_desk import KEY, portrait


class StandingLink(HallLink):
    """Gives what it was made with; everybody has the same two pictures."""

    def __init__(self, *news: HallStatus | Lost) -> None:
        super().__init__(Path("/run/examhall/staff.sock"), "wang", KEY)
        self._news = news

    async def follow(self) -> AsyncIterator[HallStatus | Lost]:
        """Give the news, then wait for ever."""
        for each in self._news:
            yield each
        await asyncio.Event().wait()

    async def picture(self, candidate: str, which: str) -> bytes | None:
        """Return a drawn face."""
        return (
            portrait("#335577", "#221100") if which == "roster" else portrait("#883333", "#442200")
        )
