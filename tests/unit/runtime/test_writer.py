"""Group commit: a result exists only when it is durable, and nobody pays for another's fault."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.errors import (
    DatabaseBusyError,
    DatabaseClosedError,
    DiskError,
    DiskFullError,
)
from runtime.faults import FaultyDisk
from runtime.writer import Writer
from tests import tracing


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An open database with one table of unique numbers."""
    made = sqlite3.connect(tmp_path / "db", isolation_level=None, check_same_thread=False)
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("PRAGMA synchronous = FULL")
    made.execute("CREATE TABLE answer (n INTEGER PRIMARY KEY, text TEXT) STRICT")
    yield made
    made.close()


def insert(n: int):
    """Return a job that inserts ``n`` and gives it back."""

    def job(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO answer VALUES (?, 'x')", (n,))
        return n

    return job


def rows(path: Path) -> list[int]:
    """Read the numbers with a connection of its own."""
    reader = sqlite3.connect(path)
    try:
        return [n for (n,) in reader.execute("SELECT n FROM answer ORDER BY n")]
    finally:
        reader.close()


async def test_result_is_visible_to_others_when_it_is_there(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """Whoever has the result can read the row through another connection."""
    async with Writer(connection, tmp_path / "db") as writer:
        assert await writer.submit(insert(7)) == 7
        assert rows(tmp_path / "db") == [7]


async def test_waiting_jobs_share_one_transaction(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """A hundred jobs submitted together cost a handful of commits, not a hundred."""
    with FaultyDisk().installed() as disk:
        async with Writer(connection, tmp_path / "db") as writer:
            results = await asyncio.gather(*(writer.submit(insert(n)) for n in range(100)))
    assert results == list(range(100))
    assert writer.jobs == 100
    assert disk.visited["commit"] == writer.groups <= 5


async def test_group_has_a_bound(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """No transaction holds more jobs than the bound."""
    async with Writer(connection, tmp_path / "db", group=10) as writer:
        await asyncio.gather(*(writer.submit(insert(n)) for n in range(100)))
    assert writer.groups >= 10


async def test_failing_job_fails_alone(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """A job that raises undoes its own rows; its neighbours of the same commit stand."""

    def insert_and_fail(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO answer VALUES (50, 'mine')")
        raise ValueError("changed my mind")

    async with Writer(connection, tmp_path / "db") as writer:
        first, bad, double, last = await asyncio.gather(
            writer.submit(insert(1)),
            writer.submit(insert_and_fail),
            writer.submit(insert(1)),
            writer.submit(insert(2)),
            return_exceptions=True,
        )
    assert (first, last) == (1, 2)
    assert isinstance(bad, ValueError)
    assert isinstance(double, sqlite3.IntegrityError)
    assert rows(tmp_path / "db") == [1, 2]


async def test_failed_commit_fails_its_whole_group_and_no_other(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """A full disk at the commit: nobody of the group has a result or a row, the next group has."""
    with FaultyDisk().installed() as disk:
        async with Writer(connection, tmp_path / "db") as writer:
            disk.full()
            results = await asyncio.gather(
                *(writer.submit(insert(n)) for n in range(20)), return_exceptions=True
            )
            assert all(isinstance(result, DiskFullError) for result in results)
            assert len({id(result) for result in results}) == 20
            assert rows(tmp_path / "db") == []
            disk.room()
            assert await writer.submit(insert(3)) == 3
    assert rows(tmp_path / "db") == [3]


async def test_input_output_error_is_told_apart(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """EIO at the commit is a disk error with the file's name, not a full disk."""
    with FaultyDisk().installed() as disk:
        async with Writer(connection, tmp_path / "db") as writer:
            disk.hiccup()
            with pytest.raises(DiskError, match="check the medium") as caught:
                await writer.submit(insert(1))
            assert not isinstance(caught.value, DiskFullError)
            assert caught.value.__cause__ is not None


async def test_full_disk_at_each_commit_in_turn(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """Wherever the disk is full, the rows are exactly those whose jobs gave a result."""
    kept = []
    for after in range(12):
        with FaultyDisk().installed() as disk:
            async with Writer(connection_to(tmp_path / "db"), tmp_path / "db") as writer:
                disk.full(after=after)
                for n in range(10):
                    try:
                        kept.append(await writer.submit(insert(after * 100 + n)))
                    except DiskFullError:
                        disk.room()
        assert disk.visited["commit"] == 10
    assert rows(tmp_path / "db") == kept
    assert len(kept) == 12 * 10 - 10


def connection_to(path: Path) -> sqlite3.Connection:
    """Open the database once more, since each writer closes its own."""
    made = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    made.execute("PRAGMA synchronous = FULL")
    return made


async def test_job_that_ends_the_transaction_fails_the_group(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """A job that rolls back by itself gives nobody a result for rows that are gone."""

    def roll_back(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")

    async with Writer(connection, tmp_path / "db") as writer:
        results = await asyncio.gather(
            writer.submit(insert(1)), writer.submit(roll_back), return_exceptions=True
        )
        assert all(isinstance(result, sqlite3.Error) for result in results)
        assert await writer.submit(insert(2)) == 2
    assert rows(tmp_path / "db") == [2]


async def test_cancelled_waiter_does_not_undo_its_job(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """Who stops waiting loses the result only; the job is done and the others go on."""
    async with Writer(connection, tmp_path / "db") as writer:
        writer.submit(insert(1)).cancel()
        assert await writer.submit(insert(2)) == 2
    assert rows(tmp_path / "db") == [1, 2]


async def test_leaving_finishes_what_waits(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """Everything submitted before the end is committed before the writer has ended."""
    async with Writer(connection, tmp_path / "db", group=7) as writer:
        futures = [writer.submit(insert(n)) for n in range(50)]
    assert [future.result() for future in futures] == list(range(50))
    with pytest.raises(DatabaseClosedError):
        writer.submit(insert(99))


async def test_too_many_waiting_jobs_are_refused(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """Beyond the bound a caller is told to come again, and later may."""
    async with Writer(connection, tmp_path / "db", waiting=3) as writer:
        waiting = [writer.submit(insert(n)) for n in range(3)]
        with pytest.raises(DatabaseBusyError, match="at most 3"):
            writer.submit(insert(9))
        await asyncio.gather(*waiting)
        assert await writer.submit(insert(9)) == 9


async def test_dying_thread_leaves_nobody_waiting(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    """If the writer's thread dies, every waiter and the watcher hear of it."""

    def die(connection: sqlite3.Connection) -> None:
        raise SystemExit

    writer = await Writer(connection, tmp_path / "db").__aenter__()
    waiting = [writer.submit(die), writer.submit(insert(1))]
    with pytest.raises(DatabaseClosedError, match="died"):
        await writer.watch()
    for future in waiting:
        with pytest.raises(DatabaseClosedError):
            await future


_ACKNOWLEDGING = """
import asyncio, os, sys
from pathlib import Path
from runtime.database import open_database
from runtime.migrations import Migration, Schema
from runtime.writer import Writer

SCHEMA = Schema(application_id=1, migrations=(
    Migration(number=1, name="one", sql="CREATE TABLE answer (text TEXT) STRICT"),))

async def main():
    path = Path(sys.argv[1])
    async with Writer(open_database(path, SCHEMA), path) as writer:
        for n in range(5):
            await writer.submit(lambda c: c.execute(
                "INSERT INTO answer VALUES (?)", (f"answer-{n}-" * 3000,)))
            os.write(1, f"acknowledged {n}\\n".encode())

asyncio.run(main())
"""


def test_flush_ends_before_the_result_is_there(tmp_path: Path) -> None:
    """In the trace each answer is written to the log, then flushed, and then acknowledged."""
    calls = tracing.trace(["-c", _ACKNOWLEDGING, str(tmp_path / "core.db")], tmp_path / "trace")
    previous = None
    for n in range(5):
        said = tracing.first(calls, "write", f"acknowledged {n}")
        written = [
            call
            for call in calls
            if call.name == "pwrite64"
            and "core.db-wal" in call.arguments
            and call.ended < said.begun
            and (previous is None or call.begun > previous.ended)
        ]
        assert written
        assert tracing.flushed_between(calls, "core.db-wal", written[-1], said)
        previous = said


_FILLING = """
import asyncio, os, sys
from pathlib import Path
from runtime.database import open_database
from runtime.errors import DiskFullError
from runtime.migrations import Migration, Schema
from runtime.writer import Writer

SCHEMA = Schema(application_id=1, migrations=(
    Migration(number=1, name="one", sql="CREATE TABLE answer (n INTEGER, text BLOB) STRICT"),))

async def main():
    path = Path(sys.argv[1]) / "db"
    ballast = path.with_name("ballast")
    ballast.write_bytes(bytes(1 << 20))
    kept, refused = [], 0
    async with Writer(open_database(path, SCHEMA), path) as writer:
        def insert(n):
            return lambda c: c.execute("INSERT INTO answer VALUES (?, randomblob(3000))", (n,))
        n = 0
        while refused < 30:
            group = list(range(n, n + 5)); n += 5
            results = await asyncio.gather(
                *(writer.submit(insert(i)) for i in group), return_exceptions=True)
            for i, result in zip(group, results):
                if isinstance(result, DiskFullError):
                    refused += 1
                elif isinstance(result, BaseException):
                    raise result
                else:
                    kept.append(i)
        ballast.unlink()
        for i in range(n, n + 50):
            await writer.submit(insert(i)); kept.append(i)
    connection = open_database(path, SCHEMA)
    stored = [n for (n,) in connection.execute("SELECT n FROM answer ORDER BY n")]
    assert stored == kept, (stored, kept)
    print(len(kept), "kept", refused, "refused")

asyncio.run(main())
"""


@pytest.mark.parametrize("kilobytes", [2048, 2051, 2077, 2300])
def test_really_full_disk_loses_nothing_acknowledged(tmp_path: Path, kilobytes: int) -> None:
    """On a real disk run full, exactly the acknowledged rows are there; with room it goes on."""
    folder = tmp_path / "disk"
    folder.mkdir()
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "-r", "--mount"]
    script = f'mount -t tmpfs -o size={kilobytes}k disk "$1" && exec "$2" -c "$3" "$1"'
    done = subprocess.run(
        [*unshare, "sh", "-c", script, "sh", str(folder), sys.executable, _FILLING],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "kept" in done.stdout


_ENDLESS = """
import asyncio, itertools, sys
from pathlib import Path
from runtime.database import open_database
from runtime.migrations import Migration, Schema
from runtime.writer import Writer

SCHEMA = Schema(application_id=1, migrations=(
    Migration(number=1, name="one", sql="CREATE TABLE answer (n INTEGER, text TEXT) STRICT"),))

async def main():
    path = Path(sys.argv[1])
    numbers = itertools.count()
    async with Writer(open_database(path, SCHEMA), path) as writer:
        async def seat():
            for n in numbers:
                await writer.submit(lambda c: c.execute("INSERT INTO answer VALUES (?, 'x')", (n,)))
                print(n, flush=True)
        await asyncio.gather(*(seat() for _ in range(20)))

asyncio.run(main())
"""


@pytest.mark.parametrize("acknowledged", [1, 40, 333, 900])
def test_killed_process_has_lost_nothing_acknowledged(tmp_path: Path, acknowledged: int) -> None:
    """After kill -9 amid twenty seats' answers, each acknowledged one is there, once."""
    with subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(tmp_path / "db")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(acknowledged)]
        process.kill()
        said += process.stdout.read().splitlines(keepends=True)
    heard = {int(line) for line in said if line.endswith("\n")}
    stored = rows(tmp_path / "db")
    assert len(stored) == len(set(stored))
    assert heard <= set(stored)
