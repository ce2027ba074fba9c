"""What a box in wrong hands decides: the office looks at every signature and number again.

The box's own keys are all the attacker's here, those of staff are not.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from central.errors import EnrolError
from central.registry import enrol, load_registry
from central.verification.service import open_worker
from exam.rulebook import GraveAct, read_rule_book
from protocol import decisions as d
from protocol import staff_api as api
from protocol.bundle import MANIFEST, sign_bundle
from protocol.keys import SigningKey
from protocol.office_receipt import OfficeReceipt, Stage
from protocol.parcel import DecisionRecord, Lane
from protocol.permitted import MOST_APART_MS, Lack, lacking
from protocol.values import encode
from tests.sample_office import NOW, RULES, SampleOffice
from tests.sample_parcels import Lanes
from tests.sample_session import closed, decision
from tests.verifying import Verifying

MINUTE = 60_000
LATE = NOW + 30 * MINUTE
"""When the log-in closes of a subject that was armed for `NOW`."""
VOID = api.Void(candidate="c-001", article="2", reason="phone")
VOIDED = d.Voided(article="2", reason="phone")


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


async def verdict(at: Verifying, lanes: Lanes, *made: DecisionRecord) -> OfficeReceipt:
    """Deliver decisions in one parcel; return what was decided about it."""
    return await at.verdict(lanes.parcel(Lane.INCIDENTS, list(made)))


def by_wang(office: SampleOffice, n: int, what: d.What, asked: Any, **more: Any) -> DecisionRecord:
    """Return a decision that the invigilator Wang asked for."""
    one = {"candidate": getattr(asked, "candidate", None)} | more
    return decision(office.main, n, what, asked=asked, staff_key=office.staff_key, **one)


# --- who asked, and with whom ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        (VOID, VOIDED),
        (api.Collect(candidate=None, reason="fire"), d.Collected(reason="fire")),
    ],
    ids=["void", "collect all"],
)
async def test_a_grave_act_bears_two_peoples_signatures(
    at: Verifying, lanes: Lanes, office: SampleOffice, asked: Any, what: Any
) -> None:
    """With one it is refused by its name, with one person's twice too; with two it is verified."""
    twice = {"second_key": office.staff_key}
    for alone in ({}, twice, {"second_key": SigningKey.generate()}):
        refused = await verdict(at, lanes, by_wang(office, 1, what, asked, **alone))
        assert refused.stage is Stage.REFUSED
        assert refused.reason.startswith("P210")
        assert "expected two members of staff" in refused.reason
        assert "wang (invigilator)" in refused.reason
    for n, second in enumerate((office.chief_key, office.quality_key), start=1):
        good = by_wang(office, n, what, asked, second_key=second)
        assert (await verdict(at, lanes, good)).stage is Stage.VERIFIED
    assert at.count("decision") == 2


async def test_a_role_that_may_not_act_asks_for_nothing(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """A quality supervisor stands behind a grave act as the second, never as who asks."""
    asked = api.Extend(candidate=None, ms=MINUTE, reason="noise")
    what = d.TimeGiven(ms=MINUTE, reason="noise")
    keys = {"staff_key": office.quality_key, "second_key": office.chief_key}
    by_zhao = decision(office.main, 1, what, asked=asked, by="zhao", **keys)
    refused = await verdict(at, lanes, by_zhao)
    assert (refused.reason[:4], "whose role may act" in refused.reason) == ("P210", True)


async def test_an_act_is_of_its_own_time(at: Verifying, lanes: Lanes, office: SampleOffice) -> None:
    """What was signed in the morning and kept stands behind nothing in the afternoon."""
    asked, what = api.Pause(candidate=None, reason="r"), d.Paused(reason="r")
    old = NOW - MOST_APART_MS - 2 * MINUTE
    refused = await verdict(at, lanes, by_wang(office, 1, what, asked, asked_at=old))
    assert (refused.reason[:4], "expected an act signed within" in refused.reason) == ("P320", True)
    good = by_wang(office, 1, what, asked, asked_at=NOW - MOST_APART_MS)
    assert (await verdict(at, lanes, good)).stage is Stage.VERIFIED


async def test_whoever_was_of_the_staff_by_one_revision_could_decide(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """The centre may have gone by an earlier bundle: its staff and its rule book, both whole."""
    plain = RULES.replace(b'two_people = ["void", ', b"two_people = [")
    assert plain != RULES
    void = by_wang(office, 1, VOIDED, VOID)
    assert (await verdict(at, lanes, void)).reason[:4] == "P210"
    office.revision, office.rules = 2, plain
    try:
        office.enrol(at.layout)
        assert (await verdict(at, lanes, void)).stage is Stage.VERIFIED
    finally:
        office.revision, office.rules = 1, RULES


def test_two_people_are_two_names_and_two_keys(office: SampleOffice) -> None:
    """Neither one name with two keys nor two names with one key are two people."""
    wang, li, _ = office.manifest().staff
    rules = read_rule_book(RULES.decode()).staff
    assert lacking(wang, [wang, li], rules, GraveAct.VOID) is None
    for second in (replace(li, id=wang.id), replace(li, key=wang.key)):
        assert lacking(wang, [wang, second], rules, GraveAct.VOID) is Lack.SECOND_PERSON


# --- the clock ---------------------------------------------------------------------------------


async def test_a_clock_set_back_before_the_record_is_grave(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """One person alone sets it within what is decided already; back before that it takes two."""
    said = by_wang(
        office,
        1,
        d.Told(text="t", must_confirm=False),
        api.Message(candidate=None, text="t", must_confirm=False),
    )
    assert (await verdict(at, lanes, said)).stage is Stage.VERIFIED
    asked, what = api.OpenDoors(correction=-MINUTE), d.DoorsOpened(correction=-MINUTE)
    refused = await verdict(at, lanes, by_wang(office, 2, what, asked, at=NOW + 1_000))
    assert (refused.reason[:4], "(clock)" in refused.reason) == ("P210", True)
    two = by_wang(office, 2, what, asked, at=NOW + 1_000, second_key=office.chief_key)
    harmless = by_wang(office, 3, what, asked, at=NOW + 2 * MINUTE)
    assert (await verdict(at, lanes, two, harmless)).stage is Stage.VERIFIED


async def test_a_clock_set_past_the_log_in_by_one_person_makes_nobody_absent(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """Whoever is absent by such a clock was expected when it was set: two people should look."""
    armed = by_wang(
        office, 1, d.Armed(start=NOW), api.Arm(subject="theory", start=0), at=NOW - MINUTE
    )
    asked, what = api.OpenDoors(correction=40 * MINUTE), d.DoorsOpened(correction=40 * MINUTE)
    alone = by_wang(office, 2, what, asked)
    absent = decision(
        office.main, 3, d.AbsentMarked(reason="r"), candidate="c-9", at=NOW + 41 * MINUTE
    )
    refused = await verdict(at, lanes, armed, alone, absent)
    assert (refused.reason[:4], "two people behind decision 2" in refused.reason) == ("P320", True)
    two = by_wang(office, 2, what, asked, second_key=office.chief_key)
    assert (await verdict(at, lanes, armed, two, absent)).stage is Stage.VERIFIED


async def test_hall_time_does_not_run_back(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """A decision cannot be dated before the one before it, but where a person set the clock."""
    asked, what = api.Pause(candidate=None, reason="r"), d.Paused(reason="r")
    assert (await verdict(at, lanes, by_wang(office, 1, what, asked))).stage is Stage.VERIFIED
    refused = await verdict(at, lanes, by_wang(office, 2, what, asked, at=NOW - 1))
    assert (refused.reason[:4], "as decision 1 left the clock" in refused.reason) == ("P320", True)


# --- what the machine decides, numbers, order -----------------------------------------------------


def face(*, distance: int = 300, accepted: bool = True, method: str = "face") -> d.IdentityDecided:
    """Return a look at a face."""
    return d.IdentityDecided(
        method=method, accepted=accepted, withheld=False, distance=distance, reason="clear"
    )


@pytest.mark.parametrize(
    ("what", "candidate"),
    [
        (d.TimeGiven(ms=60 * MINUTE, reason="favour"), "c-001"),
        (d.TimeGiven(ms=60 * MINUTE, reason="favour"), None),
        (VOIDED, "c-001"),
        (d.Reopened(reason="favour"), "c-001"),
        (d.Moved(seat="a-02", epoch=2, reason="favour"), "c-001"),
        (d.Armed(start=NOW), None),
        (d.Collected(reason="all"), None),
        (d.SubjectClosed(), None),
        (d.Refused(reason="malice"), "c-001"),
        (d.AbsentMarked(reason="malice"), "c-001"),
        (face(distance=451), "c-001"),
        (face(distance=-1), "c-001"),
        (face(accepted=False), "c-001"),
        (face(method="person"), "c-001"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_a_person_must_ask_for_the_machine_does_not_decide(
    at: Verifying, lanes: Lanes, office: SampleOffice, what: Any, candidate: str | None
) -> None:
    """Extra time without an act, a void, an absence before the log-in closed: none is taken."""
    refused = await verdict(at, lanes, decision(office.main, 1, what, candidate=candidate))
    assert (refused.stage, refused.reason[:4]) == (Stage.REFUSED, "P320")
    assert at.count("decision") == 0


async def test_the_machine_decides_by_the_rule_book(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """A clear face, one who sits withheld, left too often, and not there when log-in closed."""
    box = office.main
    withheld = d.IdentityDecided(
        method="face", accepted=True, withheld=True, distance=700, reason="a person decides"
    )
    made = [
        by_wang(office, 1, d.Armed(start=NOW), api.Arm(subject="theory", start=0), at=NOW - MINUTE),
        decision(box, 2, face(distance=450), candidate="c-1"),
        decision(box, 3, withheld, candidate="c-2"),
        decision(box, 4, d.Collected(reason="left 11 times"), candidate="c-1", at=NOW + 1),
    ]
    assert (await verdict(at, lanes, *made)).stage is Stage.VERIFIED
    early = decision(box, 5, d.AbsentMarked(reason="late"), candidate="c-3", at=LATE)
    assert "after the log-in had closed" in (await verdict(at, lanes, early)).reason
    late = decision(box, 5, d.AbsentMarked(reason="late"), candidate="c-3", at=LATE + 1)
    assert (await verdict(at, lanes, late)).stage is Stage.VERIFIED


@pytest.mark.parametrize(
    ("asked", "start", "taken"),
    [
        (0, NOW, True),
        (0, NOW + MINUTE, False),
        (0, NOW - MINUTE, False),
        (NOW + MINUTE, NOW + MINUTE, True),
        (NOW + MINUTE, NOW + 2 * MINUTE, False),
        (1, NOW - 10 * MINUTE + 3_000, True),
        (1, NOW - 10 * MINUTE + 3_001, False),
    ],
)
async def test_the_start_is_the_one_that_was_asked_for(
    at: Verifying, lanes: Lanes, office: SampleOffice, asked: int, start: int, *, taken: bool
) -> None:
    """Or the plan's; one that is past begins at once, and no box puts it off or begins before."""
    arm = api.Arm(subject="theory", start=asked)
    made = by_wang(office, 1, d.Armed(start=start), arm, at=NOW - 10 * MINUTE)
    assert ((await verdict(at, lanes, made)).stage is Stage.VERIFIED) is taken


async def test_leave_is_as_long_as_the_rule_book_says(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """The act names no time: the box cannot make it longer."""
    leave = api.GrantLeave(candidate="c-001")
    longer = by_wang(office, 1, d.LeaveGranted(back_by=NOW + 6 * MINUTE), leave)
    assert "expected leave until" in (await verdict(at, lanes, longer)).reason
    right = by_wang(office, 1, d.LeaveGranted(back_by=NOW + 5 * MINUTE), leave)
    assert (await verdict(at, lanes, right)).stage is Stage.VERIFIED


async def test_nothing_is_decided_in_a_closed_subject_or_in_none(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """After the closing, and about a subject that the plan does not have."""
    box, key = office.main, office.staff_key
    asked, what = (
        api.Extend(candidate="c-001", ms=MINUTE, reason="r"),
        d.TimeGiven(ms=MINUTE, reason="r"),
    )
    unknown = by_wang(office, 1, what, asked, subject="piano")
    assert "expected a subject of the plan" in (await verdict(at, lanes, unknown)).reason
    assert (await verdict(at, lanes, closed(box, 1, key))).stage is Stage.VERIFIED
    refused = await verdict(at, lanes, by_wang(office, 2, what, asked))
    assert (refused.reason[:4], "which decision 1 closed" in refused.reason) == ("P320", True)


# --- the rule book at the office ------------------------------------------------------------------


async def test_without_the_rule_book_nobody_is_believed(
    at: Verifying, lanes: Lanes, office: SampleOffice
) -> None:
    """A registry of before knows no rule book: decisions wait for it, and are taken then."""
    books = list(at.layout.registry.glob("*.rules.toml"))
    for book in books:
        book.unlink()
    parcel = lanes.parcel(Lane.INCIDENTS, [closed(office.main, 1, office.staff_key)])
    await at.take(parcel)
    assert "enrol the bundle's whole folder" in at.reasons()[0]
    office.enrol(at.layout)
    assert [one.stage for one in await at.take(parcel)] == [Stage.VERIFIED]


@pytest.mark.parametrize("book", [None, b"", RULES + b"\n", b"\xff"])
def test_a_bundle_without_its_rule_book_is_not_enrolled(
    office: SampleOffice, tmp_path: Path, book: bytes | None
) -> None:
    """Nor one with another rule book than its manifest signs; nothing is kept of it."""
    key = office.signing_key
    (tmp_path / MANIFEST).write_bytes(encode(sign_bundle(office.manifest(), key)))
    if book is not None:
        (tmp_path / "rules.toml").write_bytes(book)
    registry = tmp_path / "registry"
    registry.mkdir()
    with pytest.raises(EnrolError, match="rule book"):
        enrol(registry, tmp_path / MANIFEST, key.public)
    assert len(load_registry(registry, key.public)) == 0
