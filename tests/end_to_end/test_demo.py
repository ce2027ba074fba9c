"""The demo as a newcomer starts it: every program a process, nothing left behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from drill.demo import guard

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hall"), pytest.mark.timeout(300)]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A short path: sockets' names have 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="demo-test-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


def start(temporary: Path, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "drill.cli", "demo", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
        start_new_session=True,
    )


def wait_for(demo: "subprocess.Popen[str]", words: str) -> str:
    assert demo.stdout is not None
    said = ""
    for line in demo.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"expected {words!r}; the demo ended and had said:\n{said}")


def left_behind(temporary: Path) -> tuple[list[int], list[Path]]:
    return guard.tagged(str(temporary)), list(temporary.iterdir())


def test_without_a_terminal_the_demo_performs_the_day_and_leaves_nothing(temporary: Path) -> None:
    """Six are accounted for, all typed answers are verified, no process or folder remains."""
    demo = start(temporary, "--language", "en")
    said, _ = demo.communicate(timeout=240)
    assert demo.returncode == 0, said
    assert "6 accounted for: 5 handed in, 1 refused or absent; all received and verified" in said
    for words in ("A03", "turns this person away", "line is cut", "were saved without it"):
        assert words in said, said
    assert "NOT THE SAME" not in said
    assert left_behind(temporary) == ([], [])


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGKILL])
def test_a_demo_that_is_told_to_stop_or_killed_leaves_nothing(
    temporary: Path, told: signal.Signals
) -> None:
    """Whatever ends the demo while the hall is open, no process and no folder remains."""
    demo = start(temporary, "--language", "zh")
    wait_for(demo, "六个座位都已启动")
    assert len(guard.tagged(str(temporary))) > 10
    demo.send_signal(told)
    # the guard holds the demo's output open: the end of it is the end of all
    said, _ = demo.communicate(timeout=60)
    assert demo.returncode == (130 if told is not signal.SIGKILL else -signal.SIGKILL), said
    assert left_behind(temporary) == ([], [])
