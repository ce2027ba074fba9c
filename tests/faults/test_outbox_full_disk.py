"""A full disk at every write point of core's outbox and of the courier's ledger."""

import itertools
import os
import sqlite3
from pathlib import Path

import pytest

from appliance.courier import choosing, errands
from appliance.ipc.outbox import Outbox
from central.layout import Layout
from central.office import OfficeConfig, OfficeParts, make_office
from central.receiving import service as receiving_service
from central.registry import enrol
from central.store import reading
from central.verification import service as verification_service
from central.verification.service import open_worker
from drill.sample_office import SampleOffice as DrillOffice
from protocol import staff_api as api
from protocol.certificates import Role, role_key
from protocol.parcel import Lane
from runtime.clock import ManualClock
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from runtime.files import Data, Disk, make_folder
from tests.core_hall import DOORS, CoreHall, core_hall, shared_office
from tests.delivering import delivering, verified
from tests.key_seat import KeySeat
from tests.sample_office import SampleOffice
from tests.sample_parcels import Lanes
from tests.waiting import until

BLOB = os.urandom(100_000)


def show(capsys: pytest.CaptureFixture[str], points: int, where: str) -> None:
    """Print how many write points were visited."""
    with capsys.disabled():
        print(f"\n{points} write points of {where} visited with a full disk")  # noqa: T201


# --- core's outbox -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> DrillOffice:
    """The office that made the hall's bundle."""
    return shared_office(tmp_path_factory)


async def something_new(hall: CoreHall, seat: KeySeat) -> None:
    """Let every lane of core have something to cut: events, heads and leaves, a decision."""
    seat.answer("q-1", "a")
    await hall.deliver(seat)
    told = api.Message(candidate=None, text="ten minutes left", must_confirm=False)
    assert isinstance(await hall.act(told), api.ActDone)
    await hall.rounds.log_heads_once()


async def cut_on_a_full_disk(hall: CoreHall, after: int) -> int:
    """Cut parcels on a disk that is full after so many write points; return how many were met."""
    with FaultyDisk().installed() as disk:
        disk.full(after=after)
        await hall.rounds.make_parcels_once()
        return disk.points


def in_outbox(hall: CoreHall) -> dict[Lane, list[Path]]:
    """Return the parcels where the courier looks, by lane."""
    lanes = (Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS)
    return {lane: sorted((hall.settings.outbox / lane.value).iterdir()) for lane in lanes}


def staged(hall: CoreHall) -> list[Path]:
    """Return what lies where the courier does not look."""
    return [path for path in (hall.settings.outbox / "staging").rglob("*") if path.is_file()]


async def verified_at_the_office(made: DrillOffice, folder: Path, hall: CoreHall) -> None:
    """Let the office verify all that the courier would have taken: nothing missing or twice."""
    layout = lay_out(made, folder)
    parcels = [path for lane in in_outbox(hall).values() for path in lane]
    box = made.boxes[0]
    place = layout.parcels / box.centre / hall.core.box.sitting
    make_folder(place)
    for path in parcels:
        (place / path.name).write_bytes(path.read_bytes())
    async with open_worker(layout) as (worker, database):
        await worker.look()
        rows = await database.read(lambda c: c.execute("SELECT stage, reason FROM parcel"))
        assert rows.fetchall() == [("verified", "")] * len(parcels)
        found = await database.read(lambda c: reading.lanes(c, reading.places(c)[0]))
        held = await database.read(lambda c: c.execute("SELECT count(*) FROM event").fetchone())
    assert {lane.lane: lane.highest for lane in found} == {
        lane.value: len(paths) for lane, paths in in_outbox(hall).items() if paths
    }
    assert held[0] == hall.row("SELECT count(*) FROM events")[0]


def lay_out(made: DrillOffice, home: Path) -> Layout:
    """Make the office's folder as ``exam-central init`` and ``enrol`` do."""
    identity = made.server
    root = identity.root_certificate
    key = role_key(identity.signing_certificate, root, Role.OFFICE, None)
    config = OfficeConfig(id=identity.office, office_key=key.hex, host="127.0.0.1", port=0)
    layout = make_office(
        home,
        OfficeParts(
            config=config,
            chain_pem=identity.tls_chain.encode(),
            tls_key_pem=identity.tls_key.encode(),
            root_pem=root.encode(),
            receipts_key=identity.receipts_signing_key(),
            opening_key=identity.opening_sealing_identity(),
        ),
    )
    enrol(layout.registry, made.bundle, key)
    return layout


async def test_core_cuts_on_when_there_is_room_again(
    made: DrillOffice,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Staged, committed or published: the next round does the rest, and the office has all."""
    async with core_hall(tmp_path, made) as hall:
        seat = await hall.answering(0)
        for points in itertools.count():
            await something_new(hall, seat)
            before = in_outbox(hall)
            caplog.clear()
            met = await cut_on_a_full_disk(hall, points)
            if met <= points:
                break
            assert "no parcel could be written" in caplog.text
            assert "make room" in caplog.text or "disk is full" in caplog.text
            await hall.rounds.make_parcels_once()
            after = in_outbox(hall)
            assert all(set(before[lane]) < set(after[lane]) for lane in before)
            assert staged(hall) == []
        await verified_at_the_office(made, tmp_path / "office", hall)
    assert points >= 15
    show(capsys, points, "core's outbox")


async def test_core_that_dies_on_the_full_disk_loses_no_parcel(
    made: DrillOffice, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ended at each write point and started again: what was committed is published, once."""
    steady = ManualClock(wall_ms=DOORS)
    async with core_hall(tmp_path, made, steady=steady) as hall:
        seat = await hall.answering(0)
        await hall.rounds.make_parcels_once()
    for points in itertools.count():
        async with core_hall(tmp_path, made, steady=steady) as hall:
            await something_new(hall, seat)
            met = await cut_on_a_full_disk(hall, points)
        async with core_hall(tmp_path, made, steady=steady) as hall:
            assert staged(hall) == []
            await hall.rounds.make_parcels_once()
            if met <= points:
                break
    async with core_hall(tmp_path, made, steady=steady) as hall:
        await verified_at_the_office(made, tmp_path / "office", hall)
    show(capsys, points, "core's outbox, core ended there")


def test_what_a_crash_left_is_settled_on_a_full_disk(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each write point of the settling itself: it is done again, and both ends are right."""
    office = SampleOffice()
    lanes = Lanes(office.recipient, office.main)
    committed, forgotten = lanes.parcel(Lane.ANSWERS), lanes.parcel(Lane.ANSWERS)
    for points in itertools.count():
        outbox = Outbox(tmp_path / f"outbox-{points}", [Lane.ANSWERS])
        for parcel in (committed, forgotten):
            outbox.stage(parcel.key, parcel.data)
        with FaultyDisk().installed() as disk:
            disk.full(after=points)
            try:
                outbox.settle(
                    [committed.key], centre=committed.key.centre, sitting=committed.key.sitting
                )
            except DiskFullError:
                disk.room()
                outbox.settle(
                    [committed.key], centre=committed.key.centre, sitting=committed.key.sitting
                )
                outbox.settle(
                    [committed.key], centre=committed.key.centre, sitting=committed.key.sitting
                )
                settled = False
            else:
                settled = True
        found = [path for path in outbox.folder.rglob("*") if path.is_file()]
        assert found == [outbox.lane(Lane.ANSWERS) / committed.key.file_name]
        assert found[0].read_bytes() == committed.data
        if settled:
            break
    assert points >= 4
    show(capsys, points, "settling an outbox")


# --- the courier's ledger ------------------------------------------------------------------------


class CouriersDisk(FaultyDisk):
    """Counts and fails only what the courier does: its ledger's commits, and its deletions."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._ledger = str(folder / "courier" / "courier.db")
        self._outbox = str(folder / "outbox")

    def write(self, fd: int, data: Data) -> None:
        Disk.write(self, fd, data)

    def rename(self, source: Path, target: Path) -> None:
        Disk.rename(self, source, target)

    def sync(self, fd: int) -> None:
        ours = str(Path(f"/proc/self/fd/{fd}").readlink()).startswith(self._outbox)
        super().sync(fd) if ours else Disk.sync(self, fd)

    def remove(self, path: Path) -> None:
        ours = str(path).startswith(self._outbox)
        super().remove(path) if ours else Disk.remove(self, path)

    def commit(self, connection: sqlite3.Connection) -> None:
        file = connection.execute("PRAGMA database_list").fetchone()[2]
        super().commit(connection) if file == self._ledger else Disk.commit(self, connection)


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
async def test_a_courier_that_dies_on_the_full_disk_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ended at each write point of its own and started again: delivered once, then deleted."""
    async with delivering(SampleOffice(), tmp_path, keep_ms=0) as at:
        for points in itertools.count():
            parcel = at.lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
            at.write(parcel)
            async with at.courier() as courier:
                with CouriersDisk(tmp_path).installed() as disk:
                    disk.full(after=points)
                    courier.errands.look_soon()
                    await until(
                        lambda d=disk, n=points: d.points > n or verified(courier) > n  # type: ignore[misc]
                    )
                    met = disk.points
            async with at.courier() as courier:
                await at.all_verified(courier, points + 1)
                await until(lambda p=parcel: not at.path(p).exists())  # type: ignore[misc]
            assert at.kept(parcel)
            if met <= points:
                break
    assert points >= 5
    show(capsys, points, "the courier's ledger")
