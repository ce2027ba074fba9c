"""An office, or whoever holds its certificate, that leads a courier elsewhere or never ends."""

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from appliance.courier.tus_client import LineError, TusClient, Upload
from protocol import upload as tus
from protocol.parcel import Lane
from protocol.values import sha256_hex
from runtime.listener import Listener
from runtime.tls import client_context, server_context
from tests.delivering import delivering
from tests.sample_office import SampleOffice
from tests.waiting import until

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
DATA = os.urandom(1000)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@contextlib.asynccontextmanager
async def standing(office: SampleOffice, answer: Answer) -> AsyncIterator[str]:
    """Answer every request at an address of this machine with the office's own certificate."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    context = server_context(office.root.issue("office"), authorities=office.root.pem)
    async with Listener(app, context, host="127.0.0.1", shutdown_timeout=0.1) as listener:
        yield f"https://127.0.0.1:{listener.port}"


async def step(office: SampleOffice, base: str, upload: Upload) -> None:
    """Let the courier's client do one request."""
    context = client_context(authorities=office.root.pem, identity=office.main.tls)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        await TusClient(session, base).step(upload, 1 << 20)


def upload(folder: Path) -> Upload:
    """Return a small file on its way."""
    path = folder / "one.parcel"
    path.write_bytes(DATA)
    return Upload(path=path, size=len(DATA), sha256=sha256_hex(DATA))


async def _never_asked(_request: web.Request) -> web.StreamResponse:
    pytest.fail("the courier followed to another address")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["", "/v1/uploads/1"])
async def test_no_redirect_is_followed(
    office: SampleOffice, tmp_path: Path, status: int, place: str
) -> None:
    """Creating and asking alike: a redirect is an office that cannot take anything now."""
    async with standing(office, _never_asked) as elsewhere:

        async def away(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": elsewhere + "/v1/uploads/1"})

        async with standing(office, away) as base:
            sent = upload(tmp_path)
            sent.place = place
            with pytest.raises(LineError, match=str(status)):
                await step(office, base, sent)
            assert sent.place == place


@pytest.mark.parametrize("told", ["https://example.org/x", "//example.org/x", "x", "http://a/b"])
async def test_an_upload_lies_below_the_offices_address(
    office: SampleOffice, tmp_path: Path, told: str
) -> None:
    """A creation answered with a place elsewhere is no answer; nothing is sent there."""

    async def created(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=201, headers={"Location": told, "Upload-Offset": "0"})

    async with standing(office, created) as base:
        sent = upload(tmp_path)
        with pytest.raises(LineError, match="expected an upload below"):
            await step(office, base, sent)
        assert sent.place == ""


async def test_the_offices_own_address_may_be_told_whole(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Other servers of tus name the whole address; below the office's own it is taken."""

    async def created(request: web.Request) -> web.StreamResponse:
        own = f"https://{request.host}{tus.UPLOADS}/1"
        return web.Response(status=201, headers={"Location": own, "Upload-Offset": "0"})

    async with standing(office, created) as base:
        sent = upload(tmp_path)
        await step(office, base, sent)
        assert sent.place == f"{tus.UPLOADS}/1"


async def test_an_answer_without_an_end_is_not_read_on(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Of an answer about an upload only so much is held as an office has to say."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(bytes(1 << 20))
        return response

    async with standing(office, endless) as base:
        with pytest.raises(LineError, match="expected at most"):
            await step(office, base, upload(tmp_path))


async def test_a_courier_that_is_led_elsewhere_says_so(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The line is down with the other's status; nothing is lost until the office is itself."""

    async def away(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "https://example.org/"})

    async with delivering(office, tmp_path) as at, standing(office, away) as wrong:
        at.line.divert(int(wrong.rpartition(":")[2]))
        at.write(at.lanes.parcel(Lane.INCIDENTS))
        async with at.courier() as courier:
            await until(lambda: courier.line.status.state == "down")
            assert "307" in courier.line.status.error
            at.line.divert(None)
            await at.all_verified(courier, 1)
