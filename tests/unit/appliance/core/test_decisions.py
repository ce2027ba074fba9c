"""Decisions: numbered without a hole, durable before anybody hears, refused where impossible."""

import asyncio
from pathlib import Path

import pytest

from appliance.core.refusals import NotPossibleError
from drill.sample_office import SampleOffice
from exam.session import State
from protocol import decisions as d
from protocol.decisions import MACHINE, Scope, open_decision
from protocol.envelope import Envelope
from protocol.log_entries import Decided, decode_entry
from protocol.values import decode
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from tests.core_hall import ADMITTED, MINUTE, CoreHall, core_hall

PAUSE = d.Paused(reason="power")


async def test_a_decision_is_signed_kept_and_a_leaf(hall: CoreHall) -> None:
    """What the record holds opens by the box key, and the log names its digest."""
    made = await hall.decide(PAUSE)
    (stored,) = hall.row("SELECT envelope FROM decisions WHERE n = 1")
    envelope = decode(stored.encode(), Envelope)
    assert open_decision(envelope, hall.core.box.key.public) == made
    assert (made.n, made.scope, made.candidate, made.by) == (1, Scope.ALL, None, MACHINE)
    (leaf,) = hall.row("SELECT body FROM leaves ORDER BY i DESC")
    assert decode_entry(leaf) == Decided(at=made.at, decision=envelope.digest)


async def test_a_decision_about_one_names_candidate_and_session(hall: CoreHall) -> None:
    """Before the log-in there is no session to name, afterwards there is."""
    moved = await hall.decide(d.Moved(seat="a06", epoch=1, reason="keyboard"), 0)
    assert (moved.candidate, moved.session) == (hall.seating(0).candidate.id, None)
    await hall.log_in(1)
    admitted = await hall.decide(ADMITTED, 1)
    assert admitted.session == hall.seating(1).id


async def test_numbers_have_no_hole(hall: CoreHall) -> None:
    """Many at once, refused ones among them: the numbers that are given count from 1."""
    await asyncio.gather(*(hall.log_in(person) for person in range(6)))
    asked = [hall.decide(ADMITTED, person % 6) for person in range(12)]
    asked += [hall.decide(d.LeaveEnded(), person) for person in range(6)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(one, NotPossibleError) for one in done) == 6
    assert [n for (n,) in hall.rows("SELECT n FROM decisions ORDER BY n")] == list(range(1, 13))
    assert [decision.n for decision, _ in hall.core.decider.made] == list(range(1, 13))


async def test_what_the_table_does_not_have_is_refused_with_what_it_needs(hall: CoreHall) -> None:
    """A decision about one is refused whole: nothing written, nobody told."""
    heard: list[int] = []
    hall.core.decider.listen(lambda decision, _: heard.append(decision.n))
    with pytest.raises(NotPossibleError, match=r"possible when answering; the session is expected"):
        await hall.decide(d.LeaveGranted(back_by=hall.now() + MINUTE), 0)
    assert hall.rows("SELECT * FROM decisions") == []
    assert heard == []


async def test_a_decision_for_all_concerns_those_whom_it_can(hall: CoreHall) -> None:
    """Collecting all takes in who writes and leaves alone who has not come."""
    await hall.answering(0)
    await hall.decide(d.Collected(reason="fire"))
    assert hall.seating(0).session.state is State.COLLECTED
    assert hall.seating(1).session.state is State.EXPECTED


async def test_listeners_hear_after_the_commit_and_in_order(hall: CoreHall) -> None:
    """Whoever hears of a decision finds it on the disk and the hall changed."""
    heard: list[int] = []

    def listen(decision: d.Decision, _envelope: Envelope) -> None:
        assert hall.rows("SELECT * FROM decisions WHERE n = ?", decision.n)
        heard.append(decision.n)

    await hall.answering(0)
    begun = len(hall.core.decider.made)
    hall.core.decider.listen(listen)
    await asyncio.gather(*(hall.decide(d.TimeGiven(ms=1, reason="")) for _ in range(8)))
    assert heard == list(range(begun + 1, begun + 9))
    assert hall.seating(0).session.given_ms == 8


async def test_a_full_disk_decides_nothing(hall: CoreHall) -> None:
    """Where the commit fails, number, hall and listeners are as they were."""
    await hall.answering(0)
    before, begun = hall.seating(0).session, len(hall.core.decider.made)
    with FaultyDisk().installed() as disk:
        disk.full()
        with pytest.raises(DiskFullError):
            await hall.decide(PAUSE)
    assert hall.seating(0).session == before
    assert len(hall.core.decider.made) == begun
    assert (await hall.decide(PAUSE)).n == begun + 1


async def test_decisions_outlast_a_restart(office: SampleOffice, tmp_path: Path) -> None:
    """The hall that is opened again has made the same decisions, and goes on counting."""
    async with core_hall(tmp_path, office) as hall:
        await hall.answering(0)
        await hall.decide(PAUSE)
        before = [decision for decision, _ in hall.core.decider.made]
        session = hall.seating(0).session
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert [decision for decision, _ in again.core.decider.made] == before
        assert again.seating(0).session == session
        assert (await again.decide(d.Resumed(reason="on"))).n == len(before) + 1
