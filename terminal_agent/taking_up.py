"""Taking up a sitting: what of the spool belongs to it, and what of it is still owed to the box.

A seat takes up a sitting when it is started, and when the box shows another one. Rules:

1. What an earlier sitting left in the spool stays there, and neither blocks nor meets the new.
2. The newest session of this sitting that nobody has left goes on where it stood.
3. Every other session of it with events that the box has not acknowledged is a *tail*: it is
   delivered as well, after the open one, whoever sits here now.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocol.decisions import open_decision
from protocol.errors import ProtocolError
from protocol.grant import Grant, open_grant
from terminal_agent import hearing
from terminal_agent.progress import Progress
from terminal_agent.session import SeatSession
from terminal_agent.spool import StoredSession
from terminal_agent.trust import TrustedHall, opened_by_any

if TYPE_CHECKING:
    from terminal_agent.seat import Seat

_log = logging.getLogger(__name__)


async def take_up(seat: "Seat", hall: TrustedHall) -> None:
    """Stand where this seat stood in the hall's sitting; what was open of another is put by."""
    seat.put_by()
    seat.state.hall = hall
    seat.state.subject = hall.info.subject
    for envelope in await seat.spool.decisions(hall.log):
        hearing.follow(seat, open_decision(envelope, hall.box_key))
    await _take_up_sessions(seat, hall)
    await asyncio.to_thread(seat.shelf.keep_only, hall.papers)
    await _take_up_papers(seat, hall)
    seat.changed()


async def _take_up_sessions(seat: "Seat", hall: TrustedHall) -> None:
    mine = _of_this_sitting(await seat.spool.sessions(), hall)
    newest = mine[-1][0] if mine else None
    for stored, grant in mine:
        is_open = stored is newest and stored.state == "open"
        last = await seat.spool.last_event(grant.session, grant.epoch)
        if not is_open and last <= max(stored.acknowledged, stored.tail):
            continue
        session = await _resumed(seat, hall, stored, grant)
        if is_open:
            seat.state.session = session
        else:
            seat.tails.append(session)
            _log.warning(
                "%d events of session %s, epoch %d, are delivered late",
                last - stored.acknowledged,
                grant.session,
                grant.epoch,
            )
    if seat.state.session is not None:
        await seat.state.session.write(seat.started())
        await hearing.catch_up(seat)


async def find(seat: "Seat", hall: TrustedHall, session: str, epoch: int) -> SeatSession | None:
    """Return a session of the hall's sitting as the spool has it, None where it was never here."""
    for stored, grant in _of_this_sitting(await seat.spool.sessions(), hall):
        if (grant.session, grant.epoch) == (session, epoch):
            return await _resumed(seat, hall, stored, grant)
    return None


def _of_this_sitting(
    stored: Sequence[StoredSession], hall: TrustedHall
) -> list[tuple[StoredSession, Grant]]:
    found = []
    for each in stored:
        try:
            grant = opened_by_any(open_grant, each.grant_envelope, hall.box_keys)
        except ProtocolError:  # of a sitting whose boxes this hall does not know
            continue
        if grant.sitting == hall.sitting.id:
            found.append((each, grant))
    return found


async def _resumed(
    seat: "Seat", hall: TrustedHall, stored: StoredSession, grant: Grant
) -> SeatSession:
    progress = Progress(rules=hall.rules, box_keys=hall.box_keys)
    return await SeatSession.resume(
        seat.spool, stored, grant, progress, seat.changed, seat.now() or 0
    )


async def _take_up_papers(seat: "Seat", hall: TrustedHall) -> None:
    """See which papers lie here, and open the session's own if P was kept."""
    for sealed in hall.papers:
        if await seat.shelf.has(sealed):
            await seat.paper_came(sealed)
