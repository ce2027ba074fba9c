"""``POST /v1/frames``: see `protocol.faces_api`.

Rules:

1. The seat is who its certificate says. Whether that certificate is valid now, and not
   revoked, core has decided when it admitted the session at that very certificate.
2. Expected refusals are replies with 200; a request that breaks the protocol gets 400
   with the reason, one that is too large 413.
3. A frame that does not come whole in time is let go: a newer one is better.
4. The body stays in memory and goes nowhere but to the workers.
"""

import asyncio
from typing import Final

from aiohttp import web

from appliance.faces.service import FacesService
from protocol.errors import MalformedError
from protocol.faces_api import FRAME_HEADER, FRAMES, MAX_FRAME, FrameInfo
from protocol.values import decode, encode
from runtime.tls import peer_fingerprint

PATIENCE_S: Final = 20.0
"""Longest that a frame may take to come."""
_JSON: Final = "application/json"


def frames_app(service: FacesService) -> web.Application:
    """Return the application that is served to the seats."""

    async def frames(request: web.Request) -> web.Response:
        try:
            info = decode(request.headers.get(FRAME_HEADER, "").encode(), FrameInfo)
        except MalformedError as error:
            return web.Response(status=400, text=f"{FRAME_HEADER}: {error}")
        try:
            async with asyncio.timeout(PATIENCE_S):
                jpeg = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="the frame broke off: send the next one")
        reply = await service.frame(info, peer_fingerprint(request), jpeg)
        return web.Response(body=encode(reply), content_type=_JSON)

    app = web.Application(client_max_size=MAX_FRAME)
    app.router.add_post(FRAMES, frames)
    return app
