"""Office receipts: the office's word about parcels, signed by its receipts key.

Format. *received*: the receiver has checked the outer signature and has the bytes on
its disk; the courier may stop sending. *verified*: the inner worker has opened and
checked the contents; this, and nothing less, permits the box to delete. *refused*:
the contents do not hold, a person must look; the box keeps the parcel.
"""

from enum import StrEnum

from exam.identifiers import Digest, Label
from protocol.envelope import Envelope, open_envelope, sign
from protocol.grant import Position
from protocol.keys import SigningKey, VerifyKey
from protocol.parcel import ParcelKey
from protocol.payload_types import PayloadType
from protocol.values import HexId, Milliseconds, Value


class Stage(StrEnum):
    """How far the office has come with a parcel."""

    RECEIVED = "received"
    VERIFIED = "verified"
    REFUSED = "refused"


class VerifiedJournal(Value, frozen=True, kw_only=True):
    """Up to where the office holds a session's journal; the seat may clear its spool."""

    session: HexId
    position: Position


class OfficeReceipt(Value, frozen=True, kw_only=True):
    """One parcel at one stage. ``digest`` is `protocol.parcel.parcel_digest`."""

    office: Label
    stage: Stage
    parcel: ParcelKey
    digest: Digest
    at: Milliseconds
    journals: tuple[VerifiedJournal, ...] = ()
    reason: str = ""


def sign_office_receipt(receipt: OfficeReceipt, receipts_key: SigningKey) -> Envelope:
    """Sign with the office's receipts key."""
    return sign(PayloadType.OFFICE_RECEIPT, receipt, receipts_key)


def open_office_receipt(envelope: Envelope, receipts_key: VerifyKey) -> OfficeReceipt:
    """Return what the office's receipts key signed."""
    return open_envelope(envelope, PayloadType.OFFICE_RECEIPT, receipts_key, OfficeReceipt)
