"""A disk that fails where a test or a drill says.

It stands where `runtime.files.Disk` stands, so what does not fail is real::

    with FaultyDisk().installed() as disk:
        disk.full(after=3)      # three more write points pass, then there is no room
        ...
        disk.room()             # somebody made room
        print(disk.points, disk.visited)

A write that fails for want of room has written half of its bytes, as on a real disk.
"""

import contextlib
import errno
import os
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from runtime.files import Data, Disk, use_disk

_SQLITE = {
    errno.ENOSPC: ("database or disk is full", sqlite3.SQLITE_FULL),
    errno.EIO: ("disk I/O error", sqlite3.SQLITE_IOERR_FSYNC),
}


class FaultyDisk(Disk):
    """Counts write points; fails those it was told to fail. Safe between threads."""

    def __init__(self) -> None:
        self.points = 0
        """Write points met since the beginning, failed ones included."""
        self.visited: Counter[str] = Counter()
        """The same by kind: write, sync, rename, remove, commit."""
        self._lock = threading.Lock()
        self._passing: int | None = None
        self._error = errno.ENOSPC
        self._once = False

    @contextlib.contextmanager
    def installed(self) -> Iterator[Self]:
        """Be the disk of this process for a while."""
        with use_disk(self):
            yield self

    def full(self, *, after: int = 0) -> None:
        """Let ``after`` more write points pass, then fail all with ENOSPC until `room`."""
        self._plan(after, errno.ENOSPC, once=False)

    def broken(self, *, after: int = 0) -> None:
        """Let ``after`` more write points pass, then fail all with EIO until `room`."""
        self._plan(after, errno.EIO, once=False)

    def hiccup(self, *, after: int = 0, error: int = errno.EIO) -> None:
        """Let ``after`` more write points pass, then fail a single one."""
        self._plan(after, error, once=True)

    def room(self) -> None:
        """Work again."""
        with self._lock:
            self._passing = None

    def write(self, fd: int, data: Data) -> None:
        """Write, or write half and fail."""
        error = self._visit("write")
        if error:
            half = memoryview(data).cast("B")
            super().write(fd, half[: len(half) // 2])
            raise OSError(error, os.strerror(error))
        super().write(fd, data)

    def sync(self, fd: int) -> None:
        """Flush, or fail."""
        self._pass_or_raise("sync")
        super().sync(fd)

    def rename(self, source: Path, target: Path) -> None:
        """Rename, or fail."""
        self._pass_or_raise("rename")
        super().rename(source, target)

    def remove(self, path: Path) -> None:
        """Remove, or fail."""
        self._pass_or_raise("remove")
        super().remove(path)

    def commit(self, connection: sqlite3.Connection) -> None:
        """Commit, or fail as SQLite fails."""
        error = self._visit("commit")
        if error:
            raise _sqlite_error(error)
        super().commit(connection)

    def _plan(self, after: int, error: int, *, once: bool) -> None:
        with self._lock:
            self._passing, self._error, self._once = after, error, once

    def _visit(self, kind: str) -> int:
        """Count one write point; return the errno it is to fail with, or 0."""
        with self._lock:
            self.points += 1
            self.visited[kind] += 1
            if self._passing is None:
                return 0
            if self._passing > 0:
                self._passing -= 1
                return 0
            if self._once:
                self._passing = None
            return self._error

    def _pass_or_raise(self, kind: str) -> None:
        error = self._visit(kind)
        if error:
            raise OSError(error, os.strerror(error))


def _sqlite_error(error: int) -> sqlite3.OperationalError:
    message, code = _SQLITE.get(error, _SQLITE[errno.EIO])
    made = sqlite3.OperationalError(message)
    made.sqlite_errorcode = code
    return made
