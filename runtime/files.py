"""Durable files: once a function here has returned, a power cut does not undo it.

Rules:

1. A file appears whole or not at all: written beside its place, fsynced, renamed,
   and then its folder is fsynced, since the rename itself lives there.
2. A failed append leaves the file as long as it was.
3. Every durable write of the product, commits of databases included, is a method of
   `Disk`. Tests put a `runtime.faults.FaultyDisk` there, count these *write points* and
   fail each of them in turn.
4. No room is `DiskFullError`, a refusing medium `DiskError`; both say which file.

Everything here blocks: on an event loop, call it through ``asyncio.to_thread``::

    write_atomic(folder / "grant.json", data)
    with atomic_file(folder / "paper.age") as file:
        for chunk in chunks:
            file.write(chunk)
"""

import contextlib
import errno
import os
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from runtime.errors import DiskError, DiskFullError

Data = bytes | bytearray | memoryview
"""What can be written."""

_PART: Final = ".part"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_REFUSED: Final = frozenset({errno.EIO, errno.EROFS, errno.ENODEV, errno.ENXIO})


class Disk:
    """The few calls by which bytes become durable: each call is one write point."""

    def write(self, fd: int, data: Data) -> None:
        """Write all of ``data`` at the file's position."""
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[os.write(fd, rest) :]

    def sync(self, fd: int) -> None:
        """Return when the medium has the file (or folder) behind ``fd``."""
        os.fsync(fd)

    def rename(self, source: Path, target: Path) -> None:
        """Put ``source`` in the place of ``target``."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Take the name away."""
        path.unlink()

    def commit(self, connection: sqlite3.Connection) -> None:
        """Commit the open transaction; with ``synchronous=FULL`` SQLite flushes within."""
        connection.execute("COMMIT")


class _Seam:
    disk: Disk = Disk()


def disk() -> Disk:
    """Return the disk that durable writes go through now."""
    return _Seam.disk


@contextlib.contextmanager
def use_disk(other: Disk) -> Iterator[None]:
    """Send every durable write of this process through ``other`` for a while (tests, drill)."""
    before, _Seam.disk = _Seam.disk, other
    try:
        yield
    finally:
        _Seam.disk = before


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the system's errors about the medium into `DiskFullError` and `DiskError`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                f"{path}: expected room to write, the disk is full ({error.strerror}); "
                "nothing was half written: make room, then it goes on"
            ) from error
        if error.errno in _REFUSED:
            raise DiskError(
                f"{path}: expected the disk to take the data, got {error.strerror}; "
                "check the medium and its cable"
            ) from error
        raise


class DurableFile:
    """An open file to which bytes are appended; they are durable once `sync` has returned.

    For things that grow for a while: uploads and recordings. If a `write` fails, the
    file is cut back to its length before it. Use as a context manager.
    """

    def __init__(self, path: Path, *, mode: int = 0o600) -> None:
        self.path = path
        with disk_errors(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._fd = os.open(path, flags, mode)
        self.length = os.fstat(self._fd).st_size
        self._folder_owed = True  # also where it is there: who made it may have been killed

    def write(self, data: Data) -> None:
        """Append ``data``, or leave the file as it was and raise."""
        try:
            with disk_errors(self.path):
                disk().write(self._fd, data)
        except BaseException:
            os.ftruncate(self._fd, self.length)
            raise
        self.length += memoryview(data).nbytes

    def sync(self) -> None:
        """Return when everything appended so far, and the file's name, is durable."""
        with disk_errors(self.path):
            disk().sync(self._fd)
        if self._folder_owed:
            sync_folder(self.path.parent)
            self._folder_owed = False

    def cut(self, length: int) -> None:
        """Shorten the file to ``length`` bytes; durable after the next `sync`."""
        os.ftruncate(self._fd, length)
        self.length = length

    def close(self) -> None:
        """Close the file without making anything durable."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextlib.contextmanager
def atomic_file(path: Path, *, mode: int = 0o600) -> Iterator[DurableFile]:
    """Give a file to write; it takes the place of ``path`` when the block ends well.

    If the block raises, ``path`` is as it was and nothing is left beside it. If only the
    folder's fsync fails, the new file is in place but may not outlast a power cut: the
    error says so, and writing again is right.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}{_PART}")
    try:
        with DurableFile(part, mode=mode) as file:
            yield file
            with disk_errors(path):
                disk().sync(file._fd)  # noqa: SLF001 - the folder is synced once, after the rename
        with disk_errors(path):
            disk().rename(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_atomic(path: Path, data: Data, *, mode: int = 0o600) -> None:
    """Make ``path`` hold exactly ``data``, durably.

    On an error ``path`` holds all of the old or all of the new content: write again.
    """
    with atomic_file(path, mode=mode) as file:
        file.write(data)


def rename_durably(source: Path, target: Path) -> None:
    """Move ``source`` to ``target`` on the same file system."""
    with disk_errors(target):
        disk().rename(source, target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)


def remove_durably(path: Path) -> None:
    """Delete a file so that it does not come back after a power cut."""
    with disk_errors(path):
        disk().remove(path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Make durable a file that a library wrote (OpenCV, age): its bytes, not its name."""
    _sync_path(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Make durable the names in ``folder``."""
    _sync_path(folder, os.O_RDONLY | os.O_DIRECTORY)


def make_folder(folder: Path, *, mode: int = 0o700) -> None:
    """Make ``folder`` and its parents, durably; an existing one is left as it is."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode=mode)
    with disk_errors(folder):
        folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def make_private(path: Path) -> None:
    """Make an empty file that is ours alone, for a library that makes its own more open.

    SQLite gives its write-ahead log the rights that the database has at that moment. One that
    is there is not opened: closing it would drop the locks that this process holds on it.
    Where the file cannot be made, whoever opens it next says why.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with (
        contextlib.suppress(FileExistsError, FileNotFoundError, PermissionError),
        disk_errors(path),
    ):
        os.close(os.open(path, flags, 0o600))


def remove_leftovers(folder: Path) -> list[Path]:
    """Delete what `atomic_file` left in ``folder`` when its process was killed."""
    leftovers = sorted(folder.glob(f".*{_PART}"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return leftovers


def _sync_path(path: Path, flags: int) -> None:
    with disk_errors(path):
        fd = os.open(path, flags | os.O_CLOEXEC)
        try:
            disk().sync(fd)
        finally:
            os.close(fd)
