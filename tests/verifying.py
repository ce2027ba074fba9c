"""The inner worker in the hands of a test: put parcels before it, read what it said."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from central.layout import Layout
from central.receiving.receipts import read_receipts
from central.store.tables import Connection
from central.verification.worker import Worker
from protocol.office_receipt import OfficeReceipt, Stage, open_office_receipt
from runtime.database import open_read_only
from runtime.files import make_folder
from tests.sample_office import CENTRE, SampleOffice
from tests.sample_parcels import SampleParcel


@dataclass
class Verifying:
    """A worker, its office, and the receipts read so far."""

    office: SampleOffice
    layout: Layout
    worker: Worker
    read: dict[str, int] = field(default_factory=dict)

    def lay(self, *parcels: SampleParcel) -> None:
        """Put parcels where the receiver puts them."""
        for parcel in parcels:
            path = self.layout.parcel(parcel.key)
            make_folder(path.parent)
            path.write_bytes(parcel.data)

    async def take(self, *parcels: SampleParcel) -> list[OfficeReceipt]:
        """Put parcels and let the worker look; return the new receipts of these boxes."""
        self.lay(*parcels)
        await self.worker.look()
        boxes = dict.fromkeys(parcel.key.appliance for parcel in parcels)
        return [receipt for box in boxes for receipt in self.receipts(box)]

    async def verdict(self, parcel: SampleParcel) -> OfficeReceipt:
        """Put a parcel; return what was decided about it."""
        said = [r for r in await self.take(parcel) if r.parcel == parcel.key]
        assert said[-1].stage is not Stage.RECEIVED, f"undecided: {self.reasons()}"
        return said[-1]

    def receipts(self, appliance: str = "box-1") -> list[OfficeReceipt]:
        """Return the receipts that came since the last call, verified."""
        folder = self.layout.receipt_folder(CENTRE, appliance)
        page = read_receipts(folder, self.read.get(appliance, 0))
        if page.receipts:
            self.read[appliance] = page.receipts[-1].number
        key = self.office.receipts_key.public
        return [open_office_receipt(numbered.receipt, key) for numbered in page.receipts]

    @contextlib.contextmanager
    def store(self) -> Iterator[Connection]:
        """Read the store."""
        with contextlib.closing(open_read_only(self.layout.store)) as connection:
            yield connection

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with self.store() as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def reasons(self) -> list[str]:
        """Return why parcels wait or were refused."""
        with self.store() as connection:
            rows = connection.execute("SELECT reason FROM parcel WHERE reason <> '' ORDER BY id")
            return [row[0] for row in rows]
