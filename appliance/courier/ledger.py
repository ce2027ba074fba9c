"""The courier's database: each function is one job of its writer, or one query."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.ipc.courier import MOST_RECEIPTS, OfficeReceiptArrived
from protocol.envelope import Envelope
from protocol.office_receipt import OfficeReceipt, Stage
from protocol.parcel import Lane
from protocol.staff_api import LaneStatus
from protocol.upload import ReceiptsPage
from protocol.values import decode, encode
from runtime.migrations import Schema, schema_of

APPLICATION_ID: Final = 0x45584302  # EXC\2


class Carried(StrEnum):
    """How far a parcel has come."""

    SEALED = "sealed"
    SENT = "sent"
    """The office has all bytes, and has not signed for them yet."""
    RECEIVED = "received"
    VERIFIED = "verified"
    REFUSED = "refused"


_RANK: Final = {
    Carried.SEALED: 0,
    Carried.SENT: 1,
    Carried.RECEIVED: 2,
    Carried.REFUSED: 3,
    Carried.VERIFIED: 4,
}
_COLUMNS: Final = "name, lane, generation, n, size, sha256, digest, stage, changed_at"
_STAGE_OF: Final = {
    Stage.RECEIVED: Carried.RECEIVED,
    Stage.VERIFIED: Carried.VERIFIED,
    Stage.REFUSED: Carried.REFUSED,
}


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One parcel of the outbox. Sizes in bytes, of the whole file."""

    name: str
    lane: Lane
    generation: int
    n: int
    size: int
    sha256: str
    digest: str
    stage: Carried
    changed_at: int


@dataclass(frozen=True, kw_only=True)
class ReadUpTo:
    """How far the office's list of receipts is read; numbers count within one ``series``."""

    series: str
    after: int

    def on(self, page: ReceiptsPage) -> "ReadUpTo":
        """Return how far it is read with a page that was asked for after ``after``.

        A list that is not the one before is read again from its beginning.
        """
        if page.series != self.series and self.after:
            return ReadUpTo(series=page.series, after=0)
        numbers = [one.number for one in page.receipts]
        return ReadUpTo(series=page.series, after=max([self.after, *numbers]))


def schema() -> Schema:
    """Return the ledger's tables."""
    return schema_of("appliance.courier.schema", application_id=APPLICATION_ID)


def add(connection: sqlite3.Connection, parcels: Iterable[Parcel]) -> None:
    """Write down parcels that were found; a known one changes nothing.

    A receipt that came before its parcel was found (a stick, a ledger made anew) counts.
    """
    for parcel in parcels:
        connection.execute(
            "INSERT INTO parcel (name, lane, generation, n, size, sha256, digest, stage, "
            "changed_at, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
            (
                parcel.name,
                parcel.lane.value,
                parcel.generation,
                parcel.n,
                parcel.size,
                parcel.sha256,
                parcel.digest,
                parcel.stage.value,
                parcel.changed_at,
            ),
        )
        rows = connection.execute(
            "SELECT stage, at FROM receipt WHERE about = ? ORDER BY number", (parcel.digest,)
        ).fetchall()
        for stage, at in rows:
            _advance(connection, "digest", parcel.digest, Carried(stage), at)


def names(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all parcels whose files were not deleted."""
    return {row[0] for row in connection.execute("SELECT name FROM parcel WHERE removed = 0")}


def to_send(connection: sqlite3.Connection) -> list[Parcel]:
    """Return what the office has not signed for, in the order of delivery."""
    return _parcels(connection, "stage IN ('sealed', 'sent')")


def undelivered(connection: sqlite3.Connection) -> list[Parcel]:
    """Return what the office has not verified, in the order of delivery."""
    return _parcels(connection, "stage <> 'verified'")


def to_delete(connection: sqlite3.Connection, verified_by: int) -> list[Parcel]:
    """Return what was verified at that time or earlier."""
    return _parcels(connection, "stage = 'verified' AND changed_at <= ?", verified_by)


def verified(connection: sqlite3.Connection) -> list[Parcel]:
    """Return what was verified and not deleted."""
    return _parcels(connection, "stage = 'verified'")


def first_to_go(parcels: Iterable[Parcel], missing: int) -> list[Parcel]:
    """Return which parcels give ``missing`` bytes back: recordings first, the oldest first."""
    going: list[Parcel] = []
    for parcel in sorted(parcels, key=lambda p: (p.lane is not Lane.RECORDINGS, p.changed_at)):
        if missing <= 0:
            break
        going.append(parcel)
        missing -= parcel.size
    return going


def _parcels(connection: sqlite3.Connection, which: str, *values: int) -> list[Parcel]:
    question = f"SELECT {_COLUMNS} FROM parcel WHERE removed = 0 AND {which}"  # noqa: S608 - ours
    rows = connection.execute(question, values).fetchall()
    found = [
        Parcel(
            name=row[0],
            lane=Lane(row[1]),
            generation=row[2],
            n=row[3],
            size=row[4],
            sha256=row[5],
            digest=row[6],
            stage=Carried(row[7]),
            changed_at=row[8],
        )
        for row in rows
    ]
    return sorted(found, key=delivery_order)


_LANES: Final = list(Lane)


def delivery_order(parcel: Parcel) -> tuple[int, int, int, str]:
    """Return what parcels are sorted by: lane, then generation and number."""
    return (_LANES.index(parcel.lane), parcel.generation, parcel.n, parcel.name)


def note_sent(connection: sqlite3.Connection, name: str, at: int) -> None:
    """Write down that the office has all bytes of a parcel."""
    _advance(connection, "name", name, Carried.SENT, at)


def shift_verified(connection: sqlite3.Connection, by: int) -> None:
    """Let what is kept after *verified* be as old as before, in a calendar that was set."""
    connection.execute(
        "UPDATE parcel SET changed_at = changed_at + ? WHERE stage = 'verified' AND removed = 0",
        (by,),
    )


def note_removed(connection: sqlite3.Connection, name: str) -> None:
    """Write down that the file of a verified parcel was deleted."""
    connection.execute("UPDATE parcel SET removed = 1 WHERE name = ?", (name,))


def take_receipts(
    connection: sqlite3.Connection,
    receipts: Iterable[tuple[Envelope, OfficeReceipt]],
    *,
    read: ReadUpTo | None,
    at: int,
) -> list[OfficeReceiptArrived]:
    """Keep verified receipts and move their parcels on; return those that are new.

    ``read`` is how far the office's list is read with them, None where they came by stick.
    """
    new = []
    for envelope, receipt in receipts:
        row = connection.execute(
            "INSERT INTO receipt (digest, about, stage, at, envelope) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING RETURNING number",
            (
                envelope.digest,
                receipt.digest,
                receipt.stage.value,
                at,
                encode(envelope).decode(),
            ),
        ).fetchone()
        if row is not None:
            new.append(OfficeReceiptArrived(number=row[0], receipt=envelope))
        _advance(connection, "digest", receipt.digest, _STAGE_OF[receipt.stage], at)
    if read is not None:
        connection.execute("UPDATE office SET series = ?, after = ?", (read.series, read.after))
    return new


def _advance(
    connection: sqlite3.Connection, column: str, value: str, stage: Carried, at: int
) -> None:
    """Move a parcel on, never back: an older receipt may come after a newer one."""
    row = connection.execute(
        f"SELECT stage FROM parcel WHERE {column} = ?",  # noqa: S608 - our own literal
        (value,),
    ).fetchone()
    if row is not None and _RANK[stage] >= _RANK[Carried(row[0])]:
        connection.execute(
            f"UPDATE parcel SET stage = ?, changed_at = ? WHERE {column} = ?",  # noqa: S608
            (stage.value, at, value),
        )


def read_up_to(connection: sqlite3.Connection) -> ReadUpTo:
    """Return how far the office's list of receipts is read."""
    series, after = connection.execute("SELECT series, after FROM office").fetchone()
    return ReadUpTo(series=series, after=after)


def receipts_after(connection: sqlite3.Connection, number: int) -> tuple[OfficeReceiptArrived, ...]:
    """Return receipts after a number of ours, in turn."""
    rows = connection.execute(
        "SELECT number, envelope FROM receipt WHERE number > ? ORDER BY number LIMIT ?",
        (number, MOST_RECEIPTS),
    )
    return tuple(
        OfficeReceiptArrived(number=found, receipt=decode(envelope.encode(), Envelope))
        for found, envelope in rows
    )


def lanes(connection: sqlite3.Connection) -> tuple[LaneStatus, ...]:
    """Return how every lane stands, in the order of delivery."""
    rows = connection.execute(
        "SELECT lane, count(*), sum(stage IN ('received', 'verified', 'refused')), "
        "sum(stage = 'verified'), sum(stage = 'refused'), "
        "sum(CASE WHEN stage IN ('sealed', 'sent') THEN size ELSE 0 END) FROM parcel GROUP BY 1"
    )
    found = {
        lane: LaneStatus(
            lane=Lane(lane),
            sealed=sealed,
            received=received,
            verified=verified,
            refused=refused,
            waiting_bytes=waiting,
        )
        for lane, sealed, received, verified, refused, waiting in rows
    }
    return tuple(found.get(lane.value, _empty(lane)) for lane in Lane)


def _empty(lane: Lane) -> LaneStatus:
    return LaneStatus(lane=lane, sealed=0, received=0, verified=0, refused=0, waiting_bytes=0)
