"""Whole numbers that stand in formats, with their ranges.

All lie within plus or minus 2**53 - 1, which every JSON reader keeps exactly (RFC 8785,
appendix D). Quantities are never fractions: points come in hundredths, times in
milliseconds.
"""

from typing import Annotated, Final

import msgspec

LARGEST: Final = 2**53 - 1

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
"""Hall time (since 1970-01-01T00:00:00Z) or a duration, in milliseconds."""

Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
"""How many, or how far."""

Ordinal = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
"""A number that counts from 1: epochs, generations, revisions, events, parcels."""

Offset = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
"""A difference, in milliseconds."""
