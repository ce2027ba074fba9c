"""How many connections may stand at once, and whose has to give way.

A newcomer is always let in. What is beyond the limit is the oldest connection of whoever
holds most: a flood from one place thus pushes out its own connections, and an honest peer
that left dead ones behind is not locked out by them.

::

    crowd = Crowd(most=64)
    for oldest in crowd.add("10.0.0.7", transport):
        oldest.abort()
"""

from collections import deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Connection(Protocol):
    """What says that it is closing or closed: an asyncio transport."""

    def is_closing(self) -> bool:
        """Say whether it is."""


C = TypeVar("C", bound=Connection)


class Crowd(Generic[C]):
    """Connections by their holder: an address, or the digest of a certificate."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[str, deque[C]] = {}
        self._count = 0

    def add(self, holder: str, connection: C) -> Iterator[C]:
        """Count a connection in; yield those that have to be cut off for it."""
        self._held.setdefault(holder, deque()).append(connection)
        self._count += 1
        if self._count > self._most:
            self._forget_closed()
        while self._count > self._most:
            heaviest = max(self._held, key=lambda each: len(self._held[each]))
            self._count -= 1
            yield self._held[heaviest].popleft()

    def remove(self, holder: str, connection: C) -> None:
        """Count a connection out; one that was cut off is gone already."""
        held = self._held.get(holder, deque())
        if connection in held:
            held.remove(connection)
            self._count -= 1
        if not held:
            self._held.pop(holder, None)

    def _forget_closed(self) -> None:
        kept = {
            holder: deque(c for c in connections if not c.is_closing())
            for holder, connections in self._held.items()
        }
        self._held = {holder: connections for holder, connections in kept.items() if connections}
        self._count = sum(map(len, self._held.values()))
