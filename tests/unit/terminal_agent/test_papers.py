"""The shelf: a sealed paper comes whole or not at all, and P lies there wrapped."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from protocol import seat_api
from protocol.errors import MalformedError, SealedError
from protocol.sealing import SealingIdentity
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from terminal_agent.papers import PaperShelf
from tests.seat_hall import SUBJECT, SampleHall

HALL = SampleHall()


class Box:
    """Who gives the paper out; ``body`` is what it gives, ``ranges`` what it was asked for."""

    def __init__(self) -> None:
        self.body = HALL.sealed_paper
        self.ranges: list[str] = []
        self.knows_ranges = True

    async def paper(self, request: web.Request) -> web.Response:
        asked = request.headers.get("Range", "")
        self.ranges.append(asked)
        if not asked or not self.knows_ranges:
            return web.Response(body=self.body)
        begins = int(asked.removeprefix("bytes=").removesuffix("-"))
        return web.Response(status=206, body=self.body[begins:])


@pytest.fixture
def box() -> Box:
    """A box."""
    return Box()


@pytest.fixture
async def http(box: Box) -> AsyncIterator[aiohttp.ClientSession]:
    """The line to it."""
    app = web.Application()
    app.router.add_get(f"{seat_api.PAPERS}/{SUBJECT}", box.paper)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(str(server.make_url("/"))) as session,
    ):
        yield session


@pytest.fixture
def shelf(tmp_path: Path) -> PaperShelf:
    """An empty shelf."""
    made = PaperShelf(tmp_path / "papers")
    made.prepare()
    return made


async def test_a_paper_is_fetched_and_opens(shelf: PaperShelf, http: aiohttp.ClientSession) -> None:
    """Whole by its digest, and then by that of its plain text."""
    assert not await shelf.has(HALL.paper)
    await shelf.fetch(http, HALL.paper)
    assert await shelf.has(HALL.paper)
    opened = await shelf.open(HALL.paper, HALL.paper_key)
    assert opened.digest == HALL.paper.plain_sha256


@pytest.mark.parametrize("knows_ranges", [True, False])
async def test_a_fetch_goes_on_where_it_was_broken(
    shelf: PaperShelf, http: aiohttp.ClientSession, box: Box, tmp_path: Path, *, knows_ranges: bool
) -> None:
    """What had come is not fetched again, unless the box cannot do otherwise."""
    box.knows_ranges = knows_ranges
    part = tmp_path / "papers" / f"{HALL.paper.sealed_sha256}.part"
    part.write_bytes(HALL.sealed_paper[:1000])
    await shelf.fetch(http, HALL.paper)
    assert box.ranges == ["bytes=1000-"]
    assert await shelf.has(HALL.paper)
    assert not part.exists()


@pytest.mark.parametrize(
    "body", [b"x" * len(HALL.sealed_paper), HALL.sealed_paper[:-1], HALL.sealed_paper + b"x"]
)
async def test_what_is_not_the_paper_is_not_kept(
    shelf: PaperShelf, http: aiohttp.ClientSession, box: Box, body: bytes
) -> None:
    """Altered, cut or longer: refused, and the next fetch may be right."""
    box.body = body
    with pytest.raises(MalformedError):
        await shelf.fetch(http, HALL.paper)
    assert not await shelf.has(HALL.paper)
    box.body = HALL.sealed_paper
    try:
        await shelf.fetch(http, HALL.paper)
    except MalformedError:  # what had come was of the other body
        await shelf.fetch(http, HALL.paper)
    assert await shelf.has(HALL.paper)


async def test_no_room_is_said_and_the_fetch_goes_on_later(
    shelf: PaperShelf, http: aiohttp.ClientSession
) -> None:
    """Nothing half is taken for the paper."""
    with FaultyDisk().installed() as disk:
        disk.full()
        with pytest.raises(DiskFullError):
            await shelf.fetch(http, HALL.paper)
        assert not await shelf.has(HALL.paper)
        disk.room()
        await shelf.fetch(http, HALL.paper)
    assert await shelf.has(HALL.paper)


async def test_the_plain_text_must_be_what_the_office_signed(
    shelf: PaperShelf, http: aiohttp.ClientSession
) -> None:
    """age does not name the sender: the digest in the bundle does."""
    await shelf.fetch(http, HALL.paper)
    with pytest.raises(SealedError, match="not the one"):
        await shelf.open(replace(HALL.paper, plain_sha256="0" * 64), HALL.paper_key)
    with pytest.raises(SealedError):
        await shelf.open(HALL.paper, SealingIdentity.generate())


def test_p_is_kept_wrapped_and_goes_when_told(shelf: PaperShelf, tmp_path: Path) -> None:
    """On the disk it is never to be read as it is."""
    assert shelf.unwrap(HALL.paper) is None
    shelf.wrap(HALL.paper, HALL.paper_key)
    found = shelf.unwrap(HALL.paper)
    assert found is not None
    assert found.recipient == HALL.paper_key.recipient
    secret = HALL.paper_key.dangerous_text().encode()
    assert all(secret not in path.read_bytes() for path in (tmp_path / "papers").iterdir())
    shelf.forget(HALL.paper)
    shelf.forget(HALL.paper)
    assert shelf.unwrap(HALL.paper) is None


async def test_only_this_sittings_papers_stay(
    shelf: PaperShelf, http: aiohttp.ClientSession
) -> None:
    """What an earlier sitting left on the shelf goes, and this machine's own key stays."""
    old = replace(HALL.paper, sealed_sha256="e" * 64)
    shelf.wrap(old, HALL.paper_key)
    shelf.wrap(HALL.paper, HALL.paper_key)
    await shelf.fetch(http, HALL.paper)
    shelf.keep_only([HALL.paper])
    assert shelf.unwrap(old) is None
    assert shelf.unwrap(HALL.paper) is not None
    assert await shelf.has(HALL.paper)
