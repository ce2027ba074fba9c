"""A hall with the real core in a process of its own, and seats that do as an attacker likes.

A `RogueSeat` holds what a candidate who has opened the machine holds: the seat's identity and
the session key. It signs whatever it is told to.
"""

import asyncio
import contextlib
import datetime as dt
import io
import os
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
from PIL import Image

from appliance.core.building import receiver_of
from appliance.core.intake import take_bundle
from appliance.ipc import staff_client
from appliance.ipc.identity import write_identity
from drill.sample_office import STAFF_PASSPHRASE, SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import people
from exam.rulebook import LoginField
from exam.session import State
from protocol import seat_api, staff_api
from protocol.grant import Grant, open_grant
from protocol.journal import Batch, Head, encode_event, first_link, next_link, sign_head
from protocol.keys import SigningKey, VerifyKey
from protocol.values import encode
from runtime.tls import client_context
from terminal_agent.identity import Identity
from terminal_agent.link import seat_tls
from terminal_agent.pairing import pair
from tests.waiting import until

SEATS = ("a01", "a02", "a03")


def noise_photo() -> bytes:
    """Return a picture of the right size, at which nobody looks."""
    data = io.BytesIO()
    bands = [Image.effect_noise((413, 579), 60) for _ in "RGB"]
    Image.merge("RGB", bands).save(data, "JPEG", quality=90)
    return data.getvalue()


@dataclass
class RogueSeat:
    """A paired seat in the hands of somebody who signs what he likes."""

    hall: "AttackedHall"
    identity: Identity
    http: aiohttp.ClientSession
    key: SigningKey = field(default_factory=SigningKey.generate)
    grant: Grant | None = None
    link: str = ""
    n: int = 0

    async def log_in(self, person: int) -> seat_api.LoginReply:
        """Log a candidate in with a fresh session key."""
        who = people(len(SEATS))[person]
        request = seat_api.LoginRequest(
            subject="theory",
            fields={
                LoginField.ID_NUMBER: who.id_number,
                LoginField.ID_NUMBER_LAST4: who.id_number[-4:],
            },
            session_key=self.key.public.hex,
            consents_to_faces=False,
            consents_to_recording=False,
        )
        reply = seat_api.decode_login_reply(await self.post(seat_api.LOGIN, encode(request)))
        if isinstance(reply, seat_api.LoggedIn):
            self.grant = open_grant(reply.grant, self.hall.box_key)
            self.link, self.n = first_link(reply.grant.digest), 0
        return reply

    async def post(self, path: str, body: bytes) -> bytes:
        """Post to the box; return the body of whatever it answers."""
        async with self.http.post(path, data=body) as reply:
            return await reply.read()

    def batch(self, *makers: tuple[type[Any], dict[str, Any]], hall: int | None = None) -> Batch:
        """Return a batch of these events, signed; the seat's own position moves on."""
        assert self.grant is not None
        first, raw = self.n + 1, []
        for kind, values in makers:
            self.n += 1
            at = self.hall.now() if hall is None else hall
            raw.append(encode_event(kind(n=self.n, hall=at, mono=1, **values)))
            self.link = next_link(self.link, raw[-1])
        head = Head(session=self.grant.session, epoch=self.grant.epoch, n=self.n, head=self.link)
        return Batch(
            session=self.grant.session,
            epoch=self.grant.epoch,
            first=first,
            events=tuple(msgspec.Raw(event) for event in raw),
            head=sign_head(head, self.key),
        )

    async def send(self, batch: Batch) -> seat_api.BatchReply:
        """Deliver a batch."""
        return seat_api.decode_batch_reply(await self.post(seat_api.BATCHES, encode(batch)))

    async def write(
        self, *makers: tuple[type[Any], dict[str, Any]], hall: int | None = None
    ) -> seat_api.BatchReply:
        """Sign and deliver events."""
        return await self.send(self.batch(*makers, hall=hall))


@dataclass
class AttackedHall:
    """The hall, with what its staff hold."""

    folder: Path
    office: SampleOffice
    process: asyncio.subprocess.Process
    seats_port: int
    box_key: VerifyKey
    staff: SigningKey
    opens: int

    @property
    def socket(self) -> Path:
        """The staff's socket."""
        return self.folder / "run" / "staff.sock"

    @property
    def state(self) -> Path:
        """The box's disk."""
        return self.folder / "box"

    @property
    def log(self) -> str:
        """What core has said so far."""
        return (self.folder / "core.log").read_text()

    def now(self) -> int:
        """Hall time, near enough: all run on this machine."""
        return int(dt.datetime.now(dt.UTC).timestamp() * 1000)

    async def status(self) -> staff_api.HallStatus:
        """Return what staff see."""
        return await staff_client.fetch_status(self.socket)

    async def act(self, act: Any, codes: tuple[str, ...] = ()) -> staff_api.ActReply:
        """Have the invigilator do something."""
        asked = staff_client.new_act(await self.status(), "wang-fang", act)
        return await staff_client.perform(self.socket, asked, self.staff, codes)

    async def occupant(self, seat: str) -> staff_api.Occupant:
        """Return who sits there, as staff see it."""
        found = next(s.occupant for s in (await self.status()).seats if s.seat == seat)
        assert found is not None
        return found

    async def until_state(self, seat: str, state: State) -> None:
        """Return once who sits there has come so far."""
        async with asyncio.timeout(10):
            while (await self.occupant(seat)).state is not state:  # noqa: ASYNC110 - see `begin`
                await asyncio.sleep(0.02)

    @property
    def log_key(self) -> VerifyKey:
        """The public key of the box's log."""
        return VerifyKey.from_hex(self.office.manifest.appliances[0].log_key)

    async def unlock(self) -> None:
        """Enter the code."""
        code = self.office.codes[0].reveal()
        assert isinstance(
            await self.act(staff_api.Unlock(subject="theory"), (code,)), staff_api.ActDone
        )

    async def begin(self) -> None:
        """Unlock, arm, and wait until the paper is released."""
        await self.unlock()
        await self.act(staff_api.Arm(subject="theory", start=1))

        async def released() -> bool:
            status = await self.status()
            return status.subject is not None and status.subject.released

        async with asyncio.timeout(20):
            while not await released():  # noqa: ASYNC110 - another process releases it
                await asyncio.sleep(0.05)

    @contextlib.asynccontextmanager
    async def seat(self, name: str, machine: str = "seat") -> AsyncIterator[RogueSeat]:
        """Pair a machine as this seat, and hand its keys over."""
        await self.act(staff_api.ClosePairing())
        await self.act(staff_api.OpenPairing(seats=(name,), replace=True))
        code = (await self.status()).pairing.code
        identity = await pair(
            host="127.0.0.1",
            port=self.seats_port,
            seat=name,
            code=code,
            folder=self.folder / f"{machine}-{name}",
        )
        async with self.session(identity) as http:
            yield RogueSeat(self, identity, http)

    def session(self, identity: Identity | None) -> aiohttp.ClientSession:
        """Return a session with this seat's certificate, or none."""
        context: ssl.SSLContext
        if identity is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        else:
            context = client_context(
                authorities=identity.authority_pem.read_bytes(),
                identity=seat_tls(identity),
                check_name=False,
            )
        return aiohttp.ClientSession(
            f"https://127.0.0.1:{self.seats_port}",
            connector=aiohttp.TCPConnector(ssl=context),
            timeout=aiohttp.ClientTimeout(total=20),
        )


@contextlib.asynccontextmanager
async def attacked_hall(
    folder: Path,
    *,
    module: str = "appliance.cli",
    packed: dt.timedelta = dt.timedelta(0),
    opens_doors: bool = True,
    under: Sequence[str] = (),
) -> AsyncIterator[AttackedHall]:
    """Raise core with a bundle of three candidates, doors open, the start a minute off.

    ``module`` is run in place of the appliance's commands, ``under`` another program where
    one is named; the bundle was ``packed`` ago.
    """
    now = dt.datetime.now(dt.UTC)
    sample = SampleHall(
        persons=people(len(SEATS)),
        photos=(noise_photo(),),
        opens=now + dt.timedelta(minutes=1),
        minutes=60,
    )
    office = await asyncio.to_thread(make_sample_office, folder / "office", sample, now - packed)
    state = folder / "box"
    state.mkdir()
    write_identity(state, office.boxes[0])
    await asyncio.to_thread(
        take_bundle, office.bundle, state / "bundles", receiver_of(office.boxes[0])
    )
    (folder / "run").mkdir(mode=0o700)
    config = folder / "appliance.toml"
    config.write_text(
        f'state="{state}"\nrun="{folder}/run"\nnetwork="loopback"\n'
        '[listen]\nhost="127.0.0.1"\nseats=0\nfaces=0\nrecordings=0\n'
        "[rhythm]\nparcels_ms=200\nlog_heads_ms=200\n"
    )
    (folder / "wang.key").write_bytes(office.staff_files["wang-fang"])
    with (folder / "core.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *under, sys.executable, "-m", module, "run", "core", "--config", str(config),
            stdout=log, stderr=log, env=dict(os.environ, EXAMHALL_LOG_FORMAT="text"),
        )  # fmt: skip
    try:
        said = folder / "core.log"
        await until(lambda: "ready: seats on port" in said.read_text())
        port = int(said.read_text().split("ready: seats on port ")[1].split(",")[0])
        hall = AttackedHall(
            folder=folder,
            office=office,
            process=process,
            seats_port=port,
            box_key=VerifyKey.from_hex(office.manifest.appliances[0].box_key),
            staff=staff_client.read_staff_key(folder / "wang.key", STAFF_PASSPHRASE.reveal()),
            opens=int(sample.opens.timestamp() * 1000),
        )
        if opens_doors:
            await hall.act(staff_api.OpenDoors(correction=0))
        yield hall
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
