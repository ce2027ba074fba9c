"""Questions to the store: accounts, responses, one receipt. Reads only."""

from collections import defaultdict
from dataclasses import dataclass

from central.accounting import Account, HeldLane, HeldSession, account
from central.store import agreed, evidence, journals
from central.store.tables import BoxPlace, Connection, Place
from exam.paper import Response
from protocol.closing import Closing
from protocol.grant import Position
from protocol.parcel import Lane
from protocol.values import Value, sha256_hex


class HeldResponse(Value, frozen=True, kw_only=True):
    """One item's response. ``digest`` is SHA-256 over its one encoding."""

    centre: str
    sitting: str
    subject: str
    candidate: str
    session: str
    item: str
    response: Response
    digest: str


@dataclass(frozen=True, kw_only=True)
class ReceiptFound:
    """What lies behind the twenty characters of a candidate's receipt."""

    session: str
    candidate: str
    subject: str
    epoch: int
    n: int
    events_held: int
    leaf_held: bool
    """Whether the box's log, as it came here, has the leaf that the receipt proves."""


def accounts(connection: Connection) -> list[tuple[Place, Account]]:
    """Return the account of every subject that was closed."""
    closed: dict[tuple[Place, str], list[Closing]] = defaultdict(list)
    for place, closing in evidence.closings(connection):
        closed[place.place, closing.subject].append(closing)
    return [
        (
            place,
            account(
                listed,
                held_sessions(connection, listed),
                lanes(connection, place),
                evidence.lane_ends(connection, place, subject),
                _unlogged(connection, place, listed),
                agreed.findings(connection, place, subject),
            ),
        )
        for (place, subject), listed in closed.items()
    ]


def _unlogged(connection: Connection, place: Place, closings: list[Closing]) -> dict[str, int]:
    boxes = {(closing.appliance, closing.generation) for closing in closings}
    return {
        f"{appliance}.{generation}": evidence.unlogged(
            connection, BoxPlace(place.centre, place.sitting, appliance, generation)
        )
        for appliance, generation in sorted(boxes)
    }


def lanes(connection: Connection, place: Place) -> list[HeldLane]:
    """Return every lane of a sitting."""
    rows = connection.execute(
        "SELECT appliance, generation, lane, max(n), sum(stage = 'verified'), "
        "sum(stage = 'refused'), sum(stage = 'received'), max(reason) FROM parcel "
        "WHERE centre = ? AND sitting = ? GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        (place.centre, place.sitting),
    )
    return [
        HeldLane(
            appliance=row[0],
            generation=row[1],
            lane=Lane(row[2]),
            highest=row[3],
            verified=row[4],
            refused=row[5],
            waiting=row[6],
            reason=row[7],
        )
        for row in rows
    ]


def places(connection: Connection) -> list[Place]:
    """Return every sitting of which a parcel is here."""
    rows = connection.execute("SELECT DISTINCT centre, sitting FROM parcel ORDER BY 1, 2")
    return [Place(centre, sitting) for centre, sitting in rows]


def held_sessions(connection: Connection, closings: list[Closing]) -> dict[str, HeldSession]:
    """Return where the sessions of closings stand, with the links at what is demanded of them."""
    people = [person for closing in closings for person in closing.candidates]
    return {
        person.session: _held(connection, person.session, person.position)
        for person in people
        if person.session is not None
    }


def _held(connection: Connection, session: str, last: Position | None) -> HeldSession:
    epochs = {epoch.held.epoch: epoch for epoch in journals.epochs_of(connection, session)}
    demanded = tuple(
        epoch.grant.previous for epoch in epochs.values() if epoch.grant.previous is not None
    )
    asked = [*demanded, last] if last is not None else list(demanded)
    links = {
        (position.epoch, position.n): journals.link_at(
            connection, epochs[position.epoch], position.n
        )
        for position in asked
        if position.epoch in epochs and position.n <= epochs[position.epoch].held.n
    }
    held = {number: epoch.held for number, epoch in epochs.items()}
    late = 0 if last is None else journals.late_answers(connection, session, last)
    return HeldSession(demanded=demanded, held=held, links=links, late_answers=late)


def responses(connection: Connection) -> list[HeldResponse]:
    """Return every response in the store."""
    found = []
    rows = connection.execute(
        "SELECT centre, sitting, subject, candidate, id FROM session ORDER BY 1, 2, 3, 4"
    ).fetchall()
    for centre, sitting, subject, candidate, session in rows:
        for item, response in journals.responses(connection, session).items():
            body = connection.execute(
                "SELECT body FROM response WHERE session = ? AND item = ?", (session, item)
            ).fetchone()[0]
            found.append(
                HeldResponse(
                    centre=centre,
                    sitting=sitting,
                    subject=subject,
                    candidate=candidate,
                    session=session,
                    item=item,
                    response=response,
                    digest=sha256_hex(body.encode()),
                )
            )
    return found


def find_receipt(connection: Connection, code: str) -> ReceiptFound | None:
    """Return what is held of the record that a candidate's receipt is about."""
    row = connection.execute(
        "SELECT r.session, r.epoch, r.n, s.candidate, s.subject, e.n FROM candidate_receipt r "
        "JOIN session s ON s.id = r.session "
        "JOIN epoch e ON e.session = r.session AND e.epoch = r.epoch WHERE r.code = ?",
        (code,),
    ).fetchone()
    if row is None:
        return None
    return ReceiptFound(
        session=row[0],
        epoch=row[1],
        n=row[2],
        candidate=row[3],
        subject=row[4],
        events_held=row[5],
        leaf_held=evidence.receipt_leaf_held(connection, code),
    )
