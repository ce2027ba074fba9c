"""Taking up a sitting: what of the spool belongs to it, and what of it is still owed to the box.

A seat takes up a sitting when it is started, and when the box shows another one. Rules:

1. What an earlier sitting left in the spool stays there, and neither blocks nor meets the new.
2. The newest session of this sitting that nobody has left goes on where it stood.
3. Every other session of it with events that the box has not acknowledged is a *tail*: it is
   delivered as well, after the open one, whoever sits here now.
"""

import asyncio
import logging

from protocol.decisions import open_decision
from terminal_agent import following, kept_sessions, opening
from terminal_agent.desk import Desk
from terminal_agent.trust import TrustedHall

_log = logging.getLogger(__name__)


async def take_up(desk: Desk, hall: TrustedHall) -> None:
    """Stand where this seat stood in the hall's sitting; what was open of another is put by."""
    desk.put_by()
    desk.state.hall = hall
    desk.state.subject = hall.info.subject
    for envelope in await desk.spool.decisions(hall.log):
        following.follow(desk, open_decision(envelope, hall.box_key))
    await _take_up_sessions(desk, hall)
    await asyncio.to_thread(desk.shelf.keep_only, hall.papers)
    await _take_up_papers(desk, hall)
    desk.changed()


async def _take_up_sessions(desk: Desk, hall: TrustedHall) -> None:
    mine = kept_sessions.of_this_sitting(await desk.spool.sessions(), hall)
    newest = mine[-1][0] if mine else None
    for stored, grant in mine:
        is_open = stored is newest and stored.state == "open"
        last = await desk.spool.last_event(grant.session, grant.epoch)
        if not is_open and last <= max(stored.acknowledged, stored.tail):
            continue
        session = await kept_sessions.resumed(desk, hall, stored, grant)
        if is_open:
            desk.state.session = session
        else:
            desk.tails.append(session)
            _log.warning(
                "%d events of session %s, epoch %d, are delivered late",
                last - stored.acknowledged,
                grant.session,
                grant.epoch,
            )
    if desk.state.session is not None:
        await desk.state.session.write(desk.started())
        await following.catch_up(desk)


async def _take_up_papers(desk: Desk, hall: TrustedHall) -> None:
    """See which papers lie here, and open the session's own if P was kept."""
    for sealed in hall.papers:
        if await desk.shelf.has(sealed):
            await opening.paper_came(desk, sealed)
