"""A second person's signature under a staff act: the same bytes, in the same envelope.

DSSE has room for several signatures; the act's digest, by which decisions name it, is of
what was signed, so it is the same with one signature and with two.
"""

from msgspec.structs import replace

from protocol.envelope import Envelope, sign, unsafe_payload
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType
from protocol.staff_api import StaffAct
from protocol.values import decode_canonical


def countersign(act: Envelope, key: SigningKey) -> Envelope:
    """Return the act with one signature more."""
    own = sign(PayloadType.STAFF_ACT, act_of(act), key)
    return replace(act, signatures=(*act.signatures, *own.signatures))


def act_of(act: Envelope) -> StaffAct:
    """Return the act of an envelope WITHOUT looking at any signature."""
    return decode_canonical(unsafe_payload(act), StaffAct)
