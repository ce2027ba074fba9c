"""A person's signature stands behind the decision that was asked for, and behind no other."""

import itertools
from typing import Any

import pytest
from msgspec.structs import replace

from protocol import decisions as d
from protocol import staff_api as api
from protocol.asking import asks_for
from protocol.decisions import Decision, Scope

ME = {"candidate": "c-1"}
PAIRS: list[tuple[Any, Any]] = [
    (api.OpenDoors(correction=5), d.DoorsOpened(correction=5)),
    (api.Arm(subject="theory", start=0), d.Armed(start=1_000)),
    (api.Disarm(subject="theory"), d.Disarmed()),
    (
        api.DecideIdentity(**ME, accepted=True, reason="r"),
        d.IdentityDecided(method="person", accepted=True, withheld=False, distance=480, reason="r"),
    ),
    (api.Pause(**ME, reason="r"), d.Paused(reason="r")),
    (api.Resume(**ME, reason="r"), d.Resumed(reason="r")),
    (api.Extend(**ME, ms=60_000, reason="r"), d.TimeGiven(ms=60_000, reason="r")),
    (api.Message(**ME, text="t", must_confirm=True), d.Told(text="t", must_confirm=True)),
    (api.Collect(**ME, reason="r"), d.Collected(reason="r")),
    (api.Reopen(**ME, reason="r"), d.Reopened(reason="r")),
    (api.Void(**ME, article="2", reason="r"), d.Voided(article="2", reason="r")),
    (api.MarkAbsent(**ME, reason="r"), d.AbsentMarked(reason="r")),
    (api.Move(**ME, seat="a-09", reason="r"), d.Moved(seat="a-09", epoch=2, reason="r")),
    (api.GrantLeave(**ME), d.LeaveGranted(back_by=9)),
    (api.EndLeave(**ME), d.LeaveEnded()),
    (api.CloseSubject(subject="theory"), d.SubjectClosed()),
]


def made(act: Any, what: Any) -> Decision:
    """Return the decision that the box makes of an act."""
    candidate = getattr(act, "candidate", None)
    return Decision(
        appliance="box-1",
        generation=1,
        n=1,
        sitting="s",
        subject="theory",
        scope=Scope.ALL if candidate is None else Scope.ONE,
        candidate=candidate,
        session=None,
        at=0,
        by="wang",
        act="0" * 64,
        what=what,
    )


@pytest.mark.parametrize(("act", "what"), PAIRS, ids=lambda value: type(value).__name__)
def test_an_act_asks_for_its_decision_about_its_candidate(act, what):
    """Of the same kind, about the same candidate and subject; about another it asks nothing."""
    decision = made(act, what)
    assert asks_for(act, decision)
    if decision.scope is Scope.ONE:
        assert not asks_for(act, replace(decision, candidate="c-2"))
        assert not asks_for(act, replace(decision, scope=Scope.ALL, candidate=None))
    else:
        assert not asks_for(act, replace(decision, scope=Scope.ONE, candidate="c-1"))
    if hasattr(act, "subject"):
        assert not asks_for(act, replace(decision, subject="practical"))


def test_an_act_asks_for_no_decision_of_another_kind():
    """What was signed to lower a hand, or to pause, stands behind no void."""
    for (act, _), (_, what) in itertools.permutations(PAIRS, 2):
        assert not asks_for(act, replace(made(act, what)))
    for act in (
        api.LowerHand(**ME),
        api.NoteStray(**ME),
        api.Unlock(subject="theory"),
        api.ClosePairing(),
    ):
        assert not any(asks_for(act, made(act, what)) for _, what in PAIRS)


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (api.OpenDoors(correction=5), d.DoorsOpened(correction=6)),
        (api.Arm(subject="theory", start=2_000), d.Armed(start=1_000)),
        (PAIRS[3][0], replace(PAIRS[3][1], accepted=False)),
        (PAIRS[3][0], replace(PAIRS[3][1], method="face")),
        (PAIRS[6][0], d.TimeGiven(ms=600_000, reason="r")),
        (PAIRS[7][0], d.Told(text="other", must_confirm=True)),
        (PAIRS[8][0], d.Collected(reason="another")),
        (PAIRS[10][0], d.Voided(article="3", reason="r")),
        (PAIRS[12][0], d.Moved(seat="a-10", epoch=2, reason="r")),
    ],
)
def test_an_act_asks_for_its_own_words_and_numbers(act, what):
    """More time, another article, another seat or reason than was signed is not asked for."""
    assert not asks_for(act, made(act, what))
