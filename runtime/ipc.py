"""Processes of one machine speak over Unix sockets: requests with replies, and events to all.

Rules:

1. Both ends check whose process is at the other (SO_PEERCRED), and that what comes is of the
   agreed `Channel`.
2. Nobody waits for a slow or dead neighbour: `Server.publish` and `Client.tell` only put
   into bounded queues, `Client.ask` has a deadline.
3. A client reconnects by itself, with growing pauses. The server's ``greeting`` then tells it
   how things stand, so that nothing missed matters.
4. ``tell`` and events arrive at most once, ``ask`` says if it did. What must not be lost
   lies in a database before it is spoken about.

::

    async with Server(path, CHANNEL, handle) as server:
        server.publish(Admitted(seat="a-07"))

    async with Client(path, CHANNEL, on_event=hear) as client:
        reply = await client.ask(HowMany())
        client.tell(Noticed(seat="a-07"))
"""

import asyncio
import itertools
import logging
import random
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, Generic, Self

from runtime.errors import (
    IpcError,
    IpcOfflineError,
    IpcRefusedError,
    MachineryError,
)
from runtime.ipc_frames import (
    A,
    Ask,
    Channel,
    E,
    Event,
    Fault,
    Outbox,
    Overflow,
    Q,
    Reply,
    check_peer,
    our_uids,
    raw,
    receive,
)
from runtime.tasks import Tasks

__all__ = ["Channel", "Client", "Overflow", "Server"]

log = logging.getLogger(__name__)

AT_ONCE: Final = 64
"""Requests of one client that a server handles at the same time; more wait in the socket."""
WAITING: Final = 1_024
"""Messages that may wait for one neighbour."""
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 2.0


class Server(Generic[Q, A, E]):
    """Answers requests at ``path`` and publishes events; a context manager.

    ``handle`` raises an error with a ``code`` (see `runtime.errors`) to refuse; anything
    else that it raises is logged here and told to the client as ``internal``.
    """

    def __init__(
        self,
        path: Path,
        channel: Channel[Q, A, E],
        handle: Callable[[Q], Awaitable[A]],
        *,
        greeting: Callable[[], Iterable[E]] = tuple,
        allowed_uids: Collection[int] | None = None,
        mode: int = 0o600,
        waiting: int = WAITING,
    ) -> None:
        """``greeting`` gives the events that a new client hears first: how things stand."""
        self._path = path
        self._channel = channel
        self._handle = handle
        self._greeting = greeting
        self._allowed = our_uids() if allowed_uids is None else allowed_uids
        self._mode = mode
        self._waiting = waiting
        self._tasks = Tasks(f"socket {path.name}")
        self._outboxes: dict[asyncio.StreamWriter, Outbox] = {}
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._server = await asyncio.start_unix_server(self._connected, sock=_bind(self._path))
        self._path.chmod(self._mode)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take no new clients, hang up, end what is being handled."""
        self._server.close()
        self._path.unlink(missing_ok=True)
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._outboxes)

    def publish(self, event: E, *, overflow: Overflow = Overflow.REFUSE) -> None:
        """Tell every client ``event``, without waiting for any.

        With `Overflow.REFUSE` a client that has not read for long is hung up on: it comes
        back and is greeted. With `Overflow.DROP_OLDEST` it misses the oldest.
        """
        frame = self._channel.frame(Event(body=raw(event)))
        for writer, outbox in list(self._outboxes.items()):
            if not outbox.put(frame, overflow):
                log.warning("%s: a client does not read, hanging up on it", self._path.name)
                self._outboxes.pop(writer)
                writer.transport.abort()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._server.is_serving():  # it came just before the end
            writer.close()
            return
        name = f"client {next(self._numbers)}"
        self._tasks.start(name, self._serve(name, reader, writer), may_end=True)

    async def _serve(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            check_peer(writer, self._allowed)
            await self._serve_known(name, reader, writer)
        except IpcError as error:
            log.warning("%s: hanging up on %s: %s", self._path.name, name, error)
        finally:
            self._outboxes.pop(writer, None)
            writer.close()

    async def _serve_known(
        self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        outbox = self._outboxes[writer] = Outbox(self._waiting)
        for event in self._greeting():
            writer.write(self._channel.frame(Event(body=raw(event))))
        pump = self._tasks.start(f"{name}, events", outbox.pump(writer), may_end=True)
        places = asyncio.Semaphore(AT_ONCE)
        try:
            while (envelope := await receive(reader, self._channel.max_bytes)) is not None:
                if not isinstance(envelope, Ask):
                    raise IpcError(f"expected a request, got a {type(envelope).__name__}")
                await places.acquire()
                handled = self._handled(envelope, writer, places)
                self._tasks.start(f"{name}, request {envelope.number}", handled, may_end=True)
        finally:
            pump.cancel()

    async def _handled(
        self, ask: Ask, writer: asyncio.StreamWriter, places: asyncio.Semaphore
    ) -> None:
        """Answer one request. It is finished even if its client has gone."""
        try:
            frame = await self._answer(ask)
            if ask.number and not writer.is_closing():
                writer.write(frame)
                await writer.drain()
        except ConnectionError:
            log.info("%s: a client went away before its reply", self._path.name)
        finally:
            places.release()

    async def _answer(self, ask: Ask) -> bytes:
        try:
            reply = await self._handle(self._channel.request(ask.body))
            return self._channel.frame(Reply(number=ask.number, body=raw(reply)))
        except MachineryError as error:
            fault = Fault(number=ask.number, code=error.code, message=str(error))
        except Exception as error:
            code = getattr(error, "code", None)
            if not isinstance(code, str):
                log.exception("%s: a request failed", self._path.name)
            fault = Fault(
                number=ask.number,
                code=code if isinstance(code, str) else "internal",
                message=str(error) or type(error).__name__,
            )
        if not ask.number:
            log.warning("%s: a message was not taken: %s", self._path.name, fault.message)
        return self._channel.frame(fault)


class Client(Generic[Q, A, E]):
    """Speaks to the server at ``path``, whenever it is there; a context manager.

    ``on_event`` is called on the loop for each event, in order, and must be brief.
    ``on_line`` is called with True and False as the line comes and goes.
    """

    def __init__(
        self,
        path: Path,
        channel: Channel[Q, A, E],
        *,
        on_event: Callable[[E], None] | None = None,
        on_line: Callable[[bool], None] | None = None,
        allowed_uids: Collection[int] | None = None,
        waiting: int = WAITING,
    ) -> None:
        self._path = path
        self._channel = channel
        self._on_event = on_event
        self._on_line = on_line
        self._allowed = our_uids() if allowed_uids is None else allowed_uids
        self._outbox = Outbox(waiting)
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[A]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._online = asyncio.Event()
        self._tasks = Tasks(f"line to {path.name}")

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tasks.start("keep connected", self._keep_connected())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def is_online(self) -> bool:
        """Whether the server is connected now."""
        return self._online.is_set()

    async def online(self) -> None:
        """Return when the server is connected."""
        await self._online.wait()

    def tell(self, message: Q, *, overflow: Overflow = Overflow.DROP_OLDEST) -> bool:
        """Send ``message`` without a reply and without waiting; False if it was refused.

        It waits for a server that is away, in a queue that is bounded. Raises only
        `IpcTooLargeError`.
        """
        frame = self._channel.frame(Ask(number=0, body=raw(message)))
        return self._outbox.put(frame, overflow)

    async def ask(self, request: Q, *, timeout: float = 5.0) -> A:  # noqa: ASYNC109 - all of it, queueing included
        """Send ``request`` and return its reply, within ``timeout`` seconds.

        Raises `IpcOfflineError` if the server is away, went away or is too slow - whether it
        has acted is then unknown -, `IpcRefusedError` with its code if it refused, and
        `IpcFormatError` or `IpcTooLargeError`.
        """
        number = next(self._numbers)
        frame = self._channel.frame(Ask(number=number, body=raw(request)))
        try:
            async with asyncio.timeout(timeout):
                await self._online.wait()
                return await self._exchange(number, frame)
        except TimeoutError:
            raise IpcOfflineError(
                f"{self._path.name}: expected a reply within {timeout:g} s, none came; "
                "is the service running?"
            ) from None

    async def _exchange(self, number: int, frame: bytes) -> A:
        if self._writer is None:
            raise self._offline()
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        try:
            self._writer.write(frame)
            return await future
        finally:
            del self._asked[number]

    def _offline(self) -> IpcOfflineError:
        return IpcOfflineError(
            f"{self._path.name}: expected a reply, the service went away; ask again when it is back"
        )

    async def _keep_connected(self) -> None:
        pause = FIRST_PAUSE_S
        said = ""
        while True:
            try:
                await self._connect()
                pause, said = FIRST_PAUSE_S, ""
            except (OSError, IpcError) as error:
                if str(error) != said:
                    log.warning("%s: no line: %s", self._path.name, error)
                    said = str(error)
            await asyncio.sleep(pause * random.uniform(0.7, 1.0))  # noqa: S311 - spreads, hides nothing
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _connect(self) -> None:
        """Be connected once, until the server hangs up."""
        reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            check_peer(writer, self._allowed)
            pump = self._tasks.start("messages", self._outbox.pump(writer), may_end=True)
            self._writer = writer
            self._set_online(now=True)
            try:
                await self._listen(reader)
            finally:
                pump.cancel()
                self._writer = None
                self._set_online(now=False)
        finally:
            writer.close()

    def _set_online(self, *, now: bool) -> None:
        if now:
            log.info("%s: connected", self._path.name)
            self._online.set()
        else:
            log.info("%s: disconnected", self._path.name)
            self._online.clear()
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(self._offline())
        if self._on_line is not None:
            self._on_line(now)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while (envelope := await receive(reader, self._channel.max_bytes)) is not None:
            match envelope:
                case Event(body=body):
                    if self._on_event is not None:
                        self._on_event(self._channel.event(body))
                case Reply(number=number) | Fault(number=number):
                    self._settle(number, envelope)
                case Ask():
                    raise IpcError("expected a reply or an event, the server sent a request")

    def _settle(self, number: int, envelope: Reply | Fault) -> None:
        future = self._asked.get(number)
        if future is None or future.done():  # too late: nobody waits any more
            return
        if isinstance(envelope, Fault):
            future.set_exception(IpcRefusedError(envelope.message, remote_code=envelope.code))
            return
        try:
            future.set_result(self._channel.reply(envelope.body))
        except IpcError as error:
            future.set_exception(error)


def _bind(path: Path) -> socket.socket:
    """Return a socket bound to ``path``, in the place of one that a dead process left."""
    if len(bytes(path)) > 107:  # noqa: PLR2004 - sun_path of unix(7)
        raise IpcError(f"{path}: expected at most 107 bytes, got {len(bytes(path))}; move it")
    if path.is_socket():
        _check_dead(path)
        path.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    return made


def _check_dead(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return
    raise IpcError(f"{path}: expected a free socket, another process serves it; end that one")
