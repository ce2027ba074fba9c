"""Attacks on the office's port, its stick and its inner worker, by boxes gone bad and strangers."""

import asyncio
import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import zstandard

from central import stick
from central.errors import EnrolError
from central.layout import Layout
from central.receiving import server
from central.receiving.service import receiving
from central.registry import take_revocations
from central.verification.service import open_worker
from protocol.bundle import Revocation
from protocol.envelope import sign
from protocol.errors import ProtocolError
from protocol.keys import SigningKey
from protocol.office_receipt import Stage
from protocol.parcel import FIRST, MAGIC, Lane, ParcelHeader, ParcelKey, Record, parcel_digest
from protocol.payload_types import PayloadType
from protocol.revocation import RevocationList, sign_revocations
from protocol.sealing import seal
from protocol.upload import MAX_FILE
from protocol.values import encode, sha256_hex
from tests.sample_office import CENTRE, NOW, SITTING, SampleBox, SampleOffice
from tests.sample_parcels import Lanes, SampleParcel
from tests.sample_session import SampleSession
from tests.tus_caller import TusCaller
from tests.verifying import Verifying

BLOB = os.urandom(300_000)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
def layout(office: SampleOffice, tmp_path: Path) -> Layout:
    """The office on a disk."""
    return office.lay_out(tmp_path / "office")


# --- the port ------------------------------------------------------------------------------------


async def answer_to(caller: TusCaller, request: bytes) -> bytes:
    """Send bytes as they are; return the status line."""
    port = int(caller.base.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=caller.context)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return (await reader.readline()).strip()
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"HEAD /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"HEAD /v1/uploads/1 HTTP/1.1\r\nHost: a\r\nUpload-Metadata: "
        + b"x" * 200_000
        + b"\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 100_000 + b"\r\n",
        b"\x00\xff" * 10_000 + b"\r\n\r\n",
    ],
    ids=["address", "header", "many headers", "no request"],
)
async def test_what_is_no_request_of_a_box_is_refused(
    office: SampleOffice, layout: Layout, request_bytes: bytes
) -> None:
    """A head larger than any of ours ends in 400, and the next box is served."""
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        status = await answer_to(caller, request_bytes)
        assert status == b"" or b" 400 " in status
        assert (await caller.call("OPTIONS", "/v1/uploads")).status == 204


async def test_a_body_that_stops_is_ended_and_kept(
    office: SampleOffice, layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a PATCH and then silence: the connection is answered 408, what came is durable."""
    monkeypatch.setattr(server, "IDLE_S", 0.2)
    parcel = Lanes(office.recipient, office.main).parcel(Lane.RECORDINGS, blobs=[BLOB])
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        place = (await caller.create(parcel.data)).headers["Location"]
        head = (
            f"PATCH {place} HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
            f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(parcel.data)}"
            "\r\n\r\n"
        )
        status = await answer_to(caller, head.encode() + parcel.data[:5000])
        assert b" 408 " in status
        assert (await caller.call("HEAD", place)).offset == 5000


async def test_two_boxes_send_one_parcel_at_once(office: SampleOffice, layout: Layout) -> None:
    """Main and spare, each in pieces, at the same time: one parcel, both are told so."""
    parcel = Lanes(office.recipient, office.main).parcel(Lane.RECORDINGS, blobs=[BLOB])
    async with receiving(layout) as listener:
        callers = [TusCaller(office, box, listener.port) for box in (office.main, office.spare)]
        answers = await asyncio.gather(*(one.send(parcel.data, piece=40_000) for one in callers))
    assert [answer.status for answer in answers] == [204, 204]
    assert layout.parcel(parcel.key).read_bytes() == parcel.data
    assert list(layout.uploads.iterdir()) == []


async def test_many_connections_at_one_upload_lose_no_byte(
    office: SampleOffice, layout: Layout
) -> None:
    """Twenty connections that push the same bytes: at the end the parcel is what was signed."""
    parcel = Lanes(office.recipient, office.main).parcel(Lane.RECORDINGS, blobs=[BLOB])
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        place = (await caller.create(parcel.data)).headers["Location"]
        pushes = (caller.patch(place, parcel.data, 0) for _ in range(20))
        await asyncio.gather(*pushes, return_exceptions=True)
        assert (await caller.send(parcel.data)).status in {201, 204}
    assert layout.parcel(parcel.key).read_bytes() == parcel.data


async def test_a_box_cannot_speak_for_another_centre(office: SampleOffice, layout: Layout) -> None:
    """Its own signature under another centre's name, or another sitting's: refused."""
    box = office.main
    lanes = Lanes(office.recipient, box)
    async with receiving(layout) as listener:
        caller = TusCaller(office, box, listener.port)
        for field, other in (("centre", "beijing-09"), ("sitting", "2027-01-01")):
            own = getattr(box, field)
            setattr(box, field, other)
            try:
                parcel = lanes.make(Lane.ANSWERS, 1, FIRST)
            finally:
                setattr(box, field, own)
            refused = await caller.send(parcel.data)
            assert (refused.status, refused.code) == (422, "C420")
    assert list(layout.parcels.iterdir()) == []


# --- revocation ----------------------------------------------------------------------------------


def revoked(*certificates: str, n: int | None = None) -> RevocationList:
    """Return the office's list."""
    entries = tuple(Revocation(certificate=one, at=NOW, reason="stolen") for one in certificates)
    count = len(entries) if n is None else n
    return RevocationList(office="office", n=count, issued_at=NOW, revocations=entries)


def write(path: Path, listed: RevocationList, key: SigningKey) -> Path:
    """Write a list as `exam-provision revocations` does."""
    path.write_bytes(encode(sign_revocations(listed, key)))
    return path


async def test_a_revoked_courier_is_shut_out_at_once(
    office: SampleOffice, layout: Layout, tmp_path: Path
) -> None:
    """The list is enough, no bundle and no restart; the other box of the hall goes on."""
    async with receiving(layout) as listener:
        stolen = TusCaller(office, office.main, listener.port)
        spare = TusCaller(office, office.spare, listener.port)
        assert (await stolen.call("GET", "/v1/receipts")).status == 200
        path = write(tmp_path / "list", revoked(office.main.certificate), office.signing_key)
        take_revocations(layout.registry, path, office.signing_key.public)
        assert (await stolen.call("GET", "/v1/receipts")).status == 403
        assert (await stolen.create(b"x")).status == 403
        assert (await spare.call("GET", "/v1/receipts")).status == 200


@pytest.mark.parametrize("fault", ["cut", "altered", "stranger", "older", "empty"])
def test_only_the_newest_list_of_this_office_counts(
    office: SampleOffice, layout: Layout, tmp_path: Path, fault: str
) -> None:
    """Cut short, altered, another office's, or without what was revoked before: refused."""
    key = office.signing_key
    newest = revoked(office.main.certificate, "2" * 64)
    take_revocations(layout.registry, write(tmp_path / "good", newest, key), key.public)
    path = write(tmp_path / fault, newest, key)
    match fault:
        case "cut":
            path.write_bytes(path.read_bytes()[:-10])
        case "altered":
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        case "stranger":
            write(path, newest, SigningKey.generate())
        case "older":
            write(path, revoked("2" * 64), key)
        case _:
            write(path, revoked(n=9), key)
    kept = (layout.registry / "revocations.json").read_bytes()
    with pytest.raises((ProtocolError, EnrolError)):
        take_revocations(layout.registry, path, key.public)
    assert (layout.registry / "revocations.json").read_bytes() == kept


# --- the stick -----------------------------------------------------------------------------------


def test_a_strange_stick_is_not_followed(
    office: SampleOffice, layout: Layout, tmp_path: Path
) -> None:
    """Links, pipes and files without end, named like parcels, are passed over and told."""
    parcel = Lanes(office.recipient, office.main).parcel(Lane.ANSWERS)
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / parcel.key.file_name).write_bytes(parcel.data)
    names = [parcel.key.file_name.replace("00000001", f"0000000{n}") for n in (2, 3, 4)]
    (folder / names[0]).symlink_to(layout.home / "inner" / "opening.key")
    os.mkfifo(folder / names[1])
    with (folder / names[2]).open("wb") as file:
        file.truncate(MAX_FILE + 1)
    done = stick.bring_in(layout, folder)
    assert done.files == 1
    assert done.passed_over == tuple(names)
    assert [path.name for path in layout.incoming.iterdir()] == [parcel.key.file_name]


# --- what is sealed ------------------------------------------------------------------------------


def enclosing(office: SampleOffice, box: SampleBox, n: int, plain: bytes) -> SampleParcel:
    """Return a parcel of a box gone bad: rightly signed and sealed, with any frame in it."""
    sealed = seal(plain, [office.recipient])
    key = ParcelKey(
        centre=CENTRE, sitting=SITTING, appliance=box.id, generation=1, lane=Lane.INCIDENTS, n=n
    )
    header = ParcelHeader(
        key=key, prev=FIRST, sealed_sha256=sha256_hex(sealed), sealed_size=len(sealed), made_at=NOW
    )
    envelope = sign(PayloadType.PARCEL, header, box.box_key)
    data = MAGIC + encode(envelope) + b"\n" + sealed
    return SampleParcel(key=key, data=data, digest=parcel_digest(envelope))


def framed(body: bytes) -> bytes:
    """Return contents as a parcel frames them."""
    return zstandard.compress(len(body).to_bytes(8, "big") + body)


def contents(records: bytes) -> bytes:
    """Return the JSON of contents with any text as their records."""
    key = (
        b'{"appliance":"box-1","centre":"%b","generation":1,"lane":"incidents","n":1,"sitting":"%b"}'
        % (CENTRE.encode(), SITTING.encode())
    )
    return b'{"blobs":[],"key":%b,"records":%b}' % (key, records)


DEEP = 1_000_000
ENCLOSED = {
    "a gigabyte of zeros": zstandard.compress(bytes(1 << 30)),
    "no declared size": zstandard.ZstdCompressor(write_content_size=False).compress(b"x" * 9),
    "two frames": framed(contents(b"[]")) + framed(b"{}"),
    "deep arrays": framed(b"[" * DEEP),
    "deep records": framed(contents(b"[" * DEEP + b"]" * DEEP)),
    "deep objects": framed(contents(b'[{"record":' * 5_000)),
    "deep events": framed(
        contents(
            b'[{"record":"stray","session":"' + b"0" * 32 + b'","epoch":1,"first":1,"events":['
            + b"[" * DEEP + b"]" * DEEP + b"]}]"
        )
    ),
    "a length beyond its end": zstandard.compress((1 << 60).to_bytes(8, "big")),
    "nothing": zstandard.compress(b""),
}  # fmt: skip


@asynccontextmanager
async def verifying(office: SampleOffice, layout: Layout) -> AsyncIterator[Verifying]:
    """The inner worker."""
    async with open_worker(layout, clock=lambda: NOW) as (worker, _):
        yield Verifying(office, layout, worker)


@pytest.mark.parametrize("kind", ENCLOSED)
async def test_whatever_is_sealed_the_worker_goes_on(
    office: SampleOffice, layout: Layout, kind: str
) -> None:
    """Bombs and depths are refused by their code, and the parcel after them is verified."""
    bad = enclosing(office, office.main, 1, ENCLOSED[kind])
    lanes = Lanes(office.recipient, office.main)
    good = lanes.make(Lane.INCIDENTS, 2, bad.digest)
    async with verifying(office, layout) as at:
        verdict = await at.verdict(bad)
        assert (verdict.stage, verdict.reason[:4]) == (Stage.REFUSED, "P100")
        assert (await at.verdict(good)).stage is Stage.VERIFIED


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_a_lane_of_a_million_events(office: SampleOffice, layout: Layout) -> None:
    """Ten parcels of a hundred thousand events each are verified; the last costs as the first."""
    lanes, session = Lanes(office.recipient, office.main), SampleSession(office.main, "c-001")
    records: list[Record] = [session.granted()]
    costs = []
    async with verifying(office, layout) as at:
        for _ in range(10):
            for n in range(100_000):
                session.answer(f"q-{n % 100}", "abcd"[n % 4])
            parcel = lanes.parcel(Lane.ANSWERS, [*records, session.journal()])
            records = []
            before = time.process_time()
            assert (await at.verdict(parcel)).stage is Stage.VERIFIED
            costs.append(time.process_time() - before)
        assert at.count("event") == 1_000_000
        assert at.count("response") == 100
    assert costs[-1] < 3 * costs[0], costs


async def test_a_stranger_without_a_certificate_gets_no_answer(layout: Layout) -> None:
    """No handshake without a certificate that hangs from the office's root."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    async def ask(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(b"GET /v1/receipts HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readexactly(1)

    async with receiving(layout) as listener:
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await ask(listener.port)
