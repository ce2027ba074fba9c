"""A machine on the hall's network, without a certificate, against the port of the seats."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

from aiohttp import WSMsgType

from protocol import seat_api
from protocol.values import encode
from runtime.listener import STRANGERS
from tests.attacked_hall import AttackedHall, RogueSeat, attacked_hall

FLOOD = 700


async def greeted_anew(hall: AttackedHall, seat: RogueSeat) -> int:
    """Return what an honest seat gets that has to connect just now."""
    async with hall.session(seat.identity) as session, session.get(seat_api.HALL) as reply:
        return reply.status


async def test_half_open_handshakes_lock_no_seat_out(tmp_path: Path) -> None:
    """With more handshakes begun and never ended than the port takes, a seat still gets in."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as seat:
        with contextlib.ExitStack() as flood:
            for _ in range(FLOOD):
                half = flood.enter_context(socket.socket())
                half.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    half.connect(("127.0.0.1", hall.seats_port))
            assert await greeted_anew(hall, seat) == 200


async def test_strangers_that_say_nothing_are_few(tmp_path: Path) -> None:
    """Hundreds of connections without a certificate that never end a request: most are cut."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as seat:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        lines = []
        for _ in range(3 * STRANGERS):
            lines.append(await asyncio.open_connection("127.0.0.1", hall.seats_port, ssl=context))
            lines[-1][1].write(b"POST /v1/pairing/start HTTP/1.1\r\nX: ")

        async def is_cut(reader: asyncio.StreamReader) -> None:
            with contextlib.suppress(OSError):
                assert await reader.read(1) == b""

        async with asyncio.timeout(10):
            cut = [asyncio.create_task(is_cut(reader)) for reader, _ in lines[:-STRANGERS]]
            await asyncio.gather(*cut)
        assert await greeted_anew(hall, seat) == 200
        for _, writer in lines:
            writer.transport.abort()


async def test_a_replaced_machine_is_shut_out(tmp_path: Path) -> None:
    """After the seat was given to another machine, the old certificate and its link are dead."""
    async with attacked_hall(tmp_path) as hall, hall.seat("a01") as old:
        link = await old.http.ws_connect(seat_api.LINK)
        async with hall.seat("a01", machine="other") as new:
            async with new.http.get(seat_api.HALL) as reply:
                assert reply.status == 200
            async with old.http.get(seat_api.HALL) as reply:
                assert reply.status == 401
            hello = seat_api.Hello(
                agent="old",
                boot="0" * 32,
                sessions=(),
                decisions_seen=0,
                generation=0,
                checkpoints=(),
            )
            await link.send_bytes(encode(hello))
            async with asyncio.timeout(5):
                assert (await link.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)


async def test_without_a_certificate_nothing_but_pairing_is_answered(tmp_path: Path) -> None:
    """Who shows no certificate is refused hall, paper, log-in, batches and link alike."""
    async with attacked_hall(tmp_path) as hall, hall.session(None) as nobody:
        for method, path in [
            ("GET", seat_api.HALL),
            ("GET", f"{seat_api.PAPERS}/theory"),
            ("POST", seat_api.LOGIN),
            ("POST", seat_api.BATCHES),
            ("GET", seat_api.LINK),
        ]:
            async with nobody.request(method, path) as reply:
                assert reply.status == 401, path
