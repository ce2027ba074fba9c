"""Supervised tasks: each has a name and a deadline, and none dies unheard.

::

    async with Tasks("courier") as tasks:
        tasks.start("send parcels", sender.run(), deadline=10)
        tasks.start("watch the writer", database.writer.watch())
        ...

Rules:

1. A task that raises is logged with its traceback and ends the block: what stands in it is
   cancelled and `ServiceError` comes out, with the cause chained.
2. So does a task that returns or is cancelled by somebody else, unless it was started with
   ``may_end=True``.
3. Leaving the block cancels the tasks, the last one first, and waits for each until its
   deadline. Who is not done by then is named in the log and left behind.
"""

import asyncio
import logging
from collections.abc import Coroutine
from types import TracebackType
from typing import Final, Self

from runtime.errors import ServiceError

log = logging.getLogger(__name__)

DEADLINE: Final = 5.0
"""Seconds that a task has to end after it was cancelled, if nothing else was said."""


class Tasks:
    """The tasks of one owner; a context manager."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._running: dict[asyncio.Task[object], float] = {}
        self._fault: ServiceError | None = None
        self._leaving = False
        self._parent: asyncio.Task[object] | None = None
        self._interrupted = False

    async def __aenter__(self) -> Self:
        self._parent = asyncio.current_task()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leaving = True
        was_cancelled = isinstance(error, asyncio.CancelledError)
        try:
            await self._end_all()
        except asyncio.CancelledError:
            if was_cancelled or not self._interrupted:
                raise
            await self._end_all()  # it was our own cancellation, which came after the block
        if self._fault is None:
            return
        if self._interrupted and self._parent is not None and self._parent.uncancel():
            return  # somebody else cancelled too: that goes on outwards
        if error is None or was_cancelled:
            raise self._fault

    def start(
        self,
        name: str,
        work: Coroutine[object, object, object],
        *,
        deadline: float = DEADLINE,
        may_end: bool = False,
    ) -> asyncio.Task[object]:
        """Run ``work`` until it ends or the block is left; ``deadline`` in seconds."""
        if self._leaving or self._parent is None:
            work.close()
            raise ServiceError(f"{self._owner}: expected to start {name!r} within the block")
        loop = asyncio.get_running_loop()
        task: asyncio.Task[object] = loop.create_task(work, name=f"{self._owner}: {name}")
        self._running[task] = deadline
        task.add_done_callback(self._ended_quietly if may_end else self._ended)
        return task

    @property
    def names(self) -> list[str]:
        """The tasks that run now, as ``owner: name``."""
        return [task.get_name() for task in self._running]

    def _ended_quietly(self, task: asyncio.Task[object]) -> None:
        if task.cancelled() or task.exception() is None:
            self._running.pop(task, None)
        else:
            self._ended(task)

    def _ended(self, task: asyncio.Task[object]) -> None:
        deadline = self._running.pop(task, None)
        if task.cancelled():
            if self._leaving or deadline is None:
                return
            self._fail(task, "was cancelled by somebody else", None)
        elif (error := task.exception()) is not None:
            log.error("%s crashed", task.get_name(), exc_info=error)
            self._fail(task, f"crashed: {error}", error)
        elif not self._leaving:
            self._fail(task, "ended although nobody had asked it to", None)

    def _fail(self, task: asyncio.Task[object], what: str, cause: BaseException | None) -> None:
        if self._fault is not None:
            return
        self._fault = ServiceError(f"{task.get_name()} {what}")
        self._fault.__cause__ = cause
        if not self._leaving and self._parent is not None:
            self._interrupted = self._parent.cancel()

    async def _end_all(self) -> None:
        try:
            for task, deadline in reversed(list(self._running.items())):
                await self._end(task, deadline)
        except asyncio.CancelledError:  # in a hurry: nobody is waited for any more
            for task in self._running:
                task.cancel()
            raise

    async def _end(self, task: asyncio.Task[object], deadline: float) -> None:
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=deadline)
        if not done:
            log.error("%s did not end within %.1f s: left behind", task.get_name(), deadline)
            self._running.pop(task, None)
