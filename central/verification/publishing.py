"""Publishing office receipts: from the store to ``receipts/``, where the receiver reads them.

Rules:

1. A receipt's number and bytes are settled in the store first; the file follows.
2. What was published once stays as it is. A store that was lost and made anew from the
   parcels takes the published receipts back before it says anything, and counts on from
   them: a box deletes by these receipts, and must be able to show them for good.
3. A published receipt that this office's key did not sign, or another one than the store
   has under its number, stops the worker: a person must look.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from central.errors import ReceiptsError
from central.layout import Layout
from central.receiving.receipts import receipt_path
from central.store import parcels
from central.store.tables import Connection
from central.threads import to_its_end
from protocol.envelope import Envelope
from protocol.errors import ProtocolError, UntrustedError
from protocol.keys import VerifyKey
from protocol.office_receipt import open_office_receipt
from protocol.parcel import ParcelKey
from protocol.upload import NumberedReceipt
from protocol.values import decode, encode
from runtime.database import Database
from runtime.files import make_folder, write_atomic

Box = tuple[str, str]
"""Centre and appliance."""


@dataclass
class Publisher:
    """The list of receipts of every box; used by one task at a time."""

    layout: Layout
    database: Database
    receipts_key: VerifyKey
    published: Callable[[], None]
    _numbers: dict[Box, int] = field(default_factory=dict)
    _taken_back: bool = False

    async def take_back(self) -> None:
        """Once, before anything is said: let the store know what was published."""
        if self._taken_back:
            return
        for folder in await to_its_end(lambda: sorted(self.layout.receipts.glob("*/*"))):
            found = await to_its_end(self._read, folder)
            box = (folder.parent.name, folder.name)
            await self.database.write(partial(_take_back, box=box, published=found))
            self._numbers[box] = len(found)
        self._taken_back = True

    async def publish_all(self) -> None:
        """Publish every receipt that is not."""
        for centre, appliance in await self.database.read(parcels.boxes_with_receipts):
            await self.publish(centre, appliance)

    async def publish(self, centre: str, appliance: str) -> None:
        """Publish the receipts for one box that are not, in turn."""
        folder = self.layout.receipt_folder(centre, appliance)
        last = self._numbers.get((centre, appliance), 0)
        receipts = await self.database.read(
            lambda c: parcels.receipts_after(c, centre, appliance, last)
        )
        for receipt in receipts:
            await to_its_end(_write, folder, receipt)
            self._numbers[centre, appliance] = receipt.number
        if receipts:
            self.published()

    def _read(self, folder: Path) -> list[NumberedReceipt]:
        """Return the receipts that lie in a folder, without a hole, each verified."""
        found: list[NumberedReceipt] = []
        while (path := receipt_path(folder, len(found) + 1)).exists():
            try:
                envelope = decode(path.read_bytes(), Envelope)
                about = open_office_receipt(envelope, self.receipts_key).parcel
                _check_box(about, folder)
            except ProtocolError as error:
                raise ReceiptsError("bad_receipt", path=path, error=error) from error
            found.append(NumberedReceipt(number=len(found) + 1, receipt=envelope))
        return found


def _check_box(about: ParcelKey, folder: Path) -> None:
    if (about.centre, about.appliance) != (folder.parent.name, folder.name):
        raise UntrustedError(f"it is about {about.file_name}")


def _write(folder: Path, receipt: NumberedReceipt) -> None:
    make_folder(folder)
    write_atomic(receipt_path(folder, receipt.number), encode(receipt.receipt))


def _take_back(connection: Connection, box: Box, published: list[NumberedReceipt]) -> None:
    held = {one.number: one.receipt for one in parcels.receipts_after(connection, *box, 0)}
    for one in published:
        if one.number not in held:
            parcels.put_receipt(connection, *box, one)
        elif held[one.number].digest != one.receipt.digest:
            raise ReceiptsError("other_receipt", number=one.number, box=box[1], centre=box[0])
