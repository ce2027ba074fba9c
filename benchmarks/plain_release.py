"""The baselines of `benchmarks.release`: the same bytes to plain sockets, and asked for by HTTP.

One program, two mTLS listeners. When a line of standard input says the bytes, they are
written to all plain sockets in one loop, and from then on given to whoever asks by HTTP.
Prints the moment of the word, in ms of the boot clock.
"""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from appliance.ipc.identity import authorities, read_identity, tls_identity
from benchmarks.links import boot_ms
from runtime.listener import Listener
from runtime.service import Service, run
from runtime.tls import ClientCertificates, server_context

KEY = "/key"


class _Given:
    """What is given out, and to whom at once."""

    def __init__(self) -> None:
        self.key = b""
        self.sockets: list[asyncio.StreamWriter] = []

    async def plain(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep a plain socket."""
        self.sockets.append(writer)

    async def ask(self, _request: web.Request) -> web.Response:
        """Answer whoever asks whether the exam has begun."""
        return web.Response(body=self.key, content_type="application/json")

    def give(self, key: bytes) -> None:
        """Give it to all, in one loop."""
        self.key = key
        for writer in self.sockets:
            writer.write(key)
        self.sockets.clear()


async def _serve(service: Service, state: Path, plain_port: int, http_port: int) -> None:
    identity, given = read_identity(state), _Given()
    context = server_context(
        tls_identity(identity),
        authorities=authorities(identity),
        clients=ClientCertificates.REQUIRED,
    )
    app = web.Application()
    app.router.add_get(KEY, given.ask)
    words = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(words), sys.stdin
    )
    plain = await asyncio.start_server(given.plain, "127.0.0.1", plain_port, ssl=context)
    async with plain, Listener(app, context, host="127.0.0.1", port=http_port):
        service.ready("plain release")
        while line := await words.readline():
            print(boot_ms(), flush=True)
            given.give(line.strip())


def serve() -> int:
    """Serve until standard input ends: ``python -m benchmarks.plain_release STATE PORT PORT``."""
    state, plain, http = sys.argv[1:]
    return run(lambda service: _serve(service, Path(state), int(plain), int(http)), name="plain")


if __name__ == "__main__":
    sys.exit(serve())
