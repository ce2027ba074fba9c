"""Codes that people read, say and type: the unlock code and the receipt's code.

The alphabet is Crockford's base 32: no I, L, O, U; what looks like 1 or 0 is read as
such, lower case and full width included. Each group ends with a check character over
GF(32), which finds every single wrong character, every exchange of two neighbours,
and, since the number of the group goes in, groups in the wrong order. So a person is
told which group to look at again::

    unlock_code_from(bytes(8))       -> "00000-00001-00002"
    read_code("oooo0 00001 00002")   -> "00000-00001-00002"
"""

import unicodedata
from typing import Final

from protocol.errors import MalformedError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP: Final = 5
UNLOCK_GROUPS: Final = 3
"""Three groups of four characters and a check: 60 random bits."""
RECEIPT_GROUPS: Final = 4
"""Four groups, twenty characters: 80 bits of a digest."""

_LOOKALIKES: Final = str.maketrans("ILOU", "110V")
_POLYNOMIAL: Final = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)


class CodeError(MalformedError):
    """A code that was mistyped; ``group`` counts from 1, 0 where the length is wrong."""

    code = "P110"

    def __init__(self, message: str, group: int) -> None:
        super().__init__(message)
        self.group: Final = group


def unlock_code_from(random: bytes) -> str:
    """Return the unlock code of 60 of the 64 given random bits (8 bytes)."""
    return _write(int.from_bytes(random, "big") >> 4, UNLOCK_GROUPS)


def receipt_code_from(digest: bytes) -> str:
    """Return the twenty characters of a receipt: the first 80 bits of its digest, with checks."""
    return _write(int.from_bytes(digest[:10], "big"), RECEIPT_GROUPS)


def read_code(text: str, groups: int = UNLOCK_GROUPS) -> str:
    """Return the code as it is written, from what a person typed; raise `CodeError`."""
    typed = _folded(text)
    if len(typed) != groups * GROUP:
        raise CodeError(
            f"expected {groups} groups of {GROUP} characters; got {len(typed)} characters", 0
        )
    parts = [typed[i : i + GROUP] for i in range(0, len(typed), GROUP)]
    return "-".join(read_group(part, number) for number, part in enumerate(parts, 1))


def read_group(text: str, number: int) -> str:
    """Return one group as it is written; ``number`` counts from 1. Raises `CodeError`.

    For a person who is still typing: a group can be checked before the next is begun.
    """
    group = _folded(text)
    if len(group) != GROUP:
        raise CodeError(f"group {number}: expected {GROUP} characters; got {len(group)}", number)
    if any(c not in ALPHABET for c in group):
        raise CodeError(f"group {number}: expected letters and digits; got {group!r}", number)
    values = [ALPHABET.index(c) for c in group]
    if _check(values[:-1], number - 1) != values[-1]:
        raise CodeError(f"group {number} ({group}) was mistyped: look at it again", number)
    return group


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).upper().translate(_LOOKALIKES)
    return "".join(c for c in folded if not c.isspace() and c not in "-\u2010\u2013\u2014.")


def _write(bits: int, groups: int) -> str:
    data = [bits >> (5 * i) & 31 for i in reversed(range(groups * (GROUP - 1)))]
    parts = []
    for number in range(groups):
        values = data[number * (GROUP - 1) : (number + 1) * (GROUP - 1)]
        parts.append("".join(ALPHABET[v] for v in [*values, _check(values, number)]))
    return "-".join(parts)


def _check(values: list[int], group: int) -> int:
    """Return sum of x_i * a^(i+1) plus the group's number, in GF(32)."""
    total, weight = group, 2
    for value in values:
        total ^= _times(value, weight)
        weight = _times(weight, 2)
    return total


def _times(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 32:
            a ^= _POLYNOMIAL
        b >>= 1
    return product
