"""Where the office keeps things: one folder, divided by who may write where.

::

    office.json                               who this office is, and where it listens
    tls/         chain.pem key.pem root.pem   the receiver's certificate; the root of all
    registry/    CENTRE.SITTING.REVISION.dsse.json    manifests of the bundles it issued
                 revocations.json                     its newest list of revocations
    receiving/   catalogue.db uploads/ incoming/ parcels/ aside/     the receiver writes
    receipts/    CENTRE/APPLIANCE/NUMBER.json                        the inner worker writes
    inner/       receipts.key opening.key store.db blobs/            the inner worker alone
    run/         the sockets between the two
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol.parcel import Lane, ParcelKey

_PARCEL: Final = re.compile(
    r"(?P<centre>[a-z0-9-]{1,63})\.(?P<sitting>[a-z0-9-]{1,63})\."
    r"(?P<appliance>[a-z0-9-]{1,63})\.(?P<generation>\d{1,15})\.(?P<lane>[a-z]+)\.(?P<n>\d{8,15})"
    r"\.parcel"
)


@dataclass(frozen=True)
class Layout:
    """The paths below one office's folder."""

    home: Path

    @property
    def config(self) -> Path:
        """Who this office is: `central.office.OfficeConfig`."""
        return self.home / "office.json"

    @property
    def tls(self) -> Path:
        """Certificates of the receiver."""
        return self.home / "tls"

    @property
    def registry(self) -> Path:
        """Signed manifests of the bundles."""
        return self.home / "registry"

    @property
    def catalogue(self) -> Path:
        """The receiver's database."""
        return self.home / "receiving" / "catalogue.db"

    @property
    def uploads(self) -> Path:
        """What has arrived of unfinished uploads."""
        return self.home / "receiving" / "uploads"

    @property
    def incoming(self) -> Path:
        """Parcels from a stick, on their way into the receiver."""
        return self.home / "receiving" / "incoming"

    @property
    def parcels(self) -> Path:
        """Received parcels."""
        return self.home / "receiving" / "parcels"

    @property
    def aside(self) -> Path:
        """Parcels of a fork, kept for a person."""
        return self.home / "receiving" / "aside"

    @property
    def receipts(self) -> Path:
        """Office receipts by centre and appliance."""
        return self.home / "receipts"

    @property
    def inner(self) -> Path:
        """Keys, store and recordings of the inner worker."""
        return self.home / "inner"

    @property
    def store(self) -> Path:
        """The inner worker's database."""
        return self.home / "inner" / "store.db"

    @property
    def blobs(self) -> Path:
        """Sealed segments and pictures, by their digest."""
        return self.home / "inner" / "blobs"

    @property
    def run(self) -> Path:
        """Sockets."""
        return self.home / "run"

    def folders(self) -> tuple[Path, ...]:
        """Return every folder that has to be there."""
        return (
            self.tls,
            self.registry,
            self.uploads,
            self.incoming,
            self.parcels,
            self.aside,
            self.receipts,
            self.inner,
            self.run,
        )

    def parcel(self, key: ParcelKey) -> Path:
        """Return where a received parcel lies."""
        return self.parcels / key.centre / key.sitting / key.file_name

    def receipt_folder(self, centre: str, appliance: str) -> Path:
        """Return where the receipts for one appliance lie."""
        return self.receipts / centre / appliance


def parse_parcel_name(name: str) -> ParcelKey | None:
    """Return the key in the name of a parcel's file, None where it is another file."""
    match = _PARCEL.fullmatch(name)
    if match is None or match["lane"] not in set(Lane):
        return None
    return ParcelKey(
        centre=match["centre"],
        sitting=match["sitting"],
        appliance=match["appliance"],
        generation=int(match["generation"]),
        lane=Lane(match["lane"]),
        n=int(match["n"]),
    )
