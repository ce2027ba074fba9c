"""A full disk at every write point of the office and of the courier: nothing half, all resumed."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.courier import choosing, errands, stick
from central.receiving import service as receiving_service
from central.receiving.service import receiving
from central.stick import bring_in
from central.verification import service as verification_service
from central.verification.service import open_worker
from protocol.office_receipt import Stage
from protocol.parcel import Lane
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from tests.delivering import delivering, verified
from tests.sample_office import NOW, SampleOffice
from tests.sample_parcels import Lanes, SampleParcel
from tests.sample_session import SampleLog, SampleSession
from tests.tus_caller import Answer, TusCaller
from tests.verifying import Verifying
from tests.waiting import until

BLOB = os.urandom(150_000)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


def show(capsys: pytest.CaptureFixture[str], points: int, where: str) -> None:
    """Print how many write points were visited."""
    with capsys.disabled():
        print(f"\n{points} write points of {where} visited with a full disk")  # noqa: T201


# --- the receiver --------------------------------------------------------------------------------


async def send_in_two(caller: TusCaller, data: bytes) -> Answer:
    """Create, send half, send the rest: stop at the first refusal."""
    created = await caller.create(data)
    if created.status != 201:
        return created
    place, answer = created.headers["Location"], created
    while answer.offset < len(data):
        at = answer.offset
        end = len(data) // 2 if at < len(data) // 2 else len(data)
        answer = await caller.patch(place, data[at:end], at)
        if answer.status != 204:
            break
    return answer


async def test_the_receiver_keeps_nothing_half(
    office: SampleOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At each write point a full disk means 507; with room again the upload goes on."""
    layout = office.lay_out(tmp_path / "office")
    lanes = Lanes(office.recipient, office.main)
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        for points in itertools.count():
            parcel = lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
            with FaultyDisk().installed() as disk:
                disk.full(after=points)
                answer = await send_in_two(caller, parcel.data)
                if disk.points <= points:  # it went through before the disk was full
                    break
                assert (answer.status, answer.code) == (507, "disk_full"), f"point {points}"
                disk.room()
                assert (await send_in_two(caller, parcel.data)).status in {201, 204}
            assert layout.parcel(parcel.key).read_bytes() == parcel.data
            assert list(layout.uploads.iterdir()) == []
        assert answer.status == 204
    assert points >= 8
    show(capsys, points, "an upload")


async def test_a_stick_meets_a_full_disk(
    office: SampleOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bringing a stick in stops at a full disk with nothing half, and is done again."""
    layout = office.lay_out(tmp_path / "office")
    parcel = Lanes(office.recipient, office.main).parcel(Lane.ANSWERS)
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / parcel.key.file_name).write_bytes(parcel.data)
    with FaultyDisk().installed() as disk:
        await asyncio.to_thread(bring_in, layout, folder)
        points = disk.points
    for after in range(points):
        for path in layout.incoming.iterdir():
            path.unlink()
        with FaultyDisk().installed() as disk:
            disk.full(after=after)
            with pytest.raises(DiskFullError):
                await asyncio.to_thread(bring_in, layout, folder)
            assert {path.read_bytes() for path in layout.incoming.iterdir()} <= {parcel.data}
            disk.room()
            assert (await asyncio.to_thread(bring_in, layout, folder)).files == 1
    show(capsys, points, "a stick's way in")


# --- the inner worker ----------------------------------------------------------------------------


def day(office: SampleOffice) -> list[SampleParcel]:
    """Return parcels of three lanes, with answers, a log and a recording's bytes."""
    lanes = Lanes(office.recipient, office.main)
    session, log = SampleSession(office.main, "c-001"), SampleLog(office.main)
    session.answer("q-1", "a")
    return [
        lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()], [BLOB]),
        lanes.parcel(Lane.EVIDENCE, [log.record()]),
        lanes.parcel(Lane.INCIDENTS),
    ]


@asynccontextmanager
async def fresh_worker(office: SampleOffice, folder: Path) -> AsyncIterator[Verifying]:
    """A worker over an empty store."""
    layout = office.lay_out(folder)
    async with open_worker(layout, clock=lambda: NOW) as (worker, _):
        yield Verifying(office, layout, worker)


async def test_the_inner_worker_keeps_nothing_half(
    office: SampleOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At each write point verification stops whole, and goes on; each receipt is said once."""
    async with fresh_worker(office, tmp_path / "counted") as at:
        at.lay(*day(office))
        with FaultyDisk().installed() as disk:
            await at.worker.look()
            points = disk.points
    for after in range(points):
        async with fresh_worker(office, tmp_path / f"office-{after}") as at:
            at.lay(*day(office))
            with FaultyDisk().installed() as disk:
                disk.full(after=after)
                with pytest.raises(DiskFullError):
                    await at.worker.look()
                disk.room()
                await at.worker.look()
            said = [(receipt.parcel.lane, receipt.stage) for receipt in at.receipts()]
            assert sorted(said) == sorted(
                (lane, stage)
                for lane in (Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS)
                for stage in (Stage.RECEIVED, Stage.VERIFIED)
            ), f"point {after}"
            assert (at.count("event"), at.count("leaf")) == (1, 1)
            assert [path.read_bytes() for path in at.layout.blobs.iterdir()] == [BLOB]
    assert points >= 20
    show(capsys, points, "verification")


# --- the courier ---------------------------------------------------------------------------------


@pytest.fixture
def brief_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long after a fault."""
    monkeypatch.setattr(choosing, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(choosing, "LONGEST_PAUSE_S", 0.05)
    monkeypatch.setattr(errands, "DISK_PAUSE_S", 0.02)
    monkeypatch.setattr(errands, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(receiving_service, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(verification_service, "LOOK_EVERY_S", 0.1)


@pytest.mark.usefixtures("brief_pauses")
async def test_a_delivery_survives_a_full_disk_anywhere(
    office: SampleOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Courier, receiver and worker on one disk that is full for a while at every write point."""
    async with delivering(office, tmp_path, keep_ms=0) as at, at.courier() as courier:
        for points in itertools.count():
            parcel = at.lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
            at.write(parcel)
            with FaultyDisk().installed() as disk:
                disk.full(after=points)
                courier.errands.look_soon()
                await until(lambda d=disk, n=points: d.points > n or verified(courier) > n)
                disk.room()
                await at.all_verified(courier, points + 1)
            assert at.kept(parcel)
            if disk.points <= points:  # it went through before the disk was full
                break
        numbers = (await courier.errands.receipts_after(0)).receipts
        assert len(numbers) == 2 * (points + 1)
    assert points >= 15
    show(capsys, points, "a whole delivery")


async def test_a_full_stick_is_said_and_another_is_taken(
    office: SampleOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stick that is full leaves nothing half on it, whatever was being written."""
    parcel = Lanes(office.recipient, office.main).parcel(Lane.ANSWERS)
    source = tmp_path / parcel.key.file_name
    source.write_bytes(parcel.data)
    with FaultyDisk().installed() as disk:
        (tmp_path / "counted").mkdir()
        stick.write_parcels([(source, parcel.sha256)], tmp_path / "counted")
        points = disk.points
    for after in range(points):
        folder = tmp_path / f"stick-{after}"
        folder.mkdir()
        with FaultyDisk().installed() as disk:
            disk.full(after=after)
            with pytest.raises(DiskFullError):
                stick.write_parcels([(source, parcel.sha256)], folder)
            disk.room()
            assert stick.write_parcels([(source, parcel.sha256)], folder).files == 1
        assert [path.read_bytes() for path in folder.iterdir()] == [parcel.data]
    show(capsys, points, "a stick's way out")
