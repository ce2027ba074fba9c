"""The receiver's process: what it is made of, in the order in which it comes up.

Tasks: the requests (owned by the listener, ended by it), the intake of sticks and the
giving up of uploads (owned and cancelled by `receiving`). A catalogue whose writer died
ends the service.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

from central.layout import Layout, parse_parcel_name
from central.nudge import INNER, RECEIVER, listening, nudge
from central.office import office_key, read_config, tls_identity
from central.receiving import catalogue
from central.receiving.receipts import LOOK_EVERY_S, ReceiptDesk
from central.receiving.receiver import Receiver
from central.receiving.server import ReceiverApi
from central.registry import RegistryFolder
from runtime.database import Database
from runtime.errors import DatabaseBusyError, DiskError
from runtime.files import make_folder
from runtime.listener import Listener
from runtime.tasks import Tasks
from runtime.tls import server_context

log = logging.getLogger(__name__)

GIVE_UP_EVERY_S: Final = 600.0


def office_time() -> int:
    """Return the office's own time in ms since 1970: its clock is kept by its operators."""
    return time.time_ns() // 1_000_000


@contextlib.asynccontextmanager
async def open_receiver(
    layout: Layout, registry: RegistryFolder, clock: Callable[[], int] = office_time
) -> AsyncIterator[tuple[Receiver, Database]]:
    """Open the catalogue and finish what a kill left."""
    for folder in layout.folders():
        await asyncio.to_thread(make_folder, folder)
    async with Database(layout.catalogue, catalogue.schema()) as database:
        receiver = Receiver(
            layout, database, registry, clock, arrived=lambda: nudge(layout.run / INNER)
        )
        await receiver.recover()
        yield receiver, database


@contextlib.asynccontextmanager
async def receiving(layout: Layout) -> AsyncIterator[Listener]:
    """Run the receiver; the listener says at which port."""
    config = read_config(layout)
    identity, root = tls_identity(layout)
    context = server_context(identity, authorities=root)
    registry = RegistryFolder(layout.registry, office_key(config))
    desk = ReceiptDesk(layout)
    stick = asyncio.Event()

    def look_again() -> None:
        desk.look_again()
        stick.set()

    async with contextlib.AsyncExitStack() as stack:
        receiver, database = await stack.enter_async_context(open_receiver(layout, registry))
        await stack.enter_async_context(listening(layout.run / RECEIVER, look_again))
        app = ReceiverApi(receiver, desk, registry).application()
        listener = Listener(app, context, host=config.host, port=config.port)
        await stack.enter_async_context(listener)
        tasks = await stack.enter_async_context(Tasks("receiving"))
        tasks.start("take sticks", _take_sticks(layout, receiver, stick))
        tasks.start("give up uploads", _give_up(receiver))
        tasks.start("watch the catalogue's writer", database.writer.watch())
        yield listener


async def take_incoming(layout: Layout, receiver: Receiver) -> int:
    """Take every parcel that lies in ``incoming/``; return how many were there."""
    names = sorted(path for path in layout.incoming.iterdir() if parse_parcel_name(path.name))
    for path in names:
        await receiver.take_file(path)
    return len(names)


async def _give_up(receiver: Receiver) -> None:
    while True:
        try:
            given_up = await receiver.give_up()
        except (DiskError, DatabaseBusyError) as error:
            log.warning("unfinished uploads stay for now: %s", error)
        else:
            if given_up:
                log.info("gave up %d unfinished upload(s)", given_up)
        await asyncio.sleep(GIVE_UP_EVERY_S)


async def _take_sticks(layout: Layout, receiver: Receiver, news: asyncio.Event) -> None:
    while True:
        news.clear()
        try:
            await take_incoming(layout, receiver)
        except DiskError as error:
            log.warning("parcels from a stick wait: %s", error)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), LOOK_EVERY_S)
