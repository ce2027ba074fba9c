"""Every type that is ever signed, by the name that stands inside its signature.

The name ends with version, encoding and algorithm suite. A new suite (SM2 with SM3
may come) is a new name beside the old one, so that no signature can be read as one
of another kind.
"""

from enum import StrEnum


def _name(kind: str) -> str:
    return f"application/vnd.examhall.{kind}.v1+json+ed25519"


class PayloadType(StrEnum):
    """The payload types of DSSE envelopes."""

    BUNDLE = _name("bundle-manifest")
    AMENDMENT = _name("amendment")
    REVOCATIONS = _name("revocations")
    GRANT = _name("grant")
    HEAD = _name("journal-head")
    ACKNOWLEDGEMENT = _name("acknowledgement")
    DECISION = _name("decision")
    STAFF_ACT = _name("staff-act")
    SEGMENT = _name("segment-manifest")
    PARCEL = _name("parcel-header")
    CLOSING = _name("closing")
    RECEIPT = _name("receipt")
    OFFICE_RECEIPT = _name("office-receipt")
