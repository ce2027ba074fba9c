"""What stands in core's database: the SQL of the hall's record, and nothing else.

Every function takes the connection of the writer's transaction (or of a reader) and
neither commits nor decides. Tables are described in ``schema/``.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from appliance.core.quota import HEAD_BYTES
from exam.session import Session
from protocol.decisions import Decision
from protocol.envelope import Envelope
from protocol.grant import Grant, Position
from protocol.journal import Batch, Extension
from protocol.log_entries import Alerted, Entry, StrayKept, decode_entry, encode_entry
from protocol.parcel import AlertRecord, alert_digest
from protocol.values import Value, decode, encode
from runtime.errors import DatabaseDamagedError
from runtime.facts import fact, put_fact

Connection = sqlite3.Connection


class HeadKey(NamedTuple):
    """Which head: its number, and where in which journal it stands."""

    seq: int
    session: str
    epoch: int
    n: int


_HEAD_KEYS: Final = msgspec.json.Decoder(list[HeadKey])


class SeatingRow(Value, frozen=True, kw_only=True):
    """One row of ``sessions``."""

    candidate: str
    subject: str
    id: str | None
    epoch: int
    seat: str
    session: Session
    distance: int


class PairingRow(Value, frozen=True, kw_only=True):
    """One row of ``pairings`` that is good."""

    seat: str
    certificate: str
    seat_key: str
    at: int
    enrolled: str


class GrantRow(Value, frozen=True, kw_only=True):
    """One row of ``grants``: the grant's envelope and where its journal stands."""

    session: str
    epoch: int
    envelope: Envelope
    position: Position
    logged: int
    office: int


# --- facts -----------------------------------------------------------------------------------


def office_fact(session: str) -> str:
    """Return under which name lies what the office has said last of a session's journal."""
    return f"office:{session}"


def hand_fact(session: str) -> str:
    """Return the fact that says since when the hand was up that was last lowered by staff."""
    return f"hand_lowered:{session}"


# --- the log ---------------------------------------------------------------------------------


def append_leaf(connection: Connection, entry: Entry) -> int:
    """Add a leaf in the transaction of what it is about; return its index."""
    index = int(connection.execute("SELECT coalesce(max(i), -1) + 1 FROM leaves").fetchone()[0])
    connection.execute("INSERT INTO leaves (i, body) VALUES (?, ?)", (index, encode_entry(entry)))
    return index


def put_alert(connection: Connection, alert: AlertRecord) -> None:
    """Keep an alert, with its leaf in the log."""
    columns = msgspec.structs.asdict(alert)
    del columns["picture"]  # core's alerts have none
    insert(connection, "alerts", settled=0, **columns)
    append_leaf(connection, Alerted(at=alert.at, alert=alert_digest(alert)))


def leaves_from(connection: Connection, first: int, most: int = 100_000) -> list[bytes]:
    """Return the bytes of the leaves from index ``first`` on."""
    rows = connection.execute(
        "SELECT body FROM leaves WHERE i >= ? ORDER BY i LIMIT ?", (first, most)
    )
    return [bytes(row[0]) for row in rows]


def note_strays(connection: Connection, session: str) -> None:
    """Write down that staff have seen every tail that the log names so far."""
    (last,) = connection.execute("SELECT coalesce(max(i), -1) FROM leaves").fetchone()
    put_fact(connection, _noted_fact(session), str(last))


def strays_since(connection: Connection) -> dict[str, int]:
    """Return since when each session has a tail of an old epoch that staff have not seen."""
    rows = connection.execute(
        "SELECT i, body FROM leaves WHERE instr(body, ?) ORDER BY i DESC", (b'"kind":"stray"',)
    ).fetchall()
    found: dict[str, int] = {}
    for i, body in rows:
        entry = decode_entry(bytes(body))
        if isinstance(entry, StrayKept):
            noted = fact(connection, _noted_fact(entry.session))
            if noted is None or i > int(noted):
                found[entry.session] = entry.at
    return found


def _noted_fact(session: str) -> str:
    return f"strays_noted:{session}"


# --- sessions and grants -----------------------------------------------------------------------


def put_seating(connection: Connection, row: SeatingRow) -> None:
    """Write where a candidate's subject stands."""
    connection.execute(
        "INSERT INTO sessions (candidate, subject, id, epoch, seat, state, distance) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (candidate, subject) DO UPDATE SET "
        "id = excluded.id, epoch = excluded.epoch, seat = excluded.seat, "
        "state = excluded.state, distance = excluded.distance",
        (
            row.candidate,
            row.subject,
            row.id,
            row.epoch,
            row.seat,
            encode(row.session).decode(),
            row.distance,
        ),
    )


def seatings(connection: Connection) -> list[SeatingRow]:
    """Return all rows of ``sessions``."""
    rows = connection.execute(
        "SELECT candidate, subject, id, epoch, seat, state, distance FROM sessions"
    )
    return [
        SeatingRow(
            candidate=c,
            subject=s,
            id=i,
            epoch=e,
            seat=seat,
            session=decode(state.encode(), Session),
            distance=d,
        )
        for c, s, i, e, seat, state, d in rows
    ]


def insert_grant(connection: Connection, grant: Grant, envelope: Envelope, start: Position) -> None:
    """Add a grant whose journal is empty."""
    connection.execute(
        "INSERT INTO grants (session, epoch, envelope, n, head, logged, office) "
        "VALUES (?, ?, ?, ?, ?, 0, 0)",
        (grant.session, grant.epoch, encode(envelope).decode(), start.n, start.head),
    )


def grants(connection: Connection) -> list[GrantRow]:
    """Return all grants in the order in which they were given.

    A journal stands at its last head; before the first, where the grant let it begin.
    """
    rows = connection.execute(
        "SELECT g.session, g.epoch, g.envelope, coalesce(h.n, g.n), coalesce(h.link, g.head), "
        "g.logged, g.office FROM grants AS g LEFT JOIN ("
        "SELECT session, epoch, n, link, max(seq) FROM heads GROUP BY session, epoch"
        ") AS h ON h.session = g.session AND h.epoch = g.epoch ORDER BY g.seq"
    )
    return [
        GrantRow(
            session=s,
            epoch=e,
            envelope=decode(envelope.encode(), Envelope),
            position=Position(epoch=e, n=n, head=head),
            logged=logged,
            office=office,
        )
        for s, e, envelope, n, head, logged, office in rows
    ]


def mark_logged(connection: Connection, session: str, epoch: int, n: int) -> None:
    """Note that the log has a leaf for the journal at ``n``."""
    connection.execute(
        "UPDATE grants SET logged = ? WHERE session = ? AND epoch = ?", (n, session, epoch)
    )


def mark_office(connection: Connection, session: str, epoch: int, n: int) -> None:
    """Note that the office has verified the journal to ``n``."""
    connection.execute(
        "UPDATE grants SET office = max(office, ?) WHERE session = ? AND epoch = ?",
        (n, session, epoch),
    )


# --- the journal -------------------------------------------------------------------------------


class BatchRow(NamedTuple):
    """A batch as it goes into the record."""

    session: str
    epoch: int
    n: int
    """Of its last event."""
    link: str
    head: str
    """Envelope."""
    at: int
    """When it is acknowledged."""
    events: tuple[tuple[int, bytes], ...]
    """Number and bytes of each new event."""


def batch_row(batch: Batch, extension: Extension, at: int) -> BatchRow:
    """Return the row of what ``batch`` adds."""
    position = extension.position
    return BatchRow(
        session=batch.session,
        epoch=position.epoch,
        n=position.n,
        link=position.head,
        head=encode(batch.head).decode(),
        at=at,
        events=tuple((event.n, body) for event, body in extension.events),
    )


def append_batches(connection: Connection, rows: Sequence[BatchRow]) -> None:
    """Add batches: their events, and their heads, which say where the journals now stand."""
    connection.executemany(
        "INSERT INTO events (session, epoch, n, body) VALUES (?, ?, ?, ?)",
        [(row.session, row.epoch, n, body) for row in rows for n, body in row.events],
    )
    connection.executemany(
        "INSERT INTO heads (session, epoch, n, link, head, at) VALUES (?, ?, ?, ?, ?, ?)",
        [row[:6] for row in rows],
    )


def events_of(
    connection: Connection, session: str, epoch: int, first: int, last: int
) -> list[bytes]:
    """Return the bytes of events ``first`` to ``last``.

    They come as one row: their one encoding (RFC 8785) has no line break, and a thread that
    steps from row to row asks for the interpreter at each.
    """
    (text,) = connection.execute(
        "SELECT group_concat(CAST(body AS TEXT), char(10)) FROM (SELECT body FROM events "
        "WHERE session = ? AND epoch = ? AND n BETWEEN ? AND ? ORDER BY n)",
        (session, epoch, first, last),
    ).fetchone()
    found = [] if text is None else text.encode().split(b"\n")
    if len(found) != max(0, last - first + 1):
        raise DatabaseDamagedError(
            f"session {session} epoch {epoch}: expected events {first} to {last}; "
            f"found {len(found)} of them; set the record aside, and restore the copy"
        )
    return found


def heads_after(connection: Connection, seq: int, end: int, most: int) -> list[HeadKey]:
    """Return number, session, epoch and n of the heads after ``seq`` up to ``end``; one row."""
    (text,) = connection.execute(
        "SELECT json_group_array(json_array(seq, session, epoch, n)) FROM (SELECT * FROM heads "
        "WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)",
        (seq, end, most),
    ).fetchone()
    return _HEAD_KEYS.decode(text)


def head_envelopes(connection: Connection, seq: int, end: int, most: int) -> tuple[int, list[str]]:
    """Return the heads' envelopes after ``seq`` up to ``end``, and the last number; one row."""
    last, text = connection.execute(
        "SELECT max(seq), group_concat(head, char(10)) FROM (SELECT * FROM heads "
        "WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?)",
        (seq, end, most),
    ).fetchone()
    return (seq, []) if text is None else (int(last), text.split("\n"))


def iterate_events(connection: Connection, session: str, epoch: int, last: int) -> Iterator[bytes]:
    """Give the bytes of events 1 to ``last``, one at a time."""
    rows = connection.execute(
        "SELECT body FROM events WHERE session = ? AND epoch = ? AND n <= ? ORDER BY n",
        (session, epoch, last),
    )
    return (bytes(row[0]) for row in rows)


def sizes_of_events(
    connection: Connection, session: str, epoch: int, first: int, last: int
) -> list[int]:
    """Return how many bytes each of the events ``first`` to ``last`` has, in their order."""
    (text,) = connection.execute(
        "SELECT group_concat(length(body)) FROM (SELECT body FROM events "
        "WHERE session = ? AND epoch = ? AND n BETWEEN ? AND ? ORDER BY n)",
        (session, epoch, first, last),
    ).fetchone()
    return [] if text is None else [int(size) for size in text.split(",")]


def sizes(connection: Connection) -> dict[str, int]:
    """Return how many bytes each session has on the disk, as `appliance.core.quota` counts."""
    rows = connection.execute(
        "SELECT session, sum(size) FROM ("
        "SELECT session, sum(length(body)) AS size FROM events GROUP BY session "
        "UNION ALL SELECT session, count(*) * ? FROM heads GROUP BY session "
        "UNION ALL SELECT session, sum(length(batch)) FROM strays GROUP BY session "
        "UNION ALL SELECT session, sum(length(envelope)) FROM grants GROUP BY session"
        ") GROUP BY session",
        (HEAD_BYTES,),
    )
    return {str(session): int(size) for session, size in rows}


def events_before(connection: Connection, session: str, epoch: int) -> list[bytes]:
    """Return the bytes of all events of the epochs before ``epoch``, in their order."""
    rows = connection.execute(
        "SELECT body FROM events WHERE session = ? AND epoch < ? ORDER BY epoch, n",
        (session, epoch),
    )
    return [bytes(row[0]) for row in rows]


# --- decisions and acts ------------------------------------------------------------------------


def next_decision(connection: Connection) -> int:
    """Return the number of the next decision."""
    return int(connection.execute("SELECT coalesce(max(n), 0) + 1 FROM decisions").fetchone()[0])


def insert_decision(
    connection: Connection, decision: Decision, envelope: Envelope, act: Envelope | None
) -> None:
    """Add a decision and the act that asked for it."""
    connection.execute(
        "INSERT INTO decisions (n, envelope, act) VALUES (?, ?, ?)",
        (decision.n, encode(envelope).decode(), None if act is None else encode(act).decode()),
    )


def decisions(connection: Connection) -> list[Envelope]:
    """Return all decisions in their order."""
    rows = connection.execute("SELECT envelope FROM decisions ORDER BY n")
    return [decode(row[0].encode(), Envelope) for row in rows]


def reply_to(connection: Connection, nonce: str) -> bytes | None:
    """Return what was replied to the act with this nonce."""
    row = connection.execute("SELECT reply FROM acts WHERE nonce = ?", (nonce,)).fetchone()
    return None if row is None else str(row[0]).encode()


def put_reply(connection: Connection, nonce: str, reply: bytes) -> None:
    """Keep the reply to an act."""
    connection.execute(
        "INSERT OR REPLACE INTO acts (nonce, reply) VALUES (?, ?)", (nonce, reply.decode())
    )


# --- the seats' machines -----------------------------------------------------------------------


def pairings(connection: Connection) -> list[PairingRow]:
    """Return the machines that are paired and not revoked."""
    rows = connection.execute(
        "SELECT seat, certificate, seat_key, at, enrolled FROM pairings "
        "WHERE revoked IS NULL ORDER BY seq"
    )
    return [
        PairingRow(seat=seat, certificate=certificate, seat_key=key, at=at, enrolled=enrolled)
        for seat, certificate, key, at, enrolled in rows
    ]


# --- plain inserts, by table -------------------------------------------------------------------


def insert(connection: Connection, table: str, **columns: Any) -> None:
    """Add a row; ``table`` and the columns' names are our own literals, never input."""
    names = ", ".join(columns)
    marks = ", ".join("?" for _ in columns)
    connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - our own literals
        tuple(columns.values()),
    )


def stored(value: msgspec.Struct) -> str:
    """Return a value as it stands in a text column."""
    return encode(value).decode()
