"""A seat says "saved" after the medium has it: by system calls, and by kills at any moment."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exam.paper import Chosen
from protocol.journal import Answered, Event, decode_event
from tests.source_tree import ROOT
from tests.tracing import first, flushed_between, trace

PROGRAM = str(ROOT / "tests" / "faults" / "seat_answers.py")
KILLS = 8


def test_the_reply_to_an_answer_comes_after_the_flush_of_the_spool(tmp_path: Path) -> None:
    """The event is written to the spool's log, that is flushed, and then the page is told."""
    calls = trace([PROGRAM, str(tmp_path), "trace"], tmp_path / "trace")
    asking = first(calls, "write", "asking")
    spool = "spool.db-wal>"
    later = [call for call in calls if call.begun > asking.ended]
    written = first(later, "pwrite64|write", spool)
    reply = first(later, "sendto|sendmsg|write", "HTTP/1.1 200 OK")
    assert written.ended < reply.begun
    assert flushed_between(calls, spool, written, reply)


@pytest.mark.timeout(120)
def test_what_was_called_kept_outlasts_a_kill_at_any_moment(tmp_path: Path) -> None:
    """After each kill the spool holds every number that was said, with the answer said with it."""
    moments = random.Random(2026)
    for number in range(KILLS):
        folder = tmp_path / str(number)
        said = _killed(folder, moments.uniform(0.0, 0.25))
        events = _kept(folder)
        assert [event.n for event in events] == list(range(1, len(events) + 1))
        answers = {e.n: e.response for e in events if isinstance(e, Answered)}
        for n, option in said:
            assert answers[n] == Chosen(options=(option,)), f"kill {number}"
        assert len(events) - max((n for n, _ in said), default=len(events)) <= 1


def _killed(folder: Path, after_s: float) -> list[tuple[int, str]]:
    """Run the seat, kill it ``after_s`` after its first answers; return what it had said."""
    command = [sys.executable, PROGRAM, str(folder), "write"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as seat:
        assert seat.stdout is not None
        assert seat.stdout.readline() == "ready\n"
        lines = [seat.stdout.readline() for _ in range(3)]
        time.sleep(after_s)  # the moment of the kill, not a wait for something
        seat.send_signal(signal.SIGKILL)
        lines += seat.stdout.readlines()
    pairs = [line.split() for line in lines if line.endswith("\n")]
    return [(int(n), option) for n, option in pairs]


def _kept(folder: Path) -> list[Event]:
    """Return the events that the spool holds."""
    with sqlite3.connect(folder / "spool.db") as spool:
        assert spool.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = spool.execute("SELECT body FROM events ORDER BY n").fetchall()
    return [decode_event(bytes(row[0])) for row in rows]
