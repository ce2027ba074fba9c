"""What the seat does when the hall speaks: the key, receipts, the office, and what does not fit."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from protocol.decisions import Armed, Collected, Disarmed, Paused, Resumed
from protocol.errors import ProtocolError, UntrustedError
from protocol.grant import Position
from protocol.journal import DecisionReceived, decode_event
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity
from protocol.seat_api import DecisionSaid, FaceSaid, FaceStage, PaperKeySaid
from runtime.errors import DiskError
from runtime.faults import FaultyDisk
from terminal_agent import actions as do
from terminal_agent import opening
from terminal_agent.actions import Kept, Refused
from terminal_agent.view import ReasonCode, Screen
from tests.seat_hall import (
    START,
    SUBJECT,
    Keys,
    SampleHall,
    SeatAtWork,
    answering,
    desk,
    lay_paper,
)


@pytest.fixture
def hall() -> SampleHall:
    """A sitting."""
    return SampleHall()


def position(at: SeatAtWork, n: int | None = None) -> Position:
    """Return a place of the seat's own journal."""
    session = at.session
    n = session.n if n is None else n
    return Position(epoch=session.grant.epoch, n=n, head=session._links[n])


# --- the paper's key --------------------------------------------------------------------------


async def test_a_key_before_its_paper_is_kept_and_opens_it_when_it_has_come(
    tmp_path: Path, hall: SampleHall
) -> None:
    """Nothing is called damaged; the exam opens by itself when the paper is there."""
    async with desk(tmp_path, hall) as at:
        await at.come_to_the_waiting_room()
        await at.tell_time(START)
        await at.seat.hear(hall.key_said())
        assert at.seat.view().screen is Screen.WAITING
        assert at.seat.view().reason is None
        assert at.desk.papers_wanted.is_set()
        lay_paper(tmp_path, hall)
        await opening.paper_came(at.desk, hall.paper)
        assert at.seat.view().screen is Screen.ANSWERING


async def test_a_key_before_its_paper_outlasts_a_restart(tmp_path: Path, hall: SampleHall) -> None:
    """The key was wrapped: cut off and started again, the seat needs only the paper."""
    async with desk(tmp_path, hall) as at:
        await at.come_to_the_waiting_room()
        await at.seat.hear(hall.key_said())
    async with desk(tmp_path, hall, meets=False, knows=hall) as at:
        assert at.seat.view().screen is Screen.WAITING
        lay_paper(tmp_path, hall)
        await opening.paper_came(at.desk, hall.paper)
        assert at.seat.view().screen is Screen.ANSWERING


async def test_a_damaged_paper_is_fetched_again_and_then_opened(
    tmp_path: Path, hall: SampleHall
) -> None:
    """The file is taken away, the page says so, and the next copy opens with the kept key."""
    lay_paper(tmp_path, hall)
    async with desk(tmp_path, hall) as at:
        await at.come_to_the_waiting_room()
        (path,) = (tmp_path / "papers").glob("*[!y].age")
        path.write_bytes(hall.sealed_paper[:-1])
        await at.seat.hear(hall.key_said())
        reason = at.seat.view().reason
        assert reason is not None
        assert reason.code is ReasonCode.PAPER_DAMAGED
        assert not path.exists()
        assert at.desk.papers_wanted.is_set()
        assert at.seat.beat().paper is None
        lay_paper(tmp_path, hall)
        await opening.paper_came(at.desk, hall.paper)
        assert at.seat.view().reason is None
        assert at.seat.view().screen is Screen.ANSWERING


async def test_a_paper_of_another_order_than_was_granted_is_not_shown(
    tmp_path: Path, hall: SampleHall
) -> None:
    """As after a later revision: staff are called, and nothing says that the exam was entered."""
    lay_paper(tmp_path, hall)
    hall.outline = hall.outline[1:]
    async with desk(tmp_path, hall) as at:
        await at.come_to_the_waiting_room()
        n = at.session.n
        await at.tell_time(START)
        await at.seat.hear(hall.key_said())
        reason = at.seat.view().reason
        assert reason is not None
        assert reason.code is ReasonCode.INTERNAL
        assert "another paper: see s1" in reason.words
        assert (at.seat.view().screen, at.seat.paper()) == (Screen.WAITING, None)
        assert at.session.n == n


async def test_the_key_of_another_paper_is_neither_used_nor_kept(
    tmp_path: Path, hall: SampleHall
) -> None:
    """P is what the office named in the bundle; anything else breaks the link."""
    lay_paper(tmp_path, hall)
    async with desk(tmp_path, hall) as at:
        await at.come_to_the_waiting_room()
        other = SealingIdentity.generate().dangerous_text()
        with pytest.raises(UntrustedError):
            await at.seat.hear(PaperKeySaid(subject=SUBJECT, revision=1, key=other))
        assert at.desk.shelf.unwrap(hall.paper) is None
        await at.seat.hear(hall.key_said())
        assert at.seat.view().screen is Screen.ANSWERING


async def test_a_key_that_found_no_room_is_kept_when_it_comes_again(
    tmp_path: Path, hall: SampleHall
) -> None:
    """The link breaks at a full disk; the next one brings P again, and it is wrapped then."""
    lay_paper(tmp_path, hall)
    async with desk(tmp_path, hall) as at:
        await at.come_to_the_waiting_room()
        with FaultyDisk().installed() as disk:
            disk.full()
            with pytest.raises(DiskError):
                await at.seat.hear(hall.key_said())
            disk.room()
            assert at.desk.shelf.unwrap(hall.paper) is None
            await at.seat.hear(hall.key_said())
        assert at.desk.shelf.unwrap(hall.paper) is not None
        assert at.seat.view().screen is Screen.ANSWERING


async def test_the_wrapped_key_goes_with_the_receipt(tmp_path: Path, hall: SampleHall) -> None:
    """Once the paper is in, nothing of P is left at the seat."""
    async with answering(tmp_path, hall) as at:
        await at.tell_time(START + 31 * 60_000)
        assert isinstance(await at.seat.act(do.HandIn()), Kept)
        await at.seat.hear(hall.receipt(at.session.grant.session, position(at)))
        assert list((tmp_path / "papers").glob("*.key.age")) == []


# --- receipts ---------------------------------------------------------------------------------


async def handed_in(at: SeatAtWork) -> None:
    """Hand in."""
    await at.tell_time(START + 31 * 60_000)
    assert isinstance(await at.seat.act(do.HandIn()), Kept)


async def test_a_receipt_about_this_journal_is_shown(tmp_path: Path, hall: SampleHall) -> None:
    """Code and time stand on the page, also after a restart."""
    async with answering(tmp_path, hall) as at:
        await handed_in(at)
        await at.deliver()
        await at.seat.hear(hall.receipt(at.session.grant.session, position(at)))
        shown = at.seat.view().hand_in
    async with desk(tmp_path, hall, meets=False, knows=hall) as at:
        again = at.seat.view().hand_in
    assert shown is not None
    assert again is not None
    assert shown.receipt == again.receipt is not None


@pytest.mark.parametrize("wrong", ["head", "n", "epoch", "longer"])
async def test_a_receipt_that_is_not_of_this_journal_is_no_receipt(
    tmp_path: Path, hall: SampleHall, wrong: str
) -> None:
    """It is on record and the page says so; no code is shown, and the key is not forgotten."""
    async with answering(tmp_path, hall) as at:
        await handed_in(at)
        right = position(at)
        other = {
            "head": Position(epoch=1, n=right.n, head="a" * 64),
            "n": Position(epoch=1, n=right.n - 1, head=right.head),
            "epoch": Position(epoch=2, n=right.n, head=right.head),
            "longer": Position(epoch=1, n=right.n + 1, head="b" * 64),
        }[wrong]
        session = at.session.grant.session
        for _ in range(2):
            await at.seat.hear(hall.receipt(session, other))
        view = at.seat.view()
        assert view.hand_in is not None
        assert view.hand_in.receipt is None
        assert view.reason is not None
        assert view.reason.code is ReasonCode.RECEIPT_MISMATCH
        assert {what for _, what in await at.desk.spool.mismatches()} == {"receipt"}
        assert at.desk.shelf.unwrap(hall.paper) is not None


async def test_a_receipt_by_anybody_else_breaks_the_link(tmp_path: Path, hall: SampleHall) -> None:
    """Only the box's own key gives receipts."""
    async with answering(tmp_path, hall) as at:
        await handed_in(at)
        session, right = at.session.grant.session, position(at)
        forged = SampleHall(Keys(box=SigningKey.generate())).receipt(session, right)
        with pytest.raises(ProtocolError):
            await at.seat.hear(forged)
        assert at.session.receipt is None


async def test_the_office_is_believed_about_what_was_written_here(
    tmp_path: Path, hall: SampleHall
) -> None:
    """A head of this journal counts; another is on record, and counts nothing."""
    async with answering(tmp_path, hall) as at:
        session = at.session
        await at.seat.hear(hall.office_holds(session.grant.session, position(at, 3)))
        assert session.office == 3
        wrong = Position(epoch=1, n=session.n, head="c" * 64)
        await at.seat.hear(hall.office_holds(session.grant.session, wrong))
        assert session.office == 3
        assert await at.desk.spool.mismatches() == [(session.grant.session, "office")]
        reason = at.seat.view().reason
        assert reason is not None
        assert reason.code is ReasonCode.OFFICE_MISMATCH


async def test_the_office_is_heard_about_a_session_that_was_left(
    tmp_path: Path, hall: SampleHall
) -> None:
    """The spool notes it for the journal that it has, whoever sits here now."""
    async with answering(tmp_path, hall) as at:
        grant, place = at.session.grant, position(at)
        await at.deliver()
        await at.seat.act(do.LeaveHall())
        at.desk.clear_session()
        assert at.desk.tails == []
        await at.seat.hear(hall.office_holds(grant.session, place))
        (stored,) = await at.desk.spool.sessions()
        assert stored.office == place.n
        await at.seat.hear(hall.office_holds("f" * 32, place))


# --- decisions --------------------------------------------------------------------------------


async def test_a_pause_and_its_end_reach_page_and_journal(tmp_path: Path, hall: SampleHall) -> None:
    """Nothing can be written while the time stands still."""
    async with answering(tmp_path, hall) as at:
        await at.decide(Paused(reason="power"))
        assert at.seat.view().screen is Screen.PAUSED
        outcome = await at.answer("s2", "o1")
        assert isinstance(outcome, Refused)
        assert outcome.reason.code is ReasonCode.PAUSED
        await at.decide(Resumed(reason="light"))
        assert isinstance(await at.answer("s2", "o1"), Kept)


async def test_a_decision_of_another_sitting_or_key_changes_nothing(
    tmp_path: Path, hall: SampleHall
) -> None:
    """One is passed over, the other breaks the link."""
    async with answering(tmp_path, hall) as at:
        other = SampleHall(hall.keys, sitting="s-9")
        await at.seat.hear(DecisionSaid(decision=other.decision(Paused(reason="theirs"))))
        assert at.seat.view().screen is Screen.ANSWERING
        forged = SampleHall(Keys()).decision(Paused(reason="forged"))
        with pytest.raises(UntrustedError):
            await at.seat.hear(DecisionSaid(decision=forged))
        assert at.seat.view().screen is Screen.ANSWERING


async def test_a_start_that_was_taken_back_is_the_planned_one_again(
    tmp_path: Path, hall: SampleHall
) -> None:
    """Arming moves the countdown, disarming puts it back."""
    async with desk(tmp_path, hall) as at:
        await at.decide(Armed(start=START + 60_000))
        assert at.seat.view().targets.opens == START + 60_000
        await at.decide(Disarmed())
        assert at.seat.view().targets.opens == START


async def test_a_face_that_is_somebody_elses_is_passed_over(
    tmp_path: Path, hall: SampleHall
) -> None:
    """Only what is said of the open session is shown."""
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        said: dict[str, Any] = {"stage": FaceStage.STAFF, "hints": (), "tries_left": 0}
        await at.seat.hear(FaceSaid(session="f" * 32, **said))
        assert at.desk.state.face is None
        await at.seat.hear(FaceSaid(session=at.session.grant.session, **said))
        assert at.desk.state.face is not None


async def test_a_collection_in_the_midst_of_an_answer_leaves_nothing_behind_it(
    tmp_path: Path, hall: SampleHall
) -> None:
    """Whichever is first: after the paper is in no answer stands in the journal."""
    async with answering(tmp_path, hall) as at:
        answers = [at.answer("s2", option) for option in ("o1", "o2", "o3")]
        outcomes = await asyncio.gather(
            *answers[:1], at.decide(Collected(reason="time"), one=True), *answers[1:]
        )
        bodies = await at.desk.spool.events(at.session.grant, 1, 99)
        *_, last = events = [decode_event(body) for body in bodies]
        assert isinstance(last, DecisionReceived)
        kept = {one.event for one in outcomes if isinstance(one, Kept)}
        assert kept < {event.n for event in events}
        assert len(kept) + sum(isinstance(one, Refused) for one in outcomes) == 3
