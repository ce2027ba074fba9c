"""The way of a segment from a seat to `Stored`, step by step (`Intake.take`).

1. Its manifest names a session that core has admitted at the seat that sends it.
2. The session's key signed the manifest; the view is one that seats sign for.
3. It follows what is stored: the next number names the one before. What is stored already
   is stored; another under the same number, or an earlier number that was passed over,
   forks. Numbers may be missing: recordings give way, and the hole is on record.
4. There is room: recordings give way before answers do. What is on its way counts as
   written, and no session has more than `appliance.recordings.bounds` gives it.
5. The bytes are written as they come; size and digest are those of the manifest.
6. Under the chain's lock step 3 again; then the file is made durable, then its row is
   committed. Only then may the seat be told, and delete its own.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterable, Callable
from pathlib import Path
from typing import Final

from appliance.ipc.recordings import Admitted
from appliance.recordings import bounds, records
from appliance.recordings.records import Place
from appliance.recordings.shelf import Shelf
from protocol.envelope import Envelope, unsafe_payload
from protocol.errors import BrokenChainError, ProtocolError
from protocol.keys import VerifyKey
from protocol.recordings_api import RecordingsReply, Refusal, Refused, Stored, ViewEnded
from protocol.segment import (
    FIRST,
    MAX_DURATION_MS,
    MAX_SEALED,
    SegmentManifest,
    View,
    check_follows,
    open_manifest,
    signed_by_box,
)
from protocol.values import decode
from runtime.database import Database
from runtime.errors import DatabaseBusyError, DiskError
from runtime.files import DurableFile

_log = logging.getLogger(__name__)

Body = AsyncIterable[bytes]
_Chain = tuple[str, int, View]
_Session = tuple[str, int]
"""Session and epoch."""


class _Refusal(Exception):  # noqa: N818 - an outcome, caught here
    """A refusal on its way out of the steps."""

    def __init__(self, code: Refusal, text: str) -> None:
        super().__init__(text)
        self.refused: Final = Refused(code=code, text=text)


class Intake:
    """Takes segments; knows the sessions and where each chain stands."""

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        *,
        full: Callable[[bool], None],
        now: Callable[[], int],
        over_changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``full`` is told whenever a segment found room, or none; ``now`` is hall time.

        ``over_changed`` is called when `over` has changed.
        """
        self.over: Final[dict[_Session, int]] = {}
        """Since when sessions have been refused for more than they may record."""
        self._over_changed = over_changed
        self._now = now
        self._since: dict[_Session, int] = {}
        self._kept: dict[_Session, int] = {}
        self._coming: dict[_Session, list[int]] = {}
        """Sizes of the segments on their way."""
        self._database = database
        self._shelf = shelf
        self._full = full
        self._admitted: dict[tuple[str, int], Admitted] = {}
        self._chains: dict[_Chain, tuple[int, str]] = {}
        self._locks: dict[_Chain, asyncio.Lock] = {}

    async def resume(self) -> None:
        """Read back what is known."""
        for known in await self._database.read(records.admitted):
            self._admitted[(known.session, known.epoch)] = known
        for end in await self._database.read(records.chain_ends):
            self._chains[(end.session, end.epoch, end.view)] = (end.n, end.last)
        for session, (since, kept) in (await self._database.read(records.sums)).items():
            self._since[session], self._kept[session] = since, kept

    async def admit(self, admitted: Admitted) -> None:
        """Take segments of this session from now on."""
        since = self._now()
        await self._database.write(lambda c: records.admit(c, admitted, since))
        self._since.setdefault((admitted.session, admitted.epoch), since)
        self._admitted.setdefault((admitted.session, admitted.epoch), admitted)

    # --- segments ---------------------------------------------------------------------------

    async def take(
        self, envelope: Envelope, certificate: str | None, body: Body
    ) -> RecordingsReply:
        """Return `Stored` once the segment is durable, or why it is not."""
        try:
            return await self._take(envelope, certificate, body)
        except _Refusal as refusal:
            refused = refusal.refused
        except DiskError as error:
            self._full(True)
            refused = Refused(code=Refusal.FULL, text=str(error))
        except DatabaseBusyError as error:
            refused = Refused(code=Refusal.FULL, text=str(error))
        _log.warning("segment refused (%s): %s", refused.code, refused.text)
        return refused

    async def _take(
        self, envelope: Envelope, certificate: str | None, body: Body
    ) -> RecordingsReply:
        # 1, 2
        manifest, place = self._opened(envelope, certificate)
        # 3
        if await self._stored_already(manifest, place, envelope.digest):
            return Stored()
        # 4
        session = (place.session, place.epoch)
        self._check_bounds(session, manifest.size)
        if self.over.pop(session, None) is not None:
            self._over_changed()
        self._check_room(manifest.size)
        coming = self._coming.setdefault(session, [])
        coming.append(manifest.size)
        try:
            # 5
            part = await self._receive(manifest, place, body)
            # 6
            try:
                await self._keep(manifest, place, envelope, part)
            except BaseException:
                await asyncio.to_thread(part.unlink, missing_ok=True)
                raise
        finally:
            coming.remove(manifest.size)
        self._full(False)
        return Stored()

    def _opened(self, envelope: Envelope, certificate: str | None) -> tuple[SegmentManifest, Place]:
        """Return the manifest that the session's key signed: steps 1 and 2."""
        try:
            place = records.place_of(decode(unsafe_payload(envelope), SegmentManifest))
            known = self._session_at(place.session, place.epoch, certificate)
            manifest = open_manifest(envelope, VerifyKey.from_hex(known.session_key))
        except ProtocolError as error:
            raise _Refusal(Refusal.UNTRUSTED, str(error)) from error
        if signed_by_box(manifest.view):
            text = f"expected a view that seats sign for, got {manifest.view.value}"
            raise _Refusal(Refusal.UNTRUSTED, text)
        duration = manifest.ends - manifest.begins
        if manifest.size > MAX_SEALED or not 0 <= duration <= MAX_DURATION_MS:
            raise _Refusal(
                Refusal.UNTRUSTED,
                f"expected at most {MAX_SEALED} bytes and {MAX_DURATION_MS} ms; "
                f"got {manifest.size} and {duration}",
            )
        return manifest, place

    def _session_at(self, session: str, epoch: int, certificate: str | None) -> Admitted:
        known = self._admitted.get((session, epoch))
        if known is None or known.seat_certificate != certificate:
            raise _Refusal(
                Refusal.NOT_ADMITTED,
                f"session {session} epoch {epoch} is not known at this seat; send it again later",
            )
        return known

    async def _stored_already(self, manifest: SegmentManifest, place: Place, digest: str) -> bool:
        """Step 3: say whether this very segment is stored; raise where it does not follow."""
        n, last = self._chains.get(_chain(place), (0, FIRST))
        if manifest.n > n + 1:
            return False
        if manifest.n == n + 1:
            try:
                check_follows(manifest, n, last)
            except BrokenChainError as error:
                raise _Refusal(Refusal.FORK, str(error)) from error
            return False
        if digest == await self._database.read(lambda c: records.segment_digest(c, place)):
            return True
        raise _Refusal(
            Refusal.FORK,
            f"segment {place.file_name}: expected the one that is stored, or number {n + 1}; "
            "got another history",
        )

    def _check_bounds(self, session: _Session, size: int) -> None:
        """Step 4, for this session."""
        coming = self._coming.get(session, [])
        most = bounds.allowed(self._since.get(session, 0), self._now())
        wanted = self._kept.get(session, 0) + sum(coming) + size
        if wanted > most and session not in self.over:
            self.over[session] = self._now()
            self._over_changed()
        if len(coming) >= bounds.AT_ONCE or wanted > most:
            raise _Refusal(
                Refusal.FULL,
                f"expected at most {bounds.AT_ONCE} segments of a session at once, and {most} "
                f"bytes by now; got {len(coming) + 1} and {wanted}: send it again later",
            )

    def _check_room(self, size: int) -> None:
        """Step 4, for all."""
        promised = sum(sum(sizes) for sizes in self._coming.values())
        if not self._shelf.has_room(size + promised):
            self._full(True)
            raise _Refusal(
                Refusal.FULL,
                f"expected room for recordings, {self._shelf.free()} bytes are free: they are "
                "left to the answers; make room",
            )

    async def _receive(self, manifest: SegmentManifest, place: Place, body: Body) -> Path:
        """Step 5: write the bytes beside their place."""
        part = await asyncio.to_thread(self._shelf.begin, place.file_name)
        try:
            await _write(part, manifest, body)
        except BaseException:
            await asyncio.to_thread(part.path.unlink, missing_ok=True)
            raise
        finally:
            part.close()
        return part.path

    async def _keep(
        self, manifest: SegmentManifest, place: Place, envelope: Envelope, part: Path
    ) -> None:
        """Step 6."""
        chain = _chain(place)
        async with self._locks.setdefault(chain, asyncio.Lock()):
            if await self._stored_already(manifest, place, envelope.digest):
                await asyncio.to_thread(part.unlink)
                return
            await self._shelf.place(part, place.file_name)
            await self._database.write(lambda c: records.put_segment(c, manifest, envelope))
            self._chains[chain] = (manifest.n, envelope.digest)
            session = (place.session, place.epoch)
            self._kept[session] = self._kept.get(session, 0) + manifest.size

    # --- views ------------------------------------------------------------------------------

    async def end_view(self, ended: ViewEnded, certificate: str | None) -> RecordingsReply:
        """Note where a view ends; what was said last counts, but never less than is stored."""
        try:
            self._session_at(ended.session, ended.epoch, certificate)
            self._check_end(ended)
            await self._database.write(lambda c: records.end_view(c, ended))
        except _Refusal as refusal:
            return refusal.refused
        except (DiskError, DatabaseBusyError) as error:
            return Refused(code=Refusal.FULL, text=str(error))
        return Stored()

    def _check_end(self, ended: ViewEnded) -> None:
        n, last = self._chains.get((ended.session, ended.epoch, ended.view), (0, FIRST))
        if ended.n < n or (ended.n == n and ended.last != last):
            raise _Refusal(
                Refusal.FORK,
                f"expected the end of view {ended.view.value} at {n} or later; got {ended.n}",
            )


def _chain(place: Place) -> _Chain:
    return place.session, place.epoch, place.view


async def _write(part: DurableFile, manifest: SegmentManifest, body: Body) -> None:
    """Write what comes; refuse what is not what the manifest names."""
    digest = hashlib.sha256()
    async for data in body:
        if part.length + len(data) > manifest.size:
            raise _Refusal(Refusal.BROKEN, f"expected {manifest.size} bytes, got more")
        await asyncio.to_thread(part.write, data)
        digest.update(data)
    if part.length != manifest.size or digest.hexdigest() != manifest.digest:
        raise _Refusal(
            Refusal.BROKEN,
            f"expected {manifest.size} bytes with SHA-256 {manifest.digest[:16]}...; "
            f"got {part.length} with {digest.hexdigest()[:16]}...",
        )
