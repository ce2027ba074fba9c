"""The plan of one sitting: subjects with their windows, points and rule book.

Hall time is milliseconds since 1970-01-01T00:00:00Z, as an int; zones are for people
only and are applied where something is shown.
"""

import msgspec

from exam.identifiers import Digest, Label
from exam.quantities import Count, Milliseconds


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Subject(_Value, frozen=True, kw_only=True):
    """One paper in its window."""

    id: Label
    title: str
    opens: Milliseconds
    """Planned start, hall time in ms."""
    closes: Milliseconds
    """End of the window, hall time in ms: nobody writes later, but for time given."""
    duration_s: Count
    """Working time in seconds, counted from the candidate's entry."""
    practical: bool = False
    total_points: Count = 10000
    """In hundredths of a point."""
    pass_points: Count = 6000


class Room(_Value, frozen=True, kw_only=True):
    """A room, with the appliance's address in it (mDNS stops at the subnet)."""

    id: Label
    title: str
    addresses: tuple[str, ...] = ()
    """``host:port`` of the appliance for seats that mDNS does not reach."""


class Seat(_Value, frozen=True, kw_only=True):
    """A numbered place in a room."""

    id: Label
    room: Label
    label: str
    """What is painted on the desk."""


class Sitting(_Value, frozen=True, kw_only=True):
    """What is sat, where, by which rules. Times are hall time."""

    id: Label
    title: str
    project: str
    issuer: str
    centre: Label
    time_zone: str
    """IANA name, such as ``Asia/Shanghai``."""
    rule_book: Label
    rule_book_digest: Digest
    subjects: tuple[Subject, ...]
    rooms: tuple[Room, ...]
    seats: tuple[Seat, ...]
    kind: str = "formal"
    """``mock``, ``formal`` or ``makeup``."""
