"""A hall as one seat knows it: keys of its box, a sealed paper, and a real seat before it.

Nothing listens here. `SampleHall` signs what a box signs; `SeatAtWork` is a seat over its spool,
as the agent puts it together, on a clock that the test moves. `BoxLine` stands for the line.
"""

import base64
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from msgspec.structs import replace

from exam.order import draw_order, outline
from exam.paper import Chosen
from exam.rulebook import read_rule_book
from exam.session import LoggedIn as WasLoggedIn
from exam.session import Session, happen
from exam.sitting import Room, Sitting, Subject
from exam.sitting import Seat as Place
from protocol.bundle import Appliance, BundleManifest, Office, sign_bundle
from protocol.checkpoint import Checkpoint, origin, sign_checkpoint
from protocol.decisions import Armed, Decision, IdentityDecided, Scope, What, sign_decision
from protocol.envelope import Envelope, sign
from protocol.grant import Grant, Position, sign_grant
from protocol.journal import Acknowledgement, Batch, check_batch, start_position
from protocol.keys import SigningKey
from protocol.log_entries import ReceiptGiven, encode_entry
from protocol.merkle import MerkleTree, leaf_hash
from protocol.office_receipt import OfficeReceipt, Stage, VerifiedJournal, sign_office_receipt
from protocol.paper_file import write_paper_file
from protocol.parcel import Lane, ParcelKey
from protocol.payload_types import PayloadType
from protocol.receipt import Receipt, sign_receipt
from protocol.sealed_paper import SealedPaper
from protocol.sealing import SealingIdentity, seal
from protocol.seat_api import (
    Acknowledged,
    BatchRefusal,
    BatchRefused,
    BatchReply,
    DecisionSaid,
    HallInfo,
    LoggedIn,
    LoginReply,
    LoginRequest,
    OfficeHolds,
    OwnData,
    PaperKeySaid,
    ReceiptSaid,
    Standing,
)
from protocol.values import decode, encode, sha256_hex
from provisioning.plan import OWN_RULE_BOOKS
from runtime.clock import Anchor, ManualClock, SeatClock
from runtime.clock import Beat as ClockBeat
from terminal_agent import actions as do
from terminal_agent.actions import Done, Kept, Outcome
from terminal_agent.desk import Desk
from terminal_agent.link import Link, Proven
from terminal_agent.papers import PaperShelf
from terminal_agent.seat import Seat
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent, Spool
from terminal_agent.state import Watched
from terminal_agent.trust import TrustedHall
from terminal_agent.view import HallLink, LoginFieldName, Screen
from tests.unit.terminal_agent.sample_paper import CHART, CHART_NAME, PAPER

MINUTE = 60_000
START = 1_774_054_800_000
"""Planned start, hall time."""
DOORS = START - 20 * MINUTE
SUBJECT = PAPER.subject
RULES_TEXT = (OWN_RULE_BOOKS / "ksj.toml").read_text("utf-8")
RULES = read_rule_book(RULES_TEXT)
CANDIDATE = "c-001"
FIELDS = {LoginFieldName.ID_NUMBER: "11010519491231002X", LoginFieldName.ID_NUMBER_LAST4: "002X"}
ADMITTED = IdentityDecided(
    method="person", accepted=True, withheld=False, distance=-1, reason="looked"
)
OWN = OwnData(
    candidate=CANDIDATE,
    name="王芳",
    id_number="11010519491231002X",
    ticket_number="2026001",
    mobile="",
    level="",
    extra_minutes=0,
)


def _sign_acknowledgement(word: Acknowledgement, key: SigningKey) -> Envelope:
    return sign(PayloadType.ACKNOWLEDGEMENT, word, key)


@dataclass
class Keys:
    """What stays over sittings: the box's keys and the office's."""

    box: SigningKey = field(default_factory=SigningKey.generate)
    log: SigningKey = field(default_factory=SigningKey.generate)
    office: SigningKey = field(default_factory=SigningKey.generate)
    receipts: SigningKey = field(default_factory=SigningKey.generate)
    opening: SealingIdentity = field(default_factory=SealingIdentity.generate)
    seat: SigningKey = field(default_factory=SigningKey.generate)


class SampleHall:
    """One sitting at one box."""

    def __init__(self, keys: Keys | None = None, *, sitting: str = "s-1") -> None:
        self.keys = keys or Keys()
        self.sitting = sitting
        self.paper_key = SealingIdentity.generate()
        plain = write_paper_file(PAPER, {CHART_NAME: CHART})
        self.sealed_paper = seal(plain, [self.paper_key.recipient])
        self.outline = outline(PAPER)
        self.paper = SealedPaper(
            subject=SUBJECT,
            revision=1,
            file="paper.age",
            size=len(self.sealed_paper),
            sealed_sha256=sha256_hex(self.sealed_paper),
            plain_sha256=sha256_hex(plain),
            key_file="paper.key.age",
            recipient=self.paper_key.recipient,
            code_salts=("0" * 32,),
            outline=self.outline,
        )
        self.n = 0
        self.tree = MerkleTree()

    # --- what the seat believes -----------------------------------------------------------------

    def manifest(self) -> BundleManifest:
        """Return what the office signed."""
        keys = self.keys
        return BundleManifest(
            centre="c1",
            sitting=Sitting(
                id=self.sitting,
                title="样例考试",
                project="p",
                issuer="样例机构",
                centre="c1",
                time_zone="Asia/Shanghai",
                rule_book="ksj",
                rule_book_digest=sha256_hex(RULES_TEXT.encode()),
                subjects=(
                    Subject(
                        id=SUBJECT,
                        title="理论",
                        opens=START,
                        closes=START + 120 * MINUTE,
                        duration_s=90 * 60,
                    ),
                ),
                rooms=(Room(id="r1", title="第一考场"),),
                seats=(Place(id="a01", room="r1", label="A01"),),
            ),
            revision=1,
            made_at=DOORS,
            office=Office(
                id="office",
                addresses=("https://127.0.0.1:1",),
                opening_recipient=keys.opening.recipient,
                receipts_key=keys.receipts.public.hex,
            ),
            root_certificate="",
            centre_certificate="",
            appliances=(
                Appliance(
                    id="box-1",
                    room="r1",
                    spare=False,
                    box_key=keys.box.public.hex,
                    log_key=keys.log.public.hex,
                    age_recipient=keys.opening.recipient,
                    tls_certificate="1" * 64,
                ),
            ),
            staff=(),
            revocations=(),
            papers=(self.paper,),
            rule_book_file="rules.toml",
            roster_file="roster.age",
            photos={},
            files=(),
        )

    def trusted(self) -> TrustedHall:
        """Return the hall as a seat has checked it."""
        manifest, keys = self.manifest(), self.keys
        info = HallInfo(
            appliance="box-1",
            generation=1,
            seat="a01",
            hall_time=DOORS,
            bundle=sign_bundle(manifest, keys.office),
            office_certificate="",
            rule_book=RULES_TEXT,
            faces_port=1,
            recordings_port=1,
            subject=SUBJECT,
        )
        return TrustedHall(
            info=info,
            manifest=manifest,
            rules=RULES,
            appliance=manifest.appliances[0],
            box_key=keys.box.public,
            log_key=keys.log.public,
            receipts_key=keys.receipts.public,
            seat=manifest.sitting.seats[0],
            room=manifest.sitting.rooms[0],
        )

    # --- what the box says ----------------------------------------------------------------------

    def decision(self, what: What, *, one: bool = False, at: int = DOORS) -> Envelope:
        """Sign the next decision, for all or for the candidate."""
        self.n += 1
        made = Decision(
            appliance="box-1",
            generation=1,
            n=self.n,
            sitting=self.sitting,
            subject=SUBJECT,
            scope=Scope.ONE if one else Scope.ALL,
            candidate=CANDIDATE if one else None,
            session=None,
            at=at,
            by="machine",
            act=None,
            what=what,
        )
        return sign_decision(made, self.keys.box)

    def grant(self, session_key: str, *, before: Grant | None = None, **other: Any) -> Grant:
        """Return a grant, of the epoch after ``before``; ``other`` replaces what is right."""
        previous = None
        if before is not None:
            previous = Position(epoch=before.epoch, n=0, head="0" * 64)
        right: dict[str, Any] = {
            "appliance": "box-1",
            "generation": 1,
            "centre": "c1",
            "sitting": self.sitting,
            "subject": SUBJECT,
            "room": "r1",
            "seat": "a01",
            "candidate": CANDIDATE,
            "session": secrets.token_hex(16) if before is None else before.session,
            "epoch": 1 if before is None else before.epoch + 1,
            "seat_certificate": "1" * 64,
            "session_key": session_key,
            "previous": previous,
            "order_seed": "2" * 32,
            "order": draw_order(self.outline, "2" * 32),
            "granted_at": DOORS,
        }
        return Grant(**(right | other))

    def key_said(self) -> PaperKeySaid:
        """Return P as the box says it."""
        return PaperKeySaid(subject=SUBJECT, revision=1, key=self.paper_key.dangerous_text())

    def receipt(self, session: str, position: Position, **other: Any) -> ReceiptSaid:
        """Give a receipt for a journal that stands at ``position``."""
        entry = ReceiptGiven(
            at=START,
            session=session,
            epoch=position.epoch,
            n=position.n,
            head=position.head,
            subject=SUBJECT,
            candidate=CANDIDATE,
        )
        index = self.tree.append(leaf_hash(encode_entry(entry)))
        name = origin("c1", self.sitting, "box-1", 1)
        point = Checkpoint(origin=name, size=len(self.tree), root=self.tree.root())
        path = self.tree.inclusion_proof(index, len(self.tree))
        receipt = Receipt(
            centre="c1",
            appliance="box-1",
            generation=1,
            sitting=self.sitting,
            entry=entry,
            answered=1,
            marked=0,
            unanswered=0,
            automatic=False,
            at=START,
            leaf_index=index,
            proof=tuple(base64.b64encode(one).decode() for one in path),
            checkpoint=sign_checkpoint(point, self.keys.log),
        )
        signed = sign_receipt(replace(receipt, **other), self.keys.box)
        return ReceiptSaid(session=session, receipt=signed)

    def office_holds(self, session: str, position: Position) -> OfficeHolds:
        """Let the office have verified a journal up to ``position``."""
        journals = (VerifiedJournal(session=session, position=position),)
        receipt = OfficeReceipt(
            office="office",
            stage=Stage.VERIFIED,
            parcel=ParcelKey(
                centre="c1",
                sitting=self.sitting,
                appliance="box-1",
                generation=1,
                lane=Lane.ANSWERS,
                n=1,
            ),
            digest="3" * 64,
            at=START,
            journals=journals,
        )
        signed = sign_office_receipt(receipt, self.keys.receipts)
        return OfficeHolds(office_receipt=signed, journals=journals)


class BoxLine:
    """The line to the box, by which a seat logs in and delivers; `journal` is what came.

    ``cut``: nobody answers. ``reply`` stands for the box at the next log-in.
    """

    def __init__(self, hall: SampleHall) -> None:
        self.hall = hall
        self.cut = False
        self.reply: Callable[[LoginRequest], LoginReply] = self._let_in
        self.grants: dict[tuple[str, int], Grant] = {}
        self.positions: dict[tuple[str, int], Position] = {}
        self.journal: dict[tuple[str, int], list[bytes]] = {}
        self.ended_epochs: set[tuple[str, int]] = set()
        self.logged_in = 0
        self.hold: Callable[[], Any] | None = None
        """Awaited before a log-in is answered."""

    def standing(self) -> Standing:
        """Return where the candidate stood before."""
        seated = happen(Session(), WasLoggedIn(at=DOORS))
        assert isinstance(seated, Session)
        return Standing(session=seated)

    def _let_in(self, request: LoginRequest) -> LoggedIn:
        before = max(self.grants.values(), key=lambda g: g.epoch, default=None)
        return self.let_in(self.hall.grant(request.session_key, before=before))

    def let_in(self, grant: Grant) -> LoggedIn:
        """Sign a grant, whatever stands in it."""
        self.logged_in += 1
        envelope = sign_grant(grant, self.hall.keys.box)
        key = (grant.session, grant.epoch)
        self.grants[key] = grant
        self.positions[key] = start_position(grant, envelope.digest)
        self.journal[key] = []
        return LoggedIn(grant=envelope, own_data=OWN, standing=self.standing(), decisions=())

    def take(self, batch: Batch) -> BatchReply:
        """Take a batch as core does."""
        key = (batch.session, batch.epoch)
        if key not in self.grants:
            return BatchRefused(code=BatchRefusal.NO_SESSION, text="none such", acknowledged=None)
        extension = check_batch(batch, self.grants[key], self.positions[key])
        self.positions[key] = extension.position
        self.journal[key] += [body for _, body in extension.events]
        if key in self.ended_epochs:
            return BatchRefused(
                code=BatchRefusal.OLD_EPOCH, text="kept", acknowledged=extension.position
            )
        word = Acknowledgement(
            appliance="box-1",
            generation=1,
            session=batch.session,
            epoch=batch.epoch,
            n=extension.position.n,
            head=extension.position.head,
            at=START,
        )
        return Acknowledged(acknowledgement=_sign_acknowledgement(word, self.hall.keys.box))

    @contextlib.asynccontextmanager
    async def post(self, path: str, data: bytes) -> AsyncIterator["_Reply"]:
        """Answer as the box's HTTP does."""
        if self.cut:
            raise ConnectionResetError("the cable is out")
        if path.endswith("login"):
            if self.hold is not None:
                await self.hold()
            yield _Reply(encode(self.reply(decode(data, LoginRequest))), path)
        else:
            yield _Reply(encode(self.take(decode(data, Batch))), path)


class _Reply:
    """A reply of HTTP, as far as it is looked at."""

    status = 200

    def __init__(self, body: bytes, path: str) -> None:
        self.content = self
        self.url = path
        self._body = body

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._body


class SeatSteady(ManualClock):
    """A clock that names its boots as the kernel does."""

    def boot(self) -> str:
        return super().boot().rpartition("-")[2].zfill(32)


class NoEyes:
    """A seat without a camera."""

    is_wanted = False
    cameras = 0
    recording_since: int | None = None

    async def newest(self) -> bytes | None:
        return None

    def missing(self, seat: Watched) -> list[MakeEvent]:
        return []


@dataclass
class SeatAtWork:
    """A seat at work; `hall` and `line` may be another sitting's after `meet`."""

    seat: Seat
    hall: SampleHall
    line: BoxLine
    steady: ManualClock

    @property
    def desk(self) -> Desk:
        """The seat's parts and state."""
        return self.seat.desk

    @property
    def session(self) -> SeatSession:
        """The open session."""
        session = self.desk.state.session
        assert session is not None
        return session

    async def meet(self, hall: SampleHall, line: BoxLine) -> None:
        """Let the seat find the box of a hall, and hear its time."""
        self.hall, self.line = hall, line
        proven = Proven(http=cast("Any", line), hall=hall.trusted())
        await self.seat.found(proven)
        await self.tell_time(DOORS)
        self.seat.link_up()
        await self.seat.hello()

    async def tell_time(self, hall_ms: int) -> None:
        """Let the box say what time it is."""
        now = self.steady.steady_ms()
        await self.seat.hear_clock(ClockBeat(sent_ms=now, received_ms=now, hall_ms=hall_ms))

    async def log_in(self) -> None:
        """Consent and log in, with what the box says to it."""
        assert isinstance(await self.seat.act(do.Consent(given=False)), Done)
        assert await self.seat.act(do.LogIn(fields=FIELDS)) == Done()

    async def decide(self, what: What, *, one: bool = False) -> None:
        """Let the box decide, for all or for the candidate, and say so."""
        now = self.desk.now() or 0
        said = DecisionSaid(decision=self.hall.decision(what, one=one, at=now))
        await self.seat.hear(said)

    async def come_to_the_waiting_room(self) -> None:
        """Go the way to the countdown; the start is armed."""
        await self.log_in()
        assert isinstance(await self.seat.act(do.ConfirmOwnData(right=True)), Kept)
        await self.decide(ADMITTED, one=True)
        assert isinstance(await self.seat.act(do.RulesRead()), Kept)
        await self.decide(Armed(start=START))

    async def come_to_the_paper(self) -> None:
        """Go the whole way to the open paper, and answer question s1."""
        await self.come_to_the_waiting_room()
        await self.tell_time(START)
        await self.seat.hear(self.hall.key_said())
        assert self.seat.view().screen is Screen.ANSWERING
        assert isinstance(await self.answer("s1", "o1"), Kept)

    async def answer(self, item: str, *options: str) -> Outcome:
        """Answer a question as the page does."""
        return await self.seat.act(do.Answer(item=item, response=Chosen(options=options)))

    def cut(self) -> None:
        """Pull the cable."""
        self.line.cut = True
        self.seat.link_lost()

    async def deliver(self) -> int:
        """Send all that is owed, as the link does; return how many batches went."""
        proven = self.desk.state.proven
        assert proven is not None
        link, sent = Link(proven, self.seat, self.steady), 0
        while (session := self.seat.owing()) is not None:
            batch = await session.next_batch()
            assert batch is not None
            reply = self.line.take(decode(encode(batch), Batch))
            await link._answered(session, reply)
            sent += 1
        return sent


@contextlib.asynccontextmanager
async def desk(
    folder: Path,
    hall: SampleHall,
    line: BoxLine | None = None,
    *,
    steady: ManualClock | None = None,
    meets: bool = True,
    knows: SampleHall | None = None,
) -> AsyncIterator[SeatAtWork]:
    """Start a seat's program in ``folder``; ``knows``: the hall that it knew when it ended.

    ``meets``: it finds the box of ``hall``; else it is cut off.
    """
    steady = steady or SeatSteady(wall_ms=DOORS)
    line = line or BoxLine(hall)
    (folder / "papers").mkdir(parents=True, exist_ok=True)
    async with Spool(folder) as spool:
        stored = await spool.get("anchor")
        anchor = None if stored is None else decode(stored, Anchor)
        clock = SeatClock(steady, anchor=anchor, last_ms=await spool.last_time())
        shelf = PaperShelf(folder / "papers")
        shelf.prepare()
        seat = Seat(Desk(spool, shelf, clock, steady, NoEyes(), agent="test"))
        seat.paired_as("a01", hall.keys.seat)
        made = SeatAtWork(seat, hall, line, steady)
        await seat.resume(None if knows is None else knows.trusted())
        if meets:
            await made.meet(hall, line)
        yield made


@contextlib.asynccontextmanager
async def answering(
    folder: Path, hall: SampleHall, line: BoxLine | None = None
) -> AsyncIterator[SeatAtWork]:
    """Start a seat's program, and bring the candidate to the open paper."""
    lay_paper(folder, hall)
    async with desk(folder, hall, line) as at:
        await at.come_to_the_paper()
        yield at


def lay_paper(folder: Path, hall: SampleHall) -> None:
    """Put the sealed paper where a seat has fetched it to."""
    papers = folder / "papers"
    papers.mkdir(parents=True, exist_ok=True)
    (papers / f"{hall.paper.sealed_sha256}.age").write_bytes(hall.sealed_paper)


def is_reached(seat: Seat) -> bool:
    """Say whether the seat takes itself to be linked."""
    return seat.desk.state.reached is HallLink.REACHED
