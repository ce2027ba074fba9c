"""Asking core as staff: the status, the changes, and signed acts. For console and commands.

A client, and nothing else: whoever uses it may die at any moment.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

import aiohttp

from appliance.ipc import words
from appliance.ipc.words import Language, Text
from protocol import staff_api
from protocol.errors import MalformedError
from protocol.keys import SigningKey
from protocol.second_signature import countersign
from protocol.staff_api import Act, ActReply, ActRequest, HallStatus, StaffAct
from protocol.values import decode, encode
from runtime.errors import IpcOfflineError

_BASE = "http://core"


class StaffKeyError(Exception):
    """A staff key that cannot be opened."""

    def __init__(self, text: Text, **values: object) -> None:
        self._text: Final = text
        self._values: Final = values
        super().__init__(self.show(Language.EN))

    def show(self, language: Language) -> str:
        """Return the message in a language."""
        return self._text.say(language, **self._values)


def read_staff_key(path: Path, passphrase: str) -> SigningKey:
    """Return the key in an encrypted PKCS#8 file; raise `StaffKeyError`."""
    try:
        return SigningKey.from_encrypted_pem(path.read_bytes(), passphrase)
    except MalformedError as error:
        raise StaffKeyError(words.KEY_CLOSED, path=path, error=error) from error


@asynccontextmanager
async def staff_session(socket: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session over core's staff socket; raise `IpcOfflineError` where nobody answers."""
    connector = aiohttp.UnixConnector(str(socket))
    async with aiohttp.ClientSession(_BASE, connector=connector) as session:
        try:
            yield session
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError) as error:
            raise IpcOfflineError(
                f"{socket}: core does not answer; is the appliance running?"
            ) from error


async def fetch_status(socket: Path) -> HallStatus:
    """Return the hall's status."""
    async with staff_session(socket) as session, session.get(staff_api.STATUS) as reply:
        return decode(await reply.read(), HallStatus)


async def changes(session: aiohttp.ClientSession) -> AsyncIterator[HallStatus]:
    """Yield the status now and whenever it has changed, until the line ends."""
    async with session.ws_connect(staff_api.CHANGES, heartbeat=10) as socket:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                yield decode(message.data.encode(), HallStatus)


async def send_act(
    session: aiohttp.ClientSession,
    asked: StaffAct,
    key: SigningKey,
    codes: tuple[str, ...] = (),
    second: SigningKey | None = None,
) -> ActReply:
    """Sign an act, a grave one with a ``second`` person's key too, and have it carried out."""
    act = staff_api.sign_act(asked, key)
    if second is not None:
        act = countersign(act, second)
    request = ActRequest(act=act, codes=codes)
    async with session.post(staff_api.ACTS, data=encode(request)) as reply:
        body = await reply.read()
        if reply.status != 200:  # noqa: PLR2004 - HTTP's OK
            raise MalformedError(f"core refused the request: {body.decode(errors='replace')}")
        return staff_api.decode_act_reply(body)


async def perform(
    socket: Path,
    asked: StaffAct,
    key: SigningKey,
    codes: tuple[str, ...] = (),
    second: SigningKey | None = None,
) -> ActReply:
    """Sign an act and have it carried out, in a session of its own."""
    async with staff_session(socket) as session:
        return await send_act(session, asked, key, codes, second)


async def picture(session: aiohttp.ClientSession, candidate: str, which: str) -> bytes | None:
    """Return a picture of a candidate (JPEG): ``which`` is ``roster`` or ``camera``."""
    async with session.get(f"{staff_api.PICTURES}/{candidate}/{which}") as reply:
        return await reply.read() if reply.status == 200 else None  # noqa: PLR2004 - HTTP's OK


def new_act(hall: HallStatus, staff: str, act: Any) -> StaffAct:
    """Return an act of this moment, with a nonce of its own."""
    return StaffAct(
        centre=hall.centre,
        appliance=hall.appliance,
        generation=hall.generation,
        sitting=hall.sitting,
        staff=staff,
        at=hall.hall_time,
        nonce=secrets.token_hex(16),
        act=cast("Act", act),
    )
