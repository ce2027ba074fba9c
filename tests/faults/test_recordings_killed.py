"""``kill -9`` of the seat and of the box's process in mid-recording: what is still true."""

import asyncio
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.ipc import recordings as ipc
from drill.clips import sample_clip
from drill.faces import ASTRONAUT
from drill.ports import free_port
from drill.sample_office import SampleOffice
from protocol.journal import PictureGap, decode_event
from protocol.parcel import (
    FIRST,
    LaneEndRecord,
    SegmentRecord,
)
from protocol.segment import SegmentManifest, manifest_digest, open_manifest
from protocol.values import encode
from runtime.clock import MachineClock
from runtime.database import open_read_only
from runtime.ipc import Client
from runtime.tasks import Tasks
from runtime.tls import fingerprint
from terminal_agent import uploading
from tests.recorded_view import BEGINS, RecordedView, piece
from tests.recording_box import RecordingBox, stands
from tests.recording_program import RealBox, UploadingSeat, keep_saying, sample_office
from tests.sample_session import SUBJECT, SampleSession
from tests.seat_recorder import Plan
from tests.waiting import until

pytestmark = pytest.mark.slow


def manifests(parcels, of: SampleSession | RecordedView) -> list[tuple[SegmentManifest, str]]:
    """Return a session's manifests in the parcels, in their order, each with its digest."""
    found = [
        (open_manifest(record.manifest, of.key.public), manifest_digest(record.manifest))
        for contents, _ in parcels
        for record in contents.records
        if isinstance(record, SegmentRecord)
        and record.manifest.signatures[0].keyid == of.key.public.id
    ]
    return sorted(found, key=lambda pair: pair[0].n)


# --- the seat --------------------------------------------------------------------------------


@asynccontextmanager
async def recorder(plan: Path, clip: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a seat's recorder until pictures are recorded; kill what is left of it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.seat_recorder", str(plan), str(clip)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"recording\n"
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


def gaps_on_record(spool: Path) -> list[tuple[int, int, str]]:
    """Return the gaps of the seat's journal."""
    connection = open_read_only(spool)
    events = [decode_event(row[0]) for row in connection.execute("SELECT body FROM events")]
    connection.close()
    return [(e.since, e.until, e.reason) for e in events if isinstance(e, PictureGap)]


def plan_of(box: RecordingBox, session: SampleSession, folder: Path, port: int) -> tuple[Plan, str]:
    """Return what a seat is given, and the digest of its certificate."""
    identity = box.office.centre_ca.issue("seat")
    plan = Plan(
        folder=str(folder),
        port=port,
        grant=session.envelope,
        key=session.key.dangerous_seed().hex(),
        box_key=box.office.main.box_key.public.hex,
        recipient=box.office.opening_key.recipient,
        chain_pem=identity.chain_pem.decode(),
        key_pem=identity.key_pem.reveal().decode(),
        authority_pem=box.office.centre_ca.pem.decode(),
        duration_ms=4_000,
        offset_ms=session.grant.granted_at - MachineClock().steady_ms(),
    )
    return plan, fingerprint(identity.certificate)


def check_covered(spans: list[tuple[int, int]], begins: int) -> None:
    """Check that the spans follow one another without a hole that counts."""
    at = begins
    for since, until_ in sorted(spans):
        assert -1 <= since - at <= (5_000 if at == begins else 500), (sorted(spans), begins)
        at = until_


async def test_a_seat_killed_in_mid_segment(tmp_path: Path) -> None:
    """Killed again and again: the chain goes on, and what was not kept is a gap on record."""
    box, chance = RecordingBox(tmp_path / "box"), random.Random(5)
    box.folder.mkdir()
    session = SampleSession(box.office.main, "c-001")
    clip = await asyncio.to_thread(sample_clip, ASTRONAUT)
    plan_file, folder = tmp_path / "plan.json", tmp_path / "seat"
    folder.mkdir()
    async with box.running() as process, box.core() as core:
        plan, certificate = plan_of(box, session, folder, process.port)
        plan_file.write_bytes(encode(plan))
        await core.ask(admitted(session, certificate))
        for _ in range(3):
            async with recorder(plan_file, clip) as seat:
                await asyncio.sleep(chance.uniform(3, 7))
                seat.send_signal(signal.SIGKILL)
        async with recorder(plan_file, clip) as seat:
            seat.stdin.write(b"end\n")
            async with asyncio.timeout(20):
                assert await seat.stdout.readline() == b"ended\n"
        await core.ask(ipc.SubjectClosed(subject=SUBJECT, at=process.hall.now()))
        await until(lambda: lane_end(box.parcels()) is not None)
    found = manifests(box.parcels(), session)
    assert [m.n for m, _ in found] == list(range(1, len(found) + 1))
    assert [m.prev for m, _ in found] == [FIRST, *(digest for _, digest in found)][: len(found)]
    assert lane_end(box.parcels()).views[0].last == found[-1][1]
    gaps = gaps_on_record(folder / "spool.db")
    assert {reason for _, _, reason in gaps} == {"seat_restarted"}
    later = [gap for gap in gaps if gap[0] > session.grant.granted_at]
    assert len(later) == 3  # one a kill; the first run is a restart too, to this program
    spans = [(m.begins, m.ends) for m, _ in found] + [(since, end) for since, end, _ in gaps]
    check_covered(spans, session.grant.granted_at)


def admitted(session: SampleSession, certificate: str) -> ipc.Admitted:
    """Return core's word about a session."""
    return ipc.Admitted(
        session=session.grant.session,
        epoch=1,
        session_key=session.key.public.hex,
        seat_certificate=certificate,
        subject=SUBJECT,
        candidate=session.grant.candidate,
    )


def lane_end(parcels) -> LaneEndRecord | None:
    """Return the lane's end, once it is in a parcel."""
    records = [record for contents, _ in parcels for record in contents.records]
    return next((record for record in records if isinstance(record, LaneEndRecord)), None)


# --- the box -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleOffice:
    """An office that has made a bundle."""
    return sample_office(tmp_path_factory.mktemp("office"))


async def test_the_boxs_process_killed_in_mid_segment(
    tmp_path: Path, sample: SampleOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed six times while four seats send: all that was stored is parcelled, once."""
    monkeypatch.setattr(uploading, "AGAIN_S", 0.05)
    chance = random.Random(9)
    box = RealBox(tmp_path, sample, free_port())
    await asyncio.to_thread(box.install)
    seats = [UploadingSeat(tmp_path / f"seat-{n}", box) for n in range(4)]
    for seat in seats:
        await seat.view.start()
    box.facts = [stands(), *(seat.admitted() for seat in seats)]
    again = asyncio.Event()
    client = Client(
        tmp_path / "run" / "recordings.sock", ipc.CHANNEL, on_line=lambda _: again.set()
    )
    async with Tasks("test") as tasks, client:
        await box.program.start()
        tasks.start("core", keep_saying(box, client, again))
        for n, seat in enumerate(seats):
            tasks.start(f"seat {n}", seat.run())
        for n in range(120):
            for seat in seats:
                await seat.view.recording.piece(piece(n, BEGINS + n * 2_000, size=60_000))
            if n % 20 == 19:
                await asyncio.sleep(chance.uniform(0.2, 1.6))
                await box.program.kill()
                await box.program.start()
        for seat in seats:
            await seat.view.recording.end(BEGINS + 240_000)
        box.facts.append(ipc.SubjectClosed(subject=SUBJECT, at=BEGINS))
        again.set()
        await until(lambda: all(seat.is_done for seat in seats), seconds=40)
        await until(lambda: lane_end(box.parcels()) is not None, seconds=40)
    await box.program.kill()
    assert box.program.kills == 7
    ends = {end.source.session: end for end in lane_end(box.parcels()).views}
    for seat in seats:
        found = manifests(box.parcels(), seat.view)
        assert [m.n for m, _ in found] == list(range(1, 61))
        assert ends[seat.view.session].last == found[-1][1]
        assert seat.view.journal.gaps == []
