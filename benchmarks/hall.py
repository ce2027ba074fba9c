"""A hall to be measured: core as its own process, and seats that are paired and logged in.

Seats here are keys and connections, not agents: the measuring process must cost less than
what it measures. Pairing and log-in go over the product's own requests.
"""

import asyncio
import contextlib
import datetime as dt
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from appliance.ipc import staff_client
from appliance.ipc.identity import write_identity
from drill.clips import sample_roster_photo
from drill.faces import ASTRONAUT
from drill.sample_office import SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import Person, people
from exam.rulebook import LoginField
from protocol import seat_api, staff_api
from protocol.envelope import Envelope
from protocol.grant import Grant, open_grant
from protocol.keys import SigningKey, VerifyKey
from protocol.seat_api import LoggedIn, LoginRequest
from protocol.staff_api import ActDone
from protocol.values import encode
from runtime.secret import Secret
from runtime.tls import Identity as TlsIdentity
from runtime.tls import client_context
from terminal_agent.identity import Identity
from terminal_agent.pairing import pair

MEMBER = "wang-fang"
SUBJECT = "theory"
PAIR_AT_ONCE = 8


class HallError(RuntimeError):
    """The hall to be measured could not be made."""


@dataclass(frozen=True, kw_only=True)
class MeasuredSeat:
    """One seat: who sits there, its identity, and after the log-in its grant."""

    person: Person
    identity: Identity
    key: SigningKey
    grant: Grant
    grant_envelope: Envelope


@dataclass(frozen=True, kw_only=True)
class MeasuredHall:
    """A running core and what speaks to it."""

    folder: Path
    office: SampleOffice
    port: int
    pid: int
    staff_socket: Path

    async def act(self, act: staff_api.Act, codes: tuple[str, ...] = ()) -> ActDone:
        """Perform an act of the sample staff; raise where it is refused."""
        hall = await staff_client.fetch_status(self.staff_socket)
        asked = staff_client.new_act(hall, MEMBER, act)
        key = self.office.staff_keys[MEMBER]
        reply = await staff_client.perform(self.staff_socket, asked, key, codes)
        if not isinstance(reply, ActDone):
            raise HallError(f"{type(act).__name__} was refused: {reply.text}")
        return reply


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def measured_hall(
    seats: int, *, core_on: set[int] | None = None, minutes: int = 60
) -> AsyncIterator[MeasuredHall]:
    """Start core over a sample sitting of ``seats`` seats, on the given processors."""
    with tempfile.TemporaryDirectory(prefix="measured-hall-") as name:
        folder = Path(name)
        office = await asyncio.to_thread(_office, folder, seats, minutes)
        state, run, port = folder / "box", folder / "run", free_port()
        state.mkdir()
        await asyncio.to_thread(write_identity, state, office.boxes[0])
        settings = folder / "appliance.toml"
        settings.write_text(
            f'state = "{state}"\nrun = "{run}"\nnetwork = "loopback"\n'
            f'[listen]\nhost = "127.0.0.1"\nseats = {port}\n',
            "utf-8",
        )
        await _run("import", str(office.bundle), "--config", str(settings))
        core = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "appliance.cli", "run", "core", "--config", str(settings)),
            env=os.environ | {"EXAMHALL_LOG_LEVEL": "ERROR"},
        )
        try:
            if core_on is not None:
                os.sched_setaffinity(core.pid, core_on)
            hall = MeasuredHall(
                folder=folder,
                office=office,
                port=port,
                pid=core.pid,
                staff_socket=run / "staff.sock",
            )
            await _until_ready(hall)
            await hall.act(staff_api.OpenDoors(correction=0))
            yield hall
        finally:
            core.terminate()
            await core.wait()


def _office(folder: Path, seats: int, minutes: int) -> SampleOffice:
    now = dt.datetime.now(dt.UTC)
    hall = SampleHall(
        persons=people(seats),
        photos=(sample_roster_photo(ASTRONAUT),),
        opens=now + dt.timedelta(minutes=5),
        minutes=minutes,
    )
    return make_sample_office(folder / "office", hall, now)


async def _run(*arguments: str) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli", *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    if await program.wait():
        raise HallError(f"exam-appliance {arguments[0]} failed")


async def _until_ready(hall: MeasuredHall) -> None:
    for _ in range(600):
        if await asyncio.to_thread(hall.staff_socket.exists):
            return
        await asyncio.sleep(0.05)
    raise HallError("core did not come up within 30 s")


# --- seats ---------------------------------------------------------------------------------------


async def seat_everybody(hall: MeasuredHall, persons: tuple[Person, ...]) -> list[MeasuredSeat]:
    """Pair a seat for each person, and log them in."""
    status = await staff_client.fetch_status(hall.staff_socket)
    names = [seat.seat for seat in status.seats][: len(persons)]
    await hall.act(staff_api.OpenPairing(seats=tuple(names)))
    code = (await staff_client.fetch_status(hall.staff_socket)).pairing.code
    places = asyncio.Semaphore(PAIR_AT_ONCE)

    async def one(name: str, person: Person) -> MeasuredSeat:
        async with places:
            identity = await pair(
                host="127.0.0.1",
                port=hall.port,
                seat=name,
                code=code,
                folder=hall.folder / "seats" / name,
            )
            return await _log_in(hall, identity, person)

    return list(await asyncio.gather(*map(one, names, persons)))


async def _log_in(hall: MeasuredHall, identity: Identity, person: Person) -> MeasuredSeat:
    key = SigningKey.generate()
    context = client_context(
        authorities=identity.authority_pem.read_bytes(),
        identity=TlsIdentity(chain_pem=identity.tls_pem.read_bytes(), key_pem=Secret(b"")),
        check_name=False,
    )
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
    connector = aiohttp.TCPConnector(ssl=context)
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
