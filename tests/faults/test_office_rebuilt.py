"""An office that lost a database, or what it said: what boxes were told stays provable."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.courier.service import Courier
from central.errors import ReceiptsError
from central.layout import Layout
from central.receiving.receipts import read_receipts, receipt_path
from central.receiving.service import open_receiver, receiving
from central.registry import RegistryFolder
from central.verification.service import open_worker, verifying
from protocol.office_receipt import Stage
from protocol.parcel import FIRST, Lane
from tests.delivering import Delivering, delivering, total
from tests.sample_office import CENTRE, NOW, SampleOffice
from tests.sample_parcels import Lanes
from tests.tus_caller import TusCaller
from tests.verifying import Verifying
from tests.waiting import until


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@asynccontextmanager
async def worker(office: SampleOffice, layout: Layout) -> AsyncIterator[Verifying]:
    """The inner worker over what is on the disk."""
    async with open_worker(layout, clock=lambda: NOW) as (opened, _):
        yield Verifying(office, layout, opened)


def lose(path: Path) -> None:
    """Remove a database with its write-ahead log."""
    for one in path.parent.glob(path.name + "*"):
        one.unlink()


def published(layout: Layout) -> list[bytes]:
    """Return the published receipts for the main box in turn."""
    folder = layout.receipt_folder(CENTRE, "box-1")
    return [path.read_bytes() for path in sorted(folder.iterdir())]


async def test_a_store_made_anew_keeps_what_was_published(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Every published receipt keeps its number and bytes; what is said anew counts on."""
    layout = office.lay_out(tmp_path / "office")
    lanes = Lanes(office.recipient, office.main)
    async with worker(office, layout) as at:
        await at.take(lanes.parcel(Lane.INCIDENTS), lanes.parcel(Lane.EVIDENCE))
    before = published(layout)
    lose(layout.store)
    async with worker(office, layout) as at:
        later = lanes.parcel(Lane.INCIDENTS)
        said = (await at.take(later))[len(before) :]
    assert len(before) == 4
    assert published(layout)[:4] == before
    assert [r.stage for r in said if r.parcel == later.key] == [Stage.RECEIVED, Stage.VERIFIED]
    assert {r.parcel for r in said if r.stage is Stage.VERIFIED} >= {later.key}


@pytest.mark.parametrize("what", ["altered", "of another store", "of another box"])
async def test_receipts_that_are_not_the_stores_stop_the_worker(
    office: SampleOffice, tmp_path: Path, what: str
) -> None:
    """It overwrites nothing, and says which file a person must look at."""
    layout = office.lay_out(tmp_path / "office")
    lanes = Lanes(office.recipient, office.main)
    async with worker(office, layout) as at:
        await at.take(lanes.parcel(Lane.INCIDENTS), lanes.parcel(Lane.EVIDENCE))
    folder = layout.receipt_folder(CENTRE, "box-1")
    first, second = receipt_path(folder, 1), receipt_path(folder, 2)
    if what == "of another box":
        first = receipt_path(folder.with_name("box-2"), 1)
        first.parent.mkdir()
        first.write_bytes(second.read_bytes())
    elif what == "altered":
        first.write_bytes(first.read_bytes().replace(b'"payload":"', b'"payload":"AA', 1))
    else:
        first.write_bytes(second.read_bytes())
    kept = published(layout)
    async with worker(office, layout) as at:
        with pytest.raises(ReceiptsError, match="put back"):
            await at.worker.look()
    assert published(layout) == kept


async def test_an_office_that_lost_its_list_is_read_from_the_beginning(
    office: SampleOffice, tmp_path: Path
) -> None:
    """A box that has read to number 8 hears all of the new list, and keeps both."""
    async with delivering(office, tmp_path) as at:
        await _delivered(at, 4)
    lose(at.layout.store)
    for path in at.layout.receipt_folder(CENTRE, "box-1").iterdir():
        path.unlink()
    async with again(at) as courier:
        await until(lambda: _numbers(at) == 8)
        at.write(at.lanes.parcel(Lane.INCIDENTS))
        await at.all_verified(courier, 5)
        kept = (await courier.errands.receipts_after(0)).receipts
        assert len(kept) == 8 + 10
        assert total(courier).refused == 0


async def test_an_office_restored_from_an_older_copy_gets_again_what_it_lost(
    office: SampleOffice, tmp_path: Path
) -> None:
    """What was verified since the copy lies on the box; a courier without its ledger brings it."""
    async with delivering(office, tmp_path) as at:
        await _delivered(at, 1)
    copy = tmp_path / "copy"
    shutil.copytree(at.layout.home, copy, ignore=shutil.ignore_patterns("*.sock", "run"))
    lost = at.lanes.parcel(Lane.INCIDENTS)
    async with again(at) as courier:
        at.write(lost)
        await at.all_verified(courier, 2)
    shutil.rmtree(at.layout.home)
    shutil.copytree(copy, at.layout.home)
    shutil.rmtree(at.setup.own)
    async with again(at) as courier:
        await at.all_verified(courier, 2)
        assert at.kept(lost)


@asynccontextmanager
async def again(at: Delivering) -> AsyncIterator[Courier]:
    """The office and the courier, started again over what is on their disks."""
    async with receiving(at.layout) as listener, verifying(at.layout), at.courier() as courier:
        at.line.divert(listener.port)
        await at.line.restore()
        yield courier
    await at.line.cut()


async def _delivered(at: Delivering, count: int) -> None:
    async with at.courier() as courier:
        for n in range(1, count + 1):
            at.write(at.lanes.parcel(Lane.INCIDENTS))
            courier.errands.look_soon()
            await at.all_verified(courier, n)


def _numbers(at: Delivering) -> int:
    return len(read_receipts(at.layout.receipt_folder(CENTRE, "box-1"), 0).receipts)


async def test_a_catalogue_made_anew_knows_what_lies_in_its_place(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The same parcel is taken again as known, another one under its key is a fork."""
    layout = office.lay_out(tmp_path / "office")
    lanes = Lanes(office.recipient, office.main)
    parcel = lanes.parcel(Lane.ANSWERS)
    other = lanes.make(Lane.ANSWERS, 1, FIRST, blobs=[os.urandom(10)])
    async with receiving(layout) as listener:
        await TusCaller(office, office.main, listener.port).send(parcel.data)
    lose(layout.catalogue)
    async with receiving(layout) as listener:
        caller = TusCaller(office, office.main, listener.port)
        assert (await caller.send(parcel.data)).status == 204
        refused = await caller.send(other.data)
    assert (refused.status, refused.code) == (422, "C450")
    assert layout.parcel(parcel.key).read_bytes() == parcel.data


async def test_what_lies_there_and_is_no_parcel_is_left(
    office: SampleOffice, tmp_path: Path
) -> None:
    """A file in a parcel's place that no box signed does not enter a catalogue made anew."""
    layout = office.lay_out(tmp_path / "office")
    parcel = Lanes(office.recipient, office.main).parcel(Lane.ANSWERS)
    place = layout.parcel(parcel.key)
    place.parent.mkdir(parents=True)
    place.write_bytes(parcel.data[:-1])
    registry = RegistryFolder(layout.registry, office.signing_key.public)
    async with open_receiver(layout, registry) as (_, database):
        assert await database.read(lambda c: c.execute("SELECT 1 FROM parcel").fetchall()) == []
    assert place.exists()
