"""A whole day whose box and seats have lost their calendars: a dead battery shuts nobody out."""

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from drill.day import DayPlan, open_day
from drill.hall import HallPlan

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hall"), pytest.mark.timeout(400)]

IN_2000 = '''
"""Sets back what the programs of box and seats read as their calendar; the office's is right."""
import sys
import time

BACK_NS = time.time_ns() - 946_684_800_000_000_000
if any(word.startswith(("appliance.", "terminal_agent.")) for word in sys.orig_argv):
    read, real = time.clock_gettime_ns, time.CLOCK_REALTIME
    time.clock_gettime_ns = lambda which: read(which) - (BACK_NS if which == real else 0)
    time.time_ns = lambda: read(real) - BACK_NS
    time.time = lambda: (read(real) - BACK_NS) / 1e9
'''


async def test_a_day_of_machines_that_stand_in_2000(tmp_path: Path, monkeypatch) -> None:
    """Hall time is what the bundle and staff say; all that is typed is verified at the office."""
    folder = tmp_path / "calendar"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(IN_2000)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ['PYTHONPATH']}")
    hall = HallPlan(folder=tmp_path / "hall", seats=2, minutes=20, cameras=2, apart=True)
    plan = DayPlan(hall=hall, pause_s=0.3, writing_s=4, leave_to_the_end=0)
    async with open_day(plan, say=print) as day:
        report = await day.perform()
    assert calendars(hall.folder / "logs") == {
        **dict.fromkeys(("core", "seat-a01", "seat-a02"), "2000"),
        **dict.fromkeys(("receiving", "verification"), str(dt.datetime.now(dt.UTC).year)),
    }
    assert report.mismatches == ()
    assert report.typed == report.verified
    assert report.typed.events > 0
    assert report.ok


def calendars(logs: Path) -> dict[str, str]:
    """Return the year that each program writes into its log."""
    names = ("core", "seat-a01", "seat-a02", "receiving", "verification")
    first = {name: (logs / f"{name}.log").read_text("utf-8").splitlines()[0] for name in names}
    return {name: json.loads(line)["time"][:4] for name, line in first.items()}
