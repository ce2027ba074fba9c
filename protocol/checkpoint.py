"""Checkpoints of the box's log, and the seats' cosignatures.

Sources: C2SP tlog-checkpoint, signed-note and tlog-cosignature (cosignature/v1).
A checkpoint is text::

    examhall/log/sz-07/ksj-2026-09/box-1/1            the origin, see `origin`
    412                                               leaves
    MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=      root, base64
    <empty line>
    — examhall/log/sz-07/ksj-2026-09/box-1/1 <base64(key hash, signature)>

A seat checks the box's signature and the consistency with what it saw before, keeps
the checkpoint, and adds its cosignature.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from protocol.errors import MalformedError, UntrustedError
from protocol.keys import SigningKey, VerifyKey
from protocol.values import LARGEST

_NOTE: Final = b"\x01"
_COSIGNATURE: Final = b"\x04"
_DASH: Final = "\u2014"
_SIZE: Final = re.compile("0|[1-9][0-9]{0,15}")
_ROOT_SIZE: Final = 32
_STAMP_SIZE: Final = 8
_HASH_SIZE: Final = 4

MAX_NOTE: Final = 16 * 1024
"""Longest signed note in characters."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The state of a log: its origin, how many leaves, and their root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the text that is signed, with its final newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse_body(cls, body: str) -> Self:
        """Parse the signed text; extension lines are refused, since this log writes none."""
        lines = body.split("\n")
        expected_lines = 4
        if len(lines) != expected_lines or lines[3]:
            raise MalformedError(f"expected a checkpoint of three lines; got {len(lines) - 1}")
        origin, size, root = lines[:3]
        if not _SIZE.fullmatch(size) or int(size) > LARGEST:
            raise MalformedError(f"expected a number of leaves; got {size[:40]!r}")
        raw = _unbase64(root)
        if len(raw) != _ROOT_SIZE:
            raise MalformedError(f"expected a root of 32 bytes; got {len(raw)}")
        return cls(origin=origin, size=int(size), root=raw)


def origin(centre: str, sitting: str, appliance: str, generation: int) -> str:
    """Return the name of a log, which no other centre, sitting or generation shares."""
    return f"examhall/log/{centre}/{sitting}/{appliance}/{generation}"


def cosigner(centre: str, sitting: str, seat: str) -> str:
    """Return the name under which a seat cosigns."""
    return f"examhall/seat/{centre}/{sitting}/{seat}"


def sign_checkpoint(checkpoint: Checkpoint, log_key: SigningKey) -> str:
    """Return the signed note."""
    body = checkpoint.body()
    signature = _key_hash(checkpoint.origin, _NOTE, log_key.public) + log_key.sign(body.encode())
    return f"{body}\n{_line(checkpoint.origin, signature)}"


def open_checkpoint(note: str, expected_origin: str, log_key: VerifyKey) -> Checkpoint:
    """Return the checkpoint if ``log_key`` signed it under the expected origin."""
    body, lines = _split(note)
    wanted = _key_hash(expected_origin, _NOTE, log_key)
    for name, raw in lines:
        if name == expected_origin and raw[:_HASH_SIZE] == wanted:
            if not log_key.accepts(raw[_HASH_SIZE:], body.encode()):
                raise UntrustedError(f"checkpoint of {name}: the signature does not fit the text")
            checkpoint = Checkpoint.parse_body(body)
            if checkpoint.origin != expected_origin:
                raise UntrustedError(
                    f"expected a checkpoint of {expected_origin}; got {checkpoint.origin}"
                )
            return checkpoint
    raise UntrustedError(f"expected a checkpoint signed by {expected_origin}; got none")


def cosign(note: str, name: str, seat_key: SigningKey, unix_seconds: int) -> str:
    """Return the cosignature line of a seat that has checked ``note``."""
    body, _ = _split(note)
    signature = seat_key.sign(_cosigned(body, unix_seconds))
    stamp = unix_seconds.to_bytes(_STAMP_SIZE, "big")
    return _line(name, _key_hash(name, _COSIGNATURE, seat_key.public) + stamp + signature)


def check_cosignature(note: str, line: str, name: str, seat_key: VerifyKey) -> int:
    """Return when (seconds since 1970) the seat ``name`` cosigned ``note``."""
    body, _ = _split(note)
    found, raw = _parse_line(line.removesuffix("\n"))
    if found != name or raw[:_HASH_SIZE] != _key_hash(name, _COSIGNATURE, seat_key):
        raise UntrustedError(f"expected a cosignature by {name}; got one by {found}")
    stamp = int.from_bytes(raw[_HASH_SIZE : _HASH_SIZE + _STAMP_SIZE], "big")
    if not seat_key.accepts(raw[_HASH_SIZE + _STAMP_SIZE :], _cosigned(body, stamp)):
        raise UntrustedError(f"the cosignature by {name} does not fit the checkpoint")
    return stamp


def _cosigned(body: str, unix_seconds: int) -> bytes:
    return f"cosignature/v1\ntime {unix_seconds}\n{body}".encode()


def _key_hash(name: str, kind: bytes, key: VerifyKey) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + key.raw).digest()[:_HASH_SIZE]


def _line(name: str, raw: bytes) -> str:
    return f"{_DASH} {name} {base64.b64encode(raw).decode()}\n"


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    if len(note) > MAX_NOTE:
        raise MalformedError(f"expected a note of at most {MAX_NOTE} characters; got {len(note)}")
    body, found, tail = note.partition("\n\n")
    if not found or not tail.endswith("\n"):
        raise MalformedError("expected a signed note: text, an empty line, signature lines")
    return body + "\n", [_parse_line(line) for line in tail[:-1].split("\n")]


def _parse_line(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != _DASH or not name or not encoded:
        raise MalformedError(f"expected a signature line of a note; got {line[:60]!r}")
    return name, _unbase64(encoded)


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedError(f"expected base64; got {text[:60]!r}") from error
