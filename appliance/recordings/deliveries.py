"""What the office says about lane recordings, as the courier brings it.

Each office receipt is checked again here by the office's receipts key, which the signed
bundle names, and made durable with its number before anything follows from it. Only
*verified* permits deletion: then the sealed segments of that parcel are removed.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Final, Self

from appliance.ipc import courier
from appliance.ipc.courier import OfficeReceiptArrived, ReceiptsAfter
from appliance.recordings import records
from appliance.recordings.hall import Hall
from appliance.recordings.parcels import Written
from appliance.recordings.shelf import Shelf
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey
from protocol.office_receipt import OfficeReceipt, Stage, open_office_receipt
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError, IpcError
from runtime.facts import fact, put_fact
from runtime.ipc import Client

_TAKEN: Final = "office_receipts_taken"
_AGAIN_S: Final = 2.0
_log = logging.getLogger(__name__)


class Deliveries:
    """The line to the courier; a context manager. `run` takes the receipts in turn."""

    def __init__(
        self,
        socket: Path,
        database: Database,
        shelf: Shelf,
        hall: Hall,
        receipts_key: VerifyKey,
        *,
        delivered: Callable[[list[str]], None],
    ) -> None:
        """``delivered`` hears after each round which subjects the office has all of."""
        self._database = database
        self._shelf = shelf
        self._hall = hall
        self._key = receipts_key
        self._delivered = delivered
        self._news = asyncio.Event()
        self._client = Client(socket, courier.CHANNEL, on_event=self._heard, on_line=self._line)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    def written(self, parcels: Iterable[Written]) -> None:
        """Tell the courier of parcels; it would find them by itself, later."""
        for parcel in parcels:
            self._client.tell(courier.ParcelWritten(key=parcel.key, size=parcel.size))

    async def run(self) -> None:
        """Take receipts whenever there may be new ones."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while await self._take_some():
                    pass
                self._delivered(await self._database.read(records.delivered))
                await self.let_go(delivered_only=True)
            except (DiskError, DatabaseError, IpcError) as error:
                _log.warning("office receipts wait: %s", error)
                await asyncio.sleep(_AGAIN_S)
                self._news.set()

    async def let_go(self, *, delivered_only: bool) -> int:
        """Remove the sealed segments that are not needed here any more; return how many."""
        places = await self._database.write(
            lambda c: records.let_go(c, delivered_only=delivered_only)
        )
        await asyncio.to_thread(self._shelf.remove, [place.file_name for place in places])
        return len(places)

    async def _take_some(self) -> bool:
        taken = await self._database.read(lambda c: int(fact(c, _TAKEN) or "0"))
        page = await self._client.ask(ReceiptsAfter(number=taken))
        if not isinstance(page, courier.Receipts):
            raise IpcError(f"expected receipts from the courier, got {type(page).__name__}")
        if page.receipts:
            await self._take(page.receipts)
        return bool(page.receipts)

    async def _take(self, arrived: tuple[OfficeReceiptArrived, ...]) -> None:
        mine = [receipt for one in arrived if (receipt := self._opened(one)) is not None]

        def record(connection: Connection) -> None:
            put_fact(connection, _TAKEN, str(arrived[-1].number))
            for receipt in mine:
                key, stage = receipt.parcel, receipt.stage.value
                records.set_stage(connection, key.generation, key.n, receipt.digest, stage)

        await self._database.write(record)

    def _opened(self, arrived: OfficeReceiptArrived) -> OfficeReceipt | None:
        """Return the receipt if it is the office's and about a parcel of this lane and box."""
        try:
            receipt = open_office_receipt(arrived.receipt, self._key)
        except ProtocolError as error:
            _log.error("office receipt %d is not the office's: %s", arrived.number, error)
            return None
        key = receipt.parcel
        if key != self._hall.parcel_key(key.generation, key.n):
            return None
        if receipt.stage is Stage.REFUSED:
            _log.error("the office refused %s: %s", key.file_name, receipt.reason)
        return receipt

    def _heard(self, said: courier.Said) -> None:
        if isinstance(said, OfficeReceiptArrived):
            self._news.set()

    def _line(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        if there:
            self._news.set()
