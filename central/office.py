"""One office on a disk: who it is, its keys, and where it listens.

The receipts key and the opening key lie in ``inner/`` and are read by the inner worker
alone; the receiver reads the TLS key alone.
"""

from pathlib import Path
from typing import Final

import msgspec

from central.errors import NotAnOfficeError
from central.layout import Layout
from exam.identifiers import Digest, Label
from protocol.keys import SigningKey, VerifyKey
from protocol.sealing import SealingIdentity
from protocol.values import Value, decode, encode
from runtime.files import make_folder, write_atomic
from runtime.tls import Identity

RECEIPTS_KEY: Final = "receipts.key"
OPENING_KEY: Final = "opening.key"
CHAIN: Final = "chain.pem"
TLS_KEY: Final = "key.pem"
ROOT: Final = "root.pem"


class OfficeConfig(Value, frozen=True, kw_only=True):
    """Who this office is. ``office_key`` verifies bundles, 64 hexadecimal digits."""

    id: Label
    office_key: Digest
    host: str
    port: int


class OfficeParts(msgspec.Struct, frozen=True, kw_only=True):
    """What an office is made from; the keys are as `exam-provision` wrote them."""

    config: OfficeConfig
    chain_pem: bytes
    tls_key_pem: bytes
    root_pem: bytes
    receipts_key: SigningKey
    opening_key: SealingIdentity


def make_office(home: Path, parts: OfficeParts) -> Layout:
    """Lay out an office's folder. An existing office is left alone."""
    layout = Layout(home)
    if layout.config.exists():
        raise NotAnOfficeError("office_there", home=home)
    for folder in layout.folders():
        make_folder(folder)
    write_atomic(layout.tls / CHAIN, parts.chain_pem)
    write_atomic(layout.tls / TLS_KEY, parts.tls_key_pem)
    write_atomic(layout.tls / ROOT, parts.root_pem)
    write_atomic(layout.inner / RECEIPTS_KEY, parts.receipts_key.dangerous_seed().hex().encode())
    write_atomic(layout.inner / OPENING_KEY, parts.opening_key.dangerous_text().encode())
    write_atomic(layout.config, encode(parts.config))
    return layout


def read_config(layout: Layout) -> OfficeConfig:
    """Read who this office is."""
    return decode(_read(layout.config), OfficeConfig)


def check_office(layout: Layout) -> None:
    """Refuse a folder that is no office, before anything is read from it or made in it."""
    if not layout.config.is_file():
        raise NotAnOfficeError("no_office", home=layout.home, config=layout.config.name)


def office_key(config: OfficeConfig) -> VerifyKey:
    """Return the key that signs bundles."""
    return VerifyKey.from_hex(config.office_key)


def tls_identity(layout: Layout) -> tuple[Identity, bytes]:
    """Return the receiver's certificate with its key, and the root in PEM."""
    identity = Identity.read(layout.tls / CHAIN, layout.tls / TLS_KEY)
    return identity, _read(layout.tls / ROOT)


def receipts_key(layout: Layout) -> SigningKey:
    """Return the key of the office receipts: for the inner worker only."""
    return SigningKey.from_seed(bytes.fromhex(_read(layout.inner / RECEIPTS_KEY).decode()))


def opening_key(layout: Layout) -> SealingIdentity:
    """Return the key that opens parcels and recordings: for the inner worker only."""
    return SealingIdentity.parse(_read(layout.inner / OPENING_KEY).decode())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotAnOfficeError("office_part", path=path) from error
