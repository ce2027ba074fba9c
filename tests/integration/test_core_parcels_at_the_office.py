"""Core's own parcels at the office: cut from core's record, verified by the inner worker."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from appliance.core import records
from appliance.core.box import Box
from appliance.core.log import Log
from appliance.core.parcels import LANES, ParcelMaker, ParcelWritten
from appliance.core.service import SCHEMA
from appliance.ipc.outbox import Outbox
from central.store import reading
from central.verification.service import open_worker
from protocol.checkpoint import cosign, cosigner
from protocol.decisions import Paused
from protocol.journal import start_position
from protocol.keys import SigningKey
from protocol.log_entries import Decided, Granted, Opened, Paired
from protocol.staff_api import Pause
from protocol.values import encode
from runtime.database import Database
from tests.sample_office import CENTRE, NOW, SITTING, SampleOffice
from tests.sample_session import SUBJECT, SampleSession, closed, closing, decision
from tests.verifying import Verifying


@dataclass
class Core:
    """Core's record, and what cuts parcels from it."""

    database: Database
    log: Log
    maker: ParcelMaker
    outbox: Path
    at: Verifying

    async def add_leaf(self, entry: object) -> None:
        """Write a leaf of the log."""
        await self.database.write(lambda c: records.append_leaf(c, entry))

    async def acknowledge(self, session: SampleSession) -> None:
        """Write what is new in a session's journal, as the journal's group commit does."""
        new = list(enumerate(session.bodies, start=1))[session.sent :]
        session.sent = session.position.n
        row = records.BatchRow(
            session=session.grant.session,
            epoch=session.position.epoch,
            n=session.position.n,
            link=session.position.head,
            head=encode(session.head()).decode(),
            at=NOW,
            events=tuple(new),
        )
        await self.database.write(lambda c: records.append_batches(c, [row]))

    async def deliver(self) -> None:
        """Cut all parcels and put them before the inner worker."""
        for written in await self.maker.make_all():
            self._copy(written)
        await self.at.worker.look()

    def _copy(self, written: ParcelWritten) -> None:
        place = self.at.layout.parcel(written.key)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(Path(written.path).read_bytes())


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    """Core's parts over an empty record, and an office that knows its box."""
    office = SampleOffice()
    layout = office.lay_out(tmp_path / "office")
    box = Box(
        centre=CENTRE,
        sitting=SITTING,
        appliance="box-1",
        generation=1,
        key=office.main.box_key,
        now=lambda: NOW,
    )
    async with (
        Database(tmp_path / "core.db", SCHEMA) as database,
        open_worker(layout, clock=lambda: NOW) as (worker, _),
    ):
        log = Log(database, box, office.main.log_key)
        outbox = Outbox(tmp_path / "outbox", LANES)
        maker = ParcelMaker(database, log, outbox, box, office_recipient=office.recipient)
        yield Core(database, log, maker, outbox.folder, Verifying(office, layout, worker))


async def test_a_subject_from_grant_to_closing(core: Core) -> None:
    """Grants, journals over several parcels, decisions and the closing: all verified."""
    office = core.at.office
    session = SampleSession(office.main, "c-001")
    start = start_position(session.grant, session.envelope.digest)
    await core.add_leaf(Opened(at=NOW, appliance="box-1", generation=1, bundle="0" * 64, seen=()))
    await core.database.write(
        lambda c: records.insert_grant(c, session.grant, session.envelope, start)
    )
    await core.add_leaf(Granted(at=NOW, grant=session.envelope.digest))
    for item in range(3):
        session.answer(f"q-{item}", "a")
        session.answer(f"q-{item}", "b")
        await core.acknowledge(session)
        await core.deliver()
    session.hand_in()
    await core.acknowledge(session)
    asked = Pause(candidate=None, reason="noise")
    paused = decision(
        office.main, 1, Paused(reason="noise"), asked=asked, staff_key=office.staff_key
    )
    for n, made in enumerate((paused, closed(office.main, 2, office.staff_key)), start=1):
        row = {"envelope": encode(made.decision).decode(), "act": encode(made.act).decode()}
        await core.database.write(partial(records.insert, table="decisions", n=n, **row))
        await core.add_leaf(Decided(at=NOW, decision=made.decision.digest))
    account = closing(office.main, session.accounted())
    stored = encode(account.closing).decode()
    await core.database.write(
        lambda c: records.insert(c, "closings", subject=SUBJECT, envelope=stored)
    )
    await core.deliver()
    assert core.at.reasons() == []
    with core.at.store() as connection:
        ((_, found),) = reading.accounts(connection)
        assert len(reading.responses(connection)) == 3
    assert found.show("en") == (
        "1 accounted for: 1 handed in, 0 refused or absent; all received and verified by the office"
    )


async def test_cosignatures_travel_with_their_checkpoint(core: Core) -> None:
    """Lines over an earlier checkpoint verify at the office, also those that came later."""
    seats = {f"a-0{number}": SigningKey.generate() for number in (1, 2)}
    await core.add_leaf(Opened(at=NOW, appliance="box-1", generation=1, bundle="0" * 64, seen=()))
    for seat, key in seats.items():
        paired = Paired(at=NOW, seat=seat, certificate="1" * 64, seat_key=key.public.hex, by="wang")
        await core.add_leaf(paired)
    note = await core.log.checkpoint()
    for number, (seat, key) in enumerate(seats.items(), start=1):
        line = cosign(note, cosigner(CENTRE, SITTING, seat), key, NOW // 1000)
        await core.log.keep_cosignature(3, seat, line)
        await core.add_leaf(
            Opened(at=NOW, appliance="box-1", generation=1, bundle="2" * 64, seen=())
        )
        await core.deliver()
        assert core.at.reasons() == []
        with core.at.store() as connection:
            rows = connection.execute("SELECT size, seat FROM cosignature WHERE verified = 1")
            assert len(rows.fetchall()) == number
    assert core.at.count("leaf") == 5


async def test_checkpoints_that_are_asked_for_at_once_count_each_leaf_once(core: Core) -> None:
    """Many beats and a parcel may ask in the same moment: one tree, and the office verifies it."""
    for revision in range(3):
        await core.add_leaf(
            Opened(at=NOW + revision, appliance="box-1", generation=1, bundle="0" * 64, seen=())
        )
        await asyncio.gather(*(core.log.checkpoint() for _ in range(5)))
    assert core.log.size == 3
    await core.deliver()
    assert core.at.reasons() == []
