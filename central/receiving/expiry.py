"""Which unfinished uploads are given up. Pure: time is an argument.

An upload is unfinished for good where its parcel came another way (a stick, a spare box),
or its box was lost. It is given up

1. when nothing of it has come for `LONGEST_IDLE_MS`, or
2. when its box has more than `MOST_BYTES` unfinished here, the longest idle first.

Never one that a connection holds, and by the second rule none to which something came
within `RESUMED_MS`: it is being resumed. A box that has its share of such refuses itself
more (`has_room`). Giving up loses nothing: the box has the parcel, and begins anew.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

LONGEST_IDLE_MS: Final = 30 * 24 * 3_600_000
RESUMED_MS: Final = 3_600_000
MOST_BYTES: Final = 1024 * 1024 * 1024
"""Of one box: ten of the largest parcels, where its courier has two in flight."""
LEAST_COST: Final = 64 * 1024
"""What an upload counts at least, so that their number is bounded too, bytes."""


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """An upload that has not come whole; ``touched_at`` is when its last bytes came."""

    upload: str
    client: str
    size: int
    touched_at: int

    @property
    def cost(self) -> int:
        """What it counts, bytes."""
        return max(self.size, LEAST_COST)


def to_give_up(uploads: Iterable[Unfinished], held: Collection[str], now_ms: int) -> list[str]:
    """Return the uploads that are given up; ``held`` are in the hands of a connection."""
    by_client: dict[str, list[Unfinished]] = defaultdict(list)
    for one in uploads:
        by_client[one.client].append(one)
    return [name for theirs in by_client.values() for name in _of_one(theirs, held, now_ms)]


def has_room(theirs: Iterable[Unfinished], wanted: str) -> bool:
    """Say whether a box that has these unfinished may send to one of them."""
    return sum(one.cost for one in theirs if one.upload != wanted) < MOST_BYTES


def _of_one(theirs: list[Unfinished], held: Collection[str], now_ms: int) -> list[str]:
    cost = sum(one.cost for one in theirs)
    given_up: list[str] = []
    for one in sorted(theirs, key=lambda one: one.touched_at):
        idle = now_ms - one.touched_at
        too_much = cost > MOST_BYTES and idle >= RESUMED_MS
        if one.upload not in held and (idle >= LONGEST_IDLE_MS or too_much):
            given_up.append(one.upload)
            cost -= one.cost
    return given_up
