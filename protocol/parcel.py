"""Parcels: what the box delivers to the office, by line or by stick.

Format. A parcel has the key {centre, sitting, appliance, generation, lane, n}, which no
other parcel ever has; n counts from 1 in each lane, and each parcel names the one before.
A parcel is one file::

    EXAMHALL-PARCEL-1 LF
    <DSSE envelope of ParcelHeader, JSON on one line> LF
    <age file, sealed to the office's opening key>

The header signs the sealed bytes, so the receiver that faces the internet checks and
keeps a parcel without being able to read it. Within the age file lies one zstd frame
(RFC 8878)::

    <length of the contents, 8 bytes big endian> <ParcelContents, JSON> <blob> <blob> ...
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import zstandard

from exam.identifiers import Digest, Label
from protocol.amendment import AmendmentRecord
from protocol.envelope import Envelope, open_envelope, sign, unsafe_payload
from protocol.errors import BrokenChainError, MalformedError
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.sealing import SealingIdentity, seal
from protocol.segment import FromRoom, FromSeat, View
from protocol.values import (
    Count,
    HexId,
    Milliseconds,
    Ordinal,
    Value,
    decode,
    encode,
    sha256_hex,
)

MAGIC: Final = b"EXAMHALL-PARCEL-1\n"
FIRST: Final = "0" * 64
"""``prev`` of the first parcel of a lane."""
MAX_PLAIN: Final = 96 * 1024 * 1024
MAX_HEADER_LINE: Final = 16 * 1024
_LENGTH: Final = 8
_LEVEL: Final = 3
_WINDOW: Final = 128 * 1024 * 1024


class Lane(StrEnum):
    """What leaves first: the order of these is the order of delivery."""

    ANSWERS = "answers"
    EVIDENCE = "evidence"
    INCIDENTS = "incidents"
    PICTURES = "pictures"
    RECORDINGS = "recordings"


class ParcelKey(Value, frozen=True, kw_only=True):
    """The name of a parcel for good."""

    centre: Label
    sitting: Label
    appliance: Label
    generation: Ordinal
    lane: Lane
    n: Ordinal

    @property
    def file_name(self) -> str:
        """Return the name of its file."""
        return (
            f"{self.centre}.{self.sitting}.{self.appliance}.{self.generation}"
            f".{self.lane.value}.{self.n:08d}.parcel"
        )


class ParcelHeader(Value, frozen=True, kw_only=True):
    """What the box signs. ``sealed_sha256`` and ``sealed_size`` are of the age file."""

    key: ParcelKey
    prev: Digest
    """`parcel_digest` of the parcel before in this lane, or `FIRST`."""
    sealed_sha256: Digest
    sealed_size: Count
    made_at: Milliseconds


# --- what lies within ----------------------------------------------------------------------


class GrantRecord(Value, frozen=True, kw_only=True, tag="grant", tag_field="record"):
    """Lane answers: a session's grant, before its first events."""

    grant: Envelope


class JournalRecord(Value, frozen=True, kw_only=True, tag="journal", tag_field="record"):
    """Lane answers: events ``first`` to the head's n, and the acknowledgement of that head."""

    session: HexId
    epoch: Ordinal
    first: Ordinal
    events: tuple[msgspec.Raw, ...]
    head: Envelope
    acknowledgement: Envelope


class StrayRecord(Value, frozen=True, kw_only=True, tag="stray", tag_field="record"):
    """Lane incidents: the tail of an old epoch, kept and not merged."""

    session: HexId
    epoch: Ordinal
    first: Ordinal
    events: tuple[msgspec.Raw, ...]
    head: Envelope


class ReceiptRecord(Value, frozen=True, kw_only=True, tag="receipt", tag_field="record"):
    """Lane answers: the receipt that a candidate took away."""

    receipt: Envelope


class ClosingRecord(Value, frozen=True, kw_only=True, tag="closing", tag_field="record"):
    """Lane answers: who is accounted for and how; see `protocol.closing`."""

    closing: Envelope


class DecisionRecord(Value, frozen=True, kw_only=True, tag="decision", tag_field="record"):
    """Lane incidents: a decision, and the staff member's signed act that asked for it."""

    decision: Envelope
    act: Envelope | None


class AlertRecord(Value, frozen=True, kw_only=True, tag="alert", tag_field="record"):
    """Lane incidents: something that a person should look at.

    What is not known, or does not apply, is None. ``picture`` is the digest of a
    `PictureRecord`'s blob, in lane pictures.
    """

    at: Milliseconds
    subject: Label | None
    session: HexId | None
    candidate: Label | None
    seat: Label | None
    cause: str
    detail: str
    confidence: Annotated[int, msgspec.Meta(ge=0, le=1000)]
    """In thousandths."""
    picture: Digest | None


class LogRecord(Value, frozen=True, kw_only=True, tag="log", tag_field="record"):
    """Lane evidence: leaves ``first`` and on, the checkpoint over them, cosignature lines."""

    first: Count
    leaves: tuple[msgspec.Raw, ...]
    checkpoint: str
    cosignatures: tuple[str, ...]


class HeadRecord(Value, frozen=True, kw_only=True, tag="head", tag_field="record"):
    """Lane evidence: an earlier head that a seat signed."""

    head: Envelope


class SegmentRecord(Value, frozen=True, kw_only=True, tag="segment", tag_field="record"):
    """Lane recordings: a segment's manifest; the sealed segment is the blob of its digest."""

    manifest: Envelope


class PictureRecord(Value, frozen=True, kw_only=True, tag="picture", tag_field="record"):
    """Lane pictures: a picture that belongs to an alert or an identity decision.

    ``about`` is the `alert_digest` or the digest of the decision's envelope; ``digest`` is
    that of the blob.
    """

    session: HexId | None
    seat: Label | None
    at: Milliseconds
    about: Digest
    media_type: str
    digest: Digest


class ViewEnd(Value, frozen=True, kw_only=True):
    """One view's last segment: its number and `protocol.segment.manifest_digest`."""

    source: FromSeat | FromRoom
    view: View
    n: Ordinal
    last: Digest


class LaneEndRecord(Value, frozen=True, kw_only=True, tag="lane_end", tag_field="record"):
    """Every lane: nothing more of this subject follows here.

    Without it a lane whose last parcels are withheld looks like one that is complete.
    ``views`` is filled in lane recordings, with each chain of manifests that began.
    """

    subject: Label
    views: tuple[ViewEnd, ...]


Record = (
    GrantRecord
    | JournalRecord
    | StrayRecord
    | ReceiptRecord
    | ClosingRecord
    | DecisionRecord
    | AlertRecord
    | LogRecord
    | HeadRecord
    | SegmentRecord
    | PictureRecord
    | AmendmentRecord
    | LaneEndRecord
)


def alert_digest(alert: AlertRecord) -> str:
    """Return what names an alert in the log and in its picture's record."""
    return sha256_hex(b"examhall alert 1" + encode(alert))


class Blob(Value, frozen=True, kw_only=True):
    """Bytes that follow the contents, in the order of the list."""

    sha256: Digest
    size: Count


class ParcelContents(Value, frozen=True, kw_only=True):
    """The sealed part. ``key`` repeats the header's: contents cannot change lanes."""

    key: ParcelKey
    records: tuple[Record, ...]
    blobs: tuple[Blob, ...] = ()


# --- making and opening ----------------------------------------------------------------------


def make_parcel(
    contents: ParcelContents,
    blobs: Sequence[bytes],
    *,
    prev: str,
    made_at: int,
    office_recipient: str,
    box_key: SigningKey,
) -> tuple[bytes, str]:
    """Return the parcel's file and its digest."""
    body = encode(contents)
    plain = b"".join([len(body).to_bytes(_LENGTH, "big"), body, *blobs])
    if len(plain) > MAX_PLAIN:
        raise MalformedError(f"expected a parcel of at most {MAX_PLAIN} bytes; got {len(plain)}")
    sealed = seal(zstandard.ZstdCompressor(level=_LEVEL).compress(plain), [office_recipient])
    header = ParcelHeader(
        key=contents.key,
        prev=prev,
        sealed_sha256=sha256_hex(sealed),
        sealed_size=len(sealed),
        made_at=made_at,
    )
    envelope = sign(PayloadType.PARCEL, header, box_key)
    return b"".join([MAGIC, encode(envelope), b"\n", sealed]), envelope.digest


def parcel_digest(envelope: Envelope) -> str:
    """Return what names this very parcel: in ``prev`` and in office receipts."""
    return envelope.digest


def read_header_line(start: bytes) -> tuple[Envelope, int]:
    """Return the unverified envelope at the start of a file, and where the age file begins."""
    if not start.startswith(MAGIC):
        raise MalformedError(f"expected a parcel, beginning {MAGIC!r}; got {start[:20]!r}")
    end = start.find(b"\n", len(MAGIC))
    if end < 0 or end > MAX_HEADER_LINE:
        raise MalformedError("expected the signed header on the second line of the parcel")
    return decode(start[len(MAGIC) : end], Envelope), end + 1


def unsafe_header(envelope: Envelope) -> ParcelHeader:
    """Return what the header claims, BEFORE its signature is checked: to look up the key."""
    return decode(unsafe_payload(envelope), ParcelHeader)


def open_header(envelope: Envelope, box_key: VerifyKey) -> ParcelHeader:
    """Return the header that this box signed."""
    return open_envelope(envelope, PayloadType.PARCEL, box_key, ParcelHeader)


def check_sealed(header: ParcelHeader, digest: str, size: int) -> None:
    """Raise `MalformedError` unless the sealed bytes are those that the header signs."""
    if (size, digest) != (header.sealed_size, header.sealed_sha256):
        raise MalformedError(
            f"parcel {header.key.file_name}: expected {header.sealed_size} sealed bytes with "
            f"SHA-256 {header.sealed_sha256[:16]}...; got {size} with {digest[:16]}..."
        )


def check_follows(header: ParcelHeader, previous_n: int, previous_digest: str) -> None:
    """Raise `BrokenChainError` unless the parcel is the next of its lane."""
    if header.key.n != previous_n + 1 or header.prev != previous_digest:
        raise BrokenChainError(
            f"parcel {header.key.file_name}: expected n {previous_n + 1} after "
            f"{previous_digest[:16]}...; got n {header.key.n} after {header.prev[:16]}..."
        )


def open_contents(
    header: ParcelHeader, sealed: bytes, office: SealingIdentity
) -> tuple[ParcelContents, dict[str, bytes]]:
    """Return the contents and the blobs by digest. The header was verified before."""
    check_sealed(header, sha256_hex(sealed), len(sealed))
    plain = _decompress(office.open(sealed))
    length = int.from_bytes(plain[:_LENGTH], "big")
    if len(plain) < _LENGTH or length > len(plain) - _LENGTH:
        raise MalformedError("the parcel's contents are shorter than they say")
    contents = decode(plain[_LENGTH : _LENGTH + length], ParcelContents)
    if contents.key != header.key:
        raise MalformedError(
            f"the contents of {contents.key.file_name} lie in {header.key.file_name}"
        )
    return contents, _blobs(contents.blobs, memoryview(plain)[_LENGTH + length :])


def _blobs(wanted: Sequence[Blob], data: memoryview) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    offset = 0
    for blob in wanted:
        raw = bytes(data[offset : offset + blob.size])
        if hashlib.sha256(raw).hexdigest() != blob.sha256:
            raise MalformedError(f"blob {blob.sha256[:16]}... is cut short or altered")
        found[blob.sha256] = raw
        offset += blob.size
    if offset != len(data):
        raise MalformedError(f"{len(data) - offset} bytes lie behind the parcel's last blob")
    return found


def _decompress(data: bytes) -> bytes:
    """Open one frame. The size that it declares is believed by the library: look at it first."""
    expected = f"expected one zstd frame that declares at most {MAX_PLAIN} bytes"
    try:
        declared = zstandard.get_frame_parameters(data).content_size
        if declared > MAX_PLAIN:  # what declares no size says -1, unsigned
            raise MalformedError(f"{expected}; got {declared}")
        return zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompress(
            data, max_output_size=declared, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise MalformedError(f"{expected}: {error}") from error
