"""What the seat does when the hall says something. One function a message.

Each is checked before it is followed: decisions and receipts by the box's keys, checkpoints
by the log's, office receipts by the office's. Everything may come twice.
"""

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from protocol import seat_api
from protocol.decisions import Armed, Decision, Disarmed, Scope, open_decision
from protocol.envelope import Envelope
from protocol.errors import BrokenChainError, UntrustedError
from protocol.grant import Position
from protocol.office_receipt import Stage, open_office_receipt
from protocol.receipt import open_receipt
from protocol.sealing import SealingIdentity
from protocol.seat_api import HallSays
from runtime.logs import fields
from terminal_agent.session import SeatSession, given
from terminal_agent.view import Reason, ReasonCode

if TYPE_CHECKING:
    from terminal_agent.seat import Seat

KEY_CAME: Final = "the paper's key has come"
"""What the log says of it, with seat and BOOTTIME: by this the spread over a hall is measured."""
_MISMATCHES: Final = {
    "receipt": ReasonCode.RECEIPT_MISMATCH,
    "office": ReasonCode.OFFICE_MISMATCH,
}
_log = logging.getLogger(__name__)


async def hear(seat: "Seat", said: HallSays) -> None:
    """Take one message of the hall."""
    match said:
        case seat_api.HallBeat():
            await _beat(seat, said)
        case seat_api.DecisionSaid(decision=envelope):
            await _decided(seat, envelope)
        case seat_api.PaperKeySaid():
            await _key(seat, said)
        case seat_api.ReceiptSaid(session=session, receipt=receipt):
            await _receipt(seat, session, receipt)
        case seat_api.FaceSaid():
            _face(seat, said)
        case seat_api.OfficeHolds():
            await _office(seat, said)
        case seat_api.AmendmentSaid():
            _log.warning("an amendment came; it is kept in the hall's record")


# --- decisions -----------------------------------------------------------------------------------


async def _decided(seat: "Seat", envelope: Envelope) -> None:
    """Keep a decision, follow it, and write it into the journal of whom it concerns."""
    hall = seat.state.hall
    if hall is None:
        return
    decision = open_decision(envelope, hall.box_key)
    if decision.sitting != hall.sitting.id:
        return
    await seat.spool.keep_decision(decision, envelope)
    follow(seat, decision)
    await _write(seat, decision, envelope)
    seat.changed()


async def keep_all(seat: "Seat", made_before: tuple[Envelope, ...]) -> None:
    """Keep the decisions of a log-in's reply; their effect is in the session's standing."""
    hall = seat.state.hall
    assert hall is not None
    for envelope in made_before:
        decision = open_decision(envelope, hall.box_key)
        await seat.spool.keep_decision(decision, envelope)
        follow(seat, decision)


async def catch_up(seat: "Seat") -> None:
    """Write the decisions that are kept and not in the journal yet: they overtook a log-in.

    Or the seat died between keeping and writing them.
    """
    hall = seat.state.hall
    assert hall is not None
    for envelope in await seat.spool.decisions(hall.log):
        await _write(seat, open_decision(envelope, hall.box_key), envelope)


async def _write(seat: "Seat", decision: Decision, envelope: Envelope) -> None:
    session = seat.state.session
    if session is None or not _concerns(decision, session):
        return
    progress = session.progress
    known = decision.n <= progress.decided_before or envelope.digest in progress.heard
    if known or decision.generation != session.grant.generation:
        return
    await session.hear(envelope, seat.now() or 0, seat.steady.steady_ms())


def follow(seat: "Seat", decision: Decision) -> None:
    """Note what a decision means to the seat, whoever sits there."""
    match decision.what:
        case Armed(start=start):
            seat.state.armed[decision.subject] = start
        case Disarmed():
            seat.state.armed.pop(decision.subject, None)
        case _:
            return


def _concerns(decision: Decision, session: SeatSession) -> bool:
    if decision.sitting != session.grant.sitting:
        return False
    if decision.scope is Scope.ALL:
        return decision.subject == session.grant.subject
    return decision.candidate == session.grant.candidate


# --- the rest ----------------------------------------------------------------------------------


async def _beat(seat: "Seat", beat: seat_api.HallBeat) -> None:
    if seat.witness is not None:
        try:
            await seat.witness.hear(beat)
        except BrokenChainError as error:
            seat.forked(f"the box's log was rewritten: {error}")
            raise
    if beat.subject != seat.state.subject:
        seat.state.subject = beat.subject
        if seat.state.left:
            seat.clear_session()
        seat.changed()


async def _key(seat: "Seat", said: seat_api.PaperKeySaid) -> None:
    _log.info(KEY_CAME, extra=fields(seat=seat.state.seat, steady_ms=seat.steady.steady_ms()))
    session, hall = seat.state.session, seat.state.hall
    sealed = None if hall is None else hall.paper(said.subject)
    if session is None or sealed is None or session.grant.subject != said.subject:
        return
    key = SealingIdentity.parse(said.key)
    if key.recipient != sealed.recipient:
        raise UntrustedError(f"expected the key of the paper of {said.subject}, got another's")
    await seat.paper_key(sealed, key)


async def _receipt(seat: "Seat", session_id: str, receipt: Envelope) -> None:
    """Keep the candidate's receipt, once it is about this very journal."""
    session, hall = seat.session_of(session_id), seat.state.hall
    if session is None or hall is None:
        return
    told = open_receipt(receipt, hall.box_key, hall.log_key)
    entry = told.entry
    place = Position(epoch=entry.epoch, n=entry.n, head=entry.head)
    if entry.session != session_id or not await session.holds(place):
        await _mismatch(seat, session, "receipt", receipt)
        return
    await session.keep_receipt(given(receipt), seat.now() or told.at)
    sealed = hall.paper(session.grant.subject)
    if sealed is not None:
        await asyncio.to_thread(seat.shelf.forget, sealed)


async def _mismatch(seat: "Seat", session: SeatSession, what: str, envelope: Envelope) -> None:
    """Keep and say that something signed is not about the journal that this seat wrote."""
    _log.error("the %s of session %s is not of this journal", what, session.grant.session)
    at = seat.now() or 0
    await seat.spool.keep_mismatch(at, session.grant.session, what, envelope)
    if session is seat.state.session:
        seat.state.fault = Reason(code=_MISMATCHES[what])
    seat.changed()


def _face(seat: "Seat", said: seat_api.FaceSaid) -> None:
    session = seat.state.session
    if session is not None and session.grant.session == said.session:
        seat.state.face = said
        seat.changed()


async def _office(seat: "Seat", said: seat_api.OfficeHolds) -> None:
    """Note how far the office has verified, where it has verified what this seat wrote."""
    hall = seat.state.hall
    if hall is None:
        return
    receipt = open_office_receipt(said.office_receipt, hall.receipts_key)
    if receipt.stage is not Stage.VERIFIED:
        return
    for journal in receipt.journals:
        session = await seat.kept_session(journal.session, journal.position.epoch)
        if session is None:
            continue
        if await session.holds(journal.position):
            await session.keep_office(journal.position)
        else:
            await _mismatch(seat, session, "office", said.office_receipt)
