"""One connection at a time writes to an upload, and the newest one wins.

After a cut the box dials again long before the office notices that the old connection
is dead. The newcomer ends the old connection and waits until what it brought is durable.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection

End = Callable[[], None]


class Turns:
    """The turn at each upload."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._waiting: dict[str, int] = {}
        self._end_holder: dict[str, End] = {}

    @property
    def held(self) -> Collection[str]:
        """The uploads at which somebody has, or waits for, the turn."""
        return self._waiting.keys()

    @contextlib.asynccontextmanager
    async def take(self, upload: str, end: End) -> AsyncIterator[None]:
        """Hold the turn at ``upload``; ``end`` is called where a newcomer wants it."""
        if upload in self._end_holder:
            self._end_holder[upload]()
        lock = self._locks.setdefault(upload, asyncio.Lock())
        self._waiting[upload] = self._waiting.get(upload, 0) + 1
        try:
            async with lock:
                self._end_holder[upload] = end
                try:
                    yield
                finally:
                    del self._end_holder[upload]
        finally:
            self._waiting[upload] -= 1
            if not self._waiting[upload]:
                del self._waiting[upload], self._locks[upload]
