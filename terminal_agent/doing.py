"""What the candidate may do, and when. One function an action, each with a typed outcome.

An action that does not belong to the present screen is refused, never an error: pages come
late, twice, and from before a restart.
"""

import logging
from collections.abc import Container
from typing import Final

from exam import times
from exam.paper import MismatchError, check_fits
from exam.session import ENDED, WRITING, State
from protocol import journal
from protocol.values import sha256_hex
from runtime.errors import DatabaseError, DiskError
from terminal_agent import actions as a
from terminal_agent import ending, logging_in, opening
from terminal_agent.actions import NOT_NOW, Action, Done, Kept, NotKept, Outcome, Refused
from terminal_agent.desk import Desk
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent
from terminal_agent.view import Reason, ReasonCode

_TAKEN_IN: Final = {*ENDED, State.HANDED_IN_PROVISIONALLY}
_log = logging.getLogger(__name__)


async def do(desk: Desk, action: Action) -> Outcome:
    """Carry out one action."""
    try:
        outcome = await _do(desk, action)
    except (DiskError, DatabaseError):
        _log.exception("not kept: %s", type(action).__name__)
        return NotKept(reason=Reason(code=ReasonCode.DISK))
    desk.changed()
    return outcome


async def _do(desk: Desk, action: Action) -> Outcome:  # noqa: C901 - a table of actions
    match action:
        case a.Answer() | a.Mark() | a.GoTo():
            return await _write(desk, action)
        case a.Pair(code=code, seat=name):
            return await _pair(desk, code, name)
        case a.Consent(given=given):
            if desk.state.session is not None:
                return NOT_NOW
            desk.state.consent = given
            return Done()
        case a.LogIn(fields=fields):
            return await logging_in.log_in(desk, fields)
        case a.ConfirmOwnData(right=right):
            return await _confirm_own_data(desk, right=right)
        case a.RetryFace():
            desk.state.face = None
            return Done()
        case a.AskStaffForFace() | a.RaiseHand():
            return await _raise_hand(desk, action)
        case a.RulesRead():
            return await _rules_read(desk)
        case a.Begin():
            await opening.enter(desk)
            return Done()
        case a.SetLetterSize(size=size):
            desk.state.letter_size = size
            return Done()
        case a.SetLanguage(language=language):
            desk.state.language = language
            return Done()
        case a.ConfirmNotice(id=notice):
            return await _confirm_notice(desk, notice)
        case a.ScreenLeft(away=away):
            return await _screen_left(desk, away=away)
        case a.HandIn():
            return await _hand_in(desk)
        case a.LeaveHall():
            await ending.leave_hall(desk)
            return Done()


# --- before the exam -------------------------------------------------------------------------


async def _pair(desk: Desk, code: str, name: str) -> Outcome:
    if desk.pair is None or desk.state.paired:
        return NOT_NOW
    reason = await desk.pair(code, name)
    return Done() if reason is None else Refused(reason=reason)


async def _confirm_own_data(desk: Desk, *, right: bool) -> Outcome:
    """Go on; or, where the data are wrong, go back to the log-in while staff hear of it."""
    session = desk.state.session
    if session is None:
        return NOT_NOW
    makers = [desk.event(journal.OwnData, right=right)]
    if not right:
        makers.append(desk.event(journal.HandRaised, text="own data wrong"))
    kept = await session.write_when(
        lambda: None if session.progress.own_data_right is True else makers
    )
    if kept is None:
        return NOT_NOW
    if not right:
        consent = desk.state.consent
        await session.leave("left")
        desk.clear_session()
        desk.state.own_data_wrong = True
        desk.state.consent = consent  # the same person still sits here
    return Kept(event=kept)


async def _rules_read(desk: Desk) -> Outcome:
    session, hall = desk.state.session, desk.state.hall
    if session is None or hall is None:
        return NOT_NOW
    read = desk.event(journal.RulesRead, rules=sha256_hex(hall.info.rule_book.encode()))
    return await _write_in(desk, session, {State.IDENTIFIED}, read)


# --- in the exam -----------------------------------------------------------------------------


async def _write(desk: Desk, action: a.Answer | a.Mark | a.GoTo) -> Outcome:
    """Keep what the candidate does with an item: on disk before this returns."""
    session, paper = desk.state.session, desk.state.paper
    if session is not None and paper is None and desk.state.state() in WRITING:
        # the seat came back before the paper's key: the page keeps it and tries again
        return Refused(reason=Reason(code=ReasonCode.PAPER_MISSING))
    if session is None or paper is None or desk.state.state() not in WRITING:
        return Refused(reason=_closed(desk))
    item = next((i for i in paper.paper.items if i.id == action.item), None)
    if item is None:
        return Refused(reason=Reason(code=ReasonCode.MISMATCH))
    match action:
        case a.Answer(response=response):
            try:
                check_fits(item, response)
            except MismatchError as error:
                _log.warning("%s", error)
                return Refused(reason=Reason(code=ReasonCode.MISMATCH))
            event = desk.event(journal.Answered, item=item.id, response=response)
        case a.Mark(marked=marked):
            event = desk.event(journal.Marked, item=item.id, on=marked)
        case a.GoTo():
            event = desk.event(journal.Placed, item=item.id)
    return await _write_in(desk, session, WRITING, event)


async def _write_in(
    desk: Desk, session: SeatSession, states: Container[State], event: MakeEvent
) -> Outcome:
    """Keep an event, if the session still stands in one of ``states`` where it is written."""
    kept = await session.write_when(lambda: [event] if desk.state.state() in states else None)
    return Refused(reason=_closed(desk)) if kept is None else Kept(event=kept)


def _closed(desk: Desk) -> Reason:
    """Return why nothing can be written now."""
    match desk.state.state():
        case State.PAUSED:
            return Reason(code=ReasonCode.PAUSED)
        case state if state in _TAKEN_IN:
            return Reason(code=ReasonCode.TIME_OVER)
        case _:
            return Reason(code=ReasonCode.NOT_NOW)


async def _raise_hand(desk: Desk, action: a.RaiseHand | a.AskStaffForFace) -> Outcome:
    session = desk.state.session
    if session is None:
        return NOT_NOW
    if isinstance(action, a.RaiseHand) and not action.raised:
        await session.lower_hand()
        return Done()
    text = action.words if isinstance(action, a.RaiseHand) else "face"
    return Kept(event=await session.write(desk.event(journal.HandRaised, text=text[:500])))


async def _confirm_notice(desk: Desk, notice: str) -> Outcome:
    session = desk.state.session
    if session is None or notice not in session.progress.notices:
        return NOT_NOW
    confirmed = desk.event(journal.NoticeConfirmed, notice=notice)
    kept = await session.write_when(
        lambda: [confirmed] if notice in session.progress.notices else None
    )
    return NOT_NOW if kept is None else Kept(event=kept)


async def _screen_left(desk: Desk, *, away: bool) -> Outcome:
    session = desk.state.session
    if session is None or desk.state.state() not in WRITING:
        return Done()

    def makers() -> list[MakeEvent] | None:
        since = session.progress.away_since
        if away == (since is not None) or desk.state.state() not in WRITING:
            return None
        if since is None:
            return [desk.event(journal.Left, cause="page")]
        away_ms = max(0, desk.steady.steady_ms() - since)
        return [desk.event(journal.Returned, away_ms=away_ms)]

    kept = await session.write_when(makers)
    return Done() if kept is None else Kept(event=kept)


async def _hand_in(desk: Desk) -> Outcome:
    hall, subject, now = desk.state.hall, desk.state.current_subject(), desk.now()
    if desk.state.state() not in WRITING or hall is None or subject is None or now is None:
        return NOT_NOW
    earliest = times.earliest_hand_in(hall.rules, subject, desk.state.armed_start())
    if now < earliest:
        early = Reason(code=ReasonCode.HAND_IN_EARLY, parameters={"at": earliest})
        return Refused(reason=early)
    kept = await ending.hand_in(desk, automatic=False)
    return NOT_NOW if kept is None else Kept(event=kept)
