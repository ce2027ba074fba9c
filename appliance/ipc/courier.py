"""What the courier and the makers of parcels (core, recordings) say to each other.

The courier serves the socket. Makers tell it of parcels; that is a hint, since it also
looks into the outbox by itself. It tells everybody how the lanes stand, and hands on the
office receipts, numbered from 1 in the order in which they came. A maker remembers the
number of the last one that it has taken, in its own database, and after every connection
asks for those after it::

    courier.tell(ParcelWritten(key=key, size=len(data)))
    page = await courier.ask(ReceiptsAfter(number=41))      # 42, 43, ...
    on_event: OfficeReceiptArrived(number=44, receipt=...)  # 44 and on: a gap means: ask
"""

from pathlib import Path
from typing import Final

from msgspec.structs import replace

from protocol.envelope import Envelope
from protocol.parcel import Lane, ParcelKey
from protocol.staff_api import LaneStatus, LineStatus
from protocol.values import Count, Value
from runtime.ipc import Channel

SOCKET: Final = "courier.sock"
MOST_RECEIPTS: Final = 200
"""Most receipts in one reply."""


class ParcelWritten(Value, frozen=True, kw_only=True, tag="parcel_written", tag_field="says"):
    """A parcel lies in the outbox, in its lane's folder under its own name. Size in bytes."""

    key: ParcelKey
    size: Count


class ReceiptsAfter(Value, frozen=True, kw_only=True, tag="receipts_after", tag_field="says"):
    """Asks for the office receipts after ``number``; 0 for all."""

    number: Count


class SyncAsked(Value, frozen=True, kw_only=True, tag="sync_asked", tag_field="says"):
    """Asks how the lanes stand now."""


class TakeReceipts(Value, frozen=True, kw_only=True, tag="take_receipts", tag_field="says"):
    """Asks to read the office receipts that lie on a stick, in ``folder``."""

    folder: str


class WriteStick(Value, frozen=True, kw_only=True, tag="write_stick", tag_field="says"):
    """Asks to copy every parcel that is not verified yet to a stick, into ``folder``."""

    folder: str


Request = ParcelWritten | ReceiptsAfter | SyncAsked | TakeReceipts | WriteStick


class OfficeReceiptArrived(
    Value, frozen=True, kw_only=True, tag="office_receipt", tag_field="says"
):
    """An office receipt, its signature verified by the courier."""

    number: Count
    receipt: Envelope


class Receipts(Value, frozen=True, kw_only=True, tag="receipts", tag_field="says"):
    """Receipts in turn, at most `MOST_RECEIPTS`; ask again until there are none."""

    receipts: tuple[OfficeReceiptArrived, ...]


class SyncState(Value, frozen=True, kw_only=True, tag="sync", tag_field="says"):
    """How the lanes and the line stand. All lanes are listed, in the order of delivery.

    The courier knows no hall time: ``line.since`` is CLOCK_BOOTTIME in ms, see `in_hall_time`.
    """

    lanes: tuple[LaneStatus, ...]
    line: LineStatus
    last_error: dict[Lane, str]
    """What went wrong last, of lanes where something did."""


class Noted(Value, frozen=True, kw_only=True, tag="noted", tag_field="says"):
    """Taken."""


class StickDone(Value, frozen=True, kw_only=True, tag="stick_done", tag_field="says"):
    """How much was written to, or read from, a stick; what is there already counts too."""

    files: Count
    bytes: Count


Reply = Noted | Receipts | SyncState | StickDone
Said = SyncState | OfficeReceiptArrived

CHANNEL: Final[Channel[Request, Reply, Said]] = Channel(
    requests=Request, replies=Reply, events=Said, max_bytes=4 * 1024 * 1024
)


def in_hall_time(line: LineStatus, *, hall_ms: int, steady_ms: int) -> LineStatus:
    """Return the line's state with ``since`` in hall time, of both clocks as they now stand."""
    return replace(line, since=max(0, hall_ms - (steady_ms - line.since)))


def socket_path(run: Path) -> Path:
    """Return where the courier listens."""
    return run / SOCKET
