"""Bringing a database to the newest form of its tables.

A package carries its tables as commented SQL files, ``0001_name.sql`` onwards without a
gap; each is applied once, in a transaction together with ``PRAGMA user_version``. Before a
database that holds data is changed, a copy of it is made durable beside it
(``core.db.version-3``). A file that has been released is never edited: add the next.
"""

import re
import sqlite3
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

from runtime.errors import (
    DatabaseError,
    DatabaseForeignError,
    DatabaseTooNewError,
    DiskError,
    MigrationError,
)
from runtime.files import disk, make_private, remove_durably, rename_durably, sync_file
from runtime.sqlite_errors import translated, translating

_FILE_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One step: ``number`` becomes the ``user_version`` when ``sql`` has been applied."""

    number: int
    name: str
    sql: str


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """Whose database it is, and the steps that make its tables."""

    application_id: int
    """Stands in the file's header (four bytes): tells our databases apart."""
    migrations: tuple[Migration, ...]

    @property
    def version(self) -> int:
        """The ``user_version`` that this release writes."""
        return len(self.migrations)


def schema_of(package: str, *, application_id: int) -> Schema:
    """Read the SQL files of ``package``, such as ``appliance.core.schema``.

    Raises `DatabaseError` for a gap in the numbers or a file that begins with no comment.
    """
    files = (f for f in resources.files(package).iterdir() if f.name.endswith(".sql"))
    migrations = tuple(
        _migration(file.name, file.read_text("utf-8"), expected)
        for expected, file in enumerate(sorted(files, key=lambda f: f.name), start=1)
    )
    return Schema(application_id=application_id, migrations=migrations)


def _migration(name: str, sql: str, expected: int) -> Migration:
    match = _FILE_NAME.fullmatch(name)
    if match is None or int(match[1]) != expected:
        raise DatabaseError(f"{name}: expected a name such as {expected:04d}_what_it_adds.sql")
    if not sql.lstrip().startswith("--"):
        raise DatabaseError(f"{name}: expected a first line '-- what this changes and why'")
    return Migration(number=expected, name=name, sql=sql)


def check_ownership(connection: sqlite3.Connection, path: Path, schema: Schema) -> None:
    """Refuse, before anything is changed, a file that is not ours or is from a later release."""
    if is_empty(connection):
        return
    found = _pragma(connection, "application_id")
    if found != schema.application_id:
        raise DatabaseForeignError(
            f"{path}: expected a database with application id {schema.application_id:#010x}, "
            f"got {found:#010x}; is this the right file?"
        )
    version = _pragma(connection, "user_version")
    if version > schema.version:
        raise DatabaseTooNewError(
            f"{path}: expected version {schema.version} or older, got {version}; "
            "a later release wrote it: install that release, or restore the copy "
            f"{copy_name(path, schema.version).name} made before the upgrade"
        )


def is_empty(connection: sqlite3.Connection) -> bool:
    """Say whether the database has no tables yet."""
    return connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone() is None


def migrate(connection: sqlite3.Connection, path: Path, schema: Schema) -> int:
    """Apply what is missing; return how many steps were applied.

    Raises `MigrationError` (the step was undone) or `DiskError`.
    """
    version = _pragma(connection, "user_version")
    missing = schema.migrations[version:]
    if missing and version:
        copy_database(connection, copy_name(path, version))
    for migration in missing:
        _apply(connection, path, schema, migration)
    return len(missing)


def copy_name(path: Path, version: int) -> Path:
    """Return where the copy made before an upgrade from ``version`` lies."""
    return path.with_name(f"{path.name}.version-{version}")


def copy_database(connection: sqlite3.Connection, target: Path) -> None:
    """Make a durable, defragmented copy of the open database at ``target``."""
    part = target.with_name(f".{target.name}.copying.part")
    if part.exists():
        remove_durably(part)
    make_private(part)
    with translating(target):
        connection.execute("VACUUM INTO ?", (str(part),))
    sync_file(part)
    rename_durably(part, target)


def _apply(
    connection: sqlite3.Connection, path: Path, schema: Schema, migration: Migration
) -> None:
    try:
        connection.executescript(
            f"BEGIN IMMEDIATE;\n{migration.sql}\n;"
            f"PRAGMA application_id = {schema.application_id};"
            f"PRAGMA user_version = {migration.number};"
        )
        _check_references(connection, migration)
        disk().commit(connection)
    except sqlite3.Error as error:
        _undo(connection)
        fault = translated(error, path)
        if isinstance(fault, DiskError):
            raise fault from error
        raise MigrationError(
            f"{path}: expected {migration.name} to apply, got: {error}; it was undone, the "
            "database is as before: report this, and go on with the release before"
        ) from error
    except MigrationError:
        _undo(connection)
        raise


def _check_references(connection: sqlite3.Connection, migration: Migration) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise MigrationError(
            f"{migration.name}: expected every reference to lead somewhere, but row {broken[1]} "
            f"of {broken[0]} names a missing row of {broken[2]}"
        )


def _undo(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
