"""A seat's two certificates: how they are asked for, issued and checked.

Rules:

1. A seat makes its keys itself; only requests (PKCS#10, RFC 2986) leave it, each signed by
   the key that it asks for. What the request says beyond the name and the key is ignored.
2. The TLS key is P-256, with the DNS name ``SEAT.CENTRE.examhall.internal`` inside the name
   constraint of the centre's CA; the seat key is Ed25519. Both certificates' CN is the seat.
3. A certificate is valid as long as the CA that issued it. No clock is asked: the box's may
   stand in 2000 when the seats are paired. What ends a seat sooner is revocation by name.
4. The seat pins the authority that it is given, once the box has proved the pairing code.
"""

import contextlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, cast

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from exam.identifiers import Label
from protocol.errors import MalformedError, UntrustedError
from protocol.values import Value

DOMAIN: Final = "examhall.internal"
"""Inside ``.internal``, which ICANN keeps for private use."""

KeyKind = Literal["P-256", "Ed25519"]

SeatPublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
SeatPrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

Certificate = Annotated[bytes, msgspec.Meta(min_length=1, max_length=8192)]
"""X.509 in DER."""


class Issued(Value, frozen=True, kw_only=True):
    """What a seat is given: its certificates, and the authority that it pins from now on."""

    seat: Label
    centre: Label
    tls_certificate: Certificate
    seat_certificate: Certificate
    authority: Annotated[tuple[Certificate, ...], msgspec.Meta(min_length=1, max_length=8)]
    """The issuing CA first, then each one's issuer, the office's root last."""


def seat_host(seat: str, centre: str) -> str:
    """Return the DNS name of a seat in its TLS certificate."""
    return f"{seat}.{centre}.{DOMAIN}"


class CentreAuthority:
    """The centre's CA with its private key, as it lies on the box. It does not print."""

    def __init__(
        self,
        *,
        centre: str,
        key: ec.EllipticCurvePrivateKey,
        chain: tuple[x509.Certificate, ...],
    ) -> None:
        """Take the CA's key and its chain, the CA first; raise `UntrustedError` on another's."""
        if chain[0].public_key() != key.public_key():
            raise UntrustedError(
                f"centre {centre}: expected the CA certificate of this private key; "
                f"got one of another key ({chain[0].subject.rfc4514_string()})"
            )
        self.centre: Final = centre
        self.chain: Final = chain
        self._key = key

    def issue(self, *, seat: str, tls_request: bytes, seat_request: bytes) -> Issued:
        """Return certificates for the keys of two requests; raise `MalformedError`.

        1. Each request is signed by its own key, and the key is of the right kind.
        2. Each names this seat and no other.
        3. Name, validity and use come from here, not from the request.
        """
        tls_key = check_request(tls_request, seat, "P-256")
        seat_key = check_request(seat_request, seat, "Ed25519")
        host = x509.DNSName(seat_host(seat, self.centre))
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        for_tls = (
            x509.CertificateBuilder()
            .add_extension(x509.SubjectAlternativeName([host]), critical=False)
            .add_extension(use, critical=False)
        )
        return self.issued(
            seat=seat,
            tls_certificate=self._sign(for_tls, seat, tls_key),
            seat_certificate=self._sign(x509.CertificateBuilder(), seat, seat_key),
        )

    def issued(self, *, seat: str, tls_certificate: bytes, seat_certificate: bytes) -> Issued:
        """Return certificates of this CA as they are handed to the seat."""
        return Issued(
            seat=seat,
            centre=self.centre,
            tls_certificate=tls_certificate,
            seat_certificate=seat_certificate,
            authority=tuple(link.public_bytes(Encoding.DER) for link in self.chain),
        )

    def __repr__(self) -> str:
        return f"CentreAuthority({self.centre}, private key hidden)"

    def _sign(self, draft: x509.CertificateBuilder, seat: str, key: SeatPublicKey) -> bytes:
        issuer = self.chain[0]
        certificate = (
            draft.subject_name(_named(seat))
            .issuer_name(issuer.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(issuer.not_valid_before_utc)
            .not_valid_after(issuer.not_valid_after_utc)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_SIGNS_ONLY, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(_key_id_of(issuer), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(Encoding.DER)


def make_request(key: SeatPrivateKey, seat: str) -> bytes:
    """Return a PKCS#10 request in DER: the seat's name and the key, signed by the key."""
    draft = x509.CertificateSigningRequestBuilder().subject_name(_named(seat))
    digest = hashes.SHA256() if isinstance(key, ec.EllipticCurvePrivateKey) else None
    return draft.sign(key, digest).public_bytes(Encoding.DER)


def check_request(der: bytes, seat: str, kind: KeyKind) -> SeatPublicKey:
    """Return the key of a request for ``seat``; raise `MalformedError` if it is no such."""
    with _readable(f"certificate request of seat {seat}"):
        request = x509.load_der_x509_csr(der)
        key, signed = request.public_key(), request.is_signature_valid
        name = _common_name(request.subject)
    if not signed or _kind_of(key) != kind:
        raise MalformedError(
            f"certificate request of seat {seat}: expected a key of kind {kind}, signed by itself; "
            f"got {_kind_of(key)}, signature valid: {signed}"
        )
    if name != seat:
        raise MalformedError(
            f"certificate request: expected the name of seat {seat!r}; got {name!r}"
        )
    return cast("SeatPublicKey", key)


def carries(certificate: bytes, request: bytes) -> bool:
    """Say whether a certificate is for the key of a request; both in DER and well formed."""
    of_certificate = x509.load_der_x509_certificate(certificate).public_key()
    return _public(of_certificate) == _public(x509.load_der_x509_csr(request).public_key())


def check_issued(issued: Issued, *, seat: str, tls: SeatPublicKey, signer: SeatPublicKey) -> None:
    """Raise `UntrustedError` unless ``issued`` is for this seat and these keys.

    The caller owes the proof of where the bytes come from (the box's confirmation).

    1. It names the seat, and both certificates do.
    2. Each certificate carries the key that was asked for.
    3. The first certificate of the authority has signed both; each link signed the one before.
    4. The TLS certificate's host is the seat's in this centre.
    """
    with _readable(f"certificates of seat {seat}"):
        chain = [x509.load_der_x509_certificate(link) for link in issued.authority]
        leaves = [
            (x509.load_der_x509_certificate(der), key)
            for der, key in ((issued.tls_certificate, tls), (issued.seat_certificate, signer))
        ]
        names = [issued.seat, *(_common_name(leaf.subject) for leaf, _ in leaves)]
        hosts = _hosts(leaves[0][0])
        alien = [leaf.subject for leaf, key in leaves if _public(leaf.public_key()) != _public(key)]
    if set(names) != {seat} or alien:
        raise UntrustedError(
            f"expected certificates for seat {seat} and the keys that it asked for; "
            f"got names {names}, {len(alien)} of another key: pair again"
        )
    for child, parent in [*((leaf, chain[0]) for leaf, _ in leaves), *pairwise(chain)]:
        _check_signed(child, parent)
    if hosts != [seat_host(seat, issued.centre)]:
        raise UntrustedError(
            f"expected the host name {seat_host(seat, issued.centre)}; got {hosts}: pair again"
        )


_SIGNS_ONLY: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _named(seat: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, seat)])


def _common_name(name: x509.Name) -> str:
    values = [str(found.value) for found in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return values[0] if len(values) == 1 else ""


def _hosts(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _key_id_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        named = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(_ec(issuer.public_key()))
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(named)


def _ec(key: Any) -> ec.EllipticCurvePublicKey:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key
    raise UntrustedError(f"centre CA: expected a P-256 key; got {type(key).__name__}")


def _kind_of(key: object) -> str:
    match key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return "P-256"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case _:
            return type(key).__name__


def _public(key: Any) -> bytes:
    data: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return data


def _check_signed(child: x509.Certificate, parent: x509.Certificate) -> None:
    try:
        child.verify_directly_issued_by(parent)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise UntrustedError(
            f"expected {child.subject.rfc4514_string()!r} to be issued by "
            f"{parent.subject.rfc4514_string()!r}; it is not: pair again"
        ) from error


@contextlib.contextmanager
def _readable(what: str) -> Iterator[None]:
    """Turn the library's many errors about unreadable bytes into `MalformedError`."""
    try:
        yield
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MalformedError(
            f"{what}: expected X.509 in DER; got bytes that are not: {error}"
        ) from error
