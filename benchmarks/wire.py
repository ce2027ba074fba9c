"""The cheapest client that is still a client: TLS, one request after the other, no parsing.

Requests are made beforehand; a reply is read by its Content-Length and kept whole, so that
what is measured is the server.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass, field

_END = b"\r\n\r\n"


@dataclass
class Outcome:
    """Replies counted and timed; ``seconds`` one for each request."""

    seconds: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def post(path: str, body: bytes) -> bytes:
    """Return the bytes of a request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: box\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext) -> "Wire":
        """Connect to this machine's ``port``."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context))

    def close(self) -> None:
        """End the connection."""
        self._writer.close()

    async def send_all(self, requests: list[bytes], outcome: Outcome) -> None:
        """Send each request when the reply to the one before is there."""
        for request in requests:
            begun = time.perf_counter()
            self._writer.write(request)
            head = await self._reader.readuntil(_END)
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"the server said {head[:80]!r}")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
            body = await self._reader.readexactly(length)
            outcome.seconds.append(time.perf_counter() - begun)
            outcome.bodies.append(body)
