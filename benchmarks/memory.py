"""How much memory the box's five processes take with a hall of seats connected.

::

    python -m benchmarks.memory --json build/bench/memory.json

The five processes run as on a box, faces with its models loaded in a worker for each
processor. 100 seats are paired, logged in and through the door; each keeps a link and beats.
What counts is the proportional share (PSS, proc(5): a page that n processes share counts
an n-th for each) of every process and its children, so that the sum is what the box lacks
for anything else. To be run as root: other users' shares cannot be read.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from appliance.commands import PROCESSES
from appliance.ipc import staff_client
from benchmarks.door import lead_to_the_start
from benchmarks.hall import MeasuredHall, measured_hall
from benchmarks.links import Links
from benchmarks.rows import Row, table, write
from benchmarks.seats import seat_everybody
from drill.sample_sitting import people
from terminal_agent.link import BEAT_S

SEATS = 100
BEATS = 5
MOST_MB = 700.0


async def measure(seats: int = SEATS, beats: int = BEATS) -> list[Row]:
    """Connect everybody, wait for some beats of each, and measure."""
    async with measured_hall(seats, processes=tuple(PROCESSES)) as hall:
        await _all_there(hall)
        there = await seat_everybody(hall, people(seats))
        await lead_to_the_start(hall, there)
        async with Links(hall, there):
            await asyncio.sleep(beats * BEAT_S)
            shares = {name: sum(map(share_mb, family(pid))) for name, pid in hall.pids.items()}
            workers = len(family(hall.pids["faces"])) - 1
    return _rows(shares, {"seats": seats, "faces_workers": workers})


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


def _rows(shares: dict[str, float], parameters: dict[str, int]) -> list[Row]:
    def row(name: str, value: float, most: float | None) -> Row:
        return Row(
            name=f"memory: {name}",
            value=value,
            unit="MB",
            baseline="the limit for all five",
            baseline_value=MOST_MB,
            ratio=value / MOST_MB,
            parameters=parameters | {"processors": os.cpu_count()},
            most=most,
        )

    parts = [row(name, share, None) for name, share in shares.items()]
    return [row("the five processes", sum(shares.values()), MOST_MB), *parts]


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write the file, and fail where the limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args(arguments)
    rows = asyncio.run(measure())
    print(table(rows))
    write(rows, options.json)
    return int(not all(row.holds for row in rows))


if __name__ == "__main__":
    sys.exit(main())
