"""Core's line to the recordings process: what core's record says is known there."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from appliance.core import recordings_line
from appliance.core import records as core_records
from appliance.core.box import Box
from appliance.core.hall import Seating, SubjectState
from appliance.core.recordings_line import RecordingsLine
from appliance.core.service import SCHEMA
from appliance.core.status import Surroundings
from appliance.ipc.settings import Settings
from appliance.recordings import service
from exam.session import Session, State
from protocol.closing import Closing, sign_closing
from protocol.grant import sign_grant
from protocol.journal import start_position
from protocol.recordings_api import Stored
from runtime.clock import HallClock, MachineClock
from runtime.database import Database, open_read_only
from tests.recording_box import RecordingBox, code_of
from tests.sample_office import CENTRE, NOW, SITTING
from tests.sample_session import SUBJECT, SampleSession
from tests.waiting import until


@dataclass
class SampleCore:
    """As much of core as its line looks at: its record, and the hall in memory."""

    office_box: Any
    database: Database
    surroundings: Surroundings = field(default_factory=Surroundings)
    sessions: dict[str, Seating] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = HallClock(MachineClock(), last_ms=NOW)
        self.box = Box(
            centre=CENTRE,
            sitting=SITTING,
            appliance=self.office_box.id,
            generation=1,
            key=self.office_box.box_key,
            now=self.clock.now,
        )
        self.subject = SubjectState()
        self.hall = SimpleNamespace(
            subjects={SUBJECT: self.subject},
            seatings=lambda: list(self.sessions.values()),
            current=lambda: SimpleNamespace(id=SUBJECT),
        )

    async def grant(self, session: SampleSession) -> None:
        """Commit a grant."""
        start = start_position(session.grant, session.envelope.digest)
        await self.database.write(
            lambda c: core_records.insert_grant(c, session.grant, session.envelope, start)
        )
        self.sessions[session.grant.session] = Seating(
            candidate=SimpleNamespace(id=session.grant.candidate, extra_minutes=0),
            subject=SUBJECT,
            seat=session.grant.seat,
            id=session.grant.session,
            epoch=session.grant.epoch,
            session=Session(state=State.SEATED),
        )

    def close(self) -> None:
        """Close the subject."""
        closing = Closing(
            appliance=self.box.appliance,
            generation=1,
            centre=CENTRE,
            sitting=SITTING,
            subject=SUBJECT,
            at=NOW + 5,
            candidates=(),
        )
        self.subject.closing = sign_closing(closing, self.box.key)


@pytest.fixture
def box(tmp_path: Path) -> RecordingBox:
    """The machine."""
    return RecordingBox(tmp_path)


@pytest.fixture
async def core(
    box: RecordingBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SampleCore]:
    """Core with its line, which looks often."""
    monkeypatch.setattr(recordings_line, "LOOK_S", 0.02)
    monkeypatch.setattr(service, "LOOK_S", 0.02)
    settings = Settings(state=str(tmp_path), run=str(tmp_path))
    async with Database(tmp_path / "core.db", SCHEMA) as database:
        made = SampleCore(box.office.main, database)
        async with RecordingsLine(settings, made) as line:
            running = asyncio.ensure_future(line.run())
            yield made
            running.cancel()
            await asyncio.wait([running])
            assert running.cancelled(), running.exception()


def rows(box: RecordingBox, query: str) -> list[tuple]:
    """Ask the database of the recordings process."""
    connection = open_read_only(box.folder / "recordings" / "recordings.db")
    try:
        return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []
    finally:
        connection.close()


async def test_whom_core_admits_may_send(box: RecordingBox, core: SampleCore) -> None:
    """A grant in core's record is known there within a moment, and nobody else's."""
    session = SampleSession(box.office.main, "c-001")
    async with box.running() as process, box.seat() as seat:
        session.grant = await granted(core, session, seat)
        seat.port, seat.session, seat.key = process.port, session.grant.session, session.key
        await until(lambda: rows(box, "SELECT 1 FROM sessions") != [])
        assert await seat.send(seat.next()) == Stored()
        async with box.seat() as other:
            other.port = process.port
            assert code_of(await other.send(other.next())) == "not_admitted"
    assert core.surroundings.connected["recordings"] is False


async def granted(core: SampleCore, session: SampleSession, seat: Any) -> Any:
    """Grant the session to this very seat."""
    session.grant = replace(session.grant, seat_certificate=seat.certificate)
    session.envelope = sign_grant(session.grant, core.box.key)
    await core.grant(session)
    return session.grant


async def test_everything_is_said_again_to_a_process_that_knows_nothing(
    box: RecordingBox, core: SampleCore
) -> None:
    """A process whose disk was replaced hears of every grant, old ones included."""
    for number in range(5):
        await core.grant(SampleSession(box.office.main, f"c-{number}"))
    async with box.running():
        await until(lambda: len(rows(box, "SELECT 1 FROM sessions")) == 5)
    shutil.rmtree(box.folder / "recordings")
    async with box.running():
        await until(lambda: len(rows(box, "SELECT 1 FROM sessions")) == 5)
        await core.grant(SampleSession(box.office.main, "c-5"))
        await until(lambda: len(rows(box, "SELECT 1 FROM sessions")) == 6)


async def test_what_ends_is_said(box: RecordingBox, core: SampleCore) -> None:
    """A move ends the epoch before, a hand-in the session, a closing the subject.

    Then core hears whose recordings are waited for.
    """
    first = SampleSession(box.office.main, "c-001")
    box.views_wait_ms = 10**12
    async with box.running() as process:
        await core.grant(first)
        await until(lambda: rows(box, "SELECT epoch, ended FROM sessions") == [(1, 0)])
        second = SampleSession(
            box.office.main,
            "c-001",
            session=first.grant.session,
            epoch=2,
            previous=first.position,
        )
        await core.grant(second)
        await until(lambda: rows(box, "SELECT epoch, ended FROM sessions") == [(1, 1), (2, 0)])
        core.sessions[first.grant.session].session = Session(state=State.HANDED_IN)
        await until(lambda: rows(box, "SELECT epoch, ended FROM sessions") == [(1, 1), (2, 1)])
        core.close()
        await until(lambda: rows(box, "SELECT subject, at FROM closed") == [(SUBJECT, NOW + 5)])
        await until(lambda: core.surroundings.awaited_seats(SUBJECT) == (first.grant.seat,))
        (awaited,) = core.surroundings.recordings_awaited
        assert awaited.until == NOW + 5 + box.views_wait_ms
        assert process.hall.generation == 1
        assert abs(process.hall.now() - core.clock.now()) < 1_000


async def test_core_knows_when_recordings_give_way(box: RecordingBox, core: SampleCore) -> None:
    """It is on record once each time, and staff see it while it lasts."""
    async with box.running() as process:
        await until(lambda: core.surroundings.connected.get("recordings") is True)
        for round_ in (1, 2):
            process._room(full=True)
            await until(lambda: core.surroundings.recordings_full_since >= NOW)
            await until(lambda n=round_: len(alerts(box)) == n)
            process._room(full=False)
            await until(lambda: core.surroundings.recordings_full_since == 0)
    assert alerts(box) == ["recordings_full"] * 2
    assert sum(b'"kind":"alerted"' in leaf for leaf in leaves(box)) == 2


def leaves(box: RecordingBox) -> list[bytes]:
    """Return what stands in the box's log."""
    connection = open_read_only(box.folder / "core.db")
    try:
        return core_records.leaves_from(connection, 0)
    finally:
        connection.close()


def alerts(box: RecordingBox) -> list[str]:
    """Return the causes of the alerts on record."""
    connection = open_read_only(box.folder / "core.db")
    try:
        return [row[0] for row in connection.execute("SELECT cause FROM alerts")]
    finally:
        connection.close()
