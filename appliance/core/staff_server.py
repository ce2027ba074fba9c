"""What staff may ask of core, on a Unix socket: see `protocol.staff_api`.

Who may connect, and so read the status, is decided by the socket's folder and mode (0660,
group of the staff); who asks for something is decided by the signature of each act.

Tasks: each change line's handler owns nothing; it ends with its client or the server.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from appliance.core import acts
from protocol import staff_api
from protocol.errors import ProtocolError
from protocol.staff_api import ActReply, ActRequest, HallStatus
from protocol.values import encode

_MOST_OFTEN_S: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class StaffDesk:
    """What the server passes requests on to."""

    status: Callable[[], HallStatus]
    perform: Callable[[ActRequest], Awaitable[ActReply]]
    roster_photo: Callable[[str], Awaitable[bytes | None]]
    camera_photo: Callable[[str], Awaitable[bytes | None]]


def staff_app(desk: StaffDesk) -> web.Application:
    """Return the application that is served to staff."""
    app = web.Application(client_max_size=1024 * 1024)
    handlers = _Handlers(desk)
    app.router.add_get(staff_api.STATUS, handlers.status)
    app.router.add_get(staff_api.CHANGES, handlers.changes)
    app.router.add_post(staff_api.ACTS, handlers.act)
    app.router.add_get(staff_api.PICTURES + "/{candidate}/roster", handlers.roster)
    app.router.add_get(staff_api.PICTURES + "/{candidate}/camera", handlers.camera)
    return app


class _Handlers:
    def __init__(self, desk: StaffDesk) -> None:
        self._desk = desk

    async def status(self, _request: web.Request) -> web.Response:
        return _json(self._desk.status())

    async def changes(self, request: web.Request) -> web.WebSocketResponse:
        """Push the status when it has changed, looked at twice a second."""
        socket = web.WebSocketResponse(heartbeat=10)
        await socket.prepare(request)
        shown = b""
        while not socket.closed:
            data = encode(self._desk.status())
            if data != shown:
                shown = data
                try:
                    await socket.send_str(data.decode())
                except ConnectionError:
                    break
            try:
                await socket.receive(timeout=_MOST_OFTEN_S)
            except TimeoutError:
                continue
        return socket

    async def act(self, request: web.Request) -> web.Response:
        try:
            asked = acts.read_request(await request.read())
        except ProtocolError as error:
            return web.Response(status=400, text=f"{error.code}: {error}")
        return _json(await self._desk.perform(asked))

    async def roster(self, request: web.Request) -> web.Response:
        return _picture(await self._desk.roster_photo(request.match_info["candidate"]))

    async def camera(self, request: web.Request) -> web.Response:
        return _picture(await self._desk.camera_photo(request.match_info["candidate"]))


def _picture(data: bytes | None) -> web.Response:
    if data is None:
        return web.Response(status=404, text="there is no such picture")
    return web.Response(body=data, content_type="image/jpeg")


def _json(value: object) -> web.Response:
    return web.Response(body=encode(value), content_type="application/json")
