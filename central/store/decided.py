"""Decisions and the acts behind them: the SQL, which decides nothing."""

from dataclasses import dataclass

from central.store.tables import BOX, BoxPlace, Connection, columns, insert, of_box, text
from protocol.decisions import Decision
from protocol.envelope import Envelope, unsafe_payload
from protocol.values import decode


def decision_digest(connection: Connection, place: BoxPlace, n: int) -> str | None:
    """Return the digest of decision ``n``, None where it has not come."""
    row = connection.execute(
        f"SELECT digest FROM decision WHERE {BOX} AND n = ?",  # noqa: S608 - our own literal
        (*of_box(place), n),
    ).fetchone()
    return None if row is None else str(row[0])


def acts_used(connection: Connection, place: BoxPlace, decision: Decision) -> dict[str, int]:
    """Return the acts behind decisions of this person and kind: their digests, with the number."""
    rows = connection.execute(
        f"SELECT n, act FROM decision WHERE {BOX} AND by = ? AND kind = ? "  # noqa: S608 - literal
        "AND act IS NOT NULL",
        (*of_box(place), decision.by, type(decision.what).__struct_config__.tag),
    )
    return {decode(row[1].encode(), Envelope).digest: int(row[0]) for row in rows}


def put_decision(
    connection: Connection,
    place: BoxPlace,
    decision: Decision,
    envelope: Envelope,
    act: Envelope | None,
) -> None:
    """Add a verified decision."""
    insert(
        connection,
        "decision",
        **columns(place),
        n=decision.n,
        digest=envelope.digest,
        candidate=decision.candidate,
        session=decision.session,
        kind=type(decision.what).__struct_config__.tag,
        by=decision.by,
        envelope=text(envelope),
        act=None if act is None else text(act),
    )


@dataclass(frozen=True, kw_only=True)
class HeldDecision:
    """A verified decision with the act behind it, None where it is the machine's."""

    made: Decision
    act: Envelope | None


def decisions(connection: Connection, place: BoxPlace, *kinds: str) -> list[HeldDecision]:
    """Return the decisions of a box's generation in their order, all or those of some kinds."""
    wanted = f"AND kind IN ({', '.join('?' for _ in kinds)})" if kinds else ""
    rows = connection.execute(
        f"SELECT envelope, act FROM decision WHERE {BOX} {wanted} ORDER BY n",  # noqa: S608 - literals
        (*of_box(place), *kinds),
    )
    return [
        HeldDecision(
            made=decode(unsafe_payload(decode(envelope.encode(), Envelope)), Decision),
            act=None if act is None else decode(act.encode(), Envelope),
        )
        for envelope, act in rows
    ]


def last_decision(connection: Connection, place: BoxPlace) -> Decision | None:
    """Return the last decision of a box's generation that is held."""
    row = connection.execute(
        f"SELECT envelope FROM decision WHERE {BOX} ORDER BY n DESC LIMIT 1",  # noqa: S608 - literal
        of_box(place),
    ).fetchone()
    if row is None:
        return None
    return decode(unsafe_payload(decode(row[0].encode(), Envelope)), Decision)
