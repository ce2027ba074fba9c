"""The page of one seat, without a browser: what the page's scripts send, and the views that come.

The seat's program writes the page's address, token included, into a file; like a browser
that staff open again, this reads it anew whenever the live line broke, until the program is
there again. `terminal_agent.loopback` is the other side.

Task: `run` keeps the live line; its owner cancels it.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
import msgspec

from drill.errors import PageError
from drill.waiting import patience
from terminal_agent.actions import Action
from terminal_agent.loopback import PAGE_HEADER, Pushed
from terminal_agent.view import PaperShown, Screen, View

_AGAIN_S: Final = 0.1
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
PATIENCE_S: Final = 60.0


class PageGoneError(PageError):
    """The seat's program is not there: nobody knows whether it took what was sent last."""


class RefusedError(PageError):
    """The seat refused; ``code`` and ``parameters`` are `terminal_agent.view.Reason`'s."""

    def __init__(self, code: str, parameters: dict[str, int | str], text: str) -> None:
        super().__init__(text)
        self.code: Final = code
        self.parameters: Final = parameters


class _Reply(msgspec.Struct):
    ok: bool
    event: int = 0
    code: str = ""
    parameters: dict[str, int | str] = {}
    words: str = ""
    text: str = ""


class SeatPage:
    """The page at one seat; a context manager, and `run` for its live line."""

    def __init__(self, seat: str, address_file: Path, *, patience_s: float = PATIENCE_S) -> None:
        """``patience_s``: how long a view is waited for where nothing else is said."""
        self.seat: Final = seat
        self._patience_s: Final = patience_s
        self._file = address_file
        self._base = ""
        self._number = 0
        self._view: View | None = None
        self._changed = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()
        self.opened = 0
        """How often the page was opened."""
        self.failed = 0
        """How often in a row it could not be opened, or was lost."""
        self.on_view: Callable[[View], None] = lambda _: None

    async def __aenter__(self) -> Self:
        jar = aiohttp.CookieJar(unsafe=True)
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=jar, timeout=_TIMEOUT)
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    # --- the live line ----------------------------------------------------------------------

    async def run(self) -> None:
        """Open the page, and again whenever it is gone, until cancelled."""
        while True:
            try:
                await self._live()
            except (aiohttp.ClientError, OSError, TimeoutError):
                self.failed += 1
            self._number, self._view = 0, None
            self._tell()
            await asyncio.sleep(_AGAIN_S)

    async def _live(self) -> None:
        address = (await asyncio.to_thread(self._file.read_text, "ascii")).strip()
        self._base, _, token = address.partition("/#")
        origin = {"Origin": self._base}
        async with self._http.post(
            f"{self._base}/api/enter", data=json.dumps({"token": token}), headers=origin
        ) as reply:
            reply.raise_for_status()
        async with self._http.ws_connect(
            f"{self._base}/api/live", headers=origin, heartbeat=10
        ) as socket:
            self.opened += 1
            self.failed = 0
            async for message in socket:
                pushed = msgspec.json.decode(message.data, type=Pushed)
                self._number, self._view = pushed.page, pushed.view
                self.on_view(pushed.view)
                self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # --- what is seen -----------------------------------------------------------------------

    @property
    def view(self) -> View | None:
        """What the page shows now; None while there is no page."""
        return self._view

    async def until(
        self, true: Callable[[View], bool], what: str, seconds: float | None = None
    ) -> View:
        """Return the first view for which ``true`` holds; raise `NotInTimeError`."""
        limit = self._patience_s if seconds is None else seconds
        async with patience(limit, lambda: f"seat {self.seat}: {what}; {self._shown()}"):
            while True:
                changed = self._changed
                if self._view is not None and true(self._view):
                    return self._view
                await changed.wait()

    async def screen(self, *wanted: Screen, seconds: float | None = None) -> View:
        """Return the first view on one of these screens."""
        names = " or ".join(screen.value for screen in wanted)
        return await self.until(lambda view: view.screen in wanted, f"screen {names}", seconds)

    def _shown(self) -> str:
        if self._view is None:
            return "there is no page"
        return f"it shows {self._view.screen.value}, {self._view.reason}"

    async def paper(self) -> PaperShown:
        """Return the open paper with what was answered; raise `PageError`."""
        status, body = await self._ask("GET", "/api/paper")
        if status != HTTPStatus.OK:
            raise PageError(f"seat {self.seat} shows no paper: {body.decode()}")
        return msgspec.json.decode(body, type=PaperShown)

    # --- what is done -----------------------------------------------------------------------

    async def act(self, action: Action) -> int:
        """Do it; return the number of the event that keeps it, 0 where there is none.

        Raise `RefusedError` where the seat refuses, `PageGoneError` where it is not there.
        """
        _, body = await self._ask("POST", "/api/act", msgspec.json.encode(action))
        said = msgspec.json.decode(body, type=_Reply)
        if not said.ok:
            doing = type(action).__name__
            text = f"seat {self.seat} refused {doing}: {said.code} {said.words or said.text}"
            raise RefusedError(said.code, said.parameters, text)
        return said.event

    async def _ask(self, method: str, path: str, data: bytes | None = None) -> tuple[int, bytes]:
        if not self._number:
            raise PageGoneError(f"seat {self.seat}: there is no page")
        headers = {
            PAGE_HEADER: str(self._number),
            "Origin": self._base,
            "Content-Type": "application/json",
        }
        try:
            async with self._http.request(
                method, f"{self._base}{path}", data=data, headers=headers
            ) as reply:
                return reply.status, await reply.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise PageGoneError(f"seat {self.seat}: {error or type(error).__name__}") from error
