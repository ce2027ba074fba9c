"""``POST /v1/segments`` and ``/v1/views``: see `protocol.recordings_api`.

Rules:

1. The seat is who its certificate says. Whether that certificate is valid now, and not
   revoked, core has decided when it admitted the session at that very certificate.
2. Expected refusals are replies with 200; a request that breaks the protocol gets 400
   with the reason. A body is read as it comes, never whole into memory.
3. A seat that stops in mid-body is let go after a while.
4. A connection is for one request: a seat comes every half minute, and a hundred
   connections that wait meanwhile would hold 30 MB.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import ClientError, web

from appliance.recordings.intake import Intake
from protocol.envelope import Envelope
from protocol.errors import MalformedError
from protocol.recordings_api import (
    SEGMENT_HEADER,
    SEGMENTS,
    VIEWS,
    RecordingsReply,
    ViewEnded,
)
from protocol.values import decode, encode
from runtime.tls import peer_fingerprint

CHUNK: Final = 64 * 1024
PATIENCE_S: Final = 20.0
"""Longest wait for the next bytes of a body."""


def segments_app(intake: Intake) -> web.Application:
    """Return the application that is served to the seats."""

    async def segments(request: web.Request) -> web.Response:
        try:
            envelope = decode(request.headers.get(SEGMENT_HEADER, "").encode(), Envelope)
        except MalformedError as error:
            return web.Response(status=400, text=f"{SEGMENT_HEADER}: {error}")
        try:
            reply = await intake.take(envelope, peer_fingerprint(request), _body(request))
        except (TimeoutError, ClientError, ConnectionError) as error:
            return web.Response(status=400, text=f"the body broke off: {error}")
        return _answer(reply)

    async def views(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(PATIENCE_S):
                ended = decode(await request.read(), ViewEnded)
        except MalformedError as error:
            return web.Response(status=400, text=str(error))
        except TimeoutError:
            return web.Response(status=408, text="the body broke off")
        return _answer(await intake.end_view(ended, peer_fingerprint(request)))

    app = web.Application(client_max_size=64 * 1024)
    app.router.add_post(SEGMENTS, segments)
    app.router.add_post(VIEWS, views)
    return app


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    while True:
        async with asyncio.timeout(PATIENCE_S):
            data = await request.content.read(CHUNK)
        if not data:
            return
        yield data


def _answer(reply: RecordingsReply) -> web.Response:
    answer = web.Response(body=encode(reply), content_type="application/json")
    answer.force_close()
    return answer
