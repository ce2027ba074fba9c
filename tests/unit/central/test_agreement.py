"""What a box in wrong hands writes holds record by record, and does not agree as a whole."""

import dataclasses as dc
from typing import Any

import pytest
from msgspec.structs import replace

from central.agreement import Plan, SatSession, Whole, findings
from exam.rulebook import read_rule_book
from protocol import decisions as d
from protocol.closing import Accounted, Closing, Ending
from protocol.decisions import MACHINE, Decision, Scope
from protocol.grant import Grant, Position
from protocol.log_entries import Decided, Granted, Released
from tests.sample_office import NOW, RULES, sample_sitting

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
(SUBJECT,) = sample_sitting().subjects
PLAN = Plan(
    rules=read_rule_book(RULES.decode()),
    subject=SUBJECT,
    opens=SUBJECT.opens,
    closes=SUBJECT.closes,
)
SESSION = "1" * 32
HEAD = "a" * 64


def grant(epoch: int = 1, *, seat: str = "a-01", at: int = NOW - 10 * MINUTE) -> Grant:
    """Return a grant of the candidate's session."""
    previous = None if epoch == 1 else Position(epoch=epoch - 1, n=1, head=HEAD)
    return Grant(
        appliance="box-1",
        generation=1,
        centre="c",
        sitting="s",
        subject=SUBJECT.id,
        room="room-1",
        seat=seat,
        candidate="c-1",
        session=SESSION,
        epoch=epoch,
        seat_certificate=HEAD,
        session_key=HEAD,
        previous=previous,
        order_seed="2" * 32,
        order=(),
        granted_at=at,
    )


def made(
    what: d.What,
    candidate: str | None = None,
    *,
    by: str = "wang",
    at: int = NOW,
    session: str | None = None,
) -> Decision:
    """Return a decision; its number does not matter here."""
    return Decision(
        appliance="box-1",
        generation=1,
        n=7,
        sitting="s",
        subject=SUBJECT.id,
        scope=Scope.ALL if candidate is None else Scope.ONE,
        candidate=candidate,
        session=session,
        at=at,
        by=by,
        act=None if by == MACHINE else HEAD,
        what=what,
    )


DOORS = made(d.DoorsOpened(correction=0), at=NOW - 30 * MINUTE)
ARMED = made(d.Armed(start=NOW), at=NOW - 20 * MINUTE)
CLOSED = made(d.SubjectClosed(), at=NOW + 100 * MINUTE)
PERSON = Accounted(
    candidate="c-1",
    seat="a-01",
    ending=Ending.HANDED_IN,
    withheld=False,
    session=SESSION,
    position=Position(epoch=1, n=1, head=HEAD),
    answers=0,
)


def whole(
    *decided: Decision,
    grants: tuple[Grant, ...] = (),
    released: int = NOW,
    person: dict[str, Any] | None = None,
    session: dict[str, Any] | None = None,
    closing: dict[str, Any] | None = None,
) -> Whole:
    """Return an honest subject of one candidate who handed in, but for what is given."""
    grants = grants or (grant(),)
    order: list[Decision | Grant] = [DOORS, ARMED, *grants, *decided, CLOSED]
    entries: list[Any] = []
    for number, document in enumerate(order):
        digest = f"{number:064x}"
        entries.append(
            Granted(at=NOW, grant=digest)
            if isinstance(document, Grant)
            else Decided(at=NOW, decision=digest)
        )
    entries.insert(3, Released(at=released, subject=SUBJECT.id, revision=1, paper=HEAD))
    sat = SatSession(session=SESSION, grants=grants, handed_in=True)
    account = Closing(
        appliance="box-1",
        generation=1,
        centre="c",
        sitting="s",
        subject=SUBJECT.id,
        at=CLOSED.at,
        candidates=(replace(PERSON, **(person or {})),),
    )
    return Whole(
        closing=replace(account, **(closing or {})),
        decisions=tuple(one for one in order if isinstance(one, Decision)),
        sessions=(dc.replace(sat, **(session or {})),),
        entries=tuple(entries),
        documents={f"{number:064x}": document for number, document in enumerate(order)},
        plans=(PLAN,),
    )


def names(found: Whole) -> list[str]:
    """Return what was found, by name; each can be said in both languages."""
    listed = findings(found)
    for one in listed:
        assert one.show("en") != one.show("zh")
    return [one.text for one in listed]


IDENTITY = d.IdentityDecided(
    method="person", accepted=True, withheld=False, distance=-1, reason="r"
)
WITHHELD = replace(IDENTITY, method="face", withheld=True)
AWAY = d.IdentityDecided(method="person", accepted=False, withheld=False, distance=-1, reason="r")
COLLECTED, VOIDED = d.Collected(reason="r"), d.Voided(article="2", reason="r")


def about(what: d.What, **more: Any) -> Decision:
    """Return a decision about the candidate."""
    return made(what, "c-1", session=SESSION, **more)


@pytest.mark.parametrize(
    ("decided", "person"),
    [
        ([], {}),
        ([about(IDENTITY)], {}),
        ([about(WITHHELD)], {"withheld": True}),
        ([about(WITHHELD), about(IDENTITY)], {}),
        ([about(WITHHELD), about(AWAY)], {"ending": Ending.VOIDED}),
        ([about(AWAY)], {"ending": Ending.REFUSED}),
        ([about(COLLECTED)], {"ending": Ending.COLLECTED}),
        ([made(COLLECTED)], {"ending": Ending.COLLECTED}),
        ([made(COLLECTED)], {}),
        ([about(COLLECTED), about(VOIDED)], {"ending": Ending.VOIDED}),
    ],
)
def test_an_honest_subject_agrees(decided: list[Decision], person: dict[str, Any]) -> None:
    """Each ending to which the session table leads is borne out by what was decided."""
    assert names(whole(*decided, person=person)) == []


@pytest.mark.parametrize(
    ("decided", "person"),
    [
        ([about(VOIDED)], {}),
        ([about(AWAY)], {}),
        ([about(COLLECTED)], {}),
        ([about(d.AbsentMarked(reason="r"))], {}),
        ([], {"ending": Ending.VOIDED}),
        ([], {"ending": Ending.REFUSED}),
        ([], {"ending": Ending.COLLECTED}),
    ],
)
def test_an_ending_that_nothing_bears_out_is_found(
    decided: list[Decision], person: dict[str, Any]
) -> None:
    """A void that the account forgets, and one that nobody decided, are both found."""
    assert names(whole(*decided, person=person)) == ["ending_other"]


def test_who_never_handed_in_is_not_accounted_for_so() -> None:
    """Handed in is what the journal says, signed at the seat."""
    assert names(whole(session={"handed_in": False})) == ["ending_other"]
    absent = {"ending": Ending.ABSENT, "session": None, "position": None}
    assert names(whole(person=absent)) == ["ending_other"]


@pytest.mark.parametrize(
    ("decided", "more", "name"),
    [
        ([about(WITHHELD)], {}, "withheld_other"),
        ([about(IDENTITY)], {"person": {"withheld": True}}, "withheld_other"),
        ([], {"closing": {"at": CLOSED.at + 1}}, "closing_undecided"),
        ([], {"closing": {"generation": 2}}, "closing_undecided"),
        ([made(IDENTITY, "c-9")], {}, "decision_other"),
        ([made(IDENTITY, "c-1", session="2" * 32)], {}, "decision_other"),
        ([], {"session": {"unheard_of": 1}}, "decisions_withheld"),
        ([], {"session": {"answers_after": 1}}, "answers_after_end"),
        ([], {"released": NOW - 1}, "released_early"),
        ([], {"grants": (grant(), grant(2, seat="a-02"))}, "seat_unmoved"),
        ([], {"grants": (grant(at=NOW - 30 * MINUTE - 1),)}, "login_outside"),
        ([], {"grants": (grant(at=NOW + 30 * MINUTE + 1),)}, "login_outside"),
        ([about(IDENTITY, at=NOW + 9 * DAY)], {}, "times_outside"),
        ([about(IDENTITY, at=NOW - 2 * DAY)], {}, "times_outside"),
    ],
)
def test_what_does_not_agree_is_named(
    decided: list[Decision], more: dict[str, Any], name: str
) -> None:
    """Each way in which records that hold by themselves contradict one another has its name."""
    assert names(whole(*decided, **more)) == [name]


def test_what_was_decided_lets_it_be() -> None:
    """A move, a reopening and the doors' own clock are no contradictions."""
    moved = d.Moved(seat="a-02", epoch=2, reason="r")
    assert names(whole(about(moved), grants=(grant(), grant(2, seat="a-02")))) == []
    reopened = about(d.Reopened(reason="r"))
    assert names(whole(reopened, session={"answers_after": 3})) == []
    assert names(whole(made(d.DoorsOpened(correction=0), at=946_684_800_000))) == []


@pytest.mark.parametrize(("leaves", "name"), [(10, ["collected_uncaused"]), (11, [])])
def test_the_machine_collects_for_leaves_that_the_journal_shows(
    leaves: int, name: list[str]
) -> None:
    """Eleven beyond the grace are enough, ten are not, and short ones do not count."""
    collected = about(COLLECTED, by=MACHINE)
    away = {"away_ms": (5_000,) * 20 + (5_001,) * leaves}
    person = {"ending": Ending.COLLECTED}
    assert names(whole(collected, person=person, session=away)) == name
    by_staff = about(COLLECTED)
    assert names(whole(by_staff, person=person, session=away)) == []


def test_one_candidate_has_one_session() -> None:
    """Two sessions of one candidate, of whatever boxes, are shown to a person."""
    one = whole()
    (sat,) = one.sessions
    other = dc.replace(sat, session="3" * 32)
    assert names(dc.replace(one, sessions=(sat, other))) == ["sessions_two"]


def test_the_revision_that_fits_counts() -> None:
    """The centre may have gone by an earlier plan, which opened later."""
    early = whole(grants=(grant(at=NOW - 40 * MINUTE),))
    assert names(early) == ["login_outside"]
    sooner = replace(SUBJECT, opens=NOW - 10 * MINUTE)
    assert names(dc.replace(early, plans=(PLAN, dc.replace(PLAN, subject=sooner)))) == []
