"""The receiver: from bytes of an upload, or a file from a stick, to a catalogued parcel.

The way of a parcel, each step durable before the next:

1. its bytes grow in ``uploads/ID.part``, fsynced at the end of each PATCH;
2. whole and judged genuine, its row and the end of the upload are one commit;
3. the file is moved to ``parcels/``, where the inner worker finds it.

After a kill between two steps `recover` (and every later question about the upload)
does the rest. A catalogue that was lost is made anew from ``parcels/``.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from central.layout import Layout
from central.receiving import catalogue
from central.receiving.catalogue import Arrival, Began, Incident, Upload
from central.receiving.expiry import Unfinished, has_room, to_give_up
from central.receiving.judgement import Fault, FileFacts, Genuine, Outcome, Refused, judge
from central.receiving.parts import Parts, measure, move
from central.receiving.turns import End, Turns
from central.registry import Registry
from central.threads import to_its_end
from runtime.database import Database
from runtime.files import make_folder

STICK: Final = "stick"
FOUND: Final = "found"
"""Where a parcel came from that lay in its place when its row was made anew."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an upload has come. ``outcome`` is there once it arrived whole."""

    upload: str
    length: int
    offset: int
    outcome: Outcome | None = None


@dataclass(frozen=True, kw_only=True)
class NoSuchUpload:
    """Nothing was created under this name by this client."""


@dataclass(frozen=True, kw_only=True)
class WrongOffset:
    """The bytes belong elsewhere: ask by HEAD."""

    expected: int
    came: int


@dataclass(frozen=True, kw_only=True)
class WrongChecksum:
    """The bytes of this PATCH were altered on the way; they were dropped."""


@dataclass(frozen=True, kw_only=True)
class TooLong:
    """More bytes came than were declared; what fitted was kept."""


@dataclass(frozen=True, kw_only=True)
class NoRoom:
    """Too much that this client has begun is unfinished; see `expiry`."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One PATCH: where it begins, its bytes, and perhaps a hash and what it must give."""

    offset: int
    body: AsyncIterator[bytes]
    checksum: tuple[Any, bytes] | None
    end: End


PatchOutcome = Progress | NoSuchUpload | WrongOffset | WrongChecksum | TooLong | NoRoom


def upload_id(client: str, length: int, sha256: str) -> str:
    """Return the name of an upload: the same file from the same client has the same."""
    return hashlib.sha256(f"upload {client} {length} {sha256}".encode()).hexdigest()[:32]


class Receiver:
    """Takes parcels into the catalogue. ``registry`` is asked anew for each parcel."""

    def __init__(
        self,
        layout: Layout,
        database: Database,
        registry: Callable[[], Registry],
        clock: Callable[[], int],
        arrived: Callable[[], None],
    ) -> None:
        self._layout = layout
        self._database = database
        self._registry = registry
        self._clock = clock
        self._arrived = arrived
        self._parts = Parts(layout.uploads)
        self._turns = Turns()

    async def recover(self) -> None:
        """Finish what a kill left: complete uploads are judged, catalogued ones moved.

        Parcels that lie in their place without a row get one.
        """
        for name in await to_its_end(self._parts.names):
            upload = await self._database.read(partial(catalogue.find_upload, upload=name))
            if upload is None:
                await to_its_end(self._parts.discard, name)
            else:
                await self._finish_if_whole(upload)
        known = await self._database.read(catalogue.names)
        for path in await to_its_end(lambda: sorted(self._layout.parcels.glob("*/*/*.parcel"))):
            if path.name not in known:
                await self._catalogue_found(path)

    async def give_up(self) -> int:
        """Forget uploads that nobody finishes, with their bytes; return how many."""
        begun = await self._database.read(catalogue.unfinished)
        found = await to_its_end(self._measured, begun)
        names = to_give_up(found, self._turns.held, self._clock())
        for name in names:
            if name not in self._turns.held:
                async with self._turns.take(name, _nothing):
                    await to_its_end(self._parts.discard, name)
                    await self._database.write(partial(catalogue.forget_upload, upload=name))
        return len(names)

    async def create(self, client: str, length: int, sha256: str) -> Progress:
        """Begin an upload, or find it as far as it has come."""
        name = upload_id(client, length, sha256)
        begin = partial(
            catalogue.begin_upload,
            upload=name,
            client=client,
            length=length,
            sha256=sha256,
            at=self._clock(),
        )
        async with self._turns.take(name, _nothing):
            await self._database.write(begin)
            upload = await self._find(client, name)
            assert upload is not None
            return await self._progress(upload)

    async def ask(self, client: str, name: str) -> Progress | NoSuchUpload:
        """Say how far an upload has come, once what an older connection brought is durable."""
        async with self._turns.take(name, _nothing):
            upload = await self._find(client, name)
            return NoSuchUpload() if upload is None else await self._progress(upload)

    async def receive(self, client: str, name: str, piece: Piece) -> PatchOutcome:
        """Append one PATCH. What arrived is durable on return, and also where the line broke."""
        async with self._turns.take(name, piece.end):
            upload = await self._find(client, name)
            if upload is None:
                return NoSuchUpload()
            before = await self._progress(upload)
            if piece.offset != before.offset:
                return WrongOffset(expected=before.offset, came=piece.offset)
            if before.outcome is not None:
                return before
            if not await self._has_room(client, name):
                return NoRoom()
            fault = await self._append(upload, piece)
            return await self._progress(upload) if fault is None else fault

    async def take_file(self, path: Path, came_from: str = STICK) -> Outcome:
        """Take a whole file that lies beside ``uploads/``; it is moved away or removed."""
        return await self._judge_and_take(path, came_from=came_from, upload=None)

    async def _append(self, upload: Upload, piece: Piece) -> WrongChecksum | TooLong | None:
        part = await to_its_end(self._parts.open, upload.id)
        try:
            try:
                async for data in piece.body:
                    room = upload.length - part.offset
                    if piece.checksum is not None:
                        piece.checksum[0].update(data)
                    await to_its_end(part.write, data[:room])
                    if len(data) > room:
                        return TooLong()
            finally:
                await to_its_end(part.sync)
            if piece.checksum is not None and piece.checksum[0].digest() != piece.checksum[1]:
                await to_its_end(part.cut_back)
                return WrongChecksum()
        finally:
            part.close()
        return None

    async def _has_room(self, client: str, name: str) -> bool:
        begun = await self._database.read(partial(catalogue.unfinished, client=client))
        return has_room(await to_its_end(self._measured, begun), name)

    def _measured(self, begun: list[Began]) -> list[Unfinished]:
        return [
            Unfinished(
                upload=one.upload,
                client=one.client,
                size=self._parts.offset(one.upload),
                touched_at=self._parts.touched_at(one.upload) or one.at,
            )
            for one in begun
        ]

    async def _catalogue_found(self, path: Path) -> None:
        facts = await to_its_end(measure, path)
        outcome = await to_its_end(lambda: judge(facts, self._registry()))
        if isinstance(outcome, Refused) or self._layout.parcel(outcome.header.key) != path:
            log.warning("left where it lies, and not in the catalogue: %s", path)
            return
        arrival = self._arrival(outcome, facts, FOUND, None)
        await self._database.write(partial(catalogue.take, arrival=arrival))

    def _arrival(
        self, genuine: Genuine, facts: FileFacts, came_from: str, upload: Upload | None
    ) -> Arrival:
        return Arrival(
            genuine=genuine,
            file_sha256=facts.sha256,
            size=facts.size,
            at=self._clock(),
            came_from=came_from,
            upload=None if upload is None else upload.id,
        )

    async def _find(self, client: str, name: str) -> Upload | None:
        upload = await self._database.read(partial(catalogue.find_upload, upload=name))
        return upload if upload is not None and upload.client == client else None

    async def _progress(self, upload: Upload) -> Progress:
        outcome = await self._finish_if_whole(upload)
        offset = upload.length if outcome else self._parts.offset(upload.id)
        return Progress(upload=upload.id, length=upload.length, offset=offset, outcome=outcome)

    async def _finish_if_whole(self, upload: Upload) -> Outcome | None:
        """Judge, catalogue and move an upload that has arrived whole; do what is left of it."""
        path = self._parts.path(upload.id)
        if upload.refused is not None or upload.done:
            return await self._finish_again(upload, path)
        if self._parts.offset(upload.id) < upload.length:
            return None
        return await self._judge_and_take(path, came_from=upload.client, upload=upload)

    async def _finish_again(self, upload: Upload, path: Path) -> Outcome:
        if self._parts.offset(upload.id):
            return await self._judge_and_take(path, came_from=upload.client, upload=upload)
        if upload.refused is not None:
            return upload.refused
        return await self._database.read(partial(catalogue.taken_as, upload=upload.id))

    async def _judge_and_take(
        self, path: Path, *, came_from: str, upload: Upload | None
    ) -> Outcome:
        facts = await to_its_end(measure, path)
        if upload is not None and facts.sha256 != upload.sha256:
            outcome: Genuine | Refused = _not_as_declared(upload, facts.sha256)
        else:
            outcome = await to_its_end(lambda: judge(facts, self._registry()))
        if isinstance(outcome, Refused):
            return await self._drop(path, came_from, upload, outcome)
        arrival = self._arrival(outcome, facts, came_from, upload)
        taken = await self._database.write(partial(catalogue.take, arrival=arrival))
        await to_its_end(self._put_away, path, arrival, taken)
        self._arrived()
        return taken

    async def _drop(
        self, path: Path, came_from: str, upload: Upload | None, refused: Refused
    ) -> Refused:
        """Write the refusal down and forget the bytes; the sender may begin anew."""
        incident = Incident(
            at=self._clock(), came_from=came_from, fault=refused.fault, message=refused.message
        )
        await self._database.write(partial(catalogue.note, incident=incident))
        await to_its_end(path.unlink, missing_ok=True)
        if upload is not None:
            await self._database.write(partial(catalogue.forget_upload, upload=upload.id))
        return refused

    def _put_away(self, path: Path, arrival: Arrival, outcome: Outcome) -> None:
        if isinstance(outcome, Refused):
            move(path, self._layout.aside / catalogue.aside_name(arrival.genuine))
            return
        place = self._layout.parcel(outcome.key)
        make_folder(place.parent)
        move(path, place)


def _nothing() -> None:
    """Not worth ending: a question is answered at once."""


def _not_as_declared(upload: Upload, sha256: str) -> Refused:
    return Refused(
        fault=Fault.ALTERED,
        message=(
            f"expected {upload.length} bytes with SHA-256 {upload.sha256[:16]}... as declared; "
            f"got {sha256[:16]}...: altered on the way, send again from the beginning"
        ),
    )
