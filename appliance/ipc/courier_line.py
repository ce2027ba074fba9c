"""A maker of parcels' end of the line to the courier: what the office says, taken in turn.

Each office receipt is checked again here by the office's receipts key, which the signed
bundle names, and made durable with its number, in the maker's own database, before anything
follows from it. After a connection those after the last one taken are asked for. What to keep
and what follows, the maker says: its `Taker`.

Task: `CourierLine.run`, owned by the maker; it may be cancelled anywhere.
"""

import asyncio
import logging
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Final, Protocol, Self

from appliance.ipc.courier import (
    CHANNEL,
    OfficeReceiptArrived,
    ParcelWritten,
    Receipts,
    ReceiptsAfter,
    Said,
    SyncState,
)
from protocol.envelope import Envelope
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey
from protocol.office_receipt import OfficeReceipt, open_office_receipt
from protocol.parcel import ParcelKey
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError, IpcError
from runtime.facts import fact, put_fact
from runtime.ipc import Client

_TAKEN: Final = "office_receipts_taken"
_AGAIN_S: Final = 2.0
_log = logging.getLogger(__name__)


class Taker(Protocol):
    """What a maker does with the office's word about its own parcels."""

    def is_mine(self, parcel: ParcelKey) -> bool:
        """Say whether this maker has made it, or one before it on this box."""

    def keep(self, connection: Connection, receipt: OfficeReceipt, envelope: Envelope) -> None:
        """Write it down, in the transaction that notes that it was taken."""

    def follow(self, receipt: OfficeReceipt, envelope: Envelope) -> None:
        """Do what follows from it: it is durable."""

    async def all_taken(self) -> None:
        """Do what follows where nothing more waits."""

    def hear(self, state: SyncState) -> None:
        """Hear how the lanes and the line stand."""

    def connected(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        """Hear that the courier is there, or is not."""


class CourierLine:
    """See the module; a context manager."""

    def __init__(
        self, socket: Path, database: Database, receipts_key: VerifyKey, taker: Taker
    ) -> None:
        self._database = database
        self._key = receipts_key
        self._taker = taker
        self._news = asyncio.Event()
        self._client = Client(socket, CHANNEL, on_event=self._heard, on_line=self._line)

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

    def written(self, parcel: ParcelKey, size: int) -> None:
        """Tell the courier of a parcel; it would find it by itself, later."""
        self._client.tell(ParcelWritten(key=parcel, size=size))

    async def run(self) -> None:
        """Take receipts whenever there may be new ones."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while await self._take_some():
                    pass
                await self._taker.all_taken()
            except (DiskError, DatabaseError, IpcError) as error:
                _log.warning("office receipts wait: %s", error)
                await asyncio.sleep(_AGAIN_S)
                self._news.set()

    async def _take_some(self) -> bool:
        taken = await self._database.read(lambda c: int(fact(c, _TAKEN) or "0"))
        page = await self._client.ask(ReceiptsAfter(number=taken))
        if not isinstance(page, Receipts):
            raise IpcError(f"expected receipts from the courier, got {type(page).__name__}")
        if page.receipts:
            await self._take(page.receipts)
        return bool(page.receipts)

    async def _take(self, arrived: tuple[OfficeReceiptArrived, ...]) -> None:
        mine = [
            (receipt, one.receipt)
            for one in arrived
            if (receipt := self._opened(one)) is not None and self._taker.is_mine(receipt.parcel)
        ]

        def record(connection: Connection) -> None:
            put_fact(connection, _TAKEN, str(arrived[-1].number))
            for receipt, envelope in mine:
                self._taker.keep(connection, receipt, envelope)

        await self._database.write(record)
        for receipt, envelope in mine:
            self._taker.follow(receipt, envelope)

    def _opened(self, arrived: OfficeReceiptArrived) -> OfficeReceipt | None:
        try:
            return open_office_receipt(arrived.receipt, self._key)
        except ProtocolError as error:
            _log.error("office receipt %d is not the office's: %s", arrived.number, error)
            return None

    def _heard(self, said: Said) -> None:
        if isinstance(said, SyncState):
            self._taker.hear(said)
        else:
            self._news.set()

    def _line(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        self._taker.connected(there)
        if there:
            self._news.set()
