"""The sealed paper and the key that opens it at the start.

Format. ``paper.age`` is sealed to a one-off identity P and is the same for every
centre, so it can be fetched and checked long before. ``paper.key.age`` holds P's
text: the outer layer opens with a box's age identity, the inner one with an identity
derived from the unlock code, so that neither a stolen box nor a leaked code opens
anything. Where two invigilators hold a code each there is one more layer::

    paper.key.age = age(boxes, age(code 1, age(code 2, "AGE-SECRET-KEY-1...")))
    code identity = X25519 of scrypt(code, salt, N=2^17, r=8, p=1, 32 bytes)

Deriving costs 0.3 s and 145 MB, for the attacker too. Source: RFC 7914.
"""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec

from exam.identifiers import Digest, Label
from exam.order import OutlineItem
from protocol.codes import read_code
from protocol.errors import MalformedError, SealedError, WrongCodeError
from protocol.sealing import SealingIdentity, seal
from protocol.values import Count, FileName, Ordinal, Value

SCRYPT_N: Final = 2**17
_R: Final = 8
_P: Final = 1
_MEMORY: Final = 160 * 1024 * 1024

Salt = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]


class SealedPaper(Value, frozen=True, kw_only=True):
    """What the bundle says of one subject's sealed paper. Sizes in bytes."""

    subject: Label
    revision: Ordinal
    file: FileName
    size: Count
    sealed_sha256: Digest
    plain_sha256: Digest
    key_file: FileName
    recipient: str
    """P's public part, ``age1...``."""
    code_salts: tuple[Salt, ...]
    """One salt a code, in the order of the layers from outside."""
    outline: tuple[OutlineItem, ...]
    """Items and options by name, so that a candidate's order can be granted at log-in."""
    scrypt_n: Count = SCRYPT_N


def derive_code_identity(code: str, salt: str, n: int = SCRYPT_N) -> SealingIdentity:
    """Return the age identity of an unlock code; the code may be as a person typed it."""
    secret = read_code(code).replace("-", "").encode()
    try:
        seed = hashlib.scrypt(
            secret, salt=bytes.fromhex(salt), n=n, r=_R, p=_P, maxmem=_MEMORY, dklen=32
        )
    except ValueError as error:
        raise MalformedError(
            f"expected a salt of 32 hexadecimal digits and a power of two of at most {SCRYPT_N}; "
            f"got {salt!r} and {n}"
        ) from error
    return SealingIdentity.from_seed(seed)


def seal_paper_key(
    paper_key: SealingIdentity, codes: Sequence[SealingIdentity], boxes: Sequence[str]
) -> bytes:
    """Return ``paper.key.age``: P in one layer a code, outermost the boxes'."""
    sealed = paper_key.dangerous_text().encode()
    for code in reversed(codes):
        sealed = seal(sealed, [code.recipient])
    return seal(sealed, boxes)


def open_paper_key(
    sealed: bytes, box: SealingIdentity, codes: Sequence[SealingIdentity], recipient: str
) -> SealingIdentity:
    """Return P, whose public part the bundle names as ``recipient``.

    Raises `WrongCodeError` where a code does not open its layer.
    """
    inner = box.open(sealed)
    for number, code in enumerate(codes, start=1):
        try:
            inner = code.open(inner)
        except SealedError as error:
            raise WrongCodeError(
                f"code {number} does not open this paper: it belongs to another "
                "subject, revision or centre"
            ) from error
    paper_key = SealingIdentity.parse(inner.decode("ascii", errors="replace"))
    if paper_key.recipient != recipient:
        raise SealedError(
            f"expected the key of the paper sealed to {recipient[:16]}...; "
            f"got that of {paper_key.recipient[:16]}...: import the bundle again"
        )
    return paper_key
