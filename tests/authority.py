"""A centre's authority for tests: an office root and a name-constrained CA under it."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from protocol.enrolment import DOMAIN, CentreAuthority

SITTING_DAY = datetime(2026, 9, 19, tzinfo=UTC)


_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Made(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_authority(centre: str = "c017", day: datetime = SITTING_DAY) -> CentreAuthority:
    """The centre's CA with its key, under a fresh office root; valid half a year about ``day``."""
    root = sign_ca("Office root", None, None, day)
    ca = sign_ca(f"Centre {centre}", root, f"{centre}.{DOMAIN}", day)
    return CentreAuthority(centre=centre, key=ca.key, chain=(ca.certificate, root.certificate))


def sign_ca(name: str, parent: Made | None, constraint: str | None, day: datetime) -> Made:
    """A CA certificate, by itself or by ``parent``, for names under ``constraint`` only."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    draft = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(parent.certificate.subject if parent else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day - timedelta(days=180))
        .not_valid_after(day + timedelta(days=180))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    draft = draft.add_extension(_SIGNS_CERTIFICATES, critical=True)
    if parent:
        parent_id = x509.SubjectKeyIdentifier.from_public_key(parent.key.public_key())
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(parent_id)
        draft = draft.add_extension(issuer_id, critical=False)
    if constraint:
        names = x509.NameConstraints([x509.DNSName(constraint)], None)
        draft = draft.add_extension(names, critical=True)
    signer = parent.key if parent else key
    return Made(draft.sign(signer, hashes.SHA256()), key)


def server_certificate(authority: CentreAuthority, host: str = "box") -> Made:
    """A TLS certificate for the appliance, by the centre's CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName(f"{host}.{authority.centre}.{DOMAIN}")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .issuer_name(authority.chain[0].subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(authority.chain[0].not_valid_before_utc)
        .not_valid_after(authority.chain[0].not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(authority._key, hashes.SHA256())
    )
    return Made(certificate, key)
