"""Core's line to discovery: whose terminals were heard, and which of them answer.

A hint for the console, nothing more: who a seat is, its certificate says; whether it
lives, its heartbeat.
"""

from types import TracebackType
from typing import Self

from appliance.core.building import Core
from appliance.core.status import Sighting
from appliance.ipc.discovery import CHANNEL, Roster, TerminalsSeen
from appliance.ipc.settings import Settings
from runtime.ipc import Client


class DiscoveryLine:
    """See the module; a context manager."""

    def __init__(self, settings: Settings, core: Core) -> None:
        self._core = core
        self._client = Client(
            settings.socket("discovery"), CHANNEL, on_event=self._seen, on_line=self._line
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    def _line(self, there: bool) -> None:  # noqa: FBT001 - the client's signature
        self._core.surroundings.connected["discovery"] = there
        if there:
            self._client.tell(Roster(seats=tuple(self._core.hall.seats)))

    def _seen(self, said: TerminalsSeen) -> None:
        self._core.surroundings.sightings = {
            terminal.seat: Sighting(
                reachable=terminal.reached,
                address=next(iter(terminal.addresses), ""),
            )
            for terminal in said.terminals
            if terminal.seat is not None
        }
