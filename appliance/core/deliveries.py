"""What core does with the office's word about its parcels, as the courier brings it.

*Verified* journals are told to the seats, which may then clear their spools; what was
refused is shown to staff.
"""

from appliance.core import parcels, records
from appliance.core.building import Core
from appliance.ipc import courier
from appliance.ipc.courier_line import CourierLine
from appliance.ipc.settings import Settings
from protocol.envelope import Envelope
from protocol.keys import VerifyKey
from protocol.office_receipt import OfficeReceipt, Stage
from protocol.parcel import ParcelKey
from protocol.seat_api import OfficeHolds
from protocol.values import encode
from runtime.clock import MachineClock
from runtime.facts import put_fact


def courier_line(settings: Settings, core: Core) -> CourierLine:
    """Return core's line to the courier."""
    socket = courier.socket_path(settings.socket("courier").parent)
    key = VerifyKey.from_hex(core.bundle.manifest.office.receipts_key)
    return CourierLine(socket, core.database, key, Deliveries(core))


class Deliveries:
    """Core's `appliance.ipc.courier_line.Taker`."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def is_mine(self, parcel: ParcelKey) -> bool:
        """Say whether this box made it in this generation."""
        box = self._core.box
        return (parcel.appliance, parcel.generation) == (box.appliance, box.generation)

    def keep(
        self, connection: records.Connection, receipt: OfficeReceipt, envelope: Envelope
    ) -> None:
        """Write the parcel's stage, and how far the office has each journal."""
        connection.execute(
            "UPDATE parcels SET stage = ? WHERE lane = ? AND n = ? AND digest = ? "
            "AND stage <> 'verified'",
            (receipt.stage.value, receipt.parcel.lane.value, receipt.parcel.n, receipt.digest),
        )
        if receipt.stage is not Stage.VERIFIED:
            return
        holds = encode(OfficeHolds(office_receipt=envelope, journals=receipt.journals)).decode()
        for journal in receipt.journals:
            position = journal.position
            records.mark_office(connection, journal.session, position.epoch, position.n)
            put_fact(connection, records.office_fact(journal.session), holds)

    def follow(self, receipt: OfficeReceipt, envelope: Envelope) -> None:
        """Tell the seats whose journals were verified; note what was refused."""
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
        holds = OfficeHolds(office_receipt=envelope, journals=receipt.journals)
        self._core.links.tell(holds, seats)

    async def all_taken(self) -> None:
        """See which subjects the office has all of."""
        delivered = await self._core.database.read(parcels.delivered)
        self._core.surroundings.delivered = delivered

    def hear(self, state: courier.SyncState) -> None:
        """Show how the lanes and the line stand."""
        surroundings = self._core.surroundings
        surroundings.line = courier.in_hall_time(
            state.line, hall_ms=self._core.clock.now(), steady_ms=MachineClock().steady_ms()
        )
        surroundings.lanes = {lane.lane: lane for lane in state.lanes}

    def connected(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        """Show whether the courier is there."""
        self._core.surroundings.connected["courier"] = there
