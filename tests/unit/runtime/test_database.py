"""Opening a database: ours, of this release or older, undamaged, and owned by one process."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.database import Database, open_database
from runtime.errors import (
    DatabaseDamagedError,
    DatabaseError,
    DatabaseForeignError,
    DatabaseInUseError,
    DatabaseTooNewError,
    DiskError,
    DiskFullError,
    MigrationError,
)
from runtime.faults import FaultyDisk
from runtime.migrations import Migration, Schema, copy_name, schema_of
from tests.waiting import until

ONE = Migration(number=1, name="0001_answers.sql", sql="CREATE TABLE answer (n INTEGER) STRICT;")
TWO = Migration(
    number=2, name="0002_text.sql", sql="ALTER TABLE answer ADD COLUMN text TEXT DEFAULT 'old';"
)
BROKEN = Migration(
    number=2, name="0002_broken.sql", sql="ALTER TABLE answer ADD COLUMN x; CREATE TABEL y (n);"
)


def schema(*migrations: Migration, application_id: int = 0x45584301) -> Schema:
    """Return the schema of a release with these steps."""
    return Schema(application_id=application_id, migrations=migrations)


def fill(path: Path) -> None:
    """Make a database of release one with a row in it."""
    connection = open_database(path, schema(ONE))
    connection.execute("INSERT INTO answer VALUES (41)")
    connection.close()


def test_nobody_else_reads_any_file_of_a_database(tmp_path: Path) -> None:
    """Database, write-ahead log, index and the copy of an upgrade are ours alone from the start."""
    before = os.umask(0o022)
    try:
        fill(tmp_path / "db")
        connection = open_database(tmp_path / "db", schema(ONE, TWO))
        connection.execute("INSERT INTO answer VALUES (42, 'new')")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    connection.close()
    assert modes == dict.fromkeys(("db", "db-wal", "db-shm", "db.version-1"), 0o600)


def test_the_log_of_a_new_database_is_ours_alone(tmp_path: Path) -> None:
    """Also before it was ever closed: SQLite gives its log the rights of the database."""
    before = os.umask(0o022)
    try:
        connection = open_database(tmp_path / "db", schema(ONE))
    finally:
        os.umask(before)
    assert (tmp_path / "db-wal").stat().st_mode & 0o777 == 0o600
    connection.close()


def test_new_database_has_the_safe_settings(tmp_path: Path) -> None:
    """A new database is WAL, FULL, with references checked and its version and owner on it."""
    connection = open_database(tmp_path / "db", schema(ONE, TWO))
    settings = {
        name: connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "user_version")
    }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "user_version": 2,
    }
    assert connection.execute("PRAGMA application_id").fetchone() == (0x45584301,)
    assert (tmp_path / "db").stat().st_mode & 0o777 == 0o600
    connection.close()


def test_upgrade_keeps_rows_and_makes_a_copy_before(tmp_path: Path) -> None:
    """After an upgrade the rows are there, and the copy beside is of the version before."""
    fill(tmp_path / "db")
    connection = open_database(tmp_path / "db", schema(ONE, TWO))
    assert connection.execute("SELECT * FROM answer").fetchall() == [(41, "old")]
    connection.close()
    copy = open_database(copy_name(tmp_path / "db", 1), schema(ONE))
    assert copy.execute("SELECT * FROM answer").fetchall() == [(41,)]
    copy.close()


def test_failed_upgrade_is_undone(tmp_path: Path) -> None:
    """A step that does not apply leaves the database at the version before, whole."""
    fill(tmp_path / "db")
    with pytest.raises(MigrationError, match="0002_broken"):
        open_database(tmp_path / "db", schema(ONE, BROKEN))
    connection = open_database(tmp_path / "db", schema(ONE))
    assert connection.execute("SELECT * FROM answer").fetchall() == [(41,)]
    connection.close()


def test_upgrade_survives_a_full_disk_at_every_write_point(tmp_path: Path) -> None:
    """Wherever the disk is full during an upgrade, the next try succeeds and no row is lost."""
    fill(tmp_path / "counted")
    with FaultyDisk().installed() as disk:
        open_database(tmp_path / "counted", schema(ONE, TWO)).close()
    for after in range(disk.points):
        path = tmp_path / f"db-{after}"
        fill(path)
        with FaultyDisk().installed() as disk:
            disk.full(after=after)
            with pytest.raises(DiskFullError):
                open_database(path, schema(ONE, TWO))
            disk.room()
            connection = open_database(path, schema(ONE, TWO))
            assert connection.execute("SELECT * FROM answer").fetchall() == [(41, "old")]
            connection.close()


def test_step_that_breaks_a_reference_is_undone(tmp_path: Path) -> None:
    """An upgrade after which a row refers to nothing is refused."""
    fill(tmp_path / "db")
    step = Migration(
        number=2,
        name="0002_reference.sql",
        sql="CREATE TABLE head (n INTEGER REFERENCES batch (n)); CREATE TABLE batch "
        "(n INTEGER PRIMARY KEY); INSERT INTO head VALUES (7);",
    )
    with pytest.raises(MigrationError, match="missing row of batch"):
        open_database(tmp_path / "db", schema(ONE, step))
    open_database(tmp_path / "db", schema(ONE)).close()


def test_later_release_is_refused_unchanged(tmp_path: Path) -> None:
    """A database of a later release is refused, and not a byte of it changes."""
    open_database(tmp_path / "db", schema(ONE, TWO)).close()
    before = (tmp_path / "db").read_bytes()
    with pytest.raises(DatabaseTooNewError, match=r"version 1 or older, got 2.*db.version-1"):
        open_database(tmp_path / "db", schema(ONE))
    assert (tmp_path / "db").read_bytes() == before


def test_foreign_database_is_refused_unchanged(tmp_path: Path) -> None:
    """Another program's database, or no database at all, is refused and left as it is."""
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE bookmarks (url)")
    other.commit()
    other.close()
    (tmp_path / "letter").write_bytes(b"Dear invigilator, " * 100)
    for name in ("other", "letter"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(DatabaseForeignError, match="right file"):
            open_database(tmp_path / name, schema(ONE))
        assert (tmp_path / name).read_bytes() == before


def test_damaged_database_is_refused(tmp_path: Path) -> None:
    """A page overwritten with rubbish is found on opening."""
    path = tmp_path / "db"
    connection = open_database(path, schema(ONE))
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO answer VALUES (?)", ((n,) for n in range(3000)))
    connection.execute("COMMIT")
    connection.close()
    data = bytearray(path.read_bytes())
    data[4096 * 2 : 4096 * 3] = b"\xa5" * 4096
    path.write_bytes(data)
    with pytest.raises(DatabaseDamagedError, match="set it aside"):
        open_database(path, schema(ONE))


async def test_missing_folder_is_said(tmp_path: Path) -> None:
    """A folder that is not there is a disk error that says what to look at."""
    with pytest.raises(DiskError, match="its folder"):
        open_database(tmp_path / "missing" / "db", schema(ONE))
    with pytest.raises(DiskError, match="its folder"):
        await Database(tmp_path / "missing" / "db", schema(ONE)).__aenter__()


def test_schema_is_read_from_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQL files are taken in order; a gap or a file without a comment is refused."""
    package = tmp_path / "some_schema"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "0001_answers.sql").write_text("-- answers\nCREATE TABLE answer (n INTEGER);\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert schema_of("some_schema", application_id=1).version == 1
    (package / "0003_heads.sql").write_text("-- heads\n")
    with pytest.raises(DatabaseError, match="0002_what_it_adds"):
        schema_of("some_schema", application_id=1)
    (package / "0003_heads.sql").rename(package / "0002_heads.sql")
    (package / "0002_heads.sql").write_text("CREATE TABLE head (n INTEGER);\n")
    with pytest.raises(DatabaseError, match="expected a first line"):
        schema_of("some_schema", application_id=1)


async def test_database_writes_and_reads(tmp_path: Path) -> None:
    """What was written is read through the read-only side, which cannot write."""
    async with Database(tmp_path / "db", schema(ONE)) as database:
        await database.write(lambda c: c.execute("INSERT INTO answer VALUES (5)").rowcount)
        assert await database.read(lambda c: c.execute("SELECT n FROM answer").fetchall()) == [(5,)]
        with pytest.raises(DiskError, match="read-only"):
            await database.read(lambda c: c.execute("DELETE FROM answer"))
    assert not (tmp_path / "db-wal").exists()


async def test_reader_sees_one_moment(tmp_path: Path) -> None:
    """Two looks within one query agree, even if something is committed between them."""
    async with Database(tmp_path / "db", schema(ONE)) as database:
        loop = asyncio.get_running_loop()

        def look_twice(connection: sqlite3.Connection) -> tuple[object, object]:
            before = connection.execute("SELECT count(*) FROM answer").fetchone()
            write = asyncio.run_coroutine_threadsafe(_insert(database), loop)
            write.result(10)
            return before, connection.execute("SELECT count(*) FROM answer").fetchone()

        before, after = await database.read(look_twice)
        assert before == after == (0,)
        assert await database.read(
            lambda c: c.execute("SELECT count(*) FROM answer").fetchone()
        ) == (1,)


async def _insert(database: Database) -> None:
    await database.write(lambda c: c.execute("INSERT INTO answer VALUES (1)").rowcount)


_SECOND = """
import asyncio, sys
from pathlib import Path
from runtime.database import Database
from runtime.errors import DatabaseInUseError
from runtime.migrations import Schema

async def main():
    try:
        async with Database(Path(sys.argv[1]), Schema(application_id=0x45584301, migrations=())):
            print("opened")
    except DatabaseInUseError as error:
        print(error.code)

asyncio.run(main())
"""


async def test_second_process_is_refused(tmp_path: Path) -> None:
    """While one process owns a database, another is told so; in one process likewise."""
    async with Database(tmp_path / "db", schema(ONE)):
        second = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", _SECOND, str(tmp_path / "db")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert second.stdout == "database_in_use\n"
        with pytest.raises(DatabaseInUseError):
            async with Database(tmp_path / "db", schema(ONE)):
                pass
    async with Database(tmp_path / "db", schema(ONE)):
        pass


async def test_the_log_is_folded_in_beside_the_writer(tmp_path: Path) -> None:
    """Pages come into the database while commits go on, and long before SQLite asks a commit."""
    path = tmp_path / "db"
    async with Database(path, schema(ONE)) as database:
        before = path.stat().st_size
        rows = [(n,) for n in range(20_000)]
        await database.write(lambda c: c.executemany("INSERT INTO answer VALUES (?)", rows))
        await until(lambda: path.stat().st_size > before)
        log = path.with_name("db-wal").stat().st_size
        assert log < 8_000 * 4_096  # SQLite itself would not have folded it in
        await database.write(lambda c: c.execute("INSERT INTO answer VALUES (?)", (0,)))
        assert await database.read(
            lambda c: c.execute("SELECT count(*) FROM answer").fetchone()
        ) == (20_001,)
