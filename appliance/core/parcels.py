"""Parcels from core's own record: lanes answers, evidence and incidents.

A parcel holds what was committed since the one before: each source table counts its rows,
and the parcel's row remembers the last number of each. What is taken, by lane:

- answers: grants, then the journals' events up to their last acknowledged head, receipts,
  closings;
- evidence: the earlier heads, the log's leaves with the checkpoint over them;
- incidents: decisions with their acts, strays, alerts.

A round (`ParcelMaker.make_all`) takes what stood in the record when it began, and no more:
seats that write on never keep it from ending, nor cut the next parcel into crumbs.

The steps of each parcel: read what is new at one consistent moment; seal it in a
thread; stage the file; commit the row; publish it. See `appliance.ipc.outbox`.
"""

import asyncio
import json
from functools import partial
from typing import Any, Final

import msgspec

from appliance.core import records
from appliance.core.box import Box
from appliance.core.log import Log
from appliance.ipc.outbox import Outbox
from protocol.envelope import Envelope
from protocol.grant import Position
from protocol.journal import Batch
from protocol.parcel import (
    FIRST,
    AlertRecord,
    ClosingRecord,
    DecisionRecord,
    GrantRecord,
    HeadRecord,
    JournalRecord,
    Lane,
    LaneEndRecord,
    LogRecord,
    ParcelContents,
    ParcelKey,
    ReceiptRecord,
    Record,
    StrayRecord,
    make_parcel,
)
from protocol.values import Value, decode
from runtime.database import Database
from runtime.patience import patient_pool

MOST_ROWS: Final = 5_000
MOST_HEADS: Final = 10_000
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of events in one parcel."""

Row = tuple[Any, ...]
Ends = dict[str, int]
"""The last number of each table that a round takes."""

_NUMBERED: Final = {
    "grants": "seq",
    "heads": "seq",
    "receipts": "seq",
    "closings": "seq",
    "decisions": "n",
    "strays": "seq",
    "alerts": "seq",
}
LANES: Final = (Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS)


class ParcelWritten(Value, frozen=True, kw_only=True):
    """A parcel lies in the outbox."""

    key: ParcelKey
    path: str
    size: int


class _Cut(Value, frozen=True, kw_only=True):
    """What one parcel will hold, and the cursors after it."""

    records: tuple[Record, ...]
    cursors: dict[str, int]


class ParcelMaker:
    """Cuts parcels from core's record."""

    def __init__(
        self,
        database: Database,
        log: Log,
        outbox: Outbox,
        box: Box,
        *,
        office_recipient: str,
    ) -> None:
        self._database = database
        self._log = log
        self._outbox = outbox
        self._box: Final = box
        self._recipient = office_recipient
        self._committed: list[ParcelKey] = []
        """On record, and not yet where the courier looks."""
        self._note = ""
        self._one_at_a_time = asyncio.Lock()
        self._patient: Final = patient_pool("sealing parcels")

    async def settle(self) -> None:
        """After a start: finish what a crash left between commit and rename."""
        rows = await self._database.read(
            lambda c: c.execute("SELECT lane, n FROM parcels").fetchall()
        )
        keys = [self._parcel_key(Lane(lane), int(n)) for lane, n in rows]
        await asyncio.to_thread(
            self._outbox.settle, keys, centre=self._box.centre, sitting=self._box.sitting
        )

    async def make_all(self) -> list[ParcelWritten]:
        """Cut from every lane what is there now; return what was written."""
        written: list[ParcelWritten] = []
        async with self._one_at_a_time:
            await self._publish_committed()
            ends = await self._database.read(_ends_now)
            for lane in LANES:
                while (parcel := await self._make(lane, ends)) is not None:
                    written.append(parcel)
        return written

    async def _publish_committed(self) -> None:
        """Hand over what a full disk kept between its commit and its rename."""
        for key in list(self._committed):
            await asyncio.to_thread(self._outbox.publish, key)
            self._committed.remove(key)

    async def _make(self, lane: Lane, ends: Ends) -> ParcelWritten | None:
        note = ""
        if lane is Lane.EVIDENCE:
            note = await self._checkpoint(ends)
        n, prev, cut = await self._database.read_patiently(
            lambda c: _cut(c, self._box, lane, note, ends)
        )
        if not cut.records:
            return None
        key = self._parcel_key(lane, n)
        seal = partial(
            make_parcel,
            ParcelContents(key=key, records=cut.records),
            [],
            prev=prev,
            made_at=self._box.now(),
            office_recipient=self._recipient,
            box_key=self._box.key,
        )
        data, digest = await asyncio.get_running_loop().run_in_executor(self._patient, seal)
        await asyncio.to_thread(self._outbox.stage, key, data)
        await self._database.write(
            lambda c: records.insert(
                c,
                "parcels",
                lane=lane.value,
                n=n,
                digest=digest,
                cursors=json.dumps(cut.cursors),
                stage="sealed",
            )
        )
        self._committed.append(key)
        path = await asyncio.to_thread(self._outbox.publish, key)
        self._committed.remove(key)
        return ParcelWritten(key=key, path=str(path), size=len(data))

    async def _checkpoint(self, ends: Ends) -> str:
        """Return the checkpoint of the round: made for its first parcel of the lane."""
        if "leaves" not in ends:
            self._note = await self._log.checkpoint()
            ends["leaves"] = self._log.size
        return self._note

    def _parcel_key(self, lane: Lane, n: int) -> ParcelKey:
        return ParcelKey(
            centre=self._box.centre,
            sitting=self._box.sitting,
            appliance=self._box.appliance,
            generation=self._box.generation,
            lane=lane,
            n=n,
        )


def delivered(connection: records.Connection) -> frozenset[str]:
    """Return the closed subjects of which every lane has ended, all of it verified."""
    ended = min(_ended_and_verified(connection, lane) for lane in LANES)
    rows = connection.execute("SELECT subject FROM closings WHERE seq <= ?", (ended,))
    return frozenset(subject for (subject,) in rows)


def _ended_and_verified(connection: records.Connection, lane: Lane) -> int:
    """Return the last closing whose end of this lane lies before all that is not verified."""
    (ended,) = connection.execute(
        "SELECT max(json_extract(cursors, '$.ends')) FROM parcels WHERE lane = ?1 AND n < "
        "ifnull((SELECT min(n) FROM parcels WHERE lane = ?1 AND stage <> 'verified'), 1 << 62)",
        (lane.value,),
    ).fetchone()
    return ended or 0


# --- what is new, by lane ------------------------------------------------------------------------


def _ends_now(connection: records.Connection) -> Ends:
    """Return the last number of each table at this moment."""
    return {
        table: int(connection.execute(f"SELECT coalesce(max({key}), 0) FROM {table}").fetchone()[0])  # noqa: S608 - our own literals
        for table, key in _NUMBERED.items()
    }


def _cut(
    connection: records.Connection, box: Box, lane: Lane, note: str, ends: Ends
) -> tuple[int, str, _Cut]:
    row = connection.execute(
        "SELECT n, digest, cursors FROM parcels WHERE lane = ? ORDER BY n DESC LIMIT 1",
        (lane.value,),
    ).fetchone()
    n, prev, cursors = (0, FIRST, {}) if row is None else (row[0], row[1], json.loads(row[2]))
    match lane:
        case Lane.ANSWERS:
            cut = _answers(connection, box, cursors, ends)
        case Lane.EVIDENCE:
            cut = _evidence(connection, cursors, ends, note)
        case _:
            cut = _incidents(connection, cursors, ends)
    if not cut.records:
        cut = _lane_ends(connection, cursors, ends)
    return n + 1, prev, cut


def _lane_ends(connection: records.Connection, cursors: dict[str, int], ends: Ends) -> _Cut:
    """Say that a closed subject has nothing more in this lane."""
    after = dict(cursors)
    found: list[Record] = [
        LaneEndRecord(subject=subject, views=())
        for (subject,) in _rows(connection, after, ends, "closings", "subject", cursor="ends")
    ]
    return _Cut(records=tuple(found), cursors=after)


def _answers(connection: records.Connection, box: Box, cursors: dict[str, int], ends: Ends) -> _Cut:
    after = dict(cursors)
    found: list[Record] = [
        GrantRecord(grant=_envelope(text))
        for (text,) in _rows(connection, after, ends, "grants", "envelope")
    ]
    found += _journals(connection, box, after, ends)
    if not found:  # what follows a hand-in travels after its journal, never before
        found += [
            ReceiptRecord(receipt=_envelope(text))
            for (text,) in _rows(connection, after, ends, "receipts", "envelope")
        ]
        found += [
            ClosingRecord(closing=_envelope(text))
            for (text,) in _rows(connection, after, ends, "closings", "envelope")
        ]
    return _Cut(records=tuple(found), cursors=after)


def _journals(
    connection: records.Connection, box: Box, after: dict[str, int], ends: Ends
) -> list[Record]:
    """Take the events under the next acknowledged heads; only each journal's last head goes."""
    found: list[Record] = []
    for (session, epoch), last in _affordable_heads(connection, after, ends).items():
        sent = f"journal:{session}:{epoch}"
        first = after.get(sent, 0) + 1
        bodies = records.events_of(connection, session, epoch, first, last.n)
        link, head, at = connection.execute(
            "SELECT link, head, at FROM heads WHERE seq = ?", (last.seq,)
        ).fetchone()
        position = Position(epoch=epoch, n=last.n, head=link)
        found.append(
            JournalRecord(
                session=session,
                epoch=epoch,
                first=first,
                events=tuple(msgspec.Raw(body) for body in bodies),
                head=_envelope(head),
                acknowledgement=box.acknowledge(session, position, at),
            )
        )
        after[sent] = last.n
    return found


def _affordable_heads(
    connection: records.Connection, after: dict[str, int], ends: Ends
) -> dict[tuple[str, int], records.HeadKey]:
    """Return each journal's last head of those whose events fit into one parcel, one at least."""
    heads = records.heads_after(connection, after.get("heads", 0), ends["heads"], MOST_HEADS)
    newest = {(head.session, head.epoch): head.n for head in heads}
    reached = {key: after.get(f"journal:{key[0]}:{key[1]}", 0) for key in newest}
    sizes = {
        key: (reached[key], records.sizes_of_events(connection, *key, reached[key] + 1, n))
        for key, n in newest.items()
    }
    total = 0
    taken: dict[tuple[str, int], records.HeadKey] = {}
    for head in heads:
        key = head.session, head.epoch
        sent, each = sizes[key]
        total += sum(each[reached[key] - sent : head.n - sent])
        if taken and total > MOST_BYTES:
            break
        reached[key], after["heads"], taken[key] = head.n, head.seq, head
    return taken


def _evidence(
    connection: records.Connection, cursors: dict[str, int], ends: Ends, note: str
) -> _Cut:
    after = dict(cursors)
    last, heads = records.head_envelopes(
        connection, after.get("heads", 0), ends["heads"], MOST_ROWS
    )
    after["heads"] = last
    found: list[Record] = [HeadRecord(head=_envelope(text)) for text in heads]
    found += _log_records(connection, after, note, ends["leaves"])
    return _Cut(records=tuple(found), cursors=after)


def _log_records(
    connection: records.Connection, after: dict[str, int], note: str, size: int
) -> list[Record]:
    """Take the leaves to the newest checkpoint that seats have cosigned, then the rest.

    A cosignature line holds for one checkpoint only, so the lines travel with theirs; where
    more seats have cosigned it since, it travels again, without leaves.
    """
    found: list[Record] = []
    first = after.get("leaves", 0)
    cosigned, cosigned_note, lines = _cosigned(connection, size)
    if lines and (cosigned, len(lines)) != (after.get("cosigned"), after.get("cosigned_lines")):
        found.append(_log_record(connection, first, max(first, cosigned), cosigned_note, lines))
        first = max(first, cosigned)
        after["cosigned"], after["cosigned_lines"] = cosigned, len(lines)
    if size > first:
        found.append(_log_record(connection, first, size, note, ()))
        first = size
    after["leaves"] = first
    return found


def _log_record(
    connection: records.Connection, first: int, end: int, note: str, lines: tuple[str, ...]
) -> LogRecord:
    bodies = records.leaves_from(connection, first, end - first)
    leaves = tuple(msgspec.Raw(body) for body in bodies)
    return LogRecord(first=first, leaves=leaves, checkpoint=note, cosignatures=lines)


def _cosigned(connection: records.Connection, size: int) -> tuple[int, str, tuple[str, ...]]:
    """Return the newest cosigned checkpoint of at most ``size`` leaves, with its lines."""
    row = connection.execute(
        "SELECT size, note FROM checkpoints WHERE size <= ? "
        "AND size IN (SELECT size FROM cosignatures) ORDER BY size DESC LIMIT 1",
        (size,),
    ).fetchone()
    if row is None:
        return 0, "", ()
    lines = connection.execute(
        "SELECT line FROM cosignatures WHERE size = ? ORDER BY seat", (row[0],)
    )
    return int(row[0]), str(row[1]), tuple(str(line) for (line,) in lines)


def _incidents(connection: records.Connection, cursors: dict[str, int], ends: Ends) -> _Cut:
    after = dict(cursors)
    found: list[Record] = [
        DecisionRecord(decision=_envelope(text), act=None if act is None else _envelope(act))
        for text, act in _rows(connection, after, ends, "decisions", "envelope, act")
    ]
    found += [_stray(text) for (text,) in _rows(connection, after, ends, "strays", "batch")]
    columns = "at, subject, session, candidate, seat, cause, detail, confidence"
    found += [
        AlertRecord(
            at=at,
            subject=subject,
            session=session,
            candidate=candidate,
            seat=seat,
            cause=cause,
            detail=detail,
            confidence=confidence,
            picture=None,
        )
        for at, subject, session, candidate, seat, cause, detail, confidence in _rows(
            connection, after, ends, "alerts", columns
        )
    ]
    return _Cut(records=tuple(found), cursors=after)


def _stray(text: str) -> StrayRecord:
    batch = decode(text.encode(), Batch)
    return StrayRecord(
        session=batch.session,
        epoch=batch.epoch,
        first=batch.first,
        events=batch.events,
        head=batch.head,
    )


def _rows(
    connection: records.Connection,
    after: dict[str, int],
    ends: Ends,
    table: str,
    columns: str,
    cursor: str = "",
) -> list[Row]:
    """Return the next rows of ``table`` in their order, and move its cursor past them."""
    key = _NUMBERED[table]
    rows = connection.execute(
        f"SELECT {key}, {columns} FROM {table} WHERE {key} > ? AND {key} <= ? "  # noqa: S608 - our own literals
        f"ORDER BY {key} LIMIT ?",
        (after.get(cursor or table, 0), ends[table], MOST_ROWS),
    ).fetchall()
    if rows:
        after[cursor or table] = rows[-1][0]
    return [tuple(row[1:]) for row in rows]


def _envelope(text: str) -> Envelope:
    return decode(text.encode(), Envelope)
