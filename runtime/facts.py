"""Single values by name: the table ``facts`` that several databases of ours have.

Every function takes the connection of the writer's transaction (or of a reader) and commits
nothing. The table stands in each database's own schema: ``name`` is its key, ``value`` a text.
"""

from sqlite3 import Connection


def put_fact(connection: Connection, name: str, value: str) -> None:
    """Write the one value of ``name``."""
    connection.execute(
        "INSERT INTO facts (name, value) VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def fact(connection: Connection, name: str) -> str | None:
    """Return the value of ``name``, None where there is none."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def facts(connection: Connection) -> dict[str, str]:
    """Return all values by their names."""
    return dict(connection.execute("SELECT name, value FROM facts"))
