"""The outbox: sealed parcels on their way to the courier.

Layout: ``outbox/<lane>/``, files named by `ParcelKey.file_name`, and beside it
``staging/``. Rule: a parcel is first made durable in staging, then its row is committed
by the process that made it, then it is renamed into its lane, where the courier may take
it. So a parcel that the courier has seen is never made again with other bytes: after a
crash `settle` moves what was committed and removes what was not.
"""

from collections.abc import Iterable
from pathlib import Path

from protocol.parcel import Lane, ParcelKey
from runtime.files import make_folder, remove_durably, rename_durably, write_atomic


class Outbox:
    """The folder between the process that makes a lane's parcels and the courier."""

    def __init__(self, folder: Path, lanes: Iterable[Lane]) -> None:
        self.folder = folder
        self._lanes = tuple(lanes)
        for lane in self._lanes:
            make_folder(self._staging(lane))
            make_folder(self.lane(lane))

    def lane(self, lane: Lane) -> Path:
        """Return the folder from which the courier takes this lane's parcels."""
        return self.folder / lane.value

    def stage(self, key: ParcelKey, parcel: bytes) -> None:
        """Make the parcel's bytes durable where the courier does not look."""
        write_atomic(self._staging(key.lane) / key.file_name, parcel)

    def publish(self, key: ParcelKey) -> Path:
        """Hand a committed parcel to the courier; idempotent."""
        staged, target = (
            self._staging(key.lane) / key.file_name,
            self.lane(key.lane) / key.file_name,
        )
        if staged.exists():
            rename_durably(staged, target)
        return target

    def settle(self, committed: Iterable[ParcelKey], *, centre: str, sitting: str) -> None:
        """After a start: publish what was committed, remove what was not of this sitting."""
        for key in committed:
            self.publish(key)
        for lane in self._lanes:
            for left in self._staging(lane).iterdir():
                if f"{centre}.{sitting}." in left.name:
                    remove_durably(left)

    def _staging(self, lane: Lane) -> Path:
        return self.folder / "staging" / lane.value
