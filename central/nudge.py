"""A word between the office's two processes: "look again". It carries nothing else.

A datagram on a Unix socket. A nudge that is lost loses nothing, since both sides also
look by themselves; a false one costs a look.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

RECEIVER: Final = "receiver.sock"
INNER: Final = "inner.sock"


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[], None]) -> None:
        self._heard = heard

    def datagram_received(self, _data: bytes, _address: object) -> None:
        self._heard()


@contextlib.asynccontextmanager
async def listening(path: Path, heard: Callable[[], None]) -> AsyncIterator[None]:
    """Call ``heard`` on the loop at each nudge to ``path``."""
    bound = _bind(path)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Listener(heard), sock=bound
    )
    try:
        yield
    finally:
        transport.close()


def nudge(path: Path) -> None:
    """Tell whoever listens at ``path``; if nobody does, that is well too."""
    nobody = (FileNotFoundError, ConnectionRefusedError, BlockingIOError)
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
        contextlib.suppress(*nobody),
        _short(path) as name,
    ):
        sender.sendto(b"", name)


def _bind(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    with _short(path) as name:
        bound.bind(name)
    path.chmod(0o600)
    return bound


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give another name of ``path``: a socket's own may have 107 bytes only (unix(7))."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
