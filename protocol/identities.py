"""What a machine of ours is given once, at its installation: its name and its keys.

Format. One JSON file, made by ``exam-provision``, carried sealed to a code that goes by
another way (``ID.CENTRE.identity.json``, a layer as for the paper's key), and unsealed into a
file readable by its service only, on the machine's encrypted disk. What changes from one
sitting to the next is not in here but in the bundle.
"""

from typing import TypeVar

from exam.identifiers import Label
from protocol.errors import MalformedError, SealedError, WrongCodeError
from protocol.keys import SigningKey
from protocol.sealed_paper import Salt, derive_code_identity
from protocol.sealing import SealingIdentity, seal
from protocol.values import Value, decode, encode

_I = TypeVar("_I")


class BoxIdentity(Value, frozen=True, kw_only=True):
    """Who a box is. Signing keys are RFC 8032's 32 bytes in hexadecimal. It does not print."""

    appliance: Label
    centre: Label
    box_key: str
    log_key: str
    age_identity: str
    tls_chain: str
    """Its TLS certificate, then the centre CA's; PEM."""
    tls_key: str
    """P-256, PKCS#8 in PEM."""
    centre_certificate: str
    centre_key: str
    """The centre CA, P-256: issues seats their certificates. PEM."""
    root_certificate: str
    """The office root: pinned, and the only thing that a bundle is believed by. PEM."""

    def signing_key(self) -> SigningKey:
        """Return the box key: signs grants, acknowledgements, decisions, parcels."""
        return SigningKey.from_seed(bytes.fromhex(self.box_key))

    def log_signing_key(self) -> SigningKey:
        """Return the key of the box's log."""
        return SigningKey.from_seed(bytes.fromhex(self.log_key))

    def sealing_identity(self) -> SealingIdentity:
        """Return the age identity that rosters and paper keys are sealed to."""
        return SealingIdentity.parse(self.age_identity)

    def __repr__(self) -> str:
        return f"BoxIdentity({self.appliance} of {self.centre}, private parts hidden)"


class OfficeIdentity(Value, frozen=True, kw_only=True):
    """What the central office's server is given. It does not print.

    It holds no signing key: who breaks into the server cannot make bundles.
    """

    office: Label
    receipts_key: str
    """RFC 8032's 32 bytes in hexadecimal."""
    receipts_certificate: str
    opening_identity: str
    signing_certificate: str
    """By which the office's own bundles are known."""
    tls_chain: str
    tls_key: str
    root_certificate: str

    def receipts_signing_key(self) -> SigningKey:
        """Return the key that signs office receipts."""
        return SigningKey.from_seed(bytes.fromhex(self.receipts_key))

    def opening_sealing_identity(self) -> SealingIdentity:
        """Return the opening key: recordings and parcels are sealed to it."""
        return SealingIdentity.parse(self.opening_identity)

    def __repr__(self) -> str:
        return f"OfficeIdentity({self.office}, private parts hidden)"


class SealedIdentity(Value, frozen=True, kw_only=True):
    """An identity on its way: an age file (base64 in JSON) and the salt of its code."""

    salt: Salt
    sealed: bytes


def seal_identity(identity: BoxIdentity | OfficeIdentity, code: str, salt: str) -> SealedIdentity:
    """Seal an identity to an installation code (as `protocol.codes.unlock_code_from` writes)."""
    recipient = derive_code_identity(code, salt).recipient
    return SealedIdentity(salt=salt, sealed=seal(encode(identity), [recipient]))


def open_box_identity(sealed: SealedIdentity, code: str) -> BoxIdentity:
    """Return the box's identity. Raises `WrongCodeError`, or `CodeError` where mistyped."""
    opened = _open(sealed, code)
    if server := _other(opened, OfficeIdentity):
        raise MalformedError(
            f"this is the identity of the server of office {server.office}; expected a box's, "
            "NAME.CENTRE.identity.json"
        )
    return decode(opened, BoxIdentity)


def open_office_identity(sealed: SealedIdentity, code: str) -> OfficeIdentity:
    """Return the server's identity. Raises `WrongCodeError`, or `CodeError` where mistyped."""
    opened = _open(sealed, code)
    if box := _other(opened, BoxIdentity):
        raise MalformedError(
            f"this is the identity of a box ({box.appliance}.{box.centre}); expected the office "
            "server's, OFFICE.server.identity.json"
        )
    return decode(opened, OfficeIdentity)


def read_sealed_identity(data: bytes) -> SealedIdentity:
    """Return the identity in a file's bytes; raise `MalformedError` where it is none."""
    try:
        return decode(data, SealedIdentity)
    except MalformedError as error:
        raise MalformedError(
            f"this is no identity file; expected a *.identity.json of exam-provision ({error})"
        ) from error


def _other(opened: bytes, kind: type[_I]) -> _I | None:
    """Return the identity of the other kind, None where this is none."""
    try:
        return decode(opened, kind)
    except MalformedError:
        return None


def _open(sealed: SealedIdentity, code: str) -> bytes:
    try:
        return derive_code_identity(code, sealed.salt).open(sealed.sealed)
    except SealedError as error:
        raise WrongCodeError(
            "the installation code does not open this identity: it belongs to another machine"
        ) from error
