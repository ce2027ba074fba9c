"""age (age-encryption.org/v1): sealing bytes to recipients, and opening them.

Everything sealed here opens with the ``age`` program. age does not name the sender:
whoever opens must also hold a signed digest of the plain text.

The wheel keeps the interpreter for itself while it works: large things belong in a
process of their own, and are given as files.
"""

from collections.abc import Sequence
from typing import Final

import bech32
import pyrage

from protocol.errors import MalformedError, SealedError

_PREFIX: Final = "age-secret-key-"
_SEED_SIZE: Final = 32


class SealingIdentity:
    """An X25519 identity of age: opens what was sealed to its ``recipient``. Does not print."""

    __slots__ = ("_identity", "recipient")

    def __init__(self, identity: pyrage.x25519.Identity) -> None:
        self._identity = identity
        self.recipient: Final[str] = str(identity.to_public())

    @classmethod
    def generate(cls) -> "SealingIdentity":
        """Make a new identity from the system's randomness."""
        return cls(pyrage.x25519.Identity.generate())

    @classmethod
    def parse(cls, text: str) -> "SealingIdentity":
        """Read ``AGE-SECRET-KEY-1...``."""
        try:
            return cls(pyrage.x25519.Identity.from_str(text.strip()))
        except pyrage.IdentityError as error:
            raise MalformedError("expected an age identity, AGE-SECRET-KEY-1...") from error

    @classmethod
    def from_seed(cls, seed: bytes) -> "SealingIdentity":
        """Make the identity whose X25519 scalar is ``seed`` (32 bytes), written in Bech32."""
        if len(seed) != _SEED_SIZE:
            raise MalformedError(f"expected 32 bytes; got {len(seed)}")
        data = bech32.convertbits(seed, 8, 5)
        assert data is not None
        return cls.parse(bech32.bech32_encode(_PREFIX, data).upper())

    def open(self, sealed: bytes) -> bytes:
        """Return the plain text; raise `SealedError`."""
        try:
            return bytes(pyrage.decrypt(sealed, [self._identity]))
        except pyrage.DecryptError as error:
            raise SealedError(
                f"expected something sealed to {self.recipient[:16]}..., "
                f"whole and unaltered: {error}"
            ) from error

    def dangerous_text(self) -> str:
        """Return the identity itself: only for writing it to a protected place."""
        return str(self._identity)

    def __repr__(self) -> str:
        return f"SealingIdentity({self.recipient}, private part hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a sealing identity is not to be pickled")


def seal(plain: bytes, recipients: Sequence[str]) -> bytes:
    """Seal ``plain`` so that each of the recipients (``age1...``) alone can open it."""
    return bytes(pyrage.encrypt(plain, [_recipient(text) for text in recipients]))


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise MalformedError(f"expected an age recipient, age1...; got {text[:40]!r}") from error
