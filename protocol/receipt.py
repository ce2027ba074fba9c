"""The candidate's receipt: what the candidate takes away after handing in.

Format. It names the last head, and proves that the head is in the box's log; twenty
characters of its digest (80 bits) can be copied by hand. Whoever later shows the code can make
the office show the record, and the record is either the same or visibly another.
"""

import msgspec

from exam.identifiers import Digest, Label
from protocol.checkpoint import open_checkpoint, origin
from protocol.codes import receipt_code_from
from protocol.envelope import Envelope, open_envelope, sign, unbase64
from protocol.errors import BrokenChainError
from protocol.keys import SigningKey, VerifyKey
from protocol.log_entries import ReceiptGiven, encode_entry
from protocol.merkle import check_inclusion, leaf_hash
from protocol.payload_types import PayloadType
from protocol.values import Count, Milliseconds, Ordinal, Value


class Receipt(Value, frozen=True, kw_only=True):
    """Signed by the box key. ``proof`` holds the audit path, each hash in base64."""

    centre: Label
    appliance: Label
    generation: Ordinal
    sitting: Label
    entry: ReceiptGiven
    answered: Count
    marked: Count
    unanswered: Count
    automatic: bool
    at: Milliseconds
    leaf_index: Count
    proof: tuple[str, ...]
    checkpoint: str


def sign_receipt(receipt: Receipt, box_key: SigningKey) -> Envelope:
    """Sign the receipt with the box key."""
    return sign(PayloadType.RECEIPT, receipt, box_key)


def receipt_code(envelope: Envelope) -> str:
    """Return the twenty characters of a signed receipt."""
    return receipt_code_from(bytes.fromhex(envelope.digest))


def open_receipt(envelope: Envelope, box_key: VerifyKey, log_key: VerifyKey) -> Receipt:
    """Return the receipt after checking it whole.

    1. The box signed it.
    2. The checkpoint is signed by the log of the same appliance and generation.
    3. The entry is a leaf under that checkpoint.
    """
    # 1
    receipt = open_envelope(envelope, PayloadType.RECEIPT, box_key, Receipt)
    # 2
    name = origin(receipt.centre, receipt.sitting, receipt.appliance, receipt.generation)
    checkpoint = open_checkpoint(receipt.checkpoint, name, log_key)
    # 3
    leaf = leaf_hash(encode_entry(receipt.entry))
    path = [unbase64(text) for text in receipt.proof]
    if receipt.leaf_index >= checkpoint.size:
        raise BrokenChainError("the receipt's leaf lies beyond its checkpoint")
    check_inclusion(leaf, receipt.leaf_index, checkpoint.size, path, checkpoint.root)
    return receipt


class GivenReceipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the seat shows: the signed receipt and its code."""

    receipt: Envelope
    code: str
    digest: Digest
