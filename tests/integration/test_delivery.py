"""From the outbox to the office and back, over real TLS on loopback, on lines that break."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.courier import choosing, errands
from appliance.ipc import courier as said
from appliance.ipc.courier import CHANNEL
from appliance.ipc.outbox import Outbox
from central.receiving.service import receiving
from central.stick import bring_in, take_out
from protocol.office_receipt import Stage
from protocol.parcel import FIRST, Lane
from runtime.ipc import Client
from tests.delivering import Delivering, delivering, total, verified
from tests.sample_office import NOW, SampleOffice
from tests.sample_parcels import Lanes
from tests.sample_session import SampleSession
from tests.waiting import until

BLOB = os.urandom(400_000)


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
async def at(office: SampleOffice, tmp_path: Path) -> AsyncIterator[Delivering]:
    """An office that runs, and a line to it."""
    async with delivering(office, tmp_path) as found:
        yield found


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send in pieces of 64 KiB whatever the line carries, and pause briefly."""
    monkeypatch.setattr(choosing, "LARGEST", 64 * 1024)
    monkeypatch.setattr(choosing, "FIRST_PIECE", 64 * 1024)
    monkeypatch.setattr(choosing, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(choosing, "LONGEST_PAUSE_S", 0.1)


async def test_answers_go_first_and_all_is_verified(at: Delivering) -> None:
    """Parcels of all lanes arrive, are verified, and the courier says how each lane stands."""
    session = SampleSession(at.lanes.box, "c-001")
    session.answer("q-1", "a")
    answers = at.lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()])
    others = [at.lanes.parcel(lane) for lane in Lane if lane is not Lane.ANSWERS]
    at.write(*others, answers)
    async with at.courier() as courier:
        await at.all_verified(courier, 5)
        assert [lane.lane for lane in courier.state.lanes] == list(Lane)
        assert courier.state.line.state == "up"
        assert total(courier).waiting_bytes == 0
    assert all(at.kept(parcel) for parcel in [answers, *others])


async def test_makers_are_told_of_every_receipt_in_turn(at: Delivering) -> None:
    """Core hears each receipt by its number, and after a restart asks for what it missed."""
    session = SampleSession(at.lanes.box, "c-001")
    session.answer("q-1", "a")
    parcel = at.lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()])
    heard: list[said.Said] = []
    async with (
        at.courier() as courier,
        Client(at.setup.socket, CHANNEL, on_event=heard.append) as core,
    ):
        Outbox(at.outbox, [Lane.ANSWERS]).stage(parcel.key, parcel.data)
        Outbox(at.outbox, [Lane.ANSWERS]).publish(parcel.key)
        core.tell(said.ParcelWritten(key=parcel.key, size=len(parcel.data)))
        await at.all_verified(courier, 1)
        await until(lambda: len(receipts_in(heard)) == 2)
        page = await core.ask(said.ReceiptsAfter(number=0))
    arrived = receipts_in(heard)
    assert isinstance(page, said.Receipts)
    assert page.receipts == tuple(arrived)
    assert [one.number for one in arrived] == [1, 2]
    opened = [at.open(one) for one in arrived]
    assert [receipt.stage for receipt in opened] == [Stage.RECEIVED, Stage.VERIFIED]
    assert opened[1].journals[0].position == session.position


def receipts_in(heard: list[said.Said]) -> list[said.OfficeReceiptArrived]:
    """Return the receipts among what was heard."""
    return [event for event in heard if isinstance(event, said.OfficeReceiptArrived)]


@pytest.mark.usefixtures("small_pieces")
async def test_a_line_cut_at_every_piece_delivers_whole(
    at: Delivering, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever the line breaks, the upload goes on from there and arrives whole, once."""
    cuts = 0
    async with at.courier() as courier:
        for count, after in enumerate(range(30_000, len(BLOB) + 60_000, 64 * 1024), start=1):
            at.line.cut_after(after)
            parcel = at.lanes.parcel(Lane.RECORDINGS, blobs=[os.urandom(1000) + BLOB])
            at.write(parcel)
            courier.errands.look_soon()
            await until(lambda p=parcel: at.kept(p))  # type: ignore[misc]
            await at.all_verified(courier, count)
            cuts += 1
        assert total(courier).refused == 0
    assert cuts == 7
    capsys.readouterr()
    with capsys.disabled():
        print(f"\ncut at {cuts} places of an upload, each resumed")  # noqa: T201 - asked for


@pytest.mark.usefixtures("small_pieces")
async def test_a_long_parcel_gives_way_to_answers(at: Delivering) -> None:
    """Answers written while a recording is on its way arrive before it is finished."""
    at.line.slow(200_000)
    long = at.lanes.parcel(Lane.RECORDINGS, blobs=[BLOB * 3])
    other = at.lanes.parcel(Lane.RECORDINGS, blobs=[os.urandom(1_200_000)])
    at.write(long, other)
    async with at.courier() as courier:
        await until(lambda: at.line.passed > 150_000)
        answers = at.lanes.parcel(Lane.ANSWERS)
        at.write(answers)
        courier.errands.look_soon()
        await until(lambda: at.kept(answers))
        assert not at.kept(long)
        at.line.slow(None)
        await at.all_verified(courier, 3)


@pytest.mark.usefixtures("small_pieces")
async def test_an_office_away_all_day_is_made_up_for(at: Delivering) -> None:
    """With the line cut, parcels gather and the state says so; when it is back, all go."""
    await at.line.cut()
    parcels = [at.lanes.parcel(Lane.ANSWERS) for _ in range(20)]
    async with at.courier() as courier:
        at.write(*parcels)
        courier.errands.look_soon()
        await until(lambda: total(courier).sealed == 20 and courier.state.line.state == "down")
        assert courier.state.line.error
        assert (total(courier).received, verified(courier)) == (0, 0)
        await at.line.restore()
        await at.all_verified(courier, 20)
        assert courier.state.line.state == "up"


@pytest.mark.usefixtures("small_pieces")
async def test_an_office_that_answers_500_is_asked_again(at: Delivering) -> None:
    """While the office answers 500 nothing is lost, deleted or given up."""
    parcel = at.lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
    at.line.divert(at.sick.port)
    async with at.courier() as courier:
        at.write(parcel)
        courier.errands.look_soon()
        await until(lambda: at.sick.asked > 3 and "500" in courier.state.line.error)
        at.line.divert(None)
        await at.all_verified(courier, 1)
    assert at.kept(parcel)


@pytest.mark.usefixtures("small_pieces")
async def test_a_courier_that_forgets_everything_sends_nothing_twice(at: Delivering) -> None:
    """Without its ledger the courier finds the parcels again, and the office knows them."""
    parcels = [at.lanes.parcel(Lane.RECORDINGS, blobs=[BLOB]) for _ in range(2)]
    at.write(*parcels)
    async with at.courier() as courier:
        await at.all_verified(courier, 2)
    for path in at.setup.own.iterdir():
        path.unlink()
    passed = at.line.passed
    async with at.courier() as courier:
        await at.all_verified(courier, 2)
    assert at.line.passed - passed < 20_000  # asked, not sent


async def test_only_verified_parcels_are_deleted(at: Delivering, office: SampleOffice) -> None:
    """With no retention a verified file goes at once; a refused one stays."""
    at.keep_ms = 0
    good = at.lanes.parcel(Lane.ANSWERS)
    forged = SampleSession(office.box("box-1"), "c-002")
    bad = at.lanes.parcel(Lane.ANSWERS, [forged.granted()])
    at.write(good, bad)
    async with at.courier() as courier:
        await until(lambda: total(courier).refused == 1)
        courier.errands.look_soon()
        await until(lambda: not at.path(good).exists())
        await until(lambda: total(courier).sealed == 2)
    assert at.path(bad).read_bytes() == bad.data


async def test_on_a_disk_that_runs_short_verified_parcels_go_before_their_time(
    at: Delivering, office: SampleOffice
) -> None:
    """With a retention of an hour and no room, verified ones go; what is refused stays."""
    at.leave_free = 2**62
    good = at.lanes.parcel(Lane.ANSWERS)
    bad = at.lanes.parcel(Lane.ANSWERS, [SampleSession(office.box("box-1"), "c-002").granted()])
    at.write(good, bad)
    async with at.courier() as courier:
        await until(lambda: total(courier).refused == 1)
        courier.errands.look_soon()
        await until(lambda: not at.path(good).exists())
        assert verified(courier) == 1
    assert at.path(bad).read_bytes() == bad.data


async def test_a_courier_that_comes_up_before_there_is_an_outbox_waits_for_it(
    at: Delivering,
) -> None:
    """The first start of a box, in any order: nothing there is nothing to carry or delete."""
    at.leave_free = 2**62
    assert not at.outbox.exists()
    async with at.courier() as courier:
        await courier.errands.look()
        at.write(at.lanes.parcel(Lane.ANSWERS))
        await at.all_verified(courier, 1)


async def test_a_calendar_put_right_does_not_end_the_retention(
    at: Delivering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A box that began in 2000 keeps a verified parcel its hours also after the jump to today."""
    first, second = at.lanes.parcel(Lane.INCIDENTS), at.lanes.parcel(Lane.INCIDENTS)
    at.write(first)
    async with at.courier() as courier:
        monkeypatch.setattr(errands, "_now_ms", lambda: 946_684_800_000)
        await at.all_verified(courier, 1)
        await courier.errands.look()
        monkeypatch.setattr(errands, "_now_ms", lambda: NOW)
        at.write(second)
        await courier.errands.look()
        await at.all_verified(courier, 2)
        await courier.errands.look()
        assert at.path(first).exists()
    assert at.path(second).exists()


async def test_a_fork_is_refused_and_said(at: Delivering) -> None:
    """Another parcel under a key that the office has: kept here, and the lane's error says why."""
    first = at.lanes.parcel(Lane.ANSWERS)
    other = at.lanes.make(Lane.ANSWERS, 1, FIRST, blobs=[b"another history"])
    at.write(first)
    async with at.courier() as courier:
        await at.all_verified(courier, 1)
    for path in [*at.setup.own.iterdir(), at.path(first)]:
        path.unlink()
    at.write(other)
    async with at.courier() as courier:
        await until(lambda: "C450" in courier.state.last_error.get(Lane.ANSWERS, ""))
        assert total(courier).received == 0
    assert at.path(other).exists()


async def test_a_damaged_parcel_is_not_carried(at: Delivering) -> None:
    """What the disk gives back altered is found here, said, and never sent."""
    parcel, good = at.lanes.parcel(Lane.ANSWERS), at.lanes.parcel(Lane.EVIDENCE)
    at.write(parcel, good)
    data = bytearray(parcel.data)
    data[-1] ^= 1
    at.path(parcel).write_bytes(data)
    async with at.courier() as courier:
        await at.all_verified(courier, 1)
        assert "not carried" in courier.state.last_error[Lane.ANSWERS]
        assert total(courier).sealed == 1


async def test_receipts_of_a_stranger_are_not_believed(
    at: Delivering, office: SampleOffice, tmp_path: Path
) -> None:
    """An office with another receipts key changes nothing, whatever it says."""
    parcel = at.lanes.parcel(Lane.ANSWERS)
    at.write(parcel)
    impostor = SampleOffice()
    impostor.root, impostor.centre_ca = office.root, office.centre_ca
    impostor.signing_key, impostor.opening_key = office.signing_key, office.opening_key
    impostor.boxes = office.boxes
    async with delivering(impostor, tmp_path / "impostor") as other:
        at.line.divert(other.line.port)
        async with at.courier() as courier:
            await until(lambda: other.kept(parcel))
            await until(lambda: "signature" in courier.state.line.error)
            assert (total(courier).received, verified(courier)) == (0, 0)


async def test_stick_and_net_may_be_mixed(at: Delivering, tmp_path: Path) -> None:
    """Some by net, all by stick, receipts by both: everything once, everything verified."""
    by_net = [at.lanes.parcel(Lane.ANSWERS) for _ in range(2)]
    at.write(*by_net)
    stick = tmp_path / "stick"
    stick.mkdir()
    async with at.courier() as courier:
        await at.all_verified(courier, 2)
        await at.line.cut()
        by_stick = [at.lanes.parcel(Lane.ANSWERS), at.lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])]
        at.write(*by_stick)
        async with Client(at.setup.socket, CHANNEL) as command:
            done = await command.ask(said.WriteStick(folder=str(stick)))
            assert done == said.StickDone(files=2, bytes=sum(len(p.data) for p in by_stick))
            await asyncio.to_thread(bring_in, at.layout, stick)
            await until(lambda: all(at.kept(parcel) for parcel in by_stick))
            await until(lambda: receipts_at_office(at) == 8)
            await asyncio.to_thread(take_out, at.layout, stick)
            taken = await command.ask(said.TakeReceipts(folder=str(stick)))
            assert taken == said.StickDone(files=4, bytes=0)
        await at.all_verified(courier, 4)
        assert courier.state.line.state == "down"
        await at.line.restore()
        await until(lambda: courier.state.line.state == "up")
        assert [len((await courier.errands.receipts_after(0)).receipts)] == [8]


def receipts_at_office(at: Delivering) -> int:
    """Count the receipts that the office has written for the box."""
    folder = at.layout.receipt_folder("shanghai-01", "box-1")
    return len(list(folder.glob("*.json")))


async def test_a_restarted_office_and_courier_go_on(office: SampleOffice, tmp_path: Path) -> None:
    """Both go down with an upload half done, both come back, and it is finished."""
    async with delivering(office, tmp_path) as at:
        parcel = at.lanes.parcel(Lane.RECORDINGS, blobs=[BLOB])
        at.write(parcel)
        at.line.slow(150_000)
        async with at.courier():
            await until(lambda: at.line.passed > 100_000)
    lanes = Lanes(office.recipient, office.main)
    async with receiving(at.layout) as listener:
        again = Delivering(
            office=office,
            layout=at.layout,
            folder=tmp_path,
            lanes=lanes,
            line=listener,  # type: ignore[arg-type] # no line between: its port is what counts
            sick=at.sick,
        )
        async with again.courier():
            await until(lambda: again.kept(parcel))
