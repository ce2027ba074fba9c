"""The receiver's database: every function here is one job of its writer, or one query.

The parcel's row and the end of its upload are one transaction, so that a kill leaves
either an upload that goes on or a parcel that is there.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from central.receiving.judgement import Fault, Genuine, Outcome, Refused, Taken, fork
from protocol.parcel import Lane, ParcelHeader, ParcelKey
from runtime.migrations import Schema, schema_of

APPLICATION_ID: Final = 0x45584331  # EXC1


def schema() -> Schema:
    """Return the catalogue's tables."""
    return schema_of("central.receiving.schema", application_id=APPLICATION_ID)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One upload. ``done`` once its parcel is in the catalogue."""

    id: str
    client: str
    length: int
    sha256: str
    done: bool
    refused: Refused | None


@dataclass(frozen=True, kw_only=True)
class Began:
    """An upload that has not come whole, and when it was created."""

    upload: str
    client: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A whole file, judged genuine, about to be catalogued."""

    genuine: Genuine
    file_sha256: str
    size: int
    at: int
    came_from: str
    upload: str | None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """What a person should look at."""

    at: int
    came_from: str
    fault: Fault
    message: str
    file: str | None = None


def begin_upload(
    connection: sqlite3.Connection, upload: str, client: str, length: int, sha256: str, at: int
) -> None:
    """Write down an upload; the same one again changes nothing."""
    connection.execute(
        "INSERT INTO upload (id, client, length, sha256, created_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO NOTHING",
        (upload, client, length, sha256, at),
    )


def find_upload(connection: sqlite3.Connection, upload: str) -> Upload | None:
    """Return an upload by its id."""
    row = connection.execute(
        "SELECT id, client, length, sha256, parcel, refused, message FROM upload WHERE id = ?",
        (upload,),
    ).fetchone()
    if row is None:
        return None
    refused = Refused(fault=Fault(row[5]), message=row[6]) if row[5] else None
    return Upload(
        id=row[0],
        client=row[1],
        length=row[2],
        sha256=row[3],
        done=row[4] is not None,
        refused=refused,
    )


def take(connection: sqlite3.Connection, arrival: Arrival) -> Outcome:
    """Catalogue a genuine parcel and end its upload; a fork is refused and written down."""
    header, digest = arrival.genuine.header, arrival.genuine.digest
    kept = _find(connection, header)
    if kept is not None and kept[1] != digest:
        refused = fork(header, digest, kept[1])
        _refuse_for_good(connection, arrival, refused)
        return refused
    number = kept[0] if kept else _insert(connection, arrival)
    connection.execute("UPDATE upload SET parcel = ? WHERE id = ?", (number, arrival.upload))
    return _taken(header, digest, again=kept is not None)


def _refuse_for_good(connection: sqlite3.Connection, arrival: Arrival, refused: Refused) -> None:
    connection.execute(
        "UPDATE upload SET refused = ?, message = ? WHERE id = ?",
        (refused.fault.value, refused.message, arrival.upload),
    )
    incident = Incident(
        at=arrival.at,
        came_from=arrival.came_from,
        fault=refused.fault,
        message=refused.message,
        file=aside_name(arrival.genuine),
    )
    note(connection, incident)


def aside_name(genuine: Genuine) -> str:
    """Return the name under which a parcel of a fork is kept."""
    return f"{genuine.header.key.file_name}.{genuine.digest[:16]}"


def note(connection: sqlite3.Connection, incident: Incident) -> None:
    """Write an incident down, once."""
    connection.execute(
        "INSERT INTO incident (at, came_from, fault, message, file) SELECT ?1, ?2, ?3, ?4, ?5 "
        "WHERE NOT EXISTS (SELECT 1 FROM incident WHERE came_from = ?2 AND message = ?4)",
        (
            incident.at,
            incident.came_from,
            incident.fault.value,
            incident.message,
            incident.file,
        ),
    )


def forget_upload(connection: sqlite3.Connection, upload: str) -> None:
    """Let an upload begin anew: after a refusal that a repetition may change."""
    connection.execute("DELETE FROM upload WHERE id = ?", (upload,))


def unfinished(connection: sqlite3.Connection, client: str | None = None) -> list[Began]:
    """Return the uploads that have not come whole, of one client or of all."""
    whose = "" if client is None else " AND client = ?"
    rows = connection.execute(
        "SELECT id, client, created_at FROM upload "  # noqa: S608 - our own literals
        f"WHERE parcel IS NULL AND refused IS NULL{whose}",
        () if client is None else (client,),
    )
    return [Began(upload=row[0], client=row[1], at=row[2]) for row in rows]


def names(connection: sqlite3.Connection) -> set[str]:
    """Return the file names of all parcels."""
    rows = connection.execute(
        "SELECT centre, sitting, appliance, generation, lane, n FROM parcel"
    ).fetchall()
    return {_key(row).file_name for row in rows}


def taken_as(connection: sqlite3.Connection, upload: str) -> Taken:
    """Return what a finished upload was taken as."""
    row = connection.execute(
        "SELECT centre, sitting, appliance, generation, lane, n, digest "
        "FROM upload JOIN parcel ON parcel.id = upload.parcel WHERE upload.id = ?",
        (upload,),
    ).fetchone()
    return Taken(key=_key(row), digest=row[6], again=True)


def incidents(connection: sqlite3.Connection) -> list[Incident]:
    """Return every incident, oldest first."""
    rows = connection.execute(
        "SELECT at, came_from, fault, message, file FROM incident ORDER BY id"
    ).fetchall()
    return [
        Incident(at=row[0], came_from=row[1], fault=Fault(row[2]), message=row[3], file=row[4])
        for row in rows
    ]


def _key(row: Sequence[Any]) -> ParcelKey:
    return ParcelKey(
        centre=row[0],
        sitting=row[1],
        appliance=row[2],
        generation=row[3],
        lane=Lane(row[4]),
        n=row[5],
    )


def _taken(header: ParcelHeader, digest: str, *, again: bool) -> Taken:
    return Taken(key=header.key, digest=digest, again=again)


def _find(connection: sqlite3.Connection, header: ParcelHeader) -> tuple[int, str] | None:
    key = header.key
    row: tuple[int, str] | None = connection.execute(
        "SELECT id, digest FROM parcel WHERE centre = ? AND sitting = ? AND appliance = ? "
        "AND generation = ? AND lane = ? AND n = ?",
        (key.centre, key.sitting, key.appliance, key.generation, key.lane.value, key.n),
    ).fetchone()
    return row


def _insert(connection: sqlite3.Connection, arrival: Arrival) -> int:
    header = arrival.genuine.header
    key = header.key
    number = connection.execute(
        "INSERT INTO parcel (centre, sitting, appliance, generation, lane, n, digest, "
        "file_sha256, size, received_at, came_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key.centre,
            key.sitting,
            key.appliance,
            key.generation,
            key.lane.value,
            key.n,
            arrival.genuine.digest,
            arrival.file_sha256,
            arrival.size,
            arrival.at,
            arrival.came_from,
        ),
    ).lastrowid
    assert number is not None
    return number
