"""Which picture is looked at next: the newest of each seat, the urgent first. Pure.

A *key* names who sends (a seat's session, or a roster photo). One picture waits for each
key: a newer one takes its place and goes where the older one stood, so that a seat that
sends fast gets no more than its turn. Among keys it is first come, first served; all
urgent ones (log-ins) come before the rest.
"""

from typing import Generic, TypeVar

from appliance.faces.errors import BusyError

T = TypeVar("T")


class NewestQueue(Generic[T]):
    """Bounded by ``limit`` keys."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._urgent: dict[str, T] = {}
        self._others: dict[str, T] = {}

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    def put(self, key: str, item: T, *, urgent: bool) -> T | None:
        """Let ``item`` wait; return the older one whose place it took, if there was one.

        Raise `BusyError` if the queue is full of other keys.
        """
        lane, other = (self._urgent, self._others) if urgent else (self._others, self._urgent)
        displaced = lane.get(key)
        if displaced is None:
            displaced = other.pop(key, None)
        if displaced is None and len(self) >= self._limit:
            raise BusyError(
                f"expected fewer than {self._limit} pictures waiting; send the next frame later"
            )
        lane[key] = item
        return displaced

    def take(self) -> T | None:
        """Remove and return the next item, None if nothing waits."""
        for lane in (self._urgent, self._others):
            if lane:
                return lane.pop(next(iter(lane)))
        return None

    def empty(self) -> list[T]:
        """Remove and return all that waits."""
        waiting = [*self._urgent.values(), *self._others.values()]
        self._urgent.clear()
        self._others.clear()
        return waiting
