"""The inner worker's process: it opens no port, and listens for nudges only.

Tasks: one that looks (owned and cancelled by `verifying`), one that watches the store's
writer; either's death ends the service.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

from central.layout import Layout
from central.nudge import INNER, RECEIVER, listening, nudge
from central.office import office_key, opening_key, read_config, receipts_key
from central.receiving.service import office_time
from central.registry import RegistryFolder
from central.store.tables import schema
from central.verification.worker import InnerKeys, Worker
from runtime.database import Database
from runtime.errors import DatabaseBusyError, DiskError
from runtime.files import make_folder
from runtime.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
"""How often it looks by itself, should a nudge be lost."""


@contextlib.asynccontextmanager
async def open_worker(
    layout: Layout, clock: Callable[[], int] = office_time
) -> AsyncIterator[tuple[Worker, Database]]:
    """Open the store with the keys that only this process reads."""
    config = read_config(layout)
    bundles = office_key(config)
    keys = InnerKeys(
        office=config.id,
        receipts=receipts_key(layout),
        opening=opening_key(layout),
        bundles=bundles,
    )
    for folder in layout.folders():
        await asyncio.to_thread(make_folder, folder)
    registry = RegistryFolder(layout.registry, bundles)
    async with Database(layout.store, schema()) as database:
        yield (
            Worker(
                layout,
                database,
                registry,
                keys,
                clock,
                published=lambda: nudge(layout.run / RECEIVER),
            ),
            database,
        )


@contextlib.asynccontextmanager
async def verifying(layout: Layout) -> AsyncIterator[Worker]:
    """Run the inner worker."""
    news = asyncio.Event()
    async with (
        open_worker(layout) as (worker, database),
        listening(layout.run / INNER, news.set),
        Tasks("verification") as tasks,
    ):
        tasks.start("look", _keep_looking(worker, news))
        tasks.start("watch the store's writer", database.writer.watch())
        yield worker


async def _keep_looking(worker: Worker, news: asyncio.Event) -> None:
    said = ""
    while True:
        news.clear()
        try:
            await worker.look()
            said = ""
        except (DiskError, DatabaseBusyError) as error:
            if str(error) != said:
                said = str(error)
                log.warning("verification waits: %s", said)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), LOOK_EVERY_S)
