"""What a box in wrong hands grants and closes: plan, paper and its own record say otherwise."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from central.verification.service import open_worker
from exam.order import draw_order
from exam.paper import ItemOrder
from protocol.closing import Accounted, Ending
from protocol.grant import sign_grant
from protocol.office_receipt import OfficeReceipt, Stage
from protocol.parcel import GrantRecord, Lane, Record
from tests.sample_office import NOW, OUTLINE, SampleOffice
from tests.sample_parcels import Lanes
from tests.sample_session import SampleLog, SampleSession, absent, closing
from tests.verifying import Verifying

SEED = "2" * 32
DRAWN = draw_order(OUTLINE, SEED)


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


async def verdict(at: Verifying, lanes: Lanes, *records: Record) -> OfficeReceipt:
    """Deliver records of lane answers in one parcel; return what was decided about it."""
    return await at.verdict(lanes.parcel(Lane.ANSWERS, list(records)))


def granted(office: SampleOffice, **other: Any) -> GrantRecord:
    """Return a grant that the box has signed with other fields than are right."""
    grant = replace(SampleSession(office.main, "c-001").grant, **other)
    return GrantRecord(grant=sign_grant(grant, office.main.box_key))


# --- grants --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order",
    [
        DRAWN[::-1],
        DRAWN[:2],
        (),
        (*DRAWN, ItemOrder(item="q-4")),
        (replace(DRAWN[0], options=DRAWN[0].options[::-1]), *DRAWN[1:]),
    ],
    ids=["items", "one left out", "none", "one more", "options"],
)
async def test_the_order_is_the_one_that_the_seed_gives(
    at: Verifying, lanes: Lanes, office: SampleOffice, order: tuple[ItemOrder, ...]
) -> None:
    """A box that chooses who gets which order beside the seed on record is refused."""
    refused = await verdict(at, lanes, granted(office, order=order))
    assert (refused.stage, refused.reason[:4]) == (Stage.REFUSED, "P320")
    assert f"that seed {SEED} gives" in refused.reason
    other = "3" * 32
    right = granted(office, order_seed=other, order=draw_order(OUTLINE, other))
    assert (await verdict(at, lanes, right)).stage is Stage.VERIFIED


async def test_a_paper_of_any_enrolled_revision_gives_the_order(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """The centre may have gone by an earlier bundle, whose paper had other items."""
    newer = OUTLINE[::-1]
    office.revision, office.outline = 2, newer
    try:
        office.enrol(at.layout)
    finally:
        office.revision, office.outline = 1, OUTLINE
    by_old = granted(office)
    by_new = granted(office, order=draw_order(newer, SEED), candidate="c-002", session="b" * 32)
    assert by_old.grant.digest != by_new.grant.digest
    assert (await verdict(at, lanes, by_old, by_new)).stage is Stage.VERIFIED


@pytest.mark.parametrize(
    "other", [{"seat": "a-99"}, {"room": "room-2"}, {"subject": "piano"}], ids=str
)
async def test_a_grant_is_of_the_plan(
    at: Verifying, lanes: Lanes, office: SampleOffice, other: dict[str, str]
) -> None:
    """A seat, a room or a subject that the bundle does not have is granted to nobody."""
    refused = await verdict(at, lanes, granted(office, **other))
    assert (refused.reason[:4], "of the plan" in refused.reason) == ("P320", True)


async def test_a_box_begins_one_session_a_candidate_and_subject(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """A second one could hold other answers: the box would have two to choose from."""
    first, second = (SampleSession(office.main, "c-001") for _ in range(2))
    refused = await verdict(at, lanes, first.granted(), second.granted())
    assert (refused.reason[:4], "expected one session" in refused.reason) == ("P310", True)


def next_epoch(session: SampleSession) -> SampleSession:
    """Return the session at another seat, after all that is written."""
    return SampleSession(
        session.box, "c-001", session=session.grant.session, epoch=2, previous=session.position
    )


async def test_a_session_keeps_its_seed(at: Verifying, lanes: Lanes, office: SampleOffice) -> None:
    """Nobody gets another order by logging in anew."""
    session = SampleSession(office.main, "c-001")
    later = replace(next_epoch(session).grant, order_seed=SEED[::-1].replace("2", "4"))
    later = replace(later, order=draw_order(OUTLINE, later.order_seed))
    record = GrantRecord(grant=sign_grant(later, office.main.box_key))
    refused = await verdict(at, lanes, session.granted(), record)
    assert (refused.reason[:4], "grant: seed" in refused.reason) == ("P320", True)


@pytest.mark.parametrize("grant_first", [True, False])
async def test_an_epoch_ends_where_the_next_one_begins(
    at: Verifying, lanes: Lanes, office: SampleOffice, *, grant_first: bool
) -> None:
    """No box lets two epochs of a session go on: what the old seat still had is a stray."""
    session = SampleSession(office.main, "c-001")
    session.answer("q-1", "a")
    later = next_epoch(session)
    first = session.journal()
    session.answer("q-2", "b")
    after = session.journal()
    order = [later.granted(), after] if grant_first else [after, later.granted()]
    assert (await verdict(at, lanes, session.granted(), first)).stage is Stage.VERIFIED
    refused = await verdict(at, lanes, *order)
    assert (refused.reason[:4], "two open epochs" in refused.reason) == ("P320", True)
    assert at.count("event") == 1


async def test_a_receipt_is_about_its_subject(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """A receipt that names another subject than its session contradicts the journal."""
    session = SampleSession(office.main, "c-001")
    session.answer("q-1", "a")
    held = [session.granted(), session.journal()]
    receipt = session.receipt(SampleLog(office.main), subject="piano")
    refused = await verdict(at, lanes, *held, receipt)
    assert (refused.reason[:4], "receipt: subject" in refused.reason) == ("P320", True)


# --- closings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("another's session", "candidate of the session"),
        ("twice", "each candidate once"),
        ("absent with a session", "who has no session to be absent"),
        ("handed in without one", "who has no session to be absent"),
        ("absent who logged in", "which this box has granted"),
        ("left out", "which this box has granted"),
        ("no seat", "at a seat of the plan"),
    ],
)
async def test_an_account_that_disagrees_with_the_record_is_refused(
    at: Verifying, lanes: Lanes, office: SampleOffice, fault: str, said: str
) -> None:
    """Each way in which a signed account can be false beside what the same box has delivered."""
    one, two = SampleSession(office.main, "c-001"), SampleSession(office.main, "c-002")
    one.answer("q-1", "a")
    await verdict(at, lanes, one.granted(), two.granted(), one.journal())
    first, second = one.accounted(), two.accounted(Ending.COLLECTED)
    people: list[Accounted] = {
        "another's session": [
            replace(first, candidate="c-002"),
            replace(second, candidate="c-001"),
        ],
        "twice": [first, second, absent("c-002")],
        "absent with a session": [first, replace(second, ending=Ending.ABSENT)],
        "handed in without one": [first, second, replace(absent("c-3"), ending=Ending.HANDED_IN)],
        "absent who logged in": [first, absent("c-002")],
        "left out": [first],
        "no seat": [first, second, replace(absent("c-3"), seat="a-99")],
    }[fault]
    refused = await verdict(at, lanes, closing(office.main, *people))
    assert (refused.reason[:4], said in refused.reason) == ("P320", True), refused.reason
    right = closing(office.main, first, second, absent("c-003"))
    assert (await verdict(at, lanes, right)).stage is Stage.VERIFIED
