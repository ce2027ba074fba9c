"""The links of a measured hall: one WebSocket a seat, which beats and notes when it hears P.

As much of a terminal as core can see: a hello, then a beat every two seconds, each seat at
a moment of its own. When a message came is noted before anything is done with it.
"""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp

from benchmarks.hall import MeasuredHall
from benchmarks.seats import MeasuredSeat
from protocol import seat_api
from protocol.seat_api import Beat, HallBeat, Hello, PaperKeySaid
from protocol.values import encode
from runtime.tasks import Tasks
from terminal_agent.link import BEAT_S


def boot_ms() -> float:
    """Return the machine's boot clock, which all its processes share."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) * 1000


class HeardLink:
    """What one link has heard. Times in ms of the boot clock."""

    def __init__(self) -> None:
        self.beats = 0
        self.hall_ahead = float("-inf")
        """Hall time minus boot clock, by the quickest beat so far."""
        self.key_at = 0.0
        self.key = b""
        self.beating = asyncio.Event()
        self.key_came = asyncio.Event()

    def hear(self, data: bytes, at: float) -> None:
        """Take one message of the hall, which came at ``at``."""
        said = seat_api.decode_hall_says(data)
        if isinstance(said, HallBeat):
            self.beats += 1
            self.hall_ahead = max(self.hall_ahead, said.hall_time - at)
            self.beating.set()
        elif isinstance(said, PaperKeySaid):
            self.key_at, self.key = at, data
            self.key_came.set()


class Links:
    """Open links; a context manager."""

    def __init__(self, hall: MeasuredHall, seats: Sequence[MeasuredSeat]) -> None:
        self.heard = [HeardLink() for _ in seats]
        self._hall = hall
        self._seats = seats
        self._tasks = Tasks("links")

    async def __aenter__(self) -> Self:
        """Return once every link has been answered a beat."""
        await self._tasks.__aenter__()
        for number, (seat, heard) in enumerate(zip(self._seats, self.heard, strict=True)):
            delay = BEAT_S * number / len(self._seats)
            name = f"link of {seat.grant.seat}"
            self._tasks.start(name, self._keep(seat, heard, delay))
        async with asyncio.timeout(60):
            for heard in self.heard:
                await heard.beating.wait()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.__aexit__(kind, error, trace)

    async def _keep(self, seat: MeasuredSeat, heard: HeardLink, delay: float) -> None:
        await asyncio.sleep(delay)
        connector = aiohttp.TCPConnector(ssl=seat.context())
        base = f"https://127.0.0.1:{self._hall.port}"
        async with (
            aiohttp.ClientSession(base, connector=connector) as http,
            http.ws_connect(seat_api.LINK, max_msg_size=seat_api.MAX_BODY) as socket,
        ):
            await socket.send_bytes(encode(_hello(seat)))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_beat(socket))
                async for message in socket:
                    heard.hear(message.data.encode(), boot_ms())
                raise ConnectionError(f"core ended the link of seat {seat.grant.seat}")


async def _beat(socket: aiohttp.ClientWebSocketResponse) -> None:
    while True:
        at = int(boot_ms())
        beat = Beat(
            sent=at,
            hall=0,
            screen="waiting",
            paper=None,
            spooled=0,
            disk_free=0,
            cameras=1,
            hand_raised=False,
            log_size=0,
            cosignature="",
        )
        await socket.send_bytes(encode(beat))
        await asyncio.sleep(BEAT_S)


def _hello(seat: MeasuredSeat) -> Hello:
    return Hello(
        agent="benchmark",
        boot="0" * 32,
        sessions=(seat.grant.session,),
        decisions_seen=0,
        generation=0,
        checkpoints=(),
    )
