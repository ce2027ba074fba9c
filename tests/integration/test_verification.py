"""The inner worker: what it takes, what it refuses, what it waits for, and the store after it."""

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from central.store import reading
from central.verification import verify
from central.verification.service import open_worker
from exam.paper import Chosen
from protocol.closing import Ending
from protocol.decisions import (
    AbsentMarked,
    Collected,
    Paused,
    SubjectClosed,
    TimeGiven,
    open_decision,
    sign_decision,
)
from protocol.grant import Position
from protocol.journal import Answered, encode_event, first_link
from protocol.keys import SigningKey
from protocol.log_entries import Granted, Paired
from protocol.office_receipt import Stage
from protocol.parcel import (
    AlertRecord,
    DecisionRecord,
    Lane,
    LaneEndRecord,
    PictureRecord,
    SegmentRecord,
    StrayRecord,
    ViewEnd,
    read_header_line,
)
from protocol.receipt import receipt_code
from protocol.sealing import SealingIdentity, seal
from protocol.segment import FIRST as FIRST_SEGMENT
from protocol.segment import FromSeat, SegmentManifest, View, sign_manifest
from protocol.staff_api import Collect, Extend, MarkAbsent, Pause
from protocol.values import encode, sha256_hex
from tests.sample_office import CENTRE, NOW, SITTING, SampleOffice
from tests.sample_parcels import Lanes
from tests.sample_session import SUBJECT, SampleLog, SampleSession, absent, closing, decision
from tests.sample_session import closed as made_closed
from tests.verifying import Verifying


@pytest.fixture(scope="module")
def office() -> SampleOffice:
    """An office with one centre."""
    return SampleOffice()


@pytest.fixture
async def at(office: SampleOffice, tmp_path: Path) -> AsyncIterator[Verifying]:
    """A worker over an empty store."""
    layout = office.lay_out(tmp_path / "office")
    async with open_worker(layout, clock=lambda: NOW) as (worker, _):
        yield Verifying(office, layout, worker)


@pytest.fixture
def lanes(office: SampleOffice) -> Lanes:
    """The main box's outbox."""
    return Lanes(office.recipient, office.main)


@pytest.fixture
def session(office: SampleOffice) -> SampleSession:
    """A candidate at the main box."""
    return SampleSession(office.main, "c-001")


async def test_a_parcel_is_received_then_verified(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """Both words come in turn, signed by the receipts key, and name the journal's position."""
    session.answer("q-1", "a")
    session.answer("q-1", "b")
    session.look("q-2")
    parcel = lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()])
    received, verified = await at.take(parcel)
    assert (received.stage, verified.stage) == (Stage.RECEIVED, Stage.VERIFIED)
    assert {received.digest, verified.digest} == {parcel.digest}
    assert [(j.session, j.position) for j in verified.journals] == [
        (session.grant.session, session.position)
    ]
    with at.store() as connection:
        (response,) = reading.responses(connection)
    assert (response.candidate, response.item, response.response) == (
        "c-001",
        "q-1",
        Chosen(options=("b",)),
    )
    assert response.digest == sha256_hex(encode(Chosen(options=("b",))))


async def test_a_lane_waits_for_its_gap(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """A parcel whose predecessor has not come is received, and verified once that is there."""
    first = lanes.parcel(Lane.ANSWERS, [session.granted()])
    session.answer("q-1", "a")
    second = lanes.parcel(Lane.ANSWERS, [session.journal()])
    session.answer("q-2", "a")
    third = lanes.parcel(Lane.ANSWERS, [session.journal()])
    assert [r.stage for r in await at.take(third)] == [Stage.RECEIVED]
    assert [r.stage for r in await at.take(second)] == [Stage.RECEIVED]
    stages = [(r.stage, r.parcel.n) for r in await at.take(first)]
    assert stages == [
        (Stage.RECEIVED, 1),
        (Stage.VERIFIED, 1),
        (Stage.VERIFIED, 2),
        (Stage.VERIFIED, 3),
    ]


async def test_events_that_are_held_may_come_again(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """A journal record that repeats what is held adds what is new, and nothing twice."""
    session.answer("q-1", "a")
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]))
    session.answer("q-2", "a")
    again = lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal(first=1)])
    assert (await at.verdict(again)).stage is Stage.VERIFIED
    assert at.count("event") == 2


async def test_another_history_is_refused(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """Events under a number that is held, with other bytes: a fork, and nothing is kept."""
    session.answer("q-1", "a")
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]))
    other = SampleSession(session.box, "c-001", session=session.grant.session)
    other.key, other.grant, other.envelope = session.key, session.grant, session.envelope
    other.position = Position(epoch=1, n=0, head=first_link(session.envelope.digest))
    other.answer("q-1", "b")
    other.answer("q-2", "b")
    verdict = await at.verdict(lanes.parcel(Lane.ANSWERS, [other.journal()]))
    assert verdict.stage is Stage.REFUSED
    assert verdict.reason.startswith("P310")
    assert at.count("event") == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("head by a stranger", "P200"),
        ("acknowledgement by a stranger", "P200"),
        ("acknowledgement of another head", "P320"),
        ("an event altered", "P310"),
        ("an event left out", "P100"),
        ("events from too late on", "P300"),
        ("no grant", "P300"),
    ],
)
async def test_a_journal_that_does_not_hold_is_refused(
    at: Verifying, lanes: Lanes, session: SampleSession, fault: str, code: str
) -> None:
    """Each way in which a journal can be false is refused with its code; nothing is kept."""
    session.answer("q-1", "a")
    early = session.acknowledged()
    session.answer("q-2", "a")
    record, stranger = session.journal(), SigningKey.generate()
    altered = encode_event(
        Answered(n=2, hall=NOW, mono=9, item="q-2", response=Chosen(options=("c",)))
    )
    replace = msgspec.structs.replace
    match fault:
        case "head by a stranger":
            record = replace(record, head=session.head(stranger))
        case "acknowledgement by a stranger":
            record = replace(record, acknowledgement=session.acknowledged(stranger))
        case "acknowledgement of another head":
            record = replace(record, acknowledgement=early)
        case "an event altered":
            record = replace(record, events=(record.events[0], msgspec.Raw(altered)))
        case "an event left out":
            record = replace(record, events=record.events[:1])
        case "events from too late on":
            record = replace(record, first=2, events=record.events[1:])
    records = [record] if fault == "no grant" else [session.granted(), record]
    verdict = await at.verdict(lanes.parcel(Lane.ANSWERS, records))
    assert verdict.stage is Stage.REFUSED
    assert verdict.reason.startswith(code), verdict.reason
    assert at.count("event") == at.count("epoch") == 0


async def test_a_refused_parcel_does_not_stop_its_lane(
    at: Verifying, office: SampleOffice, lanes: Lanes, session: SampleSession
) -> None:
    """What is refused waits for a person; the other candidates' answers go on."""
    forged = SampleSession(office.box("box-1"), "c-002")
    session.answer("q-1", "a")
    refused = await at.verdict(lanes.parcel(Lane.ANSWERS, [forged.granted()]))
    assert refused.stage is Stage.REFUSED
    good = lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()])
    assert (await at.verdict(good)).stage is Stage.VERIFIED


async def test_a_parcel_that_does_not_follow_is_refused(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """The digest of the parcel before stands in the header: another one breaks the lane."""
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted()]))
    verdict = await at.verdict(lanes.make(Lane.ANSWERS, 2, "f" * 64))
    assert (verdict.stage, verdict.reason[:4]) == (Stage.REFUSED, "P300")


async def test_what_is_sealed_to_another_office_is_refused(
    at: Verifying, office: SampleOffice
) -> None:
    """A parcel that this office cannot open is refused, not lost sight of."""
    other = SealingIdentity.generate().recipient
    parcel = Lanes(other, office.main).parcel(Lane.ANSWERS)
    verdict = await at.verdict(parcel)
    assert (verdict.stage, verdict.reason[:4]) == (Stage.REFUSED, "P400")


async def test_a_record_in_another_lane_is_refused(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """Records do not change lanes."""
    verdict = await at.verdict(lanes.parcel(Lane.INCIDENTS, [session.granted()]))
    assert (verdict.stage, verdict.reason[:4]) == (Stage.REFUSED, "P100")


async def test_refused_parcels_are_looked_at_again_after_an_enrolment(
    at: Verifying, office: SampleOffice, lanes: Lanes
) -> None:
    """What was refused for want of a bundle is verified once the bundle is enrolled."""
    new_key = SigningKey.generate()
    pause = decision(
        office.main,
        1,
        Paused(reason="fire alarm"),
        asked=Pause(candidate=None, reason="fire alarm"),
        staff_key=new_key,
    )
    parcel = lanes.parcel(Lane.INCIDENTS, [pause])
    assert (await at.verdict(parcel)).reason[:4] == "P200"
    old_key, office.staff_key = office.staff_key, new_key
    office.revision += 1
    try:
        office.enrol(at.layout)
        assert (await at.verdict(parcel)).stage is Stage.VERIFIED
        assert await at.worker.try_refused_again() == 0
    finally:
        office.staff_key = old_key
        office.revision -= 1


# --- evidence ----------------------------------------------------------------------------------


async def test_an_earlier_head_waits_for_its_journal(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """Evidence that comes before the answers waits; a head that fits is kept."""
    session.answer("q-1", "a")
    early = session.head_record()
    session.answer("q-2", "a")
    evidence = lanes.parcel(Lane.EVIDENCE, [early])
    assert [r.stage for r in await at.take(evidence)] == [Stage.RECEIVED]
    assert "has not come" in at.reasons()[0]
    answers = lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()])
    stages = [(r.parcel.lane, r.stage) for r in await at.take(answers)]
    assert stages[-1] == (Lane.EVIDENCE, Stage.VERIFIED)
    assert at.count("head") == 2


async def test_a_head_of_another_history_is_refused(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """Two heads that a seat signed for one event cannot both be true."""
    session.answer("q-1", "a")
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]))
    session.position = Position(epoch=1, n=1, head="e" * 64)
    verdict = await at.verdict(lanes.parcel(Lane.EVIDENCE, [session.head_record()]))
    assert (verdict.stage, verdict.reason[:4]) == (Stage.REFUSED, "P310")


async def test_the_log_grows_and_seats_vouch_for_it(
    at: Verifying, office: SampleOffice, lanes: Lanes
) -> None:
    """Leaves, checkpoints and cosignatures are verified; a stranger's line is kept, unverified."""
    log, seat, stranger = SampleLog(office.main), SigningKey.generate(), SigningKey.generate()
    log.add(Paired(at=NOW, seat="a-01", certificate="3" * 64, seat_key=seat.public.hex, by="wang"))
    first = lanes.parcel(Lane.EVIDENCE, [log.record({"a-01": seat, "a-02": stranger})])
    log.add(Granted(at=NOW, grant="4" * 64))
    second = lanes.parcel(Lane.EVIDENCE, [log.record()])
    assert [r.stage for r in await at.take(first, second)][-2:] == [Stage.VERIFIED] * 2
    assert (at.count("leaf"), at.count("checkpoint")) == (3, 2)
    with at.store() as connection:
        rows = connection.execute("SELECT seat, verified FROM cosignature ORDER BY seat")
        assert rows.fetchall() == [("a-01", 1), ("a-02", 0)]


async def test_a_rewritten_log_is_refused(
    at: Verifying, office: SampleOffice, lanes: Lanes
) -> None:
    """A checkpoint over other leaves than those that came before is a fork of the log."""
    log = SampleLog(office.main)
    log.add(Granted(at=NOW, grant="4" * 64))
    await at.take(lanes.parcel(Lane.EVIDENCE, [log.record()]))
    other = SampleLog(office.main)
    other.add(Granted(at=NOW, grant="5" * 64))
    other.add(Granted(at=NOW, grant="6" * 64))
    other.sent = 2
    verdict = await at.verdict(lanes.parcel(Lane.EVIDENCE, [other.record()]))
    assert (verdict.stage, verdict.reason[:4]) == (Stage.REFUSED, "P310")
    log.add(Granted(at=NOW, grant="7" * 64))
    assert (await at.verdict(lanes.parcel(Lane.EVIDENCE, [log.record()]))).stage is Stage.VERIFIED


async def test_a_replacement_cannot_deny_what_the_seats_saw(
    at: Verifying, office: SampleOffice, lanes: Lanes
) -> None:
    """Generation 2 names a checkpoint of generation 1 that does not fit the log that came."""
    log, other = SampleLog(office.main), SampleLog(office.main, bundle="a" * 64)
    await at.take(lanes.parcel(Lane.EVIDENCE, [log.record()]))
    for generation, seen, stage in (
        (2, other.note(), Stage.REFUSED),
        (3, log.note(), Stage.VERIFIED),
    ):
        later = SampleLog(office.spare, generation=generation, seen=(seen,))
        spare = Lanes(office.recipient, office.spare, generation=generation)
        verdict = await at.verdict(spare.parcel(Lane.EVIDENCE, [later.record()]))
        assert verdict.stage is stage, verdict.reason


# --- incidents, pictures, recordings ------------------------------------------------------------


async def test_decisions_count_without_a_hole_and_name_who_asked(
    at: Verifying, office: SampleOffice, lanes: Lanes
) -> None:
    """A person's decision needs that person's signed act; a number left out is refused."""
    asked = Pause(candidate=None, reason="noise")
    good = decision(office.main, 1, Paused(reason="noise"), asked=asked, staff_key=office.staff_key)
    assert (await at.verdict(lanes.parcel(Lane.INCIDENTS, [good]))).stage is Stage.VERIFIED
    forged = decision(
        office.main, 2, Paused(reason="x"), asked=asked, staff_key=SigningKey.generate()
    )
    assert (await at.verdict(lanes.parcel(Lane.INCIDENTS, [forged]))).reason[:4] == "P200"
    late = made_closed(office.main, 3, office.staff_key)
    assert (await at.verdict(lanes.parcel(Lane.INCIDENTS, [late]))).reason[:4] == "P300"
    without = msgspec.structs.replace(good, act=None)
    assert (await at.verdict(lanes.parcel(Lane.INCIDENTS, [without]))).stage is Stage.VERIFIED
    assert at.count("decision") == 1


async def test_an_act_stands_behind_one_decision_and_its_own(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """A box cannot let a person's signature for one thing stand for another, or for it twice."""
    asked = Pause(candidate=None, reason="noise")
    good = decision(office.main, 1, Paused(reason="noise"), asked=asked, staff_key=office.staff_key)
    assert (await at.verdict(lanes.parcel(Lane.INCIDENTS, [good]))).stage is Stage.VERIFIED
    other = decision(office.main, 2, SubjectClosed(), asked=asked, staff_key=office.staff_key)
    refused = await at.verdict(lanes.parcel(Lane.INCIDENTS, [other]))
    assert (refused.reason[:4], "asks for another" in refused.reason) == ("P320", True)


async def test_an_act_is_used_once(at: Verifying, lanes: Lanes, office: SampleOffice) -> None:
    """Time that was asked for once is not given twice by the same signature."""
    asked = Extend(candidate=None, ms=60_000, reason="noise")
    what = TimeGiven(ms=60_000, reason="noise")
    first = decision(office.main, 1, what, asked=asked, staff_key=office.staff_key)
    opened = open_decision(first.decision, office.main.box_key.public)
    again = DecisionRecord(
        decision=sign_decision(msgspec.structs.replace(opened, n=2), office.main.box_key),
        act=first.act,
    )
    refused = await at.verdict(lanes.parcel(Lane.INCIDENTS, [first, again]))
    assert (refused.reason[:4], "of decision 1" in refused.reason) == ("P320", True)
    assert at.count("decision") == 0


async def test_a_stray_tail_is_kept_apart(
    at: Verifying, lanes: Lanes, session: SampleSession
) -> None:
    """What a dead seat's old epoch still had is kept, and counts nothing.

    It waits for the grant of the next epoch: the last one is not old, whatever a box says.
    """
    session.answer("q-1", "a")
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]))
    later = SampleSession(
        session.box, "c-001", session=session.grant.session, epoch=2, previous=session.position
    )
    session.answer("q-1", "b")
    stray = StrayRecord(
        session=session.grant.session,
        epoch=1,
        first=2,
        events=(msgspec.Raw(session.bodies[1]),),
        head=session.head(),
    )
    await at.take(lanes.parcel(Lane.INCIDENTS, [stray]))
    assert "that of the epoch after it, has not come" in at.reasons()[0]
    await at.take(lanes.parcel(Lane.ANSWERS, [later.granted()]))
    assert at.reasons() == []
    with at.store() as connection:
        assert connection.execute("SELECT follows FROM stray").fetchone() == (1,)
        (response,) = reading.responses(connection)
    assert response.response == Chosen(options=("a",))


async def test_alerts_and_pictures_are_kept(at: Verifying, lanes: Lanes) -> None:
    """An alert, and the picture that belongs to it, are kept with the picture's bytes."""
    picture = os.urandom(1000)
    alert = AlertRecord(
        at=NOW,
        subject=SUBJECT,
        session=None,
        candidate="c-001",
        seat="a-01",
        cause="second_person",
        detail="",
        confidence=800,
        picture=sha256_hex(picture),
    )
    shown = PictureRecord(
        session=None,
        seat="a-01",
        at=NOW,
        about="a" * 64,
        media_type="image/jpeg",
        digest=sha256_hex(picture),
    )
    assert (await at.verdict(lanes.parcel(Lane.INCIDENTS, [alert]))).stage is Stage.VERIFIED
    parcel = lanes.parcel(Lane.PICTURES, [shown], [picture])
    assert (await at.verdict(parcel)).stage is Stage.VERIFIED
    assert (at.layout.blobs / sha256_hex(picture)).read_bytes() == picture
    assert (await at.verdict(lanes.parcel(Lane.PICTURES, [shown]))).reason[:4] == "P100"


def segment(
    session: SampleSession,
    n: int,
    prev: str,
    sealed: bytes,
    *,
    view: View = View.FRONT,
    key: SigningKey | None = None,
) -> SegmentRecord:
    """Return a segment of a view."""
    manifest = SegmentManifest(
        source=FromSeat(session=session.grant.session, epoch=1),
        view=view,
        n=n,
        begins=NOW,
        ends=NOW + 2000,
        media_type="video/mp4",
        pieces=1,
        size=len(sealed),
        digest=sha256_hex(sealed),
        prev=prev,
        complete=True,
    )
    return SegmentRecord(manifest=sign_manifest(manifest, key or session.key))


async def test_segments_chain_and_their_bytes_are_kept(
    at: Verifying, office: SampleOffice, lanes: Lanes, session: SampleSession
) -> None:
    """Sealed segments are kept as they are; gaps are counted, other chains are refused."""
    sealed = [seal(os.urandom(1000), [office.opening_key.recipient]) for _ in range(3)]
    first = segment(session, 1, FIRST_SEGMENT, sealed[0])
    waits = lanes.parcel(Lane.RECORDINGS, [first], [sealed[0]])
    assert [r.stage for r in await at.take(waits)] == [Stage.RECEIVED]
    granted = lanes.parcel(Lane.ANSWERS, [session.granted()])
    assert [r.stage for r in await at.take(granted)][-1] is Stage.VERIFIED
    wrong = segment(session, 2, "d" * 64, sealed[1])
    verdict = await at.verdict(lanes.parcel(Lane.RECORDINGS, [wrong], [sealed[1]]))
    assert verdict.reason[:4] == "P320"
    assert not (at.layout.blobs / sha256_hex(sealed[1])).exists()
    third = segment(session, 3, "d" * 64, sealed[2])
    assert (
        await at.verdict(lanes.parcel(Lane.RECORDINGS, [third], [sealed[2]]))
    ).stage is Stage.VERIFIED
    by_box = segment(
        session, 1, FIRST_SEGMENT, sealed[0], view=View.PHONE_1, key=office.main.box_key
    )
    assert (
        await at.verdict(lanes.parcel(Lane.RECORDINGS, [by_box], [sealed[0]]))
    ).stage is Stage.VERIFIED
    ends = LaneEndRecord(
        subject=SUBJECT,
        views=(
            ViewEnd(
                source=FromSeat(session=session.grant.session, epoch=1),
                view=View.FRONT,
                n=4,
                last="e" * 64,
            ),
        ),
    )
    assert (await at.verdict(lanes.parcel(Lane.RECORDINGS, [ends]))).stage is Stage.VERIFIED
    with at.store() as connection:
        assert connection.execute("SELECT missing FROM lane_end").fetchone() == (2,)
    opened = office.opening_key.open((at.layout.blobs / sha256_hex(sealed[2])).read_bytes())
    assert len(opened) == 1000


# --- the account --------------------------------------------------------------------------------


async def test_everybody_accounted_for(
    at: Verifying, office: SampleOffice, lanes: Lanes, session: SampleSession
) -> None:
    """A closing that fits what is held, with every lane ended, gives the sentence of the day."""
    log = SampleLog(office.main)
    session.answer("q-1", "a")
    session.hand_in()
    second = SampleSession(office.main, "c-002")
    second.answer("q-1", "c")
    await at.take(
        lanes.parcel(Lane.ANSWERS, [session.granted(), second.granted()]),
        lanes.parcel(Lane.ANSWERS, [session.journal(), second.journal()]),
    )
    log.keep(session.granted(), second.granted())
    receipt = session.receipt(log)
    people = (session.accounted(), second.accounted(Ending.COLLECTED), absent("c-003"))
    verdict = await at.verdict(lanes.parcel(Lane.ANSWERS, [receipt, closing(office.main, *people)]))
    assert verdict.stage is Stage.VERIFIED
    assert show(at) == (
        "3 accounted for: 1 handed in, 1 refused or absent, 1 collected; not all is here yet: "
        "lane answers: its end has not come yet; lane evidence: its end has not come yet; "
        "lane incidents: its end has not come yet; "
        "2 grant(s) or decision(s) do not stand in the log of box-1.1"
    )
    ends, closed = (
        LaneEndRecord(subject=SUBJECT, views=()),
        made_closed(office.main, 4, office.staff_key),
    )
    why = {"reason": "r"}
    before = [
        decision(office.main, n, what, asked=asked, staff_key=office.staff_key, candidate=who)
        for n, (what, asked, who) in enumerate(
            (
                (Collected(**why), Collect(candidate="c-002", **why), "c-002"),
                (AbsentMarked(**why), MarkAbsent(candidate="c-003", **why), "c-003"),
                (Paused(**why), Pause(candidate=None, **why), None),
            ),
            start=1,
        )
    ]
    log.keep(*before)
    await at.take(
        lanes.parcel(Lane.ANSWERS, [ends]),
        lanes.parcel(Lane.EVIDENCE, [log.record(), ends]),
        lanes.parcel(Lane.INCIDENTS, [*before, closed, ends]),
    )
    assert show(at).endswith("1 grant(s) or decision(s) do not stand in the log of box-1.1")
    log.keep(closed)
    await at.take(lanes.parcel(Lane.EVIDENCE, [log.record()]))
    assert show(at) == (
        "3 accounted for: 1 handed in, 1 refused or absent, 1 collected; "
        "all received and verified by the office"
    )
    with at.store() as connection:
        found = reading.find_receipt(connection, receipt_code(receipt.receipt))
    assert found is not None
    assert (found.candidate, found.n, found.leaf_held) == ("c-001", 2, True)


def show(at: Verifying) -> str:
    """Return the account of the only subject."""
    with at.store() as connection:
        ((place, account),) = reading.accounts(connection)
    assert (place.centre, place.sitting) == (CENTRE, SITTING)
    return account.show("en")


async def test_a_closing_that_says_more_than_came_is_refused(
    at: Verifying, office: SampleOffice, lanes: Lanes, session: SampleSession
) -> None:
    """A position or a count of answers that is not what is held is a contradiction."""
    session.answer("q-1", "a")
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]))
    replace = msgspec.structs.replace
    wrong_count = replace(session.accounted(), answers=2)
    verdict = await at.verdict(lanes.parcel(Lane.ANSWERS, [closing(office.main, wrong_count)]))
    assert verdict.reason[:4] == "P320"
    session.answer("q-2", "a")
    more = closing(office.main, session.accounted())
    verdict = await at.verdict(lanes.parcel(Lane.ANSWERS, [more]))
    assert verdict.reason[:4] == "P320"
    assert at.count("closing") == 0


async def test_a_session_goes_on_at_another_box(
    at: Verifying, office: SampleOffice, lanes: Lanes, session: SampleSession
) -> None:
    """Epoch 2 by the spare: the account wants epoch 1 up to where the spare says it ended."""
    spare = Lanes(office.recipient, office.spare, generation=2)
    session.answer("q-1", "a")
    session.answer("q-2", "a")
    later = SampleSession(
        office.spare,
        "c-001",
        session=session.grant.session,
        epoch=2,
        previous=session.position,
        generation=2,
    )
    later.answer("q-1", "b")
    later.answers["q-2"] = session.answers["q-2"]
    later.hand_in()
    closed = made_closed(office.spare, 1, office.staff_key, generation=2)
    ends = LaneEndRecord(subject=SUBJECT, views=())
    log = SampleLog(office.spare, generation=2)
    log.keep(later.granted(), closed)
    await at.take(
        spare.parcel(Lane.ANSWERS, [session.granted(), later.granted(), later.journal()]),
        spare.parcel(Lane.ANSWERS, [closing(office.spare, later.accounted(), generation=2), ends]),
        spare.parcel(Lane.EVIDENCE, [log.record(), ends]),
        spare.parcel(Lane.INCIDENTS, [closed, ends]),
    )
    assert "c-001: events to 0 of 2" in show(at)
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]))
    assert show(at).endswith("all received and verified by the office")
    with at.store() as connection:
        found = {r.item: r.response for r in reading.responses(connection)}
    assert found == {"q-1": Chosen(options=("b",)), "q-2": Chosen(options=("a",))}


# --- outside reader ------------------------------------------------------------------------------


def test_age_and_zstd_open_a_parcel_by_hand(
    office: SampleOffice, lanes: Lanes, session: SampleSession, tmp_path: Path
) -> None:
    """Programs that are not ours open a parcel: a line of JSON, an age file, a zstd frame."""
    session.answer("q-1", "a")
    parcel = lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()], [b"blob"])
    _, begins = read_header_line(parcel.data)
    (tmp_path / "key").write_text(office.opening_key.dangerous_text())
    (tmp_path / "sealed").write_bytes(parcel.data[begins:])
    opened = subprocess.run(
        ["age", "--decrypt", "-i", str(tmp_path / "key"), str(tmp_path / "sealed")],
        check=True,
        capture_output=True,
        timeout=30,
    ).stdout
    plain = subprocess.run(
        ["zstd", "--decompress", "--stdout"],
        input=opened,
        check=True,
        capture_output=True,
        timeout=30,
    ).stdout
    length = int.from_bytes(plain[:8], "big")
    contents = msgspec.json.decode(plain[8 : 8 + length])
    assert contents["key"]["n"] == 1
    assert [record["record"] for record in contents["records"]] == ["grant", "journal"]
    assert plain[8 + length :] == b"blob"


async def test_a_session_belongs_to_its_centre(
    at: Verifying, office: SampleOffice, lanes: Lanes, session: SampleSession
) -> None:
    """A box of another centre can add nothing to a session: no epoch, no journal, no recording."""
    session.answer("q-1", "a")
    await at.take(lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()]))
    thief = office.box("box-1")
    thief.centre = "elsewhere"
    own_boxes, office.boxes, own_centre = office.boxes, [thief], office.centre
    office.centre = "elsewhere"
    try:
        office.enrol(at.layout)
    finally:
        office.boxes, office.centre = own_boxes, own_centre
    stolen = SampleSession(
        thief, "c-001", session=session.grant.session, epoch=2, previous=session.position
    )
    stolen.answer("q-1", "b")
    theirs = Lanes(office.recipient, thief)
    at.lay(
        theirs.parcel(Lane.ANSWERS, [stolen.granted(), stolen.journal()]),
        theirs.parcel(Lane.ANSWERS, [session.journal(first=1)]),
    )
    await at.worker.look()
    assert [reason[:4] for reason in at.reasons()] == ["P320", "P320"]
    with at.store() as connection:
        (response,) = reading.responses(connection)
    assert response.response == Chosen(options=("a",))


async def test_a_fault_of_ours_stops_one_lane_only(
    at: Verifying,
    lanes: Lanes,
    session: SampleSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bug in one check makes its parcel wait, visibly; the other lanes go on."""

    def broken(*_: object) -> None:
        raise KeyError("bug")

    monkeypatch.setitem(verify._CHECKS, type(session.granted()), (Lane.ANSWERS, broken))
    answers = lanes.parcel(Lane.ANSWERS, [session.granted()])
    evidence = lanes.parcel(Lane.EVIDENCE)
    stages = [(r.parcel.lane, r.stage) for r in await at.take(answers, evidence)]
    assert (Lane.EVIDENCE, Stage.VERIFIED) in stages
    assert (Lane.ANSWERS, Stage.VERIFIED) not in stages
    assert "a fault of the office's program" in at.reasons()[0]
    monkeypatch.undo()
    await at.worker.look()
    assert "a fault" in at.reasons()[0]  # it is not tried again until something else has come
    await at.take(lanes.parcel(Lane.EVIDENCE))
    assert at.reasons() == []


async def test_what_comes_after_the_closing_is_kept_and_shown(
    at: Verifying, office: SampleOffice, lanes: Lanes, session: SampleSession
) -> None:
    """A seat writes on after the closing was signed: verified all the same, late answers shown."""
    session.answer("q-1", "a")
    closed = closing(office.main, session.accounted())
    session.look("q-1")
    parcel = lanes.parcel(Lane.ANSWERS, [session.granted(), session.journal()])
    assert (await at.verdict(parcel)).stage is Stage.VERIFIED
    assert (await at.verdict(lanes.parcel(Lane.ANSWERS, [closed]))).stage is Stage.VERIFIED
    assert "after the closing" not in show(at)
    session.answer("q-1", "b")
    assert (await at.verdict(lanes.parcel(Lane.ANSWERS, [session.journal()]))).journals
    assert "c-001: 1 answer(s) came after the closing, a person decides" in show(at)
