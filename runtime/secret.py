"""A value that does not print: keys, codes and passwords on their way through the program.

::

    code = Secret("7H2K-...")
    log.info("code %s", code)      # code Secret(hidden)
    code.reveal()                  # the one place to look for in a review
"""

import hmac
from typing import Generic, Never, TypeVar

T = TypeVar("T", str, bytes)


class Secret(Generic[T]):
    """Holds a string or bytes; every way of printing, comparing openly or pickling is shut."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value: T = value

    def reveal(self) -> T:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __str__(self) -> str:
        return "Secret(hidden)"

    def __format__(self, _spec: str) -> str:
        return "Secret(hidden)"

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_as_bytes(self._value), _as_bytes(other._value))

    __hash__ = None  # type: ignore[assignment]  # a secret is no key of a dict

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not written down: reveal it where it is sealed")


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
