"""Lanes incidents and pictures: decisions, strays, alerts, amendments, pictures."""

from central.store import evidence, journals
from central.store.journals import Epoch
from central.verification.context import Context, ContradictionError, WaitsError, expect
from protocol.amendment import AmendmentRecord, open_amendment
from protocol.asking import asks_for
from protocol.decisions import Decision, open_decision
from protocol.envelope import Envelope, verify
from protocol.errors import BrokenChainError, ForkError, MalformedError
from protocol.journal import Head, chain, decode_event, open_head
from protocol.keys import VerifyKey
from protocol.parcel import AlertRecord, DecisionRecord, PictureRecord, StrayRecord
from protocol.payload_types import PayloadType
from protocol.staff_api import StaffAct
from protocol.values import Value, decode_canonical


def take_decision(context: Context, record: DecisionRecord) -> None:
    """Check a decision and keep it.

    1. The box that made the parcel signed it, for its own generation and sitting.
    2. Decisions of a generation count without a hole; the same one again is no harm.
    3. Who decided asked for it by a signed act, for this very decision and for no other; only
       the machine decides without one.
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
    known = evidence.decision_digest(context.store, place, decision.n)
    if known is not None:
        if known != record.decision.digest:
            raise ForkError(f"decision {decision.n}: another one is held under this number")
        return
    if decision.n > 1 and evidence.decision_digest(context.store, place, decision.n - 1) is None:
        raise BrokenChainError(
            f"decision {decision.n}: expected number {decision.n - 1} before it; "
            "an earlier parcel is missing or was refused"
        )
    # 3
    _check_act(context, decision, record.act)
    evidence.put_decision(context.store, place, decision, record.decision, record.act)


def _check_act(context: Context, decision: Decision, envelope: Envelope | None) -> None:
    named = None if envelope is None else envelope.digest
    expect(f"decision {decision.n}: its act", decision.act, named)
    if envelope is None:  # only the machine's: the type itself asks for every person's act
        return
    keys = [VerifyKey.from_hex(key) for key in context.box.staff_keys.get(decision.by, ())]
    act = decode_canonical(verify(envelope, PayloadType.STAFF_ACT, keys), StaffAct)
    expect(
        f"decision {decision.n}: who acted, where",
        (
            decision.by,
            context.box.centre,
            decision.appliance,
            decision.generation,
            decision.sitting,
        ),
        (act.staff, act.centre, act.appliance, act.generation, act.sitting),
    )
    if not asks_for(act.act, decision):
        raise ContradictionError(
            f"decision {decision.n} ({_tag(decision.what)}): expected the act that asked for it; "
            f"got one that asks for another ({_tag(act.act)})"
        )
    used = evidence.acts_used(context.store, context.box_place, decision)
    if envelope.digest in used:
        raise ContradictionError(
            f"decision {decision.n}: expected an act of its own; got that of decision "
            f"{used[envelope.digest]}"
        )


def _tag(value: Value) -> object:
    return value.__struct_config__.tag


def take_stray(context: Context, record: StrayRecord) -> None:
    """Check the tail of an old epoch and keep it apart: a person decides what it is worth."""
    epoch = context.epoch(record.session, record.epoch)
    if epoch is None:
        raise WaitsError(f"session {record.session} epoch {record.epoch}: its grant has not come")
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
