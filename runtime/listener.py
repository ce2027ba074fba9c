"""An HTTPS port of ours: it serves an aiohttp application, and tells who was turned away.

asyncio and aiohttp say nothing when a handshake fails. Here a connection is accepted plain,
its handshake is done under a deadline by a task of this listener, and only then is it handed
to aiohttp. A failure is logged with the peer's address and a reason, the peer gets its TLS
alert, and the owner is told (`TurnedAway`), so that a seat with a wrong certificate is seen.

Tasks: one per handshake, owned by the `Listener`, cancelled by its end, at most
``handshake_timeout`` seconds old and `HANDSHAKES` at once.

::

    async with Listener(app, context, host="0.0.0.0", port=8443, on_turned_away=note) as listener:
        print(listener.addresses)
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import msgspec
from aiohttp import web

from runtime.crowd import Crowd
from runtime.tls import explain, peer_fingerprint
from runtime.tls_alerts import raw_transport

log = logging.getLogger(__name__)

HANDSHAKES: Final = 512
"""Most handshakes at once."""
STRANGERS: Final = 64
"""Most connections without a certificate, where one is optional."""
STRANGER_S: Final = 30.0
"""Longest life of such a connection, in seconds."""
OF_ONE: Final = 128
"""Most connections of one certificate."""


class TurnedAway(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that never became a request."""

    address: str
    """The peer's address, without its port."""
    reason: str
    """What came instead of an acceptable handshake, in words."""


class Listener:
    """One listening port with TLS; a context manager that ends its connections politely."""

    def __init__(
        self,
        app: web.Application,
        context: ssl.SSLContext,
        *,
        host: str,
        port: int = 0,
        on_turned_away: Callable[[TurnedAway], None] | None = None,
        handshake_timeout: float = 10.0,
        shutdown_timeout: float = 5.0,
    ) -> None:
        """Take a free port for ``port`` 0; ``on_turned_away`` is called on the loop: be brief."""
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=False, shutdown_timeout=shutdown_timeout
        )
        self._context = context
        self._place = (host, port)
        self._note = on_turned_away
        self._timeout = handshake_timeout
        self._shaking: set[asyncio.Task[None]] = set()
        self._halves: Crowd[asyncio.Transport] = Crowd(HANDSHAKES)
        self._strangers: Crowd[asyncio.Transport] = Crowd(STRANGERS)
        self._known: dict[str, Crowd[asyncio.Transport]] = {}
        self._server: asyncio.Server

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        host, port = self._place
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Gate(self), host, port, backlog=512
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take no new connections, end handshakes, let requests finish for the time allowed."""
        self._server.close()
        shaking = list(self._shaking)
        for task in shaking:
            task.cancel()
        await asyncio.gather(*shaking, return_exceptions=True)
        await self._runner.cleanup()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens: host and port of each socket."""
        return [socket.getsockname()[:2] for socket in self._server.sockets]

    @property
    def port(self) -> int:
        """The port of the first socket."""
        return self.addresses[0][1]

    def admit(self, gate: "_Gate", transport: asyncio.Transport) -> None:
        """Begin the handshake of a new connection."""
        for oldest in self._halves.add(_address(transport), transport):
            self.turn_away(oldest, "too many handshakes at once")
            _cut_off(oldest)
        task = asyncio.get_running_loop().create_task(
            self._shake_hands(gate, transport), name=f"handshake {_address(transport)}"
        )
        self._shaking.add(task)
        task.add_done_callback(self._shaking.discard)

    def turn_away(self, transport: asyncio.BaseTransport, reason: str) -> None:
        """Log a failed handshake and tell the owner."""
        turned = TurnedAway(address=_address(transport), reason=reason)
        log.warning(
            "turned away %s: expected a TLS handshake with an acceptable certificate, got %s",
            turned.address,
            reason,
        )
        if self._note is not None:
            self._note(turned)

    async def _shake_hands(self, gate: "_Gate", transport: asyncio.Transport) -> None:
        raw_transport.set(transport)
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                gate,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._timeout,
            )
        except OSError as error:
            self.turn_away(transport, explain(error))
            return
        finally:
            self._halves.remove(_address(transport), transport)
        server = self._runner.server
        if secured is None or secured.is_closing() or server is None:
            transport.abort()
            return
        self._make_room(secured)
        gate.hand_over(secured, server())

    def _make_room(self, secured: asyncio.Transport) -> None:
        """Count a connection whose handshake is over; cut off what is too much."""
        shown = peer_fingerprint(secured)
        if shown is not None:
            cut = self._known.setdefault(shown, Crowd(OF_ONE)).add(shown, secured)
        elif self._context.verify_mode is ssl.CERT_OPTIONAL:
            asyncio.get_running_loop().call_later(STRANGER_S, _cut_off, secured)
            cut = self._strangers.add(_address(secured), secured)
        else:
            return
        for oldest in cut:
            log.warning("cut off an old connection of %s: it has too many", _address(oldest))
            _cut_off(oldest)


class _Gate(asyncio.Protocol):
    """Holds a connection until its handshake is over; keeps what arrives too early."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._early: list[bytes] = []
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._listener.admit(self, transport)

    def data_received(self, data: bytes) -> None:
        self._early.append(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._lost = True

    def hand_over(self, transport: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """Let ``protocol`` go on from here, with what has come since the handshake."""
        if self._lost:
            return
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        for data in self._early:
            protocol.data_received(data)
        self._early.clear()


def _cut_off(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.abort()


def _address(transport: asyncio.BaseTransport) -> str:
    name = transport.get_extra_info("peername")
    return str(name[0]) if name else "a peer that is gone"
