"""The cheapest client that is still a client: TLS, one request after the other, no parsing.

Requests are made beforehand; a reply is read by its Content-Length and kept whole, so that
what is measured is the server.
"""

import asyncio
import ssl

_END = b"\r\n\r\n"


def post(path: str, body: bytes) -> bytes:
    """Return the bytes of a request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: box\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    """Return the bytes of a request without a body."""
    return f"GET {path} HTTP/1.1\r\nHost: box\r\n\r\n".encode()


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

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one request; return status and body of its reply."""
        self._writer.write(request)
        head = (await self._reader.readuntil(_END)).lower()
        length = int(head.split(b"content-length: ")[1].split(b"\r")[0])
        return int(head.split(b" ", 2)[1]), await self._reader.readexactly(length)

    async def next_bytes(self, count: int) -> bytes:
        """Return the next ``count`` bytes that the server sends by itself."""
        return await self._reader.readexactly(count)
