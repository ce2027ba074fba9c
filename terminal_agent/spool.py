"""The spool: the candidate's answers on this seat's disk, before the page says "saved".

Rules:

1. `append` returns when the event is durable (SQLite WAL, ``synchronous=FULL``); nothing
   is shown as saved before, and nothing is sent before.
2. Events are never changed and never removed while the office has not verified them.
3. The session key lies beside the events: a seat that is booted again goes on signing
   where it stopped.
4. What one sitting left behind stays, and meets nothing of another: decisions are kept by
   sitting, box, generation and number.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from protocol.decisions import Decision
from protocol.envelope import Envelope, unsafe_payload
from protocol.grant import Grant, Position
from protocol.journal import Event, decode_event, encode_event
from protocol.keys import SigningKey
from protocol.seat_api import LoggedIn, OwnData, Standing
from protocol.values import Value, decode, encode
from runtime.database import Database
from runtime.facts import fact, put_fact
from runtime.migrations import schema_of
from terminal_agent.trust import Log

SCHEMA: Final = schema_of("terminal_agent.schema", application_id=0x45585350)

MakeEvent = Callable[[int], Event]
"""Makes the event of a given number."""

_SESSIONS: Final = (
    "SELECT grant_envelope, own_data, key, acknowledged, office, receipt, state, standing, tail, "
    "lowered FROM sessions ORDER BY seq"
)


class StoredSession(Value, frozen=True, kw_only=True):
    """A session as the spool has it. ``state``: ``open``, ``left`` or ``moved``.

    ``tail``: events that the box keeps as the tail of an ended epoch; ``lowered``: up to this
    event raised hands were taken down.
    """

    grant_envelope: Envelope
    own_data: OwnData
    standing: Standing
    seed: bytes
    acknowledged: int
    office: int
    receipt: Envelope | None
    state: str
    tail: int = 0
    lowered: int = 0

    def __repr__(self) -> str:
        return f"StoredSession({self.own_data.candidate}, {self.state}, key hidden)"

    def key(self) -> SigningKey:
        """Return the session key."""
        return SigningKey.from_seed(self.seed)


class Spool:
    """The seat's database; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "spool.db", SCHEMA)

    async def __aenter__(self) -> Self:
        await self._database.__aenter__()
        try:
            await self._place_decisions()
        except BaseException:
            await self._database.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._database.__aexit__(kind, error, trace)

    async def watch(self) -> None:
        """Raise if the writer died: see `runtime.writer`."""
        await self._database.writer.watch()

    # --- sessions ---------------------------------------------------------------------------

    async def open_session(
        self, grant: Grant, reply: LoggedIn, key: SigningKey, makers: Sequence[MakeEvent]
    ) -> None:
        """Keep a grant with the session key that it names, and the session's first events."""

        def job(connection: Connection) -> None:
            connection.execute(
                "INSERT INTO sessions (session, epoch, grant_envelope, key, own_data, "
                "standing, acknowledged, office, state) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 'open')",
                (
                    grant.session,
                    grant.epoch,
                    encode(reply.grant).decode(),
                    key.dangerous_seed(),
                    encode(reply.own_data).decode(),
                    encode(reply.standing).decode(),
                ),
            )
            _append(connection, grant, makers)

        await self._database.write(job)

    async def sessions(self) -> list[StoredSession]:
        """Return all sessions, oldest first."""
        rows = await self._database.read(lambda c: c.execute(_SESSIONS).fetchall())
        return [_stored(row) for row in rows]

    async def last_session(self) -> StoredSession | None:
        """Return the newest session."""
        sessions = await self.sessions()
        return sessions[-1] if sessions else None

    async def last_event(self, session: str, epoch: int) -> int:
        """Return the number of the last event that is kept, 0 where there is none."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT coalesce(max(n), 0) FROM events WHERE session = ? AND epoch = ?",
                (session, epoch),
            ).fetchone()
        )
        return int(row[0])

    async def set_state(self, grant: Grant, state: str) -> None:
        """Note that the candidate has left, or that the session has moved to another seat."""
        await self._update(grant, "state = ?", state)

    async def keep_receipt(self, grant: Grant, receipt: Envelope) -> None:
        """Keep the candidate's receipt."""
        await self._update(grant, "receipt = ?", encode(receipt).decode())

    async def keep_acknowledgement(self, grant: Grant, n: int, envelope: Envelope) -> None:
        """Keep the box's word that all events to ``n`` are on its disk."""
        await self._update(
            grant, "acknowledged = ?, acknowledgement = ?", n, encode(envelope).decode()
        )

    async def keep_tail(self, grant: Grant, n: int) -> None:
        """Note up to where the box keeps an ended epoch's tail."""
        await self._update(grant, "tail = max(tail, ?)", n)

    async def keep_lowered(self, grant: Grant, n: int) -> None:
        """Note that hands raised up to event ``n`` were taken down."""
        await self._update(grant, "lowered = ?", n)

    async def keep_mismatch(self, at: int, session: str, what: str, envelope: Envelope) -> None:
        """Keep what the hall or the office signed and what is not this seat's journal."""
        await self._database.write(
            lambda c: c.execute(
                "INSERT OR IGNORE INTO mismatches (at, session, what, envelope) "
                "VALUES (?, ?, ?, ?)",
                (at, session, what, encode(envelope).decode()),
            )
        )

    async def mismatches(self) -> list[tuple[str, str]]:
        """Return what did not fit, as session and ``receipt`` or ``office``, oldest first."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT session, what FROM mismatches ORDER BY seq").fetchall()
        )
        return [(str(session), str(what)) for session, what in rows]

    async def keep_office(self, session: str, position: Position) -> None:
        """Note how far the office has verified."""
        await self._database.write(
            lambda c: c.execute(
                "UPDATE sessions SET office = max(office, ?) WHERE session = ? AND epoch = ?",
                (position.n, session, position.epoch),
            )
        )

    async def _update(self, grant: Grant, columns: str, *values: object) -> None:
        await self._database.write(
            lambda c: c.execute(
                f"UPDATE sessions SET {columns} WHERE session = ? AND epoch = ?",  # noqa: S608 - our own literals
                (*values, grant.session, grant.epoch),
            )
        )

    # --- events -----------------------------------------------------------------------------

    async def append(self, grant: Grant, makers: Sequence[MakeEvent]) -> list[tuple[Event, bytes]]:
        """Keep events, each with the next number; return them once they are durable."""
        return await self._database.write(lambda c: _append(c, grant, makers))

    async def last_time(self) -> int:
        """Return the hall time of the newest session's last event, 0 where there is none."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT e.body FROM sessions s JOIN events e USING (session, epoch) "
                "ORDER BY s.seq DESC, e.n DESC LIMIT 1"
            ).fetchone()
        )
        return 0 if row is None else decode_event(row[0]).hall

    async def events(self, grant: Grant, first: int, most: int) -> list[bytes]:
        """Return the bytes of at most ``most`` events from number ``first`` on."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT body FROM events WHERE session = ? AND epoch = ? AND n >= ? "
                "ORDER BY n LIMIT ?",
                (grant.session, grant.epoch, first, most),
            ).fetchall()
        )
        return [bytes(row[0]) for row in rows]

    # --- the hall ---------------------------------------------------------------------------

    async def keep_decision(self, decision: Decision, envelope: Envelope) -> bool:
        """Keep a decision of the hall; False where it was there already."""

        def job(connection: Connection) -> bool:
            done = connection.execute(
                "INSERT OR IGNORE INTO decisions (sitting, appliance, generation, n, envelope) "
                "VALUES (?, ?, ?, ?, ?)",
                (*_place(decision), encode(envelope).decode()),
            )
            return done.rowcount > 0

        return await self._database.write(job)

    async def decisions(self, log: Log) -> list[Envelope]:
        """Return the decisions of one log that are kept, in their order."""
        rows = await self._database.read(
            lambda c: c.execute(
                "SELECT envelope FROM decisions WHERE sitting = ? AND appliance = ? "
                "AND generation = ? ORDER BY n",
                (log.sitting, log.appliance, log.generation),
            ).fetchall()
        )
        return [decode(row[0].encode(), Envelope) for row in rows]

    async def decisions_seen(self, log: Log) -> int:
        """Return the number up to which every decision meant for this seat was kept."""
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT coalesce(max(n), 0) FROM decisions WHERE sitting = ? AND appliance = ? "
                "AND generation = ?",
                (log.sitting, log.appliance, log.generation),
            ).fetchone()
        )
        return int(row[0])

    async def _place_decisions(self) -> None:
        """Write beside decisions of before the second schema where they belong."""
        unplaced = "SELECT envelope FROM decisions WHERE sitting = ''"
        rows = await self._database.read(lambda c: c.execute(unplaced).fetchall())
        if not rows:
            return
        envelopes = [decode(row[0].encode(), Envelope) for row in rows]
        placed = [
            (*_place(decode(unsafe_payload(each), Decision)), encode(each).decode())
            for each in envelopes
        ]

        def job(connection: Connection) -> None:
            connection.execute("DELETE FROM decisions WHERE sitting = ''")
            connection.executemany(
                "INSERT OR IGNORE INTO decisions (sitting, appliance, generation, n, envelope) "
                "VALUES (?, ?, ?, ?, ?)",
                placed,
            )

        await self._database.write(job)

    async def keep_checkpoint(self, origin: str, size: int, note: str) -> None:
        """Keep the newest checkpoint that was checked."""
        await self._database.write(
            lambda c: c.execute(
                "INSERT INTO checkpoints (origin, size, note) VALUES (?, ?, ?) "
                "ON CONFLICT (origin) DO UPDATE SET size = excluded.size, note = excluded.note",
                (origin, size, note),
            )
        )

    async def checkpoints(self) -> dict[str, str]:
        """Return the last checkpoint of each origin."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT origin, note FROM checkpoints").fetchall()
        )
        return {str(origin): str(note) for origin, note in rows}

    # --- facts ------------------------------------------------------------------------------

    async def put(self, name: str, value: msgspec.Struct) -> None:
        """Keep the one value of ``name``."""
        text = encode(value).decode()
        await self._database.write(lambda c: put_fact(c, name, text))

    async def get(self, name: str) -> bytes | None:
        """Return the value of ``name`` as it was encoded."""
        text = await self._database.read(lambda c: fact(c, name))
        return None if text is None else text.encode()


def _place(decision: Decision) -> tuple[str, str, int, int]:
    return decision.sitting, decision.appliance, decision.generation, decision.n


def _stored(row: tuple[Any, ...]) -> StoredSession:
    return StoredSession(
        grant_envelope=decode(row[0].encode(), Envelope),
        own_data=decode(row[1].encode(), OwnData),
        seed=row[2],
        acknowledged=row[3],
        office=row[4],
        receipt=None if row[5] is None else decode(row[5].encode(), Envelope),
        state=row[6],
        standing=decode(row[7].encode(), Standing),
        tail=row[8],
        lowered=row[9],
    )


def _append(
    connection: Connection, grant: Grant, makers: Sequence[MakeEvent]
) -> list[tuple[Event, bytes]]:
    last = connection.execute(
        "SELECT coalesce(max(n), 0) FROM events WHERE session = ? AND epoch = ?",
        (grant.session, grant.epoch),
    ).fetchone()[0]
    made = [make(last + i) for i, make in enumerate(makers, start=1)]
    kept = [(event, encode_event(event)) for event in made]
    connection.executemany(
        "INSERT INTO events (session, epoch, n, body) VALUES (?, ?, ?, ?)",
        [(grant.session, grant.epoch, event.n, body) for event, body in kept],
    )
    return kept
