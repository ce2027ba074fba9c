"""Ed25519 keys (RFC 8032), and who they belong to.

A private key does not print. A key is named by its key id: the SHA-256 of its
SubjectPublicKeyInfo (RFC 5280), in hexadecimal, which ``openssl pkey -pubin
-outform DER | sha256sum`` prints too.

Keys are read and written by ``cryptography``; signing and verifying is libsodium's
(``nacl``), which takes half the time of OpenSSL's.
"""

import functools
import hashlib
import re
from typing import Final, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from nacl.bindings import crypto_sign, crypto_sign_open
from nacl.exceptions import BadSignatureError

from protocol.errors import MalformedError

_SIGNATURE_SIZE: Final = 64
_RAW: Final = serialization.Encoding.Raw
_DER_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
_HEX: Final = re.compile("[0-9a-f]{64}")

_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)
"""The y of every point whose order divides 8, written beyond the field too. One signature
under such a key fits many messages, so whoever brought the key could deny them all."""


class VerifyKey:
    """A public key. Equal keys have equal ids."""

    __slots__ = ("id", "raw")

    def __init__(self, key: Ed25519PublicKey) -> None:
        self.raw: Final = key.public_bytes(_RAW, serialization.PublicFormat.Raw)
        self.id: Final = hashlib.sha256(_DER_PREFIX + self.raw).hexdigest()

    @classmethod
    @functools.lru_cache(maxsize=4096)
    def from_hex(cls, text: str) -> Self:
        """Read 64 lower-case hexadecimal digits; raise `MalformedError` on anything else.

        A point of small order is no key: its signatures bind to nothing. A hall's keys are
        remembered: each is asked for with every batch, and reading it takes OpenSSL 10 us.
        """
        if not _HEX.fullmatch(text):
            raise MalformedError(
                f"expected an Ed25519 public key as 64 hexadecimal digits; got {text[:80]!r}"
            )
        raw = bytes.fromhex(text)
        if raw[:-1] + bytes([raw[-1] & 0x7F]) in _SMALL_ORDER:
            raise MalformedError(
                f"expected an Ed25519 public key; got a point of small order {text}"
            )
        return cls(Ed25519PublicKey.from_public_bytes(raw))

    @property
    def hex(self) -> str:
        """The key itself as 64 hexadecimal digits."""
        return self.raw.hex()

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """Say whether ``signature`` (64 bytes) is this key's over ``message``."""
        try:
            crypto_sign_open(signature + message, self.raw)
        except (BadSignatureError, ValueError):
            return False
        return len(signature) == _SIGNATURE_SIZE

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyKey) and self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"VerifyKey({self.id[:16]})"


class SigningKey:
    """A private key. It signs, and it does not print."""

    __slots__ = ("_key", "_secret", "public")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public: Final = VerifyKey(key.public_key())
        self._secret: Final = self.dangerous_seed() + self.public.raw

    @classmethod
    def generate(cls) -> Self:
        """Make a new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Read the 32 bytes of RFC 8032's private key."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_encrypted_pem(cls, data: bytes, passphrase: str) -> Self:
        """Read a person's key file, PKCS#8 in PEM under a passphrase (RFC 5958).

        Raises `MalformedError` where it is none, or the passphrase is another's.
        """
        if b"ENCRYPTED PRIVATE KEY" not in data:
            raise MalformedError("expected a key file that is encrypted under a passphrase")
        try:
            key = serialization.load_pem_private_key(data, passphrase.encode())
        except (ValueError, TypeError) as error:  # TypeError: an empty passphrase
            raise MalformedError("the passphrase does not open this key file") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise MalformedError(f"expected an Ed25519 key; got {type(key).__name__}")
        return cls(key)

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        return crypto_sign(message, self._secret)[:_SIGNATURE_SIZE]

    def dangerous_seed(self) -> bytes:
        """Return the private key itself, 32 bytes: only for writing it to a protected file."""
        return self._key.private_bytes(
            _RAW, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )

    def __repr__(self) -> str:
        return f"SigningKey({self.public.id[:16]}, private part hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not to be pickled")
