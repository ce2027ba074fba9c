"""Parcels as the inner worker has judged them, and the office receipts about them."""

from collections.abc import Iterable
from dataclasses import dataclass

from central.store.tables import Connection, Place, insert, text
from protocol.envelope import Envelope
from protocol.keys import SigningKey
from protocol.office_receipt import (
    OfficeReceipt,
    Stage,
    VerifiedJournal,
    sign_office_receipt,
)
from protocol.parcel import FIRST, Lane, ParcelKey
from protocol.upload import NumberedReceipt
from protocol.values import decode


@dataclass(frozen=True, kw_only=True)
class Row:
    """A parcel that was found."""

    key: ParcelKey
    digest: str
    stage: Stage
    reason: str


@dataclass(frozen=True, kw_only=True)
class Notary:
    """Who signs office receipts, and when it is now."""

    office: str
    key: SigningKey
    at: int


def put_received(connection: Connection, rows: Iterable[Row], notary: Notary) -> None:
    """Add found parcels, each with its *received* receipt; a known one changes nothing."""
    for row in rows:
        key = row.key
        is_new = insert(
            connection,
            "parcel",
            again="ON CONFLICT DO NOTHING",
            centre=key.centre,
            sitting=key.sitting,
            appliance=key.appliance,
            generation=key.generation,
            lane=key.lane.value,
            n=key.n,
            digest=row.digest,
            stage=Stage.RECEIVED.value,
            reason="",
            at=notary.at,
        )
        if is_new:
            _add_receipt(connection, row, Stage.RECEIVED, notary)


def settle(
    connection: Connection,
    row: Row,
    stage: Stage,
    notary: Notary,
    *,
    reason: str = "",
    journals: tuple[VerifiedJournal, ...] = (),
) -> None:
    """Write down what was decided about a parcel, with its receipt."""
    _update(connection, row, stage, reason, notary.at)
    _add_receipt(connection, row, stage, notary, reason=reason, journals=journals)


def note_waiting(connection: Connection, row: Row, reason: str, at: int) -> None:
    """Write down what a received parcel waits for."""
    _update(connection, row, Stage.RECEIVED, reason, at)


def try_again(connection: Connection) -> int:
    """Let every refused parcel be looked at anew; return how many there are."""
    return connection.execute(
        "UPDATE parcel SET stage = ?, reason = '' WHERE stage = ?",
        (Stage.RECEIVED.value, Stage.REFUSED.value),
    ).rowcount


def judge_anew(connection: Connection, registry: str) -> int:
    """Let refused parcels be looked at anew where another registry counts than before.

    ``registry`` is its digest; return how many parcels there are to look at again.
    """
    row = connection.execute("SELECT value FROM fact WHERE name = 'registry'").fetchone()
    if row is not None and row[0] == registry:
        return 0
    connection.execute(
        "INSERT INTO fact (name, value) VALUES ('registry', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (registry,),
    )
    return try_again(connection)


def next_in_lanes(connection: Connection) -> list[Row]:
    """Return of each lane the parcel that is next, where all before it are decided.

    Lanes in the order of delivery, so that what others build on comes first.
    """
    rows = connection.execute(
        "SELECT centre, sitting, appliance, generation, lane, min(n), digest, reason FROM parcel "
        "WHERE stage = 'received' GROUP BY 1, 2, 3, 4, 5"
    ).fetchall()
    found = [_row(row) for row in rows]
    order = list(Lane)
    ready = [row for row in found if _before(connection, row) == row.key.n - 1]
    return sorted(ready, key=lambda row: order.index(row.key.lane))


def previous_digest(connection: Connection, row: Row) -> str:
    """Return the digest of the parcel before, or `FIRST`."""
    key = row.key
    found = connection.execute(
        "SELECT digest FROM parcel WHERE centre = ? AND sitting = ? AND appliance = ? "
        "AND generation = ? AND lane = ? AND n = ?",
        (*_lane(row), key.n - 1),
    ).fetchone()
    return FIRST if found is None else str(found[0])


def known_names(connection: Connection, place: Place) -> set[str]:
    """Return the file names of all parcels of a sitting that are written down."""
    rows = connection.execute(
        "SELECT appliance, generation, lane, n FROM parcel WHERE centre = ? AND sitting = ?",
        (place.centre, place.sitting),
    )
    return {_key(place.centre, place.sitting, a, g, lane, n).file_name for a, g, lane, n in rows}


def receipts_after(
    connection: Connection, centre: str, appliance: str, number: int
) -> list[NumberedReceipt]:
    """Return the receipts for one appliance after a number, in turn."""
    rows = connection.execute(
        "SELECT number, envelope FROM receipt WHERE centre = ? AND appliance = ? AND number > ? "
        "ORDER BY number",
        (centre, appliance, number),
    )
    return [
        NumberedReceipt(number=found, receipt=decode(envelope.encode(), Envelope))
        for found, envelope in rows
    ]


def put_receipt(
    connection: Connection, centre: str, appliance: str, receipt: NumberedReceipt
) -> None:
    """Take back a receipt that was published before this store was made."""
    insert(
        connection,
        "receipt",
        centre=centre,
        appliance=appliance,
        number=receipt.number,
        envelope=text(receipt.receipt),
    )


def boxes_with_receipts(connection: Connection) -> list[tuple[str, str]]:
    """Return (centre, appliance) of every box that has receipts."""
    rows = connection.execute("SELECT DISTINCT centre, appliance FROM receipt ORDER BY 1, 2")
    return [(centre, appliance) for centre, appliance in rows]


def _before(connection: Connection, row: Row) -> int:
    found = connection.execute(
        "SELECT count(*) FROM parcel WHERE centre = ? AND sitting = ? AND appliance = ? "
        "AND generation = ? AND lane = ? AND n < ?",
        (*_lane(row), row.key.n),
    ).fetchone()
    return int(found[0])


def _lane(row: Row) -> tuple[str, str, str, int, str]:
    key = row.key
    return (key.centre, key.sitting, key.appliance, key.generation, key.lane.value)


def _key(
    centre: str, sitting: str, appliance: str, generation: int, lane: str, n: int
) -> ParcelKey:
    return ParcelKey(
        centre=centre,
        sitting=sitting,
        appliance=appliance,
        generation=generation,
        lane=Lane(lane),
        n=n,
    )


def _row(row: tuple[str, str, str, int, str, int, str, str]) -> Row:
    centre, sitting, appliance, generation, lane, n, digest, reason = row
    return Row(
        key=_key(centre, sitting, appliance, generation, lane, n),
        digest=digest,
        stage=Stage.RECEIVED,
        reason=reason,
    )


def _update(connection: Connection, row: Row, stage: Stage, reason: str, at: int) -> None:
    connection.execute(
        "UPDATE parcel SET stage = ?, reason = ?, at = ? WHERE centre = ? AND sitting = ? "
        "AND appliance = ? AND generation = ? AND lane = ? AND n = ?",
        (stage.value, reason, at, *_lane(row), row.key.n),
    )


def _add_receipt(
    connection: Connection,
    row: Row,
    stage: Stage,
    notary: Notary,
    *,
    reason: str = "",
    journals: tuple[VerifiedJournal, ...] = (),
) -> None:
    receipt = OfficeReceipt(
        office=notary.office,
        stage=stage,
        parcel=row.key,
        digest=row.digest,
        at=notary.at,
        journals=journals,
        reason=reason,
    )
    connection.execute(
        "INSERT INTO receipt (centre, appliance, number, envelope) "
        "SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3 FROM receipt "
        "WHERE centre = ?1 AND appliance = ?2",
        (row.key.centre, row.key.appliance, text(sign_office_receipt(receipt, notary.key))),
    )
