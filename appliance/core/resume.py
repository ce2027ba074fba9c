"""Going on after a restart: the hall in memory, read back from the record.

Nothing is decided here. What stands in the record was committed before anybody heard of
it, so the hall that comes back is the one that the seats know.
"""

from dataclasses import dataclass

from appliance.core import records
from appliance.core.hall import Hall
from appliance.core.journal import Journal
from protocol.decisions import Armed, Decision, Disarmed, DoorsOpened, open_decision
from protocol.envelope import Envelope, unsafe_payload
from protocol.grant import open_grant
from protocol.journal import Answered, Consented, Event, HandedIn, HandRaised, decode_event
from protocol.keys import VerifyKey
from protocol.values import decode
from runtime.facts import facts


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was read at one consistent moment."""

    seatings: list[records.SeatingRow]
    grants: list[records.GrantRow]
    decisions: list[Envelope]
    facts: dict[str, str]
    closings: dict[str, Envelope]
    telling: dict[tuple[str, int], list[Event]]
    """Of each journal the events that the status counts, each item's last answer only."""
    sizes: dict[str, int]
    """Bytes that each session has on the disk."""
    strays: dict[str, int]
    """Since when a session has a tail of an old epoch."""

    @property
    def last_decision_ms(self) -> int:
        """Hall time as the last decision left it: no later one may be before it."""
        if not self.decisions:
            return 0
        last = decode(unsafe_payload(self.decisions[-1]), Decision)  # the box's own record
        return last.at + (last.what.correction if isinstance(last.what, DoorsOpened) else 0)


def read_kept(connection: records.Connection) -> Kept:
    """Read all that the hall in memory is made of."""
    grants = records.grants(connection)
    return Kept(
        seatings=records.seatings(connection),
        grants=grants,
        decisions=records.decisions(connection),
        facts=facts(connection),
        closings={
            str(subject): decode(str(text).encode(), Envelope)
            for subject, text in connection.execute("SELECT subject, envelope FROM closings")
        },
        telling={(g.session, g.epoch): _telling(connection, g) for g in grants},
        sizes=records.sizes(connection),
        strays=records.strays_since(connection),
    )


def _telling(connection: records.Connection, grant: records.GrantRow) -> list[Event]:
    last: dict[str, Event] = {}
    for body in records.iterate_events(connection, grant.session, grant.epoch, grant.position.n):
        match decode_event(body):
            case Answered(item=item) as event:
                last[f"item {item}"] = event
            case HandRaised() | HandedIn() as event:
                last["hand"] = event
            case Consented() as event:
                last["consent"] = event
            case _:
                continue
    return list(last.values())


def restore(
    kept: Kept, hall: Hall, journal: Journal, box_key: VerifyKey
) -> list[tuple[Decision, Envelope]]:
    """Put the hall back where it stood; return the decisions made so far."""
    for row in kept.seatings:
        seating = hall.seating(row.candidate, row.subject)
        if seating is not None:
            seating.session, seating.distance, seating.seat = row.session, row.distance, row.seat
    for stored in kept.grants:
        _restore_grant(stored, hall, journal, box_key, kept)
    made = [(open_decision(envelope, box_key), envelope) for envelope in kept.decisions]
    for decision, _ in made:
        if isinstance(decision.what, Armed):
            hall.subjects[decision.subject].armed_start = decision.what.start
        elif isinstance(decision.what, Disarmed):
            hall.subjects[decision.subject].armed_start = None
    for subject, state in hall.subjects.items():
        state.released = f"released:{subject}" in kept.facts
        state.closing = kept.closings.get(subject)
    hall.clock_confirmed_by = kept.facts.get("clock_confirmed_by", "")
    return made


def _restore_grant(
    stored: records.GrantRow, hall: Hall, journal: Journal, box_key: VerifyKey, kept: Kept
) -> None:
    grant = open_grant(stored.envelope, box_key)
    seating = hall.seating(grant.candidate, grant.subject)
    if seating is None:
        return
    if seating.grant is not None and seating.position is not None:
        journal.remember(seating.grant, seating.position)
    seat = seating.seat  # a move may have been decided after the grant
    hall.opened(seating, grant, stored.position)
    seating.seat = seat
    seating.kept_bytes = kept.sizes.get(stored.session, 0)
    seating.logged, seating.office = stored.logged, stored.office
    seating.stray_since = kept.strays.get(stored.session, 0)
    for event in kept.telling[(stored.session, stored.epoch)]:
        journal.note(seating, event)
    if kept.facts.get(records.hand_fact(grant.session)) == str(seating.hand_since):
        seating.hand_text = None
