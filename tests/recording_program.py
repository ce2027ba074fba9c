"""The `recordings` process as a program of a box that was really installed, for tests."""

import asyncio
import contextlib
import datetime as dt
import io
import secrets
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from PIL import Image

from appliance.core import building, intake
from appliance.ipc import recordings as ipc
from appliance.ipc.identity import authorities, write_identity
from drill.sample_office import SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import people
from protocol.enrolment import make_request
from protocol.parcel import FIRST, open_contents, open_header, read_header_line
from runtime.errors import IpcError
from runtime.ipc import Client
from runtime.secret import Secret
from runtime.tls import Identity, client_context, fingerprint
from terminal_agent.recording import CutRules
from terminal_agent.uploading import Uploader
from tests.recorded_view import RecordedView
from tests.sample_session import SUBJECT


@dataclass
class Program:
    """``exam-appliance run recordings``, which may be killed at any moment."""

    config: Path
    process: asyncio.subprocess.Process | None = None
    kills: int = 0

    async def start(self) -> None:
        """Start it."""
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "appliance.cli", "run", "recordings"),
            *("--config", str(self.config)),
        )

    async def kill(self) -> None:
        """Kill it as a power cut would, but for the disk's own memory."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        self.kills += 1


@dataclass
class RealBox:
    """A box as its commands install it, and core's part in this test."""

    folder: Path
    sample: SampleOffice
    port: int
    facts: list[ipc.Request] = field(default_factory=list)
    program: Program = field(init=False)

    def install(self) -> None:
        """Install the identity, take the bundle."""
        state, config = self.folder / "state", self.folder / "appliance.toml"
        config.write_text(
            f'state = "{state}"\nrun = "{self.folder / "run"}"\n'
            f'[listen]\nhost = "127.0.0.1"\nrecordings = {self.port}\n'
            "[recordings]\nleave_free_mb = 0\n"
        )
        identity = self.sample.boxes[0]
        write_identity(state, identity)
        intake.take_bundle(self.sample.bundle, state / "bundles", building.receiver_of(identity))
        self.program = Program(config)

    def parcels(self) -> list:
        """Open every parcel as the office does."""
        found, prev = [], FIRST
        office = self.sample.server.opening_sealing_identity()
        key = self.sample.boxes[0].signing_key().public
        for path in sorted((self.folder / "state/outbox/recordings").glob("*.parcel")):
            data = path.read_bytes()
            envelope, begins = read_header_line(data)
            header = open_header(envelope, key)
            assert (header.key.n, header.prev) == (len(found) + 1, prev)
            found.append(open_contents(header, data[begins:], office))
            prev = envelope.digest
        return found


def sample_office(folder: Path) -> SampleOffice:
    """Return an office that has made a bundle in ``folder``. Blocks for some seconds."""
    now = dt.datetime.now(dt.UTC)
    wanted = SampleHall(persons=people(2), photos=(_photo(),), opens=now + dt.timedelta(hours=1))
    return make_sample_office(folder, wanted, now)


def _photo() -> bytes:
    """Return a picture large enough for a roster."""
    stream = io.BytesIO()
    picture = Image.effect_noise((295, 413), 60).convert("RGB")
    picture.paste((200, 120, 90), (100, 100, 200, 413))
    picture.save(stream, "JPEG")
    return stream.getvalue()


class UploadingSeat:
    """A seat that keeps segments and brings them to the box, with a certificate of the centre."""

    def __init__(self, folder: Path, box: RealBox, *, duration_ms: int = 4_000) -> None:
        self.view = RecordedView(folder, rules=CutRules(duration_ms=duration_ms))
        self.view.session = secrets.token_hex(16)
        key = ec.generate_private_key(ec.SECP256R1())
        signer = ed25519.Ed25519PrivateKey.generate()
        identity = box.sample.boxes[0]
        issued = building.centre_authority(identity).issue(
            seat="a01",
            tls_request=make_request(key, "a01"),
            seat_request=make_request(signer, "a01"),
        )
        pem = x509.load_der_x509_certificate(issued.tls_certificate).public_bytes(Encoding.PEM)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        tls = Identity(chain_pem=pem, key_pem=Secret(secret))
        self.certificate = fingerprint(tls.certificate)
        self.context = client_context(
            authorities=authorities(identity), identity=tls, check_name=False
        )
        self.box = box
        self.state = SimpleNamespace(proven=None, version=1)

    def admitted(self) -> ipc.Admitted:
        """Return core's word about the session."""
        return ipc.Admitted(
            session=self.view.session,
            epoch=1,
            session_key=self.view.key.public.hex,
            seat_certificate=self.certificate,
            subject=SUBJECT,
            candidate="c-001",
        )

    async def run(self) -> None:
        """Bring to the box whatever lies here, for ever."""
        connector = aiohttp.TCPConnector(ssl=self.context)
        async with aiohttp.ClientSession(connector=connector) as http:
            info = SimpleNamespace(recordings_port=self.box.port)
            self.state.proven = SimpleNamespace(
                http=http,
                hall=SimpleNamespace(info=info),
                url=lambda port, path: f"https://127.0.0.1:{port}{path}",
            )
            await Uploader(self.view.shelf).run(self)

    @property
    def is_done(self) -> bool:
        """Whether the box has everything, and knows that it is all."""
        return self.view.shelf.chains() == []


async def keep_saying(box: RealBox, core: Client, again: asyncio.Event) -> None:
    """Be core: after each connection, say everything."""
    while True:
        await again.wait()
        again.clear()
        with contextlib.suppress(IpcError):
            await core.online()
            for fact in list(box.facts):
                await core.ask(fact)
