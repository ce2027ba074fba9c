"""Pairing over real TLS on loopback, with somebody in between where that is the point."""

import asyncio
import hashlib
import socket
import ssl
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appliance.core.pairing import Decision, Event, PairingDesk, SeatPaired, WrongCode
from appliance.core.pairing_http import routes
from protocol.enrolment import CentreAuthority
from protocol.errors import MalformedError
from protocol.pairing import (
    START_PATH,
    CodeFormatError,
    ConfirmationError,
    Finish,
    Refusal,
    Refused,
)
from protocol.values import encode
from runtime.errors import DiskFullError
from terminal_agent.identity import load
from terminal_agent.pairing import PairingLineError, PairingRefusedError, pair
from tests.authority import Made, make_authority, server_certificate

AUTHORITY = make_authority()
SEATS = ["a-01", "a-02", "a-03"]


class Box:
    """A desk behind TLS; ``events`` is what it recorded."""

    def __init__(self, folder: Path, authority: CentreAuthority = AUTHORITY) -> None:
        self.desk = PairingDesk(authority=authority)
        self.events: list[Event] = []
        self.disk_full = False
        self.clock = lambda: 0
        self.certificate = server_certificate(authority)
        self.context = server_context(folder, self.certificate)
        self.port = 0
        self.code = self.desk.open_window(SEATS, now=0).code

    async def record(self, event: Event) -> None:
        if self.disk_full:
            raise DiskFullError("no room")
        self.events.append(event)

    def now(self) -> int:
        return self.clock()

    def digest(self) -> bytes:
        return hashlib.sha256(self.certificate.certificate.public_bytes(Encoding.DER)).digest()

    def app(self) -> web.Application:
        app = web.Application()
        table = routes(self.desk, server_digest=self.digest, now_ms=self.now, record=self.record)
        app.add_routes(table)
        return app


def server_context(folder: Path, made: Made) -> ssl.SSLContext:
    pem = folder / f"{made.certificate.serial_number:x}.pem"
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(key + made.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@asynccontextmanager
async def serving(app: web.Application, context: ssl.SSLContext) -> AsyncIterator[int]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        assert runner.addresses
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    async with serving(box.app(), box.context) as box.port:
        yield box


def closed_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return closed.getsockname()[1]


def wrong(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 10**9:09d}"


async def test_a_seat_is_paired_and_stays_so(box: Box, tmp_path: Path) -> None:
    """The seat keeps its identity over a restart, readable by its user only."""
    folder = tmp_path / "seat"
    made = await pair(host="127.0.0.1", port=box.port, seat="a-01", code=box.code, folder=folder)
    assert (made.seat, made.centre) == ("a-01", "c017")
    assert [type(event) for event in box.events] == [SeatPaired]
    loaded = load(folder)
    assert loaded is not None
    assert loaded.issued == made.issued
    assert loaded.signing_key.public == made.signing_key.public
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("years", [0, 26, -26], ids=["right", "clock in the past", "in the future"])
async def test_what_was_issued_opens_mtls_both_ways(tmp_path: Path, years: int) -> None:
    """With its identity the seat proves itself, and knows the box by the pinned authority.

    Certificates that begin 26 years after this machine's clock are to it what today's are
    to a clock in 2000: pairing asks no clock, and nor does the TLS of seats.
    """
    authority = make_authority(day=datetime.now(UTC) + timedelta(days=365 * years))
    box = Box(tmp_path, authority)
    async with serving(box.app(), box.context) as port:
        identity = await pair(
            host="127.0.0.1", port=port, seat="a-01", code=box.code, folder=tmp_path / "seat"
        )
    server = server_context(tmp_path, server_certificate(authority, "box"))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(identity.authority_pem)
    server.verify_flags |= ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME
    client = ssl.create_default_context(cafile=str(identity.authority_pem))
    client.verify_flags |= ssl.VerifyFlags(0x200000)
    client.load_cert_chain(identity.tls_pem)

    async def who(request: web.Request) -> web.Response:
        assert request.transport
        shown = request.transport.get_extra_info("peercert")
        return web.json_response(dict(shown["subjectAltName"]))

    app = web.Application()
    app.router.add_get("/", who)
    async with serving(app, server) as port, aiohttp.ClientSession() as session:
        url, host = f"https://127.0.0.1:{port}/", "box.c017.examhall.internal"
        async with session.get(url, ssl=client, server_hostname=host) as reply:
            assert await reply.json() == {"DNS": "a-01.c017.examhall.internal"}


async def test_a_wrong_code_pairs_nobody(box: Box, tmp_path: Path) -> None:
    """The seat is told so and keeps nothing but its keys; the console is told who it was."""
    with pytest.raises(PairingRefusedError, match="wrong_code") as refused:
        await pair(
            host="127.0.0.1", port=box.port, seat="a-01", code=wrong(box.code), folder=tmp_path
        )
    assert refused.value.retry_after_s == 1.0
    assert [type(event) for event in box.events] == [WrongCode]
    assert load(tmp_path) is None


async def test_the_right_code_after_a_wrong_one(box: Box, tmp_path: Path) -> None:
    """After the wait that was told, the right code is taken."""
    where = {"host": "127.0.0.1", "port": box.port, "seat": "a-01", "folder": tmp_path}
    with pytest.raises(PairingRefusedError, match="wrong_code"):
        await pair(code=wrong(box.code), **where)
    with pytest.raises(PairingRefusedError, match="slow_down"):
        await pair(code=box.code, patience_s=0.5, **where)
    begin = time.monotonic()
    box.clock = lambda: 900 + int(1000 * (time.monotonic() - begin))
    assert (await pair(code=box.code, **where)).seat == "a-01"


async def test_the_real_box_is_found_among_strangers(box: Box, tmp_path: Path) -> None:
    """Where nobody, a spoofer or somebody else answers it is said; the same keys then pair."""
    spoofer = Box(tmp_path)
    spoofer.desk = CredulousDesk(authority=make_authority())
    spoofer.desk.open_window(SEATS, now=0)
    async with (
        serving(spoofer.app(), spoofer.context) as false,
        serving(web.Application(), spoofer.context) as other,
    ):
        where = {"host": "127.0.0.1", "seat": "a-01", "code": box.code}
        strangers = (
            (closed_port(), PairingLineError),
            (false, ConfirmationError),
            (other, MalformedError),
        )
        for port, error in strangers:
            with pytest.raises(error):
                await pair(port=port, folder=tmp_path / "seat", **where)
        assert (await pair(port=box.port, folder=tmp_path / "seat", **where)).seat == "a-01"
        with pytest.raises(PairingRefusedError, match="taken"):
            await pair(port=box.port, folder=tmp_path / "other", **where)


@pytest.mark.parametrize("knows_the_code", [False, True])
async def test_a_relay_with_its_own_certificate_fails(
    box: Box, tmp_path: Path, *, knows_the_code: bool
) -> None:
    """A relay that ends TLS itself is a wrong code to the box, whatever it passes on."""
    relay = server_certificate(make_authority(), "relay")

    async def pass_on(request: web.Request) -> web.Response:
        url = f"https://127.0.0.1:{box.port}{request.path}"
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, data=await request.read(), ssl=False) as reply,
        ):
            return web.Response(body=await reply.read(), status=reply.status)

    app = web.Application()
    app.router.add_post("/{path:.*}", pass_on)
    code = box.code if knows_the_code else wrong(box.code)
    async with serving(app, server_context(tmp_path, relay)) as port:
        with pytest.raises(PairingRefusedError, match="wrong_code"):
            await pair(host="127.0.0.1", port=port, seat="a-01", code=code, folder=tmp_path)
    assert [type(event) for event in box.events] == [WrongCode]
    assert box.desk.paired() == frozenset()


class CredulousDesk(PairingDesk):
    """A spoofer's desk: it goes on after any proof, since it can check none."""

    def decide(self, finish: Finish, *, source: str, now: int) -> Decision:
        attempt = self._attempts[finish.attempt]
        assert attempt.keys is not None
        return self._right(finish, attempt, attempt.keys, self.windows(now)[0])


async def test_a_spoofer_that_guesses_gets_one_guess_and_no_seat(tmp_path: Path) -> None:
    """A box that does not know the code cannot make a seat take its authority."""
    spoofer = Box(tmp_path)
    spoofer.desk = CredulousDesk(authority=make_authority())
    spoofer.desk.open_window(SEATS, now=0)
    async with serving(spoofer.app(), spoofer.context) as port:
        with pytest.raises(ConfirmationError, match="expected the appliance to prove"):
            await pair(host="127.0.0.1", port=port, seat="a-01", code=spoofer.code, folder=tmp_path)
    assert load(tmp_path) is None


class GreedyDesk(PairingDesk):
    """A spoofer's desk: it asks for another proof after each, to try another guess on it."""

    proofs = 0

    def decide(self, finish: Finish, *, source: str, now: int) -> Decision:
        self.proofs += 1
        return Decision(Refused(reason=Refusal.SLOW_DOWN, retry_after_ms=0))


async def test_a_spoofer_that_asks_to_wait_gets_no_second_guess(tmp_path: Path) -> None:
    """One typing of the code is one proof for a box, whatever it answers to it."""
    spoofer = Box(tmp_path)
    spoofer.desk = desk = GreedyDesk(authority=make_authority())
    desk.open_window(SEATS, now=0)
    async with asyncio.timeout(20), serving(spoofer.app(), spoofer.context) as port:
        with pytest.raises(PairingRefusedError, match="slow_down"):
            await pair(host="127.0.0.1", port=port, seat="a-01", code=spoofer.code, folder=tmp_path)
    assert desk.proofs == 1


async def test_a_box_that_always_asks_to_wait_is_left(tmp_path: Path) -> None:
    """Who says "come at once" for ever cannot hold a seat: the patience ends all the same."""
    asked = []

    async def never(request: web.Request) -> web.Response:
        asked.append(request.path)
        body = encode(Refused(reason=Refusal.SLOW_DOWN, retry_after_ms=0))
        return web.Response(body=body, status=429)

    box, app = Box(tmp_path), web.Application()
    app.router.add_post("/{path:.*}", never)
    async with asyncio.timeout(20), serving(app, box.context) as port:
        with pytest.raises(PairingRefusedError, match="slow_down"):
            await pair(host="127.0.0.1", port=port, seat="a-01", code=box.code, folder=tmp_path,
                       patience_s=1.0)  # fmt: skip
    assert asked == [START_PATH] * 5


async def test_two_machines_ask_for_one_seat_at_once(box: Box, tmp_path: Path) -> None:
    """Of several machines with one label exactly one gets the seat."""
    tries = [
        pair(host="127.0.0.1", port=box.port, seat="a-01", code=box.code, folder=tmp_path / name)
        for name in ("one", "two", "three")
    ]
    done = await asyncio.gather(*tries, return_exceptions=True)
    refused = [each for each in done if isinstance(each, PairingRefusedError)]
    assert [each.reason for each in refused] == [Refusal.TAKEN] * 2
    assert len(box.events) == 1


async def test_many_seats_are_paired_together(box: Box, tmp_path: Path) -> None:
    """All seats of the window, typed in at the same moment, are paired."""
    tries = [
        pair(host="127.0.0.1", port=box.port, seat=seat, code=box.code, folder=tmp_path / seat)
        for seat in SEATS
    ]
    assert [made.seat for made in await asyncio.gather(*tries)] == SEATS
    assert box.desk.paired() == frozenset(SEATS)


async def test_a_reply_that_is_lost_costs_nothing(box: Box, tmp_path: Path) -> None:
    """Paired on record but cut off before the reply: the next try gives the same certificates."""
    lost = asyncio.Event()

    async def cut(request: web.Request) -> web.StreamResponse:
        url = f"https://127.0.0.1:{box.port}{request.path}"
        async with aiohttp.ClientSession() as session:
            fingerprint = aiohttp.Fingerprint(box.digest())
            async with session.post(url, data=await request.read(), ssl=fingerprint) as reply:
                body = await reply.read()
        if request.path == START_PATH:
            return web.Response(body=body)
        lost.set()
        assert request.transport
        request.transport.abort()
        return web.Response()

    app = web.Application()
    app.router.add_post("/{path:.*}", cut)
    async with serving(app, box.context) as port:  # the box's own certificate: a broken line
        with pytest.raises(PairingLineError, match="look at the cable"):
            await pair(host="127.0.0.1", port=port, seat="a-01", code=box.code, folder=tmp_path)
    assert lost.is_set()
    assert load(tmp_path) is None
    made = await pair(host="127.0.0.1", port=box.port, seat="a-01", code=box.code, folder=tmp_path)
    event = box.events[0]
    assert isinstance(event, SeatPaired)
    assert made.issued.tls_certificate == event.enrolled.tls_certificate
    assert len(box.events) == 1


async def test_a_full_disk_at_the_box_pairs_nobody(box: Box, tmp_path: Path) -> None:
    """What could not be recorded was not said; once there is room the same seat is paired."""
    box.disk_full = True
    with pytest.raises(PairingLineError, match="500"):
        await pair(host="127.0.0.1", port=box.port, seat="a-01", code=box.code, folder=tmp_path)
    assert box.desk.paired() == frozenset()
    box.disk_full = False
    await pair(host="127.0.0.1", port=box.port, seat="a-01", code=box.code, folder=tmp_path)
    assert box.desk.paired() == {"a-01"}


async def test_another_seats_keys_are_not_used_again(box: Box, tmp_path: Path) -> None:
    """A machine that moves to another seat makes new keys for it."""
    first = await pair(host="127.0.0.1", port=box.port, seat="a-01", code=box.code, folder=tmp_path)
    second = await pair(
        host="127.0.0.1", port=box.port, seat="a-02", code=box.code, folder=tmp_path
    )
    assert first.signing_key.public != second.signing_key.public


async def test_nobody_there_is_a_line_error(tmp_path: Path) -> None:
    """A closed port says where nobody answered, and what to look at."""
    port = closed_port()
    with pytest.raises(PairingLineError, match=f"127.0.0.1:{port}: expected an appliance"):
        await pair(host="127.0.0.1", port=port, seat="a-01", code="123456789", folder=tmp_path)


async def test_what_is_no_code_is_not_sent(box: Box, tmp_path: Path) -> None:
    """Eight digits cost no guess."""
    with pytest.raises(CodeFormatError):
        await pair(host="127.0.0.1", port=box.port, seat="a-01", code="12345678", folder=tmp_path)
    assert box.events == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"seat":"A 1","share":""}', b"x" * 20_000],
    ids=["empty", "cut short", "array", "bad fields", "too long"],
)
async def test_what_is_no_request_is_refused(box: Box, body: bytes) -> None:
    """Bytes that are no message get a typed refusal and cost the box nothing."""
    async with aiohttp.ClientSession() as session:
        url = f"https://127.0.0.1:{box.port}{START_PATH}"
        async with session.post(url, data=body, ssl=False) as reply:
            assert reply.status == 400
            assert (await reply.json())["reason"] == "bad_request"
