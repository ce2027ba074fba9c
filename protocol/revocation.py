"""The office's list of certificates and keys that no longer count.

Format. Signed by the office signing key; ``n`` counts up, and a later list replaces an
earlier one whole. The same entries stand in each bundle; this is for halls that took
their bundle before.
"""

from exam.identifiers import Label
from protocol.bundle import Revocation
from protocol.envelope import Envelope, open_envelope, sign
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import Count, Milliseconds, Value


class RevocationList(Value, frozen=True, kw_only=True):
    """Everything that the office has revoked. A staff key is named by its key id."""

    office: Label
    n: Count
    issued_at: Milliseconds
    revocations: tuple[Revocation, ...]


def sign_revocations(revocations: RevocationList, office_key: SigningKey) -> Envelope:
    """Sign with the office signing key."""
    return sign(PayloadType.REVOCATIONS, revocations, office_key)


def open_revocations(envelope: Envelope, office_key: VerifyKey) -> RevocationList:
    """Return the list that the office signed."""
    return open_envelope(envelope, PayloadType.REVOCATIONS, office_key, RevocationList)
