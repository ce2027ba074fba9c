"""An office's folder: its keys, its catalogue, and what it issues from them.

::

    office.json          who this office is
    catalogue.db         what was issued, to whom; nothing secret in the open
    root/                root.pem root.key: may lie on a stick in a safe
    keys/                signing receipts opening vault server, each NAME.pem or NAME.key
    centres/ID/          ca.pem ca.key
    sittings/ID/         what `exam-provision` has taken and sealed for a sitting

Rules:

1. Every private key is an encrypted PKCS#8 file: the root under a passphrase of its own,
   the others under the office's. No private key of a box or of a member of staff is kept.
2. The *vault* is an age identity of the office: codes, paper keys and answer keys lie on
   the disk sealed to it.
3. A key is on the disk before the catalogue says that it was issued.
4. An office is made whole, or nothing of it is left.
5. One command at a time changes it (`provisioning.turns`).
"""

import datetime as dt
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from exam.identifiers import Label, parse
from protocol.certificates import Role
from protocol.identities import OfficeIdentity
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity, seal
from protocol.values import Milliseconds, Value, decode, encode
from provisioning import certificates, messages
from provisioning.catalogue import Catalogue
from provisioning.certificates import Issuer, pem
from provisioning.errors import AlreadyThereError, NotAnOfficeError, ProvisioningError
from provisioning.keyfiles import (
    Passphrase,
    check_passphrase,
    dangerous_pem,
    read_ed25519,
    read_p256,
    read_x25519,
    write_key,
)
from provisioning.turns import taking_turn
from runtime.files import make_folder, write_atomic

_K = TypeVar("_K", ed25519.Ed25519PrivateKey, x25519.X25519PrivateKey, ec.EllipticCurvePrivateKey)
_CURVE: Final = ec.SECP256R1()
_PSEUDONYMS: Final = "pseudonyms.age"
_DATABASE: Final = ("catalogue.db", "catalogue.db-wal", "catalogue.db-shm")
_PARTS: Final = ("office.json", *_DATABASE, "keys", "centres", "sittings")


class OfficeRecord(Value, frozen=True, kw_only=True):
    """Who an office is. Addresses are ``https://host:port`` in the order of trial."""

    id: Label
    name: str
    addresses: tuple[str, ...]
    created_at: Milliseconds


class Office:
    """An office whose folder is open. Use as a context manager."""

    def __init__(self, folder: Path, passphrase: Passphrase, root: Path | None = None) -> None:
        """Open the office in ``folder``; ``root`` is where the root lies, if not within it."""
        self.folder: Final = folder
        self.root_folder: Final = root or folder / "root"
        self.record: Final = _read_record(folder)
        self.catalogue: Final = Catalogue(folder / "catalogue.db")
        self._passphrase = passphrase

    @classmethod
    def create(
        cls,
        folder: Path,
        record: OfficeRecord,
        *,
        passphrase: Passphrase,
        root_passphrase: Passphrase,
        root: Path | None = None,
    ) -> Self:
        """Make an office with all its keys in an empty folder, and open it.

        Raises `AlreadyThereError` rather than overwrite, `PassphraseError`, and
        `ProvisioningError` on names and addresses that no certificate can hold.
        """
        for one in (passphrase, root_passphrase):
            check_passphrase(one)
        check_name("office", parse("office", record.id), certificates.LONGEST_ID)
        check_name("office", record.name, certificates.LONGEST_NAME)
        hosts = [_host(address) for address in record.addresses]
        with _folder_of_ours(folder), _nothing_left(folder, root or folder / "root"):
            for part in (folder / "keys", folder / "centres", folder / "sittings"):
                make_folder(part)
            make_folder(root or folder / "root")
            write_atomic(folder / "office.json", encode(record))
            office = cls(folder, passphrase, root)
            try:
                office._make_keys(root_passphrase, hosts)
            except BaseException:
                office.close()
                raise
        return office

    def close(self) -> None:
        """Close the catalogue."""
        self.catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Office({self.record.id} in {self.folder})"

    # --- what is public ----------------------------------------------------------------

    @property
    def root_pem(self) -> str:
        """The certificate that every machine pins."""
        return self._text("keys/root.pem")

    @property
    def signing_pem(self) -> str:
        """The certificate by which bundles are known."""
        return self._text("keys/signing.pem")

    @property
    def opening_recipient(self) -> str:
        """What recordings and parcels are sealed to, ``age1...``."""
        return self._text("keys/opening.pub").strip()

    @property
    def receipts_key(self) -> str:
        """The public key of office receipts, 64 hexadecimal digits."""
        return self._text("keys/receipts.pub").strip()

    @property
    def vault_recipient(self) -> str:
        """What the office seals its own secrets to, ``age1...``."""
        return self._text("keys/vault.pub").strip()

    # --- what takes a passphrase -------------------------------------------------------

    def signing_key(self) -> SigningKey:
        """Return the key of bundles, amendments and revocations."""
        return SigningKey(read_ed25519(self._file("signing"), self._passphrase))

    def vault(self) -> SealingIdentity:
        """Return the identity that the office's own secrets are sealed to."""
        return _sealing(read_x25519(self._file("vault"), self._passphrase))

    def pseudonym_key(self) -> bytes:
        """Return the 32 bytes by which candidates get their identifiers."""
        return self.vault().open((self.folder / "keys" / _PSEUDONYMS).read_bytes())

    def root(self, root_passphrase: Passphrase) -> Issuer:
        """Return the root, to issue from it."""
        key = read_p256(self.root_folder / "root.key", root_passphrase)
        return Issuer(certificate=_certificate(self.root_pem), key=key)

    def centre_ca(self, centre: str) -> Issuer:
        """Return a centre's CA, to issue from it; raise `UnknownNameError`."""
        self.catalogue.check_centre(centre)
        place = self.folder / "centres" / centre
        key = read_p256(place / "ca.key", self._passphrase)
        return Issuer(certificate=_certificate(self.centre_pem(centre)), key=key)

    def centre_pem(self, centre: str) -> str:
        """Return the certificate of a centre's CA."""
        return self._text(f"centres/{centre}/ca.pem")

    def server_identity(self) -> OfficeIdentity:
        """Return what the central office's server is given at its installation."""
        receipts = SigningKey(read_ed25519(self._file("receipts"), self._passphrase))
        return OfficeIdentity(
            office=self.record.id,
            receipts_key=receipts.dangerous_seed().hex(),
            receipts_certificate=self._text("keys/receipts.pem"),
            opening_identity=_sealing(
                read_x25519(self._file("opening"), self._passphrase)
            ).dangerous_text(),
            signing_certificate=self.signing_pem,
            tls_chain=self._text("keys/server.pem"),
            tls_key=dangerous_pem(read_p256(self._file("server"), self._passphrase)),
            root_certificate=self.root_pem,
        )

    def write_ca(self, centre: str, ca: Issuer) -> None:
        """Keep a new centre's CA."""
        place = self.folder / "centres" / centre
        make_folder(place)
        write_key(place / "ca.key", ca.key, self._passphrase)
        write_atomic(place / "ca.pem", pem(ca.certificate).encode())

    # --- making ------------------------------------------------------------------------

    def _make_keys(self, root_passphrase: Passphrase, hosts: list[str]) -> None:
        now = dt.datetime.fromtimestamp(self.record.created_at / 1000, dt.UTC)
        root_key = ec.generate_private_key(_CURVE)
        write_key(self.root_folder / "root.key", root_key, root_passphrase)
        root = certificates.make_root(self.record.id, self.record.name, root_key, now)
        self._keep("root", root.certificate)
        write_atomic(self.root_folder / "root.pem", pem(root.certificate).encode())
        for name, role in (("signing", Role.OFFICE), ("receipts", Role.RECEIPTS)):
            key = self._make(name, ed25519.Ed25519PrivateKey.generate())
            certificate = certificates.certify_role(
                root, self.record.id, role, key.public_key(), now
            )
            self._keep(name, certificate)
            self._write(f"{name}.pub", SigningKey(key).public.hex)
        for name in ("opening", "vault"):
            sealing = _sealing(self._make(name, x25519.X25519PrivateKey.generate()))
            self._write(f"{name}.pub", sealing.recipient)
        server = self._make("server", ec.generate_private_key(_CURVE))
        self._keep(
            "server",
            certificates.certify_server(
                root, f"{self.record.id} server", hosts, server.public_key(), now, also_client=False
            ),
        )
        sealed = seal(secrets.token_bytes(32), [self.vault_recipient])
        write_atomic(self.folder / "keys" / _PSEUDONYMS, sealed)

    def _make(self, name: str, key: _K) -> _K:
        write_key(self._file(name), key, self._passphrase)
        return key

    def _file(self, name: str) -> Path:
        return self.folder / "keys" / f"{name}.key"

    def _keep(self, name: str, certificate: x509.Certificate) -> None:
        self._write(f"{name}.pem", pem(certificate))
        self.catalogue.add_issued(
            certificates.fingerprint(certificate), name, self.record.id, "", self.record.created_at
        )

    def _write(self, name: str, text: str) -> None:
        write_atomic(self.folder / "keys" / name, text.encode())

    def _text(self, name: str) -> str:
        try:
            return (self.folder / name).read_text("ascii")
        except FileNotFoundError as error:
            raise NotAnOfficeError(messages.PART_MISSING, path=self.folder / name) from error


def check_name(kind: str, name: str, longest: int) -> None:
    """Raise `ProvisioningError` unless a certificate can hold the name."""
    if not 0 < len(name) <= longest:
        raise ProvisioningError(messages.NAME_LONG, kind=kind, expected=longest, came=len(name))


@contextmanager
def _folder_of_ours(folder: Path) -> Iterator[None]:
    """Have the folder for ourselves while an office is made in it; gone again if that fails."""
    made = not folder.exists()
    make_folder(folder)
    try:
        with taking_turn(folder):
            _check_no_office(folder)
            yield
    except BaseException:
        if made and not any(folder.iterdir()):
            folder.rmdir()
        raise


def _check_no_office(folder: Path) -> None:
    if (folder / "office.json").exists():
        raise AlreadyThereError(messages.OFFICE_THERE, path=folder)


@contextmanager
def _nothing_left(folder: Path, root: Path) -> Iterator[None]:
    """Remove what was not there before of an office's parts, if the block raises."""
    missing = [path for path in (*(folder / part for part in _PARTS), root) if not path.exists()]
    try:
        yield
    except BaseException:
        for path in missing:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        raise


def _read_record(folder: Path) -> OfficeRecord:
    try:
        return decode((folder / "office.json").read_bytes(), OfficeRecord)
    except FileNotFoundError as error:
        raise NotAnOfficeError(messages.NOT_AN_OFFICE, path=folder) from error


def _sealing(key: x25519.X25519PrivateKey) -> SealingIdentity:
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return SealingIdentity.from_seed(raw)


def _certificate(text: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(text.encode())


def _host(address: str) -> str:
    """Return the host of ``https://host:port``; raise `ProvisioningError` on anything else."""
    try:
        split = urlsplit(address)
        host, port = split.hostname, split.port
    except ValueError as error:
        raise ProvisioningError(messages.BAD_ADDRESS, came=repr(address)) from error
    if split.scheme != "https" or not host or not port or split.path not in ("", "/"):
        raise ProvisioningError(messages.BAD_ADDRESS, came=repr(address))
    if not host.isascii():  # a certificate holds the xn-- form only
        raise ProvisioningError(messages.BAD_ADDRESS, came=repr(address))
    return host
