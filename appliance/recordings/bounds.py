"""How much one session may put on the box's disk, and how much of it at once. Pure.

A paired seat may be in other hands. What it records is bounded as its answers are
(`appliance.core.quota`): a first sum, and a rate from its admission on, eight times what a
view of 640x480 needs. A seat that was cut off for hours brings all at once what it had the
time to record. Beyond that a segment is refused as for a full disk: the seat keeps it and
sends it later; the other seats' recordings, and the answers, do not pay for it.
"""

from typing import Final

FIRST_BYTES: Final = 64 * 1024 * 1024
BYTES_A_SECOND: Final = 128 * 1024
LONGEST_S: Final = 12 * 3600
"""A clock that was set forward by years gives nobody years of bytes."""
AT_ONCE: Final = 8
"""Segments of one session on their way at the same time: four views, each sent again once."""


def allowed(since: int, now: int) -> int:
    """Return how many bytes a session may have by ``now``; it was admitted at ``since`` (ms)."""
    seconds = min(max(0, now - since) // 1000, LONGEST_S)
    return FIRST_BYTES + seconds * BYTES_A_SECOND
