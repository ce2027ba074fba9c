"""The sittings on this box: each has a record of its own, and one is present.

Rules:

1. A record lies in a folder by its sitting's name: database, wrapped keys. Nothing of one
   sitting is read into another, but the seats' machines, which stay paired.
2. Another sitting's bundle is not taken while the present one is under way: somebody has
   logged in and a subject is open. A person may put it aside by name; its record stays.
3. What an earlier sitting has not handed to the courier yet is cut when core starts. The
   courier delivers parcels of any sitting.
4. A sitting whose bundle is taken again goes on where it stood.
"""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final

from appliance.core import bundle_words as w
from appliance.core import intake, records
from appliance.core.box import Box
from appliance.core.bundle_words import BundleRefusedError
from appliance.core.intake import Bundle, Receiver
from appliance.core.log import Log
from appliance.core.parcels import LANES, ParcelMaker
from appliance.ipc.outbox import Outbox
from appliance.ipc.settings import Settings
from protocol.bundle import BundleManifest
from protocol.errors import ProtocolError
from protocol.identities import BoxIdentity
from runtime.clock import MachineClock
from runtime.database import Database, open_read_only
from runtime.errors import DatabaseError, DiskError
from runtime.facts import fact
from runtime.files import make_folder, remove_durably, write_atomic
from runtime.migrations import Schema

DATABASE: Final = "core.db"
_WHOLE: Final = "cut-whole"
"""In the folder of a sitting that is not present: all of its record lies in parcels."""

_log = logging.getLogger(__name__)


def record_of(settings: Settings, sitting: str) -> Path:
    """Return the folder of a sitting's record."""
    return settings.own("core") / sitting


def open_record(settings: Settings, sitting: str) -> Path:
    """Make ready the record of the sitting that is present from now on; return its folder."""
    folder = record_of(settings, sitting)
    make_folder(folder)
    if (folder / _WHOLE).exists():
        remove_durably(folder / _WHOLE)
    return folder


def check_free(settings: Settings, present: BundleManifest) -> None:
    """Raise `BundleRefusedError` while the present sitting is under way (rule 2)."""
    path = record_of(settings, present.sitting.id) / DATABASE
    if not path.exists():
        return
    with contextlib.closing(open_read_only(path)) as connection:
        began = connection.execute("SELECT EXISTS (SELECT 1 FROM sessions WHERE epoch > 0)")
        has_begun = bool(began.fetchone()[0])
        closed = {row[0] for row in connection.execute("SELECT subject FROM closings")}
    open_subjects = [s.id for s in present.sitting.subjects if s.id not in closed]
    if has_begun and open_subjects:
        raise BundleRefusedError(
            w.UNDER_WAY, sitting=present.sitting.id, open=", ".join(open_subjects)
        )


def earlier(settings: Settings, present: str) -> list[str]:
    """Return the other sittings that have a record, the one last written to first."""
    found = [p for p in settings.own("core").glob(f"*/{DATABASE}") if p.parent.name != present]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.parent.name for path in found]


def paired_before(settings: Settings, bundle: Bundle) -> list[records.PairingRow]:
    """Return the machines of this sitting's seats that were paired in the sitting before."""
    seats = {seat.id for seat in bundle.manifest.sitting.seats}
    for sitting in earlier(settings, bundle.manifest.sitting.id)[:1]:
        path = record_of(settings, sitting) / DATABASE
        with contextlib.closing(open_read_only(path)) as connection:
            return [row for row in records.pairings(connection) if row.seat in seats]
    return []


async def cut_what_is_left(
    settings: Settings, identity: BoxIdentity, receiver: Receiver, present: str, schema: Schema
) -> None:
    """Put what earlier sittings have not handed over into parcels (rule 3)."""
    for sitting in await asyncio.to_thread(earlier, settings, present):
        folder = record_of(settings, sitting)
        if (folder / _WHOLE).exists():
            continue
        try:
            bundle = await asyncio.to_thread(intake.newest_of, settings.bundles, receiver, sitting)
            async with Database(folder / DATABASE, schema) as database:
                await _cut(settings, identity, bundle, database)
            await asyncio.to_thread(write_atomic, folder / _WHOLE, b"")
        except (BundleRefusedError, ProtocolError, DiskError, DatabaseError):
            _log.exception("what is left of sitting %s waits for the next start", sitting)


async def _cut(
    settings: Settings, identity: BoxIdentity, bundle: Bundle, database: Database
) -> None:
    facts = await database.read(lambda c: (fact(c, "generation"), fact(c, "last_ms")))
    if facts[0] is None:
        return
    last, steady = int(facts[1] or "0"), MachineClock()
    box = Box(
        centre=bundle.manifest.centre,
        sitting=bundle.manifest.sitting.id,
        appliance=identity.appliance,
        generation=int(facts[0]),
        key=identity.signing_key(),
        now=lambda: max(last, steady.wall_ms()),
    )
    log = Log(database, box, identity.log_signing_key())
    recipient = bundle.manifest.office.opening_recipient
    maker = ParcelMaker(
        database, log, Outbox(settings.outbox, LANES), box, office_recipient=recipient
    )
    await maker.settle()
    written = await maker.make_all()
    _log.info("sitting %s: %d parcel(s) were left to cut", box.sitting, len(written))
