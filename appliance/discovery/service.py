"""The process that looks for the hall's terminals and says which ones answer.

Owns: the appliance's mDNS name, the catalogue and its database, the socket on which `core`
hears of it. Its death delays nobody's answer: seats find the appliance by other ways too.

Tasks, all ended together: the local network (announce, browse), the probes, the memory.
Rule: what is published is whole each time, at most every half second.
"""

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Final

from appliance.discovery import memory
from appliance.discovery.catalogue import Catalogue
from appliance.discovery.probe import first_answering
from appliance.ipc.discovery import CHANNEL, Expected, Roster, TerminalSeen, TerminalsSeen
from appliance.ipc.identity import read_process_identity
from appliance.ipc.settings import Settings
from protocol.discovery import APPLIANCE_SERVICE, CENTRE_HINT, TERMINAL_SERVICE, Address
from runtime.clock import MachineClock, SteadyClock
from runtime.database import Database
from runtime.errors import DatabaseBusyError, DiskError
from runtime.files import make_folder
from runtime.interfaces import Networks, loopback_only, shapes
from runtime.ipc import Overflow, Server
from runtime.mdns import Announcement, Heard, Lan, Timing
from runtime.service import Service
from runtime.tasks import Tasks

log = logging.getLogger(__name__)

PROBES_AT_ONCE: Final = 16
TICK_S: Final = 0.5
SAVE_EVERY_S: Final = 3.0


class Discovery:
    """Looks, probes, remembers and publishes; see the module."""

    def __init__(
        self,
        *,
        appliance: str,
        centre: str,
        port: int,
        socket: Path,
        database: Database,
        clock: SteadyClock | None = None,
        networks: Networks = shapes,
        timing: Timing | None = None,
    ) -> None:
        """``port`` is where `core` serves the seats; ``socket`` where we serve `core`."""
        self._clock = clock or MachineClock()
        self._database = database
        self._catalogue = Catalogue()
        self._changed = asyncio.Event()
        self._server = Server(socket, CHANNEL, self._expect, greeting=lambda: [self._news()])
        self._lan = Lan(
            announce=[
                Announcement(
                    service=APPLIANCE_SERVICE,
                    instance=appliance,
                    port=port,
                    hints={CENTRE_HINT: centre},
                )
            ],
            browse=TERMINAL_SERVICE,
            wanted=self._catalogue.wants,
            heard=self._heard,
            complete=self._catalogue.complete,
            networks=networks,
            timing=timing,
        )

    async def run(self) -> None:
        """Work until cancelled."""
        boot = self._clock.boot()
        known = await self._database.read(lambda connection: memory.load(connection, boot))
        self._catalogue.recall(known)
        async with self._server, Tasks("discovery") as tasks:
            tasks.start("watch the writer", self._database.writer.watch())
            tasks.start("local network", self._lan.run())
            tasks.start("probes", self._probe())
            tasks.start("memory", self._remember(boot))
            await self._publish()

    # ---- what comes in -------------------------------------------------------------

    async def _expect(self, roster: Roster) -> Expected:
        self._catalogue.expect(roster.seats)
        self._changed.set()
        self._lan.look_again()
        return Expected()

    def _heard(self, peer: Heard) -> None:
        now = self._clock.steady_ms()
        addresses = [Address(host, peer.port) for host in peer.addresses]
        if self._catalogue.hear(peer.instance, addresses, peer.hints, now):
            self._changed.set()

    # ---- what goes out -------------------------------------------------------------

    def _news(self) -> TerminalsSeen:
        return TerminalsSeen(terminals=self._catalogue.seen())

    async def _publish(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._server.publish(self._news(), overflow=Overflow.DROP_OLDEST)
            await asyncio.sleep(TICK_S)

    async def _probe(self) -> None:
        places = asyncio.Semaphore(PROBES_AT_ONCE)
        under_way: set[str] = set()
        async with asyncio.TaskGroup() as probes:
            while True:
                for seen in self._catalogue.due(self._clock.steady_ms()):
                    if seen.name not in under_way:
                        under_way.add(seen.name)
                        probes.create_task(self._probe_one(seen, places, under_way))
                await asyncio.sleep(TICK_S)

    async def _probe_one(
        self, seen: TerminalSeen, places: asyncio.Semaphore, under_way: set[str]
    ) -> None:
        try:
            async with places:
                answered = await first_answering(seen.addresses)
            if self._catalogue.probed(seen.name, answered, self._clock.steady_ms()):
                self._changed.set()
        finally:
            under_way.discard(seen.name)

    async def _remember(self, boot: str) -> None:
        saved = None
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            seen = self._catalogue.seen()
            where = [(each.name, each.seat, each.addresses) for each in seen]
            if where != saved and await self._save(seen, boot):
                saved = where

    async def _save(self, seen: tuple[TerminalSeen, ...], boot: str) -> bool:
        def job(connection: sqlite3.Connection) -> None:
            memory.replace_all(connection, seen, boot)

        try:
            await self._database.write(job)
        except (DiskError, DatabaseBusyError) as error:  # only a hint: the search goes on
            log.warning("what was found is not remembered: %s", error)
            return False
        return True


async def serve(
    service: Service,
    *,
    appliance: str,
    centre: str,
    port: int,
    folder: Path,
    socket: Path,
    networks: Networks = shapes,
) -> None:
    """Run the process: its database in ``folder``, until the service is asked to end."""
    async with (
        Database(folder / "discovery.db", memory.SCHEMA) as database,
        Tasks("discovery") as tasks,
    ):
        discovery = Discovery(
            appliance=appliance,
            centre=centre,
            port=port,
            socket=socket,
            database=database,
            networks=networks,
        )
        tasks.start("discovery", discovery.run())
        service.ready(f"looking for terminals; core is at port {port}")
        await service.ended()


async def run_discovery(settings: Settings, service: Service) -> None:
    """Run the process as the box's settings say."""
    identity = read_process_identity(settings.state_folder, "discovery")
    folder = settings.own("discovery")
    make_folder(folder)
    make_folder(Path(settings.run))
    await serve(
        service,
        appliance=identity.appliance,
        centre=identity.centre,
        port=settings.listen.seats,
        folder=folder,
        socket=settings.socket("discovery"),
        networks=loopback_only if settings.network == "loopback" else shapes,
    )
