"""The baseline of `benchmarks.answers`: the same server, doing nothing.

The same listener, TLS identity, client certificates and framework as core's; it reads the
body and answers as many bytes as an acknowledgement has.
"""

import sys
from pathlib import Path

from aiohttp import web

from appliance.ipc.identity import authorities, read_identity, tls_identity
from protocol import seat_api
from runtime.listener import Listener
from runtime.service import Service, run
from runtime.tls import ClientCertificates, peer_fingerprint, server_context

REPLY = b"x" * 700


async def _echo(request: web.Request) -> web.Response:
    assert peer_fingerprint(request)
    await request.read()
    return web.Response(body=REPLY, content_type="application/json")


async def _serve(service: Service, state: Path, port: int) -> None:
    identity = read_identity(state)
    app = web.Application(client_max_size=seat_api.MAX_BODY)
    app.router.add_post(seat_api.BATCHES, _echo)
    context = server_context(
        tls_identity(identity),
        authorities=authorities(identity),
        clients=ClientCertificates.OPTIONAL,
    )
    async with Listener(app, context, host="127.0.0.1", port=port):
        service.ready("echo")
        await service.ended()


def serve_echo() -> int:
    """Serve until told to end: ``python -m benchmarks.echo_server STATE PORT``."""
    state, port = Path(sys.argv[1]), int(sys.argv[2])
    return run(lambda service: _serve(service, state, port), name="echo")


if __name__ == "__main__":
    sys.exit(serve_echo())
