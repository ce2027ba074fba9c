"""An SQLite database of ours: opened safely, written by one thread, read by others.

Rules:

1. WAL and ``synchronous=FULL``: what is committed outlasts a power cut.
2. One process owns a database (a lock beside it), one thread in it writes: `Writer`.
3. A foreign, later or damaged file is refused before anything in it is changed.
4. Readers see one consistent moment and hold it briefly: a long read would keep the
   write-ahead log from being folded in.
5. The log is folded in beside the writer, so that no commit waits for it (`_folding`).

::

    SCHEMA = schema_of("appliance.core.schema", application_id=0x45584301)

    async with Database(folder / "core.db", SCHEMA) as database:
        number = await database.write(lambda c: c.execute("INSERT ...").lastrowid)
        rows = await database.read(lambda c: c.execute("SELECT ...").fetchall())
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar
from urllib.parse import quote

from runtime.errors import DatabaseDamagedError, DatabaseError, DatabaseInUseError, DiskError
from runtime.files import disk_errors, make_private, sync_folder
from runtime.migrations import Schema, check_ownership, migrate
from runtime.patience import patient_pool
from runtime.sqlite_errors import translating
from runtime.writer import Job, Writer

T = TypeVar("T")
Query = Callable[[sqlite3.Connection], T]

BUSY_MS: Final = 5_000
_log = logging.getLogger(__name__)
_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA wal_autocheckpoint = 8000",  # 32 MB: see `_folding`
)
_FOLD_EVERY_S: Final = 0.25
_FOLD_CHANGES: Final = 1_000
"""Changed rows, about as many pages of the log, from which on folding is worth its two flushes."""


def open_database(path: Path, schema: Schema, *, check: bool = True) -> sqlite3.Connection:
    """Open ``path`` for writing, making or upgrading it as needed. Blocks.

    The connection is in autocommit mode and may be handed to another thread. ``check`` runs
    SQLite's quick check over the whole file. Raises `DatabaseError` and `DiskError`.
    """
    make_private(path)
    with translating(path):
        connection = sqlite3.connect(
            path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path, schema, check=check)
        except BaseException:
            connection.close()
            raise
    return connection


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open an existing database for reading only."""
    with translating(path):
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro",
            uri=True,
            timeout=BUSY_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only = ON")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, schema: Schema, *, check: bool) -> None:
    check_ownership(connection, path, schema)
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise DatabaseError(f"{path}: expected a file system that can do WAL; use ext4 or xfs")
    if check:
        _quick_check(connection, path)
    connection.execute("PRAGMA synchronous = FULL")
    migrate(connection, path, schema)
    for setting in _SETTINGS:
        connection.execute(setting)
    path.chmod(0o600)
    sync_folder(path.parent)


def _quick_check(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DatabaseDamagedError(
            f"{path}: expected a sound database, SQLite says: {found}; "
            "set it aside, do not delete it, and restore the copy"
        )


class Database:
    """One database of this process: `write` through the group-committing writer, `read` beside.

    A context manager. It holds ``<name>.lock`` beside the database, so that no second
    process writes.
    """

    def __init__(self, path: Path, schema: Schema, *, readers: int = 2, check: bool = True) -> None:
        self.path = path
        self._schema = schema
        self._check = check
        self._readers = readers
        self._stack = contextlib.AsyncExitStack()
        self.writer: Writer
        self._reading: _Readers
        self._patient: _Readers

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(_owned(self.path))
            connection = await asyncio.to_thread(
                open_database, self.path, self._schema, check=self._check
            )
            self.writer = await stack.enter_async_context(Writer(connection, self.path))
            await stack.enter_async_context(_folding(self.path, self.writer))
            pool = ThreadPoolExecutor(self._readers, thread_name_prefix=f"reader {self.path.name}")
            self._reading = await stack.enter_async_context(_Readers(self.path, pool))
            pool = patient_pool(f"patient reader {self.path.name}")
            self._patient = await stack.enter_async_context(_Readers(self.path, pool))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def write(self, job: Job[T]) -> "asyncio.Future[T]":
        """Run ``job`` in the writer; the awaited result is durable. See `Writer.submit`."""
        return self.writer.submit(job)

    async def read(self, query: Query[T]) -> T:
        """Run ``query`` on a read-only connection, in a thread, at one consistent moment."""
        return await self._reading.run(query)

    async def read_patiently(self, query: Query[T]) -> T:
        """Run ``query`` as `read` does, in a thread that lets all others go first.

        Between two rows a reader lets go of the interpreter and asks for it again: thousands of
        rows are better gathered by SQL into few.
        """
        return await self._patient.run(query)


class _Readers:
    """A few threads, each with a read-only connection of its own."""

    def __init__(self, path: Path, pool: ThreadPoolExecutor) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._pool = pool

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
        for connection in self._opened:
            connection.close()

    async def run(self, query: Query[T]) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, self._query, query)

    def _query(self, query: Query[T]) -> T:
        with translating(self._path):
            connection = self._connection()
            connection.execute("BEGIN")
            try:
                return query(connection)
            finally:
                connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = open_read_only(self._path)
            self._local.connection = connection
            self._opened.append(connection)
        return connection


@contextlib.asynccontextmanager
async def _folding(path: Path, writer: Writer) -> AsyncIterator[None]:
    """Fold the write-ahead log into the database beside the writer.

    SQLite has the commit do it that finds the log long, and all who share the commit wait
    while thousands of pages are copied. Here a thread has copied most of them before; what is
    left to that commit, which alone can begin the log anew, are the last few.
    """
    ending = threading.Event()
    thread = threading.Thread(
        target=_fold, args=(path, writer, ending), name=f"folding {path.name}", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ending.set()
        await asyncio.to_thread(thread.join)


def _fold(path: Path, writer: Writer, ending: threading.Event) -> None:
    """Live in the folding thread until told to end."""
    folded = 0
    with contextlib.closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        while not ending.wait(_FOLD_EVERY_S):
            changes = writer.changes
            if changes - folded < _FOLD_CHANGES:
                continue
            folded = changes
            try:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except sqlite3.Error as error:  # a full or failing disk: the writer says so as well
                _log.warning("%s: its log is not folded in: %s", path, error)


@contextlib.contextmanager
def _owned(path: Path) -> Iterator[None]:
    """Hold the lock that says which process writes; the kernel drops it when we die."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        with disk_errors(lock):
            fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as error:
        raise DiskError(
            f"{path}: expected its folder to be there; make it, or check the mount"
        ) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseInUseError(
                f"{path}: expected to be its only writer, another process has it open; "
                "end that process, or wait until it has ended"
            ) from None
        yield
    finally:
        os.close(fd)
