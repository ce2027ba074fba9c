"""How much memory the process takes with a hall of a hundred seats."""

import asyncio
from pathlib import Path

import pytest

from appliance.ipc import recordings as ipc
from drill.ports import free_port
from runtime.ipc import Client
from runtime.tasks import Tasks
from tests.recorded_view import BEGINS, piece
from tests.recording_box import stands
from tests.recording_program import RealBox, UploadingSeat, keep_saying, sample_office
from tests.waiting import until

SEATS = 100
PIECE = 30_000
"""Bytes of two seconds at 120 kbit/s."""
MOST = 80 * 1024 * 1024


def most_memory(pid: int) -> int:
    """Return the most bytes that a process has held so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_hundred_seats_fit_into_eighty_megabytes(tmp_path: Path) -> None:
    """A minute of a hundred views, sent within twenty seconds, and their parcels: under 80 MB."""
    sample = await asyncio.to_thread(sample_office, tmp_path / "office")
    box = RealBox(tmp_path, sample, free_port())
    await asyncio.to_thread(box.install)
    seats = [UploadingSeat(tmp_path / f"seat-{n}", box, duration_ms=30_000) for n in range(SEATS)]
    for seat in seats:
        await seat.view.start()
        for n in range(30):
            await seat.view.recording.piece(piece(n, BEGINS + n * 2_000, size=PIECE))
        await seat.view.recording.end(BEGINS + 60_000)
    box.facts = [stands(), *(seat.admitted() for seat in seats)]
    again = asyncio.Event()
    socket = tmp_path / "run" / "recordings.sock"
    core = Client(socket, ipc.CHANNEL, on_line=lambda _: again.set())
    async with Tasks("test") as tasks, core:
        await box.program.start()
        tasks.start("core", keep_saying(box, core, again))
        for n, seat in enumerate(seats):
            tasks.start(f"seat {n}", seat.run())
            await asyncio.sleep(0.2)  # seats log in one after another
        try:
            await until(lambda: all(seat.is_done for seat in seats), seconds=60)
            await until(lambda: records(box) == SEATS * 2, seconds=30)
            held = most_memory(box.program.process.pid)
        finally:
            await box.program.kill()
    print(f"recordings held {held / 1024**2:.0f} MB at most, with {SEATS} seats")  # noqa: T201
    assert held < MOST


def records(box: RealBox) -> int:
    """Count the segments in the parcels."""
    return sum(len(contents.records) for contents, _ in box.parcels())
