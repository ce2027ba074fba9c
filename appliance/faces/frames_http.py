"""``POST /v1/frames``: see `protocol.faces_api`.

Rules:

1. The seat is who its certificate says. Whether that certificate is valid now, and not
   revoked, core has decided when it admitted the session at that very certificate.
2. Expected refusals are replies with 200; a request that breaks the protocol gets 400
   with the reason, one that is too large 413.
3. The body stays in memory and goes nowhere but to the workers.
"""

from typing import Final

from aiohttp import web

from appliance.faces.service import FacesService
from protocol.errors import MalformedError
from protocol.faces_api import FRAME_HEADER, FRAMES, MAX_FRAME, FrameInfo
from protocol.values import decode, encode
from runtime.tls import peer_fingerprint

_JSON: Final = "application/json"


def frames_app(service: FacesService) -> web.Application:
    """Return the application that is served to the seats."""

    async def frames(request: web.Request) -> web.Response:
        try:
            info = decode(request.headers.get(FRAME_HEADER, "").encode(), FrameInfo)
        except MalformedError as error:
            return web.Response(status=400, text=f"{FRAME_HEADER}: {error}")
        jpeg = await request.read()
        reply = await service.frame(info, peer_fingerprint(request), jpeg)
        return web.Response(body=encode(reply), content_type=_JSON)

    app = web.Application(client_max_size=MAX_FRAME)
    app.router.add_post(FRAMES, frames)
    return app
