"""The grant: at log-in, the box binds a candidate to a seat's session key.

Format. One session a candidate and subject; each move to another seat opens the
next epoch. A tail that turns up later from the old epoch of a dead seat is kept and
shown, never merged without a person.

A grant proves which seat, not which human: face checks and staff do that.
"""

from exam.identifiers import Digest, Label
from exam.paper import ItemOrder
from protocol.envelope import Envelope, open_envelope, sign
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import Count, HexId, Milliseconds, Ordinal, Value


class Position(Value, frozen=True, kw_only=True):
    """A place in a session's journal: after event ``n`` the chain stands at ``head``."""

    epoch: Ordinal
    n: Count
    head: Digest


class Grant(Value, frozen=True, kw_only=True):
    """Who sits what, at which seat, answering with which key.

    ``previous`` is the last acknowledged position of the epoch before, None in epoch 1.
    ``order`` names items and options as this candidate sees them; ``order_seed`` is
    what it was drawn from.
    """

    appliance: Label
    generation: Ordinal
    centre: Label
    sitting: Label
    subject: Label
    room: Label
    seat: Label
    candidate: Label
    session: HexId
    epoch: Ordinal
    seat_certificate: Digest
    """SHA-256 of the seat's TLS certificate (DER)."""
    session_key: Digest
    """Ed25519 public key of this session, 64 hexadecimal digits."""
    previous: Position | None
    order_seed: HexId
    order: tuple[ItemOrder, ...]
    granted_at: Milliseconds

    def __post_init__(self) -> None:
        before = self.previous.epoch if self.previous else 0
        if self.epoch != before + 1:
            raise ValueError(f"expected the epoch after {before}; got {self.epoch}")


def sign_grant(grant: Grant, box_key: SigningKey) -> Envelope:
    """Sign the grant with the box key."""
    return sign(PayloadType.GRANT, grant, box_key)


def open_grant(envelope: Envelope, box_key: VerifyKey) -> Grant:
    """Return the grant that this box signed."""
    return open_envelope(envelope, PayloadType.GRANT, box_key, Grant)
