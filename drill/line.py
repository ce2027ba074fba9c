"""A line that breaks on command: a TCP relay between the courier and the office.

Its faults are words. TLS goes through untouched, so both ends see what a bad line does::

    async with Line("127.0.0.1", office_port) as line:
        ... dial 127.0.0.1:line.port ...
        await line.cut()            # every connection breaks, no new one is taken
        await line.restore()
        line.slow(bytes_per_s=50_000)
        line.cut_after(100_000)     # breaks once after so many bytes to the office
        line.stall()                # takes bytes and passes none on, as a dead router does

Since TLS goes through, an office that answers 500 is another office at the line's end::

    async with SickOffice(identity, root_pem) as sick:
        line.divert(sick.port)      # and line.divert(None) gives the real one back
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from runtime.listener import Listener
from runtime.tls import Identity, server_context

_PIECE: Final = 16 * 1024


class Line:
    """The relay. Bytes towards the office are counted in ``passed``."""

    def __init__(self, host: str, port: int, *, listen_port: int = 0) -> None:
        self._office = (host, port)
        self._to = self._office
        self._listen_port = listen_port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._relays: set[asyncio.Task[None]] = set()
        self._budget: int | None = None
        self._rate: int | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.port = 0
        self.passed = 0
        self.cuts = 0
        self.is_up = False

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cut()

    async def restore(self) -> None:
        """Take connections again, at the same port as before."""
        if self.is_up:
            return
        self._server = await asyncio.start_server(
            self._relay, "127.0.0.1", self.port or self._listen_port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.is_up = True

    async def cut(self) -> None:
        """Break every connection and take no new one."""
        if self._server is not None:
            self._server.close()
        self.is_up = False
        self.cuts += 1
        relays = list(self._relays)
        self.break_connections()
        await asyncio.gather(*relays, return_exceptions=True)

    def break_connections(self) -> None:
        """Break every connection; new ones are taken at once."""
        for writer in list(self._open):
            writer.transport.abort()

    def divert(self, port: int | None) -> None:
        """Lead to another office at this machine; None: to the real one again."""
        self._to = self._office if port is None else ("127.0.0.1", port)
        self.break_connections()

    def cut_after(self, count: int) -> None:
        """Break all connections, once, after ``count`` more bytes towards the office."""
        self._budget = count

    def slow(self, bytes_per_s: int | None) -> None:
        """Let so many bytes a second through towards the office, on each connection."""
        self._rate = bytes_per_s

    def stall(self) -> None:
        """Pass nothing on, without breaking anything."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass on again."""
        self._flowing.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._relays.add(task)
        try:
            await self._connect(reader, writer)
        finally:
            self._relays.discard(task)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            office_reader, office_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(office_writer)
        ways = (
            asyncio.ensure_future(self._pass(reader, office_writer, counted=True)),
            asyncio.ensure_future(self._pass(office_reader, writer, counted=False)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, office_writer):
                end.transport.abort()
                self._open.discard(end)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(_PIECE):
                await self._flowing.wait()
                if counted:
                    await self._pace(len(data))
                writer.write(self._within_budget(data) if counted else data)
                await writer.drain()
                if counted and self._budget == 0:
                    self._budget = None
                    self.break_connections()

    def _within_budget(self, data: bytes) -> bytes:
        if self._budget is not None:
            data = data[: self._budget]
            self._budget -= len(data)
        self.passed += len(data)
        return data

    async def _pace(self, count: int) -> None:
        if self._rate is not None:
            await asyncio.sleep(count / self._rate)


class SickOffice:
    """Stands in the office's place, with its certificate, and answers every request alike."""

    def __init__(self, identity: Identity, authorities: bytes, *, status: int = 500) -> None:
        self._identity = identity
        self._authorities = authorities
        self._status = status
        self._stack = contextlib.AsyncExitStack()
        self.asked = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        context = server_context(self._identity, authorities=self._authorities)
        listener = Listener(app, context, host="127.0.0.1", shutdown_timeout=0.1)
        self.port = (await self._stack.enter_async_context(listener)).port
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def _answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(status=self._status, text="the office is not well")
