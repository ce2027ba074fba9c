"""The box's identity as its processes read it: one file, made by the office.

``exam-appliance install`` unseals what the office delivered (`protocol.identities`) into
``identity.json``, 0600, on the encrypted disk.
"""

from pathlib import Path

from protocol.errors import MalformedError
from protocol.identities import BoxIdentity
from protocol.values import decode, encode
from runtime.files import write_atomic
from runtime.secret import Secret
from runtime.tls import Identity

FILE = "identity.json"


def read_identity(folder: Path) -> BoxIdentity:
    """Return the identity of this box; raise `MalformedError` where none was installed."""
    path = folder / FILE
    try:
        return decode(path.read_bytes(), BoxIdentity)
    except OSError as error:
        raise MalformedError(
            f"{path}: expected the identity of this box ({error.strerror}); "
            "install it: exam-appliance install ID.identity.age"
        ) from error


def write_identity(folder: Path, identity: BoxIdentity) -> None:
    """Keep the identity durably, readable by its owner alone."""
    write_atomic(folder / FILE, encode(identity))


def tls_identity(identity: BoxIdentity) -> Identity:
    """Return the certificate chain and key that the box shows in TLS."""
    return Identity(
        chain_pem=identity.tls_chain.encode(), key_pem=Secret(identity.tls_key.encode())
    )


def authorities(identity: BoxIdentity) -> bytes:
    """Return what the box trusts in TLS: the office root, and the centre CA under it."""
    return (identity.centre_certificate + "\n" + identity.root_certificate).encode()
