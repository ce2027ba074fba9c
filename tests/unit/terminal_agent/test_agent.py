"""The agent over what hinders it: it says so on the page, and goes on trying."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from protocol.discovery import Address
from protocol.errors import UntrustedError
from runtime.errors import DiskFullError
from terminal_agent import agent as agents
from terminal_agent.agent import Machine, Options, _Agent
from terminal_agent.finding import Source
from terminal_agent.link import LinkLostError, Proven
from terminal_agent.view import Reason, ReasonCode
from tests.seat_hall import BoxLine, SampleHall, SeatAtWork, desk


class Line(BoxLine):
    """A line that can be closed."""

    async def close(self) -> None:
        self.cut = True


class Watched(_Agent):
    """An agent whose appliance is always found; `linked` counts its links."""

    def __init__(self, folder: Path, at: SeatAtWork) -> None:
        super().__init__(Options(folder=folder, network="loopback"), at.seat, Machine(bits=1))
        self.at = at
        self.linked = asyncio.Semaphore(0)
        self.searched = 0
        cast("Any", self.finder).search = self._search
        self._paired.set()

    async def _search(self, _prove: Callable[[Address], Awaitable[object]]) -> Proven:
        self.searched += 1
        line = Line(self.at.hall)
        return Proven(http=cast("Any", line), hall=self.at.hall.trusted())

    async def _linked(self, proven: Proven) -> None:
        self.linked.release()
        raise LinkLostError("the test ends it")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(agents, "_AGAIN_S", 0.01)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DiskFullError("no room"), ReasonCode.DISK_TRIED),
        (UntrustedError("the kept checkpoint is not the log's"), ReasonCode.INTERNAL),
    ],
)
async def test_what_hinders_the_seat_at_a_hall_is_said_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: ReasonCode
) -> None:
    """A full disk or a checkpoint that is not believed ends no agent."""
    async with desk(tmp_path, SampleHall(), meets=False) as at:
        said: list[ReasonCode] = []
        found = at.seat.found

        async def failing(proven: Proven) -> None:
            if at.desk.state.trouble is not None:
                said.append(at.desk.state.trouble.code)
            if len(said) < 2:
                raise error
            await found(proven)

        monkeypatch.setattr(at.seat, "found", failing)
        agent = Watched(tmp_path, at)
        living = asyncio.get_running_loop().create_task(agent.live())
        async with asyncio.timeout(20):
            await agent.linked.acquire()
        living.cancel()
        assert said == [code, code]
        assert at.desk.state.trouble is None
        assert agent.searched >= 3


async def test_a_seat_that_cannot_come_up_says_so_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is served meanwhile; nothing is linked before the seat stands where it stood."""
    async with desk(tmp_path, SampleHall(), meets=False) as at:
        agent = Watched(tmp_path, at)
        tries = 0

        async def resume() -> None:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise DiskFullError("no room")

        monkeypatch.setattr(agent, "_resume", resume)
        assert not await agent.try_to_resume()
        trouble = at.seat.view().trouble
        assert trouble is not None
        assert trouble.code is ReasonCode.DISK_TRIED
        living = asyncio.get_running_loop().create_task(agent.live())
        async with asyncio.timeout(20):
            await agent.linked.acquire()
        living.cancel()
        assert tries == 3
        assert at.seat.view().trouble is None


@pytest.mark.parametrize(
    ("said", "tried", "told"),
    [
        ({1: ReasonCode.PAIRING_CLOSED, 2: ReasonCode.PAIRING_WRONG}, [1], "pairing_closed"),
        ({2: ReasonCode.PAIRING_WRONG, 3: ReasonCode.PAIRING_CLOSED}, [1, 2, 3], "pairing_wrong"),
        ({2: ReasonCode.PAIRING_CLOSED, 3: ReasonCode.PAIRING_LATER}, [1, 2, 3], "pairing_later"),
        ({}, [1, 2, 3], "appliance_unreached"),
    ],
)
async def test_a_code_is_tried_at_the_box_that_was_named(
    said: dict[int, ReasonCode],
    tried: list[int],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Boxes only heard of get the code where the named one is silent; the best reason is told."""
    asked: list[int] = []

    async def answer(_self: _Agent, address: Address, _seat: str, _code: str) -> Reason | None:
        asked.append(address.port)
        code = said.get(address.port)
        return None if code is None else Reason(code=code)

    monkeypatch.setattr(_Agent, "_pair_with", answer)
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        options = Options(folder=tmp_path, appliance=(Address("127.0.0.1", 1),), network="loopback")
        agent = _Agent(options, at.seat, Machine(bits=1))
        agent.finder.give(Address("127.0.0.1", 2), Source.HEARD)
        agent.finder.give(Address("127.0.0.1", 3), Source.HEARD)
        reason = await agent.pair("123456789", "a-01")
    assert asked == tried
    assert reason is not None
    assert reason.code == told
