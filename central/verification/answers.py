"""Lane answers: journals and the candidates' receipts."""

from central.store import evidence, journals
from central.store.journals import Epoch
from central.store.tables import Place
from central.verification.context import Context, expect
from central.verification.grants import check_ended
from protocol.errors import BrokenChainError, ForkError, MalformedError
from protocol.grant import Position
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
from protocol.parcel import JournalRecord, ReceiptRecord
from protocol.payload_types import PayloadType
from protocol.receipt import Receipt, open_receipt


def take_journal(context: Context, record: JournalRecord) -> VerifiedJournal:
    """Check events and keep those that are new; return where the journal then stands.

    1. The grant is held, its session key signed the head, and the epoch had not ended before.
    2. The events begin no later than right after what is held: no gap.
    3. They count without a hole and end at the head.
    4. What is held already comes again byte for byte.
    5. The chain over the new ones is the signed head.
    6. A box acknowledged this very head.
    """
    # 1
    epoch = _epoch(context, record.session, record.epoch)
    head = _open_head(epoch, record)
    following = context.epoch(record.session, record.epoch + 1)
    if following is not None:
        check_ended(epoch, following.grant, head.n)
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
    expect("receipt: subject", epoch.grant.subject, entry.subject)
    expect("receipt: sitting", context.place, Place(receipt.centre, receipt.sitting))
    evidence.put_candidate_receipt(context.store, receipt, record.receipt)
