"""The workers: one process per core, fed with the newest picture of each seat.

Rules:

* The event loop never looks at a picture itself.
* A worker that dies, or takes longer than ``patience`` seconds for one picture, is
  replaced; its picture fails with `WorkerLostError` and is not tried again (it may be
  what killed the worker). ``on_lost`` is told each time.
* Workers that keep dying are started again with growing pauses, up to 30 seconds.

::

    async with Pool(workers=2, on_lost=tell_core) as pool:
        look = await pool.look("seat-7", jpeg, urgent=True)

Tasks: one for each worker, owned by the pool's `runtime.tasks.Tasks`, cancelled on
leaving; each ends its process.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import msgspec

from appliance.faces.errors import NoPictureError, SupersededError, WorkerLostError
from appliance.faces.look import (
    Describe,
    FromWorker,
    Job,
    Look,
    Looked,
    Ready,
    Scale,
    Unreadable,
)
from appliance.faces.models import find_models
from appliance.faces.queue import NewestQueue
from runtime.supervise import OUR_PYTHON
from runtime.tasks import Tasks

_DECODER: Final = msgspec.msgpack.Decoder(FromWorker)
_START_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 30.0
QUEUE: Final = 512
"""Most keys that wait: the seats of a large hall twice over."""


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """A worker died or hung. ``pause_s``: how long until the next one is started."""

    pid: int
    reason: str
    pause_s: float


class _Waiting(msgspec.Struct):
    job: Job
    answer: asyncio.Future[Look]


class Pool:
    """The workers of one machine. An async context manager."""

    def __init__(
        self,
        *,
        workers: int | None = None,
        on_lost: Callable[[Lost], None] | None = None,
        patience: float = 20.0,
        limit: int = QUEUE,
    ) -> None:
        self._count = workers or len(os.sched_getaffinity(0))
        self._on_lost = on_lost
        self._patience = patience
        self._queue: NewestQueue[_Waiting] = NewestQueue(limit)
        self._news = asyncio.Condition()
        self._tasks = Tasks("faces")
        self._ready = asyncio.Event()
        self._workers: dict[int, _Worker] = {}
        self.build = ""
        """The build of dlib in words, known once a worker has started."""
        self.fast = False

    async def __aenter__(self) -> Self:
        """Start the workers and wait for the first to be ready; raise `ModelError` at once."""
        await asyncio.to_thread(find_models)
        await self._tasks.__aenter__()
        for n in range(self._count):
            self._tasks.start(f"worker {n}", self._keep_worker())
        try:
            await asyncio.wait_for(self._ready.wait(), _START_S)
        except BaseException:
            await self._tasks.__aexit__(*sys.exc_info())
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.__aexit__(kind, error, trace)
        for waiting in self._queue.empty():
            _fail(waiting, WorkerLostError("the pool has ended"))

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of the workers that are ready."""
        return tuple(self._workers)

    async def look(
        self,
        key: str,
        jpeg: bytes,
        *,
        urgent: bool = False,
        scales: tuple[Scale, ...] = (Scale.FULL,),
        describe: Describe = Describe.LARGEST,
    ) -> Look:
        """Have ``jpeg`` looked at.

        Raise `SupersededError` if a newer picture of ``key`` comes before its turn,
        `BusyError` if too much waits, `NoPictureError` if it is none, and
        `WorkerLostError` if its worker is lost over it.
        """
        waiting = _Waiting(
            Job(jpeg=jpeg, scales=scales, describe=describe),
            asyncio.get_running_loop().create_future(),
        )
        displaced = self._queue.put(key, waiting, urgent=urgent)
        if displaced is not None and not displaced.answer.done():
            displaced.answer.set_exception(
                SupersededError(f"a newer picture of {key} came before this one's turn")
            )
        async with self._news:
            self._news.notify()
        return await waiting.answer

    async def _next(self) -> _Waiting:
        async with self._news:
            while (waiting := self._queue.take()) is None or waiting.answer.done():
                if waiting is None:
                    await self._news.wait()
            return waiting

    async def _keep_worker(self) -> None:
        """Keep one worker running, whatever happens to it."""
        failures = 0
        while True:
            worker = _Worker()
            try:
                await self._run(worker)
            except WorkerLostError as error:
                failures = 0 if worker.answered else failures + 1
                pause = min(_LONGEST_PAUSE_S, 0.25 * 2**failures) if failures else 0.0
                if self._on_lost is not None:
                    self._on_lost(Lost(pid=worker.pid, reason=str(error), pause_s=pause))
                await asyncio.sleep(pause)

    async def _run(self, worker: "_Worker") -> None:
        """Serve with one process until it ends; raise `WorkerLostError` then."""
        async with worker:
            self._introduce(worker)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(worker.watch())
                    group.create_task(self._serve_all(worker))
            except ExceptionGroup as errors:
                lost, others = errors.split(WorkerLostError)
                if lost is None or others is not None:
                    raise
                raise lost.exceptions[0] from errors
            finally:
                self._workers.pop(worker.pid, None)

    async def _serve_all(self, worker: "_Worker") -> None:
        while True:
            await self._serve(worker, await self._next())

    def _introduce(self, worker: "_Worker") -> None:
        self.build, self.fast = worker.ready.build, worker.ready.fast
        self._workers[worker.pid] = worker
        self._ready.set()

    async def _serve(self, worker: "_Worker", waiting: _Waiting) -> None:
        try:
            async with asyncio.timeout(self._patience):
                look = await worker.look(waiting.job)
        except NoPictureError as error:
            _fail(waiting, error)
        except (WorkerLostError, TimeoutError) as error:
            lost = WorkerLostError(f"worker {worker.pid} was lost over a picture: {error!r}")
            _fail(waiting, lost)
            raise lost from error
        except asyncio.CancelledError:  # the process ended, or the pool does
            _fail(waiting, WorkerLostError(f"worker {worker.pid} ended over a picture"))
            raise
        else:
            worker.answered += 1
            if not waiting.answer.done():
                waiting.answer.set_result(look)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)


class _Worker:
    """One process and its two pipes."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process
        self.ready: Ready
        self.pid = 0
        self.answered = 0

    async def __aenter__(self) -> Self:
        """Start the process and wait for its models; raise `WorkerLostError` if it fails."""
        paths = os.pathsep.join(path for path in sys.path if path)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(*OUR_PYTHON, "-m", "appliance.faces.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": paths},
            )
        except OSError as error:
            raise WorkerLostError(f"no process could be started: {error}") from error
        self.pid = self._process.pid
        try:
            self.ready = await self._greeting()
        except BaseException:
            await self._end()
            raise
        return self

    async def _greeting(self) -> Ready:
        try:
            async with asyncio.timeout(_START_S):
                answer = await self._read()
        except TimeoutError as error:
            raise WorkerLostError(f"process {self.pid}: no greeting in {_START_S} s") from error
        if not isinstance(answer, Ready):
            raise WorkerLostError(f"expected process {self.pid} to greet, got {answer!r}")
        return answer

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def watch(self) -> None:
        """Raise `WorkerLostError` when the process ends, busy or idle."""
        raise WorkerLostError(f"process {self.pid} ended with {await self._process.wait()}")

    async def look(self, job: Job) -> Look:
        """Send ``job`` and wait for its answer."""
        writer = self._process.stdin
        assert writer is not None
        data = msgspec.msgpack.encode(job)
        try:
            writer.write(len(data).to_bytes(4, "big") + data)
            await writer.drain()
        except ConnectionError as error:
            raise WorkerLostError(f"process {self.pid} has died") from error
        match await self._read():
            case Looked(look=look):
                return look
            case Unreadable(text=text):
                raise NoPictureError(text)
            case other:
                raise WorkerLostError(f"expected a look, got {other!r}")

    async def _read(self) -> FromWorker:
        reader = self._process.stdout
        assert reader is not None
        try:
            size = int.from_bytes(await reader.readexactly(4), "big")
            answer: FromWorker = _DECODER.decode(await reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            status = await self._process.wait()
            raise WorkerLostError(f"process {self.pid} ended with {status}") from error
        return answer

    async def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
