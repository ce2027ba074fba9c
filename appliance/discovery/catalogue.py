"""Which terminals were heard and reached: the decisions of discovery, without any network.

Rules:

1. A name is wanted if it is a seat of the roster, or a newcomer's while there is room for
   one more: what a liar on the network can fill is bounded.
2. What is heard adds to what is known and takes nothing away: an address that answered stays
   among the few that are tried, so that a false record cannot push the true one out.
3. Nothing is removed because mDNS says so. A newcomer that never answers makes room.

Time is passed in: the box's BOOTTIME in milliseconds.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from appliance.ipc.discovery import TerminalSeen
from protocol.discovery import SEAT_HINT, Address, is_newcomer

NEWCOMERS: Final = 32
NEWCOMER_LIVES_MS: Final = 120_000
"""A newcomer that has not answered for so long makes room."""
ADDRESSES: Final = 4
PROBE_EVERY_MS: Final = 5_000
PROBE_MISSING_EVERY_MS: Final = 3_000


class Catalogue:
    """The machines of the hall, by the names that they gave."""

    def __init__(self) -> None:
        self._seats: frozenset[str] = frozenset()
        self._seen: dict[str, TerminalSeen] = {}
        self._moved: set[str] = set()
        """Heard at a new address, not yet probed there."""

    def recall(self, known: Iterable[TerminalSeen]) -> None:
        """Take what was known before a restart, as things to look for."""
        self._seen = {seen.name: seen for seen in known} | self._seen

    def expect(self, seats: Iterable[str]) -> None:
        """Take the roster's seats; whoever else is known by name is forgotten."""
        self._seats = frozenset(seats)
        self._seen = {
            name: replace(seen, seat=self._seat_of(name, seen.seat))
            for name, seen in self._seen.items()
            if name in self._seats or is_newcomer(name)
        }

    def wants(self, name: str) -> bool:
        """Say whether a machine of this name is of interest."""
        if name in self._seats or name in self._seen:
            return True
        return is_newcomer(name) and sum(map(is_newcomer, self._seen)) < NEWCOMERS

    def hear(
        self, name: str, addresses: Iterable[Address], hints: Mapping[str, str], now: int
    ) -> bool:
        """Take what was heard; says whether anything about it is new."""
        if not self.wants(name):
            return False
        heard = [str(address) for address in addresses]
        old = self._seen.get(name)
        if old is None:
            seen = TerminalSeen(
                name=name,
                seat=self._seat_of(name, hints.get(SEAT_HINT)),
                addresses=_first_few(heard),
                first_heard=now,
                last_heard=now,
            )
        else:
            # What answered stays in front until it fails; what is new comes before the rest.
            front = old.addresses[: 1 if old.reached else 0]
            seen = replace(
                old,
                seat=self._seat_of(name, hints.get(SEAT_HINT)),
                addresses=_first_few([*front, *heard, *old.addresses]),
                last_heard=now,
            )
        self._seen[name] = seen
        if old is not None and set(seen.addresses) - set(old.addresses):
            self._moved.add(name)
        return old is None or replace(old, last_heard=now) != seen

    def due(self, now: int) -> list[TerminalSeen]:
        """Return the machines that should be probed now."""
        return [
            seen for seen in self._seen.values() if seen.name in self._moved or _is_due(seen, now)
        ]

    def probed(self, name: str, answered: str | None, now: int) -> bool:
        """Note which address answered, None for none; says whether that changes anything."""
        old = self._seen.get(name)
        self._moved.discard(name)
        if old is None:
            return False
        if answered is not None:
            addresses = _first_few([answered, *old.addresses])
            seen = replace(old, addresses=addresses, probed=now, reached=True, last_heard=now)
        elif is_newcomer(name) and now - old.last_heard >= NEWCOMER_LIVES_MS:
            del self._seen[name]
            return True
        else:
            seen = replace(old, probed=now, reached=False)
        self._seen[name] = seen
        return (seen.reached, seen.addresses) != (old.reached, old.addresses)

    def seen(self) -> tuple[TerminalSeen, ...]:
        """Return all machines, by name."""
        return tuple(self._seen[name] for name in sorted(self._seen))

    def complete(self) -> bool:
        """Say whether every seat of the roster was heard and answers."""
        return all((seen := self._seen.get(seat)) and seen.reached for seat in self._seats)

    def _seat_of(self, name: str, hint: str | None) -> str | None:
        if name in self._seats:
            return name
        return hint if hint in self._seats else None


def _is_due(seen: TerminalSeen, now: int) -> bool:
    if seen.probed is None:
        return True
    return now - seen.probed >= (PROBE_EVERY_MS if seen.reached else PROBE_MISSING_EVERY_MS)


def _first_few(addresses: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(addresses))[:ADDRESSES]
