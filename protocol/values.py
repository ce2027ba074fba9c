"""Frozen values and their one encoding.

The encoding is JSON without white space, keys sorted, integers only: for these
values it equals the JSON Canonicalization Scheme (RFC 8785), so that a second
implementation finds the same bytes. Where a digest is taken over bytes that came
from outside, `decode_canonical` refuses every other spelling of the same value::

    decode_canonical(b'{"n":1}', Thing)    -> Thing(n=1)
    decode_canonical(b'{ "n": 1}', Thing)  raises MalformedError
"""

import hashlib
from typing import Annotated, Any, Final, TypeVar, cast

import msgspec

from exam.quantities import LARGEST, Count, Milliseconds, Offset, Ordinal
from protocol.errors import MalformedError

__all__ = [
    "LARGEST",
    "Count",
    "FileName",
    "HexId",
    "Milliseconds",
    "Offset",
    "Ordinal",
    "Value",
    "decode",
    "decode_canonical",
    "encode",
    "sha256_hex",
]

T = TypeVar("T")

HexId = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
"""128 random bits in lower-case hexadecimal."""

FileName = Annotated[
    str,
    msgspec.Meta(pattern=r"\A[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*\Z", max_length=200),
]
"""A path below the bundle's folder. It climbs nowhere, and no two are one on a FAT stick."""

_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen value; unknown fields are refused when it is decoded."""


def encode(value: object) -> bytes:
    """Return the one encoding of ``value``."""
    return _ENCODER.encode(value)


def decode(data: bytes, expected: type[T]) -> T:
    """Parse ``data`` as ``expected``; raise `MalformedError` with the place that is wrong."""
    try:
        return cast("T", _decoder(expected).decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedError(f"expected {_name(expected)}: {error}") from error


def decode_canonical(data: bytes, expected: type[T]) -> T:
    """Parse ``data``, and refuse it unless it is the one encoding of its value."""
    value = decode(data, expected)
    if encode(value) != data:
        raise MalformedError(
            f"expected {_name(expected)} in its one encoding (RFC 8785); "
            "got another spelling: white space, the order of keys, or escapes"
        )
    return value


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _decoder(expected: Any) -> msgspec.json.Decoder[Any]:
    found = _DECODERS.get(expected)
    if found is None:
        found = _DECODERS[expected] = msgspec.json.Decoder(expected)
    return found


def _name(expected: Any) -> str:
    kinds = getattr(expected, "__args__", ())
    return getattr(expected, "__name__", f"one of {len(kinds)} kinds")
