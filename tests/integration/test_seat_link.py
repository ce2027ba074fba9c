"""The seat's link over a real WebSocket: what ends it, and which answers are followed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from protocol import seat_api
from protocol.errors import BrokenChainError
from protocol.grant import Position
from protocol.seat_api import (
    BatchRefusal,
    BatchRefused,
    Beat,
    HallBeat,
    HallSays,
    Hello,
    SeatSays,
    decode_seat_says,
)
from protocol.values import encode
from runtime.clock import MachineClock
from terminal_agent.link import APART_S, Link, LinkLostError, Proven

STANDS = BatchRefused(
    code=BatchRefusal.GAP, text="", acknowledged=Position(epoch=1, n=0, head="0" * 64)
)
Box = Callable[["Line"], Awaitable[None]]


class Line:
    """The box's end of the link, in the hands of a test."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket

    async def heard(self) -> SeatSays:
        """Return what the seat says next."""
        return decode_seat_says(await self.socket.receive_bytes())

    async def answer(self, beat: SeatSays, checkpoint: str) -> None:
        """Answer a beat."""
        assert isinstance(beat, Beat)
        said = HallBeat(
            hall_time=1, sent=beat.sent, subject=None, checkpoint=checkpoint, proof_from=0, proof=()
        )
        await self.socket.send_bytes(encode(said))


class Seat:
    """The seat's side of the link: it notes what it hears, or fails at it."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.heard: list[str] = []
        self.clocks = 0
        self.writing: Writing | None = None
        self._fails = fails

    async def hear(self, said: HallSays) -> None:
        if self._fails is not None:
            raise self._fails
        self.heard.append(cast("HallBeat", said).checkpoint)

    async def hear_clock(self, beat: Any) -> None:
        self.clocks += 1

    def beat(self) -> Beat:
        return Beat(
            sent=5, hall=1, screen="closed", paper=None, spooled=0, disk_free=0, cameras=0,
            hand_raised=False, log_size=0, cosignature="",
        )  # fmt: skip

    async def hello(self) -> Hello:
        return Hello(
            agent="a", boot="0" * 32, sessions=(), decisions_seen=0, generation=1, checkpoints=()
        )

    def session(self) -> None:
        return None

    def owing(self) -> "Writing | None":
        return self.writing


class Writing:
    """A session that always has something to send; it notes when it was asked."""

    def __init__(self, most: int) -> None:
        self.asked: list[float] = []
        self.enough = asyncio.Event()
        self._most = most

    async def next_batch(self) -> Beat:
        self.asked.append(asyncio.get_running_loop().time())
        if len(self.asked) == self._most:
            self.enough.set()
        return Seat().beat()  # its form is nothing to the link

    async def stand_at(self, position: Position) -> None:
        assert position == STANDS.acknowledged


@asynccontextmanager
async def linked(box: Box, seat: Seat) -> AsyncIterator[Link]:
    """Give a link to a box that does as ``box`` says, then closes the link."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await box(Line(socket))
        await socket.close()
        return socket

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=encode(STANDS))

    app = web.Application()
    app.router.add_get(seat_api.LINK, handle)
    app.router.add_post(seat_api.BATCHES, take)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(str(server.make_url("/"))) as http,
    ):
        proven = cast("Proven", type("P", (), {"http": http, "hall": None})())
        yield Link(proven, cast("Any", seat), MachineClock())


async def test_a_link_that_is_closed_is_lost_and_nothing_else() -> None:
    """Whoever owns the link hears `LinkLostError` itself, not a group with one in it."""

    async def box(line: Line) -> None:
        await line.heard()

    async with linked(box, Seat()) as link:
        with pytest.raises(LinkLostError, match="closed the link"):
            await link.run(lambda: None)


async def test_a_box_that_breaks_the_protocol_loses_the_link() -> None:
    """What is not believed ends the link, and says why."""

    async def box(line: Line) -> None:
        await line.heard()
        await line.answer(await line.heard(), "note")
        await line.heard()

    async with linked(box, Seat(BrokenChainError("no proof"))) as link:
        with pytest.raises(LinkLostError, match="broke the protocol: no proof"):
            await link.run(lambda: None)


async def test_a_fault_of_the_seat_itself_is_no_lost_link() -> None:
    """A bug must not be tried again and again as if the line were bad."""

    async def box(line: Line) -> None:
        await line.heard()
        await line.answer(await line.heard(), "note")
        await line.heard()

    async with linked(box, Seat(RuntimeError("a bug"))) as link:
        with pytest.raises(ExceptionGroup) as raised:
            await link.run(lambda: None)
        assert raised.group_contains(RuntimeError, match="a bug")


async def test_only_the_last_beats_answer_is_followed() -> None:
    """An answer that crossed a newer beat proves from too little: its clock counts, no more."""

    async def box(line: Line) -> None:
        await line.heard()
        first = await line.heard()
        link.soon()
        second = await line.heard()
        assert first.sent < second.sent
        await line.answer(first, "old")
        await line.answer(second, "new")

    seat = Seat()
    async with linked(box, seat) as link:
        with pytest.raises(LinkLostError):
            await link.run(lambda: None)
    assert (seat.heard, seat.clocks) == (["new"], 2)


async def test_a_seat_that_always_has_something_leaves_time_between_its_batches() -> None:
    """However fast the box answers, what is saved meanwhile gathers under one signature."""
    seat = Seat()
    seat.writing = Writing(most=8)

    async def box(line: Line) -> None:
        await line.heard()
        await seat.writing.enough.wait()

    async with linked(box, seat) as link:
        with pytest.raises(LinkLostError):
            await link.run(lambda: None)
    apart = [after - before for before, after in pairwise(seat.writing.asked)]
    assert len(apart) >= 7
    assert min(apart) >= APART_S
