"""The `recordings` process with core and seats beside it, for tests."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from msgspec.structs import replace

from appliance.ipc import recordings as ipc
from appliance.ipc.identity import part_of
from appliance.recordings.service import Recordings, Setup, recording
from protocol.envelope import Envelope
from protocol.keys import SigningKey
from protocol.parcel import (
    Lane,
    ParcelContents,
    open_contents,
    open_header,
    read_header_line,
)
from protocol.recordings_api import (
    SEGMENT_HEADER,
    SEGMENTS,
    VIEWS,
    RecordingsReply,
    Refused,
    ViewEnded,
    decode_recordings_reply,
)
from protocol.sealing import seal
from protocol.segment import (
    FIRST,
    FromSeat,
    SegmentManifest,
    View,
    manifest_digest,
    sign_manifest,
)
from protocol.values import encode, sha256_hex
from runtime.clock import Anchor, MachineClock
from runtime.ipc import Client
from runtime.tls import client_context, fingerprint
from tests.delivering import identity_of
from tests.sample_office import CENTRE, NOW, SITTING, SampleOffice
from tests.sample_session import SUBJECT

Core = Client[ipc.Request, ipc.Reply, ipc.Said]


def stands(generation: int = 1) -> ipc.HallStands:
    """Return what core says of the hall: hall time is `NOW`, and goes on."""
    clock = MachineClock()
    anchor = Anchor(boot=clock.boot(), offset_ms=NOW - clock.steady_ms(), confirmed=True)
    return ipc.HallStands(generation=generation, anchor=anchor)


@dataclass
class RecordingBox:
    """The machine that `recordings` runs on. It may be killed and started again."""

    folder: Path
    office: SampleOffice = field(default_factory=SampleOffice)
    leave_free: int = 0
    views_wait_ms: int = 600_000
    heard: list[ipc.Said] = field(default_factory=list)

    @property
    def setup(self) -> Setup:
        """Return what the process is given."""
        return Setup(
            own=self.folder / "recordings",
            outbox=self.folder / "outbox",
            socket=self.folder / "recordings.sock",
            courier=self.folder / "courier.sock",
            identity=part_of(identity_of(self.office, self.office.main), "recordings"),
            centre=CENTRE,
            sitting=SITTING,
            opening_recipient=self.office.opening_key.recipient,
            receipts_key=self.office.receipts_key.public,
            host="127.0.0.1",
            port=0,
            leave_free=self.leave_free,
            views_wait_ms=self.views_wait_ms,
            oldest_s=0.05,
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Recordings]:
        """Run the process in this loop."""
        async with recording(self.setup) as process:
            yield process

    @contextlib.asynccontextmanager
    async def core(self) -> AsyncIterator[Core]:
        """Be core: the hall's clock and generation are told."""
        client: Core = Client(self.setup.socket, ipc.CHANNEL, on_event=self.heard.append)
        async with client:
            await client.ask(stands())
            yield client

    def seat(self, **changes: Any) -> "RecordingSeat":
        """Return a seat of this hall."""
        return RecordingSeat(self.office, **changes)

    # --- what lies on the disk ----------------------------------------------------------------

    @property
    def segments(self) -> list[str]:
        """Return the names of the sealed segments' files."""
        return sorted(path.name for path in (self.folder / "recordings" / "segments").iterdir())

    def parcels(self) -> list[tuple[ParcelContents, dict[str, bytes]]]:
        """Open every parcel of the lane as the office does; check that each follows the last."""
        found, prev = [], FIRST
        paths = sorted((self.folder / "outbox" / Lane.RECORDINGS.value).glob("*.parcel"))
        for n, path in enumerate(paths, start=1):
            data = path.read_bytes()
            envelope, begins = read_header_line(data)
            header = open_header(envelope, self.office.main.box_key.public)
            assert (header.key.lane, header.key.n, header.prev) == (Lane.RECORDINGS, n, prev)
            found.append(open_contents(header, data[begins:], self.office.opening_key))
            prev = envelope.digest
        return found


@dataclass(frozen=True)
class SampleSegment:
    """A sealed segment and its signed manifest."""

    manifest: SegmentManifest
    envelope: Envelope
    sealed: bytes


class RecordingSeat:
    """A machine with a certificate of the centre, that records one session."""

    def __init__(self, office: SampleOffice, *, epoch: int = 1, subject: str = SUBJECT) -> None:
        identity = office.centre_ca.issue("seat")
        self.certificate = fingerprint(identity.certificate)
        self.key = SigningKey.generate()
        self.session = secrets.token_hex(16)
        self.epoch = epoch
        self.subject = subject
        self.port = 0
        self.n, self.last = 0, FIRST
        self._recipient = office.opening_key.recipient
        self._context = client_context(authorities=office.centre_ca.pem, identity=identity)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._context))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    def admitted(self, **changes: Any) -> ipc.Admitted:
        """Return core's word about this session."""
        word = ipc.Admitted(
            session=self.session,
            epoch=self.epoch,
            session_key=self.key.public.hex,
            seat_certificate=self.certificate,
            subject=self.subject,
            candidate="c-001",
        )
        return replace(word, **changes)

    def segment(
        self,
        plain: bytes = b"two seconds of video",
        *,
        key: SigningKey | None = None,
        **changes: Any,
    ) -> SampleSegment:
        """Make the next segment of the chain, without going on to it."""
        sealed = seal(plain, [self._recipient])
        manifest = SegmentManifest(
            source=FromSeat(session=self.session, epoch=self.epoch),
            view=View.FRONT,
            n=self.n + 1,
            begins=NOW + self.n * 30_000,
            ends=NOW + (self.n + 1) * 30_000,
            media_type="video/mp4",
            pieces=15,
            size=len(sealed),
            digest=sha256_hex(sealed),
            prev=self.last,
            complete=True,
        )
        manifest = replace(manifest, **changes)
        return SampleSegment(manifest, sign_manifest(manifest, key or self.key), sealed)

    def next(self, plain: bytes = b"two seconds of video", **changes: Any) -> SampleSegment:
        """Make the next segment, and go on to it."""
        made = self.segment(plain, **changes)
        self.n, self.last = made.manifest.n, manifest_digest(made.envelope)
        return made

    async def send(self, segment: SampleSegment, sealed: bytes | None = None) -> RecordingsReply:
        """Send a segment, or other bytes under its manifest."""
        headers = {SEGMENT_HEADER: encode(segment.envelope).decode()}
        status, body = await self.post(
            SEGMENTS, segment.sealed if sealed is None else sealed, headers
        )
        assert status == 200, body
        return decode_recordings_reply(body)

    async def end(self, **changes: Any) -> RecordingsReply:
        """Say that the view has ended."""
        ended = ViewEnded(
            session=self.session, epoch=self.epoch, view=View.FRONT, n=self.n, last=self.last
        )
        status, body = await self.post(VIEWS, encode(replace(ended, **changes)), {})
        assert status == 200, body
        return decode_recordings_reply(body)

    async def post(self, path: str, data: Any, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send any request; return its status and body."""
        url = f"https://127.0.0.1:{self.port}{path}"
        async with self._http.post(url, data=data, headers=headers) as reply:
            return reply.status, await reply.read()


@contextlib.asynccontextmanager
async def hall(box: RecordingBox) -> AsyncIterator[tuple[Recordings, Core, RecordingSeat]]:
    """Run the process, core, and one seat whose session is admitted."""
    async with box.running() as process, box.core() as core, box.seat() as seat:
        seat.port = process.port
        await core.ask(seat.admitted())
        yield process, core, seat


def code_of(reply: RecordingsReply) -> str:
    """Return why something was refused."""
    assert isinstance(reply, Refused), reply
    return reply.code.value
