"""A closed loop of many connections in one thread: what `benchmarks.answers` presses a server with.

Each connection sends its next request when the reply to the one before is there. All are
served by one epoll loop over sockets with TLS, some 20 microseconds a request: a client that
costs more than the server would measure itself. `Load.busy` says how much of the time it ran.
"""

import re
import select
import socket
import ssl
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_END: Final = b"\r\n\r\n"
_MOST: Final = 65_536
_PATIENCE_S: Final = 60.0


class LoadError(RuntimeError):
    """A server that did not do what is measured."""


@dataclass
class Outcome:
    """What one round gave."""

    seconds: list[float] = field(default_factory=list)
    """From the sending of a request to its whole reply, one for each."""
    bodies: list[bytes] = field(default_factory=list)
    took: float = 0.0
    """Seconds from the first request to the last reply."""
    busy: float = 0.0
    """Share of them in which this client ran; near 1 it measures itself."""

    @property
    def p99_ms(self) -> float:
        """The time within which 99 of 100 replies came."""
        return statistics.quantiles(self.seconds, n=100)[98] * 1000


class Line:
    """One connection, and what it still has to send."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain)
        self.socket.setblocking(False)
        self.requests: list[bytes] = []
        """The next one last."""
        self.sent_at = 0.0
        self._came = b""

    def send(self) -> None:
        """Send the next request."""
        request = self.requests.pop()
        self.sent_at = time.perf_counter()
        self.write(request)

    def write(self, request: bytes) -> None:
        """Send a request, of several TLS records where it is long."""
        sent = 0
        try:
            while sent < len(request):
                sent += self.socket.send(request[sent:])
        except ssl.SSLWantWriteError:
            raise LoadError("a request did not fit into the socket's buffer") from None

    def reply(self) -> bytes | None:
        """Return the body of a reply that is whole; None where more is to come."""
        try:
            self._came += self.socket.recv(_MOST)
        except ssl.SSLWantReadError:
            return None
        end = self._came.find(_END)
        if end < 0:
            return None
        length = _LENGTH.search(self._came, 0, end + 2)
        if length is None or not self._came.startswith(b"HTTP/1.1 200"):
            raise LoadError(f"expected a reply with 200 and a length, got {self._came[:200]!r}")
        body = self._came[end + len(_END) :]
        if len(body) < int(length[1]):
            return None
        self._came = b""
        return body


class Load:
    """Connections to one server. Blocks: to be run in a thread."""

    def __init__(self, port: int, contexts: Sequence[ssl.SSLContext]) -> None:
        """Open a connection for each context, its certificate with it."""
        self.lines = {}
        self.poll = select.epoll()
        for context in contexts:
            line = Line(port, context)
            self.lines[line.socket.fileno()] = line
            self.poll.register(line.socket.fileno(), select.EPOLLIN)

    def close(self) -> None:
        """End the connections."""
        self.poll.close()
        for line in self.lines.values():
            line.socket.close()

    def round(self, requests: Sequence[list[bytes]]) -> Outcome:
        """Send everything: to each connection its own requests, one after the other."""
        outcome, left = Outcome(), sum(map(len, requests))
        begun, ran = time.perf_counter(), time.thread_time()
        for line, mine in zip(self.lines.values(), requests, strict=True):
            line.requests = mine[::-1]
            line.send()
        while left:
            ready = self.poll.poll(_PATIENCE_S)
            if not ready:
                raise LoadError(f"no reply within {_PATIENCE_S:g} s; {left} are owed")
            for fd, _ in ready:
                left -= self._take(self.lines[fd], outcome)
        outcome.took = time.perf_counter() - begun
        outcome.busy = (time.thread_time() - ran) / outcome.took
        return outcome

    @staticmethod
    def _take(line: Line, outcome: Outcome) -> int:
        """Take what came; return how many replies that was."""
        body = line.reply()
        if body is None:
            return 0
        outcome.seconds.append(time.perf_counter() - line.sent_at)
        outcome.bodies.append(body)
        if line.requests:
            line.send()
        return 1
