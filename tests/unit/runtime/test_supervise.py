"""A parent keeps its programs running, and leaves none of them behind."""

import asyncio
import logging
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.launch import ORPHANED
from runtime.service import Service
from runtime.supervise import (
    Condition,
    Program,
    State,
    Supervisor,
    exit_in_words,
    keep_running,
)
from tests.waiting import until

_GOOD = """
import sys
from runtime.service import Service, run

async def main(service: Service) -> None:
    service.ready("serving " + " ".join(sys.argv[1:]))
    await service.ended()

sys.exit(run(main, name="good"))
"""
_CRASHING = "raise SystemExit(3)"
_STUBBORN = """
import os, signal
from runtime.systemd import notify
signal.signal(signal.SIGTERM, signal.SIG_IGN)
notify("READY=1")
while True:
    signal.pause()
"""
_PARENT = """
import subprocess, sys, signal
from pathlib import Path
from runtime.systemd import notify
child = subprocess.Popen(["sleep", "1000"])
Path(sys.argv[1]).write_text(str(child.pid))
notify("READY=1")
signal.pause()
"""


@pytest.fixture(autouse=True)
def _modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the programs to be run, where the children find them."""
    for name, text in {
        "good": _GOOD,
        "crashing": _CRASHING,
        "stubborn": _STUBBORN,
        "parent": _PARENT,
    }.items():
        (tmp_path / f"some_{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ['PYTHONPATH']}")


def program(name: str, *arguments: str, log: Path | None = None) -> Program:
    """Return one of the programs above."""
    return Program(name=name, module=f"some_{name}", arguments=arguments, log=log)


class History:
    """Every state that a supervisor went through."""

    def __init__(self) -> None:
        self._states: asyncio.Queue[State] = asyncio.Queue()

    def note(self, state: State) -> None:
        """Take a new state."""
        self._states.put_nowait(state)

    async def until(self, condition: Condition) -> State:
        """Return the next state with this condition."""
        while True:
            state = await asyncio.wait_for(self._states.get(), 20)
            if state.condition is condition:
                return state


async def end_of(pid: int) -> None:
    """Return when the process has ended, whoever its parent is."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = await asyncio.to_thread(select.select, [pidfd], [], [], 20)
        assert ready, f"process {pid} still runs"
    finally:
        os.close(pidfd)


async def test_programs_run_until_the_end(tmp_path: Path) -> None:
    """All become ready, say what they do, and have ended well when the block is left."""
    log = tmp_path / "good.log"
    async with Supervisor([program("good", "answers", log=log)]) as supervisor:
        await supervisor.all_ready()
        (state,) = supervisor.states
        assert state.condition is Condition.READY
        assert state.pid is not None
    (ended,) = supervisor.states
    assert (ended.condition, ended.exit_code, ended.deaths) == (Condition.ENDED, 0, 0)
    assert "ready: serving answers" in log.read_text()
    await end_of(state.pid)


async def test_killed_program_is_started_again() -> None:
    """After kill -9 the program is there again under another process, and the death is counted."""
    history = History()
    async with Supervisor(
        [program("good")], on_change=history.note, first_pause=0.01
    ) as supervisor:
        await supervisor.all_ready()
        first = supervisor.states[0].pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        paused = await history.until(Condition.PAUSED)
        assert (paused.deaths, paused.exit_code) == (1, -signal.SIGKILL)
        again = await history.until(Condition.READY)
        assert again.pid != first


async def test_pause_grows_while_it_keeps_dying(caplog: pytest.LogCaptureFixture) -> None:
    """A program that dies at once is tried ever less often, up to the longest pause."""
    history = History()
    async with Supervisor(
        [program("crashing")], on_change=history.note, first_pause=0.01, longest_pause=0.04
    ):
        for deaths in range(1, 5):
            state = await history.until(Condition.PAUSED)
            assert (state.deaths, state.exit_code) == (deaths, 3)
    said = [record.getMessage() for record in caplog.records if "again in" in record.getMessage()]
    assert [line.split("again in ")[1] for line in said] == ["0.01 s", "0.02 s", "0.04 s", "0.04 s"]


async def test_stubborn_program_is_killed_after_its_grace() -> None:
    """Who ignores SIGTERM is killed; the others have ended by themselves."""
    async with Supervisor([program("stubborn"), program("good")], grace=1.0) as supervisor:
        await supervisor.all_ready()
    stubborn, good = supervisor.states
    assert (stubborn.exit_code, good.exit_code) == (-signal.SIGKILL, 0)


async def test_nothing_of_a_dead_program_is_left(tmp_path: Path) -> None:
    """What a program had started itself goes with it."""
    note = tmp_path / "pid"
    history = History()
    async with Supervisor(
        [program("parent", str(note))], on_change=history.note, first_pause=30
    ) as supervisor:
        await supervisor.all_ready()
        grandchild = int(note.read_text())
        pid = supervisor.states[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await history.until(Condition.PAUSED)
        await end_of(grandchild)


_SUPERVISING = """
import asyncio
from runtime.supervise import Program, Supervisor

async def main():
    async with Supervisor([Program(name="good", module="some_good")]) as supervisor:
        await supervisor.all_ready()
        print(supervisor.states[0].pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_folders_where_one_stands_hide_no_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A data folder named like a package of ours is not what a program is run from."""
    for name in ("runtime", "some_good"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "__init__.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path / "data")
    history = History()
    async with Supervisor([program("good")], on_change=history.note) as supervisor:
        await asyncio.wait_for(supervisor.all_ready(), 20)
        assert supervisor.states[0].deaths == 0


async def test_the_end_is_heard_while_programs_keep_dying(caplog: pytest.LogCaptureFixture) -> None:
    """Told to end before all are ready, the parent starts nothing more and ends."""
    service = Service("parent")
    with caplog.at_level(logging.INFO, "runtime.supervise"):
        keeping = asyncio.create_task(keep_running([program("crashing")], service, "never"))
        await until(lambda: "ended (exit code 3)" in caplog.text)
        service.end("told to")
        caplog.clear()
        await asyncio.wait_for(keeping, 5)
    assert "started" not in caplog.text


async def test_programs_end_when_their_parent_is_killed() -> None:
    """If the supervisor itself is killed with -9, its programs end too."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SUPERVISING, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    parent.kill()
    await parent.wait()
    await end_of(child)


async def test_program_without_its_parent_does_not_begin() -> None:
    """A program whose parent died before it could begin exits at once."""
    orphan = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "runtime.launch", str(os.getpid() + 1), "some_good"
    )
    assert await asyncio.wait_for(orphan.wait(), 20) == ORPHANED


def test_deaths_are_told_in_words() -> None:
    """An exit code and a signal are told apart."""
    assert exit_in_words(3) == "exit code 3"
    assert exit_in_words(-9) == "killed by SIGKILL"
