"""How often pairing codes may be guessed: pure counting, with time passed in.

Rules:

1. At most ``a_minute`` wrong codes in any 60 seconds, over all sources together.
2. A source waits after each wrong code: the first wait, then doubling up to the longest.
   A source that was quiet for ``forgiven_after_ms`` starts afresh.
3. Nobody is locked out for good, and what is remembered is bounded.

Times are milliseconds of a clock that never runs back (the box's BOOTTIME).
"""

from collections import OrderedDict, deque
from typing import Final, NamedTuple

import msgspec

MINUTE_MS: Final = 60_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers. Against 10**9 codes, 20 a minute for an hour is one chance in 800,000."""

    a_minute: int = 20
    first_wait_ms: int = 1_000
    longest_wait_ms: int = MINUTE_MS
    forgiven_after_ms: int = 10 * MINUTE_MS
    sources: int = 1024
    """Sources remembered; the one that was wrong longest ago is forgotten first."""
    attempts: int = 256
    """Unfinished attempts at a time."""
    attempts_per_source: int = 8
    attempt_lives_ms: int = MINUTE_MS


class _Past(NamedTuple):
    wrong: int
    last: int


class GuessLimiter:
    """Counts wrong codes; see the rules of the module."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._recent: deque[int] = deque(maxlen=limits.a_minute)
        self._sources: OrderedDict[str, _Past] = OrderedDict()

    def wait_ms(self, source: str, now: int) -> int:
        """Return 0 if ``source`` may try now, else for how many milliseconds it may not."""
        return max(self._wait_for_all(now), self._wait_for(source, now))

    def wrong(self, source: str, now: int) -> int:
        """Note a wrong code; returns how many this source has to its name."""
        past = self._past(source, now)
        count = past.wrong + 1 if past else 1
        self._recent.append(now)
        self._sources[source] = _Past(count, now)
        self._sources.move_to_end(source)
        while len(self._sources) > self._limits.sources:
            self._sources.popitem(last=False)
        return count

    def _wait_for_all(self, now: int) -> int:
        if len(self._recent) < self._limits.a_minute:
            return 0
        return max(0, self._recent[0] + MINUTE_MS - now)

    def _wait_for(self, source: str, now: int) -> int:
        past = self._past(source, now)
        if past is None:
            return 0
        # 2**20 first waits are longer than any longest wait: keep the number small.
        doubled = self._limits.first_wait_ms << min(past.wrong - 1, 20)
        return max(0, past.last + min(doubled, self._limits.longest_wait_ms) - now)

    def _past(self, source: str, now: int) -> _Past | None:
        past = self._sources.get(source)
        if past is None or now - past.last >= self._limits.forgiven_after_ms:
            return None
        return past
