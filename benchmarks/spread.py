"""How far apart P reaches the seats of a hall, and the same bytes by two plainer ways.

All times are of the boot clock of this machine, which server and seats share.
"""

import asyncio
import contextlib
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from benchmarks import plain_release
from benchmarks.door import arm, lead_to_the_start
from benchmarks.hall import MeasuredHall, listening, measured_hall
from benchmarks.links import Links, boot_ms
from benchmarks.processors import SERVER_ON, measuring
from benchmarks.seats import MeasuredSeat, connect, seat_everybody
from benchmarks.wire import Wire, get
from drill.ports import free_port
from drill.sample_sitting import people

PUSHES = 3
"""To plain sockets, in each hall."""
POLL_S = 1.0
_PHASES = random.Random(20260321)


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """When something was begun, and when it had come to each seat; ms."""

    begun: float
    at: tuple[float, ...]

    @property
    def spread(self) -> float:
        """From the first arrival to the last."""
        return max(self.at) - min(self.at)

    @property
    def last(self) -> float:
        """From the beginning to the last arrival."""
        return max(self.at) - self.begun


@dataclass(frozen=True, kw_only=True)
class Spreads:
    """P by core's links; the same bytes to plain sockets, and polled; a round each."""

    links: tuple[Arrivals, ...]
    plain: tuple[Arrivals, ...]
    polled: tuple[Arrivals, ...]


async def measure_spreads(seats: int, halls: int) -> Spreads:
    """Release in ``halls`` halls one after the other, and the plainer ways beside each."""
    links: list[Arrivals] = []
    plain: list[Arrivals] = []
    polled: list[Arrivals] = []
    with measuring():
        for _ in range(halls):
            async with measured_hall(seats, core_on=SERVER_ON) as hall:
                there = await seat_everybody(hall, people(seats))
                await lead_to_the_start(hall, there)
                released, key = await _release(hall, there)
                links.append(released)
                async with _Plain.running(hall) as server:
                    plain += [await server.push(there, key) for _ in range(PUSHES)]
                    polled.append(await server.poll(there, key))
    return Spreads(links=tuple(links), plain=tuple(plain), polled=tuple(polled))


async def _release(hall: MeasuredHall, seats: list[MeasuredSeat]) -> tuple[Arrivals, bytes]:
    """Arm; return when P came to each link after the armed start, and what came."""
    async with Links(hall, seats) as links:
        start = await arm(hall)
        async with asyncio.timeout(60):
            for heard in links.heard:
                await heard.key_came.wait()
        ahead = max(heard.hall_ahead for heard in links.heard)
        at = tuple(heard.key_at for heard in links.heard)
        return Arrivals(begun=start - ahead, at=at), links.heard[0].key


class _Plain:
    """The program of the plainer ways, and what is asked of it."""

    def __init__(self, program: asyncio.subprocess.Process, plain: int, http: int) -> None:
        self._program = program
        self._plain = plain
        self._http = http

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, hall: MeasuredHall) -> AsyncIterator["_Plain"]:
        """Run it with the box's own certificate."""
        plain, http = free_port(), free_port()
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", plain_release.__name__, str(hall.folder / "box")),
            *(str(plain), str(http)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"EXAMHALL_LOG_LEVEL": "ERROR"},
        )
        os.sched_setaffinity(program.pid, SERVER_ON)
        try:
            await listening(http)
            yield cls(program, plain, http)
        finally:
            assert program.stdin is not None
            program.stdin.close()
            await program.wait()

    async def push(self, seats: list[MeasuredSeat], key: bytes) -> Arrivals:
        """Let it write ``key`` to a plain socket of each seat, in one loop."""
        wires = await connect(self._plain, seats)
        waiting = [asyncio.ensure_future(_pushed(wire, len(key))) for wire in wires]
        return await self._given(key, waiting, wires)

    async def poll(self, seats: list[MeasuredSeat], key: bytes) -> Arrivals:
        """Let each seat ask for it once a second, each at a moment of its own."""
        await self._tell(b"")
        wires = await connect(self._http, seats)
        waiting = [asyncio.ensure_future(_polled(wire)) for wire in wires]
        await asyncio.sleep(2 * POLL_S)
        return await self._given(key, waiting, wires)

    async def _given(
        self, key: bytes, waiting: Sequence["asyncio.Future[float]"], wires: list[Wire]
    ) -> Arrivals:
        begun = await self._tell(key)
        async with asyncio.timeout(30):
            at = await asyncio.gather(*waiting)
        for wire in wires:
            wire.close()
        return Arrivals(begun=begun, at=tuple(at))

    async def _tell(self, key: bytes) -> float:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(key + b"\n")
        return float(await self._program.stdout.readline())


async def _pushed(wire: Wire, length: int) -> float:
    await wire.next_bytes(length)
    return boot_ms()


async def _polled(wire: Wire) -> float:
    await asyncio.sleep(_PHASES.random() * POLL_S)
    due = time.monotonic()
    while True:
        _, body = await wire.ask(get(plain_release.KEY))
        if body:
            return boot_ms()
        due += POLL_S
        await asyncio.sleep(due - time.monotonic())
