"""A parent that keeps programs of ours running, where systemd does not: demo and development.

Rules:

1. What ends is started again, after a pause that grows while it keeps dying.
2. Each program has a process group of its own, so that Ctrl+C reaches the parent only and
   that nothing of a dead program is left behind.
3. On leaving all get SIGTERM at once, have ``grace`` seconds, and then SIGKILL.
4. If the parent is killed, the kernel tells its programs to end (`runtime.launch`).
5. A program says that it is ready as it says it to systemd.
6. Programs are those installed: a folder ``central/`` where one stands hides no package.

::

    core = Program(name="core", module="appliance.core", arguments=("--folder", "/srv/hall"))
    await keep_running([core, ...], service, "all processes")
"""

import asyncio
import contextlib
import enum
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from runtime.service import Service
from runtime.tasks import Tasks

log = logging.getLogger(__name__)

STEADY_S: Final = 30.0
"""A program that ran for so long begins again with the first pause."""
OUR_PYTHON: Final = (sys.executable, "-P")
"""What runs a module of ours: never one of the same name in the current folder."""
KILLED_S: Final = 5.0
"""Within this a killed process is gone."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What to keep running: ``python -m module arguments...``."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    """Added to the parent's."""
    log: Path | None = None
    """Where its output goes, appended; None: where the parent's goes."""


class Condition(enum.Enum):
    """How a program is."""

    STARTING = "starting"
    READY = "ready"
    PAUSED = "paused"
    """It has died, and is started again after a pause."""
    ENDED = "ended"


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a program."""

    name: str
    condition: Condition
    pid: int | None = None
    deaths: int = 0
    exit_code: int | None = None
    """Of its last death; negative: the signal that killed it."""
    status: str = ""
    """What it says of itself."""


class Supervisor:
    """Keeps programs running; a context manager."""

    def __init__(
        self,
        programs: Iterable[Program],
        *,
        on_change: Callable[[State], None] | None = None,
        grace: float = 20.0,
        first_pause: float = 0.5,
        longest_pause: float = 10.0,
    ) -> None:
        """``on_change`` is called on the loop with each new state, and must be brief."""
        self._programs = tuple(programs)
        if not self._programs:
            raise ValueError("expected at least one program to keep running, got none")
        self._on_change = on_change
        self._grace = grace
        self._pauses = (first_pause, longest_pause)
        self._states = {
            program.name: State(name=program.name, condition=Condition.ENDED)
            for program in self._programs
        }
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._ending = asyncio.Event()
        self._keepers: list[asyncio.Task[object]] = []
        self._changed = asyncio.Event()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="supervise-")))
            heard = {
                program.name: stack.enter_context(_notify_socket(folder / program.name))
                for program in self._programs
            }
            tasks = await stack.enter_async_context(Tasks("supervisor"))
            stack.push_async_callback(self._end_all)
            for program in self._programs:
                name = program.name
                tasks.start(f"hear {name}", self._hear(name, heard[name]))
                keeper = self._keep(program, folder / name)
                self._keepers.append(tasks.start(f"keep {name}", keeper, may_end=True))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all programs, in stages."""
        await self._stack.__aexit__(kind, error, trace)

    @property
    def states(self) -> tuple[State, ...]:
        """How each program is, in the order given."""
        return tuple(self._states.values())

    async def all_ready(self) -> None:
        """Return when every program has said that it is ready."""
        while any(state.condition is not Condition.READY for state in self.states):
            await self._changed.wait()

    async def _keep(self, program: Program, notify: Path) -> None:
        """Start the program, again and again, until the end."""
        loop = asyncio.get_running_loop()
        first, longest = self._pauses
        pause = first
        while True:
            began = loop.time()
            code = await self._run_once(program, notify)
            if self._ending.is_set():
                break
            if loop.time() - began > STEADY_S:
                pause = first
            deaths = self._states[program.name].deaths + 1
            self._set(program.name, condition=Condition.PAUSED, pid=None, deaths=deaths)
            log.error("%s ended (%s), again in %.2f s", program.name, exit_in_words(code), pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)
                break
            pause = min(pause * 2, longest)
        self._set(program.name, condition=Condition.ENDED, pid=None)

    async def _run_once(self, program: Program, notify: Path) -> int:
        """Start the program and wait for its death; return its exit code."""
        process = await _spawn(program, notify)
        self._running[program.name] = process
        self._set(program.name, condition=Condition.STARTING, pid=process.pid, status="")
        log.info("%s started as process %d", program.name, process.pid)
        try:
            if self._ending.is_set():  # it was asked for while this one was being started
                process.terminate()
            code = await process.wait()
        finally:
            _kill_group(process.pid)  # whatever the program itself had started
            del self._running[program.name]
        self._set(program.name, exit_code=code)
        return code

    async def _hear(self, name: str, heard: socket.socket) -> None:
        """Take what the program says by sd_notify."""
        loop = asyncio.get_running_loop()
        while True:
            lines = (await loop.sock_recv(heard, 4096)).decode("utf-8", "replace").split("\n")
            starting = self._states[name].condition is Condition.STARTING
            if "READY=1" in lines and starting:
                self._set(name, condition=Condition.READY)
            for line in lines:
                if line.startswith("STATUS="):
                    self._set(name, status=line.removeprefix("STATUS="))

    def _set(self, name: str, **changes: object) -> None:
        before = self._states[name]
        after = self._states[name] = msgspec.structs.replace(before, **changes)
        if after == before:
            return
        self._changed.set()
        self._changed = asyncio.Event()
        if self._on_change is not None:
            self._on_change(after)

    async def _end_all(self) -> None:
        """Tell all to end; kill who has not ended within the grace; wait for the keepers."""
        self._ending.set()
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        try:
            await asyncio.wait(self._keepers, timeout=self._grace)
        finally:
            for name, process in self._running.items():
                log.error("%s did not end within %.0f s: killed", name, self._grace)
                _kill_group(process.pid)
        await asyncio.wait(self._keepers, timeout=KILLED_S)


async def keep_running(programs: Iterable[Program], service: Service, status: str) -> None:
    """Keep programs running until the service is told to end; say ``status`` when all are ready.

    The end is heard at any time, also while programs keep dying before they are ready.
    """
    async with Supervisor(programs) as supervisor, asyncio.TaskGroup() as tasks:
        ready = tasks.create_task(_say_ready(supervisor, service, status), name="say ready")
        await service.ended()
        ready.cancel()


async def _say_ready(supervisor: Supervisor, service: Service, status: str) -> None:
    await supervisor.all_ready()
    service.ready(status)


async def _spawn(program: Program, notify: Path) -> asyncio.subprocess.Process:
    command = [*OUR_PYTHON, "-m", "runtime.launch", str(os.getpid()), program.module]
    environment = {**os.environ, **program.environment, "NOTIFY_SOCKET": str(notify)}
    with contextlib.ExitStack() as stack:
        out = None if program.log is None else stack.enter_context(program.log.open("ab"))
        return await asyncio.create_subprocess_exec(
            *command,
            *program.arguments,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=environment,
            start_new_session=True,
        )


@contextlib.contextmanager
def _notify_socket(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(path))
        heard.setblocking(False)
        yield heard


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def exit_in_words(code: int) -> str:
    """Say how a process ended: its exit code, or the signal that killed it."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
