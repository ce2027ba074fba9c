"""The two requests of pairing, over the desk.

Rules:

1. These routes are served to who has no certificate yet: whoever mounts them asks for a
   client certificate without requiring one, or gives them a port of their own. The server
   must end TLS itself, with the certificate whose digest it passes in.
2. Commit, then send: an event is durable before its reply leaves. One finish at a time.
3. The slow sum is done on a thread, so that answers in flight are not held up.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from aiohttp import web

from appliance.core.pairing import Event, PairingDesk
from protocol.errors import MalformedError
from protocol.pairing import FINISH_PATH, START_PATH, Finish, Refusal, Refused, Start
from protocol.values import decode, encode

T = TypeVar("T")

_LARGEST: Final = 16_384
_STATUS: Final = {
    Refusal.NO_WINDOW: 403,
    Refusal.WRONG_CODE: 403,
    Refusal.TAKEN: 409,
    Refusal.SLOW_DOWN: 429,
    Refusal.EXPIRED: 410,
    Refusal.BAD_REQUEST: 400,
}


def routes(
    desk: PairingDesk,
    *,
    server_digest: Callable[[], bytes],
    now_ms: Callable[[], int],
    record: Callable[[Event], Awaitable[None]],
) -> web.RouteTableDef:
    """Return the routes of pairing.

    ``server_digest`` gives the SHA-256 (32 bytes) of the certificate (DER) that this server
    shows; ``now_ms`` the boot clock; ``record`` returns when the event is durable.
    """
    table = web.RouteTableDef()
    one_at_a_time = asyncio.Lock()

    @table.post(START_PATH)
    async def start(request: web.Request) -> web.Response:
        asked = await _read(request, Start)
        if isinstance(asked, Refused):
            return _reply(asked)
        ticket = desk.admit(
            asked, source=_source(request), server_digest=server_digest(), now=now_ms()
        )
        if isinstance(ticket, Refused):
            return _reply(ticket)
        try:
            offer, keys = await asyncio.to_thread(ticket.offer)
        except MalformedError:
            desk.register(ticket, None)
            return _reply(Refused(reason=Refusal.BAD_REQUEST))
        desk.register(ticket, keys)
        return _reply(offer)

    @table.post(FINISH_PATH)
    async def finish(request: web.Request) -> web.Response:
        proved = await _read(request, Finish)
        if isinstance(proved, Refused):
            return _reply(proved)
        async with one_at_a_time:
            decision = desk.decide(proved, source=_source(request), now=now_ms())
            if decision.event is not None:
                await record(decision.event)
            desk.settle(proved, decision)
        return _reply(decision.reply)

    return table


async def _read(request: web.Request, expected: type[T]) -> T | Refused:
    if request.content_length is None or request.content_length > _LARGEST:
        return Refused(reason=Refusal.BAD_REQUEST)
    try:
        return decode(await request.read(), expected)
    except MalformedError:
        return Refused(reason=Refusal.BAD_REQUEST)


def _source(request: web.Request) -> str:
    return request.remote or "unknown"


def _reply(value: object) -> web.Response:
    status, headers = 200, {}
    if isinstance(value, Refused):
        status = _STATUS[value.reason]
        if value.retry_after_ms:
            headers["Retry-After"] = str(-(-value.retry_after_ms // 1000))
    return web.Response(
        body=encode(value), status=status, headers=headers, content_type="application/json"
    )
