"""TLS as every connection between our machines uses it: pinned, mutual, and blind to calendars.

Rules:

1. Only the given authorities count, never the machine's own store; an authority that is
   itself issued by another may be the anchor.
2. TLS 1.3, but for phones, which get 1.2 where the caller says so.
3. OpenSSL does not look at the machine's clock (a dead battery shuts nobody out). Whoever
   admits a peer calls `check_validity` with hall time.
4. No session is resumed: a revoked certificate does not come back on an old ticket.
5. Private keys are handed to OpenSSL through memory, so that one which was unsealed is not
   written to a disk for it.

::

    context = server_context(identity, authorities=ca_pem, clients=ClientCertificates.REQUIRED)
    ...
    peer = peer_of(request)
    peer.check_validity(at_ms=hall_clock.now())
"""

import datetime as dt
import enum
import functools
import hashlib
import os
import ssl
from pathlib import Path
from typing import Final, Protocol, Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from runtime.errors import CertificateTimeError, TlsError
from runtime.secret import Secret
from runtime.tls_alerts import AlertingContext

_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL's x509_vfy.h; Python has no name for it."""


class ClientCertificates(enum.Enum):
    """Whether a server asks its callers for a certificate."""

    NONE = ssl.CERT_NONE
    OPTIONAL = ssl.CERT_OPTIONAL
    """One that is shown must be of the authorities; the request says whether there is one."""
    REQUIRED = ssl.CERT_REQUIRED


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a machine is: its certificate (and those above it, PEM) and its private key."""

    chain_pem: bytes
    key_pem: Secret[bytes]

    @classmethod
    def read(cls, chain: Path, key: Path) -> Self:
        """Read both from files."""
        return cls(chain_pem=chain.read_bytes(), key_pem=Secret(key.read_bytes()))

    @property
    def certificate(self) -> x509.Certificate:
        """The machine's own certificate: the first of the chain."""
        return x509.load_pem_x509_certificate(self.chain_pem)


def server_context(
    identity: Identity,
    *,
    authorities: bytes = b"",
    clients: ClientCertificates = ClientCertificates.REQUIRED,
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> ssl.SSLContext:
    """Return the context of a server. ``authorities`` (PEM) issue the callers' certificates.

    Raises `TlsError` if the identity is unfit or authorities are missing.
    """
    context = AlertingContext(ssl.PROTOCOL_TLS_SERVER)
    _harden(context, oldest)
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET
    if clients is not ClientCertificates.NONE:
        _trust(context, authorities)
    context.verify_mode = clients.value
    use_identity(context, identity)
    return context


def client_context(
    *,
    authorities: bytes,
    identity: Identity | None = None,
    check_name: bool = True,
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
) -> ssl.SSLContext:
    """Return the context of a caller that trusts ``authorities`` (PEM) and nobody else.

    With ``check_name`` the server's certificate must bear the name or address that is
    dialled (aiohttp: ``server_hostname=`` where that is not the address).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _harden(context, oldest)
    _trust(context, authorities)
    context.check_hostname = check_name
    if identity is not None:
        use_identity(context, identity)
    return context


def use_identity(context: ssl.SSLContext, identity: Identity) -> None:
    """Give ``context`` a certificate and key; on a live context, new connections get it.

    Raises `TlsError` if they do not belong together.
    """
    fd = os.memfd_create("identity", os.MFD_CLOEXEC)
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(identity.key_pem.reveal() + b"\n" + identity.chain_pem)
        context.load_cert_chain(f"/proc/self/fd/{fd}")
    except ssl.SSLError as error:
        raise TlsError(
            f"expected a certificate with its own key, got {explain(error)}; renew them"
        ) from error
    finally:
        os.close(fd)


def check_validity(*certificates: x509.Certificate, at_ms: int) -> None:
    """Raise `CertificateTimeError` unless all ``certificates`` are valid at hall time ``at_ms``."""
    at = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    for certificate in certificates:
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if not begins <= at <= ends:
            raise CertificateTimeError(
                f"{certificate.subject.rfc4514_string()}: expected a certificate that is valid "
                f"at hall time {at:%Y-%m-%d %H:%M:%S} UTC, it is valid from {begins:%Y-%m-%d} "
                f"to {ends:%Y-%m-%d}; check hall time, else renew the certificate"
            )


class HasTransport(Protocol):
    """An aiohttp request, or an asyncio transport."""

    def get_extra_info(self, name: str, /) -> object:
        """Give what is known of the connection."""


class Peer:
    """A certificate that a peer proved to hold; read once, remembered for its next request.

    The handshake has checked its issuer, not its time and not whether it was revoked.
    """

    __slots__ = ("_begins_ms", "_ends_ms", "certificate", "fingerprint")

    def __init__(self, der: bytes) -> None:
        self.certificate: Final = x509.load_der_x509_certificate(der)
        self.fingerprint: Final = hashlib.sha256(der).hexdigest()
        """SHA-256 of its DER, 64 hexadecimal characters."""
        self._begins_ms = int(self.certificate.not_valid_before_utc.timestamp()) * 1000
        self._ends_ms = int(self.certificate.not_valid_after_utc.timestamp()) * 1000

    def check_validity(self, *, at_ms: int) -> None:
        """Raise `CertificateTimeError` unless it is valid at hall time ``at_ms``."""
        if not self._begins_ms <= at_ms <= self._ends_ms:
            check_validity(self.certificate, at_ms=at_ms)


def peer_of(connection: HasTransport) -> Peer | None:
    """Return what the peer proved to hold, None if it showed no certificate."""
    der = _peer_der(connection)
    return None if der is None else _peer(der)


def peer_fingerprint(connection: HasTransport) -> str | None:
    """Return the SHA-256 of the peer's certificate, 64 hexadecimal characters, or None."""
    peer = peer_of(connection)
    return None if peer is None else peer.fingerprint


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of ``certificate`` (DER), 64 hexadecimal characters."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def explain(error: BaseException) -> str:
    """Say in words why a handshake failed, whichever side refused.

    Takes what `ssl` and asyncio raise, and what aiohttp's client makes of it.
    """
    error = _underlying(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"a certificate that is not acceptable ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        reason = error.reason or str(error)
        return _REASONS.get(reason, f"a TLS error ({reason.lower().replace('_', ' ')})")
    if isinstance(error, TimeoutError | ConnectionAbortedError):
        return "no complete handshake in time"
    if isinstance(error, ConnectionError):
        return _CUT
    return f"{type(error).__name__}: {error}"


_CUT: Final = "the connection cut in mid-handshake; perhaps the other side does not trust us"
_REFUSED: Final = "a refusal: the other side does not accept our certificate"
_REASONS: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no certificate from the other side",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "a refusal: the other side asks for a certificate",
    "TLSV1_ALERT_UNKNOWN_CA": f"{_REFUSED} (unknown authority)",
    "SSLV3_ALERT_BAD_CERTIFICATE": _REFUSED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _REFUSED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": f"{_REFUSED} (expired)",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": f"{_REFUSED} (revoked)",
    "TLSV1_ALERT_DECRYPT_ERROR": f"{_REFUSED} (signature)",
    "TLSV1_ALERT_PROTOCOL_VERSION": "a refusal: the other side speaks another version of TLS",
    "UNSUPPORTED_PROTOCOL": "an older version of TLS than we speak",
    "HTTP_REQUEST": "plain HTTP where TLS is spoken",
    "WRONG_VERSION_NUMBER": "something that is not TLS",
    "UNEXPECTED_EOF_WHILE_READING": _CUT,
    "KEY_VALUES_MISMATCH": "a key that belongs to another certificate",
    "NO_START_LINE": "no certificate or key in PEM form",
    "NO_CERTIFICATE_OR_CRL_FOUND": "no certificate in PEM form",
}


def _underlying(error: BaseException) -> BaseException:
    """Return the error of `ssl` or of the socket that a client's error stands for."""
    for name in ("certificate_error", "os_error", "__cause__"):
        inner = getattr(error, name, None)
        if isinstance(inner, OSError):  # of which ssl's errors are
            return _underlying(inner)
    return error


def _harden(context: ssl.SSLContext, oldest: ssl.TLSVersion) -> None:
    context.minimum_version = oldest
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags |= _NO_CHECK_TIME
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])


def _trust(context: ssl.SSLContext, authorities: bytes) -> None:
    try:
        context.load_verify_locations(cadata=authorities.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise TlsError(
            "expected the authorities' certificates in PEM form, "
            f"got {explain(error)}; import the bundle again"
        ) from error


def _peer_der(connection: HasTransport) -> bytes | None:
    ssl_object = connection.get_extra_info("ssl_object")
    if not isinstance(ssl_object, ssl.SSLObject | ssl.SSLSocket):
        return None
    return ssl_object.getpeercert(binary_form=True)


@functools.lru_cache(maxsize=1024)
def _peer(der: bytes) -> Peer:
    return Peer(der)
