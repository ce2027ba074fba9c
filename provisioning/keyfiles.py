"""Private keys that a person holds: PKCS#8 in PEM, encrypted under a passphrase, mode 0600.

``openssl pkey -in FILE`` opens them too. The passphrase is stretched by PBKDF2 with
20,000 rounds (what the library writes), which slows a thief by little: hence the
shortest length that is taken here.
"""

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from provisioning import messages
from provisioning.errors import NotAnOfficeError, PassphraseError
from runtime.files import write_atomic
from runtime.secret import Secret

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | x25519.X25519PrivateKey
Passphrase = Secret[str]
SHORTEST: Final = 12
"""Characters of a passphrase."""


def check_passphrase(passphrase: Passphrase) -> None:
    """Raise `PassphraseError` where it is too short to keep a key by."""
    length = len(passphrase.reveal())
    if length < SHORTEST:
        raise PassphraseError(messages.PASSPHRASE_SHORT, expected=SHORTEST, came=length)


def encrypted_pem(key: PrivateKey, passphrase: Passphrase) -> bytes:
    """Return the key as an encrypted PKCS#8 PEM."""
    check_passphrase(passphrase)
    secret = BestAvailableEncryption(passphrase.reveal().encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secret)


def dangerous_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a TLS or CA key as an open PKCS#8 PEM: only for sealing it to a machine."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def write_key(path: Path, key: PrivateKey, passphrase: Passphrase) -> None:
    """Write an encrypted key, durably, readable by its owner only."""
    write_atomic(path, encrypted_pem(key, passphrase), mode=0o600)


def read_p256(path: Path, passphrase: Passphrase) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key in a file; raise `PassphraseError` or `NotAnOfficeError`."""
    key = _read(path, passphrase)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key
    raise _unexpected(path, "P-256")


def read_ed25519(path: Path, passphrase: Passphrase) -> ed25519.Ed25519PrivateKey:
    """Return the Ed25519 key in a file; raise `PassphraseError` or `NotAnOfficeError`."""
    key = _read(path, passphrase)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise _unexpected(path, "Ed25519")


def read_x25519(path: Path, passphrase: Passphrase) -> x25519.X25519PrivateKey:
    """Return the X25519 key in a file; raise `PassphraseError` or `NotAnOfficeError`."""
    key = _read(path, passphrase)
    if isinstance(key, x25519.X25519PrivateKey):
        return key
    raise _unexpected(path, "X25519")


def _read(path: Path, passphrase: Passphrase) -> object:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotAnOfficeError(messages.PART_MISSING, path=path) from error
    if b"ENCRYPTED PRIVATE KEY" not in data:
        raise _unexpected(path, "PKCS#8")
    try:
        return load_pem_private_key(data, passphrase.reveal().encode())
    except (ValueError, TypeError) as error:  # TypeError: an empty passphrase
        raise PassphraseError(messages.PASSPHRASE_WRONG, path=path.name) from error


def _unexpected(path: Path, kind: str) -> NotAnOfficeError:
    return NotAnOfficeError(messages.BAD_KEY_FILE, path=path.name, expected=kind)
