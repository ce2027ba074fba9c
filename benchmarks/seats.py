"""Seats of a measured hall: paired and logged in.

Seats here are keys and connections, not agents: the measuring process must cost less than
what it measures. Pairing and log-in go over the product's own requests.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from appliance.ipc import staff_client
from benchmarks.hall import HallError, MeasuredHall
from benchmarks.wire import Wire
from drill.sample_sitting import SUBJECT, Person
from exam.rulebook import LoginField
from protocol import seat_api, staff_api
from protocol.envelope import Envelope
from protocol.grant import Grant, open_grant
from protocol.keys import SigningKey, VerifyKey
from protocol.seat_api import LoggedIn, LoginRequest
from protocol.values import encode
from runtime.secret import Secret
from runtime.tls import Identity as TlsIdentity
from runtime.tls import client_context
from terminal_agent.identity import Identity
from terminal_agent.pairing import pair

AT_ONCE = 8
"""So many seats are paired or logged in at a time."""


@dataclass(frozen=True, kw_only=True)
class MeasuredSeat:
    """One seat: who sits there, its identity, and after the log-in its grant."""

    person: Person
    identity: Identity
    key: SigningKey
    grant: Grant
    grant_envelope: Envelope

    def context(self) -> ssl.SSLContext:
        """Return how the seat speaks to the box: mutual TLS with its own certificate."""
        return seat_context(self.identity)


def seat_context(identity: Identity) -> ssl.SSLContext:
    """Return the TLS of a seat; the box's name is not looked at."""
    return client_context(
        authorities=identity.authority_pem.read_bytes(),
        identity=TlsIdentity(chain_pem=identity.tls_pem.read_bytes(), key_pem=Secret(b"")),
        check_name=False,
    )


async def connect(port: int, seats: Sequence[MeasuredSeat]) -> list[Wire]:
    """Open a connection for each seat."""
    return [await Wire.open(port, seat.context()) for seat in seats]


async def seat_everybody(hall: MeasuredHall, persons: tuple[Person, ...]) -> list[MeasuredSeat]:
    """Pair a seat for each person, and log them in."""
    identities = await pair_seats(hall, len(persons))
    places = asyncio.Semaphore(AT_ONCE)

    async def one(identity: Identity, person: Person) -> MeasuredSeat:
        async with places:
            return await log_in(hall, identity, person)

    return list(await asyncio.gather(*map(one, identities, persons)))


async def pair_seats(hall: MeasuredHall, count: int) -> list[Identity]:
    """Pair the first ``count`` seats of the hall; each has a folder as a terminal has one."""
    status = await staff_client.fetch_status(hall.staff_socket)
    names = [seat.seat for seat in status.seats][:count]
    await hall.act(staff_api.OpenPairing(seats=tuple(names)))
    code = (await staff_client.fetch_status(hall.staff_socket)).pairing.code
    places = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Identity:
        async with places:
            return await pair(
                host="127.0.0.1",
                port=hall.port,
                seat=name,
                code=code,
                folder=hall.seat_folder(name) / "identity",
            )

    return list(await asyncio.gather(*map(one, names)))


async def log_in(hall: MeasuredHall, identity: Identity, person: Person) -> MeasuredSeat:
    """Log a person in at a seat, without consent to the look at the face."""
    key = SigningKey.generate()
    request = LoginRequest(
        subject=SUBJECT,
        fields={
            LoginField.ID_NUMBER: person.id_number,
            LoginField.ID_NUMBER_LAST4: person.id_number[-4:],
        },
        session_key=key.public.hex,
        consents_to_faces=False,
        consents_to_recording=False,
    )
    connector = aiohttp.TCPConnector(ssl=seat_context(identity))
    base = f"https://127.0.0.1:{hall.port}"
    async with (
        aiohttp.ClientSession(base, connector=connector) as http,
        http.post(seat_api.LOGIN, data=encode(request)) as answer,
    ):
        reply = seat_api.decode_login_reply(await answer.read())
    if not isinstance(reply, LoggedIn):
        raise HallError(f"{person.name} was not let in: {reply}")
    box = VerifyKey.from_hex(hall.office.manifest.appliances[0].box_key)
    grant = open_grant(reply.grant, box)
    return MeasuredSeat(
        person=person, identity=identity, key=key, grant=grant, grant_envelope=reply.grant
    )
