"""The bundle: all that one centre needs for one sitting, signed by the office.

Format. A folder: ``manifest.dsse.json`` and the files that it names, with nothing beside but
the office's certificate. The manifest signs the digest of every file, and for sealed
files the digest of the plain text too, since age does not name the sender. A bundle
is taken whole or not at all, and never after a later revision.
"""

from typing import Final

from exam.identifiers import Digest, Label
from exam.sitting import Sitting
from protocol.decisions import MACHINE
from protocol.envelope import Envelope, open_envelope, sign
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.sealed_paper import SealedPaper
from protocol.values import Count, FileName, Milliseconds, Ordinal, Value

MANIFEST: Final = "manifest.dsse.json"


class BundleFile(Value, frozen=True, kw_only=True):
    """A file of the bundle. ``plain_sha256`` is None where the file is not sealed."""

    name: FileName
    size: Count
    sha256: Digest
    plain_sha256: Digest | None


class Appliance(Value, frozen=True, kw_only=True):
    """A box of the centre, main or spare. Keys are Ed25519 in hexadecimal."""

    id: Label
    room: Label
    spare: bool
    box_key: Digest
    log_key: Digest
    age_recipient: str
    tls_certificate: Digest
    """SHA-256 of its TLS certificate (DER)."""


class StaffMember(Value, frozen=True, kw_only=True):
    """Who may act in the hall. ``role``: ``invigilator``, ``chief`` or ``quality``."""

    id: Label
    name: str
    role: str
    key: Digest


class Revocation(Value, frozen=True, kw_only=True):
    """A certificate that is no longer accepted, by the SHA-256 of its DER; a key by its id."""

    certificate: Digest
    at: Milliseconds
    reason: str


class Office(Value, frozen=True, kw_only=True):
    """Where and to whom to deliver."""

    id: Label
    addresses: tuple[str, ...]
    """``https://host:port`` in the order of trial."""
    opening_recipient: str
    """The office opening key's public part, ``age1...``."""
    receipts_key: Digest


class BundleManifest(Value, frozen=True, kw_only=True):
    """What the office signs."""

    centre: Label
    sitting: Sitting
    revision: Ordinal
    made_at: Milliseconds
    office: Office
    root_certificate: str
    """The office root, PEM."""
    centre_certificate: str
    """The centre CA's certificate, PEM."""
    appliances: tuple[Appliance, ...]
    staff: tuple[StaffMember, ...]
    revocations: tuple[Revocation, ...]
    papers: tuple[SealedPaper, ...]
    rule_book_file: FileName
    roster_file: FileName
    photos: dict[Digest, FileName]
    """File of each roster photo, by the digest of the photo's plain bytes."""
    files: tuple[BundleFile, ...]
    """Every file of the bundle but the manifest."""

    def __post_init__(self) -> None:
        if self.centre != self.sitting.centre:
            raise ValueError(f"expected a sitting at {self.centre}; got {self.sitting.centre}")
        if any(member.id == MACHINE for member in self.staff):
            raise ValueError(f"expected staff of other names than {MACHINE!r}, the box's own")


def sign_bundle(manifest: BundleManifest, office_key: SigningKey) -> Envelope:
    """Sign with the office signing key."""
    return sign(PayloadType.BUNDLE, manifest, office_key)


def open_bundle(envelope: Envelope, office_key: VerifyKey) -> BundleManifest:
    """Return the manifest that the office signed."""
    return open_envelope(envelope, PayloadType.BUNDLE, office_key, BundleManifest)
