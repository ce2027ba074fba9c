"""A program begins, says that it is ready, and ends in timed stages whatever its parts do."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.service import CRASHED, STUCK

_HEAD = """
import asyncio, sys, threading
from runtime import service
from runtime.service import Service, run
from runtime.tasks import Tasks
service.CANCEL_S = 0.3
async def main(service: Service) -> None:
"""
_TAIL = """
sys.exit(run(main, name="core", grace={grace}))
"""
_GOOD = """
    async with Tasks("core") as tasks:
        tasks.start("wait", asyncio.Event().wait())
        service.ready("listening")
        await service.ended()
"""


@contextmanager
def program(
    body: str, *, grace: float = 0.5, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Start a program whose root is ``body``."""
    with subprocess.Popen(
        [sys.executable, "-c", _HEAD + body + _TAIL.format(grace=grace)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read the log until a line holds ``words``; return that line."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return line
    raise AssertionError(f"expected {words!r} in the log, got {''.join(lines)}")


def rest(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for the end; return the exit code and what remained of the log."""
    assert process.stderr is not None
    text = process.stderr.read()
    return process.wait(20), text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_well(number: signal.Signals) -> None:
    """At SIGTERM or SIGINT the root leaves its blocks and the exit code is 0."""
    with program(_GOOD) as process:
        read_until(process, "ready: listening")
        process.send_signal(number)
        code, log = rest(process)
    assert code == 0, log
    assert f"ending: told by {number.name}" in log


def test_systemd_hears_of_each_stage(tmp_path: Path) -> None:
    """Systemd is told ready, alive and stopping, in datagrams as sd_notify sends them."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address)
        heard.settimeout(10)
        with program(_GOOD, NOTIFY_SOCKET=address, WATCHDOG_USEC="40000") as process:
            said = []
            while not any("READY=1" in lines for lines in said) or "WATCHDOG=1" not in said:
                said.append(heard.recv(4096).decode())
            process.send_signal(signal.SIGTERM)
            while not said[-1].startswith("STOPPING=1"):
                said.append(heard.recv(4096).decode())
            assert rest(process)[0] == 0
    assert "READY=1\nSTATUS=listening" in said


def test_crashed_task_ends_the_program_with_its_traceback() -> None:
    """A crash in a task ends the program with exit code 1 and the traceback in the log."""
    body = """
    async def crash():
        raise ZeroDivisionError("no more")
    async with Tasks("core") as tasks:
        tasks.start("count", crash())
        await service.ended()
"""
    with program(body) as process:
        code, log = rest(process)
    assert code == CRASHED
    assert "core: count crashed" in log
    assert "ZeroDivisionError: no more" in log
    assert "service_error" in log


def test_root_that_does_not_end_is_cancelled() -> None:
    """A root that ignores the end is cancelled when its grace is over."""
    body = """
    service.ready("listening")
    await asyncio.Event().wait()
"""
    with program(body) as process:
        read_until(process, "ready")
        process.send_signal(signal.SIGTERM)
        code, log = rest(process)
    assert code == CRASHED
    assert "did not end within" in log


def test_second_signal_hurries() -> None:
    """A second signal does not wait for the grace."""
    body = """
    service.ready("listening")
    await service.ended()
    print("first heard", file=sys.stderr, flush=True)
    await asyncio.Event().wait()
"""
    with program(body, grace=60) as process:
        read_until(process, "ready")
        process.send_signal(signal.SIGINT)
        read_until(process, "first heard")
        process.send_signal(signal.SIGINT)
        code, log = rest(process)
    assert code == CRASHED
    assert "ending at once: told by SIGINT" in log


def test_root_that_swallows_cancellation_is_cut_off() -> None:
    """What still runs after the last stage is cut off, and the log says where it was."""
    body = """
    service.ready("listening")
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
"""
    with program(body) as process:
        read_until(process, "ready")
        process.send_signal(signal.SIGTERM)
        code, log = rest(process)
    assert code == STUCK
    assert "is stuck and is cut off" in log
    assert "MainThread" in log


def test_stuck_thread_does_not_hold_the_end() -> None:
    """A thread that blocks for ever cannot keep the process alive."""
    body = """
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    service.ready("listening")
    await service.ended()
"""
    with program(body) as process:
        read_until(process, "ready")
        process.send_signal(signal.SIGTERM)
        code, log = rest(process)
    assert code == STUCK
    assert "stuck" in log


def test_memory_is_protected() -> None:
    """A program of ours dumps no core, is not dumpable, and says if its memory is not locked."""
    with program(_GOOD) as process:
        log = read_until(process, "ready")
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        status = Path(f"/proc/{process.pid}/status").read_text()
        process.send_signal(signal.SIGTERM)
        code, _ = rest(process)
    assert code == 0
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    locked = next(line for line in status.splitlines() if line.startswith("VmLck"))
    assert int(locked.split()[1]) > 0 or "memory is not locked" in log
