"""A box's courier, a line with faults, and an office, all running in one event loop."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.courier.destination import Destination
from appliance.courier.service import Courier, Setup, carrying
from appliance.ipc import courier as said
from appliance.ipc.identity import part_of
from central.layout import Layout
from central.receiving.service import receiving
from central.verification.service import verifying
from drill.line import Line, SickOffice
from protocol.identities import BoxIdentity
from protocol.office_receipt import OfficeReceipt, open_office_receipt
from protocol.staff_api import LaneStatus
from runtime.files import make_folder, write_atomic
from tests.sample_office import CENTRE, SampleBox, SampleOffice
from tests.sample_parcels import Lanes, SampleParcel
from tests.waiting import until


def identity_of(office: SampleOffice, box: SampleBox) -> BoxIdentity:
    """Return what the box was given at its installation."""
    return BoxIdentity(
        appliance=box.id,
        centre=CENTRE,
        box_key=box.box_key.dangerous_seed().hex(),
        log_key=box.log_key.dangerous_seed().hex(),
        age_identity=box.age.dangerous_text(),
        tls_chain=box.tls.chain_pem.decode(),
        tls_key=box.tls.key_pem.reveal().decode(),
        centre_certificate=office.centre_ca.pem.decode(),
        centre_key="",
        root_certificate=office.root.pem.decode(),
    )


@dataclass
class Delivering:
    """One box and the office. Parts come up and go down as a test says."""

    office: SampleOffice
    layout: Layout
    folder: Path
    lanes: Lanes
    line: Line
    sick: SickOffice
    keep_ms: int = 3_600_000
    leave_free: int = 0
    heard: list[said.OfficeReceiptArrived] = field(default_factory=list)

    @property
    def outbox(self) -> Path:
        """Where the makers put parcels."""
        return self.folder / "outbox"

    def write(self, *parcels: SampleParcel) -> None:
        """Do as the makers of parcels do."""
        for parcel in parcels:
            path = self.path(parcel)
            make_folder(path.parent)
            write_atomic(path, parcel.data)

    def path(self, parcel: SampleParcel) -> Path:
        """Return where a parcel lies in the outbox."""
        return self.outbox / parcel.key.lane.value / parcel.key.file_name

    def kept(self, parcel: SampleParcel) -> bool:
        """Say whether the office has the parcel, byte for byte."""
        path = self.layout.parcel(parcel.key)
        return path.exists() and path.read_bytes() == parcel.data

    @property
    def setup(self) -> Setup:
        """Return what the courier is told."""
        return Setup(
            outbox=self.outbox,
            own=self.folder / "courier",
            socket=self.folder / "courier.sock",
            identity=part_of(identity_of(self.office, self.lanes.box), "courier"),
            destination=Destination(
                centre=CENTRE,
                addresses=(f"https://127.0.0.1:{self.line.port}",),
                receipts_key=self.office.receipts_key.public,
            ),
            keep_ms=self.keep_ms,
            leave_free=self.leave_free,
        )

    @contextlib.asynccontextmanager
    async def courier(self) -> AsyncIterator[Courier]:
        """Let the courier run."""
        async with carrying(self.setup) as courier:
            yield courier

    async def all_verified(self, courier: Courier, count: int) -> None:
        """Return when so many parcels are verified."""
        await until(lambda: verified(courier) == count)

    def open(self, arrived: said.OfficeReceiptArrived) -> OfficeReceipt:
        """Verify a receipt that the courier handed on."""
        return open_office_receipt(arrived.receipt, self.office.receipts_key.public)


def total(courier: Courier) -> LaneStatus:
    """Return all lanes added up."""
    lanes = courier.state.lanes
    return LaneStatus(
        lane=lanes[0].lane,
        sealed=sum(lane.sealed for lane in lanes),
        received=sum(lane.received for lane in lanes),
        verified=sum(lane.verified for lane in lanes),
        refused=sum(lane.refused for lane in lanes),
        waiting_bytes=sum(lane.waiting_bytes for lane in lanes),
    )


def verified(courier: Courier) -> int:
    """Return how many parcels are verified."""
    return total(courier).verified


@contextlib.asynccontextmanager
async def delivering(
    office: SampleOffice, folder: Path, *, keep_ms: int = 3_600_000
) -> AsyncIterator[Delivering]:
    """Run an office, and a line to it; verified parcels stay in the outbox for ``keep_ms``."""
    layout = office.lay_out(folder / "office")
    async with (
        receiving(layout) as listener,
        verifying(layout),
        Line("127.0.0.1", listener.port) as line,
        SickOffice(office.root.issue("office"), office.root.pem) as sick,
    ):
        yield Delivering(
            office=office,
            layout=layout,
            folder=folder,
            lanes=Lanes(office.recipient, office.main),
            line=line,
            sick=sick,
            keep_ms=keep_ms,
        )
