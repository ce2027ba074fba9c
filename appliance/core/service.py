"""Core's composition root: the parts of the process that must never wait, stacked visibly.

::

    database                        the hall's record, one writer
      hall, log                     read back from it
        decider, journal, release, receipts, identity check, parcels   (`building`)
          sessions, pairing, acts, closing
          following                 who is told, who gets a receipt
          rounds                    what happens by the clock          (`working`)
            seats' HTTPS, staff's socket, the neighbours' sockets
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from aiohttp import web

from appliance.core import building, intake, sittings
from appliance.core.building import Core
from appliance.core.deliveries import courier_line
from appliance.core.discovery_line import DiscoveryLine
from appliance.core.faces_line import FacesLine
from appliance.core.pictures import Pictures
from appliance.core.recordings_line import RecordingsLine
from appliance.core.seat_server import SeatDesk, seat_app
from appliance.core.staff_server import StaffDesk, staff_app
from appliance.core.status import hall_status
from appliance.core.working import put_to_work
from appliance.ipc.bundle import ended_or_another_bundle
from appliance.ipc.identity import authorities, read_identity, tls_identity
from appliance.ipc.settings import Settings
from protocol.identities import BoxIdentity
from runtime.clock import MachineClock, SteadyClock
from runtime.database import Database
from runtime.files import make_folder
from runtime.listener import Listener
from runtime.memory import let_stand
from runtime.migrations import schema_of
from runtime.service import Service
from runtime.tasks import Tasks
from runtime.tls import ClientCertificates, Identity, fingerprint, server_context

SCHEMA: Final = schema_of("appliance.core.schema", application_id=0x45584843)


class NoBundleError(Exception):
    """The box has taken no bundle yet."""


async def run_core(settings: Settings, service: Service) -> None:
    """Run core until the service ends."""
    identity = read_identity(settings.state_folder)
    receiver = building.receiver_of(identity)
    bundle = await asyncio.to_thread(intake.bundle_in_place, settings.bundles, receiver)
    if bundle is None:
        raise NoBundleError(
            f"{settings.bundles}: expected a bundle; take one: exam-appliance import FOLDER"
        )
    make_folder(Path(settings.run))
    sitting = bundle.manifest.sitting.id
    await sittings.cut_what_is_left(settings, identity, receiver, sitting, SCHEMA)
    folder = await asyncio.to_thread(sittings.open_record, settings, sitting)
    paired_before = await asyncio.to_thread(sittings.paired_before, settings, bundle)
    async with Database(folder / sittings.DATABASE, SCHEMA) as database:
        steady = MachineClock()
        core = await building.build_core(
            settings, identity, bundle, database, steady, paired_before
        )
        await _serve(settings, identity, core, steady, service)


async def _serve(
    settings: Settings, identity: BoxIdentity, core: Core, steady: SteadyClock, service: Service
) -> None:
    courier = courier_line(settings, core)
    recordings = RecordingsLine(settings, core)
    works = put_to_work(
        core,
        identity,
        steady,
        written=lambda parcel: courier.written(parcel.key, parcel.size),
        disk_free=lambda: _free(settings.state_folder),
    )
    following, rounds = works.following, works.rounds
    tls = tls_identity(identity)
    desk = SeatDesk(
        hall=core.hall,
        seats=core.seats,
        sessions=works.sessions,
        journal=core.journal,
        log=core.log,
        links=core.links,
        pairing=works.pairing,
        papers=core.bundle.folder,
        server_digest=bytes.fromhex(fingerprint(tls.certificate)),
        steady=steady,
        now=core.clock.now,
        info=lambda seat: building.hall_info(core, settings, seat),
        decisions_for=following.decisions_for,
        on_hello=following.hello,
        on_login=following.logged_in,
    )
    pictures = Pictures(core, identity.sealing_identity())
    faces = FacesLine(settings, core, pictures.roster)
    following.look, following.dismiss = faces.look, faces.dismiss
    pictures.last_look = faces.last_picture
    staff = StaffDesk(
        status=lambda: hall_status(works.sources),
        perform=works.acts.perform,
        roster_photo=pictures.roster,
        camera_photo=pictures.camera,
    )
    async with (
        courier,
        faces,
        recordings,
        DiscoveryLine(settings, core),
        _seats_listener(settings, identity, tls, desk) as listener,
        _unix_server(staff_app(staff), settings.staff_socket),
        Tasks("core") as tasks,
    ):
        tasks.start("watch the writer", core.database.writer.watch())
        tasks.start("follow", following.run())
        tasks.start("take office receipts", courier.run())
        tasks.start("tell recordings", recordings.run())
        tasks.start("follow the faces", faces.run())
        tasks.start("watch the start", rounds.watch_the_start())
        tasks.start("watch the doors", rounds.watch_the_doors())
        tasks.start("log heads", rounds.log_heads(settings.rhythm.log_heads_ms))
        tasks.start("make parcels", rounds.make_parcels(settings.rhythm.parcels_ms))
        let_stand()
        service.ready(f"seats on port {listener.port}, staff on {settings.staff_socket}")
        await ended_or_another_bundle(service, settings)


def _seats_listener(
    settings: Settings, identity: BoxIdentity, tls: Identity, desk: SeatDesk
) -> Listener:
    context = server_context(
        tls, authorities=authorities(identity), clients=ClientCertificates.OPTIONAL
    )
    return Listener(seat_app(desk), context, host=settings.listen.host, port=settings.listen.seats)


@contextlib.asynccontextmanager
async def _unix_server(app: web.Application, path: Path) -> AsyncIterator[None]:
    await asyncio.to_thread(path.unlink, missing_ok=True)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    try:
        await web.SockSite(runner, _bound(path)).start()
        yield
    finally:
        await runner.cleanup()


def _bound(path: Path) -> socket.socket:
    """Return a Unix socket at ``path`` that is 0660 from its first moment on."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        listening.bind(str(path))
    finally:
        os.umask(before)
    return listening


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
