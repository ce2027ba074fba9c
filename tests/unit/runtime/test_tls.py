"""TLS between our machines: pinned, mutual, blind to the machine's calendar, and never silent."""

import asyncio
import contextlib
import datetime as dt
import logging
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from runtime.errors import CertificateTimeError, TlsError
from runtime.listener import Listener, TurnedAway
from runtime.secret import Secret
from runtime.tls import (
    ClientCertificates,
    Identity,
    check_validity,
    client_context,
    explain,
    fingerprint,
    peer_fingerprint,
    peer_of,
    server_context,
    use_identity,
)
from tests.certificates import Authority

AUTHORITY = Authority("Centre 7")
OTHER = Authority("Another centre")
BOX = AUTHORITY.issue("box-1")
SEAT = AUTHORITY.issue("a-07")
NINE = 1_790_000_000_000


class Hall:
    """A listener, what it turned away, and a way to call it."""

    def __init__(self, listener: Listener, turned: "asyncio.Queue[TurnedAway]") -> None:
        self.listener = listener
        self.turned = turned

    async def get(self, context: ssl.SSLContext) -> str:
        """Ask who the server thinks we are."""
        url = f"https://127.0.0.1:{self.listener.port}/who"
        async with aiohttp.ClientSession() as session, session.get(url, ssl=context) as response:
            return await response.text()


async def who(request: web.Request) -> web.Response:
    """Answer with the common name and fingerprint of the caller's certificate."""
    peer = peer_of(request)
    if peer is None:
        return web.Response(text="nobody")
    assert peer_fingerprint(request) == fingerprint(peer.certificate)
    return web.Response(text=peer.certificate.subject.rfc4514_string())


@contextlib.asynccontextmanager
async def hall(context: ssl.SSLContext, **options: float) -> AsyncIterator[Hall]:
    """Run a listener with ``context``."""
    app = web.Application()
    app.router.add_get("/who", who)
    turned: asyncio.Queue[TurnedAway] = asyncio.Queue()
    async with Listener(
        app, context, host="127.0.0.1", on_turned_away=turned.put_nowait, **options
    ) as listener:
        yield Hall(listener, turned)


def requiring(identity: Identity = BOX) -> ssl.SSLContext:
    """Return a server's context that demands a certificate of the centre."""
    return server_context(identity, authorities=AUTHORITY.pem)


async def test_seat_is_known_by_its_certificate() -> None:
    """A seat with a certificate of the centre is let in and known by name, in TLS 1.3."""
    async with hall(requiring()) as running:
        context = client_context(authorities=AUTHORITY.pem, identity=SEAT)
        assert await running.get(context) == "CN=a-07"
        assert running.turned.empty()


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (None, "no certificate from the other side"),
        (OTHER.issue("a-07"), "not acceptable (unable to get local issuer certificate)"),
    ],
)
async def test_wrong_seat_is_turned_away_and_told(
    identity: Identity | None, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """No certificate, or another centre's: both sides learn why, and the log names the address."""
    async with hall(requiring()) as running:
        context = client_context(authorities=AUTHORITY.pem, identity=identity)
        with pytest.raises(aiohttp.ClientError) as caught:
            await running.get(context)
        turned = await asyncio.wait_for(running.turned.get(), 5)
    assert turned.address == "127.0.0.1"
    assert reason in turned.reason
    assert "turned away 127.0.0.1: expected a TLS handshake with" in caplog.text
    assert explain(caught.value).startswith("a refusal: the other side")


async def test_optional_certificate() -> None:
    """Where a certificate is optional, a phone comes in as nobody and a seat by its name."""
    context = server_context(
        BOX,
        authorities=AUTHORITY.pem,
        clients=ClientCertificates.OPTIONAL,
        oldest=ssl.TLSVersion.TLSv1_2,
    )
    async with hall(context) as running:
        assert await running.get(client_context(authorities=AUTHORITY.pem)) == "nobody"
        seat = client_context(authorities=AUTHORITY.pem, identity=SEAT)
        assert await running.get(seat) == "CN=a-07"


async def test_seat_does_not_trust_another_centres_box() -> None:
    """A box of another centre is refused by the seat, and the box learns of the refusal."""
    async with hall(requiring(OTHER.issue("box-1"))) as running:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await running.get(client_context(authorities=AUTHORITY.pem, identity=SEAT))
        turned = await asyncio.wait_for(running.turned.get(), 5)
    assert "perhaps the other side does not trust us" in turned.reason


async def test_name_is_checked_unless_told_otherwise() -> None:
    """A box must bear the name that is dialled."""
    async with hall(requiring()) as running:
        url = f"https://127.0.0.1:{running.listener.port}/who"
        context = client_context(authorities=AUTHORITY.pem, identity=SEAT)
        async with aiohttp.ClientSession() as session:
            async with session.get(url, ssl=context, server_hostname="box-1") as response:
                assert response.status == 200
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(url, ssl=context, server_hostname="box-2")


async def test_machine_calendar_does_not_matter() -> None:
    """Certificates that the machine's calendar thinks expired are let in; hall time decides."""
    past = {
        "begins": dt.datetime(2001, 1, 1, tzinfo=dt.UTC),
        "ends": dt.datetime(2002, 1, 1, tzinfo=dt.UTC),
    }
    seat = AUTHORITY.issue("a-07", **past)
    async with hall(requiring(AUTHORITY.issue("box-1", **past))) as running:
        context = client_context(authorities=AUTHORITY.pem, identity=seat)
        assert await running.get(context) == "CN=a-07"
    check_validity(seat.certificate, at_ms=990_000_000_000)
    with pytest.raises(CertificateTimeError, match=r"CN=a-07.*valid from 2001-01-01 to 2002-01-01"):
        check_validity(seat.certificate, at_ms=NINE)


async def test_centre_authority_alone_is_enough() -> None:
    """A seat that pins only the centre's authority needs not the office's root above it."""
    centre = Authority("Centre 8", parent=Authority("Office root"))
    context = server_context(centre.issue("box-1"), authorities=centre.pem)
    async with hall(context) as running:
        caller = client_context(authorities=centre.pem, identity=centre.issue("b-01"))
        assert await running.get(caller) == "CN=b-01"


async def test_live_context_takes_a_new_certificate() -> None:
    """A renewed certificate is shown to the next connection without a restart."""
    context = requiring()
    async with hall(context) as running:
        caller = client_context(authorities=AUTHORITY.pem, identity=SEAT)
        renewed = AUTHORITY.issue("box-1")
        shown = []
        for _ in range(2):
            _, writer = await asyncio.open_connection(
                "127.0.0.1", running.listener.port, ssl=caller
            )
            shown.append(peer_fingerprint(writer))
            writer.close()
            await writer.wait_closed()
            use_identity(context, renewed)
    assert shown == [fingerprint(BOX.certificate), fingerprint(renewed.certificate)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "plain HTTP where TLS is spoken"),
        (b"hello, is this the exam?", "something that is not TLS"),
        (b"", "the connection cut in mid-handshake; perhaps the other side does not trust us"),
    ],
)
async def test_what_is_no_tls_is_named(said: bytes, reason: str) -> None:
    """Whoever speaks something else, or hangs up, is logged with a reason."""
    async with hall(requiring()) as running:
        reader, writer = await asyncio.open_connection("127.0.0.1", running.listener.port)
        writer.write(said)
        writer.write_eof()
        turned = await asyncio.wait_for(running.turned.get(), 5)
        await reader.read()
        writer.close()
    assert turned.reason == reason


async def test_silent_peer_is_cut_off() -> None:
    """Who connects and says nothing holds no place for longer than the handshake may take."""
    async with hall(requiring(), handshake_timeout=0.2) as running:
        _, writer = await asyncio.open_connection("127.0.0.1", running.listener.port)
        turned = await asyncio.wait_for(running.turned.get(), 5)
        writer.close()
    assert turned.reason == "no complete handshake in time"


async def test_end_does_not_wait_for_silent_peers() -> None:
    """Closing the listener ends handshakes that are still going on."""
    async with asyncio.timeout(5):
        async with hall(requiring()) as running:
            reader, writer = await asyncio.open_connection("127.0.0.1", running.listener.port)
            await running.get(client_context(authorities=AUTHORITY.pem, identity=SEAT))
            assert len(running.listener._shaking) == 1
        assert await reader.read() == b""
        writer.close()


async def test_data_sent_with_the_handshake_is_not_lost() -> None:
    """A request that arrives together with the end of the handshake is answered."""
    async with hall(requiring()) as running:
        context = client_context(authorities=AUTHORITY.pem, identity=SEAT)
        for _ in range(20):
            plain = socket.create_connection(("127.0.0.1", running.listener.port))
            answer = await asyncio.to_thread(_ask_at_once, plain, context)
            assert answer.startswith(b"HTTP/1.1 200")


def _ask_at_once(plain: socket.socket, context: ssl.SSLContext) -> bytes:
    """Shake hands in memory, and send the last flight and the request in one packet."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with plain:
        while True:
            try:
                secured.do_handshake()
                break
            except ssl.SSLWantReadError:
                plain.sendall(outgoing.read())
                incoming.write(plain.recv(65536))
        secured.write(b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n")
        plain.sendall(outgoing.read())
        while True:
            try:
                return secured.read(65536)
            except ssl.SSLWantReadError:
                incoming.write(plain.recv(65536))


async def test_openssl_agrees(tmp_path: Path) -> None:
    """An outside client speaks TLS 1.3 with us, and is offered no ticket to come back with."""
    (tmp_path / "ca.pem").write_bytes(AUTHORITY.pem)
    (tmp_path / "seat.pem").write_bytes(SEAT.chain_pem + SEAT.key_pem.reveal())
    async with hall(requiring()) as running:
        done = await asyncio.to_thread(
            subprocess.run,
            [
                "openssl",
                "s_client",
                "-connect",
                f"127.0.0.1:{running.listener.port}",
                "-CAfile",
                str(tmp_path / "ca.pem"),
                "-cert",
                str(tmp_path / "seat.pem"),
                "-ign_eof",
            ],
            input=b"GET /who HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n",
            capture_output=True,
            check=False,
            timeout=30,
        )
    text = done.stdout.decode()
    assert "TLSv1.3" in text
    assert "Verify return code: 0 (ok)" in text
    assert "CN=a-07" in text
    assert "New Session Ticket" not in text


def test_unfit_identities_are_refused() -> None:
    """A key of another certificate, or authorities that are none, are refused in words."""
    mixed = Identity(chain_pem=BOX.chain_pem, key_pem=SEAT.key_pem)
    with pytest.raises(TlsError, match="a key that belongs to another certificate"):
        server_context(mixed, authorities=AUTHORITY.pem)
    with pytest.raises(TlsError, match="authorities"):
        client_context(authorities=b"not a certificate")
    with pytest.raises(TlsError, match="authorities"):
        server_context(BOX)


def test_key_does_not_print() -> None:
    """Neither printing an identity nor logging its key shows the key."""
    assert b"PRIVATE KEY" in SEAT.key_pem.reveal()
    assert "PRIVATE" not in f"{SEAT!r} {SEAT.key_pem} {SEAT.key_pem!r}"
    with pytest.raises(TypeError, match="not written down"):
        SEAT.key_pem.__reduce__()
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")


def test_other_errors_are_explained_by_their_own_words() -> None:
    """An error without a translation keeps its own text."""
    assert explain(ValueError("odd")) == "ValueError: odd"
    assert logging.getLogger("runtime.listener").name
