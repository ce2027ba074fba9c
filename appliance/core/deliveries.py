"""What the office says about our parcels, as the courier brings it.

Each office receipt is checked again here by the office's receipts key, which the signed
bundle names, and made durable with its number before anything follows from it; after a
connection core asks for those after the last one that it has taken. *Verified* journals
are told to the seats, which may then clear their spools.
"""

import asyncio
import logging
from types import TracebackType
from typing import Final, Self

from appliance.core import parcels, records
from appliance.core.building import Core
from appliance.core.parcels import ParcelWritten
from appliance.ipc import courier
from appliance.ipc.courier import OfficeReceiptArrived, ReceiptsAfter, SyncState
from appliance.ipc.settings import Settings
from protocol.envelope import Envelope
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey
from protocol.office_receipt import OfficeReceipt, Stage, open_office_receipt
from protocol.seat_api import OfficeHolds
from protocol.values import encode
from runtime.clock import MachineClock
from runtime.errors import DatabaseError, DiskError, IpcError
from runtime.facts import fact, put_fact
from runtime.ipc import Client

_TAKEN: Final = "office_receipts_taken"
_AGAIN_S: Final = 2.0
_log = logging.getLogger(__name__)


class Deliveries:
    """Core's line to the courier; a context manager. `run` takes the receipts in turn."""

    def __init__(self, settings: Settings, core: Core) -> None:
        self._core = core
        self._key = VerifyKey.from_hex(core.bundle.manifest.office.receipts_key)
        self._news = asyncio.Event()
        self._client = Client(
            courier.socket_path(settings.socket("courier").parent),
            courier.CHANNEL,
            on_event=self._heard,
            on_line=self._line,
        )

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

    def written(self, parcel: ParcelWritten) -> None:
        """Tell the courier of a parcel; it would find it by itself, later."""
        self._client.tell(courier.ParcelWritten(key=parcel.key, size=parcel.size))

    async def run(self) -> None:
        """Take receipts whenever there may be new ones."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while await self._take_some():
                    pass
                delivered = await self._core.database.read(parcels.delivered)
                self._core.surroundings.delivered = delivered
            except (DiskError, DatabaseError, IpcError) as error:
                _log.warning("office receipts wait: %s", error)
                await asyncio.sleep(_AGAIN_S)
                self._news.set()

    async def _take_some(self) -> bool:
        taken = await self._core.database.read(lambda c: int(fact(c, _TAKEN) or "0"))
        page = await self._client.ask(ReceiptsAfter(number=taken))
        if not isinstance(page, courier.Receipts):
            raise IpcError(f"expected receipts from the courier, got {type(page).__name__}")
        for arrived in page.receipts:
            await self._take(arrived)
        return bool(page.receipts)

    async def _take(self, arrived: OfficeReceiptArrived) -> None:
        try:
            receipt = open_office_receipt(arrived.receipt, self._key)
        except ProtocolError as error:
            _log.error("office receipt %d is not the office's: %s", arrived.number, error)
            receipt = None
        mine = receipt is not None and (
            receipt.parcel.appliance,
            receipt.parcel.generation,
        ) == (self._core.box.appliance, self._core.box.generation)

        def record(connection: records.Connection) -> None:
            put_fact(connection, _TAKEN, str(arrived.number))
            if receipt is not None and mine:
                _note(connection, receipt, arrived.receipt)

        await self._core.database.write(record)
        if receipt is not None and mine:
            self._follow(arrived, receipt)

    def _follow(self, arrived: OfficeReceiptArrived, receipt: OfficeReceipt) -> None:
        if receipt.stage is Stage.REFUSED:
            name = receipt.parcel.file_name
            self._core.surroundings.refused_parcels[name] = receipt.reason
        if receipt.stage is not Stage.VERIFIED or not receipt.journals:
            return
        seats: set[str] = set()
        for journal in receipt.journals:
            seating = self._core.hall.by_session(journal.session)
            if seating is None:
                continue
            seats.add(seating.seat)
            if seating.epoch == journal.position.epoch:
                seating.office = max(seating.office, journal.position.n)
        self._core.links.tell(
            OfficeHolds(office_receipt=arrived.receipt, journals=receipt.journals), seats
        )

    def _heard(self, said: courier.Said) -> None:
        if isinstance(said, SyncState):
            surroundings = self._core.surroundings
            surroundings.line = courier.in_hall_time(
                said.line, hall_ms=self._core.clock.now(), steady_ms=MachineClock().steady_ms()
            )
            surroundings.lanes = {lane.lane: lane for lane in said.lanes}
        else:
            self._news.set()

    def _line(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        self._core.surroundings.connected["courier"] = there
        if there:
            self._news.set()


def _note(connection: records.Connection, receipt: OfficeReceipt, envelope: Envelope) -> None:
    connection.execute(
        "UPDATE parcels SET stage = ? WHERE lane = ? AND n = ? AND digest = ? "
        "AND stage <> 'verified'",
        (receipt.stage.value, receipt.parcel.lane.value, receipt.parcel.n, receipt.digest),
    )
    if receipt.stage is Stage.VERIFIED:
        for journal in receipt.journals:
            position = journal.position
            records.mark_office(connection, journal.session, position.epoch, position.n)
            holds = OfficeHolds(office_receipt=envelope, journals=receipt.journals)
            put_fact(connection, records.office_fact(journal.session), encode(holds).decode())
