"""How a parcel travels: tus 1.0 headers, the refusals, and the page of office receipts.

Source: tus resumable upload protocol 1.0.0 (tus.io), core, creation, creation with
upload, and checksum. The office adds two rules: length and SHA-256 of the whole file
are declared at creation (``Upload-Metadata: sha256 <base64 of the hexadecimal digest>``),
and the whole digest decides. What arrived of a broken PATCH is kept and told by HEAD.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from exam.identifiers import Digest
from protocol.envelope import Envelope
from protocol.errors import MalformedError
from protocol.parcel import MAX_PLAIN
from protocol.values import Count, Value

TUS: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,checksum"
MAX_FILE: Final = MAX_PLAIN + 4 * 1024 * 1024
"""Largest parcel file in bytes: age and zstd may add a little to what does not compress."""

UPLOADS: Final = "/v1/uploads"
RECEIPTS: Final = "/v1/receipts"
OFFSET_TYPE: Final = "application/offset+octet-stream"
CHECKSUM_MISMATCH: Final = 460
"""tus's own status code."""
MAX_WAIT_S: Final = 25
"""Longest that the office lets a request for receipts wait."""
MAX_PAGE: Final = 500
RECEIPTS_SUFFIX: Final = ".receipts.json"
"""Ends the name of a `ReceiptsFile` on a stick."""

_CHECKSUMS: Final[dict[str, Callable[[], Any]]] = {
    "sha1": hashlib.sha1,  # the standard asks for it
    "sha256": hashlib.sha256,
}
CHECKSUMS: Final = ",".join(_CHECKSUMS)


class Refusal(Value, frozen=True, kw_only=True):
    """Why the office did not take something; ``code`` is stable."""

    code: str
    message: str


class NumberedReceipt(Value, frozen=True, kw_only=True):
    """An office receipt with its place among those of one appliance, from 1 without a hole."""

    number: Count
    receipt: Envelope


class ReceiptsPage(Value, frozen=True, kw_only=True):
    """Receipts after the number asked for, in turn; empty where nothing came in time.

    ``series`` tells one list from another: the digest of its first receipt's envelope, empty
    where there is none yet. Numbers count within one series; where it is another than before,
    the office has lost its list and begun anew, and the box reads again from 0.
    """

    receipts: tuple[NumberedReceipt, ...]
    series: str


class ReceiptsFile(Value, frozen=True, kw_only=True):
    """The same on a stick: all receipts of one appliance, in turn."""

    centre: str
    appliance: str
    receipts: tuple[NumberedReceipt, ...]


def write_metadata(values: Mapping[str, str]) -> str:
    """Return ``Upload-Metadata``."""
    pairs = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
    return ",".join(pairs)


def read_metadata(header: str) -> dict[str, str]:
    """Parse ``Upload-Metadata``; a key may stand alone."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        if key in found:
            raise MalformedError(f"Upload-Metadata: {key!r} stands there twice")
        found[key] = _text(encoded)
    return found


def declared_digest(header: str) -> Digest:
    """Return the SHA-256 that ``Upload-Metadata`` declares."""
    digest = read_metadata(header).get("sha256", "")
    expected_length = 64
    if len(digest) != expected_length or set(digest) - set("0123456789abcdef"):
        raise MalformedError(
            "Upload-Metadata: expected sha256 of the whole file as 64 lower-case hexadecimal "
            f"digits in base64; got {digest[:80]!r}"
        )
    return digest


def read_number(name: str, text: str | None) -> int:
    """Parse a header such as ``Upload-Offset``: a decimal number, not negative."""
    most_digits = 15
    if text is None or not text.isascii() or not text.isdigit() or len(text) > most_digits:
        raise MalformedError(f"{name}: expected a decimal number; got {text!r}")
    return int(text)


def read_checksum(header: str) -> tuple[Any, bytes]:
    """Return a fresh hash object and the digest that the PATCH's bytes must have."""
    name, _, encoded = header.partition(" ")
    if name not in _CHECKSUMS:
        raise MalformedError(f"Upload-Checksum: expected {CHECKSUMS}; got {name[:20]!r}")
    return _CHECKSUMS[name](), _bytes(encoded)


def _text(encoded: str) -> str:
    try:
        return _bytes(encoded).decode()
    except UnicodeDecodeError as error:
        raise MalformedError("Upload-Metadata: expected UTF-8 in base64") from error


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"expected base64; got {encoded[:60]!r}") from error
