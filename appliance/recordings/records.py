"""What stands in the database of `recordings`: its SQL, and nothing else.

Every function takes the connection of the writer's transaction (or of a reader) and
neither commits nor decides. Tables are described in ``schema/``.
"""

import contextlib
from collections.abc import Iterable
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from appliance.ipc.recordings import Admitted
from protocol.envelope import Envelope
from protocol.errors import UntrustedError
from protocol.parcel import FIRST
from protocol.recordings_api import ViewEnded
from protocol.segment import FromSeat, SegmentManifest, View
from protocol.values import Value, decode, encode
from runtime.database import open_read_only
from runtime.migrations import Schema, schema_of

LOST: Final = 0
"""In ``segments.parcel``: stored once, and not readable any more."""


def schema() -> Schema:
    """Return the tables."""
    return schema_of("appliance.recordings.schema", application_id=0x45585247)


def has_left(path: Path) -> bool:
    """Say whether a database that nobody has open holds what the office does not have. Blocks."""
    with contextlib.closing(open_read_only(path)) as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT 1 FROM segments WHERE held = 1) "
            "OR EXISTS (SELECT 1 FROM closed WHERE ended = 0)"
        ).fetchone()
    return bool(row[0])


class Place(Value, frozen=True, kw_only=True):
    """Names a segment for good, and its file."""

    session: str
    epoch: int
    view: View
    n: int

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return f"{self.session}.{self.epoch}.{self.view.value}.{self.n:06d}.age"


class Waiting(Value, frozen=True, kw_only=True):
    """A stored segment that is in no parcel yet."""

    seq: int
    place: Place
    size: int
    manifest: Envelope


class ChainEnd(Value, frozen=True, kw_only=True):
    """A chain of manifests: its last number, and that manifest's digest."""

    session: str
    epoch: int
    view: View
    n: int
    last: str


class Closed(Value, frozen=True, kw_only=True):
    """A closed subject whose lane has not ended."""

    subject: str
    at: int


class Parcel(Value, frozen=True, kw_only=True):
    """A parcel that was made."""

    row: int
    generation: int
    n: int
    digest: str


# --- sessions, views, subjects -------------------------------------------------------------------


def admit(connection: Connection, admitted: Admitted, since: int) -> None:
    """Add a session's epoch, once, admitted ``since`` (hall time)."""
    connection.execute(
        "INSERT OR IGNORE INTO sessions (session, epoch, session_key, seat_certificate, subject, "
        "candidate, ended, since) VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
        (
            admitted.session,
            admitted.epoch,
            admitted.session_key,
            admitted.seat_certificate,
            admitted.subject,
            admitted.candidate,
            since,
        ),
    )


def sums(connection: Connection) -> dict[tuple[str, int], tuple[int, int]]:
    """Return of each session's epoch since when it is admitted, and its bytes so far."""
    rows = connection.execute(
        "SELECT s.session, s.epoch, s.since, coalesce(sum(g.size), 0) FROM sessions s "
        "LEFT JOIN segments g ON g.session = s.session AND g.epoch = s.epoch GROUP BY 1, 2, 3"
    )
    return {(session, epoch): (since, size) for session, epoch, since, size in rows}


def admitted(connection: Connection) -> list[Admitted]:
    """Return all sessions."""
    rows = connection.execute(
        "SELECT session, epoch, session_key, seat_certificate, subject, candidate FROM sessions"
    )
    return [
        Admitted(
            session=session,
            epoch=epoch,
            session_key=key,
            seat_certificate=certificate,
            subject=subject,
            candidate=candidate,
        )
        for session, epoch, key, certificate, subject, candidate in rows
    ]


def end_session(connection: Connection, session: str, epoch: int) -> None:
    """Note that a session has ended."""
    connection.execute(
        "UPDATE sessions SET ended = 1 WHERE session = ? AND epoch = ?", (session, epoch)
    )


def end_view(connection: Connection, ended: ViewEnded) -> None:
    """Note where a view ends; what was said last counts."""
    connection.execute(
        "INSERT INTO view_ends (session, epoch, view, n, last) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (session, epoch, view) DO UPDATE SET n = excluded.n, last = excluded.last",
        (ended.session, ended.epoch, ended.view.value, ended.n, ended.last),
    )


def view_ends(connection: Connection, subject: str) -> list[ChainEnd]:
    """Return where the subject's views end as their seats said."""
    return _ends(
        connection,
        "SELECT v.session, v.epoch, v.view, v.n, v.last FROM view_ends v "
        "JOIN sessions s USING (session, epoch) WHERE s.subject = ?",
        subject,
    )


def stored_ends(connection: Connection, subject: str) -> list[ChainEnd]:
    """Return where the subject's views end as they are stored."""
    return _ends(
        connection,
        "SELECT g.session, g.epoch, g.view, max(g.n), g.digest FROM segments g "
        "JOIN sessions s USING (session, epoch) WHERE s.subject = ? GROUP BY 1, 2, 3",
        subject,
    )


def epochs(connection: Connection, subject: str) -> set[tuple[str, int]]:
    """Return the subject's sessions, each with its epochs."""
    rows = connection.execute("SELECT session, epoch FROM sessions WHERE subject = ?", (subject,))
    return {(session, epoch) for session, epoch in rows}


def close_subject(connection: Connection, subject: str, at: int) -> None:
    """Note that everybody in a subject is accounted for."""
    connection.execute(
        "INSERT OR IGNORE INTO closed (subject, at, ended) VALUES (?, ?, 0)", (subject, at)
    )


def closed_open(connection: Connection) -> list[Closed]:
    """Return the closed subjects whose lane has not ended."""
    rows = connection.execute("SELECT subject, at FROM closed WHERE ended = 0 ORDER BY at, subject")
    return [Closed(subject=subject, at=at) for subject, at in rows]


# --- segments ------------------------------------------------------------------------------------


def put_segment(connection: Connection, manifest: SegmentManifest, envelope: Envelope) -> None:
    """Add a segment whose file is durable."""
    place = place_of(manifest)
    connection.execute(
        "INSERT INTO segments (session, epoch, view, n, size, digest, manifest, held) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 1)",
        (
            place.session,
            place.epoch,
            place.view.value,
            place.n,
            manifest.size,
            envelope.digest,
            encode(envelope).decode(),
        ),
    )


def segment_digest(connection: Connection, place: Place) -> str | None:
    """Return the digest of the manifest that is stored at this place."""
    row = connection.execute(
        "SELECT digest FROM segments WHERE session = ? AND epoch = ? AND view = ? AND n = ?",
        (place.session, place.epoch, place.view.value, place.n),
    ).fetchone()
    return None if row is None else str(row[0])


def chain_ends(connection: Connection) -> list[ChainEnd]:
    """Return the last segment of each chain."""
    return _ends(
        connection,
        "SELECT session, epoch, view, max(n), digest FROM segments GROUP BY 1, 2, 3",
    )


def waiting(connection: Connection, most_bytes: int) -> list[Waiting]:
    """Return the oldest segments that are in no parcel, up to ``most_bytes``, one at least."""
    rows = connection.execute(
        "SELECT seq, session, epoch, view, n, size, manifest FROM segments "
        "WHERE parcel IS NULL ORDER BY seq"
    )
    found: list[Waiting] = []
    total = 0
    for seq, session, epoch, view, n, size, manifest in rows:
        total += size
        if found and total > most_bytes:
            break
        place = Place(session=session, epoch=epoch, view=View(view), n=n)
        envelope = decode(manifest.encode(), Envelope)
        found.append(Waiting(seq=seq, place=place, size=size, manifest=envelope))
    return found


def waiting_bytes(connection: Connection) -> int:
    """Return how many sealed bytes are in no parcel yet."""
    row = connection.execute(
        "SELECT coalesce(sum(size), 0) FROM segments WHERE parcel IS NULL"
    ).fetchone()
    return int(row[0])


def mark_lost(connection: Connection, seqs: Iterable[int]) -> None:
    """Note that segments can be put into no parcel: their bytes are damaged or gone.

    What is left of the file stays, for a person.
    """
    connection.executemany(
        "UPDATE segments SET parcel = ? WHERE seq = ?", [(LOST, seq) for seq in seqs]
    )


def lost(connection: Connection) -> int:
    """Count the segments that were stored and are lost."""
    row = connection.execute("SELECT count(*) FROM segments WHERE parcel = ?", (LOST,)).fetchone()
    return int(row[0])


def held(connection: Connection) -> list[Place]:
    """Return the segments whose files are there."""
    return _places(
        connection.execute("SELECT session, epoch, view, n FROM segments WHERE held = 1")
    )


def let_go(connection: Connection, *, delivered_only: bool) -> list[Place]:
    """Note that files are not needed any more, and return which.

    Those in parcels that the office has verified; else all that lie in a parcel, since the
    outbox holds them too.
    """
    rows = connection.execute(_DELIVERED if delivered_only else _IN_A_PARCEL).fetchall()
    connection.executemany("UPDATE segments SET held = 0 WHERE seq = ?", [row[:1] for row in rows])
    return _places(row[1:] for row in rows)


_DELIVERED: Final = (
    "SELECT g.seq, g.session, g.epoch, g.view, g.n FROM segments g "
    "JOIN parcels p ON p.row = g.parcel WHERE g.held = 1 AND p.stage = 'verified'"
)
_IN_A_PARCEL: Final = (
    "SELECT g.seq, g.session, g.epoch, g.view, g.n FROM segments g "
    "JOIN parcels p ON p.row = g.parcel WHERE g.held = 1"
)


# --- parcels -------------------------------------------------------------------------------------


def last_parcel(connection: Connection, generation: int) -> tuple[int, str]:
    """Return number and digest of the newest parcel of a generation."""
    row = connection.execute(
        "SELECT n, digest FROM parcels WHERE generation = ? ORDER BY n DESC LIMIT 1", (generation,)
    ).fetchone()
    return (0, FIRST) if row is None else (int(row[0]), str(row[1]))


def put_parcel(
    connection: Connection, generation: int, n: int, digest: str, seqs: Iterable[int]
) -> None:
    """Add a parcel and the segments that it holds."""
    row = connection.execute(
        "INSERT INTO parcels (generation, n, digest, stage) VALUES (?, ?, ?, 'sealed')",
        (generation, n, digest),
    ).lastrowid
    connection.executemany(
        "UPDATE segments SET parcel = ? WHERE seq = ?", [(row, seq) for seq in seqs]
    )


def end_lane(connection: Connection, subject: str) -> None:
    """Note that the lane's end for a subject is in a parcel."""
    connection.execute("UPDATE closed SET ended = 1 WHERE subject = ?", (subject,))


def delivered(connection: Connection) -> list[str]:
    """Return the subjects whose lane has ended, where the office has verified every parcel."""
    waits = "SELECT 1 FROM parcels WHERE stage <> 'verified'"
    rows = connection.execute(
        f"SELECT subject FROM closed WHERE ended = 1 AND NOT EXISTS ({waits}) "  # noqa: S608 - our own literal
        "ORDER BY at, subject"
    )
    return [str(subject) for (subject,) in rows]


def parcels(connection: Connection) -> list[Parcel]:
    """Return all parcels."""
    rows = connection.execute("SELECT row, generation, n, digest FROM parcels ORDER BY row")
    return [Parcel(row=row, generation=g, n=n, digest=digest) for row, g, n, digest in rows]


def set_stage(connection: Connection, generation: int, n: int, digest: str, stage: str) -> None:
    """Note what the office has said of a parcel; *verified* is final."""
    connection.execute(
        "UPDATE parcels SET stage = ? WHERE generation = ? AND n = ? AND digest = ? "
        "AND stage <> 'verified'",
        (stage, generation, n, digest),
    )


# --- helpers -------------------------------------------------------------------------------------


def place_of(manifest: SegmentManifest) -> Place:
    """Return the place that a seat's manifest names; raise `UntrustedError` for a room's."""
    if not isinstance(manifest.source, FromSeat):
        raise UntrustedError(f"expected a view of a seat, got {manifest.view.value}")
    return Place(
        session=manifest.source.session,
        epoch=manifest.source.epoch,
        view=manifest.view,
        n=manifest.n,
    )


def _places(rows: Iterable[tuple[str, int, str, int]]) -> list[Place]:
    return [
        Place(session=session, epoch=epoch, view=View(view), n=n)
        for session, epoch, view, n in rows
    ]


def _ends(connection: Connection, query: str, *values: object) -> list[ChainEnd]:
    return [
        ChainEnd(session=session, epoch=epoch, view=View(view), n=n, last=last)
        for session, epoch, view, n, last in connection.execute(query, values)
    ]
