"""Amendments: what the office changes after sealing, signed by the office signing key.

Format. A notice that each seat confirms; an item that counts nothing in scoring; a
replacement paper, before the release only. No command makes them yet, and none follows them.
"""

from exam.identifiers import Digest, Label
from protocol.envelope import Envelope, open_envelope, sign
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import Count, Milliseconds, Ordinal, Value


class Notice(Value, frozen=True, kw_only=True, tag="notice", tag_field="kind"):
    """A correction that candidates read and confirm; ``item`` is None where it is general."""

    item: Label | None
    text: str


class ItemVoid(Value, frozen=True, kw_only=True, tag="item_void", tag_field="kind"):
    """An item that gives everybody its points, or nobody, as ``full_points`` says."""

    item: Label
    full_points: bool
    reason: str


class PaperReplaced(Value, frozen=True, kw_only=True, tag="paper_replaced", tag_field="kind"):
    """Another sealed paper takes the place of an earlier revision, before the release only.

    Its key, which is another at each centre, comes with a later bundle.
    """

    revision: Ordinal
    size: Count
    sealed_sha256: Digest
    plain_sha256: Digest
    reason: str


class Amendment(Value, frozen=True, kw_only=True):
    """One correction of one subject; ``n`` counts from 1 within the sitting."""

    sitting: Label
    subject: Label
    n: Ordinal
    issued_at: Milliseconds
    what: Notice | ItemVoid | PaperReplaced


class AmendmentRecord(Value, frozen=True, kw_only=True, tag="amendment", tag_field="record"):
    """Lane incidents: an amendment as it reached the hall, and how many seats confirmed it."""

    amendment: Envelope
    confirmed: Count


def sign_amendment(amendment: Amendment, office_key: SigningKey) -> Envelope:
    """Sign with the office signing key."""
    return sign(PayloadType.AMENDMENT, amendment, office_key)


def open_amendment(envelope: Envelope, office_key: VerifyKey) -> Amendment:
    """Return the amendment that the office signed."""
    return open_envelope(envelope, PayloadType.AMENDMENT, office_key, Amendment)
