"""The names that things are called by, in every message and every database.

An identifier is 1 to 63 characters of ``a-z 0-9 -``, beginning and ending with a
letter or digit (the label of RFC 1123, so that it may stand in a host name, an
mDNS instance, a file name and a certificate without quoting)::

    parse("seat", "a-07")        -> "a-07"
    parse("seat", "A 07")        raises IdentifierError

A response names identifiers, never positions: positions are shuffled per candidate.
"""

import re
from typing import Annotated, Final

import msgspec

PATTERN: Final = r"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z"
"""Python's ``$`` would let a final newline through."""

_LABEL: Final = re.compile(PATTERN)

Label = Annotated[str, msgspec.Meta(pattern=PATTERN)]
"""A string that msgspec refuses unless it is an identifier."""

Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
"""SHA-256 in lower-case hexadecimal, 64 characters."""


class IdentifierError(ValueError):
    """A name that is not 1 to 63 characters of a-z, 0-9 and hyphen."""


def parse(kind: str, text: str) -> str:
    """Return ``text`` if it is an identifier, else raise `IdentifierError` naming ``kind``."""
    if _LABEL.fullmatch(text):
        return text
    raise IdentifierError(
        f"{kind}: expected 1 to 63 characters of a-z, 0-9 and hyphen, "
        f"beginning and ending with a letter or digit; got {text!r}"
    )
