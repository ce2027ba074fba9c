"""The log-in: from what the candidate typed to a granted session on this disk.

The seat makes the session's key; the box answers with a *grant* for that key, or says why
not. Nothing of the answer is kept before grant and decisions are checked.
"""

import logging
from typing import Final

from protocol import journal
from protocol.decisions import open_decision
from protocol.errors import MalformedError, ProtocolError
from protocol.grant import open_grant
from protocol.keys import SigningKey
from protocol.seat_api import LoggedIn, LoginRefused, LoginRequest
from terminal_agent import following, kept_sessions, link, showing
from terminal_agent.actions import NOT_NOW, Done, Outcome, Refused
from terminal_agent.desk import Desk
from terminal_agent.spool import MakeEvent
from terminal_agent.trust import TrustedHall
from terminal_agent.view import LoginFieldName, Reason, ReasonCode

_FIELDS: Final = {shown.name: name for name, shown in showing.FIELDS.items()}
_log = logging.getLogger(__name__)


async def log_in(desk: Desk, fields: dict[LoginFieldName, str]) -> Outcome:
    """Ask the box for a grant and open its session; one log-in at a time."""
    async with desk.login_lock:
        state = desk.state
        if state.session is not None or state.consent is None or state.subject is None:
            return NOT_NOW
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
            await _open_session(desk, proven.hall, reply, key, request)
        except link.LinkLostError:
            return Refused(reason=Reason(code=ReasonCode.APPLIANCE_UNREACHED))
        except ProtocolError:
            _log.exception("the appliance's answer to the log-in")
            return Refused(reason=Reason(code=ReasonCode.UNTRUSTED))
        return Done()


async def _open_session(
    desk: Desk, hall: TrustedHall, reply: LoggedIn, key: SigningKey, request: LoginRequest
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
    if await desk.spool.last_event(grant.session, grant.epoch):
        raise MalformedError(f"epoch {grant.epoch} of session {grant.session} was granted before")
    makers: list[MakeEvent] = [
        desk.started(),
        desk.event(
            journal.Consented,
            faces=request.consents_to_faces,
            recording=request.consents_to_recording,
        ),
    ]
    await desk.spool.open_session(grant, reply, key, makers)
    stored = await desk.spool.last_session()
    assert stored is not None
    session = await kept_sessions.resumed(desk, hall, stored, grant)
    desk.state.login_refused, desk.state.own_data_wrong = None, False
    desk.state.session = session
    await following.keep_all(desk, reply.decisions)
    await following.catch_up(desk)
