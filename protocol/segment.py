"""Segments: recordings sealed to the office before they touch a disk.

Format. A *piece* is 2 s of coded picture or sound in flight. A *segment* is the
pieces of one view sealed together in one age file, 16 MiB or 10 minutes at most. Its
manifest is signed by the session key of the seat, or for phones and room cameras by
``recordings`` with the box key (sealing alone proves no origin): `signed_by_box`.
Manifests of one source and view count from 1 and each names the one before. A session
that moves to another seat opens an epoch, and with it new chains: the seat that died
may have taken its last manifest along.
"""

from enum import StrEnum
from typing import Final

from exam.identifiers import Digest, Label
from protocol.envelope import Envelope, open_envelope, sign
from protocol.errors import BrokenChainError
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import Count, HexId, Milliseconds, Ordinal, Value, sha256_hex

MAX_SEALED: Final = 16 * 1024 * 1024
MAX_DURATION_MS: Final = 10 * 60 * 1000
FIRST: Final = "0" * 64
"""``prev`` of the first segment of a view."""


class View(StrEnum):
    """What is looked at or listened to."""

    FRONT = "front"
    PHONE_1 = "phone-1"
    PHONE_2 = "phone-2"
    SCREEN = "screen"
    SOUND = "sound"
    ROOM = "room"


class FromSeat(Value, frozen=True, kw_only=True, tag="seat", tag_field="from"):
    """A view of one candidate: by the seat's devices or by the candidate's phone."""

    session: HexId
    epoch: Ordinal


class FromRoom(Value, frozen=True, kw_only=True, tag="room", tag_field="from"):
    """A camera of the box that looks at the room."""

    centre: Label
    sitting: Label
    appliance: Label
    generation: Ordinal
    room: Label
    camera: Label


class SegmentManifest(Value, frozen=True, kw_only=True):
    """One sealed segment. ``digest`` is SHA-256 over the sealed bytes."""

    source: FromSeat | FromRoom
    view: View
    n: Ordinal
    begins: Milliseconds
    """Hall time of the first picture."""
    ends: Milliseconds
    media_type: str
    pieces: Count
    size: Count
    digest: Digest
    prev: Digest
    """`manifest_digest` of the segment before, or `FIRST`."""
    complete: bool
    """False where the recording was cut off and the sealed bytes end early."""

    def __post_init__(self) -> None:
        if isinstance(self.source, FromRoom) != (self.view is View.ROOM):
            raise ValueError(f"expected a room's camera for the view {View.ROOM} and no other")


def signed_by_box(view: View) -> bool:
    """Say whether the box signs this view's manifests; the session key signs the others."""
    return view in {View.PHONE_1, View.PHONE_2, View.ROOM}


def sign_manifest(manifest: SegmentManifest, key: SigningKey) -> Envelope:
    """Sign with the session key (seat) or the box key (phones, room cameras)."""
    return sign(PayloadType.SEGMENT, manifest, key)


def open_manifest(envelope: Envelope, key: VerifyKey) -> SegmentManifest:
    """Return the manifest that ``key`` signed."""
    return open_envelope(envelope, PayloadType.SEGMENT, key, SegmentManifest)


def manifest_digest(envelope: Envelope) -> str:
    """Return what the next manifest of this view names as ``prev``."""
    return envelope.digest


def check_follows(manifest: SegmentManifest, previous_n: int, previous_digest: str) -> None:
    """Raise `BrokenChainError` unless the segment is the next of its source and view."""
    if manifest.n != previous_n + 1 or manifest.prev != previous_digest:
        raise BrokenChainError(
            f"segment of view {manifest.view.value}: expected n {previous_n + 1} after "
            f"{previous_digest[:16]}...; got n {manifest.n} after {manifest.prev[:16]}..."
        )


def check_sealed(manifest: SegmentManifest, sealed: bytes) -> bool:
    """Say whether the sealed bytes are those that the manifest names."""
    return len(sealed) == manifest.size and sha256_hex(sealed) == manifest.digest
