"""The courier's process: what it is made of, in the order in which it comes up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp

from appliance.courier import ledger, stick
from appliance.courier.destination import Destination, read_destination
from appliance.courier.errands import HANDS, TIMEOUT, Errands, Terms
from appliance.courier.line import Line
from appliance.ipc import courier as said
from appliance.ipc.bundle import ended_or_another_bundle
from appliance.ipc.courier import SyncState
from appliance.ipc.identity import ProcessIdentity, read_process_identity, tls_identity
from appliance.ipc.settings import Settings
from protocol.keys import VerifyKey
from runtime.clock import MachineClock
from runtime.database import Database
from runtime.files import make_folder
from runtime.ipc import Server
from runtime.service import Service
from runtime.tasks import Tasks
from runtime.tls import client_context

TELL_EVERY_S: Final = 0.25
"""The makers of parcels hear how things stand at most so often."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a courier needs to know; `run_courier` reads it from settings and bundle."""

    outbox: Path
    own: Path
    socket: Path
    identity: ProcessIdentity
    destination: Destination
    keep_ms: int
    leave_free: int = 0


async def run_courier(settings: Settings, service: Service) -> None:
    """Run the courier of a box until it is told to end."""
    identity = await asyncio.to_thread(read_process_identity, settings.state_folder, "courier")
    setup = Setup(
        outbox=settings.outbox,
        own=settings.own("courier"),
        socket=settings.socket("courier"),
        identity=identity,
        destination=await asyncio.to_thread(read_destination, settings, identity),
        keep_ms=settings.courier.keep_verified_hours * 3_600_000,
        leave_free=settings.courier.leave_free_mb * 1024**2,
    )
    await asyncio.to_thread(make_folder, Path(settings.run))
    async with carrying(setup):
        service.ready(f"carrying to {', '.join(setup.destination.addresses)}")
        await ended_or_another_bundle(service, settings)


@contextlib.asynccontextmanager
async def carrying(setup: Setup) -> AsyncIterator["Courier"]:
    """Run a courier."""
    await asyncio.to_thread(make_folder, setup.own)
    context = client_context(
        authorities=setup.identity.root_certificate.encode(),
        identity=tls_identity(setup.identity),
    )
    connector = aiohttp.TCPConnector(ssl=context, limit=HANDS + 2)
    async with (
        Database(setup.own / "courier.db", ledger.schema()) as database,
        aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session,
    ):
        courier = Courier(setup, database, session)
        await courier.errands.open()
        await courier.hear()
        async with (
            Server(setup.socket, said.CHANNEL, courier.answer, greeting=courier.greeting) as server,
            Tasks("courier") as tasks,
        ):
            courier.server = server
            tasks.start("watch the writer", database.writer.watch())
            tasks.start("look", courier.errands.keep_looking())
            for hand in range(HANDS):
                tasks.start(f"send, hand {hand + 1}", courier.errands.keep_sending())
            tasks.start("read receipts", courier.errands.keep_reading_receipts())
            tasks.start("tell", courier.keep_telling())
            yield courier


class Courier:
    """Errands with a socket: answers the makers of parcels, and tells them what changes."""

    def __init__(self, setup: Setup, database: Database, session: aiohttp.ClientSession) -> None:
        self._setup = setup
        self._changed = asyncio.Event()
        self.state: SyncState
        """How the lanes and the line stood when last looked at."""
        self.server: Server[said.Request, said.Reply, said.Said] | None = None
        self.line = Line(
            setup.destination.addresses, MachineClock().steady_ms, changed=self._changed.set
        )
        terms = Terms(
            outbox=setup.outbox,
            box_key=VerifyKey.from_hex(setup.identity.box_public),
            receipts_key=setup.destination.receipts_key,
            keep_ms=setup.keep_ms,
            leave_free=setup.leave_free,
        )
        self.errands = Errands(
            terms,
            database,
            self.line,
            session,
            said=self._publish,
            changed=self._changed.set,
        )

    async def answer(self, request: said.Request) -> said.Reply:
        """Answer a maker of parcels, or a command."""
        match request:
            case said.ParcelWritten():
                self.errands.look_soon()
                return said.Noted()
            case said.ReceiptsAfter(number=number):
                return await self.errands.receipts_after(number)
            case said.SyncAsked():
                return await self.errands.state()
            case said.WriteStick(folder=folder):
                await self.errands.look()
                parcels = await self.errands.undelivered()
                return await asyncio.to_thread(stick.write_parcels, parcels, Path(folder))
            case said.TakeReceipts(folder=folder):
                return await self._take_receipts(Path(folder))

    async def _take_receipts(self, folder: Path) -> said.StickDone:
        identity = self._setup.identity
        receipts = await asyncio.to_thread(
            stick.read_receipts, folder, identity.centre, identity.appliance
        )
        new = await self.errands.take_receipts(receipts)
        return said.StickDone(files=new, bytes=0)

    def greeting(self) -> tuple[SyncState]:
        """Return what a new client hears first."""
        return (self.state,)

    async def hear(self) -> None:
        """Take a fresh look at how the lanes and the line stand."""
        self._changed.clear()
        self.state = await self.errands.state()

    async def keep_telling(self) -> None:
        """Tell everybody how things stand, whenever that has changed, but not too often."""
        while True:
            await self._changed.wait()
            await self.hear()
            self._publish(self.state)
            await asyncio.sleep(TELL_EVERY_S)

    def _publish(self, event: said.Said) -> None:
        if self.server is not None:
            self.server.publish(event)
