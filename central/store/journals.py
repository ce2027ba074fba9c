"""Sessions, grants, events, heads and responses: the SQL, which decides nothing."""

from collections.abc import Iterable
from dataclasses import dataclass

from central.store.tables import IGNORE, BoxPlace, Connection, insert, of_box, text
from exam.paper import Response
from protocol.envelope import Envelope, unsafe_payload
from protocol.grant import Grant, Position
from protocol.journal import Answered, Head, chain, decode_event, start_position
from protocol.keys import VerifyKey
from protocol.parcel import StrayRecord
from protocol.values import decode


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """An epoch whose grant was verified, and up to where its journal is held."""

    grant: Grant
    grant_digest: str
    held: Position

    @property
    def session_key(self) -> VerifyKey:
        """The key of its seat."""
        return VerifyKey.from_hex(self.grant.session_key)


def put_grant(connection: Connection, grant: Grant, envelope: Envelope) -> None:
    """Add a verified grant; its journal is empty."""
    insert(
        connection,
        "session",
        again=IGNORE,
        id=grant.session,
        centre=grant.centre,
        sitting=grant.sitting,
        subject=grant.subject,
        candidate=grant.candidate,
    )
    start = start_position(grant, envelope.digest)
    insert(
        connection,
        "epoch",
        session=grant.session,
        epoch=grant.epoch,
        appliance=grant.appliance,
        generation=grant.generation,
        seat=grant.seat,
        session_key=grant.session_key,
        grant_digest=envelope.digest,
        envelope=text(envelope),
        n=start.n,
        head=start.head,
    )


def epoch_of(connection: Connection, session: str, epoch: int) -> Epoch | None:
    """Return an epoch, None where its grant has not come."""
    row = connection.execute(
        "SELECT envelope, grant_digest, n, head FROM epoch WHERE session = ? AND epoch = ?",
        (session, epoch),
    ).fetchone()
    if row is None:
        return None
    grant = decode(unsafe_payload(decode(row[0].encode(), Envelope)), Grant)
    return Epoch(
        grant=grant, grant_digest=row[1], held=Position(epoch=epoch, n=row[2], head=row[3])
    )


def epochs_of(connection: Connection, session: str) -> list[Epoch]:
    """Return all epochs of a session in their order."""
    numbers = connection.execute(
        "SELECT epoch FROM epoch WHERE session = ? ORDER BY epoch", (session,)
    ).fetchall()
    found = (epoch_of(connection, session, row[0]) for row in numbers)
    return [epoch for epoch in found if epoch is not None]


def sessions_of(connection: Connection, place: BoxPlace, subject: str) -> dict[str, str]:
    """Return the sessions of a subject that a box's generation has begun, with their candidates."""
    rows = connection.execute(
        "SELECT DISTINCT s.id, s.candidate FROM session s JOIN epoch e ON e.session = s.id "
        "WHERE s.centre = ? AND s.sitting = ? AND e.appliance = ? AND e.generation = ? "
        "AND s.subject = ? AND e.epoch = 1",
        (*of_box(place), subject),
    )
    return {str(session): str(candidate) for session, candidate in rows}


def events(connection: Connection, session: str, epoch: int, first: int, last: int) -> list[bytes]:
    """Return the bytes of events ``first`` to ``last``, as far as they are held."""
    rows = connection.execute(
        "SELECT body FROM event WHERE session = ? AND epoch = ? AND n BETWEEN ? AND ? ORDER BY n",
        (session, epoch, first, last),
    )
    return [bytes(row[0]) for row in rows]


def link_at(connection: Connection, epoch: Epoch, n: int) -> str:
    """Return the chain's link after event ``n``, which is held; begins at the nearest head."""
    session, number = epoch.grant.session, epoch.grant.epoch
    row = connection.execute(
        "SELECT n, head FROM head WHERE session = ? AND epoch = ? AND n <= ? "
        "ORDER BY n DESC LIMIT 1",
        (session, number, n),
    ).fetchone()
    at, link = row or (0, start_position(epoch.grant, epoch.grant_digest).head)
    return chain(link, events(connection, session, number, at + 1, n))


def append(
    connection: Connection, session: str, position: Position, new: Iterable[tuple[int, bytes]]
) -> None:
    """Add verified events, and say where the journal then stands."""
    connection.executemany(
        "INSERT INTO event (session, epoch, n, body) VALUES (?, ?, ?, ?)",
        [(session, position.epoch, n, body) for n, body in new],
    )
    connection.execute(
        "UPDATE epoch SET n = ?, head = ? WHERE session = ? AND epoch = ?",
        (position.n, position.head, session, position.epoch),
    )


def put_head(connection: Connection, head: Head, envelope: Envelope) -> None:
    """Keep a head that fits the events."""
    insert(
        connection,
        "head",
        again=IGNORE,
        session=head.session,
        epoch=head.epoch,
        n=head.n,
        head=head.head,
        envelope=text(envelope),
    )


def put_response(
    connection: Connection, session: str, epoch: int, n: int, item: str, response: Response
) -> None:
    """Let an item's response be the one of this event, unless a later one stands."""
    insert(
        connection,
        "response",
        again=(
            "ON CONFLICT (session, item) DO UPDATE SET epoch = excluded.epoch, n = excluded.n, "
            "body = excluded.body WHERE (excluded.epoch, excluded.n) > (response.epoch, response.n)"
        ),
        session=session,
        item=item,
        epoch=epoch,
        n=n,
        body=text(response),
    )


def responses(connection: Connection, session: str) -> dict[str, Response]:
    """Return the responses of a session by item."""
    rows = connection.execute(
        "SELECT item, body FROM response WHERE session = ? ORDER BY item", (session,)
    )
    return {item: decode(body.encode(), Response) for item, body in rows}  # type: ignore[arg-type]


def answers_at(connection: Connection, session: str, position: Position) -> dict[str, Response]:
    """Return the responses as they stood at a position, by item."""
    found: dict[str, Response] = {}
    rows = connection.execute(
        "SELECT body FROM event WHERE session = ? AND (epoch, n) <= (?, ?) "
        "AND instr(body, CAST('\"answer\"' AS BLOB)) ORDER BY epoch, n",
        (session, position.epoch, position.n),
    )
    for (body,) in rows:
        event = decode_event(bytes(body))
        if isinstance(event, Answered):
            found[event.item] = event.response
    return found


def late_answers(connection: Connection, session: str, position: Position) -> int:
    """Count the answers that are held from after a position."""
    rows = connection.execute(
        "SELECT body FROM event WHERE session = ? AND (epoch, n) > (?, ?)",
        (session, position.epoch, position.n),
    )
    return sum(isinstance(decode_event(bytes(body)), Answered) for (body,) in rows)


def put_stray(connection: Connection, record: StrayRecord, head: Head, *, follows: bool) -> None:
    """Keep the tail of an old epoch."""
    insert(
        connection,
        "stray",
        again=IGNORE,
        session=record.session,
        epoch=record.epoch,
        first=record.first,
        n=head.n,
        head=head.head,
        record=text(record),
        follows=int(follows),
    )
