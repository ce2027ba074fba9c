"""The certificates that the office issues (RFC 5280). Nothing here touches a disk.

::

    office root (P-256, pathlen 1)
    ├── office-signing, office-receipts   Ed25519, role as organizational unit
    ├── server of the central office      P-256, its own addresses
    └── centre CA (P-256, pathlen 0)      only names below CENTRE.examhall.internal
        ├── appliance                     P-256, APPLIANCE.CENTRE.examhall.internal
        └── seats                         issued by the box: `protocol.enrolment`

Time is an argument; certificates begin a day before, since clocks differ.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from protocol.certificates import Role
from protocol.enrolment import DOMAIN
from protocol.values import sha256_hex

ROOT_YEARS: Final = 20
ROLE_YEARS: Final = 3
CENTRE_YEARS: Final = 5
MACHINE_YEARS: Final = 3
LONGEST_ID: Final = 57
"""Of an office or centre: a common name holds 64 characters (X.520), ours add a word."""
LONGEST_NAME: Final = 64
_DAY: Final = dt.timedelta(days=1)
_EVERY_ADDRESS: Final = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that may issue others, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        return f"Issuer({self.certificate.subject.rfc4514_string()}, key hidden)"


def make_root(office: str, name: str, key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> Issuer:
    """Return the root of an office, signed by itself."""
    subject = _name(f"{office} root", organization=name)
    draft = _draft(subject, subject, key.public_key(), now, ROOT_YEARS)
    draft = draft.add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
    draft = draft.add_extension(_usage(authority=True), critical=True)
    return Issuer(certificate=draft.sign(key, hashes.SHA256()), key=key)


def certify_role(
    root: Issuer, office: str, role: Role, key: ed25519.Ed25519PublicKey, now: dt.datetime
) -> x509.Certificate:
    """Certify one of the office's own keys for one role."""
    subject = _name(office, unit=role.value)
    draft = _draft(subject, root.certificate.subject, key, now, ROLE_YEARS)
    return _leaf(draft, root)


def make_centre_ca(
    root: Issuer, centre: str, key: ec.EllipticCurvePrivateKey, now: dt.datetime
) -> Issuer:
    """Return a centre's CA: it can certify names of its own centre, and nothing else."""
    subject = _name(f"{centre} CA")
    draft = _draft(subject, root.certificate.subject, key.public_key(), now, CENTRE_YEARS)
    own_names = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName(f"{centre}.{DOMAIN}")],
        excluded_subtrees=[x509.IPAddress(network) for network in _EVERY_ADDRESS],
    )
    draft = (
        draft.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
        .add_extension(own_names, critical=True)
        .add_extension(_issued_by(root), critical=False)
    )
    return Issuer(certificate=draft.sign(root.key, hashes.SHA256()), key=key)


def certify_server(
    issuer: Issuer,
    name: str,
    hosts: Sequence[str],
    key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    *,
    also_client: bool,
) -> x509.Certificate:
    """Certify a TLS key for ``hosts``, names or addresses; a box calls others too."""
    uses = [ExtendedKeyUsageOID.SERVER_AUTH]
    uses += [ExtendedKeyUsageOID.CLIENT_AUTH] if also_client else []
    draft = _draft(_name(name), issuer.certificate.subject, key, now, MACHINE_YEARS)
    draft = draft.add_extension(
        x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False
    ).add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    return _leaf(draft, issuer)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate's DER, in hexadecimal: its name in revocations."""
    return sha256_hex(certificate.public_bytes(Encoding.DER))


def pem(*certificates: x509.Certificate) -> str:
    """Return certificates in PEM, one after the other."""
    return "".join(c.public_bytes(Encoding.PEM).decode() for c in certificates)


def box_host(appliance: str, centre: str) -> str:
    """Return the DNS name of an appliance, which its callers check."""
    return f"{appliance}.{centre}.{DOMAIN}"


def _name(common: str, *, unit: str = "", organization: str = "") -> x509.Name:
    parts = [
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (NameOID.COMMON_NAME, common),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _draft(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, now: dt.datetime, years: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 365 * years * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _leaf(draft: x509.CertificateBuilder, issuer: Issuer) -> x509.Certificate:
    return (
        draft.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(authority=False), critical=True)
        .add_extension(_issued_by(issuer), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _issued_by(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
