"""The local network comes and goes; being found on it goes on."""

import asyncio

from runtime.interfaces import loopback_only
from runtime.mdns import Lan, Timing


class LosingItsAddress(Lan):
    """Loses its address in mid-session, as a pulled cable does it, then stays."""

    def __init__(self) -> None:
        super().__init__(
            browse="_exam-appliance._tcp",
            wanted=lambda _: True,
            heard=lambda _: None,
            networks=loopback_only,
            timing=Timing(retry_s=0),
        )
        self.sessions = 0
        self.stays = asyncio.Event()

    async def _session(self, _addresses: list[str]) -> None:
        self.sessions += 1
        if self.sessions == 1:
            raise OSError("Cannot assign requested address")
        if self.sessions == 2:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._fails())
        self.stays.set()
        await asyncio.Event().wait()

    async def _fails(self) -> None:
        raise OSError("Network is unreachable")


async def test_an_address_that_goes_away_ends_nothing() -> None:
    """Whichever of the session's tasks hears of it: a new session begins."""
    lan = LosingItsAddress()
    running = asyncio.ensure_future(lan.run())
    try:
        async with asyncio.timeout(5):
            await lan.stays.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert lan.sessions == 3
