"""What the candidate may do: each action in its place, one at a time, and nothing twice."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from exam.paper import Chosen, Written
from protocol.decisions import Paused, Told
from protocol.grant import sign_grant
from protocol.journal import Answered, HandedIn, HandRaised, OwnData, decode_event
from protocol.keys import SigningKey
from protocol.seat_api import LoggedIn, LoginRefusal, LoginRefused, LoginRequest
from runtime.faults import FaultyDisk
from terminal_agent import actions as do
from terminal_agent import ending
from terminal_agent.actions import Action, Done, Kept, NotKept, Outcome, Refused
from terminal_agent.recorder import Recorder
from terminal_agent.view import ReasonCode, Screen
from tests.seat_hall import FIELDS, MINUTE, START, SampleHall, SeatAtWork, answering, desk
from tests.waiting import until

HAND_IN = START + 31 * MINUTE
OWN_END = START + 90 * MINUTE


@pytest.fixture
def hall() -> SampleHall:
    """A sitting."""
    return SampleHall()


def why(outcome: Outcome) -> ReasonCode:
    """Return why something was not done."""
    assert isinstance(outcome, Refused | NotKept), outcome
    return outcome.reason.code


async def written(at: SeatAtWork) -> list[Any]:
    """Return the events of the open session, as they lie on the disk."""
    return [decode_event(body) for body in await at.desk.spool.events(at.session.grant, 1, 999)]


# --- logging in -------------------------------------------------------------------------------


async def test_two_log_ins_at_once_open_one_session(tmp_path: Path, hall: SampleHall) -> None:
    """The second waits for the first, and finds somebody sitting there."""
    async with desk(tmp_path, hall) as at:
        await at.seat.act(do.Consent(given=False))
        go_on = asyncio.Event()
        at.line.hold = go_on.wait
        both = asyncio.gather(*(at.seat.act(do.LogIn(fields=FIELDS)) for _ in range(2)))
        go_on.set()
        first, second = await both
        assert first == Done()
        assert why(second) is ReasonCode.NOT_NOW
        assert at.line.logged_in == 1
        assert len(await at.desk.spool.sessions()) == 1


async def test_a_log_in_that_hangs_holds_up_nothing_else(tmp_path: Path, hall: SampleHall) -> None:
    """The page's language changes while the box takes its time."""
    async with desk(tmp_path, hall) as at:
        await at.seat.act(do.Consent(given=False))
        go_on = asyncio.Event()
        at.line.hold = go_on.wait
        hanging = asyncio.get_running_loop().create_task(at.seat.act(do.LogIn(fields=FIELDS)))
        await asyncio.sleep(0)
        assert await at.seat.act(do.SetLetterSize(size=at.desk.state.letter_size)) == Done()
        go_on.set()
        assert await hanging == Done()


@pytest.mark.parametrize(
    "wrong",
    [
        {"seat": "a02"},
        {"sitting": "s-2"},
        {"subject": "practical"},
        {"session_key": SigningKey.generate().public.hex},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_a_grant_for_something_else_is_refused_clearly(
    tmp_path: Path, hall: SampleHall, wrong: dict[str, str]
) -> None:
    """Nothing of it is kept, the page says what to do, and the next log-in may be right."""
    async with desk(tmp_path, hall) as at:
        right = at.line.reply

        def reply(request: LoginRequest) -> LoggedIn:
            return at.line.let_in(hall.grant(**({"session_key": request.session_key} | wrong)))

        at.line.reply = reply
        await at.seat.act(do.Consent(given=False))
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.UNTRUSTED
        assert await at.desk.spool.sessions() == []
        assert at.seat.view().screen is Screen.LOGIN
        at.line.reply = right
        at.line.grants.clear()
        assert await at.seat.act(do.LogIn(fields=FIELDS)) == Done()


async def test_a_grant_by_another_key_is_refused_clearly(tmp_path: Path, hall: SampleHall) -> None:
    """Whoever answers on the line, the box's own key signs grants and decisions."""
    async with desk(tmp_path, hall) as at:

        def reply(request: LoginRequest) -> LoggedIn:
            made = at.line.let_in(hall.grant(request.session_key))
            grant = sign_grant(hall.grant(request.session_key), SigningKey.generate())
            return LoggedIn(
                grant=grant, own_data=made.own_data, standing=made.standing, decisions=()
            )

        at.line.reply = reply
        await at.seat.act(do.Consent(given=False))
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.UNTRUSTED
        assert await at.desk.spool.sessions() == []


async def test_an_epoch_is_granted_once(tmp_path: Path, hall: SampleHall) -> None:
    """A box that forgot what it granted is refused, and the journal that is here stands."""
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        first = at.session.grant
        at.desk.clear_session()

        def reply(request: LoginRequest) -> LoggedIn:
            again = hall.grant(request.session_key, session=first.session)
            return at.line.let_in(again)

        at.line.reply = reply
        await at.seat.act(do.Consent(given=False))
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.UNTRUSTED
        assert await at.desk.spool.last_event(first.session, first.epoch) == 2


async def test_a_forged_decision_in_the_reply_keeps_nothing(
    tmp_path: Path, hall: SampleHall
) -> None:
    """A log-in is taken whole or not at all."""
    async with desk(tmp_path, hall) as at:

        def reply(request: LoginRequest) -> LoggedIn:
            made = at.line.let_in(hall.grant(request.session_key))
            forged = SampleHall().decision(Paused(reason="forged"))
            return LoggedIn(
                grant=made.grant,
                own_data=made.own_data,
                standing=made.standing,
                decisions=(forged,),
            )

        at.line.reply = reply
        await at.seat.act(do.Consent(given=False))
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.UNTRUSTED
        assert await at.desk.spool.sessions() == []


async def test_a_refused_log_in_says_how_often_it_may_be_tried(
    tmp_path: Path, hall: SampleHall
) -> None:
    """The box's word stands on the log-in screen."""
    async with desk(tmp_path, hall) as at:
        at.line.reply = lambda _: LoginRefused(code=LoginRefusal.WRONG, at=0, tries_left=4, seat="")
        await at.seat.act(do.Consent(given=False))
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.LOGIN_WRONG
        form = at.seat.view().login
        assert form is not None
        assert form.tries_left == 4


async def test_without_the_box_nobody_logs_in(tmp_path: Path, hall: SampleHall) -> None:
    """A dead line is said as such, before and in the midst of it."""
    async with desk(tmp_path, hall) as at:
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.NOT_NOW
        await at.seat.act(do.Consent(given=False))
        at.line.cut = True
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.APPLIANCE_UNREACHED
        at.seat.link_lost()
        assert why(await at.seat.act(do.LogIn(fields=FIELDS))) is ReasonCode.APPLIANCE_UNREACHED


# --- own data ---------------------------------------------------------------------------------


async def test_wrong_own_data_lead_back_to_the_log_in_and_raise_a_hand(
    tmp_path: Path, hall: SampleHall
) -> None:
    """The console hears of it from the journal that is left; the next log-in begins anew."""
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        grant = at.session.grant
        assert isinstance(await at.seat.act(do.ConfirmOwnData(right=False)), Kept)
        view = at.seat.view()
        assert view.screen is Screen.LOGIN
        assert view.reason is not None
        assert view.reason.code is ReasonCode.OWN_DATA_WRONG
        await at.deliver()
        told = [decode_event(body) for body in at.line.journal[grant.session, grant.epoch]]
        assert [type(event) for event in told[-2:]] == [OwnData, HandRaised]
        assert await at.seat.act(do.LogIn(fields=FIELDS)) == Done()
        assert at.seat.view().reason is None


async def test_the_box_hears_that_a_session_left_for_wrong_own_data_has_no_views(
    tmp_path: Path, hall: SampleHall
) -> None:
    """Without a camera, too: else the box waits for its pictures after the exam."""
    async with desk(tmp_path, hall) as at, Recorder("none", tmp_path / "segments") as eyes:
        watching = asyncio.create_task(eyes.run(at.desk))
        try:
            await at.log_in()
            grant = at.session.grant
            for _ in range(5):  # the recorder meets the session
                await asyncio.sleep(0)
            await at.seat.act(do.ConfirmOwnData(right=False))
            shelf = eyes._shelf
            await until(lambda: bool(shelf.chains()))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        (chain,) = shelf.chains()
        assert (chain.session, chain.epoch, chain.n) == (grant.session, grant.epoch, 0)
        assert chain.ended


async def test_own_data_are_right_once(tmp_path: Path, hall: SampleHall) -> None:
    """Pressed twice in one moment it is one event."""
    async with desk(tmp_path, hall) as at:
        await at.log_in()
        yes = do.ConfirmOwnData(right=True)
        outcomes = await asyncio.gather(at.seat.act(yes), at.seat.act(yes))
        assert sorted(isinstance(one, Kept) for one in outcomes) == [False, True]


# --- in the exam ------------------------------------------------------------------------------


async def test_nothing_is_written_after_a_hand_in_that_raced_it(
    tmp_path: Path, hall: SampleHall
) -> None:
    """Answers and the hand-in at once: what is kept stands before it, the rest is refused."""
    async with answering(tmp_path, hall) as at:
        await at.tell_time(HAND_IN)
        outcomes = await asyncio.gather(
            *(at.answer(f"s{n}", "o1") for n in range(1, 6)),
            at.seat.act(do.HandIn()),
            *(at.answer(f"s{n}", "o2") for n in range(1, 6)),
        )
        events = await written(at)
        assert isinstance(events[-1], HandedIn)
        kept = {one.event for one in outcomes if isinstance(one, Kept)}
        assert kept == {event.n for event in events} - set(range(1, at.session.n - len(kept) + 1))
        late = [one for one in outcomes if isinstance(one, Refused)]
        assert {one.reason.code for one in late} <= {ReasonCode.TIME_OVER}
        answers = {e.item for e in events if isinstance(e, Answered)}
        assert events[-1].answered == len(answers)


async def test_an_own_end_that_meets_the_button_hands_in_once(
    tmp_path: Path, hall: SampleHall
) -> None:
    """The clock and the candidate may do it in the same moment."""
    async with answering(tmp_path, hall) as at:
        await at.tell_time(OWN_END)
        await asyncio.gather(
            ending.look(at.desk, OWN_END), at.seat.act(do.HandIn()), ending.look(at.desk, OWN_END)
        )
        events = await written(at)
        assert sum(isinstance(event, HandedIn) for event in events) == 1


async def test_a_hand_in_comes_not_before_the_rule_book_allows(
    tmp_path: Path, hall: SampleHall
) -> None:
    """The refusal names the moment."""
    async with answering(tmp_path, hall) as at:
        outcome = await at.seat.act(do.HandIn())
        assert why(outcome) is ReasonCode.HAND_IN_EARLY
        assert isinstance(outcome, Refused)
        assert outcome.reason.parameters == {"at": START + 30 * MINUTE}


async def test_the_own_end_hands_in_also_while_cut_off_and_it_is_delivered_later(
    tmp_path: Path, hall: SampleHall
) -> None:
    """Provisional on this disk; with the line it goes to the box, and a receipt comes."""
    async with answering(tmp_path, hall) as at:
        at.cut()
        at.steady.advance(90 * MINUTE)
        now = at.desk.now()
        assert now is not None
        assert now >= OWN_END
        await ending.look(at.desk, now)
        shown = at.seat.view().hand_in
        assert shown is not None
        assert shown.receipt is None
        (*_, event) = await written(at)
        assert isinstance(event, HandedIn)
        assert (event.automatic, event.provisional) == (True, True)
        at.line.cut = False
        await at.meet(hall, at.line)
        await at.deliver()
        grant = at.session.grant
        place = at.line.positions[grant.session, grant.epoch]
        assert place.n == event.n
        await at.seat.hear(hall.receipt(grant.session, place))
        shown = at.seat.view().hand_in
        assert shown is not None
        assert shown.receipt is not None


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (do.Answer(item="none-such", response=Chosen(options=())), ReasonCode.MISMATCH),
        (do.Answer(item="s1", response=Written(text="x")), ReasonCode.MISMATCH),
        (do.Answer(item="s1", response=Chosen(options=("o1", "o2"))), ReasonCode.MISMATCH),
        (do.GoTo(item="none-such"), ReasonCode.MISMATCH),
        (do.RulesRead(), ReasonCode.NOT_NOW),
        (do.ConfirmNotice(id="f" * 64), ReasonCode.NOT_NOW),
        (do.ConfirmOwnData(right=True), ReasonCode.NOT_NOW),
        (do.Consent(given=True), ReasonCode.NOT_NOW),
        (do.LogIn(fields=FIELDS), ReasonCode.NOT_NOW),
        (do.Pair(code="123456789", seat="a01"), ReasonCode.NOT_NOW),
    ],
)
async def test_what_does_not_belong_here_is_refused(
    tmp_path: Path, hall: SampleHall, action: Action, code: ReasonCode
) -> None:
    """Nothing is written, and the page hears why."""
    async with answering(tmp_path, hall) as at:
        n = at.session.n
        assert why(await at.seat.act(action)) is code
        assert at.session.n == n


async def test_before_the_log_in_nothing_is_written(tmp_path: Path, hall: SampleHall) -> None:
    """Pages come late, twice, and from before a restart."""
    async with desk(tmp_path, hall) as at:
        for action in (
            do.GoTo(item="s1"),
            do.ConfirmOwnData(right=True),
            do.RulesRead(),
            do.RaiseHand(raised=True),
            do.HandIn(),
            do.ConfirmNotice(id="f" * 64),
        ):
            assert why(await at.seat.act(action)) in {ReasonCode.NOT_NOW, ReasonCode.TIME_OVER}
        assert await at.seat.act(do.ScreenLeft(away=True)) == Done()


async def test_leaving_the_screen_twice_is_one_leave(tmp_path: Path, hall: SampleHall) -> None:
    """Only beyond the grace it counts; the journal has when and for how long."""
    async with answering(tmp_path, hall) as at:
        n = at.session.n
        for away in (True, True):
            await at.seat.act(do.ScreenLeft(away=away))
        at.steady.advance(6_000)
        for away in (False, False):
            await at.seat.act(do.ScreenLeft(away=away))
        assert at.session.n == n + 2
        leaves = at.seat.view().leaves
        assert leaves is not None
        assert leaves.count == 1


async def test_a_notice_is_confirmed_once(tmp_path: Path, hall: SampleHall) -> None:
    """It goes from the page, and is in the journal."""
    async with answering(tmp_path, hall) as at:
        await at.decide(Told(text="half an hour left", must_confirm=True), one=True)
        (notice,) = at.seat.view().notices
        assert isinstance(await at.seat.act(do.ConfirmNotice(id=notice.id)), Kept)
        assert why(await at.seat.act(do.ConfirmNotice(id=notice.id))) is ReasonCode.NOT_NOW
        assert at.seat.view().notices == ()


async def test_what_the_disk_refuses_is_not_called_kept(tmp_path: Path, hall: SampleHall) -> None:
    """The page keeps it and tries again; then it stands there once."""
    async with answering(tmp_path, hall) as at:
        n = at.session.n
        with FaultyDisk().installed() as disk:
            disk.full()
            outcome = await at.answer("s2", "o1")
            assert isinstance(outcome, NotKept)
            assert at.session.n == n
            disk.room()
        assert await at.answer("s2", "o1") == Kept(event=n + 1)
