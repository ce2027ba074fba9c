"""Pairing: a seat and an appliance that share nine digits prove it to each other.

The only module that knows SPAKE2. Who knows the code learns who else does; who does not
learns one thing a try, that this one guess was wrong, and nothing to work on afterwards.

Rules:

1. The server's certificate goes into the keys: both sides put in the SHA-256 of the one
   that they themselves see on their end of the TLS connection. A relay with its own
   certificate therefore breaks the confirmation, even when it passes everything on.
2. The certificate requests go into the seat's confirmation, and the issued bytes into the
   box's. Verify the confirmation over the bytes, then parse them.
3. The seat confirms first. A wrong code is a wrong confirmation, and each is counted.

The exchange, two requests over TLS whose certificate nobody has verified yet::

    seat                                            box
    Start {seat, share}              ------->
                                     <-------       Offer {attempt, share}
    Finish {attempt, two requests,   ------->       compares the confirmation
            confirmation}
    compares the confirmation        <-------       Done {issued bytes, confirmation}

Source: SPAKE2 as in RFC 9382, in the form of PyPI's ``spake2`` (group edwards25519; its
transcript hash differs from the RFC's); key confirmation by HKDF (RFC 5869) and HMAC.
"""

import enum
import hashlib
import hmac
import unicodedata
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError

from exam.identifiers import Label
from protocol.errors import MalformedError, UntrustedError
from protocol.values import HexId, Milliseconds, Value

DIGITS: Final = 9
START_PATH: Final = "/v1/pairing/start"
FINISH_PATH: Final = "/v1/pairing/finish"

_CONTEXT: Final = b"examhall pairing v1"

Share = Annotated[bytes, msgspec.Meta(min_length=33, max_length=33)]
"""A side byte and a point of edwards25519."""

Confirmation = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
"""HMAC-SHA-256."""

Request = Annotated[bytes, msgspec.Meta(min_length=1, max_length=4096)]
"""A certificate request, PKCS#10 (RFC 2986) in DER."""


class Start(Value, frozen=True, kw_only=True):
    """A seat asks to be paired under this name."""

    seat: Label
    share: Share


class Offer(Value, frozen=True, kw_only=True):
    """The box has a window for that seat; the attempt lives for a minute or so."""

    attempt: HexId
    share: Share


class Finish(Value, frozen=True, kw_only=True):
    """The seat proves the code and asks for its two certificates."""

    attempt: HexId
    tls_request: Request
    """For the P-256 key of its mTLS connections."""
    seat_request: Request
    """For the Ed25519 key that signs what is written at this seat."""
    confirmation: Confirmation


class Done(Value, frozen=True, kw_only=True):
    """The box proves the code; ``issued`` is a `protocol.enrolment.Issued`, encoded."""

    issued: bytes
    confirmation: Confirmation


class Refusal(enum.Enum):
    """Why a seat is not paired; told to the seat and shown on the console."""

    NO_WINDOW = "no_window"
    """No code is out for this seat, or its time is over."""
    WRONG_CODE = "wrong_code"
    """The digits differ, or somebody stands between the seat and the box."""
    TAKEN = "taken"
    """Another machine is paired as this seat and the window does not replace it."""
    SLOW_DOWN = "slow_down"
    """Too many wrong codes, or too many at once; come again after ``retry_after_ms``."""
    EXPIRED = "expired"
    """The attempt is too old, used up, or unknown: start again."""
    BAD_REQUEST = "bad_request"
    """The message or a certificate request in it is not of the expected form."""


class Refused(Value, frozen=True, kw_only=True):
    """The box's answer where it does not go on."""

    reason: Refusal
    retry_after_ms: Milliseconds = 0


class CodeFormatError(MalformedError):
    """What was typed is not nine digits."""

    code = "P120"


class ConfirmationError(UntrustedError):
    """The other side does not have the same code, certificate and requests as we do."""

    code = "P220"


def code_from(number: int) -> str:
    """Return the nine digits of a random number below 10**9, as they are shown to people."""
    if not 0 <= number < 10**DIGITS:
        raise ValueError(f"expected 0 to 10**{DIGITS} - 1; got {number}")
    text = f"{number:0{DIGITS}d}"
    return f"{text[:3]} {text[3:6]} {text[6:]}"


def read_code(typed: str) -> str:
    """Return the code as it is shown, from what a person typed; raise `CodeFormatError`."""
    folded = unicodedata.normalize("NFKC", typed)
    digits = "".join(c for c in folded if not c.isspace() and c not in "-.")
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdecimal():
        raise CodeFormatError(f"expected {DIGITS} digits; got {len(digits)} characters")
    return code_from(int(digits))


class Transcript(Value, frozen=True, kw_only=True):
    """What both sides must have seen alike."""

    seat: Label
    seat_share: Share
    box_share: Share
    server_digest: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    """SHA-256 of the server's certificate in DER, as this side sees it."""

    def digest(self) -> bytes:
        """SHA-256 over the fields, each preceded by its length in four bytes."""
        parts = (self.seat.encode(), self.seat_share, self.box_share, self.server_digest)
        return hashlib.sha256(b"".join(map(_framed, (_CONTEXT, *parts)))).digest()


class SharedKeys:
    """The two confirmation keys of one attempt. They do not print."""

    __slots__ = ("_box", "_seat")

    def __init__(self, secret: bytes, transcript: Transcript) -> None:
        info = _CONTEXT + b" confirmation" + transcript.digest()
        both = HKDF(hashes.SHA256(), 64, salt=None, info=info).derive(secret)
        self._seat, self._box = both[:32], both[32:]

    def seat_confirmation(self, tls_request: bytes, seat_request: bytes) -> bytes:
        """Return the seat's proof, over its two certificate requests."""
        return _mac(self._seat, b"seat", tls_request, seat_request)

    def box_confirmation(self, tls_request: bytes, seat_request: bytes, issued: bytes) -> bytes:
        """Return the box's proof, over the requests it read and the bytes it issues."""
        return _mac(self._box, b"box", tls_request, seat_request, issued)

    def check_seat(self, finish: Finish) -> None:
        """Raise `ConfirmationError` unless the seat has proved the code."""
        expected = self.seat_confirmation(finish.tls_request, finish.seat_request)
        _compare(finish.confirmation, expected, "seat")

    def check_box(self, finish: Finish, done: Done) -> bytes:
        """Return the issued bytes once the box has proved the code over them."""
        expected = self.box_confirmation(finish.tls_request, finish.seat_request, done.issued)
        _compare(done.confirmation, expected, "appliance")
        return done.issued

    def __repr__(self) -> str:
        return "SharedKeys(hidden)"


class SeatSide:
    """The seat's half of one attempt; made, finished once, thrown away."""

    def __init__(self, *, seat: str, code: str) -> None:
        self._seat = seat
        self._exchange = SPAKE2_A(_password(code), **_names(seat))
        self.share: Final[bytes] = self._exchange.start()

    def finish(self, box_share: bytes, server_digest: bytes) -> SharedKeys:
        """Return the keys; raise `MalformedError` if the box's share is none."""
        transcript = Transcript(
            seat=self._seat,
            seat_share=self.share,
            box_share=box_share,
            server_digest=server_digest,
        )
        return SharedKeys(_secret(self._exchange, box_share), transcript)


def answer(*, start: Start, code: str, server_digest: bytes) -> tuple[bytes, SharedKeys]:
    """Return the box's share and the keys for a seat's start (10-15 ms of one core).

    Raises `MalformedError` if the seat's share is no point of the group.
    """
    exchange = SPAKE2_B(_password(code), **_names(start.seat))
    share: bytes = exchange.start()
    transcript = Transcript(
        seat=start.seat, seat_share=start.share, box_share=share, server_digest=server_digest
    )
    return share, SharedKeys(_secret(exchange, start.share), transcript)


def _password(code: str) -> bytes:
    return read_code(code).replace(" ", "").encode()


def _names(seat: str) -> dict[str, bytes]:
    return {"idA": _CONTEXT + b" seat " + seat.encode(), "idB": _CONTEXT + b" box"}


def _secret(exchange: SPAKE2_A | SPAKE2_B, share: bytes) -> bytes:
    try:
        secret: bytes = exchange.finish(share)
    except (SPAKEError, ValueError) as error:
        raise MalformedError(
            f"expected a SPAKE2 share of the other side (33 bytes); got {share[:8].hex()}...: "
            "start the pairing again"
        ) from error
    return secret


def _mac(key: bytes, role: bytes, *parts: bytes) -> bytes:
    message = role + b"".join(hashlib.sha256(part).digest() for part in parts)
    return hmac.digest(key, message, hashlib.sha256)


def _compare(got: bytes, expected: bytes, who: str) -> None:
    if not hmac.compare_digest(got, expected):
        raise ConfirmationError(
            f"expected the {who} to prove the pairing code; its proof is wrong: the digits were "
            "mistyped, or somebody stands between; look at the code and try again"
        )


def _framed(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part
