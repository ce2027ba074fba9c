"""What seats may ask of core, over HTTPS: see `protocol.seat_api`.

Rules:

1. One port for all: a seat without a certificate gets as far as pairing. Every other
   request names its seat by its certificate (`Seats.who`), never by its content, and
   certificates are valid or not by hall time.
2. Expected refusals are replies; a peer that breaks the protocol gets 400 with the reason;
   an unknown machine gets 401 with what to do.
3. Nothing here decides: sessions, journal and release do.

Tasks: each link's handler owns one task that sends; it ends with the handler.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler, Middleware

from appliance.core import pairing_http
from appliance.core.hall import Hall
from appliance.core.journal import Journal
from appliance.core.links import Link, Links
from appliance.core.log import Log
from appliance.core.pairing import Event as PairingEvent
from appliance.core.pairing import PairingDesk, SeatPaired
from appliance.core.seats import PairedSeat, Seats, UnknownSeatError
from appliance.core.sessions import GrantGiven, Sessions
from protocol import checkpoint, seat_api
from protocol.envelope import Envelope
from protocol.errors import ProtocolError
from protocol.journal import Batch
from protocol.pairing import FINISH_PATH, START_PATH
from protocol.seat_api import Beat, HallBeat, Hello, LoggedIn, LoginRequest, SeatSays
from protocol.values import decode, encode
from runtime.clock import SteadyClock
from runtime.errors import CertificateTimeError, DatabaseError, DiskError
from runtime.tls import peer_of

T = TypeVar("T")

_SEAT: Final = web.RequestKey("seat", PairedSeat)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SeatDesk:
    """What the server passes requests on to."""

    hall: Hall
    seats: Seats
    sessions: Sessions
    journal: Journal
    log: Log
    links: Links
    pairing: PairingDesk
    papers: Path
    """Folder of the bundle."""
    server_digest: bytes
    """SHA-256 of the certificate (DER) that this server shows."""
    steady: SteadyClock
    now: Callable[[], int]
    info: Callable[[str], seat_api.HallInfo]
    """What the named seat must know of the hall."""
    decisions_for: Callable[[Hello, str], list[Envelope]]
    """The decisions that this seat has not seen."""
    on_hello: Callable[[Link], Awaitable[None]]
    """Called when a link stands: gives P, receipts and the like again."""
    on_login: Callable[[GrantGiven, LoginRequest], Awaitable[LoggedIn]]
    """Called after a grant; returns all that the seat must know of the session."""


def seat_app(desk: SeatDesk) -> web.Application:
    """Return the application that is served to the seats."""
    app = web.Application(client_max_size=seat_api.MAX_BODY, middlewares=[_door(desk)])
    handlers = _Handlers(desk)
    app.router.add_get(seat_api.HALL, handlers.hall)
    app.router.add_get(seat_api.PAPERS + "/{subject}", handlers.paper)
    app.router.add_post(seat_api.LOGIN, handlers.login)
    app.router.add_post(seat_api.BATCHES, handlers.batches)
    app.router.add_get(seat_api.LINK, handlers.link)
    app.router.add_routes(
        pairing_http.routes(
            desk.pairing,
            server_digest=lambda: desk.server_digest,
            now_ms=desk.steady.steady_ms,
            record=handlers.record_pairing,
        )
    )
    return app


def _door(desk: SeatDesk) -> Middleware:
    """Let paired seats in and name them, and say in HTTP what was refused or not kept."""
    open_to_all = frozenset({START_PATH, FINISH_PATH})

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if request.path not in open_to_all:
                request[_SEAT] = _admitted(desk, request)
            return await handler(request)
        except (UnknownSeatError, CertificateTimeError) as error:
            _log.warning("%s is not admitted: %s", request.remote, error)
            return web.Response(status=401, text=str(error))
        except ProtocolError as error:
            return web.Response(status=400, text=f"{error.code}: {error}")
        except DiskError as error:
            return web.Response(status=507, text=f"{error.code}: {error}")

    return door


def _admitted(desk: SeatDesk, request: web.Request) -> PairedSeat:
    """Return the seat of the request's certificate; raise where it is none, or out of time."""
    peer = peer_of(request)
    seat = desk.seats.who(None if peer is None else peer.fingerprint)
    assert peer is not None  # `who` has refused a certificate that is missing
    peer.check_validity(at_ms=desk.now())
    return seat


class _Handlers:
    def __init__(self, desk: SeatDesk) -> None:
        self._desk = desk

    async def record_pairing(self, event: PairingEvent) -> None:
        """Make it durable, then end the links of the machine whose place was taken."""
        await self._desk.seats.record(event)
        if isinstance(event, SeatPaired):
            for certificate in event.revoked:
                self._desk.links.end_certificate(certificate)

    async def hall(self, request: web.Request) -> web.Response:
        return _json(self._desk.info(request[_SEAT].seat))

    async def paper(self, request: web.Request) -> web.StreamResponse:
        paper = self._desk.hall.paper(request.match_info["subject"])
        if paper is None:
            return web.Response(status=404, text="the bundle has no paper for this subject")
        return web.FileResponse(self._desk.papers / paper.file)

    async def login(self, request: web.Request) -> web.Response:
        asked = await _read(request, LoginRequest)
        seat = request[_SEAT]
        given = await self._desk.sessions.log_in(asked, seat.seat, seat.certificate)
        if isinstance(given, GrantGiven):
            return _json(await self._desk.on_login(given, asked))
        return _json(given)

    async def batches(self, request: web.Request) -> web.Response:
        batch = await _read(request, Batch)
        return _json(await self._desk.journal.accept(batch, request[_SEAT].certificate))

    async def link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=10, max_msg_size=seat_api.MAX_BODY)
        await socket.prepare(request)
        seat = request[_SEAT]
        link = Link(seat.seat, seat.certificate, request.remote or "", self._desk.now())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_send(socket, link), name=f"link to {seat.seat}: send")
            try:
                await self._hear(socket, link)
            finally:
                self._desk.links.remove(link)
                link.end()
        return socket

    async def _hear(self, socket: web.WebSocketResponse, link: Link) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT and message.type is not WSMsgType.BINARY:
                continue
            data = message.data.encode() if isinstance(message.data, str) else message.data
            try:
                said = seat_api.decode_seat_says(data)
                await self._heard(link, said)
            except ProtocolError as error:
                _log.warning("seat %s broke the protocol: %s", link.seat, error)
                return
            except (DiskError, DatabaseError) as error:  # the link itself needs no disk
                _log.error("seat %s: not kept: %s", link.seat, error)

    async def _heard(self, link: Link, said: SeatSays) -> None:
        try:
            self._desk.seats.who(link.certificate)
        except UnknownSeatError:  # its place was taken since the link was opened
            link.end()
            return
        match said:
            case Hello():
                link.hello = said
                for decision in self._desk.decisions_for(said, link.seat):
                    link.tell(seat_api.DecisionSaid(decision=decision))
                # Only now does it hear what is decided: a later decision before an earlier
                # one would be taken for the last that it has missed.
                self._desk.links.add(link)
                await self._desk.on_hello(link)
            case Beat():
                now = self._desk.now()
                link.last_beat, link.beat = now, said
                link.clock_offset = said.hall - now if said.hall else 0
                await self._keep_cosignature(link, said)
                link.tell(await self._answer(said))

    async def _answer(self, beat: Beat) -> HallBeat:
        note = await self._desk.log.newest()
        start, proof = self._desk.log.consistency(beat.log_size)
        subject = self._desk.hall.current()
        return HallBeat(
            hall_time=self._desk.now(),
            sent=beat.sent,
            subject=None if subject is None else subject.id,
            checkpoint=note,
            proof_from=start,
            proof=proof,
        )

    async def _keep_cosignature(self, link: Link, beat: Beat) -> None:
        key = self._desk.seats.key_of(link.seat)
        if not beat.cosignature or key is None:
            return
        note = await self._desk.log.note_of(beat.log_size)
        if note is None:
            return
        manifest = self._desk.hall.manifest
        name = checkpoint.cosigner(manifest.centre, manifest.sitting.id, link.seat)
        checkpoint.check_cosignature(note, beat.cosignature, name, key)
        try:
            await self._desk.log.keep_cosignature(beat.log_size, link.seat, beat.cosignature)
        except (DiskError, DatabaseError) as error:
            _log.warning("a cosignature of %s is not kept: %s", link.seat, error)


async def _send(socket: web.WebSocketResponse, link: Link) -> None:
    while (data := await link.outgoing.get()) is not None:
        try:
            await socket.send_str(data.decode())
        except ConnectionError:
            break
    await socket.close()


async def _read(request: web.Request, expected: type[T]) -> T:
    return decode(await request.read(), expected)


def _json(value: object) -> web.Response:
    return web.Response(body=encode(value), content_type="application/json")
