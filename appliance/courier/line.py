"""The line to the office as all who use it see it: up or down, and when to try again."""

import asyncio
import random
from collections.abc import Callable, Sequence

from appliance.courier.choosing import pause_s
from protocol.staff_api import LineStatus


class Line:
    """Shared by the hands that send and the one that reads receipts."""

    def __init__(
        self,
        addresses: Sequence[str],
        steady_ms: Callable[[], int],
        changed: Callable[[], None],
    ) -> None:
        self._addresses = tuple(addresses)
        self._steady_ms = steady_ms
        self._changed = changed
        self._failures = 0
        self._not_before = 0.0
        self.status = LineStatus(state="untried", since=steady_ms(), error="")

    @property
    def address(self) -> str:
        """The office's address to try now: after each failure the next one, in turn."""
        return self._addresses[self._failures % len(self._addresses)]

    async def may_try(self) -> None:
        """Return when the pause after the last failure is over."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._not_before - loop.time()))

    def works(self) -> None:
        """Something came through."""
        self._failures = 0
        self._not_before = 0.0
        self._set("up", "")

    def fails(self, error: str) -> None:
        """Nothing came through: pause, longer each time; the pauses are spread at random."""
        self._failures += 1
        pause = pause_s(self._failures, random.random())  # noqa: S311 - spreads, hides nothing
        self._not_before = asyncio.get_running_loop().time() + pause
        self._set("down", error)

    def _set(self, state: str, error: str) -> None:
        before = self.status
        if (state, error) == (before.state, before.error):
            return
        since = before.since if state == before.state else self._steady_ms()
        self.status = LineStatus(state=state, since=since, error=error)
        self._changed()
