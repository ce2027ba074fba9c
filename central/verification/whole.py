"""Whether all that came of a subject agrees, once a box has said that nothing more follows.

Looked at within the transaction that took the last end of a lane, and again for whatever comes
later by these lanes, also of another box of the sitting. `central.agreement` decides; heads and
receipts of the log are held to the journals here, since that takes the chains. Nothing is refused
by this: what is found stands in the account until a person has looked.
"""

from collections.abc import Iterable, Iterator

from central.accounting import ALWAYS, Shortfall
from central.agreement import Plan, SatSession, Whole, findings
from central.registry import Revision
from central.store import agreed, decided, evidence, journals
from central.store.tables import BoxPlace
from central.verification.context import Context
from protocol.decisions import open_decision
from protocol.envelope import Envelope
from protocol.errors import ProtocolError
from protocol.grant import Grant, Position
from protocol.journal import DecisionReceived, Event, HandedIn, Returned
from protocol.log_entries import Entry, HeadKept, ReceiptGiven, decode_entry


def look_at_ended(context: Context) -> None:
    """Look at every subject of the sitting that has ended, if the parcel was of such a lane."""
    if context.header.key.lane not in ALWAYS:
        return
    for box, subject in agreed.ended_subjects(context.store, context.place):
        found = _look_at(context, box, subject)
        agreed.put_findings(context.store, box, subject, found)


def _look_at(context: Context, box: BoxPlace, subject: str) -> list[Shortfall]:
    store, place = context.store, context.place
    closing = agreed.closing_of(store, box, subject)
    if closing is None:
        return []  # there is no account that it could hinder
    decisions = agreed.decisions_of(store, place, subject)
    grants = agreed.grants_of(store, place, subject)
    entries = _entries(context, box)
    whole = Whole(
        closing=closing,
        decisions=tuple(decisions.values()),
        sessions=tuple(_sessions(context, subject, grants.values())),
        entries=entries,
        documents={**decisions, **grants},
        plans=tuple(_plans(context.box.revisions, subject)),
    )
    return [*findings(whole), *_log(context, box, subject, entries)]


def _entries(context: Context, box: BoxPlace) -> tuple[Entry, ...]:
    size = evidence.log_size(context.store, box)
    return tuple(decode_entry(body) for body in evidence.leaves(context.store, box, 0, size))


def _plans(revisions: Iterable[Revision], subject: str) -> Iterator[Plan]:
    for one in revisions:
        subjects = one.manifest.sitting.subjects
        for found in subjects:
            if found.id == subject and one.rules is not None:
                yield Plan(
                    rules=one.rules,
                    subject=found,
                    opens=min(each.opens for each in subjects),
                    closes=max(each.closes for each in subjects),
                )


# --- journals --------------------------------------------------------------------------------


def _sessions(context: Context, subject: str, grants: Iterable[Grant]) -> Iterator[SatSession]:
    by_session: dict[str, list[Grant]] = {}
    for grant in grants:
        by_session.setdefault(grant.session, []).append(grant)
    for session, granted in by_session.items():
        events = agreed.telling_events(context.store, session)
        end = next(((epoch, one.n) for epoch, one in events if isinstance(one, HandedIn)), None)
        yield SatSession(
            session=session,
            grants=tuple(granted),
            handed_in=end is not None,
            answers_after=0 if end is None else _answers_after(context, session, *end),
            away_ms=tuple(one.away_ms for _, one in events if isinstance(one, Returned)),
            unheard_of=_unheard_of(context, subject, (one for _, one in events)),
        )


def _answers_after(context: Context, session: str, epoch: int, n: int) -> int:
    position = Position(epoch=epoch, n=n, head="0" * 64)  # only the place is asked for
    return journals.late_answers(context.store, session, position)


def _unheard_of(context: Context, subject: str, events: Iterable[Event]) -> int:
    """Count what a box has signed and told the seat, and has not delivered as its decision."""
    heard = (one.decision for one in events if isinstance(one, DecisionReceived))
    return sum(_is_withheld(context, subject, one) for one in heard)


def _is_withheld(context: Context, subject: str, envelope: Envelope) -> bool:
    """Say it of one; what no box of this sitting has signed is a seat's invention."""
    for box in context.registry.boxes:
        if (box.centre, box.sitting) != (context.place.centre, context.place.sitting):
            continue
        try:
            made = open_decision(envelope, box.key)
        except ProtocolError:
            continue
        place = BoxPlace(box.centre, box.sitting, made.appliance, made.generation)
        held = decided.decision_digest(context.store, place, made.n)
        return made.subject == subject and held != envelope.digest
    return False


# --- the log -----------------------------------------------------------------------------------


def _log(
    context: Context, box: BoxPlace, subject: str, entries: Iterable[Entry]
) -> Iterator[Shortfall]:
    missing = agreed.undelivered(context.store, box)
    if missing:
        values = {"box": f"{box.appliance}.{box.generation}", "count": missing}
        yield Shortfall(text="undelivered", values=values)
    yield from _heads(context, subject, entries)
    for code, who in agreed.receipt_codes(context.store, context.place, subject):
        if not evidence.receipt_leaf_held(context.store, code):
            yield Shortfall(text="receipt_unlogged", values={"who": who, "code": code})


def _heads(context: Context, subject: str, entries: Iterable[Entry]) -> Iterator[Shortfall]:
    """Hold every head that the seats have seen in the log to the journal that came."""
    others: dict[str, int] = {}
    for entry in entries:
        if not isinstance(entry, HeadKept | ReceiptGiven):
            continue
        epoch = journals.epoch_of(context.store, entry.session, entry.epoch)
        if epoch is not None and epoch.grant.subject != subject:
            continue
        if (
            epoch is None
            or epoch.held.n < entry.n
            or journals.link_at(context.store, epoch, entry.n) != entry.head
        ):
            who = entry.session[:8] if epoch is None else epoch.grant.candidate
            others.setdefault(who, entry.n)
    for who, n in others.items():
        yield Shortfall(text="log_other", values={"who": who, "n": n})
