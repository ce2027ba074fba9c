"""What SQLite's result codes mean to us (sqlite.org/rescode.html)."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runtime.errors import (
    DatabaseBusyError,
    DatabaseDamagedError,
    DatabaseForeignError,
    DiskError,
    DiskFullError,
    MachineryError,
)

_MEANING: Final[dict[int, tuple[type[MachineryError], str]]] = {
    sqlite3.SQLITE_FULL: (
        DiskFullError,
        "expected room to write, the disk is full; nothing was kept: make room, then it goes on",
    ),
    sqlite3.SQLITE_IOERR: (
        DiskError,
        "expected the disk to answer, got an input/output error; check the medium and its cable",
    ),
    sqlite3.SQLITE_READONLY: (
        DiskError,
        "expected a database that can be written, it is read-only; check the mount and its owner",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        DiskError,
        "expected the file to open; check that its folder is there, is ours and has room",
    ),
    sqlite3.SQLITE_BUSY: (
        DatabaseBusyError,
        "expected to write, but another program holds the database; end that program",
    ),
    sqlite3.SQLITE_LOCKED: (
        DatabaseBusyError,
        "expected to write, but a reader of this program holds the table; try again",
    ),
    sqlite3.SQLITE_CORRUPT: (
        DatabaseDamagedError,
        "SQLite finds it damaged; set it aside, do not delete it, and restore the copy",
    ),
    sqlite3.SQLITE_NOTADB: (
        DatabaseForeignError,
        "expected an SQLite database, the file is something else; is this the right file?",
    ),
}


def translated(error: sqlite3.Error, path: Path) -> Exception:
    """Return the fault of the medium or file that ``error`` stands for, else ``error`` itself.

    A broken constraint or a mistake in SQL is the caller's and is returned as it is.
    """
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or (code & 0xFF) not in _MEANING:
        return error
    kind, text = _MEANING[code & 0xFF]
    return kind(f"{path}: {text} ({error}, {getattr(error, 'sqlite_errorname', code)})")


@contextlib.contextmanager
def translating(path: Path) -> Iterator[None]:
    """Raise the translated fault of any SQLite error within the block."""
    try:
        yield
    except sqlite3.Error as error:
        fault = translated(error, path)
        if fault is error:
            raise
        raise fault from error
