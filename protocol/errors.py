"""What can be wrong with bytes that came from another machine.

::

    ProtocolError                 has a stable ``code`` for operators
    ├── MalformedError            not of the form that the caller expects
    ├── UntrustedError            the signature is missing, wrong, or somebody else's
    ├── BrokenChainError          events, leaves or parcels do not follow one another
    │   └── ForkError             two histories that cannot both be true
    └── SealedError               cannot be opened
        └── WrongCodeError        the unlock code does not open the paper

A message says what was expected, what came, and what to do.
"""

from typing import ClassVar


class ProtocolError(Exception):
    """Something from another machine that must not be believed."""

    code: ClassVar[str] = "P000"


class MalformedError(ProtocolError):
    """Bytes that are not of the expected form."""

    code = "P100"


class UntrustedError(ProtocolError):
    """A signature that is missing, wrong, or of a key that the caller did not name."""

    code = "P200"


class BrokenChainError(ProtocolError):
    """A gap, a repetition that differs, or a digest that does not follow."""

    code = "P300"


class ForkError(BrokenChainError):
    """Two signed histories that cannot both be true."""

    code = "P310"


class SealedError(ProtocolError):
    """Something sealed that does not open: another recipient, or cut short, or altered."""

    code = "P400"


class WrongCodeError(SealedError):
    """The unlock code is well formed but does not open this paper."""

    code = "P410"
