"""Ports of loopback that are ours until this process ends.

A port that is merely free now may be taken by another hall, test or connection before the
program that shall listen there has started. Whoever takes ports from here also holds a name
for each, an abstract Unix socket, which like the port belongs to this network namespace and
goes with the process, however that ends.
"""

import contextlib
import secrets
import socket
from typing import Final

_PORTS: Final = range(20_000, 32_000)
"""Below those that the kernel hands out by itself: a program that was killed finds its own free."""
_held: Final[list[socket.socket]] = []


def free_port() -> int:
    """Return a port that nobody listens at, and that nobody else takes from here."""
    while True:
        port = secrets.choice(_PORTS)
        if _is_free(port) and _is_ours(port):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


def _is_ours(port: int) -> bool:
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0examhall port {port}")
    except OSError:
        name.close()
        return False
    _held.append(name)
    return True
