"""The line to the appliance: proving it, and then one link with three tasks.

`prove` believes an address only after mTLS to the pinned authority, the signed bundle, and
the certificate that the bundle names for this box. `Link.run` then

- *beats* every two seconds, and asks at once when something has changed;
- *hears* decisions, the paper's key, receipts and the like, each checked where it arrives;
- *delivers* what the box has not acknowledged, oldest first, one batch at a time.

It ends when any of them fails; whoever owns it looks for the appliance again. Everything
may come twice, and nothing is lost by breaking anywhere: events stay in the spool.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec.structs import replace

from protocol import seat_api
from protocol.discovery import Address
from protocol.enrolment import seat_host
from protocol.errors import MalformedError, ProtocolError, UntrustedError
from protocol.journal import open_acknowledgement
from protocol.seat_api import (
    Acknowledged,
    BatchRefusal,
    BatchRefused,
    Beat,
    HallBeat,
    HallInfo,
    HallSays,
    Hello,
    LoginReply,
    LoginRequest,
)
from protocol.values import decode, encode
from runtime.clock import Beat as ClockBeat
from runtime.clock import SteadyClock
from runtime.errors import MachineryError
from runtime.secret import Secret
from runtime.tls import Identity as TlsIdentity
from runtime.tls import client_context
from terminal_agent.identity import Identity
from terminal_agent.session import SeatSession
from terminal_agent.trust import TrustedHall, trust

BEAT_S: Final = 2.0
APART_S: Final = 0.02
"""So long lies at least between two batches of a seat. A person does not notice it; what many
save at once goes under fewer signatures, which are what costs the box most."""
MOST_REPLY: Final = 16 * 1024 * 1024
"""Bytes of a reply: the manifest of two thousand seats, or the decisions of a long day."""
_REQUEST_S: Final = aiohttp.ClientTimeout(total=20, sock_connect=5)
_AGAIN_S: Final = 1.0
_log = logging.getLogger(__name__)


class LinkLostError(Exception):
    """The line to the appliance broke; the message says where.

    ``disk``: why, where it was this seat's own disk that refused.
    """

    def __init__(self, message: str, disk: MachineryError | None = None) -> None:
        super().__init__(message)
        self.disk: Final = disk


class Hearer(Protocol):
    """What the link tells the seat."""

    async def hear(self, said: HallSays) -> None:
        """Take one message of the hall."""

    async def hear_clock(self, beat: ClockBeat) -> None:
        """Take hall time from an answered beat."""

    def beat(self) -> Beat:
        """Return what the seat says of itself now; the link may let ``sent`` grow by a little."""

    async def hello(self) -> Hello:
        """Return what the seat knows when a link comes up."""

    def session(self) -> SeatSession | None:
        """Return the session that is open at the seat."""

    def owing(self) -> SeatSession | None:
        """Return a session with events that the box does not have, the open one first."""

    async def moved(self, session: SeatSession) -> None:
        """Take note that the session went on at another seat."""

    def forked(self, text: str) -> None:
        """Take note that the box holds another history than this seat."""


@dataclass(frozen=True, kw_only=True)
class Proven:
    """An appliance that was proved, and how to speak to it."""

    http: aiohttp.ClientSession
    """Its every connection shows the box's own certificate."""
    hall: TrustedHall

    def url(self, port: int, path: str) -> str:
        """Return where another process of the same box is asked."""
        name = seat_host(self.hall.appliance.id, self.hall.manifest.centre)
        return f"https://{name}:{port}{path}"

    async def close(self) -> None:
        """End its connections."""
        await self.http.close()


def seat_tls(identity: Identity) -> TlsIdentity:
    """Return the seat's certificate and key for TLS. Blocks."""
    pem = identity.tls_pem.read_bytes()
    return TlsIdentity(chain_pem=pem, key_pem=Secret(b""))


async def prove(
    address: Address, identity: Identity, root_pem: str, in_place: TrustedHall | None
) -> Proven:
    """Return the appliance at an address, proved; raise `UntrustedError` or a line error.

    1. Its certificate is of the pinned authority, and ours is accepted.
    2. The bundle that it shows is the office's, and names the box.
    3. Over connections whose certificate bears that box's own name it says the same again;
       only such connections are used from there on.
    """
    # 1
    authorities = await asyncio.to_thread(identity.authority_pem.read_bytes)
    tls = await asyncio.to_thread(seat_tls, identity)
    anonymous = client_context(authorities=authorities, identity=tls, check_name=False)
    async with aiohttp.ClientSession(
        f"https://{address}",
        connector=aiohttp.TCPConnector(ssl=anonymous),
        timeout=_REQUEST_S,
    ) as http:
        # 2
        hall = trust(await _introduction(http), root_pem, identity.seat, in_place)
    # 3
    named = _named_session(hall, address, client_context(authorities=authorities, identity=tls))
    try:
        again = trust(await _introduction(named), root_pem, identity.seat, hall)
    except BaseException:
        await named.close()
        raise
    return Proven(http=named, hall=again)


def _named_session(
    hall: TrustedHall, address: Address, context: ssl.SSLContext
) -> aiohttp.ClientSession:
    """Return a session whose every connection is to a holder of the box's certificate."""
    name = seat_host(hall.appliance.id, hall.manifest.centre)
    connector = aiohttp.TCPConnector(ssl=context, limit=8, resolver=_Known(name, address.host))
    return aiohttp.ClientSession(
        f"https://{name}:{address.port}", connector=connector, timeout=_REQUEST_S
    )


class _Known(AbstractResolver):
    """Resolves the box's name to the address where it was found, and no other name."""

    def __init__(self, name: str, host: str) -> None:
        self._name = name
        self._host = host

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the one address."""
        if host != self._name:
            raise OSError(f"expected {self._name}, asked for {host}")
        found = await asyncio.get_running_loop().getaddrinfo(
            self._host, port, family=family, type=socket.SOCK_STREAM
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(where[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, _, proto, _, where in found
        ]

    async def close(self) -> None:
        """Have nothing to let go of."""


async def _introduction(http: aiohttp.ClientSession) -> HallInfo:
    async with http.get(seat_api.HALL) as reply:
        body = await _limited(reply)
    if reply.status != 200:  # noqa: PLR2004 - HTTP's OK
        raise UntrustedError(body.decode(errors="replace"))
    return decode(body, HallInfo)


async def log_in(proven: Proven, request: LoginRequest) -> LoginReply:
    """Ask the box for a grant; raise `LinkLostError`."""
    async with (
        _line_errors("log-in"),
        proven.http.post(seat_api.LOGIN, data=encode(request)) as reply,
    ):
        return seat_api.decode_login_reply(await _body(reply))


class Link:
    """One link, from its opening to its end."""

    def __init__(self, proven: Proven, hearer: Hearer, steady: SteadyClock) -> None:
        self._proven = proven
        self._hearer = hearer
        self._steady = steady
        self._now = asyncio.Event()
        self._sent = 0
        """``sent`` of the last beat, which names it: no two have the same."""

    def soon(self) -> None:
        """Beat at once: something has changed that the console should see."""
        self._now.set()

    async def run(self, opened: Callable[[], None]) -> None:
        """Keep the link until it breaks; raise `LinkLostError`. ``opened``: once it stands."""
        async with (
            _line_errors("link"),
            self._proven.http.ws_connect(
                seat_api.LINK, heartbeat=5, max_msg_size=seat_api.MAX_BODY
            ) as socket,
        ):
            await socket.send_bytes(encode(await self._hearer.hello()))
            opened()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._beat(socket), name="link: beat")
                    tasks.create_task(self._hear(socket), name="link: hear")
                    tasks.create_task(self._deliver(), name="link: deliver")
            except ExceptionGroup as group:  # not `except*`: what that raises is a group again
                if (lost := _lost(group)) is None:
                    raise
                raise lost from group

    async def _beat(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            said = self._hearer.beat()
            self._sent = max(said.sent, self._sent + 1)
            await socket.send_bytes(encode(replace(said, sent=self._sent)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._now.wait(), BEAT_S)
            self._now.clear()

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                continue
            data = message.data.encode() if isinstance(message.data, str) else message.data
            said = seat_api.decode_hall_says(data)
            if isinstance(said, HallBeat):
                received = self._steady.steady_ms()
                await self._hearer.hear_clock(
                    ClockBeat(sent_ms=said.sent, received_ms=received, hall_ms=said.hall_time)
                )
                if said.sent != self._sent:
                    continue  # its proof is from what this seat had seen before the last beat
            await self._hearer.hear(said)
        raise LinkLostError("the appliance closed the link")

    async def _deliver(self) -> None:
        loop, earliest = asyncio.get_running_loop(), 0.0
        while True:
            await asyncio.sleep(earliest - loop.time())
            session = self._hearer.owing()
            batch = None if session is None else await session.next_batch()
            if session is None or batch is None:
                await self._until_owing()
                continue
            earliest = loop.time() + APART_S
            async with self._proven.http.post(seat_api.BATCHES, data=encode(batch)) as reply:
                answer = seat_api.decode_batch_reply(await _body(reply))
            await self._answered(session, answer)

    async def _until_owing(self) -> None:
        """Return when the open session has something to send, or after a second."""
        session = self._hearer.session()
        if session is None or session.waits or session.unsent.is_set():
            await asyncio.sleep(_AGAIN_S)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(session.unsent.wait(), _AGAIN_S)

    async def _answered(self, session: SeatSession, answer: Acknowledged | BatchRefused) -> None:
        match answer:
            case Acknowledged(acknowledgement=envelope):
                word = open_acknowledgement(envelope, self._proven.hall.box_key)
                if word.session != session.grant.session:
                    raise UntrustedError("the acknowledgement is of another session")
                await session.acknowledge(word, envelope)
            case BatchRefused(code=BatchRefusal.GAP, acknowledged=position) if position:
                await session.stand_at(position)
            case BatchRefused(code=BatchRefusal.OLD_EPOCH, acknowledged=position) if position:
                await session.kept_as_tail(position)
                await self._hearer.moved(session)
            case BatchRefused(code=BatchRefusal.FULL):
                await asyncio.sleep(_AGAIN_S)
            case BatchRefused(text=text) if session is self._hearer.session():
                self._hearer.forked(text)
                await asyncio.sleep(5 * _AGAIN_S)
            case BatchRefused(text=text):  # nobody sits it: whoever does is not held up
                _log.error("the box does not take the rest of a session: %s", text)
                session.waits = True


def _lost(group: ExceptionGroup[Exception]) -> LinkLostError | None:
    """Return what broke the link, None where that was no matter of the line.

    A full disk is one (`MachineryError`): the page goes on, and the link comes again.
    """
    line, rest = group.split(
        (ProtocolError, aiohttp.ClientError, OSError, LinkLostError, MachineryError)
    )
    if line is None or rest is not None:
        return None
    first: Exception = line
    while isinstance(first, ExceptionGroup):
        first = first.exceptions[0]
    if isinstance(first, ProtocolError):
        return LinkLostError(f"the appliance broke the protocol: {first}")
    disk = first if isinstance(first, MachineryError) else None
    return LinkLostError(str(first) or type(first).__name__, disk)


async def _limited(reply: aiohttp.ClientResponse) -> bytes:
    """Return the body; raise `MalformedError` where it is larger than any honest one."""
    body = bytearray()
    async for chunk in reply.content.iter_any():
        body += chunk
        if len(body) > MOST_REPLY:
            reply.close()
            raise MalformedError(f"expected at most {MOST_REPLY} bytes of {reply.url.path}")
    return bytes(body)


async def _body(reply: aiohttp.ClientResponse) -> bytes:
    body = await _limited(reply)
    if reply.status != 200:  # noqa: PLR2004 - HTTP's OK
        raise MalformedError(f"HTTP {reply.status}: {body[:300].decode(errors='replace')}")
    return body


@contextlib.asynccontextmanager
async def _line_errors(what: str) -> AsyncIterator[None]:
    try:
        yield
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise LinkLostError(f"{what}: {error or type(error).__name__}") from error
