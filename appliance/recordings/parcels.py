"""Lane recordings: stored segments, several to a parcel, and the lane's end.

The steps of `ParcelMaker._make`: read what waits; check that its bytes are still those of
the manifests; seal it in a thread; stage the file; commit the row; publish it. See
`appliance.ipc.outbox`. A segment whose bytes are gone or damaged is left out, counted and
told: its number is a hole that the office sees.

A parcel is cut when `MOST_BYTES` wait or the oldest has waited `OLDEST_S`. The end of the
lane for a subject follows when it is closed, nothing of it waits, and every view has come
to the end that its seat announced; views that never do are waited for a while.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from sqlite3 import Connection
from typing import Final

from appliance.ipc.outbox import Outbox
from appliance.ipc.recordings import MOST_NAMED, Awaited
from appliance.recordings import records
from appliance.recordings.hall import Hall
from appliance.recordings.records import ChainEnd, Waiting
from appliance.recordings.shelf import Shelf
from protocol.envelope import unsafe_payload
from protocol.keys import SigningKey
from protocol.parcel import (
    Blob,
    Lane,
    LaneEndRecord,
    ParcelContents,
    ParcelKey,
    Record,
    SegmentRecord,
    ViewEnd,
    make_parcel,
)
from protocol.segment import FromSeat, SegmentManifest, check_sealed
from protocol.values import Value, decode
from runtime.database import Database

MOST_BYTES: Final = 2 * 1024 * 1024
"""Sealing holds some five copies of a parcel in memory."""
OLDEST_S: Final = 10.0
LANES: Final = (Lane.RECORDINGS,)

_log = logging.getLogger(__name__)


class Written(Value, frozen=True, kw_only=True):
    """A parcel lies in the outbox."""

    key: ParcelKey
    size: int


class _Cut(Value, frozen=True, kw_only=True):
    """What one parcel will hold."""

    records: tuple[Record, ...]
    blobs: tuple[bytes, ...] = ()
    seqs: tuple[int, ...] = ()
    ends: str | None = None
    """The subject whose lane it ends."""


class ParcelMaker:
    """Cuts parcels from the stored segments."""

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        outbox: Outbox,
        hall: Hall,
        *,
        office_recipient: str,
        box_key: SigningKey,
        views_wait_ms: int,
    ) -> None:
        self._database = database
        self._shelf = shelf
        self._outbox = outbox
        self._hall = hall
        self._recipient = office_recipient
        self._key = box_key
        self._views_wait_ms = views_wait_ms
        self._committed: list[Written] = []
        """Parcels that are not published yet: the disk may refuse the rename for a while."""
        self._one_at_a_time = asyncio.Lock()
        self.lost = 0
        """Segments that could not be put into a parcel."""
        self.awaited: tuple[Awaited, ...] = ()
        """Closed subjects whose lane waits for seats."""

    async def settle(self) -> None:
        """After a start: finish what a crash left between commit and rename."""
        parcels = await self._database.read(records.parcels)
        keys = [self._hall.parcel_key(parcel.generation, parcel.n) for parcel in parcels]
        of = self._hall.parcel_key(1, 1)
        await asyncio.to_thread(self._outbox.settle, keys, centre=of.centre, sitting=of.sitting)
        self.lost = await self._database.read(records.lost)

    async def make(self, *, all_that_waits: bool) -> list[Written]:
        """Cut what is large enough, or all; then end the lanes that are complete."""
        async with self._one_at_a_time:
            return await self._make(all_that_waits=all_that_waits)

    async def _make(self, *, all_that_waits: bool) -> list[Written]:
        written = await self._publish()
        while True:
            waiting = await self._database.read(records.waiting_bytes)
            if not waiting or not (all_that_waits or waiting >= MOST_BYTES):
                break
            cut = await self._segments()
            if cut is not None:
                written += await self._write(cut)
        if not waiting:
            for end in await self._lane_ends():
                written += await self._write(end)
        return written

    # --- segments ---------------------------------------------------------------------------

    async def _segments(self) -> _Cut | None:
        """Return the next segments; mark those that are lost."""
        waiting = await self._database.read(lambda c: records.waiting(c, MOST_BYTES))
        read = await asyncio.to_thread(self._read, waiting)
        gone = [segment for segment, sealed in zip(waiting, read, strict=True) if sealed is None]
        if gone:
            await self._mark_lost(gone)
        found = [(s, sealed) for s, sealed in zip(waiting, read, strict=True) if sealed is not None]
        if not found:
            return None
        return _Cut(
            records=tuple(SegmentRecord(manifest=segment.manifest) for segment, _ in found),
            blobs=tuple(sealed for _, sealed in found),
            seqs=tuple(segment.seq for segment, _ in found),
        )

    def _read(self, waiting: Sequence[Waiting]) -> list[bytes | None]:
        """Return each segment's bytes, None where they are not what its manifest names."""
        return [self._read_one(segment) for segment in waiting]

    def _read_one(self, segment: Waiting) -> bytes | None:
        try:
            sealed = self._shelf.read(segment.place.file_name)
        except OSError as error:
            _log.error("a stored segment cannot be read: %s", error)
            return None
        if check_sealed(_manifest(segment), sealed):
            return sealed
        _log.error("a stored segment is damaged: %s", segment.place.file_name)
        return None

    async def _mark_lost(self, gone: Sequence[Waiting]) -> None:
        await self._database.write(
            lambda c: records.mark_lost(c, [segment.seq for segment in gone])
        )
        self.lost += len(gone)

    # --- the lane's end ---------------------------------------------------------------------

    async def _lane_ends(self) -> list[_Cut]:
        now = self._hall.now()
        found: list[_Cut] = []
        awaited: list[Awaited] = []
        for closed in await self._database.read(records.closed_open):
            until = closed.at + self._views_wait_ms
            ends, missing = await self._database.read(_query_ends(closed.subject))
            if missing and now < until:
                named = tuple(sorted(missing)[:MOST_NAMED])
                awaited.append(Awaited(subject=closed.subject, until=until, sessions=named))
            else:
                record = LaneEndRecord(subject=closed.subject, views=ends)
                found.append(_Cut(records=(record,), ends=closed.subject))
        self.awaited = tuple(awaited)
        return found

    # --- writing ----------------------------------------------------------------------------

    async def _write(self, cut: _Cut) -> list[Written]:
        generation = self._hall.generation
        n, prev = await self._database.read(lambda c: records.last_parcel(c, generation))
        key = self._hall.parcel_key(generation, n + 1)
        data, digest = await asyncio.to_thread(self._seal, key, cut, prev)
        await asyncio.to_thread(self._outbox.stage, key, data)

        def record(connection: Connection) -> None:
            records.put_parcel(connection, generation, key.n, digest, cut.seqs)
            if cut.ends is not None:
                records.end_lane(connection, cut.ends)

        await self._database.write(record)
        self._committed.append(Written(key=key, size=len(data)))
        return await self._publish()

    async def _publish(self) -> list[Written]:
        """Hand committed parcels to the courier, in their order."""
        published: list[Written] = []
        while self._committed:
            await asyncio.to_thread(self._outbox.publish, self._committed[0].key)
            published.append(self._committed.pop(0))
        return published

    def _seal(self, key: ParcelKey, cut: _Cut, prev: str) -> tuple[bytes, str]:
        manifests = [_opened(record) for record in cut.records if isinstance(record, SegmentRecord)]
        contents = ParcelContents(
            key=key,
            records=cut.records,
            blobs=tuple(Blob(sha256=m.digest, size=m.size) for m in manifests),
        )
        return make_parcel(
            contents,
            cut.blobs,
            prev=prev,
            made_at=self._hall.now(),
            office_recipient=self._recipient,
            box_key=self._key,
        )


Epoch = tuple[str, int]
"""A session, and which of its epochs."""


def _query_ends(
    subject: str,
) -> Callable[[Connection], tuple[tuple[ViewEnd, ...], frozenset[Epoch]]]:
    def query(connection: Connection) -> tuple[tuple[ViewEnd, ...], frozenset[Epoch]]:
        epochs = records.epochs(connection, subject)
        announced = records.view_ends(connection, subject)
        stored = records.stored_ends(connection, subject)
        return view_ends(announced, stored), still_to_come(epochs, announced, stored)

    return query


def still_to_come(
    epochs: set[Epoch], announced: Sequence[ChainEnd], stored: Sequence[ChainEnd]
) -> frozenset[Epoch]:
    """Return the epochs of which more may come.

    Their seat has announced no end, or a later one than is stored.
    """
    said = {(end.session, end.epoch, end.view): end for end in announced}
    here = {(end.session, end.epoch, end.view): end for end in stored}
    incomplete = {chain[:2] for chain, end in said.items() if end.n and here.get(chain) != end}
    unsaid = {chain[:2] for chain in here if chain not in said}
    known = {(session, epoch) for session, epoch, _ in said}
    return frozenset(incomplete | unsaid | (epochs - known))


def view_ends(announced: Sequence[ChainEnd], stored: Sequence[ChainEnd]) -> tuple[ViewEnd, ...]:
    """Return the last segment of each chain that began: what its seat announced, else is stored."""
    said = {(end.session, end.epoch, end.view): end for end in announced}
    here = {(end.session, end.epoch, end.view): end for end in stored}
    ends = {**here, **{chain: end for chain, end in said.items() if end.n}}
    return tuple(
        ViewEnd(
            source=FromSeat(session=end.session, epoch=end.epoch),
            view=end.view,
            n=end.n,
            last=end.last,
        )
        for end in sorted(ends.values(), key=lambda e: (e.session, e.epoch, e.view))
    )


def _opened(record: SegmentRecord) -> SegmentManifest:
    """Return a manifest whose signature was checked before it was stored."""
    return decode(unsafe_payload(record.manifest), SegmentManifest)


def _manifest(segment: Waiting) -> SegmentManifest:
    return _opened(SegmentRecord(manifest=segment.manifest))
