"""Lanes incidents and pictures: decisions, strays, alerts, amendments, pictures."""

from central.store import decided, evidence, journals
from central.store.journals import Epoch
from central.verification.alone import check_decision
from central.verification.asked import check_asked
from central.verification.context import Context, WaitsError, expect
from protocol.amendment import AmendmentRecord, open_amendment
from protocol.decisions import open_decision
from protocol.errors import BrokenChainError, ForkError, MalformedError
from protocol.journal import Head, chain, decode_event, open_head
from protocol.parcel import AlertRecord, DecisionRecord, PictureRecord, StrayRecord


def take_decision(context: Context, record: DecisionRecord) -> None:
    """Check a decision and keep it.

    1. The box that made the parcel signed it, for its own generation and sitting.
    2. Decisions of a generation count without a hole; the same one again is no harm.
    3. Who decided asked for it by a signed act, and may (`central.verification.asked`).
    4. It can have been made: its subject, time and numbers, and what the machine may decide
       without an act (`central.verification.alone`).
    """
    # 1
    decision = open_decision(record.decision, context.box.key)
    key = context.header.key
    expect(
        "decision: box, generation and sitting",
        (key.appliance, key.generation, key.sitting),
        (decision.appliance, decision.generation, decision.sitting),
    )
    # 2
    place = context.box_place
    known = decided.decision_digest(context.store, place, decision.n)
    if known is not None:
        if known != record.decision.digest:
            raise ForkError(f"decision {decision.n}: another one is held under this number")
        return
    if decision.n > 1 and decided.decision_digest(context.store, place, decision.n - 1) is None:
        raise BrokenChainError(
            f"decision {decision.n}: expected number {decision.n - 1} before it; "
            "an earlier parcel is missing or was refused"
        )
    # 3
    act = check_asked(context, decision, record.act)
    # 4
    check_decision(context, decision, act)
    decided.put_decision(context.store, place, decision, record.decision, record.act)


def take_stray(context: Context, record: StrayRecord) -> None:
    """Check the tail of an old epoch and keep it apart: a person decides what it is worth.

    An epoch is old when the next one was granted: what a box holds of the last one belongs to
    the journal, where it counts.
    """
    epoch = context.epoch(record.session, record.epoch)
    if epoch is None or context.epoch(record.session, record.epoch + 1) is None:
        raise WaitsError(
            f"session {record.session} epoch {record.epoch}: its grant, or that of the epoch "
            "after it, has not come"
        )
    head = open_head(record.head, epoch.session_key)
    expect("stray: session and epoch", (record.session, record.epoch), (head.session, head.epoch))
    bodies = [bytes(event) for event in record.events]
    numbers = [decode_event(body).n for body in bodies]
    if numbers != list(range(record.first, head.n + 1)):
        raise MalformedError(f"stray: expected events {record.first} to {head.n} in turn")
    follows = _follows(context, epoch, record.first, bodies, head)
    journals.put_stray(context.store, record, head, follows=follows)


def _follows(context: Context, epoch: Epoch, first: int, bodies: list[bytes], head: Head) -> bool:
    """Say whether the tail goes on from what is held; one that does not is kept all the same."""
    if not 1 <= first <= epoch.held.n + 1:
        return False
    return chain(journals.link_at(context.store, epoch, first - 1), bodies) == head.head


def take_alert(context: Context, record: AlertRecord) -> None:
    """Keep an alert; its picture may come by another lane."""
    evidence.put_record(context.store, context.place, "alert", record)


def take_picture(context: Context, record: PictureRecord) -> None:
    """Keep a picture that came with this parcel."""
    if record.digest not in context.blobs:
        raise MalformedError(
            f"picture {record.digest[:16]}...: expected its bytes in the parcel; got none"
        )
    evidence.put_record(context.store, context.place, "picture", record)


def take_amendment(context: Context, record: AmendmentRecord) -> None:
    """Check that the office itself signed the amendment that reached the hall, and keep it."""
    amendment = open_amendment(record.amendment, context.office_key)
    expect("amendment: sitting", context.header.key.sitting, amendment.sitting)
    evidence.put_record(context.store, context.place, "amendment", record)
