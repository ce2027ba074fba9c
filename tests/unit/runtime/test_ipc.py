"""Processes of one machine: typed, checked, and never waiting for each other."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from runtime import ipc
from runtime.errors import (
    DiskFullError,
    IpcError,
    IpcOfflineError,
    IpcRefusedError,
    IpcTooLargeError,
)
from runtime.ipc import Channel, Client, Overflow, Server


class Message(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """What the tests' processes say."""


class Add(Message, frozen=True, kw_only=True, tag="add"):
    """Two numbers to add."""

    a: int
    b: int


class Fail(Message, frozen=True, kw_only=True, tag="fail"):
    """A wish to be refused."""

    how: str


class Sum(Message, frozen=True, kw_only=True, tag="sum"):
    """The sum."""

    value: int


class Ticked(Message, frozen=True, kw_only=True, tag="ticked"):
    """Something happened."""

    n: int
    note: str = ""


CHANNEL: Channel[Add | Fail, Sum, Ticked] = Channel(
    requests=Add | Fail, replies=Sum, events=Ticked, max_bytes=100_000
)
OTHER: Channel[Ticked, Sum, Ticked] = Channel(requests=Ticked, replies=Sum, events=Ticked)


class Neighbour:
    """A service behind a socket: adds, fails as told, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[Add | Fail] = asyncio.Queue()
        self.gate = asyncio.Event()
        self.gate.set()

    async def handle(self, request: Add | Fail) -> Sum:
        """Answer one request."""
        self.told.put_nowait(request)
        await self.gate.wait()
        match request:
            case Add(a=a, b=b):
                return Sum(value=a + b)
            case Fail(how="full"):
                raise DiskFullError("no room")
            case Fail(how="huge"):
                return Sum(value=10**200_000)
            case Fail():
                raise ZeroDivisionError("oh")


@pytest.fixture
def neighbour() -> Neighbour:
    """Return a service that was not yet asked."""
    return Neighbour()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the place of the socket."""
    return tmp_path / "core.sock"


@contextlib.asynccontextmanager
async def line(
    path: Path, neighbour: Neighbour, on_event: Callable[[Ticked], None] | None = None
) -> AsyncIterator[tuple["Server[Add | Fail, Sum, Ticked]", "Client[Add | Fail, Sum, Ticked]"]]:
    """Run a server and a client that is connected."""
    async with (
        Server(path, CHANNEL, neighbour.handle) as server,
        Client(path, CHANNEL, on_event=on_event) as client,
    ):
        await client.online()
        yield server, client


async def test_request_has_its_reply(path: Path, neighbour: Neighbour) -> None:
    """Many requests at once each get their own reply."""
    async with line(path, neighbour) as (_, client):
        replies = await asyncio.gather(*(client.ask(Add(a=n, b=1)) for n in range(500)))
    assert [reply.value for reply in replies] == list(range(1, 501))


async def test_refusal_keeps_its_code(
    path: Path, neighbour: Neighbour, caplog: pytest.LogCaptureFixture
) -> None:
    """A typed refusal arrives with its code; a crash is logged there and called internal."""
    async with line(path, neighbour) as (_, client):
        with pytest.raises(IpcRefusedError, match="no room") as refused:
            await client.ask(Fail(how="full"))
        assert refused.value.remote_code == "disk_full"
        with pytest.raises(IpcRefusedError, match="oh") as crashed:
            await client.ask(Fail(how="crash"))
        assert crashed.value.remote_code == "internal"
        assert "ZeroDivisionError" in caplog.text
        assert (await client.ask(Add(a=1, b=1))).value == 2


async def test_too_large_is_said_at_once(path: Path, neighbour: Neighbour) -> None:
    """A message beyond the limit is refused where it is made, and the line stays good."""
    async with line(path, neighbour) as (server, client):
        with pytest.raises(IpcTooLargeError, match="at most 100000 bytes"):
            server.publish(Ticked(n=1, note="x" * 100_000))
        with pytest.raises(IpcTooLargeError):
            await client.ask(Fail(how="x" * 100_000))
        with pytest.raises(IpcTooLargeError):
            client.tell(Fail(how="x" * 100_000))
        assert (await client.ask(Add(a=1, b=1))).value == 2


async def test_events_reach_every_client_in_order(path: Path, neighbour: Neighbour) -> None:
    """What is published is heard by all, in the order in which it was published."""
    heard: list[asyncio.Queue[Ticked]] = [asyncio.Queue(), asyncio.Queue()]
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(path, CHANNEL, neighbour.handle))
        for queue in heard:
            client = Client(path, CHANNEL, on_event=queue.put_nowait)
            await stack.enter_async_context(client)
            await client.online()
            await client.ask(Add(a=0, b=0))
        assert server.clients == 2
        for n in range(100):
            server.publish(Ticked(n=n))
        for queue in heard:
            assert [(await queue.get()).n for _ in range(100)] == list(range(100))


async def test_new_client_is_greeted_with_how_things_stand(
    path: Path, neighbour: Neighbour
) -> None:
    """A client that comes late, or back, first hears the state and then what happens."""
    heard: asyncio.Queue[Ticked] = asyncio.Queue()
    state = [Ticked(n=1), Ticked(n=2)]
    async with Client(path, CHANNEL, on_event=heard.put_nowait) as client:
        for _ in range(2):
            async with Server(path, CHANNEL, neighbour.handle, greeting=lambda: state) as server:
                assert [(await heard.get()).n for _ in range(2)] == [1, 2]
                server.publish(Ticked(n=3))
                assert (await heard.get()).n == 3
        assert not client.is_online or heard.empty()


async def test_asking_nobody_fails_in_time(path: Path) -> None:
    """Without a server, a question fails at its deadline and a message waits without waiting."""
    async with Client(path, CHANNEL) as client:
        with pytest.raises(IpcOfflineError, match="is the service running"):
            await client.ask(Add(a=1, b=1), timeout=0.1)
        assert client.tell(Add(a=5, b=5))


async def test_messages_wait_for_a_server_that_is_away(path: Path, neighbour: Neighbour) -> None:
    """What was told before the server came arrives when it is there; only the newest are kept."""
    async with Client(path, CHANNEL, waiting=3) as client:
        for n in range(10):
            assert client.tell(Add(a=n, b=0))
        assert not client.tell(Add(a=99, b=0), overflow=Overflow.REFUSE)
        async with Server(path, CHANNEL, neighbour.handle):
            assert [(await neighbour.told.get()).a for _ in range(3)] == [7, 8, 9]


async def test_question_to_a_dying_server_is_not_left_open(
    path: Path, neighbour: Neighbour
) -> None:
    """If the server ends before it replies, the question fails; the next server is found."""
    neighbour.gate.clear()
    async with Client(path, CHANNEL) as client:
        async with Server(path, CHANNEL, neighbour.handle):
            asked = asyncio.ensure_future(client.ask(Add(a=1, b=1)))
            await neighbour.told.get()
        with pytest.raises(IpcOfflineError, match="went away"):
            await asked
        neighbour.gate.set()
        async with Server(path, CHANNEL, neighbour.handle):
            assert (await client.ask(Add(a=2, b=2))).value == 4


async def test_client_that_does_not_read_is_hung_up_on(path: Path, neighbour: Neighbour) -> None:
    """A client that stops reading costs the publisher nothing; it is hung up on and no other is."""
    heard: asyncio.Queue[Ticked] = asyncio.Queue()
    async with Server(path, CHANNEL, neighbour.handle, waiting=50) as server:
        deaf, deaf_writer = await asyncio.open_unix_connection(path, limit=1024)
        async with Client(path, CHANNEL, on_event=heard.put_nowait) as client:
            await client.ask(Add(a=0, b=0))
            assert server.clients == 2
            n = 0
            while server.clients == 2:
                server.publish(Ticked(n=n, note="x" * 10_000))
                assert (await asyncio.wait_for(heard.get(), 5)).n == n
                n += 1
            assert n < 1_000
            server.publish(Ticked(n=n))
            assert (await heard.get()).n == n
            assert client.is_online
        deaf_writer.close()
        assert deaf


async def test_slow_client_of_newest_only_misses_the_oldest(
    path: Path, neighbour: Neighbour
) -> None:
    """Where only the newest counts, a client that falls behind misses the oldest and stays."""
    heard: asyncio.Queue[Ticked] = asyncio.Queue()
    async with (
        Server(path, CHANNEL, neighbour.handle, waiting=5) as server,
        Client(path, CHANNEL, on_event=heard.put_nowait) as client,
    ):
        await client.ask(Add(a=0, b=0))
        for n in range(100):  # the pump has no turn in between
            server.publish(Ticked(n=n), overflow=Overflow.DROP_OLDEST)
        assert [(await heard.get()).n for _ in range(5)] == [95, 96, 97, 98, 99]
        assert server.clients == 1


async def test_stranger_is_hung_up_on(
    path: Path, neighbour: Neighbour, caplog: pytest.LogCaptureFixture
) -> None:
    """A process of a user that is not allowed gets no reply, on either side."""
    stranger = os.geteuid() + 1
    async with Server(path, CHANNEL, neighbour.handle, allowed_uids={stranger}):
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.read() == b""
        writer.close()
        assert f"expected a process of user [{stranger}]" in caplog.text
    async with (
        Server(path, CHANNEL, neighbour.handle),
        Client(path, CHANNEL, allowed_uids={stranger}) as client,
    ):
        with pytest.raises(IpcOfflineError):
            await client.ask(Add(a=1, b=1), timeout=0.2)
    assert neighbour.told.empty()


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x02{}",
        b"\x00\x00\x00\x04\xff\xff\xff\xff",
        b'\x00\x00\x00\x1f{"kind":"event","body":{"n":1}}'[:35],
    ],
)
async def test_rubbish_is_hung_up_on(path: Path, neighbour: Neighbour, said: bytes) -> None:
    """A frame that is too long, or is no envelope, ends that connection and no other."""
    async with line(path, neighbour) as (_, client):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(said)
        assert await reader.read() == b""
        writer.close()
        assert (await client.ask(Add(a=1, b=1))).value == 2


async def test_message_of_another_release_is_refused(path: Path, neighbour: Neighbour) -> None:
    """A request that the server does not know is refused by its format, and the line stays."""
    async with Server(path, CHANNEL, neighbour.handle), Client(path, OTHER) as client:
        for _ in range(2):
            with pytest.raises(IpcRefusedError, match="of one release") as caught:
                await client.ask(Ticked(n=1))
            assert caught.value.remote_code == "ipc_format"


def permissions(path: Path) -> int | None:
    """Return who may open ``path``, None if it is not there."""
    return path.stat().st_mode & 0o777 if path.exists() else None


async def test_socket_of_a_dead_process_is_taken_over(path: Path, neighbour: Neighbour) -> None:
    """A socket left by a kill is replaced; one that is served is not."""
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    async with line(path, neighbour) as (_, client):
        assert (await client.ask(Add(a=1, b=1))).value == 2
        with pytest.raises(IpcError, match="another process serves it"):
            await Server(path, CHANNEL, neighbour.handle).__aenter__()
        assert permissions(path) == 0o600
    assert permissions(path) is None


async def test_path_that_is_too_long_is_said(tmp_path: Path, neighbour: Neighbour) -> None:
    """A path beyond what a socket's address holds is refused in words."""
    with pytest.raises(IpcError, match="at most 107 bytes"):
        await Server(tmp_path / ("x" * 120), CHANNEL, neighbour.handle).__aenter__()


_SERVER = """
import asyncio, sys
from pathlib import Path
import msgspec
from runtime.ipc import Channel, Server

class Add(msgspec.Struct, tag_field="type", tag="add"):
    a: int
    b: int
class Sum(msgspec.Struct, tag_field="type", tag="sum"):
    value: int

async def add(request):
    return Sum(value=request.a + request.b)

async def main():
    channel = Channel(requests=Add, replies=Sum, events=Sum)
    async with Server(Path(sys.argv[1]), channel, add):
            await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_client_finds_a_killed_server_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server process is killed and started anew, three times: the client goes on each time."""
    monkeypatch.setattr(ipc, "LONGEST_PAUSE_S", 0.1)
    states: asyncio.Queue[bool] = asyncio.Queue()
    async with Client(path, CHANNEL, on_line=states.put_nowait) as client:
        for n in range(3):
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SERVER, str(path))
            try:
                assert await states.get() is True
                assert (await client.ask(Add(a=n, b=1))).value == n + 1
            finally:
                process.kill()
                await process.wait()
            assert await states.get() is False
