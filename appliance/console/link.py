"""The console's line to core: follows the status, asks for acts, fetches pictures.

A client: the line may break at any moment, and is tried again every second. An act whose
reply was lost can be asked for again as it was, with its nonce: it is done once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from appliance.ipc import staff_client, words
from appliance.ipc.staff_keys import SUFFIX
from protocol.errors import ProtocolError
from protocol.keys import SigningKey
from protocol.staff_api import Act, ActReply, HallStatus, StaffAct
from runtime.errors import IpcOfflineError

_AGAIN_S: Final = 1.0
_ACT_S: Final = 20.0
_PICTURE_S: Final = 10.0
_LOST: Final = (IpcOfflineError, aiohttp.ClientError, OSError, TimeoutError)

_log = logging.getLogger(__name__)


class LinkLostError(Exception):
    """Core could not be asked; whether it heard is not known."""


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """The line to core is down; ``detail`` only where core speaks, and not our language."""

    detail: str = ""


class HallLink:
    """Speaks to core in the name of one staff member."""

    def __init__(self, socket: Path, staff: str, key: SigningKey, keys: Path | None = None) -> None:
        self.socket: Final = socket
        self.staff: Final = staff
        self._key: Final = key
        self._keys: Final = keys

    async def follow(self) -> AsyncIterator[HallStatus | Lost]:
        """Yield the status whenever it has changed, and `Lost` when the line ends; for ever."""
        while True:
            try:
                async with staff_client.staff_session(self.socket) as session:
                    async for hall in staff_client.changes(session):
                        yield hall
                yield Lost()
            except ProtocolError as error:
                yield Lost(detail=str(error))
            except _LOST as error:
                _log.debug("no line to core: %s", error)
                yield Lost()
            await asyncio.sleep(_AGAIN_S)

    def asked(self, hall: HallStatus, act: Act) -> StaffAct:
        """Return an act of this moment; asked for twice it is done once."""
        return staff_client.new_act(hall, self.staff, act)

    async def second_key(self, staff: str, passphrase: str) -> SigningKey:
        """Open the key of a second person, who stands here; raise `StaffKeyError` or `OSError`."""
        if self._keys is None:
            raise staff_client.StaffKeyError(words.NO_KEY_FOLDER)
        path = self._keys / f"{staff}{SUFFIX}"
        return await asyncio.to_thread(staff_client.read_staff_key, path, passphrase)

    async def ask(
        self, asked: StaffAct, codes: tuple[str, ...] = (), second: SigningKey | None = None
    ) -> ActReply:
        """Have an act carried out; raise `LinkLostError` where nobody answers."""
        try:
            async with asyncio.timeout(_ACT_S):
                return await staff_client.perform(self.socket, asked, self._key, codes, second)
        except (*_LOST, ProtocolError) as error:
            raise LinkLostError(str(error)) from error

    async def picture(self, candidate: str, which: str) -> bytes | None:
        """Return a picture of a candidate (JPEG or PNG), None where there is none to be had."""
        try:
            async with (
                asyncio.timeout(_PICTURE_S),
                staff_client.staff_session(self.socket) as session,
            ):
                return await staff_client.picture(session, candidate, which)
        except _LOST as error:
            _log.debug("no picture: %s", error)
            return None
