"""The staff of the hall: they see the status and perform acts, each signed with their key.

A client of core's staff socket like the console and ``exam-appliance act``. Core may die and
come back at any moment: what is waited for is waited for on::

    staff = Staff(socket, "wang-fang", key)
    await staff.do(OpenDoors(correction=0))
    hall = await staff.until(lambda hall: all(seat.found for seat in hall.seats), "seats found")
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import aiohttp

from appliance.ipc import staff_client
from drill.errors import ActRefusedError
from drill.waiting import patience
from protocol.keys import SigningKey
from protocol.staff_api import Act, ActDone, ActRefused, HallStatus
from runtime.errors import IpcOfflineError

PATIENCE_S: Final = 60.0
_AGAIN_S: Final = 0.2
_AWAY: Final = (IpcOfflineError, OSError, aiohttp.ClientError)
"""What is heard while core is dead."""


class Staff:
    """One member of the staff at core's socket."""

    def __init__(self, socket: Path, member: str, key: SigningKey) -> None:
        self._socket = socket
        self.member: Final = member
        self._key = key

    async def status(self) -> HallStatus:
        """Return the hall's status, as soon as core answers."""
        return await self.until(lambda _: True, "core's status")

    async def do(self, act: Act, codes: tuple[str, ...] = ()) -> ActDone:
        """Perform an act; raise `ActRefusedError` where core refuses it.

        The nonce makes it one act: where core died before it replied, it is asked again.
        """
        asked = staff_client.new_act(await self.status(), self.member, act)
        async with patience(PATIENCE_S, f"core to carry out {type(act).__name__}"):
            while True:
                try:
                    reply = await staff_client.perform(self._socket, asked, self._key, codes)
                except _AWAY:
                    await asyncio.sleep(_AGAIN_S)
                    continue
                if isinstance(reply, ActRefused):
                    raise ActRefusedError(
                        f"{type(act).__name__} was refused ({reply.code}): {reply.text}",
                        text_zh=reply.text_zh,
                    )
                return reply

    async def until(
        self, true: Callable[[HallStatus], bool], what: str, seconds: float = PATIENCE_S
    ) -> HallStatus:
        """Return the first status for which ``true`` holds; raise `NotInTimeError`."""
        async with patience(seconds, f"{what}, as core's status says"):
            while True:
                try:
                    found = await self._first(true)
                except _AWAY:
                    found = None
                if found is not None:
                    return found
                await asyncio.sleep(_AGAIN_S)

    async def _first(self, true: Callable[[HallStatus], bool]) -> HallStatus | None:
        """Return the first status that fits; None where core goes away before."""
        async with staff_client.staff_session(self._socket) as session:
            async for hall in staff_client.changes(session):
                if true(hall):
                    return hall
        return None
