"""Single values by name."""

import sqlite3

from runtime.facts import fact, facts, put_fact


def test_the_last_value_of_a_name_is_its_fact() -> None:
    """A value is put in the place of the one before; other names keep theirs."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT")
    assert fact(connection, "generation") is None
    for name, value in (("generation", "1"), ("anchor", "a"), ("generation", "2")):
        put_fact(connection, name, value)
    assert fact(connection, "generation") == "2"
    assert facts(connection) == {"generation": "2", "anchor": "a"}
