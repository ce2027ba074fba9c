"""One vector: what it is, what a reader must make of it, the keys, what goes in, what comes out.

The head comes first in the file. ``expects`` is ``accepted``, and then ``output`` is what the
reader returns; or it is the stable code of the error that the reader raises. Bytes are text
where they are text, else base64; digests, keys and small numbers of bytes are hexadecimal.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from protocol.envelope import Envelope
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity

ACCEPTED = "accepted"


@dataclass(frozen=True, kw_only=True)
class Vector:
    """One file ``<format>/<name>.json``."""

    format: str
    name: str
    about: str
    expects: str = ACCEPTED
    keys: Mapping[str, Any] = field(default_factory=dict)
    input: Mapping[str, Any]
    output: Any = None
    source: str = ""

    @property
    def path(self) -> str:
        return f"{self.format}/{self.name}.json"

    def text(self) -> str:
        """Return the file, the head first."""
        head: dict[str, Any] = {"about": self.about, "format": self.format, "expects": self.expects}
        if self.source:
            head["source"] = self.source
        if self.keys:
            head["keys"] = {name: described(key) for name, key in self.keys.items()}
        body: dict[str, Any] = {"input": plain(self.input)}
        if self.output is not None:
            body["output"] = plain(self.output)
        return json.dumps(head | body, ensure_ascii=False, indent=1) + "\n"


def described(key: SigningKey | SealingIdentity | str) -> dict[str, str]:
    """Return a key as it stands in a vector's head; a plain string is a public key."""
    if isinstance(key, str):
        return {"kind": "ed25519", "public": key}
    if isinstance(key, SigningKey):
        return {
            "kind": "ed25519",
            "seed": key.dangerous_seed().hex(),
            "public": key.public.hex,
        }
    return {"kind": "age", "identity": key.dangerous_text(), "recipient": key.recipient}


def plain(value: Any) -> Any:
    """Return ``value`` as JSON holds it."""
    return msgspec.to_builtins(value)


def text_of(data: bytes) -> str:
    return data.decode()


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def altered(envelope: Envelope, **changes: Any) -> Envelope:
    """Return the envelope with other fields, and signatures that no longer fit."""
    return msgspec.structs.replace(envelope, **changes)
