"""What becomes a leaf of the box's log.

Format. A leaf's bytes are the entry's one encoding. Documents are named by the
digest of their envelope and travel beside the log, so that the log itself holds no
personal data and can be shown to anyone.
"""

from typing import cast

from exam.identifiers import Digest, Label
from protocol.values import Count, HexId, Milliseconds, Ordinal, Value, decode_canonical, encode


class _Entry(Value, frozen=True, kw_only=True, tag_field="kind"):
    at: Milliseconds


class Opened(_Entry, frozen=True, kw_only=True, tag="opened"):
    """The first leaf of a generation.

    ``seen`` are the last signed checkpoints of earlier generations that the seats
    showed; empty in generation 1.
    """

    appliance: Label
    generation: Ordinal
    bundle: Digest
    seen: tuple[str, ...]


class BundleTaken(_Entry, frozen=True, kw_only=True, tag="bundle"):
    """A later revision of the bundle came into force."""

    bundle: Digest
    revision: Ordinal


class AmendmentTaken(_Entry, frozen=True, kw_only=True, tag="amendment"):
    """A correction by the office reached the hall."""

    amendment: Digest


class Granted(_Entry, frozen=True, kw_only=True, tag="granted"):
    """A grant was given."""

    grant: Digest


class HeadKept(_Entry, frozen=True, kw_only=True, tag="head"):
    """A journal stood acknowledged at this head when the checkpoint was made."""

    session: HexId
    epoch: Ordinal
    n: Count
    head: Digest


class StrayKept(_Entry, frozen=True, kw_only=True, tag="stray"):
    """A tail of an old epoch turned up after the session had moved on; a person decides."""

    session: HexId
    epoch: Ordinal
    n: Count
    head: Digest


class Decided(_Entry, frozen=True, kw_only=True, tag="decided"):
    """A decision was made."""

    decision: Digest


class Alerted(_Entry, frozen=True, kw_only=True, tag="alerted"):
    """Something was seen that a person should look at; see `protocol.parcel.alert_digest`."""

    alert: Digest


class CodeTried(_Entry, frozen=True, kw_only=True, tag="code_tried"):
    """An unlock code was entered; wrong ones are counted, never written down."""

    subject: Label
    revision: Ordinal
    by: Label
    opened: bool
    wrong_so_far: Count


class Released(_Entry, frozen=True, kw_only=True, tag="released"):
    """The paper's key left the box for the seats."""

    subject: Label
    revision: Ordinal
    paper: Digest


class Paired(_Entry, frozen=True, kw_only=True, tag="paired"):
    """A seat received its certificates."""

    seat: Label
    certificate: Digest
    seat_key: Digest
    by: Label


class Revoked(_Entry, frozen=True, kw_only=True, tag="revoked"):
    """A certificate is no longer accepted."""

    seat: Label
    certificate: Digest
    reason: str


class ReceiptGiven(_Entry, frozen=True, kw_only=True, tag="receipt"):
    """What a candidate's receipt is about; the receipt proves that this leaf is in the log."""

    session: HexId
    epoch: Ordinal
    n: Count
    head: Digest
    subject: Label
    candidate: Label


Entry = (
    Opened
    | BundleTaken
    | AmendmentTaken
    | Granted
    | HeadKept
    | StrayKept
    | Decided
    | Alerted
    | CodeTried
    | Released
    | Paired
    | Revoked
    | ReceiptGiven
)


def encode_entry(entry: Entry) -> bytes:
    """Return the bytes of the leaf."""
    return encode(entry)


def decode_entry(data: bytes) -> Entry:
    """Parse a leaf's bytes."""
    return decode_canonical(data, cast("type[Entry]", Entry))
