"""The link's answers: what each reply to a batch means, and how much is read of any reply."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from protocol import seat_api
from protocol.errors import ForkError, MalformedError, ProtocolError, UntrustedError
from protocol.grant import Position
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused
from terminal_agent import link as links
from terminal_agent.link import Link, _introduction
from terminal_agent.view import ReasonCode
from tests.seat_hall import Keys, SampleHall, SeatAtWork, answering, desk


@asynccontextmanager
async def serving(body: bytes) -> AsyncIterator[aiohttp.ClientSession]:
    """Somebody who answers to everything with ``body``."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get(seat_api.HALL, answer)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(str(server.make_url("/"))) as http,
    ):
        yield http


async def test_no_more_is_read_of_an_introduction_than_any_honest_one_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who answers without end fills no memory: the reply is refused by its size."""
    monkeypatch.setattr(links, "MOST_REPLY", 100_000)
    async with serving(b"x" * 2_000_000) as http:
        with pytest.raises(MalformedError, match="at most 100000 bytes"):
            await _introduction(http)


def the_link(at: SeatAtWork) -> Link:
    """Return a link of the desk."""
    proven = at.desk.state.proven
    assert proven is not None
    return Link(proven, at.seat, at.steady)


async def test_an_acknowledgement_of_another_session_breaks_the_link(tmp_path: Path) -> None:
    """What was acknowledged must be what was sent."""
    async with desk(tmp_path, SampleHall()) as at:
        await at.log_in()
        left = at.session
        at.desk.clear_session()
        await at.log_in()
        batch = await left.next_batch()
        assert batch is not None
        word = at.line.take(batch)
        assert isinstance(word, Acknowledged)
        with pytest.raises(ProtocolError):
            await the_link(at)._answered(at.session, word)
        assert at.session.acknowledged == 0
        await the_link(at)._answered(left, word)
        assert left.acknowledged == left.n


async def test_an_acknowledgement_by_another_box_breaks_the_link(tmp_path: Path) -> None:
    """Only the key that the bundle names may say that an answer is durable."""
    async with answering(tmp_path, SampleHall()) as at:
        batch = await at.session.next_batch()
        assert batch is not None
        at.line.hall = SampleHall(Keys())
        with pytest.raises(UntrustedError):
            await the_link(at)._answered(at.session, at.line.take(batch))
        assert at.session.acknowledged == 0


async def test_after_a_gap_the_seat_sends_from_where_the_box_stands(tmp_path: Path) -> None:
    """A box that lost its last second is sent it again."""
    async with answering(tmp_path, SampleHall()) as at:
        await at.deliver()
        session = at.session
        stands = Position(epoch=1, n=3, head=await _head(at, 3))
        refused = BatchRefused(code=BatchRefusal.GAP, text="", acknowledged=stands)
        await the_link(at)._answered(session, refused)
        batch = await session.next_batch()
        assert batch is not None
        assert batch.first == 4


async def test_a_box_that_stands_elsewhere_is_a_fork(tmp_path: Path) -> None:
    """Another history is never taken over."""
    async with answering(tmp_path, SampleHall()) as at:
        await at.deliver()
        elsewhere = Position(epoch=1, n=3, head="d" * 64)
        with pytest.raises(ForkError):
            await the_link(at)._answered(
                at.session, BatchRefused(code=BatchRefusal.GAP, text="", acknowledged=elsewhere)
            )


async def test_a_refusal_for_good_of_the_open_session_calls_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page says that staff must look, and the seat goes on asking."""
    monkeypatch.setattr(links, "_AGAIN_S", 0.001)
    async with answering(tmp_path, SampleHall()) as at:
        refused = BatchRefused(code=BatchRefusal.FORK, text="another history", acknowledged=None)
        await the_link(at)._answered(at.session, refused)
        reason = at.seat.view().reason
        assert reason is not None
        assert reason.code is ReasonCode.INTERNAL
        assert at.seat.owing() is at.session


async def test_a_full_box_is_asked_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is shown and nothing is lost."""
    monkeypatch.setattr(links, "_AGAIN_S", 0.001)
    async with answering(tmp_path, SampleHall()) as at:
        refused = BatchRefused(code=BatchRefusal.FULL, text="no room", acknowledged=None)
        await the_link(at)._answered(at.session, refused)
        assert at.seat.view().reason is None
        assert at.seat.owing() is at.session


async def test_the_open_session_goes_before_what_was_left(tmp_path: Path) -> None:
    """Whoever writes now is served first."""
    async with desk(tmp_path, SampleHall()) as at:
        await at.log_in()
        left = at.session
        at.desk.clear_session()
        await at.log_in()
        assert at.seat.owing() is at.session
        assert at.desk.tails == [left]


async def _head(at: SeatAtWork, n: int) -> str:
    head = await at.session._link(n)
    assert head is not None
    return head
