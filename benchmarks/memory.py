"""How much memory the box's five processes take with a hall of seats connected.

::

    python -m benchmarks.memory --json build/bench/memory.json

The five processes run as on a box, faces with its models loaded in a worker for each
processor. 100 seats are paired, logged in and through the door; each keeps a link and beats.
Then all send recordings at the same moment, which are cut into parcels as they come; the
figure is the highest sum that was seen until the last of them was in a parcel.

What counts is the proportional share (PSS, proc(5): a page that n processes share counts
an n-th for each) of every process and its children, so that the sum is what the box lacks
for anything else. To be run as root: other users' shares cannot be read.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path

from appliance.commands import PROCESSES
from appliance.ipc import staff_client
from benchmarks.door import lead_to_the_start
from benchmarks.hall import MeasuredHall, measured_hall
from benchmarks.links import Links
from benchmarks.rows import Row, report
from benchmarks.seats import seat_everybody
from benchmarks.segments import SIZE, send_recordings
from drill.sample_sitting import people
from protocol.parcel import Lane
from terminal_agent.link import BEAT_S

SEATS = 100
BEATS = 5
SEGMENTS = 2
LOOK_S = 0.25
PATIENCE_S = 300.0
MOST_MB = 700.0


Shares = dict[str, float]
"""Megabytes by process, its children with it."""


async def measure(
    seats: int = SEATS, beats: int = BEATS, segments: int = SEGMENTS, size: int = SIZE
) -> list[Row]:
    """Connect everybody, wait for some beats of each, let all record, and measure."""
    async with measured_hall(seats, processes=tuple(PROCESSES)) as hall:
        await _all_there(hall)
        there = await seat_everybody(hall, people(seats))
        await lead_to_the_start(hall, there)
        async with Links(hall, there):
            await asyncio.sleep(beats * BEAT_S)
            quiet = shares(hall)
            recording = send_recordings(hall, there, segments, size)
            busy = await _highest(hall, recording, seats * segments * size)
            workers = len(family(hall.pids["faces"])) - 1
    about = {
        "seats": seats,
        "faces_workers": workers,
        "segments_a_seat": segments,
        "segment_bytes": size,
    }
    return [*_rows("recordings coming in", busy, about), *_rows("no recordings", quiet, about)]


def shares(hall: MeasuredHall) -> Shares:
    """Return what each process takes now."""
    return {name: sum(map(share_mb, family(pid))) for name, pid in hall.pids.items()}


async def _highest(hall: MeasuredHall, recording: Coroutine[None, None, None], size: int) -> Shares:
    """Return the highest shares until ``size`` bytes were recorded and have gone into parcels."""
    seen = [shares(hall)]
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(recording, name="seats send recordings")
        while not running.done() or await asyncio.to_thread(_in_parcels, hall) < size:
            await asyncio.sleep(LOOK_S)
            seen.append(await asyncio.to_thread(shares, hall))
    return max(seen, key=lambda one: sum(one.values()))


def _in_parcels(hall: MeasuredHall) -> int:
    """Return how many bytes of recordings wait in parcels for the courier."""
    outbox = hall.folder / "box" / "outbox" / Lane.RECORDINGS.value
    return sum(path.stat().st_size for path in outbox.glob("*.parcel"))


async def _all_there(hall: MeasuredHall) -> None:
    """Return once core has lines to all its neighbours, faces with its models among them."""
    async with asyncio.timeout(60):
        while True:
            status = await staff_client.fetch_status(hall.staff_socket)
            if status.processes and all(process.connected for process in status.processes):
                return
            await asyncio.sleep(0.2)


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def share_mb(pid: int) -> float:
    """Return a process's proportional share in megabytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kib * 1024 / 1e6


def _rows(when: str, taken: Shares, parameters: dict[str, int]) -> list[Row]:
    def row(name: str, value: float, most: float | None) -> Row:
        return Row(
            name=f"memory: {name}, {when}",
            value=value,
            unit="MB",
            baseline="the limit for all five",
            baseline_value=MOST_MB,
            ratio=value / MOST_MB,
            parameters=parameters | {"processors": os.cpu_count()},
            most=most,
        )

    parts = [row(name, share, None) for name, share in taken.items()]
    return [row("the five processes", sum(taken.values()), MOST_MB), *parts]


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write the file, and fail where the limit is missed."""
    return report(__doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
