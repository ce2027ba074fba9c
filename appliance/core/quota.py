"""How much a session may put on the box's disk: so that one machine cannot fill it. Pure.

A paired seat may be in other hands. What it sends is kept as it was signed, so it is bounded
by its bytes: a first sum, and a rate from the first grant on. Both lie above what a page can
write: it saves at most every 300 ms (``terminal_agent/page/keeper.js``), which is 30 kB/s for
an essay of 3,000 characters typed without a pause. A seat that was cut off for hours brings
all at once what it had the time to write, so the rate counts from the beginning, not from
the last batch.

Beyond it a batch is refused as for a full disk: the seat keeps its events and sends them
later, and a person is told.
"""

from typing import Final

FIRST_BYTES: Final = 64 * 1024 * 1024
BYTES_A_SECOND: Final = 32 * 1024
LONGEST_S: Final = 12 * 3600
"""A clock that was set forward by years gives nobody years of bytes."""
HEAD_BYTES: Final = 1024
"""Counted for each batch: its head and acknowledgement are kept as well."""


class OverQuotaError(Exception):
    """A session has reached its bound; the message says which and what to do."""


def allowed(since: int, now: int) -> int:
    """Return how many bytes a session may have by ``now``; its first grant was ``since`` (ms)."""
    seconds = min(max(0, now - since) // 1000, LONGEST_S)
    return FIRST_BYTES + seconds * BYTES_A_SECOND


def check(kept: int, more: int, since: int, now: int) -> None:
    """Raise `OverQuotaError` where ``more`` bytes beside those ``kept`` are too many."""
    most = allowed(since, now)
    if kept + more > most:
        raise OverQuotaError(
            f"expected at most {most} bytes of this session by now; got {kept + more}: no page "
            "writes as much. Keep the events and send them later; a person must look at the seat"
        )
