"""What recordings do with the office's word about their lane, as the courier brings it.

Only *verified* permits deletion: then the sealed segments of that parcel are removed.
"""

import asyncio
import logging
from collections.abc import Callable
from sqlite3 import Connection

from appliance.ipc.courier import SyncState
from appliance.recordings import records
from appliance.recordings.hall import Hall
from appliance.recordings.shelf import Shelf
from protocol.envelope import Envelope
from protocol.office_receipt import OfficeReceipt, Stage
from protocol.parcel import ParcelKey
from runtime.database import Database

_log = logging.getLogger(__name__)


class Deliveries:
    """The `appliance.ipc.courier_line.Taker` of recordings."""

    def __init__(
        self,
        database: Database,
        shelf: Shelf,
        hall: Hall,
        *,
        delivered: Callable[[list[str]], None],
    ) -> None:
        """``delivered`` hears after each round which subjects the office has all of."""
        self._database = database
        self._shelf = shelf
        self._hall = hall
        self._delivered = delivered

    def is_mine(self, parcel: ParcelKey) -> bool:
        """Say whether it is of this lane and box, of whichever generation."""
        return parcel == self._hall.parcel_key(parcel.generation, parcel.n)

    def keep(self, connection: Connection, receipt: OfficeReceipt, envelope: Envelope) -> None:  # noqa: ARG002 - the line's signature
        """Write the parcel's stage."""
        key, stage = receipt.parcel, receipt.stage.value
        records.set_stage(connection, key.generation, key.n, receipt.digest, stage)

    def follow(self, receipt: OfficeReceipt, envelope: Envelope) -> None:  # noqa: ARG002 - the line's signature
        """Say what was refused."""
        if receipt.stage is Stage.REFUSED:
            _log.error("the office refused %s: %s", receipt.parcel.file_name, receipt.reason)

    async def all_taken(self) -> None:
        """Say what the office has all of, and let go of what it has verified."""
        self._delivered(await self._database.read(records.delivered))
        await self.let_go(delivered_only=True)

    async def let_go(self, *, delivered_only: bool) -> int:
        """Remove the sealed segments that are not needed here any more; return how many."""
        places = await self._database.write(
            lambda c: records.let_go(c, delivered_only=delivered_only)
        )
        await asyncio.to_thread(self._shelf.remove, [place.file_name for place in places])
        return len(places)

    def hear(self, state: SyncState) -> None:
        """How the lanes stand core shows."""

    def connected(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        """Whether the courier is there core shows."""
