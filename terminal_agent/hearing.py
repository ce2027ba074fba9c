"""What the seat does when the hall says something. One function a message.

Each is checked before it is followed: decisions and receipts by the box's keys, checkpoints
by the log's, office receipts by the office's. Everything may come twice.
"""

import asyncio
import logging
from typing import Final

from protocol import seat_api
from protocol.envelope import Envelope
from protocol.errors import BrokenChainError, UntrustedError
from protocol.grant import Position
from protocol.office_receipt import Stage, open_office_receipt
from protocol.receipt import open_receipt
from protocol.sealing import SealingIdentity
from protocol.seat_api import HallSays
from runtime.logs import fields
from terminal_agent import following, kept_sessions, opening
from terminal_agent.desk import Desk
from terminal_agent.session import SeatSession, given
from terminal_agent.view import Reason, ReasonCode

KEY_CAME: Final = "the paper's key has come"
"""What the log says of it, with seat and BOOTTIME: by this the spread over a hall is measured."""
_MISMATCHES: Final = {
    "receipt": ReasonCode.RECEIPT_MISMATCH,
    "office": ReasonCode.OFFICE_MISMATCH,
}
_log = logging.getLogger(__name__)


async def hear(desk: Desk, said: HallSays) -> None:
    """Take one message of the hall."""
    match said:
        case seat_api.HallBeat():
            await _beat(desk, said)
        case seat_api.DecisionSaid(decision=envelope):
            await following.decided(desk, envelope)
        case seat_api.PaperKeySaid():
            await _key(desk, said)
        case seat_api.ReceiptSaid(session=session, receipt=receipt):
            await _receipt(desk, session, receipt)
        case seat_api.FaceSaid():
            _face(desk, said)
        case seat_api.OfficeHolds():
            await _office(desk, said)
        case seat_api.AmendmentSaid():
            _log.warning("an amendment came; it is kept in the hall's record")


async def _beat(desk: Desk, beat: seat_api.HallBeat) -> None:
    if desk.witness is not None:
        try:
            await desk.witness.hear(beat)
        except BrokenChainError as error:
            desk.forked(f"the box's log was rewritten: {error}")
            raise
    if beat.subject != desk.state.subject:
        desk.state.subject = beat.subject
        if desk.state.left:
            desk.clear_session()
        desk.changed()


async def _key(desk: Desk, said: seat_api.PaperKeySaid) -> None:
    _log.info(KEY_CAME, extra=fields(seat=desk.state.seat, steady_ms=desk.steady.steady_ms()))
    session, hall = desk.state.session, desk.state.hall
    sealed = None if hall is None else hall.paper(said.subject)
    if session is None or sealed is None or session.grant.subject != said.subject:
        return
    key = SealingIdentity.parse(said.key)
    if key.recipient != sealed.recipient:
        raise UntrustedError(f"expected the key of the paper of {said.subject}, got another's")
    await opening.key_came(desk, sealed, key)


async def _receipt(desk: Desk, session_id: str, receipt: Envelope) -> None:
    """Keep the candidate's receipt, once it is about this very journal."""
    session, hall = desk.session_of(session_id), desk.state.hall
    if session is None or hall is None:
        return
    told = open_receipt(receipt, hall.box_key, hall.log_key)
    entry = told.entry
    place = Position(epoch=entry.epoch, n=entry.n, head=entry.head)
    if entry.session != session_id or not await session.holds(place):
        await _mismatch(desk, session, "receipt", receipt)
        return
    await session.keep_receipt(given(receipt), desk.now() or told.at)
    sealed = hall.paper(session.grant.subject)
    if sealed is not None:
        await asyncio.to_thread(desk.shelf.forget, sealed)


async def _mismatch(desk: Desk, session: SeatSession, what: str, envelope: Envelope) -> None:
    """Keep and say that something signed is not about the journal that this seat wrote."""
    _log.error("the %s of session %s is not of this journal", what, session.grant.session)
    at = desk.now() or 0
    await desk.spool.keep_mismatch(at, session.grant.session, what, envelope)
    if session is desk.state.session:
        desk.state.fault = Reason(code=_MISMATCHES[what])
    desk.changed()


def _face(desk: Desk, said: seat_api.FaceSaid) -> None:
    session = desk.state.session
    if session is not None and session.grant.session == said.session:
        desk.state.face = said
        desk.changed()


async def _office(desk: Desk, said: seat_api.OfficeHolds) -> None:
    """Note how far the office has verified, where it has verified what this seat wrote."""
    hall = desk.state.hall
    if hall is None:
        return
    receipt = open_office_receipt(said.office_receipt, hall.receipts_key)
    if receipt.stage is not Stage.VERIFIED:
        return
    for journal in receipt.journals:
        session = await kept_sessions.find(desk, journal.session, journal.position.epoch)
        if session is None:
            continue
        if await session.holds(journal.position):
            await session.keep_office(journal.position)
        else:
            await _mismatch(desk, session, "office", said.office_receipt)
