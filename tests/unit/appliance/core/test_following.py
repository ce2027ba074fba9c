"""What follows from what is durable: who is told, who gets a receipt, who is looked at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.core import following
from appliance.core.deliveries import Deliveries
from appliance.core.hall import Seating
from appliance.core.sessions import GrantGiven
from drill.sample_office import SampleOffice
from exam.session import ENDED, State
from protocol import decisions as d
from protocol.grant import open_grant
from protocol.journal import Left, Returned
from protocol.keys import SigningKey
from protocol.office_receipt import OfficeReceipt, Stage, VerifiedJournal, sign_office_receipt
from protocol.parcel import Lane, ParcelKey
from protocol.receipt import open_receipt
from protocol.sealing import SealingIdentity
from protocol.seat_api import (
    Beat,
    DecisionSaid,
    FaceSaid,
    FaceStage,
    HallSays,
    Hello,
    OfficeHolds,
    PaperKeySaid,
    ReceiptSaid,
)
from runtime.faults import FaultyDisk
from tests.core_hall import ADMITTED, MINUTE, START, CoreHall, HeardLink, core_hall
from tests.key_seat import KeySeat
from tests.waiting import until

BEAT = Beat(
    sent=0,
    hall=START,
    screen="login",
    paper=None,
    spooled=0,
    disk_free=10**9,
    cameras=0,
    hand_raised=False,
    log_size=0,
    cosignature="",
)
"""Of a seat without a camera."""


@asynccontextmanager
async def following_on(hall: CoreHall) -> AsyncIterator[list[Seating]]:
    """Let what is owed be done; give the list of those whose face is looked at."""
    looked: list[Seating] = []

    async def look(seating: Seating) -> None:
        looked.append(seating)

    hall.following.look = look
    task = asyncio.get_running_loop().create_task(hall.following.run())
    try:
        yield looked
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def hello(seen: int = 0, *sessions: str, generation: int = 1) -> Hello:
    """Return what a seat says when its link comes up."""
    return Hello(
        agent="test",
        boot="0" * 32,
        sessions=sessions,
        decisions_seen=seen,
        generation=generation,
        checkpoints=(),
    )


def numbers(hall: CoreHall, said: list[HallSays]) -> list[int]:
    """Return the numbers of the decisions among what was said."""
    key = hall.core.box.key.public
    return [d.open_decision(one.decision, key).n for one in said if isinstance(one, DecisionSaid)]


def missed(hall: CoreHall, seat: str, said: Hello) -> list[int]:
    """Return the numbers of what a seat has missed."""
    found = hall.following.decisions_for(said, seat)
    return [d.open_decision(one, hall.core.box.key.public).n for one in found]


# --- decisions -----------------------------------------------------------------------------------


async def test_a_decision_for_all_reaches_all_and_one_for_one_that_seat(hall: CoreHall) -> None:
    """Who is linked hears what concerns them, and nothing of the neighbour."""
    await hall.log_in(0)
    await hall.log_in(1)
    here, there = hall.link(0), hall.link(1)
    await hall.decide(ADMITTED, 0)
    await hall.decide(d.Told(text="五分钟后开始", must_confirm=False))
    assert numbers(hall, here.heard()) == [1, 2]
    assert numbers(hall, there.heard()) == [2]


async def test_a_seat_that_comes_back_hears_what_it_has_missed(hall: CoreHall) -> None:
    """By number: what it has seen is not said again, what concerns others never."""
    for person in (0, 1):
        await hall.log_in(person)
        await hall.decide(ADMITTED, person)
    await hall.decide(d.Told(text="x", must_confirm=False))
    seat = hall.seating(0).seat
    assert missed(hall, seat, hello(0)) == [1, 3]
    assert missed(hall, seat, hello(1)) == [3]
    assert missed(hall, seat, hello(3)) == []


async def test_what_was_seen_of_another_generation_counts_nothing(hall: CoreHall) -> None:
    """A seat that has followed another box's record hears this one's from its beginning."""
    await hall.decide(d.Told(text="x", must_confirm=False))
    assert missed(hall, "a01", hello(7, generation=2)) == [1]
    assert missed(hall, "a01", hello(7, generation=0)) == [1]


async def test_the_old_seat_hears_of_the_move_and_the_new_one_of_all_before(
    hall: CoreHall,
) -> None:
    """Both seats must know: one delivers and lets go, the other takes over."""
    seat = await hall.answering(0)
    old, there = hall.link(0), hall.seating(5).seat
    await hall.decide(d.AbsentMarked(reason="ill"), 5)
    old.heard()
    moved = await hall.decide(d.Moved(seat=there, epoch=2, reason="keyboard"), 0)
    assert numbers(hall, old.heard()) == [moved.n]
    assert moved.n in missed(hall, seat.grant.seat, hello(0, seat.grant.session))
    assert moved.n in missed(hall, there, hello(0))


# --- P -------------------------------------------------------------------------------------------

P = SealingIdentity.generate()


async def released(hall: CoreHall) -> None:
    """Let P be out."""
    hall.unlocked(P)
    hall.until(START)
    hall.hall.subjects["theory"].armed_start = START
    await hall.core.release.release("theory")


async def test_p_goes_to_who_is_through_the_door_and_to_nobody_else(hall: CoreHall) -> None:
    """At the start: the waiting hear it, who is not identified and who has not come do not."""
    await hall.waiting(0)
    await hall.log_in(1)
    links = [hall.link(person) for person in range(3)]
    await released(hall)
    told = [[s for s in link.heard() if isinstance(s, PaperKeySaid)] for link in links]
    assert [[said.key for said in one] for one in told] == [[P.dangerous_text()], [], []]


async def test_who_reads_the_rules_after_the_start_gets_p_then(hall: CoreHall) -> None:
    """The late joiner hears it as soon as the rules are confirmed."""
    seat = await hall.log_in(1)
    link = hall.link(1)
    await released(hall)
    await hall.decide(ADMITTED, 1)
    assert not any(isinstance(said, PaperKeySaid) for said in link.heard())
    seat.read_rules()
    await hall.deliver(seat)
    assert any(isinstance(said, PaperKeySaid) for said in link.heard())


async def test_who_comes_back_by_cable_gets_p_again(hall: CoreHall) -> None:
    """A link that comes up after the start hears P at its hello."""
    await hall.waiting(0)
    await released(hall)
    link = hall.link(0)
    await hall.following.hello(link)
    assert [type(said) for said in link.heard()] == [PaperKeySaid]


# --- receipts ------------------------------------------------------------------------------------


async def handed_in(hall: CoreHall, person: int) -> KeySeat:
    """Let a person hand in."""
    seat = await hall.answering(person)
    seat.answer("q-01", "a")
    seat.hand_in()
    await hall.deliver(seat)
    return seat


async def next_receipt(link: HeardLink) -> ReceiptSaid:
    """Return the receipt that is told next."""
    heard: list[HallSays] = []

    def came() -> bool:
        heard.extend(link.heard())
        return any(isinstance(said, ReceiptSaid) for said in heard)

    await until(came)
    return next(said for said in heard if isinstance(said, ReceiptSaid))


async def test_a_hand_in_gets_its_receipt(hall: CoreHall) -> None:
    """Signed, with a proof that its leaf is in the log; it names the head that was handed in."""
    link = hall.link(0)
    async with following_on(hall):
        seat = await handed_in(hall, 0)
        said = await next_receipt(link)
    log_key = hall.office.boxes[0].log_signing_key().public
    receipt = open_receipt(said.receipt, hall.core.box.key.public, log_key)
    assert (receipt.entry.session, receipt.entry.head) == (seat.grant.session, seat.position().head)


async def test_a_receipt_is_given_once_however_often_it_is_asked_for(hall: CoreHall) -> None:
    """A seat that comes back is told the very same receipt."""
    link = hall.link(0)
    async with following_on(hall):
        await handed_in(hall, 0)
        first = await next_receipt(link)
        await hall.following.hello(link)
        assert (await next_receipt(link)).receipt == first.receipt
    assert len(hall.rows("SELECT * FROM receipts")) == 1


async def test_a_receipt_that_a_crash_prevented_is_given_at_the_hello(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Core fell between the hand-in's commit and its receipt: the seat asks, and gets it."""
    async with core_hall(tmp_path, office) as hall:
        await handed_in(hall, 0)  # nobody does what is owed
        assert hall.rows("SELECT * FROM receipts") == []
    async with core_hall(tmp_path, office, steady=hall.steady) as again, following_on(again):
        link = again.link(0)
        await again.following.hello(link)
        said = await next_receipt(link)
        assert said.session == again.seating(0).id


async def test_a_receipt_waits_for_room_on_the_disk(
    hall: CoreHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a full disk nothing is promised; with room again the receipt comes."""
    monkeypatch.setattr(following, "_AGAIN_S", 0.01)
    link = hall.link(0)
    seat = await hall.answering(0)
    seat.hand_in()
    with FaultyDisk().installed() as disk:
        await hall.deliver(seat)
        disk.full()
        before = disk.points
        async with following_on(hall):
            await until(lambda: disk.points >= before + 3)
            assert not any(isinstance(said, ReceiptSaid) for said in link.heard())
            disk.room()
            await next_receipt(link)


async def test_who_handed_in_provisionally_gets_no_receipt_yet(hall: CoreHall) -> None:
    """There is one when a person has decided, not before."""
    seat = await hall.answering(0)
    await hall.decide(d.TimeGiven(ms=MINUTE, reason="noise"), 0)
    seat.hand_in(automatic=True)
    async with following_on(hall):
        await hall.deliver(seat)
        link = hall.link(0)
        await hall.following.hello(link)
        assert hall.rows("SELECT * FROM receipts") == []
        assert not any(isinstance(said, ReceiptSaid) for said in link.heard())


# --- leaves --------------------------------------------------------------------------------------


def leave(seat: KeySeat, seconds: int) -> None:
    """Leave the screen for a while."""
    seat.write(Left, cause="page")
    seat.write(Returned, away_ms=seconds * 1000)


async def test_the_eleventh_leave_collects_the_paper(hall: CoreHall) -> None:
    """Ten leaves beyond the grace are counted, short ones are not; the next one is one too many."""
    seat = await hall.answering(0)
    async with following_on(hall):
        for _ in range(10):
            leave(seat, 5)
            leave(seat, 6)
        await hall.deliver(seat)
        assert hall.seating(0).session.leaves == 10
        assert hall.seating(0).session.state is State.ANSWERING
        leave(seat, 6)
        await hall.deliver(seat)
        await until(lambda: hall.seating(0).session.state is State.COLLECTED)
    last, _ = hall.core.decider.made[-1]
    assert (last.by, last.what) == ("machine", d.Collected(reason="left the screen 11 times"))


# --- looks ---------------------------------------------------------------------------------------


async def logged_in(hall: CoreHall, person: int, *, consents: bool) -> KeySeat:
    """Log in as the server does, with what the candidate said."""
    given, key, request = await hall.ask(person, consents=consents)
    assert isinstance(given, GrantGiven)
    await hall.following.logged_in(given, request)
    return KeySeat(open_grant(given.grant, hall.core.box.key.public), given.grant, key)


async def test_who_consents_is_looked_at_and_who_refuses_goes_to_a_person(hall: CoreHall) -> None:
    """Without consent no face is compared; the candidate sits, the result waits for a person."""
    async with following_on(hall) as looked:
        await logged_in(hall, 0, consents=True)
        await logged_in(hall, 1, consents=False)
        await until(lambda: hall.seating(1).session.state is State.IDENTIFIED)
        assert looked == [hall.seating(0)]
    assert hall.seating(1).session.withheld
    assert hall.seating(1).needs_person == "no_consent"


async def test_who_was_not_asked_for_want_of_a_camera_has_refused_nothing(hall: CoreHall) -> None:
    """The console says "no camera" where the seat has none, not "no consent"."""
    async with following_on(hall):
        link = HeardLink(hall.seating(0).seat, START)
        link.beat = BEAT
        hall.core.links.add(link)
        await logged_in(hall, 0, consents=False)
        await until(lambda: hall.seating(0).session.state is State.IDENTIFIED)
    assert hall.seating(0).needs_person == "no_camera"


@pytest.mark.parametrize("consents", [True, False])
async def test_consent_outlasts_a_restart(
    office: SampleOffice, tmp_path: Path, *, consents: bool
) -> None:
    """After core's restart nobody is compared who refused, and everybody is who did not."""
    async with core_hall(tmp_path, office) as hall:
        seat = await logged_in(hall, 0, consents=consents)
        seat.consent(faces=consents)
        await hall.deliver(seat)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        async with following_on(again) as looked:
            await until(lambda: bool(looked) or again.seating(0).session.state is State.IDENTIFIED)
        assert looked == ([again.seating(0)] if consents else [])


@pytest.mark.parametrize("consents", [True, False])
async def test_nobody_is_looked_at_before_their_consent_is_on_record(
    office: SampleOffice, tmp_path: Path, *, consents: bool
) -> None:
    """Core fell before the consent reached it: it waits for the seat's own word."""
    async with core_hall(tmp_path, office) as hall:
        seat = await logged_in(hall, 0, consents=consents)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        async with following_on(again) as looked:
            seat.write(Left, cause="page")
            await again.deliver(seat)
            assert again.seating(0).session.state is State.SEATED
            assert looked == []
            seat.consent(faces=consents)
            await again.deliver(seat)
            await until(lambda: bool(looked) or again.seating(0).session.state is State.IDENTIFIED)
        assert looked == ([again.seating(0)] if consents else [])


@pytest.mark.parametrize(
    "end",
    [
        lambda hall, seat: hall.decide(d.Collected(reason="fire"), 0),
        lambda hall, seat: hall.decide(d.Collected(reason="fire")),
        lambda hall, seat: hall.decide(d.Voided(article="3", reason="phone"), 0),
        lambda hall, seat: (seat.hand_in(), hall.deliver(seat))[1],
    ],
    ids=["collected", "all collected", "voided", "handed in"],
)
async def test_faces_is_told_to_forget_who_has_ended(hall: CoreHall, end: Callable) -> None:
    """However a session ends, its template is not kept a moment longer."""
    forgotten: list[Seating] = []
    hall.following.dismiss = forgotten.append
    seat = await hall.answering(0)
    await hall.answering(1)
    await end(hall, seat)
    assert hall.seating(0) in forgotten
    assert all(one.session.state in ENDED for one in forgotten)


async def test_the_seat_hears_that_a_person_looks(hall: CoreHall) -> None:
    """Who refused consent is told so at the seat."""
    link = hall.link(1)
    async with following_on(hall):
        await logged_in(hall, 1, consents=False)
        await until(lambda: hall.seating(1).session.state is State.IDENTIFIED)
    said = [one for one in link.heard() if isinstance(one, FaceSaid)]
    assert [one.stage for one in said] == [FaceStage.STAFF]


async def test_what_the_office_holds_is_told_again_to_a_seat_that_missed_it(
    hall: CoreHall,
) -> None:
    """A seat that was off when the office's word came hears of it by its next hello."""
    seat = await hall.answering(0)
    receipts_key = SigningKey.generate()
    journals = (VerifiedJournal(session=seat.grant.session, position=seat.position()),)
    receipt = OfficeReceipt(
        office="office",
        stage=Stage.VERIFIED,
        parcel=ParcelKey(
            centre=hall.core.box.centre,
            sitting=hall.core.box.sitting,
            appliance=hall.core.box.appliance,
            generation=1,
            lane=Lane.ANSWERS,
            n=1,
        ),
        digest="3" * 64,
        at=START,
        journals=journals,
    )
    envelope = sign_office_receipt(receipt, receipts_key)
    deliveries = Deliveries(hall.core)
    await hall.database.write(lambda c: deliveries.keep(c, receipt, envelope))
    own, other = hall.link(0), hall.link(1)
    for link in (own, other):
        await hall.following.hello(link)
    said = [one for one in own.heard() if isinstance(one, OfficeHolds)]
    assert said == [OfficeHolds(office_receipt=envelope, journals=journals)]
    assert not [one for one in other.heard() if isinstance(one, OfficeHolds)]
