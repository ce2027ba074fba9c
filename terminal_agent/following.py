"""Decisions of the hall: each is checked, kept, followed, and written into the journal.

It is written by whom it concerns, once, whichever comes first: the log-in or the decision.
A decision that lies in the spool and in no journal is written by `catch_up`.
"""

from protocol.decisions import Armed, Decision, Disarmed, Scope, open_decision
from protocol.envelope import Envelope
from terminal_agent.desk import Desk
from terminal_agent.session import SeatSession


async def decided(desk: Desk, envelope: Envelope) -> None:
    """Keep a decision, follow it, and write it into the journal of whom it concerns."""
    hall = desk.state.hall
    if hall is None:
        return
    decision = open_decision(envelope, hall.box_key)
    if decision.sitting != hall.sitting.id:
        return
    await desk.spool.keep_decision(decision, envelope)
    follow(desk, decision)
    await _write(desk, decision, envelope)
    desk.changed()


async def keep_all(desk: Desk, made_before: tuple[Envelope, ...]) -> None:
    """Keep the decisions of a log-in's reply; their effect is in the session's standing."""
    hall = desk.state.hall
    assert hall is not None
    for envelope in made_before:
        decision = open_decision(envelope, hall.box_key)
        await desk.spool.keep_decision(decision, envelope)
        follow(desk, decision)


async def catch_up(desk: Desk) -> None:
    """Write the decisions that are kept and not in the journal yet: they overtook a log-in.

    Or the seat died between keeping and writing them.
    """
    hall = desk.state.hall
    assert hall is not None
    for envelope in await desk.spool.decisions(hall.log):
        await _write(desk, open_decision(envelope, hall.box_key), envelope)


def follow(desk: Desk, decision: Decision) -> None:
    """Note what a decision means to the seat, whoever sits there."""
    match decision.what:
        case Armed(start=start):
            desk.state.armed[decision.subject] = start
        case Disarmed():
            desk.state.armed.pop(decision.subject, None)
        case _:
            return


async def _write(desk: Desk, decision: Decision, envelope: Envelope) -> None:
    session = desk.state.session
    if session is None or not _concerns(decision, session):
        return
    progress = session.progress
    known = decision.n <= progress.decided_before or envelope.digest in progress.heard
    if known or decision.generation != session.grant.generation:
        return
    await session.hear(envelope, desk.now() or 0, desk.steady.steady_ms())


def _concerns(decision: Decision, session: SeatSession) -> bool:
    if decision.sitting != session.grant.sitting:
        return False
    if decision.scope is Scope.ALL:
        return decision.subject == session.grant.subject
    return decision.candidate == session.grant.candidate
