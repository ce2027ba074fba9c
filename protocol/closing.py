"""The closing of a subject: everybody accounted for, and how much there is to deliver.

Format. Signed by the box key, the last record that it writes for a subject. The
office says "all received and verified" only against this list and the last parcel of
each lane, whose `protocol.parcel.LaneEndRecord` says that nothing more will follow.
"""

from enum import StrEnum

from exam.identifiers import Label
from protocol.envelope import Envelope, open_envelope, sign
from protocol.grant import Position
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import Count, HexId, Milliseconds, Ordinal, Value


class Ending(StrEnum):
    """How a candidate's subject ended."""

    HANDED_IN = "handed_in"
    COLLECTED = "collected"
    VOIDED = "voided"
    REFUSED = "refused"
    ABSENT = "absent"


class Accounted(Value, frozen=True, kw_only=True):
    """One candidate. ``session`` and ``position`` are None for who never logged in."""

    candidate: Label
    seat: Label
    ending: Ending
    withheld: bool
    session: HexId | None
    position: Position | None
    answers: Count
    """Items with a response that is not empty."""


class Closing(Value, frozen=True, kw_only=True):
    """The account of one subject at one appliance."""

    appliance: Label
    generation: Ordinal
    centre: Label
    sitting: Label
    subject: Label
    at: Milliseconds
    candidates: tuple[Accounted, ...]


def sign_closing(closing: Closing, box_key: SigningKey) -> Envelope:
    """Sign the closing with the box key."""
    return sign(PayloadType.CLOSING, closing, box_key)


def open_closing(envelope: Envelope, box_key: VerifyKey) -> Closing:
    """Return the closing that this box signed."""
    return open_envelope(envelope, PayloadType.CLOSING, box_key, Closing)
