"""The seat's sealed segments on this disk, until the box has them.

Owns a folder::

    segments/
        SESSION.EPOCH.VIEW.N.segment   the manifest's envelope on one line, then the age file
        SESSION.EPOCH.VIEW.chain       where the chain of a view stands: `Chain`

Rules:

1. Nothing of a picture is written but sealed: `seal_segment` works in memory.
2. `keep` returns when a segment is durable. Where there is no room, or only what answers
   need, it is refused: recordings give way first.
3. A segment is removed only when the box has stored it. Before that the chain's file says
   how far the chain went, so that a seat that is started again goes on with it.
4. Who calls holds the one lock of this folder; the work on the disk is done in threads.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from devices.encoder import MEDIA_TYPE, Piece, join
from protocol.envelope import Envelope, unsafe_payload
from protocol.errors import MalformedError
from protocol.keys import SigningKey
from protocol.recordings_api import ViewEnded
from protocol.sealing import seal
from protocol.segment import (
    FIRST,
    MAX_SEALED,
    FromSeat,
    SegmentManifest,
    View,
    manifest_digest,
    sign_manifest,
)
from protocol.values import Count, HexId, Milliseconds, Ordinal, Value, decode, encode, sha256_hex
from runtime.errors import DiskError, DiskFullError
from runtime.files import disk, disk_errors, make_folder, remove_leftovers, write_atomic

LEAVE_FREE: Final = 256 * 1024 * 1024
"""Bytes of the seat's disk that recordings leave to answers."""
_SEGMENT: Final = ".segment"
_CHAIN: Final = ".chain"
_log = logging.getLogger(__name__)


class Chain(Value, frozen=True, kw_only=True):
    """Where the chain of manifests of one view of one epoch stands."""

    session: HexId
    epoch: Ordinal
    view: View
    n: Count = 0
    last: str = FIRST
    until: Milliseconds = 0
    """Hall time up to which pictures are kept; 0 before the first."""
    ended: bool = False
    """Nothing more will be recorded."""
    told: bool = False
    """The box knows that it has ended."""

    @property
    def name(self) -> str:
        """Return how its files' names begin."""
        return f"{self.session}.{self.epoch}.{self.view.value}"

    def end(self) -> ViewEnded:
        """Return what the box is told at the end."""
        return ViewEnded(
            session=self.session, epoch=self.epoch, view=self.view, n=self.n, last=self.last
        )


class Sealed(Value, frozen=True, kw_only=True):
    """A segment ready to be kept."""

    manifest: SegmentManifest
    envelope: Envelope
    data: bytes
    """The age file."""

    def __repr__(self) -> str:
        return f"Sealed({self.manifest.view}, {self.manifest.n})"


class TooLargeError(Exception):
    """A segment beyond `MAX_SEALED`."""


def seal_segment(
    pieces: tuple[Piece, ...], chain: Chain, key: SigningKey, recipient: str
) -> Sealed:
    """Return the chain's next segment: ``pieces`` of one encoder, sealed and signed. Blocks."""
    data = seal(join(pieces), [recipient])
    if len(data) > MAX_SEALED:
        raise TooLargeError(f"expected a segment of at most {MAX_SEALED} bytes, got {len(data)}")
    manifest = SegmentManifest(
        source=FromSeat(session=chain.session, epoch=chain.epoch),
        view=chain.view,
        n=chain.n + 1,
        begins=pieces[0].start,
        ends=pieces[-1].start + pieces[-1].duration_ms,
        media_type=MEDIA_TYPE,
        pieces=len(pieces),
        size=len(data),
        digest=sha256_hex(data),
        prev=chain.last,
        complete=True,
    )
    return Sealed(manifest=manifest, envelope=sign_manifest(manifest, key), data=data)


class SegmentShelf:
    """The folder; see the module. ``free`` says how many bytes its disk has left."""

    def __init__(
        self,
        folder: Path,
        *,
        leave_free: int = LEAVE_FREE,
        free: Callable[[Path], int] | None = None,
    ) -> None:
        self.folder = folder
        self._leave_free = leave_free
        self._free = free or _free_bytes
        self._chains: dict[str, Chain] = {}
        self._waiting: dict[str, list[int]] = {}
        self._lock = asyncio.Lock()
        self.news = asyncio.Event()
        """Set when there is something to send."""

    async def open(self) -> None:
        """Read back what lies here."""
        await asyncio.to_thread(self._read_all)
        self.news.set()

    def chain(self, session: str, epoch: int, view: View) -> Chain:
        """Return where a view's chain stands; a new one where there is none."""
        new = Chain(session=session, epoch=epoch, view=view)
        return self._chains.get(new.name, new)

    def chains(self) -> list[Chain]:
        """Return all chains that something is left to be sent of."""
        return [c for c in self._chains.values() if self._waiting[c.name] or c.ended > c.told]

    def next_of(self, chain: Chain) -> Path | None:
        """Return the file of the oldest segment that the box has not stored."""
        waiting = self._waiting.get(chain.name)
        return self._path(chain.name, waiting[0]) if waiting else None

    # --- in ---------------------------------------------------------------------------------

    async def keep(self, sealed: Sealed) -> Chain:
        """Make a segment durable; return its chain. Raises `DiskError`, then nothing is kept."""
        source, manifest = sealed.manifest.source, sealed.manifest
        assert isinstance(source, FromSeat)
        async with self._lock:
            chain = self.chain(source.session, source.epoch, manifest.view)
            data = encode(sealed.envelope) + b"\n" + sealed.data
            await asyncio.to_thread(self._write, self._path(chain.name, manifest.n), data)
            return self._note(chain, manifest, sealed.envelope)

    async def end(self, chain: Chain) -> None:
        """Note durably that nothing more is recorded of this view."""
        async with self._lock:
            chain = self._chains.get(chain.name, chain)
            if chain.ended:
                return
            await self._put(chain, ended=True)
        self.news.set()

    def _note(self, chain: Chain, manifest: SegmentManifest, envelope: Envelope) -> Chain:
        after = Chain(
            session=chain.session,
            epoch=chain.epoch,
            view=chain.view,
            n=manifest.n,
            last=manifest_digest(envelope),
            until=manifest.ends,
            ended=chain.ended,
        )
        self._chains[chain.name] = after
        self._waiting.setdefault(chain.name, []).append(manifest.n)
        self.news.set()
        return after

    def _write(self, path: Path, data: bytes) -> None:
        free = self._free(self.folder)
        if free - len(data) < self._leave_free:
            raise DiskFullError(
                f"{path}: expected room for recordings, {free} bytes are free: they are left "
                "to the answers"
            )
        try:
            write_atomic(path, data)
        except DiskError:  # it may be in place all the same, only not for good
            path.unlink(missing_ok=True)
            raise

    # --- out --------------------------------------------------------------------------------

    async def stored(self, chain: Chain, path: Path) -> None:
        """Remove a segment that the box has stored."""
        async with self._lock:
            await self._put(self._chains[chain.name])
            await asyncio.to_thread(_remove, path)
            self._waiting[chain.name].remove(_number(path))

    async def told(self, chain: Chain) -> None:
        """Note that the box knows the end of a view."""
        async with self._lock:
            await self._put(self._chains[chain.name], told=True)

    async def set_aside(self, chain: Chain, path: Path) -> None:
        """Take a damaged segment out of the way: its number will be a hole on record."""
        async with self._lock:
            target = path.with_suffix(".damaged")
            await asyncio.to_thread(path.replace, target)
            self._waiting[chain.name].remove(_number(path))

    async def _put(self, chain: Chain, *, ended: bool = False, told: bool = False) -> None:
        """Make the chain's file durable."""
        after = Chain(
            session=chain.session,
            epoch=chain.epoch,
            view=chain.view,
            n=chain.n,
            last=chain.last,
            until=chain.until,
            ended=chain.ended or ended,
            told=chain.told or told,
        )
        path = self.folder / f"{chain.name}{_CHAIN}"
        await asyncio.to_thread(write_atomic, path, encode(after))
        self._chains[chain.name] = after
        self._waiting.setdefault(chain.name, [])

    # --- coming up --------------------------------------------------------------------------

    def _read_all(self) -> None:
        make_folder(self.folder)
        remove_leftovers(self.folder)
        for path in sorted(self.folder.glob(f"*{_CHAIN}")):
            try:
                chain = decode(path.read_bytes(), Chain)
            except MalformedError as error:
                _log.error("%s: expected where a chain stands: %s", path, error)
                continue
            self._chains[chain.name] = chain
            self._waiting[chain.name] = []
        for path in sorted(self.folder.glob(f"*{_SEGMENT}"), key=_order):
            self._read_one(path)

    def _read_one(self, path: Path) -> None:
        try:
            envelope, _ = read_segment(path)
            manifest = decode(unsafe_payload(envelope), SegmentManifest)
        except MalformedError as error:
            _log.error("%s: expected a segment: %s", path, error)
            path.replace(path.with_suffix(".damaged"))
            return
        assert isinstance(manifest.source, FromSeat)
        source = manifest.source
        chain = self.chain(source.session, source.epoch, manifest.view)
        if manifest.n > chain.n:
            self._note(chain, manifest, envelope)
        else:
            self._waiting[chain.name].append(manifest.n)

    def _path(self, chain: str, n: int) -> Path:
        return self.folder / f"{chain}.{n:06d}{_SEGMENT}"


def read_segment(path: Path) -> tuple[Envelope, bytes]:
    """Return the manifest's envelope and the age file. Raises `MalformedError`. Blocks."""
    line, _, sealed = path.read_bytes().partition(b"\n")
    return decode(line, Envelope), sealed


def _remove(path: Path) -> None:
    """Take a file away; if a power cut brings it back, it is sent again and stored already."""
    with disk_errors(path):
        disk().remove(path)


def _number(path: Path) -> int:
    return int(path.stem.rpartition(".")[2])


def _order(path: Path) -> tuple[str, int]:
    return path.stem.rpartition(".")[0], _number(path)


def _free_bytes(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
