"""The parties of a pairing in a hall: box, seat, and two who stand between.

``box FOLDER SEAT...``           prints the code, then each event by its kind and source
``spoofer FOLDER NAME``          announces itself as an appliance, knows no code
``relay FOLDER NAME HOST:PORT``  the same, and passes everything on to the true box
``seat FOLDER SEAT CODE HEARD``  waits until it has heard of HEARD addresses, then pairs
"""

import asyncio
import hashlib
import ssl
import sys
from pathlib import Path

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appliance.core.pairing import Decision, Event, PairingDesk
from appliance.core.pairing_http import routes
from protocol.discovery import APPLIANCE_SERVICE, TERMINAL_SERVICE, Address
from protocol.errors import ProtocolError
from protocol.pairing import Finish
from runtime.clock import MachineClock
from runtime.mdns import Announcement, Lan
from terminal_agent.finding import Finder
from terminal_agent.pairing import PairingLineError, PairingRefusedError, pair
from tests.authority import Made, make_authority, server_certificate

PORT = 8443
AUTHORITY = make_authority()
now = MachineClock().steady_ms


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class CredulousDesk(PairingDesk):
    """It goes on after any proof, since it can check none."""

    def decide(self, finish: Finish, *, source: str, now: int) -> Decision:
        attempt = self._attempts[finish.attempt]
        return self._right(finish, attempt, attempt.keys, self.windows(now)[0])


async def record(event: Event) -> None:
    say(type(event).__name__, getattr(event, "source", ""))


def server_context(pem: Path, made: Made) -> ssl.SSLContext:
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(key + made.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def serve(folder: str, name: str, fill) -> None:
    """Serve the routes that ``fill`` makes for our certificate's digest; announce; for ever."""
    made = server_certificate(AUTHORITY, name)
    context = server_context(Path(folder, f"{name}.pem"), made)
    app = web.Application()
    app.add_routes(fill(hashlib.sha256(made.certificate.public_bytes(Encoding.DER)).digest()))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", PORT, ssl_context=context).start()
    me = Announcement(service=APPLIANCE_SERVICE, instance=name, port=PORT)
    lan = Lan(announce=[me], browse=TERMINAL_SERVICE, wanted=lambda _: False, heard=lambda _: None)
    await lan.run()


async def box(folder: str, *seats: str) -> None:
    desk = PairingDesk(authority=AUTHORITY)
    say(desk.open_window(seats, now=now()).code)
    await serve(folder, "box", lambda digest: pairing_routes(desk, digest))


async def spoofer(folder: str, name: str) -> None:
    desk = CredulousDesk(authority=make_authority())
    desk.open_window([f"a-{number:02d}" for number in range(1, 9)], now=now())
    await serve(folder, name, lambda digest: pairing_routes(desk, digest))


def pairing_routes(desk: PairingDesk, digest: bytes) -> web.RouteTableDef:
    return routes(desk, server_digest=lambda: digest, now_ms=now, record=record)


async def relay(folder: str, name: str, true: str) -> None:
    async def pass_on(request: web.Request) -> web.Response:
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"https://{true}{request.path}", data=await request.read(), ssl=False
            ) as reply,
        ):
            return web.Response(body=await reply.read(), status=reply.status)

    await serve(folder, name, lambda _: [web.post("/{path:.*}", pass_on)])


async def seat(folder: str, name: str, code: str, heard: str) -> None:
    finder = Finder(machine=1, seat=name)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(finder.run())
        while len(finder.candidates) < int(heard):  # noqa: ASYNC110 - the last is waited for
            await asyncio.sleep(0.1)
        addresses = [each.address for each in finder.candidates]
        # The true box comes last: everybody else has had their try.
        addresses.sort(key=lambda address: address.host == "10.77.0.1")
        for address in addresses:
            if await is_paired(address, name, code, Path(folder, name)):
                say(address, name)
                break
        running.cancel()


async def is_paired(address: Address, name: str, code: str, folder: Path) -> bool:
    """Say whether the box at an address proved the code."""
    try:
        await pair(host=address.host, port=address.port, seat=name, code=code, folder=folder)
    except (PairingRefusedError, ProtocolError, PairingLineError):
        return False
    return True


if __name__ == "__main__":
    parties = {"box": box, "spoofer": spoofer, "relay": relay, "seat": seat}
    asyncio.run(parties[sys.argv[1]](*sys.argv[2:]))
