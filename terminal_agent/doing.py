"""What the candidate may do, and when. One function an action, each with a typed outcome.

An action that does not belong to the present screen is refused, never an error: pages come
late, twice, and from before a restart.
"""

import logging
from collections.abc import Container
from typing import TYPE_CHECKING, Final

from exam import times
from exam.paper import MismatchError, check_fits
from exam.session import ENDED, WRITING, State
from protocol import journal
from protocol.decisions import open_decision
from protocol.errors import MalformedError, ProtocolError
from protocol.grant import open_grant
from protocol.keys import SigningKey
from protocol.seat_api import LoggedIn, LoginRefused, LoginRequest
from protocol.values import sha256_hex
from runtime.errors import DatabaseError, DiskError
from terminal_agent import actions as a
from terminal_agent import hearing, link, showing
from terminal_agent.actions import Action, Done, Kept, NotKept, Outcome, Refused
from terminal_agent.progress import Progress
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent
from terminal_agent.trust import TrustedHall
from terminal_agent.view import LoginFieldName, Reason, ReasonCode

if TYPE_CHECKING:
    from terminal_agent.seat import Seat

_FIELDS: Final = {shown.name: name for name, shown in showing.FIELDS.items()}
_TAKEN_IN: Final = {*ENDED, State.HANDED_IN_PROVISIONALLY}
_log = logging.getLogger(__name__)


async def do(seat: "Seat", action: Action) -> Outcome:
    """Carry out one action."""
    try:
        outcome = await _do(seat, action)
    except (DiskError, DatabaseError):
        _log.exception("not kept: %s", type(action).__name__)
        return NotKept(reason=Reason(code=ReasonCode.DISK))
    seat.changed()
    return outcome


async def _do(seat: "Seat", action: Action) -> Outcome:  # noqa: C901 - a table of actions
    match action:
        case a.Answer() | a.Mark() | a.GoTo():
            return await _write(seat, action)
        case a.Pair(code=code, seat=name):
            return await _pair(seat, code, name)
        case a.Consent(given=given):
            if seat.state.session is not None:
                return _not_now()
            seat.state.consent = given
            return Done()
        case a.LogIn(fields=fields):
            return await _log_in(seat, fields)
        case a.ConfirmOwnData(right=right):
            return await _confirm_own_data(seat, right=right)
        case a.RetryFace():
            seat.state.face = None
            return Done()
        case a.AskStaffForFace() | a.RaiseHand():
            return await _raise_hand(seat, action)
        case a.RulesRead():
            return await _rules_read(seat)
        case a.Begin():
            await seat.enter()
            return Done()
        case a.SetLetterSize(size=size):
            seat.state.letter_size = size
            return Done()
        case a.SetLanguage(language=language):
            seat.state.language = language
            return Done()
        case a.ConfirmNotice(id=notice):
            return await _confirm_notice(seat, notice)
        case a.ScreenLeft(away=away):
            return await _screen_left(seat, away=away)
        case a.HandIn():
            return await _hand_in(seat)
        case a.LeaveHall():
            await seat.leave_hall()
            return Done()


# --- before the exam -------------------------------------------------------------------------


async def _pair(seat: "Seat", code: str, name: str) -> Outcome:
    if seat.pair is None or seat.state.paired:
        return _not_now()
    reason = await seat.pair(code, name)
    return Done() if reason is None else Refused(reason=reason)


async def _log_in(seat: "Seat", fields: dict[LoginFieldName, str]) -> Outcome:
    """Ask the box for a grant and open its session; one log-in at a time."""
    async with seat.logging_in:
        state = seat.state
        if state.session is not None or state.consent is None or state.subject is None:
            return _not_now()
        proven = state.proven
        if proven is None:
            return Refused(reason=Reason(code=ReasonCode.APPLIANCE_UNREACHED))
        key = SigningKey.generate()
        request = LoginRequest(
            subject=state.subject,
            fields={_FIELDS[name]: value for name, value in fields.items() if name in _FIELDS},
            session_key=key.public.hex,
            consents_to_faces=state.consent,
            consents_to_recording=state.consent,
        )
        try:
            reply = await link.log_in(proven, request)
            if isinstance(reply, LoginRefused):
                state.login_refused = reply
                return Refused(reason=showing.login_reason(reply))
            await _open_session(seat, proven.hall, reply, key, request)
        except link.LinkLostError:
            return Refused(reason=Reason(code=ReasonCode.APPLIANCE_UNREACHED))
        except ProtocolError:
            _log.exception("the appliance's answer to the log-in")
            return Refused(reason=Reason(code=ReasonCode.UNTRUSTED))
        return Done()


async def _open_session(
    seat: "Seat", hall: TrustedHall, reply: LoggedIn, key: SigningKey, request: LoginRequest
) -> None:
    """Check the grant, keep it with the first events, and go on where the candidate stood.

    Raises `ProtocolError` where grant or decisions are not what this box may sign; nothing
    of it is kept then.
    """
    grant = open_grant(reply.grant, hall.box_key)
    for envelope in reply.decisions:
        open_decision(envelope, hall.box_key)
    expected = (hall.sitting.id, request.subject, hall.seat.id, key.public.hex)
    if (grant.sitting, grant.subject, grant.seat, grant.session_key) != expected:
        raise MalformedError(
            f"expected a grant for {expected[:3]} and this seat's new key; "
            f"got one for {(grant.sitting, grant.subject, grant.seat)}"
        )
    if await seat.spool.last_event(grant.session, grant.epoch):
        raise MalformedError(f"epoch {grant.epoch} of session {grant.session} was granted before")
    makers: list[MakeEvent] = [
        seat.started(),
        seat.event(
            journal.Consented,
            faces=request.consents_to_faces,
            recording=request.consents_to_recording,
        ),
    ]
    await seat.spool.open_session(grant, reply, key, makers)
    stored = await seat.spool.last_session()
    assert stored is not None
    progress = Progress(rules=hall.rules, box_keys=hall.box_keys)
    session = await SeatSession.resume(
        seat.spool, stored, grant, progress, seat.changed, seat.now() or 0
    )
    seat.state.login_refused, seat.state.own_data_wrong = None, False
    seat.state.session = session
    await hearing.keep_all(seat, reply.decisions)
    await hearing.catch_up(seat)


async def _confirm_own_data(seat: "Seat", *, right: bool) -> Outcome:
    """Go on; or, where the data are wrong, go back to the log-in while staff hear of it."""
    session = seat.state.session
    if session is None:
        return _not_now()
    makers = [seat.event(journal.OwnData, right=right)]
    if not right:
        makers.append(seat.event(journal.HandRaised, text="own data wrong"))
    kept = await session.write_when(
        lambda: None if session.progress.own_data_right is True else makers
    )
    if kept is None:
        return _not_now()
    if not right:
        consent = seat.state.consent
        await session.leave("left")
        seat.clear_session()
        seat.state.own_data_wrong = True
        seat.state.consent = consent  # the same person still sits here
    return Kept(event=kept)


async def _rules_read(seat: "Seat") -> Outcome:
    session, hall = seat.state.session, seat.state.hall
    if session is None or hall is None:
        return _not_now()
    read = seat.event(journal.RulesRead, rules=sha256_hex(hall.info.rule_book.encode()))
    return await _write_in(seat, session, {State.IDENTIFIED}, read)


# --- in the exam -----------------------------------------------------------------------------


async def _write(seat: "Seat", action: a.Answer | a.Mark | a.GoTo) -> Outcome:
    """Keep what the candidate does with an item: on disk before this returns."""
    session, paper = seat.state.session, seat.state.paper
    if session is not None and paper is None and seat.state.state() in WRITING:
        # the seat came back before the paper's key: the page keeps it and tries again
        return Refused(reason=Reason(code=ReasonCode.PAPER_MISSING))
    if session is None or paper is None or seat.state.state() not in WRITING:
        return Refused(reason=_closed(seat))
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
            event = seat.event(journal.Answered, item=item.id, response=response)
        case a.Mark(marked=marked):
            event = seat.event(journal.Marked, item=item.id, on=marked)
        case a.GoTo():
            event = seat.event(journal.Placed, item=item.id)
    return await _write_in(seat, session, WRITING, event)


async def _write_in(
    seat: "Seat", session: SeatSession, states: Container[State], event: MakeEvent
) -> Outcome:
    """Keep an event, if the session still stands in one of ``states`` where it is written."""
    kept = await session.write_when(lambda: [event] if seat.state.state() in states else None)
    return Refused(reason=_closed(seat)) if kept is None else Kept(event=kept)


def _closed(seat: "Seat") -> Reason:
    """Return why nothing can be written now."""
    match seat.state.state():
        case State.PAUSED:
            return Reason(code=ReasonCode.PAUSED)
        case state if state in _TAKEN_IN:
            return Reason(code=ReasonCode.TIME_OVER)
        case _:
            return Reason(code=ReasonCode.NOT_NOW)


async def _raise_hand(seat: "Seat", action: a.RaiseHand | a.AskStaffForFace) -> Outcome:
    session = seat.state.session
    if session is None:
        return _not_now()
    if isinstance(action, a.RaiseHand) and not action.raised:
        await session.lower_hand()
        return Done()
    text = action.words if isinstance(action, a.RaiseHand) else "face"
    return Kept(event=await session.write(seat.event(journal.HandRaised, text=text[:500])))


async def _confirm_notice(seat: "Seat", notice: str) -> Outcome:
    session = seat.state.session
    if session is None or notice not in session.progress.notices:
        return _not_now()
    confirmed = seat.event(journal.NoticeConfirmed, notice=notice)
    kept = await session.write_when(
        lambda: [confirmed] if notice in session.progress.notices else None
    )
    return _not_now() if kept is None else Kept(event=kept)


async def _screen_left(seat: "Seat", *, away: bool) -> Outcome:
    session = seat.state.session
    if session is None or seat.state.state() not in WRITING:
        return Done()

    def makers() -> list[MakeEvent] | None:
        since = session.progress.away_since
        if away == (since is not None) or seat.state.state() not in WRITING:
            return None
        if since is None:
            return [seat.event(journal.Left, cause="page")]
        away_ms = max(0, seat.steady.steady_ms() - since)
        return [seat.event(journal.Returned, away_ms=away_ms)]

    kept = await session.write_when(makers)
    return Done() if kept is None else Kept(event=kept)


async def _hand_in(seat: "Seat") -> Outcome:
    hall, subject, now = seat.state.hall, seat.state.current_subject(), seat.now()
    if seat.state.state() not in WRITING or hall is None or subject is None or now is None:
        return _not_now()
    earliest = times.earliest_hand_in(hall.rules, subject, seat.state.armed_start())
    if now < earliest:
        early = Reason(code=ReasonCode.HAND_IN_EARLY, parameters={"at": earliest})
        return Refused(reason=early)
    kept = await seat.hand_in(automatic=False)
    return _not_now() if kept is None else Kept(event=kept)


def _not_now() -> Refused:
    return Refused(reason=Reason(code=ReasonCode.NOT_NOW))
