"""The central office of a `CoreHall`: its inner worker takes what core has cut."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.core.parcels import ParcelWritten
from central.layout import Layout
from central.office import OfficeConfig, OfficeParts, make_office
from central.registry import enrol
from central.store import reading
from central.store.tables import Connection
from central.verification.service import open_worker
from central.verification.worker import Worker
from drill.sample_office import SampleOffice
from protocol.bundle import MANIFEST
from protocol.certificates import Role, role_key
from protocol.parcel import read_header_line, unsafe_header
from runtime.database import open_read_only
from tests.core_hall import CoreHall


@dataclass
class CoreOffice:
    """The office's folder and the worker that verifies there."""

    layout: Layout
    worker: Worker
    taken: set[str] = field(default_factory=set)

    async def take(self, hall: CoreHall) -> None:
        """Bring every parcel that core has cut since the last time, and verify them."""
        for written in hall.written:
            if written.path not in self.taken:
                self.taken.add(written.path)
                self._bring(written)
        await self.worker.look()

    async def take_folder(self, outbox: Path) -> None:
        """Bring every parcel that lies in an outbox, and verify them."""
        self._bring_folder(outbox)
        await self.worker.look()

    def _bring_folder(self, outbox: Path) -> None:
        for path in sorted(outbox.glob("*/*.parcel")):
            data = path.read_bytes()
            place = self.layout.parcel(unsafe_header(read_header_line(data)[0]).key)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    def _bring(self, written: ParcelWritten) -> None:
        place = self.layout.parcel(written.key)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(Path(written.path).read_bytes())

    def reasons(self) -> list[str]:
        """Return why parcels wait or were refused."""
        with self._store() as store:
            rows = store.execute("SELECT reason FROM parcel WHERE reason <> '' ORDER BY id")
            return [row[0] for row in rows]

    def accounts(self) -> list[str]:
        """Return the account of each closed subject, in English."""
        with self._store() as store:
            return [account.show("en") for _, account in reading.accounts(store)]

    @contextlib.contextmanager
    def _store(self) -> "contextlib.Generator[Connection]":
        with contextlib.closing(open_read_only(self.layout.store)) as connection:
            yield connection


@contextlib.asynccontextmanager
async def core_office(folder: Path, made: SampleOffice) -> AsyncIterator[CoreOffice]:
    """Open the office that made the hall's bundle, in ``folder``."""
    identity = made.server
    signing = role_key(identity.signing_certificate, identity.root_certificate, Role.OFFICE, None)
    layout = make_office(
        folder,
        OfficeParts(
            config=OfficeConfig(
                id=identity.office, office_key=signing.hex, host="127.0.0.1", port=8443
            ),
            chain_pem=identity.tls_chain.encode(),
            tls_key_pem=identity.tls_key.encode(),
            root_pem=identity.root_certificate.encode(),
            receipts_key=identity.receipts_signing_key(),
            opening_key=identity.opening_sealing_identity(),
        ),
    )
    enrol(layout.registry, made.bundle / MANIFEST, signing)
    async with open_worker(layout) as (worker, _):
        yield CoreOffice(layout, worker)
