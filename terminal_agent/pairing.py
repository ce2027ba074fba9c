"""The seat's side of pairing: prove the nine digits, be given an identity.

Rules:

1. The server's certificate is verified by nobody here: its SHA-256 goes into the proof, and
   every connection of the attempt must show the same one. Nothing else of this program may
   connect like this, hence the name `unverified_certificate_of`.
2. The box is believed only after its own proof, over the very bytes that it issued.
3. Keys are on disk before they are certified, and are used again when the line broke: then
   the box knows the machine and gives the same certificates.
4. What was typed wrong is a `PairingRefusedError` with the box's reason; a box that does not
   prove the code is a `protocol.pairing.ConfirmationError`.
5. A box that asks to wait is waited for, for a while; nothing else is tried twice.
6. For one typing of the code a box is given one proof at most: each is a guess for whoever
   only poses as the box. Who asks to wait after the proof gets no other.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeVar

import aiohttp

from protocol.enrolment import Issued, make_request
from protocol.errors import MalformedError
from protocol.pairing import (
    FINISH_PATH,
    START_PATH,
    Done,
    Finish,
    Offer,
    Refusal,
    Refused,
    SeatSide,
    Start,
    read_code,
)
from protocol.values import decode, encode
from terminal_agent.identity import Identity, SeatKeys, keep, keys_for

T = TypeVar("T")

STEP_TIMEOUT_S: Final = 10.0
CONNECT_TIMEOUT_S: Final = 3.0
PATIENCE_S: Final = 20.0
"""How long a seat waits in all when the box asks it to come again."""
SHORTEST_WAIT_S: Final = 0.25
"""No box is asked again sooner, whatever it says."""
_LARGEST: Final = 131_072


class PairingRefusedError(Exception):
    """The box said no; ``reason`` says why and ``retry_after_s`` when to come again."""

    def __init__(self, refused: Refused, *, had_proof: bool) -> None:
        super().__init__(f"the appliance refused to pair: {refused.reason.value}")
        self.had_proof: Final = had_proof
        """It said so after the seat's proof of the code."""
        self.reason: Final = refused.reason
        self.retry_after_s: Final = refused.retry_after_ms / 1000


class PairingLineError(ConnectionError):
    """Nobody answered at the address, or the line broke: try again, nothing is lost."""


async def pair(
    *, host: str, port: int, seat: str, code: str, folder: Path, patience_s: float = PATIENCE_S
) -> Identity:
    """Pair this machine as ``seat`` with the appliance at ``host``; store what is issued.

    1. Keys for the seat lie in ``folder``.
    2. The certificate that the server shows is noted.
    3. Shares are exchanged, and the proof is made over that certificate and our requests.
    4. The box's proof over the issued bytes is checked, then the bytes are read.
    5. Names, keys and chain are checked, and the identity is stored.

    Raises `CodeFormatError`, `PairingRefusedError`, `ConfirmationError`, `PairingLineError`,
    or another `ProtocolError` where the box sends what it must not.
    """
    while True:
        try:
            return await _pair_once(host, port, seat, code, folder)
        except PairingRefusedError as refused:
            wait_s = max(refused.retry_after_s, SHORTEST_WAIT_S)
            patience_s -= wait_s
            if refused.reason is not Refusal.SLOW_DOWN or refused.had_proof or patience_s < 0:
                raise
            await asyncio.sleep(wait_s)


async def _pair_once(host: str, port: int, seat: str, code: str, folder: Path) -> Identity:
    side = SeatSide(seat=seat, code=read_code(code))
    keys = await asyncio.to_thread(keys_for, folder, seat)
    with _line_errors(f"{host}:{port}"):
        certificate = await unverified_certificate_of(host, port)
        digest = hashlib.sha256(certificate).digest()
        async with _box(host, port, digest) as box:
            issued = await _exchange(box, side, keys, digest)
    return await asyncio.to_thread(keep, folder, keys, issued)


async def unverified_certificate_of(host: str, port: int) -> bytes:
    """Return the certificate (DER) that a server shows, believing nothing about it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    if not shown:
        raise MalformedError(f"{host}:{port}: expected a server's certificate; got none")
    return bytes(shown)


async def _exchange(
    box: aiohttp.ClientSession, side: SeatSide, keys: SeatKeys, digest: bytes
) -> Issued:
    offer = await _post(box, START_PATH, Start(seat=keys.seat, share=side.share), Offer)
    shared = await asyncio.to_thread(side.finish, offer.share, digest)
    tls_request = make_request(keys.tls, keys.seat)
    seat_request = make_request(keys.signer, keys.seat)
    finish = Finish(
        attempt=offer.attempt,
        tls_request=tls_request,
        seat_request=seat_request,
        confirmation=shared.seat_confirmation(tls_request, seat_request),
    )
    done = await _post(box, FINISH_PATH, finish, Done)
    return decode(shared.check_box(finish, done), Issued)


async def _post(box: aiohttp.ClientSession, path: str, message: object, expected: type[T]) -> T:
    headers = {"Content-Type": "application/json"}
    async with box.post(path, data=encode(message), headers=headers) as reply:
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            reply.raise_for_status()
        data = await reply.content.read(_LARGEST)
        while not reply.content.at_eof() and len(data) < _LARGEST:
            data += await reply.content.read(_LARGEST - len(data))
        if reply.status == HTTPStatus.OK:
            return decode(data, expected)
        raise PairingRefusedError(decode(data, Refused), had_proof=path == FINISH_PATH)


def _box(host: str, port: int, digest: bytes) -> aiohttp.ClientSession:
    """Return a session that speaks to the holder of the certificate with this SHA-256 only."""
    name = f"[{host}]" if ":" in host else host
    return aiohttp.ClientSession(
        f"https://{name}:{port}",
        connector=aiohttp.TCPConnector(ssl=aiohttp.Fingerprint(digest), limit=1),
        timeout=aiohttp.ClientTimeout(total=STEP_TIMEOUT_S),
        trust_env=False,
    )


@contextmanager
def _line_errors(where: str) -> Iterator[None]:
    try:
        yield
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        raise PairingLineError(
            f"{where}: expected an appliance to answer; {type(error).__name__}: {error}; "
            "look at the cable and the address, then try again"
        ) from error
