"""Durable files: whole or not at all, wherever the disk fails and whenever we are killed."""

import errno
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import DiskError, DiskFullError
from runtime.faults import FaultyDisk
from runtime.files import (
    DurableFile,
    atomic_file,
    make_folder,
    remove_durably,
    remove_leftovers,
    rename_durably,
    write_atomic,
)

OLD, NEW = b"old" * 1000, b"new" * 2000


def test_written_file_is_read_back(tmp_path: Path) -> None:
    """What was written is what is there, readable by its owner only."""
    write_atomic(tmp_path / "grant", NEW)
    assert (tmp_path / "grant").read_bytes() == NEW
    assert (tmp_path / "grant").stat().st_mode & 0o777 == 0o600


def _points_of_a_write(folder: Path) -> int:
    with FaultyDisk().installed() as disk:
        write_atomic(folder / "counted", NEW)
    return disk.points


def test_full_disk_at_every_write_point_leaves_old_or_new(tmp_path: Path) -> None:
    """Wherever the disk is full, the file holds all of the old or all of the new."""
    points = _points_of_a_write(tmp_path)
    assert points == 4  # write, fsync of the file, rename, fsync of the folder
    path = tmp_path / "file"
    for after in range(points):
        path.write_bytes(OLD)
        with FaultyDisk().installed() as disk:
            disk.full(after=after)
            with pytest.raises(DiskFullError, match=str(tmp_path)) as caught:
                write_atomic(path, NEW)
        assert caught.value.code == "disk_full"
        assert path.read_bytes() == (OLD if after < 3 else NEW)
        assert remove_leftovers(tmp_path) == []


def test_writing_goes_on_when_room_is_back(tmp_path: Path) -> None:
    """A full disk is no end: with room again the same call succeeds."""
    with FaultyDisk().installed() as disk:
        disk.full()
        with pytest.raises(DiskFullError):
            write_atomic(tmp_path / "file", NEW)
        disk.room()
        write_atomic(tmp_path / "file", NEW)
    assert (tmp_path / "file").read_bytes() == NEW


def test_broken_medium_is_told_apart_from_a_full_one(tmp_path: Path) -> None:
    """EIO is a disk error, not a full disk."""
    with FaultyDisk().installed() as disk:
        disk.hiccup(error=errno.EIO)
        with pytest.raises(DiskError, match="check the medium") as caught:
            write_atomic(tmp_path / "file", NEW)
        assert not isinstance(caught.value, DiskFullError)
        write_atomic(tmp_path / "file", NEW)


def test_other_errors_keep_their_type(tmp_path: Path) -> None:
    """A missing folder is the caller's mistake and stays a FileNotFoundError."""
    with pytest.raises(FileNotFoundError):
        write_atomic(tmp_path / "missing" / "file", NEW)


def test_block_that_raises_changes_nothing(tmp_path: Path) -> None:
    """If the writer of an atomic file gives up, the old file stays and no part is left."""
    path = tmp_path / "file"
    path.write_bytes(OLD)

    def write_and_give_up() -> None:
        with atomic_file(path) as file:
            file.write(NEW)
            raise RuntimeError("gave up")

    with pytest.raises(RuntimeError, match="gave up"):
        write_and_give_up()
    assert path.read_bytes() == OLD
    assert list(tmp_path.iterdir()) == [path]


def test_failed_write_leaves_the_file_as_long_as_it_was(tmp_path: Path) -> None:
    """Half-written bytes are cut off again, and the next write stands behind the old ones."""
    with DurableFile(tmp_path / "log") as file:
        file.write(OLD)
        with FaultyDisk().installed() as disk:
            disk.full()
            with pytest.raises(DiskFullError):
                file.write(NEW)
        assert file.length == len(OLD)
        file.write(NEW)
    assert (tmp_path / "log").read_bytes() == OLD + NEW


def test_a_file_whose_maker_was_killed_gets_its_name_durable(tmp_path: Path) -> None:
    """Made by a process that never came to the fsync of its folder: the next one owes it."""
    DurableFile(tmp_path / "upload").close()
    with FaultyDisk().installed() as disk, DurableFile(tmp_path / "upload") as file:
        file.write(b"x")
        file.sync()
        assert disk.visited["sync"] == 2  # the file, then its folder
        file.sync()
        assert disk.visited["sync"] == 3


def test_growing_file_counts_its_length(tmp_path: Path) -> None:
    """A durable file opened again goes on where it ended, and can be cut."""
    with DurableFile(tmp_path / "upload") as file:
        file.write(b"12345")
        file.sync()
    with DurableFile(tmp_path / "upload") as file:
        assert file.length == 5
        file.write(b"678")
        file.cut(6)
        file.write(b"x")
        file.sync()
        assert file.length == 7
    assert (tmp_path / "upload").read_bytes() == b"123456x"


def test_rename_and_remove_are_write_points(tmp_path: Path) -> None:
    """Renames and removals fsync every folder they touch."""
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "c")
    write_atomic(tmp_path / "a" / "b" / "file", NEW)
    with FaultyDisk().installed() as disk:
        rename_durably(tmp_path / "a" / "b" / "file", tmp_path / "c" / "file")
        remove_durably(tmp_path / "c" / "file")
    assert disk.visited == {"rename": 1, "remove": 1, "sync": 3}


_WRITER = """
import sys
from pathlib import Path
from runtime.files import write_atomic
path = Path(sys.argv[1])
n = 0
while True:
    n += 1
    write_atomic(path, n.to_bytes(8, "big") * 20_000)
    print(n, flush=True)
"""


@pytest.mark.parametrize("seed", range(8))
def test_killed_writer_leaves_a_whole_file(tmp_path: Path, seed: int) -> None:
    """After kill -9 the file is whole, and at least as new as the last one that returned."""
    path = tmp_path / "file"
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        last = 0
        for _ in range(random.Random(seed).randint(2, 9)):
            last = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().splitlines()
    last = int(rest[-1]) if rest else last
    data = path.read_bytes()
    kept = int.from_bytes(data[:8], "big")
    assert data == kept.to_bytes(8, "big") * 20_000
    assert kept in {last, last + 1}
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
