"""Whose key is it: X.509 certificates (RFC 5280) for the keys that sign documents.

The office root (P-256) issues a certificate for each Ed25519 key (RFC 8410) with a role,
written as the subject's organizational unit. A key signs for its role and nothing else.
Time is an argument: no machine's calendar is asked.
"""

import datetime as dt
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID

from protocol.errors import MalformedError, UntrustedError
from protocol.keys import VerifyKey


class Role(StrEnum):
    """What a document key may sign."""

    OFFICE = "office-signing"
    """Bundles, amendments, revocations."""
    RECEIPTS = "office-receipts"
    """Office receipts, and nothing else: the inner worker of the office holds this key."""


def role_key(certificate_pem: str, root_pem: str, role: Role, at_ms: int | None) -> VerifyKey:
    """Return the key that the root certified for ``role``.

    1. Both are certificates. 2. The root issued it. 3. Its role is the expected one.
    4. It is valid at hall time ``at_ms`` (None: at a machine that has no time yet).
    5. Its key is Ed25519. Raises `UntrustedError` or `MalformedError`.
    """
    # 1
    certificate, root = _parse(certificate_pem), _parse(root_pem)
    # 2
    try:
        certificate.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise UntrustedError(
            f"expected a certificate issued by {root.subject.rfc4514_string()}; "
            f"got one by {certificate.issuer.rfc4514_string()}"
        ) from error
    # 3
    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if [unit.value for unit in units] != [role.value]:
        found = [unit.value for unit in units]
        raise UntrustedError(f"expected a certificate for {role.value}; got one for {found}")
    # 4
    if at_ms is not None:
        _check_time(certificate, at_ms)
    # 5
    key = certificate.public_key()
    if not isinstance(key, Ed25519PublicKey):
        raise MalformedError(f"expected an Ed25519 key for {role.value}")
    return VerifyKey(key)


def _check_time(certificate: x509.Certificate, at_ms: int) -> None:
    at = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begins <= at <= ends:
        raise UntrustedError(
            f"{certificate.subject.rfc4514_string()} is valid {begins:%Y-%m-%d} to "
            f"{ends:%Y-%m-%d}; hall time is {at:%Y-%m-%d}"
        )


def _parse(pem: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as error:
        raise MalformedError("expected a certificate in PEM") from error
