"""The page's server: HTTP and one live line on 127.0.0.1, for one page at a time.

It owns no state of the exam: everything is asked of the `SeatModel`. ``gate`` decides
who may speak. Rules:

- It binds 127.0.0.1 and nothing else; every answer forbids caching, framing, foreign
  content and inline code.
- The live line (``/api/live``) pushes the whole `View` at each change, at most twenty
  times a second, and every five seconds without one, so that the page's clock follows
  the hall's.
- The newest page takes over; the older is told and does nothing more. A page that
  froze and was restarted by staff is thus never locked out by the one it replaces.
  Each live line has a number, and an action that names an older one is refused.

Tasks: each live line's handler owns one task that pushes and one that says farewell;
both are cancelled when the line ends. Closing the server ends all lines first.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self, assert_never

import msgspec
from aiohttp import ClientConnectionResetError, web

from terminal_agent import gate
from terminal_agent.actions import Action, Done, Kept, NotKept, Outcome, Refused, SeatModel
from terminal_agent.view import Reason, ReasonCode, View

ADDRESS: Final = "127.0.0.1"
PAGE_HEADER: Final = "X-Examhall-Page"
MAX_BODY: Final = 256 * 1024
"""Bytes; an answer of eighty thousand Chinese characters fits."""
COALESCE_S: Final = 0.05
RESYNC_S: Final = 5.0
SAY_EVERY_S: Final = 10.0
"""A program that knocks and knocks fills no log."""
TAKEN_OVER: Final = 4001
"""Close code of a live line whose page was taken over."""

_PAGE_FOLDER: Final = Path(__file__).parent / "page"
_MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types examhall"
)
_ASSET_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A picture opened by itself may style itself (SVG) and nothing else."""
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=(), usb=()",
}

_log = logging.getLogger(__name__)
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """One message on the live line."""


class Pushed(_Message, frozen=True, kw_only=True, tag="view"):
    """The view, and the number that this page's actions must carry."""

    page: int
    view: View


class _Enter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: str = ""


class _Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """How a refusal stands on the wire; ``text`` is for whoever debugs, never shown."""

    code: str
    parameters: dict[str, int | str] = {}
    words: str = ""
    text: str = ""
    ok: bool = False


class _Line:
    """A live line: its number, and why it is asked to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.end = asyncio.Event()
        self.close_code = 1001

    def finish(self, close_code: int) -> None:
        self.close_code = close_code
        self.end.set()


class _TurnedAway:
    """Says of requests that were turned away: the first at once, the others by number."""

    def __init__(self) -> None:
        self._next = 0.0
        self._unsaid = 0

    def note(self, barrier: gate.Barrier, path: str, now: float) -> None:
        """Count one more at ``now`` (s); at most one line in `SAY_EVERY_S` comes of it."""
        if now < self._next:
            self._unsaid += 1
            return
        _log.warning(
            "page request turned away at %s: %.80s; %d more before it", barrier, path, self._unsaid
        )
        self._next, self._unsaid = now + SAY_EVERY_S, 0


class Loopback:
    """The server, open while its context is.

    ``port`` 0 takes any free one. ``token`` may be handed over from an earlier launch of
    the agent, so that a page that is still open goes on::

        async with Loopback(seat) as loopback:
            browser.open(loopback.address)      # http://127.0.0.1:40123/#token
    """

    def __init__(self, model: SeatModel, *, port: int = 0, token: str | None = None) -> None:
        self._model = model
        self._port = port
        self.token: Final = token or secrets.token_urlsafe(16)
        self._cookie = gate.cookie_for(self.token)
        self._line = _Line(0)
        self._turned_away = _TurnedAway()
        self._files = _page_files()
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        """Bind and serve; raises `OSError` where the port is taken."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[self._guard])
        app.on_shutdown.append(self._end_line)
        app.add_routes(
            [
                web.post("/api/enter", self._enter),
                web.get("/api/live", self._live),
                web.get("/api/paper", self._paper),
                web.get("/api/picture", self._picture),
                web.post("/api/act", self._act),
                web.get("/paper/assets/{name}", self._asset),
                web.get("/{file:.*}", self._file),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, ADDRESS, self._port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the live line, then the server."""
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def host(self) -> str:
        """``127.0.0.1:port``."""
        return f"{ADDRESS}:{self._port}"

    @property
    def address(self) -> str:
        """What the browser is opened with. It carries the token: do not log it."""
        return f"http://{self.host}/#{self.token}"

    # --- the gate ------------------------------------------------------------------------

    @web.middleware
    async def _guard(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        stopped = gate.barrier(
            _asks_for(request), self._facts(request), host=self.host, cookie=self._cookie
        )
        if stopped is not None:
            self._turned_away.note(stopped, request.path, time.monotonic())
            return _refuse(HTTPStatus.FORBIDDEN, f"gate_{stopped}", f"turned away at {stopped}")
        try:
            response = await handler(request)
        except web.HTTPException as problem:
            response = _refuse(HTTPStatus(problem.status), "bad_request", problem.reason)
        if not response.prepared:
            for name, value in _HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    def _facts(self, request: web.Request) -> gate.Facts:
        return gate.Facts(
            host=request.headers.get("Host", ""),
            origin=request.headers.get("Origin", ""),
            fetch_site=request.headers.get("Sec-Fetch-Site", ""),
            cookie=request.cookies.get(self._cookie_name, ""),
        )

    @property
    def _cookie_name(self) -> str:
        return f"examhall-{self._port}"  # cookies know no ports: two seats on one machine

    async def _enter(self, request: web.Request) -> web.Response:
        try:
            given = msgspec.json.decode(await request.read(), type=_Enter).token
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            return _refuse(HTTPStatus.BAD_REQUEST, ReasonCode.BAD_REQUEST, str(problem))
        known = gate.same(self._facts(request).cookie, self._cookie)
        if not known and not gate.same(given, self.token):
            return _refuse(HTTPStatus.FORBIDDEN, "gate_token", "not this launch's token")
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.set_cookie(
            self._cookie_name, self._cookie, httponly=True, samesite="Strict", path="/"
        )
        return response

    # --- the live line -------------------------------------------------------------------

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=20, timeout=1, max_msg_size=1024, compress=False)
        await socket.prepare(request)
        line = self._take_over()
        async with asyncio.TaskGroup() as group:
            pushing = group.create_task(self._push(socket, line))
            parting = group.create_task(_say_farewell(socket, line))
            async for _ in socket:
                pass  # the page says nothing here; reading sees pongs and the close
            pushing.cancel()
            parting.cancel()
        return socket

    def _take_over(self) -> _Line:
        self._line.finish(TAKEN_OVER)
        self._line = _Line(self._line.number + 1)
        return self._line

    async def _end_line(self, _app: web.Application) -> None:
        self._line.finish(1001)

    async def _push(self, socket: web.WebSocketResponse, line: _Line) -> None:
        with contextlib.suppress(ClientConnectionResetError):  # the page is gone
            while not line.end.is_set():
                view = self._model.view()
                message = Pushed(page=line.number, view=view)
                await socket.send_str(msgspec.json.encode(message).decode())
                await asyncio.sleep(COALESCE_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RESYNC_S):
                        await self._model.wait_change(view.version)

    # --- what is read --------------------------------------------------------------------

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["file"] or "index.html"
        if name not in self._files:
            return _refuse(HTTPStatus.NOT_FOUND, "not_found", f"no file {name!r}")
        return web.Response(
            body=self._files[name],
            headers={"Content-Type": _MEDIA_TYPES[Path(name).suffix]},
        )

    async def _paper(self, _request: web.Request) -> web.Response:
        shown = self._model.paper()
        if shown is None:
            return _refuse(HTTPStatus.NOT_FOUND, ReasonCode.PAPER_MISSING)
        return _json(msgspec.json.encode(shown))

    async def _asset(self, request: web.Request) -> web.Response:
        asset = self._model.asset(request.match_info["name"])
        if asset is None:
            return _refuse(HTTPStatus.NOT_FOUND, "not_found", "the paper names no such picture")
        headers = {"Content-Type": asset.media_type, "Content-Security-Policy": _ASSET_POLICY}
        return web.Response(body=asset.content, headers=headers)

    async def _picture(self, _request: web.Request) -> web.Response:
        picture = await self._model.own_picture()
        if picture is None:
            return _refuse(HTTPStatus.NOT_FOUND, ReasonCode.NO_CAMERA)
        return web.Response(body=picture, headers={"Content-Type": "image/jpeg"})

    # --- what is done --------------------------------------------------------------------

    async def _act(self, request: web.Request) -> web.Response:
        if request.headers.get(PAGE_HEADER) != str(self._line.number):
            return _answer(Refused(reason=Reason(code=ReasonCode.OTHER_PAGE)))
        body = await request.read()
        try:
            action: Action = msgspec.json.decode(body, type=Action)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            return _refuse(HTTPStatus.BAD_REQUEST, ReasonCode.BAD_REQUEST, str(problem))
        return _answer(await self._model.act(action))


async def _say_farewell(socket: web.WebSocketResponse, line: _Line) -> None:
    await line.end.wait()
    await socket.close(code=line.close_code)


def _page_files() -> dict[str, bytes]:
    return {
        path.relative_to(_PAGE_FOLDER).as_posix(): path.read_bytes()
        for path in sorted(_PAGE_FOLDER.rglob("*"))
        if path.suffix in _MEDIA_TYPES
    }


def _asks_for(request: web.Request) -> gate.Ask:
    match request.path:
        case "/api/enter":
            return gate.Ask.ENTER
        case "/api/act" | "/api/live":
            return gate.Ask.CHANGE
        case path if path.startswith(("/api/", "/paper/")):
            return gate.Ask.READ
        case _:
            return gate.Ask.FILE


def _answer(outcome: Outcome) -> web.Response:
    match outcome:
        case Done():
            return _json(b'{"ok":true}')
        case Kept(event=event):
            return _json(msgspec.json.encode({"ok": True, "event": event}))
        case Refused(reason=reason):
            return _refuse_for(HTTPStatus.CONFLICT, reason)
        case NotKept(reason=reason):
            return _refuse_for(HTTPStatus.INSUFFICIENT_STORAGE, reason)
        case _:
            assert_never(outcome)


def _refuse_for(status: HTTPStatus, reason: Reason) -> web.Response:
    refusal = _Refusal(code=reason.code, parameters=reason.parameters, words=reason.words)
    return _json(msgspec.json.encode(refusal), status)


def _refuse(status: HTTPStatus, code: str, text: str = "") -> web.Response:
    refusal = _json(msgspec.json.encode(_Refusal(code=code, text=text)), status)
    refusal.headers.update(_HEADERS)
    return refusal


def _json(body: bytes, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
