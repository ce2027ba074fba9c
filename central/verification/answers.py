"""Lane answers: grants, journals, the candidates' receipts, closings."""

from central.store import evidence, journals
from central.store.journals import Epoch
from central.store.tables import BoxPlace, Place
from central.verification.context import Context, ContradictionError, expect
from exam.paper import is_empty
from protocol.closing import Accounted, Closing, open_closing
from protocol.errors import BrokenChainError, ForkError, MalformedError
from protocol.grant import Grant, Position
from protocol.journal import (
    Acknowledgement,
    Answered,
    Event,
    Head,
    chain,
    decode_event,
    open_head,
)
from protocol.office_receipt import VerifiedJournal
from protocol.parcel import ClosingRecord, GrantRecord, JournalRecord, ReceiptRecord
from protocol.payload_types import PayloadType
from protocol.receipt import Receipt, open_receipt


def take_grant(context: Context, record: GrantRecord) -> None:
    """Check a grant and keep it.

    1. A box of this centre and sitting signed it.
    2. It is for this centre and sitting.
    3. The same epoch is granted once.
    4. Every epoch of a session is of one sitting, candidate and subject.
    5. What it names as the end of the epoch before fits what is held of it.
    """
    # 1
    grant = context.open_by_named_box(record.grant, PayloadType.GRANT, Grant)
    # 2
    expect("grant: sitting", context.place, _sitting(grant))
    # 3
    known = context.epoch(grant.session, grant.epoch)
    if known is not None:
        if known.grant_digest != record.grant.digest:
            raise ForkError(f"session {grant.session}: two grants for epoch {grant.epoch}")
        return
    # 4
    for other in journals.epochs_of(context.store, grant.session):
        expect("grant: sitting of the session", _sitting(other.grant), context.place)
        expect("grant: candidate of the session", other.grant.candidate, grant.candidate)
        expect("grant: subject of the session", other.grant.subject, grant.subject)
    # 5
    if grant.previous is not None:
        _check_previous(context, grant.session, grant.previous)
    journals.put_grant(context.store, grant, record.grant)


def _sitting(grant: Grant) -> Place:
    return Place(grant.centre, grant.sitting)


def _check_previous(context: Context, session: str, previous: Position) -> None:
    """Refuse another history; a position that is not held yet is a matter of the account."""
    before = context.epoch(session, previous.epoch)
    if before is None or before.held.n < previous.n:
        return
    held = journals.link_at(context.store, before, previous.n)
    if held != previous.head:
        raise ForkError(
            f"session {session}: the next epoch begins after {previous.head[:16]} at event "
            f"{previous.n} of epoch {previous.epoch}; here it is {held[:16]}"
        )


def take_journal(context: Context, record: JournalRecord) -> VerifiedJournal:
    """Check events and keep those that are new; return where the journal then stands.

    1. The grant is held, and its session key signed the head.
    2. The events begin no later than right after what is held: no gap.
    3. They count without a hole and end at the head.
    4. What is held already comes again byte for byte.
    5. The chain over the new ones is the signed head.
    6. A box acknowledged this very head.
    """
    # 1
    epoch = _epoch(context, record.session, record.epoch)
    head = _open_head(epoch, record)
    # 2
    held = epoch.held
    if record.first > held.n + 1:
        raise BrokenChainError(
            f"session {record.session}: expected events from {held.n + 1} on; "
            f"got them from {record.first} on: an earlier parcel is missing or was refused"
        )
    # 3
    raw = [bytes(event) for event in record.events]
    events = [decode_event(body) for body in raw]
    _check_counting(events, record.first, head.n)
    # 4
    repeated = max(0, min(held.n, head.n) + 1 - record.first)
    kept = journals.events(
        context.store, record.session, record.epoch, record.first, record.first + repeated - 1
    )
    if kept != raw[:repeated]:
        raise ForkError(f"session {record.session}: events that are held came with other bytes")
    # 5
    _check_chain(context, epoch, head, raw[repeated:])
    # 6
    _check_acknowledgement(context, record, head)
    return _keep(context, epoch, head, record, list(zip(events, raw, strict=True))[repeated:])


def _epoch(context: Context, session: str, epoch: int) -> Epoch:
    found = context.epoch(session, epoch)
    if found is None:
        raise BrokenChainError(
            f"session {session} epoch {epoch}: expected its grant before its journal; "
            "an earlier parcel is missing or was refused"
        )
    return found


def _open_head(epoch: Epoch, record: JournalRecord) -> Head:
    head = open_head(record.head, epoch.session_key)
    expect("head: session and epoch", (record.session, record.epoch), (head.session, head.epoch))
    return head


def _check_counting(events: list[Event], first: int, last: int) -> None:
    numbers = [event.n for event in events]
    if numbers != list(range(first, last + 1)):
        raise MalformedError(
            f"expected events {first} to {last} in turn; got {numbers[:5]}...{numbers[-2:]}"
        )


def _check_chain(context: Context, epoch: Epoch, head: Head, new: list[bytes]) -> None:
    link = chain(epoch.held.head, new) if new else journals.link_at(context.store, epoch, head.n)
    if link != head.head:
        raise ForkError(
            f"session {head.session} epoch {head.epoch}: the chain to event {head.n} is "
            f"{link[:16]}, the seat signed {head.head[:16]}"
        )


def _check_acknowledgement(context: Context, record: JournalRecord, head: Head) -> None:
    word = context.open_by_named_box(
        record.acknowledgement, PayloadType.ACKNOWLEDGEMENT, Acknowledgement
    )
    acknowledged = (word.session, word.epoch, word.n, word.head)
    expect("acknowledgement", (head.session, head.epoch, head.n, head.head), acknowledged)


def _keep(
    context: Context,
    epoch: Epoch,
    head: Head,
    record: JournalRecord,
    new: list[tuple[Event, bytes]],
) -> VerifiedJournal:
    position = epoch.held
    if new:
        position = Position(epoch=head.epoch, n=head.n, head=head.head)
        numbered = [(event.n, body) for event, body in new]
        journals.append(context.store, head.session, position, numbered)
    journals.put_head(context.store, head, record.head)
    for event, _ in new:
        if isinstance(event, Answered):
            journals.put_response(
                context.store, head.session, head.epoch, event.n, event.item, event.response
            )
    return VerifiedJournal(session=head.session, position=position)


def take_receipt(context: Context, record: ReceiptRecord) -> None:
    """Check a candidate's receipt against the journal that is held, and keep it."""
    claimed = context.open_by_named_box(record.receipt, PayloadType.RECEIPT, Receipt)
    box = context.box_named(claimed.appliance)
    receipt = open_receipt(record.receipt, box.key, box.log_key)
    entry = receipt.entry
    epoch = _epoch(context, entry.session, entry.epoch)
    if epoch.held.n < entry.n:
        raise BrokenChainError(
            f"session {entry.session}: the receipt is for event {entry.n}, held are {epoch.held.n}"
        )
    expect("receipt: head", journals.link_at(context.store, epoch, entry.n), entry.head)
    expect("receipt: candidate", epoch.grant.candidate, entry.candidate)
    expect("receipt: sitting", context.place, Place(receipt.centre, receipt.sitting))
    evidence.put_candidate_receipt(context.store, receipt, record.receipt)


def take_closing(context: Context, record: ClosingRecord) -> None:
    """Check a closing against what is held, and keep it.

    1. The box that made the parcel signed it, for its own generation and sitting.
    2. Where everything of a session came by this box's lanes: its position is held with the
       same head, and so many items had a response there. More may be held: a seat notes the
       closing itself, and one that was cut off may bring a tail, which the account shows.
    3. A subject is closed once.

    Sessions that another box or generation has begun are left to the account: their
    parcels come by other lanes, perhaps later.
    """
    # 1
    closing = open_closing(record.closing, context.box.key)
    named = BoxPlace(closing.centre, closing.sitting, closing.appliance, closing.generation)
    expect("closing: box, generation and sitting", context.box_place, named)
    # 2
    for accounted in closing.candidates:
        if accounted.session is not None:
            _check_accounted(context, closing, accounted, accounted.session)
    # 3
    if not evidence.put_closing(context.store, context.box_place, closing, record.closing):
        raise ForkError(f"subject {closing.subject}: another closing is held")


def _check_accounted(
    context: Context, closing: Closing, accounted: Accounted, session: str
) -> None:
    epochs = journals.epochs_of(context.store, session)
    for epoch in epochs:
        expect("closing: sitting of the session", _sitting(epoch.grant), context.place)
    ours = {(closing.appliance, closing.generation)}
    if {(epoch.grant.appliance, epoch.grant.generation) for epoch in epochs} - ours:
        return
    position = accounted.position
    held = {epoch.held.epoch: epoch for epoch in epochs}
    if position is None or position.epoch not in held:
        raise ContradictionError(
            f"closing: {accounted.candidate} has session {session}, but no such grant is held"
        )
    epoch = held[position.epoch]
    if epoch.held.n < position.n:
        raise ContradictionError(
            f"closing: {accounted.candidate} stands at event {position.n}; "
            f"held are {epoch.held.n}, and this box's lane has nothing more before the closing"
        )
    link = journals.link_at(context.store, epoch, position.n)
    expect(f"closing: position of {accounted.candidate}", position.head, link)
    answered = journals.answers_at(context.store, session, position)
    count = sum(not is_empty(response) for response in answered.values())
    expect(f"closing: answers of {accounted.candidate}", accounted.answers, count)
