"""The box's identity as its processes read it: each has the keys that it needs, and no other.

``exam-appliance install`` unseals what the office delivered (`protocol.identities`) and
writes one file a process into that process's own folder, which the others cannot see
(``systemd/``), 0600, on the encrypted disk::

    state/core/identity.json         all of it
    state/recordings/identity.json   TLS, and the box key, which signs parcels
    state/faces|courier|discovery/   TLS alone
"""

from pathlib import Path
from typing import Final, Protocol

from exam.identifiers import Digest, Label
from protocol.errors import MalformedError
from protocol.identities import BoxIdentity
from protocol.keys import SigningKey
from protocol.values import Value, decode, encode
from runtime.files import make_folder, write_atomic
from runtime.secret import Secret
from runtime.tls import Identity

FILE: Final = "identity.json"
CORE: Final = "core"
_SIGNS_PARCELS: Final = "recordings"
_OTHERS: Final = ("recordings", "faces", "courier", "discovery")


class ProcessIdentity(Value, frozen=True, kw_only=True):
    """Who the box is, as a process other than core knows it. It does not print."""

    appliance: Label
    centre: Label
    tls_chain: str
    tls_key: str
    centre_certificate: str
    root_certificate: str
    box_public: Digest
    """The box key's public part, 64 hexadecimal digits: by which parcels are checked."""
    box_key: str | None
    """The box key itself, RFC 8032's 32 bytes in hexadecimal, for who signs parcels."""

    def signing_key(self) -> SigningKey:
        """Return the box key; raise `MalformedError` for a process that was given none."""
        if self.box_key is None:
            raise MalformedError("expected the box key; this process signs nothing")
        return SigningKey.from_seed(bytes.fromhex(self.box_key))

    def __repr__(self) -> str:
        return f"ProcessIdentity({self.appliance} of {self.centre}, private parts hidden)"


class HasTls(Protocol):
    """What TLS needs of an identity."""

    @property
    def tls_chain(self) -> str:
        """The certificates, PEM."""

    @property
    def tls_key(self) -> str:
        """The private key, PEM."""

    @property
    def centre_certificate(self) -> str:
        """The centre CA's certificate, PEM."""

    @property
    def root_certificate(self) -> str:
        """The office root, PEM."""


def is_installed(state: Path) -> bool:
    """Tell whether this machine has become a box already."""
    return has_identity(state, CORE)


def has_identity(state: Path, process: str) -> bool:
    """Tell whether a process has been given its part of the box's identity."""
    return (state / process / FILE).exists()


def read_identity(state: Path) -> BoxIdentity:
    """Return core's identity; raise `MalformedError` where none was installed."""
    return decode(_read(state / CORE / FILE), BoxIdentity)


def read_process_identity(state: Path, process: str) -> ProcessIdentity:
    """Return the identity of another process."""
    return decode(_read(state / process / FILE), ProcessIdentity)


def write_identity(state: Path, identity: BoxIdentity) -> None:
    """Keep the identity durably, each process's part in its own folder."""
    for process in _OTHERS:
        make_folder(state / process)
        write_atomic(state / process / FILE, encode(part_of(identity, process)))
    make_folder(state / CORE)
    write_atomic(state / CORE / FILE, encode(identity))


def part_of(identity: BoxIdentity, process: str) -> ProcessIdentity:
    """Return what a process other than core is given."""
    return ProcessIdentity(
        appliance=identity.appliance,
        centre=identity.centre,
        tls_chain=identity.tls_chain,
        tls_key=identity.tls_key,
        centre_certificate=identity.centre_certificate,
        root_certificate=identity.root_certificate,
        box_public=identity.signing_key().public.hex,
        box_key=identity.box_key if process == _SIGNS_PARCELS else None,
    )


def tls_identity(identity: HasTls) -> Identity:
    """Return the certificate chain and key that the box shows in TLS."""
    return Identity(
        chain_pem=identity.tls_chain.encode(), key_pem=Secret(identity.tls_key.encode())
    )


def authorities(identity: HasTls) -> bytes:
    """Return what the box trusts in TLS: the office root, and the centre CA under it."""
    return (identity.centre_certificate + "\n" + identity.root_certificate).encode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MalformedError(
            f"{path}: expected the identity of this box ({error.strerror}); "
            "install it: exam-appliance install ID.identity.json"
        ) from error
