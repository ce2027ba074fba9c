"""The receiver over real TLS on loopback: tus on the wire, durable parcels in the catalogue."""

import asyncio
import base64
import contextlib
import hashlib
import os
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from central.layout import Layout
from central.receiving import catalogue, expiry
from central.receiving.expiry import LONGEST_IDLE_MS
from central.receiving.judgement import Fault
from central.receiving.receiver import NoSuchUpload, Piece, Progress
from central.receiving.service import open_receiver, receiving
from central.registry import RegistryFolder
from protocol import upload as tus
from protocol.parcel import FIRST, Lane
from protocol.values import sha256_hex
from runtime.database import open_read_only
from tests.sample_office import NOW, SampleOffice, stranger
from tests.sample_parcels import Lanes, SampleParcel
from tests.tus_caller import TusCaller
from tests.waiting import until

BLOB = os.urandom(300_000)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
def layout(office: SampleOffice, tmp_path: Path) -> Layout:
    """The office on a disk."""
    return office.lay_out(tmp_path / "office")


@pytest.fixture
def lanes(office: SampleOffice) -> Lanes:
    """The main box's outbox."""
    return Lanes(office.recipient, office.main)


@pytest.fixture
async def caller(office: SampleOffice, layout: Layout) -> AsyncIterator[TusCaller]:
    """The main box, speaking to a running receiver."""
    async with receiving(layout) as listener:
        yield TusCaller(office, office.main, listener.port)


def kept(layout: Layout, parcel: SampleParcel) -> bytes:
    """Return what lies under the parcel's key."""
    return layout.parcel(parcel.key).read_bytes()


def rows(layout: Layout) -> int:
    """Return how many parcels the catalogue holds."""
    with contextlib.closing(open_read_only(layout.catalogue)) as connection:
        return int(connection.execute("SELECT count(*) FROM parcel").fetchone()[0])


def incidents(layout: Layout) -> list[catalogue.Incident]:
    """Return what a person should look at."""
    with contextlib.closing(open_read_only(layout.catalogue)) as connection:
        return catalogue.incidents(connection)


def altered(data: bytes, at: int = -1) -> bytes:
    """Return the data with one byte changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


async def test_a_parcel_arrives_in_pieces(caller: TusCaller, layout: Layout, lanes: Lanes) -> None:
    """A parcel sent in pieces lies under its key, byte for byte, and nothing else is left."""
    parcel = lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
    answer = await caller.send(parcel.data, piece=70_000)
    assert (answer.status, answer.offset) == (204, len(parcel.data))
    assert kept(layout, parcel) == parcel.data
    assert list(layout.uploads.iterdir()) == []
    assert rows(layout) == 1


async def test_creation_may_bring_the_bytes(
    caller: TusCaller, layout: Layout, lanes: Lanes
) -> None:
    """A small parcel needs one request: creation with upload."""
    parcel = lanes.parcel(Lane.ANSWERS)
    metadata = tus.write_metadata({"sha256": parcel.sha256})
    answer = await caller.call(
        "POST",
        tus.UPLOADS,
        parcel.data,
        Upload_Length=str(len(parcel.data)),
        Upload_Metadata=metadata,
        Content_Type=tus.OFFSET_TYPE,
    )
    assert (answer.status, answer.offset) == (201, len(parcel.data))
    assert kept(layout, parcel) == parcel.data


async def test_the_server_says_what_it_speaks(caller: TusCaller) -> None:
    """OPTIONS names version, extensions, checksums and the largest size."""
    answer = await caller.call("OPTIONS", tus.UPLOADS)
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) >= {"creation", "checksum"}
    assert answer.headers["Tus-Max-Size"] == str(tus.MAX_FILE)


async def test_another_version_of_tus_is_refused(caller: TusCaller) -> None:
    """A request of another protocol version gets 412 and ours."""
    answer = await caller.call("POST", tus.UPLOADS, Tus_Resumable="0.2.2")
    assert answer.status == 412
    assert answer.headers["Tus-Version"] == "1.0.0"


async def test_a_second_creation_goes_on_where_the_first_stands(
    caller: TusCaller, lanes: Lanes
) -> None:
    """A box that forgot its upload creates it again and is told the offset."""
    data = lanes.parcel(Lane.RECORDINGS, blobs=[BLOB]).data
    first = await caller.create(data)
    await caller.patch(first.headers["Location"], data[:1000], 0)
    again = await caller.create(data)
    assert (again.status, again.offset) == (201, 1000)
    assert again.headers["Location"] == first.headers["Location"]


async def test_bytes_at_another_offset_are_refused(caller: TusCaller, lanes: Lanes) -> None:
    """A PATCH that does not begin where the file ends gets 409 and the right offset."""
    data = lanes.parcel(Lane.ANSWERS).data
    place = (await caller.create(data)).headers["Location"]
    await caller.patch(place, data[:10], 0)
    answer = await caller.patch(place, data[20:30], 20)
    assert (answer.status, answer.offset, answer.code) == (409, 10, "C405")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_wrong_checksum_drops_the_piece(
    caller: TusCaller, lanes: Lanes, algorithm: str
) -> None:
    """A PATCH altered on the way gets 460 and leaves the file as it was."""
    data = lanes.parcel(Lane.ANSWERS).data
    place = (await caller.create(data)).headers["Location"]
    wrong = f"{algorithm} AAAA"
    answer = await caller.patch(place, data[:10], 0, Upload_Checksum=wrong)
    assert (answer.status, answer.code) == (460, "C406")
    assert (await caller.call("HEAD", place)).offset == 0
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
    right = await caller.patch(place, data, 0, Upload_Checksum=f"sha256 {checksum}")
    assert right.status == 204


async def test_the_whole_digest_decides(caller: TusCaller, layout: Layout, lanes: Lanes) -> None:
    """A file altered on the way is dropped at its end, and may be sent again."""
    data = lanes.parcel(Lane.ANSWERS).data
    place = (await caller.create(data)).headers["Location"]
    answer = await caller.patch(place, altered(data), 0)
    assert (answer.status, answer.code) == (460, Fault.ALTERED)
    assert (await caller.call("HEAD", place)).status == 404
    assert (await caller.send(data)).status == 204
    assert rows(layout) == 1


async def test_what_arrived_of_a_broken_patch_is_kept(
    caller: TusCaller, layout: Layout, lanes: Lanes
) -> None:
    """A line that breaks in mid-PATCH loses nothing that arrived; HEAD tells how much."""
    parcel = lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
    created = await caller.create(parcel.data)
    place = created.headers["Location"]
    part = layout.uploads / f"{place.rsplit('/', 1)[1]}.part"
    await _cut_patch(caller, place, parcel.data, [50_000, 100_000], part.exists)
    await until(lambda: part.stat().st_size == 100_000)
    assert (await caller.call("HEAD", place)).offset == 100_000
    rest = await caller.patch(place, parcel.data[100_000:], 100_000)
    assert rest.status == 204
    assert kept(layout, parcel) == parcel.data


async def _cut_patch(
    caller: TusCaller, place: str, data: bytes, cuts: list[int], begun: Callable[[], bool]
) -> None:
    """Promise all of ``data``, send up to the first cut, then to the second, and hang up."""
    host, port = caller.base.removeprefix("https://").split(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=caller.context)
    head = (
        f"PATCH {place} HTTP/1.1\r\nHost: {host}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Content-Type: {tus.OFFSET_TYPE}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    writer.write(head.encode() + data[: cuts[0]])
    await until(begun)
    writer.write(data[cuts[0] : cuts[1]])
    writer.close()
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()


async def test_a_newcomer_takes_over_from_a_dead_connection(
    caller: TusCaller, layout: Layout, lanes: Lanes
) -> None:
    """A half-open PATCH does not block: the next question ends it and tells the offset."""
    parcel = lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
    place = (await caller.create(parcel.data)).headers["Location"]
    started = asyncio.Event()

    async def dribble() -> AsyncIterator[bytes]:
        yield parcel.data[:5000]
        started.set()
        await asyncio.Event().wait()

    hanging = asyncio.create_task(
        caller.patch(place, dribble(), 0, Content_Length=str(len(parcel.data)))  # type: ignore[arg-type]
    )
    await started.wait()
    offset = (await caller.call("HEAD", place)).offset
    assert offset in {0, 5000}
    answer = await caller.patch(place, parcel.data[offset:], offset)
    assert answer.status == 204
    assert kept(layout, parcel) == parcel.data
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)


async def test_the_same_parcel_twice_is_one(
    caller: TusCaller, office: SampleOffice, layout: Layout, lanes: Lanes
) -> None:
    """The same parcel again, also from another box of the centre, is taken without a trace."""
    parcel = lanes.parcel(Lane.ANSWERS)
    spare = TusCaller(office, office.spare, int(caller.base.rsplit(":", 1)[1]))
    statuses = [(await each.send(parcel.data)).status for each in (caller, caller, spare)]
    assert statuses == [204, 201, 204]
    assert rows(layout) == 1
    assert incidents(layout) == []
    assert list(layout.uploads.iterdir()) == []


async def test_parcels_may_come_in_any_order(
    caller: TusCaller, layout: Layout, lanes: Lanes
) -> None:
    """The receiver does not mind the order of a lane: the inner worker waits for gaps."""
    parcels = [lanes.parcel(Lane.ANSWERS) for _ in range(3)]
    for parcel in reversed(parcels):
        assert (await caller.send(parcel.data)).status == 204
    assert [kept(layout, parcel) for parcel in parcels] == [parcel.data for parcel in parcels]


async def test_another_parcel_under_a_taken_key_is_a_fork(
    caller: TusCaller, layout: Layout, lanes: Lanes
) -> None:
    """Two parcels with one key: the second is refused, kept aside, and an incident."""
    first = lanes.parcel(Lane.ANSWERS)
    other = lanes.make(Lane.ANSWERS, 1, FIRST, blobs=[b"another history"])
    await caller.send(first.data)
    answer = await caller.send(other.data)
    assert (answer.status, answer.code) == (422, Fault.FORK)
    assert kept(layout, first) == first.data
    (incident,) = incidents(layout)
    assert incident.fault is Fault.FORK
    assert incident.file is not None
    assert (layout.aside / incident.file).read_bytes() == other.data
    again = await caller.send(other.data)
    assert (again.status, again.code) == (422, Fault.FORK)
    assert len(incidents(layout)) == 1


async def test_a_forged_signature_is_refused(
    caller: TusCaller, office: SampleOffice, layout: Layout, lanes: Lanes
) -> None:
    """A parcel in the name of a known box, signed by another key, is refused and on record."""
    forger = office.box("box-1")
    answer = await caller.send(Lanes(office.recipient, forger).parcel(Lane.ANSWERS).data)
    assert (answer.status, answer.code) == (422, Fault.BAD_SIGNATURE)
    assert rows(layout) == 0
    assert [incident.fault for incident in incidents(layout)] == [Fault.BAD_SIGNATURE]
    assert (await caller.send(lanes.parcel(Lane.ANSWERS).data)).status == 204


async def test_an_unknown_box_is_refused_until_it_is_enrolled(
    caller: TusCaller, office: SampleOffice, layout: Layout
) -> None:
    """A parcel of a box without a bundle is refused; once the bundle is there it is taken."""
    late = office.box("box-9")
    parcel = Lanes(office.recipient, late).parcel(Lane.ANSWERS)
    answer = await caller.send(parcel.data)
    assert (answer.status, answer.code) == (422, Fault.UNKNOWN_BOX)
    office.boxes.append(late)
    office.revision += 1
    try:
        office.enrol(layout)
        assert (await caller.send(parcel.data)).status == 204
    finally:
        office.boxes.remove(late)
        office.revision -= 1


async def test_sealed_bytes_that_the_header_does_not_sign_are_refused(
    caller: TusCaller, layout: Layout, lanes: Lanes
) -> None:
    """One altered byte behind the signed header, declared as it is: refused."""
    answer = await caller.send(altered(lanes.parcel(Lane.ANSWERS).data))
    assert (answer.status, answer.code) == (460, Fault.ALTERED)
    assert rows(layout) == 0


@pytest.mark.parametrize("data", [b"x", b"EXAMHALL-PARCEL-1\n{}\n", os.urandom(70_000)])
async def test_what_is_no_parcel_is_refused(caller: TusCaller, layout: Layout, data: bytes) -> None:
    """Any other file is refused with a stable code."""
    answer = await caller.send(data)
    assert (answer.status, answer.code) == (422, Fault.NOT_A_PARCEL)
    assert list(layout.uploads.iterdir()) == []


async def test_sizes_are_bounded(caller: TusCaller) -> None:
    """An upload of nothing, or of more than the largest parcel, is refused at its creation."""
    for length in (0, tus.MAX_FILE + 1):
        answer = await caller.create(b"", Upload_Length=str(length))
        assert (answer.status, answer.code) == (413, "C404")


async def test_more_than_declared_is_refused(
    caller: TusCaller, layout: Layout, lanes: Lanes
) -> None:
    """Bytes beyond the declared length are refused; those before it count."""
    parcel = lanes.parcel(Lane.ANSWERS)
    place = (await caller.create(parcel.data)).headers["Location"]
    assert (await caller.patch(place, parcel.data + b"more", 0)).status == 413
    assert (await caller.call("HEAD", place)).offset == len(parcel.data)
    assert kept(layout, parcel) == parcel.data


async def test_another_box_does_not_see_an_upload(
    caller: TusCaller, office: SampleOffice, lanes: Lanes
) -> None:
    """An upload belongs to the certificate that created it."""
    place = (await caller.create(lanes.parcel(Lane.ANSWERS).data)).headers["Location"]
    spare = TusCaller(office, office.spare, int(caller.base.rsplit(":", 1)[1]))
    assert (await spare.call("HEAD", place)).status == 404
    assert (await spare.patch(place, b"x", 0)).status == 404


async def test_only_enrolled_boxes_are_served(
    caller: TusCaller, office: SampleOffice, lanes: Lanes
) -> None:
    """A certificate of the centre that no bundle names gets 403; another office's no handshake."""
    port = int(caller.base.rsplit(":", 1)[1])
    unlisted = TusCaller(office, office.box("box-7"), port)
    answer = await unlisted.create(lanes.parcel(Lane.ANSWERS).data)
    assert (answer.status, answer.code) == (403, "C401")
    foreign = TusCaller(office, stranger("box-1"), port)
    with pytest.raises(OSError, match=r"(?i)ssl|reset|disconnect|closed"):
        await foreign.create(b"x")


async def test_malformed_headers_are_explained(caller: TusCaller, lanes: Lanes) -> None:
    """A header that does not parse gets 400 and says what was expected."""
    data = lanes.parcel(Lane.ANSWERS).data
    for headers in ({"Upload_Length": "-1"}, {"Upload_Metadata": "sha256 !"}):
        answer = await caller.create(data, **headers)
        assert (answer.status, answer.code) == (400, "P100")


async def test_a_restarted_receiver_goes_on(
    office: SampleOffice, layout: Layout, lanes: Lanes
) -> None:
    """After a restart HEAD tells what had arrived, and the upload is finished."""
    parcel = lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        place = (await caller.create(parcel.data)).headers["Location"]
        await caller.patch(place, parcel.data[:50_000], 0)
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        assert (await caller.call("HEAD", place)).offset == 50_000
        assert (await caller.patch(place, parcel.data[50_000:], 50_000)).status == 204
    assert kept(layout, parcel) == parcel.data


async def test_an_abandoned_upload_is_given_up_and_may_begin_anew(
    office: SampleOffice, layout: Layout, lanes: Lanes
) -> None:
    """A month after its last bytes it is gone with them; one that is held then goes on."""
    idle, held = (lanes.parcel(Lane.RECORDINGS, blobs=[BLOB]) for _ in range(2))
    registry = RegistryFolder(layout.registry, office.signing_key.public)
    async with open_receiver(layout, registry, clock=lambda: NOW) as (receiver, _):
        begun = []
        for parcel in (idle, held):
            created = await receiver.create("box", len(parcel.data), parcel.sha256)
            part = layout.uploads / f"{created.upload}.part"
            part.write_bytes(parcel.data[:1000])
            os.utime(part, ns=((NOW - LONGEST_IDLE_MS) * 1_000_000,) * 2)
            begun.append(created.upload)

        async def rest() -> AsyncIterator[bytes]:
            assert await receiver.give_up() == 1
            yield held.data[1000:]

        piece = Piece(offset=1000, body=rest(), checksum=None, end=lambda: None)
        assert isinstance(await receiver.receive("box", begun[1], piece), Progress)
        assert isinstance(await receiver.ask("box", begun[0]), NoSuchUpload)
        assert (await receiver.create("box", len(idle.data), idle.sha256)).offset == 0
    assert kept(layout, held) == held.data


async def test_a_box_cannot_fill_the_disk_with_beginnings(
    caller: TusCaller, lanes: Lanes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its share unfinished here a box is told so; what it began it may finish."""
    monkeypatch.setattr(expiry, "MOST_BYTES", 100_000)
    first, second = (lanes.parcel(Lane.RECORDINGS, blobs=[BLOB]) for _ in range(2))
    place = (await caller.create(first.data)).headers["Location"]
    await caller.patch(place, first.data[:100_000], 0)
    other = (await caller.create(second.data)).headers["Location"]
    answer = await caller.patch(other, second.data, 0)
    assert (answer.status, answer.code) == (507, "C412")
    assert (await caller.patch(place, first.data[100_000:], 100_000)).status == 204
    assert (await caller.patch(other, second.data, 0)).status == 204


async def test_a_complete_upload_that_was_not_judged_is_judged_at_the_start(
    office: SampleOffice, layout: Layout, lanes: Lanes
) -> None:
    """A kill between the last byte and the catalogue leaves work that the start does."""
    parcel = lanes.parcel(Lane.ANSWERS)
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        created = await caller.create(parcel.data)
    name = created.headers["Location"].rsplit("/", 1)[1]
    (layout.uploads / f"{name}.part").write_bytes(parcel.data)
    async with receiving(layout):
        assert kept(layout, parcel) == parcel.data
    assert sha256_hex(kept(layout, parcel)) == parcel.sha256
