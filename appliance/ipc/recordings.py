"""What `core` and `recordings` tell each other.

`recordings` serves its socket and `core` is its client, which it never waits for. All
that core says is idempotent, and lies in its own record before it is said; after each
connection it says everything again. `recordings` keeps it in its own database, so that it
goes on taking segments while core is away.
"""

from typing import Final

from exam.identifiers import Digest, Label
from protocol.values import Count, HexId, Milliseconds, Ordinal, Value
from runtime.clock import Anchor
from runtime.ipc import Channel

# --- requests of core ----------------------------------------------------------------------


class HallStands(Value, frozen=True, kw_only=True, tag="hall_stands", tag_field="says"):
    """Which record of the box this is, and hall time; said again whenever it changes."""

    generation: Ordinal
    anchor: Anchor


class Admitted(Value, frozen=True, kw_only=True, tag="admitted", tag_field="says"):
    """Segments of this session come from the seat with this certificate, signed by this key."""

    session: HexId
    epoch: Ordinal
    session_key: Digest
    seat_certificate: Digest
    """SHA-256 of the certificate in DER."""
    subject: Label
    candidate: Label


class Ended(Value, frozen=True, kw_only=True, tag="ended", tag_field="says"):
    """The session has ended, or went on in another epoch; what was recorded may still come."""

    session: HexId
    epoch: Ordinal


class SubjectClosed(Value, frozen=True, kw_only=True, tag="subject_closed", tag_field="says"):
    """Everybody in the subject is accounted for: its lane may end."""

    subject: Label
    at: Milliseconds


Request = HallStands | Admitted | Ended | SubjectClosed


# --- replies and events --------------------------------------------------------------------


class Noted(Value, frozen=True, kw_only=True, tag="noted", tag_field="says"):
    """It is in the database of `recordings`."""


Reply = Noted


class Awaited(Value, frozen=True, kw_only=True):
    """A closed subject of which recordings may still come, of these sessions and epochs.

    ``sessions`` are at most `MOST_NAMED`; after ``until`` (hall time) nobody is waited for.
    """

    subject: Label
    until: Milliseconds
    sessions: tuple[tuple[HexId, Ordinal], ...]


MOST_NAMED: Final = 400
"""Sessions in one message."""


class RecordingsState(Value, frozen=True, kw_only=True, tag="state", tag_field="says"):
    """How things stand; the first event of each connection, and again after a change."""

    port: Count
    """Where seats send their segments."""
    full_since: Milliseconds
    """Hall time since when segments are refused for want of room; 0: they are taken."""
    disk_free: Count
    """Bytes."""
    lost: Count
    """Segments that were stored, and could not be read any more when a parcel was made."""
    delivered: tuple[Label, ...]
    """Closed subjects whose lane has ended, and of which the office has verified all."""
    awaited: tuple[Awaited, ...]
    """Closed subjects whose lane has not ended, while seats are waited for."""
    over: dict[HexId, Milliseconds]
    """Since when sessions have been refused for recording more than any seat can."""


Said = RecordingsState

CHANNEL: Final[Channel[Request, Reply, Said]] = Channel(
    requests=Request, replies=Reply, events=Said, max_bytes=64 * 1024
)
