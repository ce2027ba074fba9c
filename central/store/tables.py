"""The SQL of the store that every part of it needs: one insert, and the names of places."""

import sqlite3
from dataclasses import astuple, dataclass
from typing import Any, Final

from protocol.values import encode
from runtime.migrations import Schema, schema_of

APPLICATION_ID: Final = 0x45584332  # EXC2
Connection = sqlite3.Connection


def schema() -> Schema:
    """Return the store's tables."""
    return schema_of("central.store.schema", application_id=APPLICATION_ID)


@dataclass(frozen=True)
class Place:
    """A sitting of a centre."""

    centre: str
    sitting: str


@dataclass(frozen=True)
class BoxPlace:
    """What one box's log and decisions count within: a generation of an appliance."""

    centre: str
    sitting: str
    appliance: str
    generation: int

    @property
    def place(self) -> Place:
        """The sitting of the centre."""
        return Place(self.centre, self.sitting)


BOX: Final = "centre = ? AND sitting = ? AND appliance = ? AND generation = ?"
"""The condition of one `BoxPlace`, with the values of `of_box`."""


def of_box(place: BoxPlace) -> tuple[str, str, str, int]:
    """Return a place as the values of `BOX`."""
    return (place.centre, place.sitting, place.appliance, place.generation)


def columns(place: Place | BoxPlace) -> dict[str, Any]:
    """Return a place as columns of a row."""
    names = ("centre", "sitting", "appliance", "generation")
    return dict(zip(names, astuple(place), strict=False))


def insert(connection: Connection, table: str, *, again: str = "", **values: Any) -> bool:
    """Add a row; say whether it is new. ``again`` is what to do where its key is there.

    Table and columns are our own literals, never input.
    """
    names = ", ".join(values)
    marks = ", ".join("?" for _ in values)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) {again}"  # noqa: S608 - literals
    return connection.execute(statement, tuple(values.values())).rowcount > 0


IGNORE: Final = "ON CONFLICT DO NOTHING"


def text(value: object) -> str:
    """Return a value as it stands in a text column."""
    return encode(value).decode()
