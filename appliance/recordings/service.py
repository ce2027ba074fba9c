"""The `recordings` process: its composition root.

::

    what is left of sittings before     delivered, nothing more is taken
    database                        manifests, chains, parcels
      hall, shelf, intake           read back from it; files that no row holds are removed
        parcels, deliveries         lane recordings, and what the office says of it
          core's socket, the seats' port
            tasks                   flush, make parcels, take receipts, tell core
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.ipc import courier
from appliance.ipc import recordings as ipc
from appliance.ipc.bundle import ended_or_another_bundle, read_manifest, read_newest
from appliance.ipc.courier_line import CourierLine
from appliance.ipc.identity import (
    ProcessIdentity,
    authorities,
    read_process_identity,
    tls_identity,
)
from appliance.ipc.outbox import Outbox
from appliance.ipc.settings import Settings
from appliance.recordings import records
from appliance.recordings.deliveries import Deliveries
from appliance.recordings.hall import Hall
from appliance.recordings.intake import Intake
from appliance.recordings.parcels import LANES, OLDEST_S, ParcelMaker
from appliance.recordings.segments_http import segments_app
from appliance.recordings.shelf import Shelf
from protocol.bundle import BundleManifest
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey
from runtime.clock import MachineClock
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError
from runtime.files import make_folder
from runtime.ipc import Server
from runtime.listener import Listener
from runtime.memory import give_back_memory
from runtime.service import Service
from runtime.tasks import Tasks
from runtime.tls import server_context

LOOK_S: Final = 1.0
"""How often the process looks whether a parcel is due, and tells core what has changed."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the process is given; `run_recordings` reads it from settings and bundle."""

    own: Path
    outbox: Path
    socket: Path
    courier: Path
    identity: ProcessIdentity
    centre: str
    sitting: str
    opening_recipient: str
    receipts_key: VerifyKey
    host: str
    port: int
    leave_free: int
    views_wait_ms: int
    oldest_s: float = OLDEST_S


def setup_of(settings: Settings, identity: ProcessIdentity, manifest: BundleManifest) -> Setup:
    """Return what settings and bundle say."""
    return Setup(
        own=settings.own("recordings") / manifest.sitting.id,
        outbox=settings.outbox,
        socket=settings.socket("recordings"),
        courier=settings.socket("courier"),
        identity=identity,
        centre=manifest.centre,
        sitting=manifest.sitting.id,
        opening_recipient=manifest.office.opening_recipient,
        receipts_key=VerifyKey.from_hex(manifest.office.receipts_key),
        host=settings.listen.host,
        port=settings.listen.recordings,
        leave_free=settings.recordings.leave_free_mb * 1024**2,
        views_wait_ms=settings.recordings.views_wait_s * 1000,
    )


async def run_recordings(settings: Settings, service: Service) -> None:
    """Take and keep segments until told to end."""
    give_back_memory()
    identity = await asyncio.to_thread(read_process_identity, settings.state_folder, "recordings")
    manifest = await asyncio.to_thread(read_manifest, settings, identity)
    await asyncio.to_thread(make_folder, Path(settings.run))
    async with contextlib.AsyncExitStack() as all_of:
        for left in await asyncio.to_thread(_earlier, settings, identity, manifest):
            await all_of.enter_async_context(finishing(left))
        process = await all_of.enter_async_context(
            recording(setup_of(settings, identity, manifest))
        )
        service.ready(f"segments on port {process.port}")
        await ended_or_another_bundle(service, settings)


def _earlier(settings: Settings, identity: ProcessIdentity, present: BundleManifest) -> list[Setup]:
    """Return what is left of the sittings before: segments that the office does not have yet."""
    found: list[Setup] = []
    for path in sorted(settings.own("recordings").glob("*/recordings.db")):
        sitting = path.parent.name
        if sitting == present.sitting.id or not records.has_left(path):
            continue
        try:
            manifest = read_newest(settings, identity, sitting)
        except ProtocolError:
            _log.exception("recordings of sitting %s: expected its bundle; they stay here", sitting)
            continue
        found.append(setup_of(settings, identity, manifest))
    return found


@contextlib.asynccontextmanager
async def finishing(setup: Setup) -> AsyncIterator[None]:
    """Deliver what is left of a sitting that is not present: nobody records there any more."""
    async with Database(setup.own / "recordings.db", records.schema()) as database:
        process = Recordings(setup, database)
        await process.resume()
        async with process.courier, Tasks(f"recordings of {setup.sitting}") as tasks:
            tasks.start("watch the writer", database.writer.watch())
            tasks.start("take office receipts", process.courier.run())
            tasks.start("make parcels", process.make_parcels())
            yield


@contextlib.asynccontextmanager
async def recording(setup: Setup) -> AsyncIterator["Recordings"]:
    """Run the process's parts."""
    await asyncio.to_thread(make_folder, setup.own)
    async with Database(setup.own / "recordings.db", records.schema()) as database:
        process = Recordings(setup, database)
        await process.resume()
        context = server_context(
            tls_identity(setup.identity), authorities=authorities(setup.identity)
        )
        listener = Listener(segments_app(process.intake), context, host=setup.host, port=setup.port)
        async with process.courier, listener:
            process.port = listener.port
            server = Server(
                setup.socket, ipc.CHANNEL, process.answer, greeting=lambda: (process.state(),)
            )
            async with server, Tasks("recordings") as tasks:
                tasks.start("watch the writer", database.writer.watch())
                tasks.start("flush", process.shelf.run())
                tasks.start("take office receipts", process.courier.run())
                tasks.start("make parcels", process.make_parcels())
                tasks.start("tell core", process.tell(server))
                yield process


class Recordings:
    """The parts, and what holds them together."""

    def __init__(self, setup: Setup, database: Database) -> None:
        self._setup = setup
        self._database = database
        self.port = 0
        self._changed = asyncio.Event()
        self.hall = Hall(
            centre=setup.centre,
            sitting=setup.sitting,
            appliance=setup.identity.appliance,
            steady=MachineClock(),
        )
        self.shelf = Shelf(setup.own / "segments", leave_free=setup.leave_free)
        self.intake = Intake(
            database,
            self.shelf,
            full=self._room,
            now=self.hall.now,
            over_changed=self._changed.set,
        )
        self.parcels = ParcelMaker(
            database,
            self.shelf,
            Outbox(setup.outbox, LANES),
            self.hall,
            office_recipient=setup.opening_recipient,
            box_key=setup.identity.signing_key(),
            views_wait_ms=setup.views_wait_ms,
        )
        self._deliveries = Deliveries(database, self.shelf, self.hall, delivered=self._office_has)
        self.courier = CourierLine(
            courier.socket_path(setup.courier.parent),
            database,
            setup.receipts_key,
            self._deliveries,
        )
        self._full_since = 0
        self._delivered: tuple[str, ...] = ()

    async def resume(self) -> None:
        """Put everything back where it stood."""
        await self.hall.resume(self._database)
        await self.intake.resume()
        held = [place.file_name for place in await self._database.read(records.held)]
        for missing in await asyncio.to_thread(self.shelf.settle, held):
            _log.error("segments/%s: expected a sealed segment, it is gone", missing)
        await self.parcels.settle()

    # --- core -------------------------------------------------------------------------------

    async def answer(self, request: ipc.Request) -> ipc.Reply:
        """Take core's word."""
        match request:
            case ipc.HallStands():
                await self.hall.hear(request, self._database)
            case ipc.Admitted():
                await self.intake.admit(request)
            case ipc.Ended(session=session, epoch=epoch):
                await self._database.write(lambda c: records.end_session(c, session, epoch))
            case ipc.SubjectClosed(subject=subject, at=at):
                await self._database.write(lambda c: records.close_subject(c, subject, at))
        return ipc.Noted()

    def state(self) -> ipc.RecordingsState:
        """Return how things stand."""
        return ipc.RecordingsState(
            port=self.port,
            full_since=self._full_since,
            disk_free=self.shelf.free(),
            lost=self.parcels.lost,
            delivered=self._delivered,
            awaited=self.parcels.awaited,
            over={session: since for (session, _), since in self.intake.over.items()},
        )

    async def tell(self, server: Server[ipc.Request, ipc.Reply, ipc.Said]) -> None:
        """Tell core when recordings give way or are taken again, and what the office has."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            server.publish(self.state())
            await asyncio.sleep(LOOK_S)

    def _office_has(self, subjects: list[str]) -> None:
        """Hear which closed subjects the office has all of."""
        if not set(subjects) <= set(self._delivered):
            self._delivered = tuple(sorted({*subjects, *self._delivered}))
            self._changed.set()

    def _room(self, full: bool) -> None:  # noqa: FBT001 - the intake's signature
        if full is bool(self._full_since):
            return
        self._full_since = self.hall.now() if full else 0
        _log.warning("recordings %s", "give way: the disk is full" if full else "are taken again")
        self._changed.set()

    # --- parcels ----------------------------------------------------------------------------

    async def make_parcels(self) -> None:
        """Cut parcels when they are large enough, or have waited long enough."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._setup.oldest_s
        while True:
            await asyncio.sleep(min(LOOK_S, self._setup.oldest_s))
            if not self.hall.generation:
                continue
            is_due = loop.time() >= due
            try:
                await self._make_some(all_that_waits=is_due)
            except (DiskError, DatabaseError) as error:
                _log.warning("parcels of recordings wait: %s", error)
            if is_due:
                due = loop.time() + self._setup.oldest_s

    async def _make_some(self, *, all_that_waits: bool) -> None:
        """Cut what is due; where there is no room for it, first remove what is here twice."""
        if not self.shelf.has_room(0) and await self._deliveries.let_go(delivered_only=False):
            _log.warning("the disk is full: segments that lie in parcels too were removed")
        before = (self.parcels.lost, self.parcels.awaited)
        for parcel in await self.parcels.make(all_that_waits=all_that_waits):
            self.courier.written(parcel.key, parcel.size)
        if (self.parcels.lost, self.parcels.awaited) != before:
            self._changed.set()
