"""Group commit: one thread owns the connection, and makes many jobs durable by one flush.

Jobs are functions ``(connection) -> result``, submitted from one event loop. What is
submitted in one turn of the loop is handed over together, so that the thread is not woken
for each. The writer takes everything that waits (up to `GROUP`), runs each within a
savepoint of one transaction, commits once - which with ``synchronous=FULL`` returns only
when the medium has it - and only then resolves the futures, all in one call to the loop.

Rules:

1. A result exists only after the commit: awaiting it is the permission to acknowledge.
2. A job that raises undoes its own rows and fails its own future, nothing else.
3. A commit that fails, undoes and fails the whole group; the writer goes on with the next.
4. A job once submitted runs, even if whoever waited for it was cancelled.
5. A job touches the connection and nothing else, quickly: it runs in the writer's thread,
   and never begins, commits or rolls back.

::

    n = await writer.submit(lambda c: c.execute("INSERT ...").lastrowid)
"""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar, cast

from runtime.errors import DatabaseBusyError, DatabaseClosedError
from runtime.files import disk
from runtime.sqlite_errors import translated

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]
_Waiting = tuple[Job[object], "asyncio.Future[object]"]
_Outcome = tuple[object, BaseException | None]

GROUP: Final = 512
"""Most jobs in one transaction: bounds how long one commit makes the others wait."""
WAITING: Final = 20_000
"""Most jobs that may wait: beyond it the caller is told to come again."""


class Writer:
    """The only writer of one database; a context manager on the loop that submits."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        group: int = GROUP,
        waiting: int = WAITING,
    ) -> None:
        """Own ``connection``: opened with ``check_same_thread=False, isolation_level=None``."""
        self.groups = 0
        """Transactions tried so far."""
        self.jobs = 0
        """Jobs in them."""
        self.changes = 0
        """Rows that they have changed."""
        self._connection = connection
        self._path = path
        self._group = group
        self._limit = waiting
        self._pending = 0
        self._closing = False
        self._gathered: list[_Waiting] = []
        """Submitted in this turn of the loop."""
        self._queue: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._left: list[_Waiting] = []
        """Taken by the thread, and more than one group holds."""
        self._thread = threading.Thread(target=self._run, name=f"writer {path.name}", daemon=True)
        self._ended: asyncio.Future[None]

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish every job that waits, then close the connection."""
        self._closing = True
        self._hand_over()
        self._queue.put(None)
        await asyncio.shield(self._ended)

    def submit(self, job: Job[T]) -> "asyncio.Future[T]":
        """Hand ``job`` in; its result is there once the commit that holds it is durable.

        Await the future: it raises what the job raised, `DiskFullError`, `DiskError` or
        another `DatabaseError`. Raises `DatabaseBusyError` at once where too many wait and
        `DatabaseClosedError` after the end. To be called on the writer's loop.
        """
        if self._closing:
            raise DatabaseClosedError(f"{self._path}: the writer has ended; restart the service")
        if self._pending >= self._limit:
            raise DatabaseBusyError(
                f"{self._path}: expected at most {self._limit} waiting jobs; try again in a second"
            )
        self._pending += 1
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((job, cast("asyncio.Future[object]", future)))
        return future

    def _hand_over(self) -> None:
        """On the loop: give the thread what was submitted in this turn."""
        if self._gathered:
            self._queue.put(self._gathered)
            self._gathered = []

    def _run(self) -> None:
        """Live in the writer's thread until told to end."""
        fault: BaseException | None = None
        group: list[_Waiting] = []
        try:
            with contextlib.closing(self._connection):
                while group := self._take():
                    outcomes = self._perform(group)
                    self._loop.call_soon_threadsafe(self._resolve, group, outcomes)
        except BaseException as error:  # noqa: BLE001 - handed to every waiter and to the loop
            fault = error
        self._loop.call_soon_threadsafe(self._end, group, fault)

    def _take(self) -> list[_Waiting]:
        """Wait for jobs, then take all that wait; an empty list means: end.

        The end mark is the last thing ever put in, so it is put back until it comes alone.
        """
        waiting, self._left = self._left, []
        try:
            while len(waiting) < self._group:
                more = self._queue.get(block=not waiting)
                if more is None:
                    if waiting:
                        self._queue.put(None)
                    break
                waiting.extend(more)
        except queue.Empty:
            pass
        self._left = waiting[self._group :]
        return waiting[: self._group]

    def _perform(self, group: list[_Waiting]) -> list[_Outcome]:
        """Run the jobs in one transaction; say what became of each."""
        self.groups += 1
        self.jobs += len(group)
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [_attempt(connection, job) for job, _ in group]
            disk().commit(connection)
            self.changes = connection.total_changes
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return [(None, self._meaning(error)) for _ in group]
        return [(value, self._meaning(fault)) for value, fault in outcomes]

    def _meaning(self, fault: BaseException | None) -> BaseException | None:
        if not isinstance(fault, sqlite3.Error):
            return fault
        meaning = translated(fault, self._path)
        if meaning is not fault:
            meaning.__cause__ = fault
        return meaning

    def _resolve(self, group: list[_Waiting], outcomes: list[_Outcome]) -> None:
        """On the loop: give every waiter its result, all of one commit together."""
        self._pending -= len(group)
        for (_, future), (value, fault) in zip(group, outcomes, strict=True):
            if future.done():  # cancelled by its waiter; the commit stands
                continue
            if fault is None:
                future.set_result(value)
            else:
                future.set_exception(fault)

    def _end(self, group: list[_Waiting], fault: BaseException | None) -> None:
        """On the loop: the thread is over. If it died, nobody is left waiting."""
        self._closing = True
        if fault is None:
            self._ended.set_result(None)
            return
        self._hand_over()
        group.extend(self._left)
        while not self._queue.empty():
            group.extend(self._queue.get_nowait() or ())
        reason = DatabaseClosedError(f"{self._path}: the writer died; restart the service")
        reason.__cause__ = fault
        self._resolve(group, [(None, reason)] * len(group))
        self._ended.set_exception(reason)

    async def watch(self) -> None:
        """Return when the writer has ended; raise `DatabaseClosedError` if it died.

        A service keeps this as one of its tasks, so that a dead writer ends the service.
        """
        await asyncio.shield(self._ended)


def _attempt(connection: sqlite3.Connection, job: Job[object]) -> _Outcome:
    """Run one job in its savepoint. Raises only where the whole transaction is lost."""
    connection.execute("SAVEPOINT job")
    try:
        value = job(connection)
    except Exception as error:
        if not connection.in_transaction:  # SQLite undid everything, as for a full disk
            raise _transaction_lost(error) from error
        connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")
        return None, error
    connection.execute("RELEASE job")
    return value, None


def _transaction_lost(error: Exception) -> sqlite3.Error:
    if isinstance(error, sqlite3.Error):
        return error
    return sqlite3.ProgrammingError(f"a job ended the transaction of its group: {error!r}")
