"""Who this machine is: its keys, its certificates, and the authority that it pins.

Owns a folder, readable by its user only::

    identity/
        key.json      the two private keys, made before the first pairing, kept over retries
        paired.json   what the appliance issued; its being there means "paired"
        tls.pem       the TLS key and its certificate, as OpenSSL loads them
        authority.pem the centre's CA and the office's root: trusted, and nobody else

Rules:

1. ``paired.json`` is written last: the PEM files are made from it again at each load.
2. A machine that is paired anew (another seat, another centre) makes new keys first, so
   that nothing signed as one seat can pass for another.
3. Private keys do not print and are written with mode 0600.
"""

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from exam.identifiers import Label
from protocol.enrolment import Issued, check_issued
from protocol.errors import MalformedError
from protocol.keys import SigningKey
from protocol.values import Value, decode, encode
from runtime.files import make_folder, remove_durably, write_atomic

_KEYS: Final = "key.json"
_PAIRED: Final = "paired.json"
_TLS: Final = "tls.pem"
_AUTHORITY: Final = "authority.pem"


class _StoredKeys(Value, frozen=True, kw_only=True):
    """Private keys, PKCS#8 in DER."""

    seat: Label
    tls: bytes
    signer: bytes

    def __repr__(self) -> str:
        return f"_StoredKeys({self.seat}, hidden)"


class SeatKeys:
    """The two keys of this machine for one seat. They do not print."""

    def __init__(
        self, seat: str, tls: ec.EllipticCurvePrivateKey, signer: ed25519.Ed25519PrivateKey
    ) -> None:
        self.seat: Final = seat
        self.tls: Final = tls
        self.signer: Final = signer

    def __repr__(self) -> str:
        return f"SeatKeys({self.seat}, private parts hidden)"


class Identity:
    """A paired seat."""

    def __init__(self, folder: Path, keys: SeatKeys, issued: Issued) -> None:
        self.seat: Final = issued.seat
        self.centre: Final = issued.centre
        self.issued: Final = issued
        self.signing_key: Final = SigningKey(keys.signer)
        self.tls_pem: Final = folder / _TLS
        """TLS key and certificate for ``load_cert_chain``."""
        self.authority_pem: Final = folder / _AUTHORITY
        """The pinned authority for ``load_verify_locations``."""

    def __repr__(self) -> str:
        return f"Identity(seat {self.seat} of centre {self.centre})"


def keys_for(folder: Path, seat: str) -> SeatKeys:
    """Return this machine's keys for ``seat``, making them where there are none. Blocks.

    Keys of another seat are replaced, and with them what was issued for them.
    """
    stored = _read_keys(folder)
    if stored is None or stored.seat != seat:
        stored = _make_keys(seat)
        make_folder(folder)
        if (folder / _PAIRED).exists():
            remove_durably(folder / _PAIRED)
        write_atomic(folder / _KEYS, encode(stored))
    return _parsed(stored)


def keep(folder: Path, keys: SeatKeys, issued: Issued) -> Identity:
    """Store what was issued for ``keys``, once it has been checked. Blocks."""
    _check(keys, issued)
    write_atomic(folder / _PAIRED, encode(issued))
    return _unfold(folder, keys, issued)


def load(folder: Path) -> Identity | None:
    """Return the identity of this machine, None where it is not paired. Blocks.

    Raises `protocol.errors.ProtocolError` if the files do not belong together.
    """
    stored = _read_keys(folder)
    if stored is None or not (folder / _PAIRED).exists():
        return None
    keys = _parsed(stored)
    issued = decode((folder / _PAIRED).read_bytes(), Issued)
    _check(keys, issued)
    return _unfold(folder, keys, issued)


def _check(keys: SeatKeys, issued: Issued) -> None:
    check_issued(issued, seat=keys.seat, tls=keys.tls.public_key(), signer=keys.signer.public_key())


def _unfold(folder: Path, keys: SeatKeys, issued: Issued) -> Identity:
    key = keys.tls.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomic(folder / _TLS, key + _pem(issued.tls_certificate))
    write_atomic(folder / _AUTHORITY, b"".join(map(_pem, issued.authority)))
    return Identity(folder, keys, issued)


def _pem(der: bytes) -> bytes:
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def _make_keys(seat: str) -> _StoredKeys:
    def der(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    tls = ec.generate_private_key(ec.SECP256R1())
    return _StoredKeys(seat=seat, tls=der(tls), signer=der(ed25519.Ed25519PrivateKey.generate()))


def _read_keys(folder: Path) -> _StoredKeys | None:
    try:
        return decode((folder / _KEYS).read_bytes(), _StoredKeys)
    except FileNotFoundError:
        return None


def _parsed(stored: _StoredKeys) -> SeatKeys:
    tls = load_der_private_key(stored.tls, None)
    signer = load_der_private_key(stored.signer, None)
    if not isinstance(tls, ec.EllipticCurvePrivateKey) or not isinstance(
        signer, ed25519.Ed25519PrivateKey
    ):
        raise MalformedError(
            f"{_KEYS}: expected a P-256 and an Ed25519 key; got {type(tls).__name__} and "
            f"{type(signer).__name__}: remove the folder and pair again"
        )
    return SeatKeys(stored.seat, tls, signer)
