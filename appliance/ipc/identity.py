"""The box's identity: the folder that the office delivers once, at installation.

::

    identity/
      appliance.json   who this box is, at which centre
      root.crt         the office root, pinned
      centre.crt       the centre CA's certificate
      centre.key       its key: issues the seats' certificates (core reads it)
      tls.crt tls.key  the box's own TLS certificate with chain, P-256
      box.key          Ed25519, PKCS#8: signs grants, decisions, acknowledgements, parcels
      log.key          Ed25519, PKCS#8: signs checkpoints
      age.key          AGE-SECRET-KEY-1...: opens what is sealed to this box

All files are 0600 and lie on the encrypted disk. Each process reads the keys that it
needs and no other.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from exam.identifiers import Label
from protocol.errors import MalformedError
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity
from protocol.values import Value, decode
from runtime.tls import Identity


class ApplianceName(Value, frozen=True, kw_only=True):
    """Who the box is; the content of ``appliance.json``."""

    appliance: Label
    centre: Label


class IdentityFolder:
    """Reads the identity folder, file by file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def name(self) -> ApplianceName:
        """Return who this box is."""
        return decode(self._read("appliance.json"), ApplianceName)

    def box_key(self) -> SigningKey:
        """Return the key that signs for this box."""
        return self._signing_key("box.key")

    def log_key(self) -> SigningKey:
        """Return the key that signs checkpoints."""
        return self._signing_key("log.key")

    def age(self) -> SealingIdentity:
        """Return the identity that opens what is sealed to this box."""
        return SealingIdentity.parse(self._read("age.key").decode())

    def root_pem(self) -> bytes:
        """Return the office root's certificate."""
        return self._read("root.crt")

    def centre_pem(self) -> bytes:
        """Return the centre CA's certificate."""
        return self._read("centre.crt")

    def centre_key_pem(self) -> bytes:
        """Return the centre CA's private key."""
        return self._read("centre.key")

    def tls(self) -> Identity:
        """Return the box's TLS identity."""
        return Identity.read(self.folder / "tls.crt", self.folder / "tls.key")

    def _signing_key(self, name: str) -> SigningKey:
        key = load_pem_private_key(self._read(name), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise MalformedError(f"{self.folder / name}: expected an Ed25519 key in PKCS#8")
        return SigningKey(key)

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise MalformedError(
                f"{self.folder / name}: expected the box's identity as the office delivered it; "
                f"{error.strerror}: run 'exam-provision appliance' at the office"
            ) from error
