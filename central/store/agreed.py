"""What is asked of a whole subject, and what was found: the SQL, which decides nothing."""

import json
from typing import Final, TypeVar

from central.accounting import ALWAYS, Shortfall
from central.store.tables import BOX, BoxPlace, Connection, Place, columns, insert, of_box, text
from protocol.closing import Closing
from protocol.decisions import Decision
from protocol.envelope import Envelope, unsafe_payload
from protocol.grant import Grant
from protocol.journal import Event, decode_event
from protocol.values import decode

T = TypeVar("T")
_TELLING: Final = ("hand_in", "decision", "returned")

_UNDELIVERED: Final = """
SELECT count(*) FROM logged WHERE centre = ?1 AND sitting = ?2 AND appliance = ?3
AND generation = ?4 AND digest NOT IN (
    SELECT grant_digest FROM epoch JOIN session ON session.id = epoch.session
    WHERE centre = ?1 AND sitting = ?2
    UNION ALL
    SELECT digest FROM decision WHERE centre = ?1 AND sitting = ?2
)
"""


def ended_subjects(connection: Connection, place: Place) -> list[tuple[BoxPlace, str]]:
    """Return boxes and subjects of which every lane that there always is has ended."""
    rows = connection.execute(
        "SELECT appliance, generation, subject FROM lane_end WHERE centre = ? AND sitting = ? "
        "AND lane IN (?, ?, ?) GROUP BY 1, 2, 3 HAVING count(*) = ? ORDER BY 1, 2, 3",
        (place.centre, place.sitting, *(lane.value for lane in ALWAYS), len(ALWAYS)),
    )
    return [
        (BoxPlace(place.centre, place.sitting, appliance, generation), subject)
        for appliance, generation, subject in rows
    ]


def closing_of(connection: Connection, place: BoxPlace, subject: str) -> Closing | None:
    """Return a box's closing of a subject."""
    row = connection.execute(
        f"SELECT envelope FROM closing WHERE {BOX} AND subject = ?",  # noqa: S608 - literal
        (*of_box(place), subject),
    ).fetchone()
    return None if row is None else _payload(row[0], Closing)


def decisions_of(connection: Connection, place: Place, subject: str) -> dict[str, Decision]:
    """Return the decisions of a subject by whatever box, in their order, by their digests."""
    rows = connection.execute(
        "SELECT digest, envelope FROM decision WHERE centre = ? AND sitting = ? "
        "ORDER BY appliance, generation, n",
        (place.centre, place.sitting),
    )
    made = {str(digest): _payload(envelope, Decision) for digest, envelope in rows}
    return {digest: one for digest, one in made.items() if one.subject == subject}


def grants_of(connection: Connection, place: Place, subject: str) -> dict[str, Grant]:
    """Return the grants of a subject by whatever box, by session and epoch, by their digests."""
    rows = connection.execute(
        "SELECT e.grant_digest, e.envelope FROM epoch e JOIN session s ON s.id = e.session "
        "WHERE s.centre = ? AND s.sitting = ? AND s.subject = ? ORDER BY e.session, e.epoch",
        (place.centre, place.sitting, subject),
    )
    return {str(digest): _payload(envelope, Grant) for digest, envelope in rows}


def telling_events(connection: Connection, session: str) -> list[tuple[int, Event]]:
    """Return a journal's hand-ins, decisions heard and returns to the screen, with their epochs."""
    found = " OR ".join("instr(body, CAST(? AS BLOB))" for _ in _TELLING)
    rows = connection.execute(
        f"SELECT epoch, body FROM event WHERE session = ? AND ({found}) "  # noqa: S608 - marks only
        "ORDER BY epoch, n",
        (session, *(f'"kind":"{kind}"' for kind in _TELLING)),
    )
    return [(int(epoch), decode_event(bytes(body))) for epoch, body in rows]


def undelivered(connection: Connection, place: BoxPlace) -> int:
    """Count the grants and decisions that a box's log names and that have not come."""
    return int(connection.execute(_UNDELIVERED, of_box(place)).fetchone()[0])


def receipt_codes(connection: Connection, place: Place, subject: str) -> list[tuple[str, str]]:
    """Return code and candidate of every receipt of a subject."""
    rows = connection.execute(
        "SELECT r.code, s.candidate FROM candidate_receipt r JOIN session s ON s.id = r.session "
        "WHERE s.centre = ? AND s.sitting = ? AND s.subject = ?",
        (place.centre, place.sitting, subject),
    )
    return [(str(code), str(candidate)) for code, candidate in rows]


def put_findings(
    connection: Connection, place: BoxPlace, subject: str, found: list[Shortfall]
) -> None:
    """Keep what was found, in the place of what was found before."""
    connection.execute(
        f"DELETE FROM finding WHERE {BOX} AND subject = ?",  # noqa: S608 - our own literal
        (*of_box(place), subject),
    )
    for i, one in enumerate(found):
        insert(
            connection,
            "finding",
            **columns(place),
            subject=subject,
            i=i,
            text=one.text,
            parts=text(one.values),
        )


def findings(connection: Connection, place: Place, subject: str) -> list[Shortfall]:
    """Return what was found of a subject, of every box."""
    rows = connection.execute(
        "SELECT text, parts FROM finding WHERE centre = ? AND sitting = ? AND subject = ? "
        "ORDER BY appliance, generation, i",
        (place.centre, place.sitting, subject),
    )
    return [Shortfall(text=name, values=json.loads(parts)) for name, parts in rows]


def _payload(stored: str, expected: type[T]) -> T:
    return decode(unsafe_payload(decode(stored.encode(), Envelope)), expected)
