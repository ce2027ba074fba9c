"""The work: find what was received, verify it in turn, sign and publish the receipts.

One look does, each step durable before the next:

1. find new files under ``parcels/`` whose outer signature holds, and write them down with
   their *received* receipts;
2. of each lane take the next parcel: open it, keep its large parts, and in one transaction
   either keep its records with a *verified* receipt, or nothing with a *refused* one;
3. publish receipts: see `central.verification.publishing`.

A kill anywhere loses nothing: the next look begins with what is on the disk.
"""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from central.layout import Layout, parse_parcel_name
from central.registry import Box, Registry
from central.store import evidence, parcels
from central.store.parcels import Notary, Row
from central.store.tables import BoxPlace, Connection, Place
from central.threads import to_its_end
from central.verification.context import Context, WaitsError
from central.verification.publishing import Publisher
from central.verification.verify import take_contents
from central.verification.whole import look_at_ended
from protocol.envelope import Envelope
from protocol.errors import ProtocolError, UntrustedError
from protocol.keys import SigningKey, VerifyKey
from protocol.merkle import MerkleTree, leaf_hash
from protocol.office_receipt import Stage, VerifiedJournal
from protocol.parcel import (
    ParcelContents,
    ParcelHeader,
    ParcelKey,
    check_follows,
    open_contents,
    open_header,
    parcel_digest,
    read_header_line,
    unsafe_header,
)
from protocol.sealing import SealingIdentity
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError
from runtime.files import make_folder, write_atomic

log = logging.getLogger(__name__)

_HEAD: Final = 64 * 1024
_COARSE_NS: Final = 1_000_000_000
"""A folder's time is told in ticks: one that is as young as this may hide a later move."""


@dataclass(frozen=True, kw_only=True)
class InnerKeys:
    """What only this process holds."""

    office: str
    receipts: SigningKey
    opening: SealingIdentity
    bundles: VerifyKey


@dataclass(frozen=True, kw_only=True)
class _Opened:
    header: ParcelHeader
    contents: ParcelContents
    blobs: dict[str, bytes]


class Worker:
    """The inner worker. ``look`` is called by one task at a time."""

    def __init__(
        self,
        layout: Layout,
        database: Database,
        registry: Callable[[], Registry],
        keys: InnerKeys,
        clock: Callable[[], int],
        published: Callable[[], None],
    ) -> None:
        self._layout = layout
        self._database = database
        self._registry = registry
        self._keys = keys
        self._clock = clock
        self._publisher = Publisher(layout, database, keys.receipts.public, published)
        self._trees: dict[BoxPlace, MerkleTree] = {}
        self._scanned: dict[Path, int] = {}
        self._waits_since: dict[ParcelKey, int] = {}
        self._decided = 0
        self._enrolled = ""

    async def look(self) -> int:
        """Do all that can be done now; return how many parcels were decided."""
        before = self._decided
        await self._publisher.take_back()
        await self._hear_of_enrolments()
        await self._find()
        while await self._pass():
            pass
        await self._publisher.publish_all()
        return self._decided - before

    async def try_refused_again(self) -> int:
        """Let every refused parcel be looked at anew, as after a bundle was enrolled."""
        return await self._database.write(parcels.try_again)

    async def _hear_of_enrolments(self) -> None:
        """Look again at what was refused: it may hold by a bundle that was enrolled since."""
        registry = await to_its_end(self._registry)
        if registry.digest != self._enrolled:
            judge_anew = partial(parcels.judge_anew, registry=registry.digest)
            await self._database.write(judge_anew)
            self._waits_since.clear()
            self._enrolled = registry.digest

    # --- 1: finding ------------------------------------------------------------------------------

    async def _find(self) -> None:
        for folder, stamp in await to_its_end(self._changed_folders):
            place = Place(folder.parent.name, folder.name)
            known = await self._database.read(partial(parcels.known_names, place=place))
            rows = await to_its_end(self._new_rows, folder, known)
            if rows:
                put = partial(parcels.put_received, rows=rows, notary=self._notary())
                await self._database.write(put)
                await self._publisher.publish_all()
            if time.time_ns() - stamp > _COARSE_NS:
                self._scanned[folder] = stamp

    def _changed_folders(self) -> list[tuple[Path, int]]:
        """Return the sittings' folders into which something was moved since they were read."""
        stamps = [(f, f.stat().st_mtime_ns) for f in sorted(self._layout.parcels.glob("*/*"))]
        return [(folder, stamp) for folder, stamp in stamps if self._scanned.get(folder) != stamp]

    def _new_rows(self, folder: Path, known: set[str]) -> list[Row]:
        names = sorted(set(os.listdir(folder)) - known)  # noqa: PTH208 - names only, many
        rows = (self._row(folder / name) for name in names)
        return [row for row in rows if row is not None]

    def _row(self, path: Path) -> Row | None:
        """Check the outer signature once more: the receiver faces the internet, this does not."""
        if parse_parcel_name(path.name) is None:
            return None
        try:
            with path.open("rb") as file:
                envelope, _ = read_header_line(file.read(_HEAD))
            header = self._open_header(envelope)
        except ProtocolError as error:
            log.warning("left where it lies: %s: %s", path, error)
            return None
        if self._layout.parcel(header.key) != path:
            log.warning("left where it lies: %s: its key is another", path)
            return None
        digest = parcel_digest(envelope)
        return Row(key=header.key, digest=digest, stage=Stage.RECEIVED, reason="")

    def _open_header(self, envelope: Envelope) -> ParcelHeader:
        claimed = unsafe_header(envelope)
        box = _box(self._registry(), claimed)
        if box is None:
            raise UntrustedError(f"{claimed.key.file_name}: no enrolled bundle names its box")
        return open_header(envelope, box.key)

    # --- 2: verifying ----------------------------------------------------------------------------

    async def _pass(self) -> bool:
        """Take the next parcel of each lane; say whether anything was decided."""
        before = self._decided
        for row in await self._database.read(parcels.next_in_lanes):
            if self._waits_since.get(row.key) != self._decided:
                await self._decide(row)
        return self._decided > before

    async def _decide(self, row: Row) -> None:
        try:
            opened = await to_its_end(self._open, row)
            kept = await to_its_end(self._keep_blobs, opened)
            try:
                registry = await to_its_end(self._registry)
                await self._database.write(lambda c: self._verify(c, row, opened, registry))
            except (ProtocolError, WaitsError):
                await to_its_end(self._drop_blobs, kept)
                raise
        except ProtocolError as error:
            reason = f"{error.code} {error}"
            log.warning("refused %s: %s", row.key.file_name, reason)
            settle = partial(
                parcels.settle, row=row, stage=Stage.REFUSED, notary=self._notary(), reason=reason
            )
            await self._database.write(settle)
        except WaitsError as error:
            await self._wait(row, str(error))
            return
        except (DiskError, DatabaseError):
            raise
        except Exception as error:
            log.exception("%s waits: a fault of ours", row.key.file_name)
            await self._wait(row, f"a fault of the office's program: {error!r}")
            return
        self._decided += 1
        await self._publisher.publish(row.key.centre, row.key.appliance)

    async def _wait(self, row: Row, reason: str) -> None:
        if row.reason != reason:
            note = partial(parcels.note_waiting, row=row, reason=reason, at=self._clock())
            await self._database.write(note)
        self._waits_since[row.key] = self._decided

    def _open(self, row: Row) -> _Opened:
        path = self._layout.parcel(row.key)
        data = path.read_bytes()
        envelope, begins = read_header_line(data)
        header = self._open_header(envelope)
        contents, blobs = open_contents(header, data[begins:], self._keys.opening)
        return _Opened(header=header, contents=contents, blobs=blobs)

    def _verify(self, store: Connection, row: Row, opened: _Opened, registry: Registry) -> None:
        """Run inside the store's transaction: everything or nothing."""
        header = opened.header
        check_follows(header, row.key.n - 1, parcels.previous_digest(store, row))
        box = _box(registry, header)
        assert box is not None  # its key has opened the header
        context = Context(
            store=store,
            header=header,
            box=box,
            registry=registry,
            office_key=self._keys.bundles,
            blobs=opened.blobs,
            tree_of=self._tree_of,
        )
        stands: tuple[VerifiedJournal, ...] = take_contents(context, opened.contents)
        look_at_ended(context)
        parcels.settle(store, row, Stage.VERIFIED, self._notary(), journals=stands)

    def _tree_of(self, store: Connection, place: BoxPlace) -> MerkleTree:
        """Return the tree over the leaves in the store; made anew where a parcel was undone."""
        held = evidence.log_size(store, place)
        tree = self._trees.get(place)
        if tree is None or len(tree) != held:
            tree = MerkleTree(leaf_hash(body) for body in evidence.leaves(store, place, 0, held))
            self._trees[place] = tree
        return tree

    def _keep_blobs(self, opened: _Opened) -> list[Path]:
        """Make the large parts durable before a row names them; return those that are new."""
        make_folder(self._layout.blobs)
        new = []
        for digest, blob in opened.blobs.items():
            path = self._layout.blobs / digest
            if not path.exists():
                write_atomic(path, blob)
                new.append(path)
        return new

    def _drop_blobs(self, paths: list[Path]) -> None:
        for path in paths:
            path.unlink(missing_ok=True)

    def _notary(self) -> Notary:
        return Notary(office=self._keys.office, key=self._keys.receipts, at=self._clock())


def _box(registry: Registry, header: ParcelHeader) -> Box | None:
    key = header.key
    return registry.box(key.centre, key.sitting, key.appliance)
