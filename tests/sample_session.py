"""What a hall makes of one candidate: grant, events, heads, receipt; and the box's log."""

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any

import msgspec

from exam.order import draw_order
from exam.paper import Chosen, Response
from protocol.bundle import BundleManifest
from protocol.checkpoint import Checkpoint, cosign, cosigner, origin, sign_checkpoint
from protocol.closing import Accounted, Closing, Ending, sign_closing
from protocol.decisions import (
    MACHINE,
    Decision,
    Scope,
    SubjectClosed,
    What,
    sign_decision,
)
from protocol.envelope import Envelope, sign
from protocol.grant import Grant, Position, sign_grant
from protocol.journal import (
    Acknowledgement,
    Answered,
    Event,
    HandedIn,
    Head,
    Placed,
    chain,
    encode_event,
    sign_head,
    start_position,
)
from protocol.keys import SigningKey
from protocol.log_entries import Decided, Entry, Granted, Opened, ReceiptGiven, encode_entry
from protocol.merkle import MerkleTree, leaf_hash
from protocol.parcel import (
    ClosingRecord,
    DecisionRecord,
    GrantRecord,
    HeadRecord,
    JournalRecord,
    LogRecord,
    ReceiptRecord,
)
from protocol.payload_types import PayloadType
from protocol.receipt import Receipt, sign_receipt
from protocol.second_signature import countersign
from protocol.staff_api import Act, CloseSubject, StaffAct, sign_act
from tests.sample_office import NOW, OUTLINE, SUBJECT, SampleBox

__all__ = [
    "SUBJECT",
    "SampleLog",
    "SampleSession",
    "absent",
    "closed",
    "closing",
    "decision",
]


@dataclass
class SampleLog:
    """The log of one box and generation."""

    box: SampleBox
    generation: int = 1
    bundle: str = "0" * 64
    seen: tuple[str, ...] = ()
    bodies: list[bytes] = field(default_factory=list)
    tree: MerkleTree = field(default_factory=MerkleTree)
    sent: int = 0

    def __post_init__(self) -> None:
        self.add(
            Opened(
                at=NOW,
                appliance=self.box.id,
                generation=self.generation,
                bundle=self.bundle,
                seen=self.seen,
            )
        )

    def add(self, entry: Entry) -> int:
        """Add a leaf; return its index."""
        self.bodies.append(encode_entry(entry))
        return self.tree.append(leaf_hash(self.bodies[-1]))

    def keep(self, *documents: GrantRecord | DecisionRecord) -> None:
        """Add the leaves of grants and decisions, as the box does when it makes them."""
        for document in documents:
            match document:
                case GrantRecord(grant=grant):
                    self.add(Granted(at=NOW, grant=grant.digest))
                case DecisionRecord(decision=decision):
                    self.add(Decided(at=NOW, decision=decision.digest))

    def note(self) -> str:
        """Return the signed checkpoint over all leaves."""
        name = origin(self.box.centre, self.box.sitting, self.box.id, self.generation)
        checkpoint = Checkpoint(origin=name, size=len(self.tree), root=self.tree.root())
        return sign_checkpoint(checkpoint, self.box.log_key)

    def record(self, cosigners: dict[str, SigningKey] | None = None) -> LogRecord:
        """Return what is new since the last record."""
        first, self.sent = self.sent, len(self.bodies)
        note = self.note()
        return LogRecord(
            first=first,
            leaves=tuple(msgspec.Raw(body) for body in self.bodies[first:]),
            checkpoint=note,
            cosignatures=tuple(
                cosign(note, cosigner(self.box.centre, self.box.sitting, seat), key, NOW // 1000)
                for seat, key in (cosigners or {}).items()
            ),
        )


class SampleSession:
    """A candidate at a seat; each method returns the record that a parcel would hold."""

    def __init__(
        self,
        box: SampleBox,
        candidate: str,
        *,
        session: str = "",
        epoch: int = 1,
        previous: Position | None = None,
        generation: int = 1,
        plan: BundleManifest | None = None,
    ) -> None:
        """``plan``: at the first seat of a real bundle, at the planned start."""
        self.box = box
        self.key = SigningKey.generate()
        self.generation = generation
        room, seat, outline, at = "room-1", "a-01", OUTLINE, NOW
        if plan is not None:
            room, seat = plan.sitting.seats[0].room, plan.sitting.seats[0].id
            outline, at = plan.papers[0].outline, plan.sitting.subjects[0].opens
        self.grant = Grant(
            appliance=box.id,
            generation=generation,
            centre=self.box.centre,
            sitting=self.box.sitting,
            subject=SUBJECT,
            room=room,
            seat=seat,
            candidate=candidate,
            session=session or secrets.token_hex(16),
            epoch=epoch,
            seat_certificate="1" * 64,
            session_key=self.key.public.hex,
            previous=previous,
            order_seed="2" * 32,
            order=draw_order(outline, "2" * 32),
            granted_at=at,
        )
        self.envelope = sign_grant(self.grant, box.box_key)
        self.position = start_position(self.grant, self.envelope.digest)
        self.sent = 0
        self.bodies: list[bytes] = []
        self.answers: dict[str, Response] = {}

    def granted(self) -> GrantRecord:
        """Return the grant."""
        return GrantRecord(grant=self.envelope)

    def write(self, event: Event) -> None:
        """Write an event into the journal."""
        body = encode_event(event)
        self.bodies.append(body)
        head = chain(self.position.head, [body])
        self.position = Position(epoch=self.grant.epoch, n=event.n, head=head)

    def answer(self, item: str, *options: str) -> None:
        """Answer an item."""
        response = Chosen(options=options)
        n = self.position.n + 1
        self.write(Answered(n=n, hall=NOW + n, mono=n, item=item, response=response))
        self.answers[item] = response

    def look(self, item: str) -> None:
        """Turn to an item."""
        n = self.position.n + 1
        self.write(Placed(n=n, hall=NOW + n, mono=n, item=item))

    def hand_in(self) -> None:
        """Hand in."""
        n = self.position.n + 1
        self.write(
            HandedIn(
                n=n,
                hall=NOW + n,
                mono=n,
                automatic=False,
                provisional=False,
                answered=len(self.answers),
                marked=0,
                unanswered=0,
            )
        )

    def head(self, key: SigningKey | None = None) -> Envelope:
        """Return the signed head."""
        head = Head(
            session=self.grant.session,
            epoch=self.grant.epoch,
            n=self.position.n,
            head=self.position.head,
        )
        return sign_head(head, key or self.key)

    def head_record(self) -> HeadRecord:
        """Return the head as evidence."""
        return HeadRecord(head=self.head())

    def acknowledged(self, key: SigningKey | None = None) -> Envelope:
        """Return the box's acknowledgement of all that is written."""
        word = Acknowledgement(
            appliance=self.box.id,
            generation=self.generation,
            session=self.grant.session,
            epoch=self.grant.epoch,
            n=self.position.n,
            head=self.position.head,
            at=NOW,
        )
        return sign(PayloadType.ACKNOWLEDGEMENT, word, key or self.box.box_key)

    def journal(self, first: int | None = None) -> JournalRecord:
        """Return what is new since the last record, or everything from ``first`` on."""
        first = self.sent + 1 if first is None else first
        self.sent = self.position.n
        return JournalRecord(
            session=self.grant.session,
            epoch=self.grant.epoch,
            first=first,
            events=tuple(msgspec.Raw(body) for body in self.bodies[first - 1 :]),
            head=self.head(),
            acknowledgement=self.acknowledged(),
        )

    def receipt(self, log: SampleLog, *, subject: str = SUBJECT) -> ReceiptRecord:
        """Return the receipt that the candidate takes away."""
        entry = ReceiptGiven(
            at=NOW,
            session=self.grant.session,
            epoch=self.grant.epoch,
            n=self.position.n,
            head=self.position.head,
            subject=subject,
            candidate=self.grant.candidate,
        )
        index = log.add(entry)
        proof = log.tree.inclusion_proof(index, len(log.tree))
        receipt = Receipt(
            appliance=self.box.id,
            generation=self.generation,
            centre=self.box.centre,
            sitting=self.box.sitting,
            entry=entry,
            answered=len(self.answers),
            marked=0,
            unanswered=0,
            automatic=False,
            at=NOW,
            leaf_index=index,
            proof=tuple(base64.b64encode(item).decode() for item in proof),
            checkpoint=log.note(),
        )
        return ReceiptRecord(receipt=sign_receipt(receipt, self.box.box_key))

    def accounted(self, ending: Ending = Ending.HANDED_IN) -> Accounted:
        """Return the candidate's line in the closing."""
        return Accounted(
            candidate=self.grant.candidate,
            seat=self.grant.seat,
            ending=ending,
            withheld=False,
            session=self.grant.session,
            position=self.position,
            answers=len(self.answers),
        )


def absent(candidate: str, seat: str = "a-09") -> Accounted:
    """Return the line of who did not come."""
    return Accounted(
        candidate=candidate,
        seat=seat,
        ending=Ending.ABSENT,
        withheld=False,
        session=None,
        position=None,
        answers=0,
    )


def closing(box: SampleBox, *people: Accounted, generation: int = 1) -> ClosingRecord:
    """Return the closing of the subject."""
    return ClosingRecord(
        closing=sign_closing(
            Closing(
                appliance=box.id,
                generation=generation,
                centre=box.centre,
                sitting=box.sitting,
                subject=SUBJECT,
                at=NOW,
                candidates=people,
            ),
            box.box_key,
        )
    )


def decision(
    box: SampleBox,
    n: int,
    what: What,
    *,
    asked: Act | None = None,
    staff_key: SigningKey | None = None,
    second_key: SigningKey | None = None,
    by: str = "wang",
    candidate: str | None = None,
    session: str | None = None,
    at: int = NOW,
    asked_at: int | None = None,
    subject: str = SUBJECT,
    generation: int = 1,
) -> DecisionRecord:
    """Return a decision for all or one, the machine's or (with ``asked``) of one of the staff."""
    act = None
    if asked is not None:
        assert staff_key is not None
        staff_act = StaffAct(
            centre=box.centre,
            appliance=box.id,
            generation=generation,
            sitting=box.sitting,
            staff=by,
            nonce=secrets.token_hex(16),
            at=at if asked_at is None else asked_at,
            act=asked,
        )
        act = sign_act(staff_act, staff_key)
        if second_key is not None:
            act = countersign(act, second_key)
    made = Decision(
        appliance=box.id,
        generation=generation,
        n=n,
        sitting=box.sitting,
        subject=subject,
        scope=Scope.ALL if candidate is None else Scope.ONE,
        candidate=candidate,
        session=session,
        at=at,
        by=MACHINE if act is None else by,
        act=None if act is None else act.digest,
        what=what,
    )
    return DecisionRecord(decision=sign_decision(made, box.box_key), act=act)


def closed(
    box: SampleBox, n: int, staff_key: SigningKey, *, by: str = "wang", generation: int = 1
) -> DecisionRecord:
    """Return the decision that closes the subject, as a member of staff asked for it."""
    asked = CloseSubject(subject=SUBJECT)
    more: dict[str, Any] = {"staff_key": staff_key, "by": by, "generation": generation}
    return decision(box, n, SubjectClosed(), asked=asked, **more)
