"""Logs, segments, closings and the rest: the SQL, which decides nothing."""

from dataclasses import dataclass

from central.accounting import LaneOfBox
from central.store.tables import (
    BOX,
    IGNORE,
    BoxPlace,
    Connection,
    Place,
    columns,
    insert,
    of_box,
    text,
)
from protocol.checkpoint import Checkpoint
from protocol.closing import Closing
from protocol.envelope import Envelope, unsafe_payload
from protocol.log_entries import encode_entry
from protocol.parcel import Lane
from protocol.receipt import Receipt, receipt_code
from protocol.segment import FromRoom, FromSeat, SegmentManifest, View
from protocol.values import Value, decode

_UNLOGGED = """
WITH kept (digest) AS (
    SELECT grant_digest FROM epoch JOIN session ON session.id = epoch.session
    WHERE centre = ?1 AND sitting = ?2 AND appliance = ?3 AND generation = ?4
    UNION ALL
    SELECT digest FROM decision
    WHERE centre = ?1 AND sitting = ?2 AND appliance = ?3 AND generation = ?4
)
SELECT count(*) FROM kept WHERE digest NOT IN (
    SELECT digest FROM logged
    WHERE centre = ?1 AND sitting = ?2 AND appliance = ?3 AND generation = ?4
)
"""


def put_record(connection: Connection, place: Place, kind: str, record: Value) -> None:
    """Keep something as it came; the same once."""
    insert(connection, "record", again=IGNORE, **columns(place), kind=kind, body=text(record))


# --- the log -------------------------------------------------------------------------------------


def leaves(connection: Connection, place: BoxPlace, first: int, count: int) -> list[bytes]:
    """Return the bytes of ``count`` leaves from index ``first`` on, as far as they are held."""
    rows = connection.execute(
        f"SELECT body FROM leaf WHERE {BOX} AND i >= ? ORDER BY i LIMIT ?",  # noqa: S608 - literal
        (*of_box(place), first, count),
    )
    return [bytes(row[0]) for row in rows]


def log_size(connection: Connection, place: BoxPlace) -> int:
    """Return how many leaves are held."""
    row = connection.execute(
        f"SELECT coalesce(max(i), -1) + 1 FROM leaf WHERE {BOX}",  # noqa: S608 - our own literal
        of_box(place),
    ).fetchone()
    return int(row[0])


def put_leaves(connection: Connection, place: BoxPlace, first: int, bodies: list[bytes]) -> None:
    """Add verified leaves."""
    connection.executemany(
        "INSERT INTO leaf (centre, sitting, appliance, generation, i, body) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [(*of_box(place), i, body) for i, body in enumerate(bodies, start=first)],
    )


def put_checkpoint(
    connection: Connection, place: BoxPlace, checkpoint: Checkpoint, note: str
) -> None:
    """Keep a verified checkpoint."""
    insert(
        connection,
        "checkpoint",
        again=IGNORE,
        **columns(place),
        size=checkpoint.size,
        root=checkpoint.root.hex(),
        note=note,
    )


def put_logged(connection: Connection, place: BoxPlace, digest: str) -> None:
    """Write down that the log has a leaf about this document."""
    insert(connection, "logged", again=IGNORE, **columns(place), digest=digest)


def unlogged(connection: Connection, place: BoxPlace) -> int:
    """Count grants and decisions of a box that are held and do not stand in its log."""
    row = connection.execute(_UNLOGGED, of_box(place)).fetchone()
    return int(row[0])


def put_seat_key(connection: Connection, place: BoxPlace, seat: str, key: str) -> None:
    """Keep the key with which a seat was paired."""
    insert(connection, "seat_key", again=IGNORE, **columns(place), seat=seat, key=key)


def seat_keys(connection: Connection, place: BoxPlace, seat: str) -> list[str]:
    """Return the keys of a seat."""
    rows = connection.execute(
        f"SELECT key FROM seat_key WHERE {BOX} AND seat = ?",  # noqa: S608 - our own literal
        (*of_box(place), seat),
    )
    return [str(row[0]) for row in rows]


def put_cosignature(
    connection: Connection, place: BoxPlace, size: int, line: str, seat: str, *, verified: bool
) -> None:
    """Keep a seat's cosignature line, verified or not; once verified it stays so."""
    insert(
        connection,
        "cosignature",
        again=(
            "ON CONFLICT (centre, sitting, appliance, generation, size, line) "
            "DO UPDATE SET verified = max(cosignature.verified, excluded.verified)"
        ),
        **columns(place),
        line=line,
        size=size,
        seat=seat,
        verified=int(verified),
    )


def generations(connection: Connection, place: Place) -> list[tuple[str, int]]:
    """Return (appliance, generation) of every log that is held of a sitting."""
    rows = connection.execute(
        "SELECT DISTINCT appliance, generation FROM leaf WHERE centre = ? AND sitting = ?",
        (place.centre, place.sitting),
    )
    return [(appliance, generation) for appliance, generation in rows]


# --- what candidates took away, recordings, closings ---------------------------------------------


def put_candidate_receipt(connection: Connection, receipt: Receipt, envelope: Envelope) -> None:
    """Keep a candidate's receipt under its twenty characters."""
    insert(
        connection,
        "candidate_receipt",
        again=IGNORE,
        code=receipt_code(envelope),
        session=receipt.entry.session,
        epoch=receipt.entry.epoch,
        n=receipt.entry.n,
        envelope=text(envelope),
    )


@dataclass(frozen=True, kw_only=True)
class LastSegment:
    """The last segment of a chain of manifests that is held."""

    n: int
    manifest: str


def last_segment(
    connection: Connection, place: Place, source: FromSeat | FromRoom, view: View
) -> LastSegment | None:
    """Return the last segment of one source and view."""
    row = connection.execute(
        "SELECT n, manifest FROM segment WHERE centre = ? AND sitting = ? AND source = ? "
        "AND view = ? ORDER BY n DESC LIMIT 1",
        (place.centre, place.sitting, text(source), view.value),
    ).fetchone()
    return None if row is None else LastSegment(n=row[0], manifest=row[1])


def segment_digest(connection: Connection, place: Place, manifest: SegmentManifest) -> str | None:
    """Return the digest of the manifest that is held under the same number."""
    row = connection.execute(
        "SELECT manifest FROM segment WHERE centre = ? AND sitting = ? AND source = ? "
        "AND view = ? AND n = ?",
        (place.centre, place.sitting, text(manifest.source), manifest.view.value, manifest.n),
    ).fetchone()
    return None if row is None else str(row[0])


def segments_missing(
    connection: Connection, place: Place, source: FromSeat | FromRoom, view: View
) -> int:
    """Return how many segments the numbers say are missing before the last that is held."""
    row = connection.execute(
        "SELECT coalesce(sum(gap_before), 0) FROM segment WHERE centre = ? AND sitting = ? "
        "AND source = ? AND view = ?",
        (place.centre, place.sitting, text(source), view.value),
    ).fetchone()
    return int(row[0])


def put_segment(
    connection: Connection,
    place: Place,
    manifest: SegmentManifest,
    envelope: Envelope,
    gap: int,
) -> None:
    """Add a verified segment; ``gap`` counts the segments that are missing before it."""
    insert(
        connection,
        "segment",
        **columns(place),
        source=text(manifest.source),
        view=manifest.view.value,
        n=manifest.n,
        digest=manifest.digest,
        manifest=envelope.digest,
        begins=manifest.begins,
        ends=manifest.ends,
        size=manifest.size,
        complete=int(manifest.complete),
        gap_before=gap,
        envelope=text(envelope),
    )


def put_lane_end(
    connection: Connection, place: BoxPlace, lane: Lane, subject: str, missing: int
) -> None:
    """Write down that nothing more of a subject follows in a lane."""
    insert(
        connection,
        "lane_end",
        again=IGNORE,
        **columns(place),
        lane=lane.value,
        subject=subject,
        missing=missing,
    )


def lane_ends(connection: Connection, place: Place, subject: str) -> dict[LaneOfBox, int]:
    """Return the lanes that have ended for a subject, each with the segments that never came."""
    rows = connection.execute(
        "SELECT appliance, generation, lane, missing FROM lane_end "
        "WHERE centre = ? AND sitting = ? AND subject = ?",
        (place.centre, place.sitting, subject),
    )
    return {(row[0], row[1], Lane(row[2])): row[3] for row in rows}


def put_closing(
    connection: Connection, place: BoxPlace, closing: Closing, envelope: Envelope
) -> bool:
    """Add a verified closing; say whether it is the one that is held for this subject."""
    insert(
        connection,
        "closing",
        again=IGNORE,
        **columns(place),
        subject=closing.subject,
        digest=envelope.digest,
        envelope=text(envelope),
    )
    row = connection.execute(
        f"SELECT digest FROM closing WHERE {BOX} AND subject = ?",  # noqa: S608 - our own literal
        (*of_box(place), closing.subject),
    ).fetchone()
    return bool(row[0] == envelope.digest)


def closings(connection: Connection) -> list[tuple[BoxPlace, Closing]]:
    """Return every closing that is held."""
    rows = connection.execute(
        "SELECT centre, sitting, appliance, generation, envelope FROM closing "
        "ORDER BY centre, sitting, subject, generation"
    )
    return [
        (
            BoxPlace(centre, sitting, appliance, generation),
            decode(unsafe_payload(decode(envelope.encode(), Envelope)), Closing),
        )
        for centre, sitting, appliance, generation, envelope in rows
    ]


def receipt_leaf_held(connection: Connection, code: str) -> bool:
    """Say whether the leaf that a candidate's receipt proves came here in the box's own log."""
    row = connection.execute(
        "SELECT r.envelope, s.centre, s.sitting FROM candidate_receipt r "
        "JOIN session s ON s.id = r.session WHERE r.code = ?",
        (code,),
    ).fetchone()
    receipt = decode(unsafe_payload(decode(row[0].encode(), Envelope)), Receipt)
    place = BoxPlace(row[1], row[2], receipt.appliance, receipt.generation)
    return leaves(connection, place, receipt.leaf_index, 1) == [encode_entry(receipt.entry)]
