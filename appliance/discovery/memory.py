"""What discovery remembers over a restart: its one table.

Rule: after a reboot the times of the table belong to another clock; they are read as 0.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from appliance.ipc.discovery import TerminalSeen
from protocol.values import decode, encode
from runtime.migrations import Schema, schema_of

SCHEMA: Final[Schema] = schema_of("appliance.discovery.schema", application_id=0x45584332)
"""``EXC2``."""


def load(connection: sqlite3.Connection, boot: str) -> list[TerminalSeen]:
    """Return what was known, not yet probed; ``boot`` names this run of the machine."""
    rows = connection.execute(
        "SELECT name, seat, addresses, boot, first_heard, last_heard FROM terminals"
    )
    return [
        TerminalSeen(
            name=name,
            seat=seat,
            addresses=decode(addresses.encode(), tuple[str, ...]),
            first_heard=first_heard if then == boot else 0,
            last_heard=last_heard if then == boot else 0,
        )
        for name, seat, addresses, then, first_heard, last_heard in rows
    ]


def replace_all(connection: sqlite3.Connection, seen: Iterable[TerminalSeen], boot: str) -> None:
    """Make the table hold exactly ``seen``: a few hundred rows, one transaction."""
    connection.execute("DELETE FROM terminals")
    connection.executemany(
        "INSERT INTO terminals VALUES (?, ?, ?, ?, ?, ?)",
        [
            (
                each.name,
                each.seat,
                encode(each.addresses).decode(),
                boot,
                each.first_heard,
                each.last_heard,
            )
            for each in seen
        ],
    )
