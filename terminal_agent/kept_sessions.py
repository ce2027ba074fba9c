"""The sessions of one sitting as the spool keeps them, and how one of them is read back.

What the spool has of another sitting, or of boxes that this hall does not know, is left there.
"""

from collections.abc import Sequence

from protocol.errors import ProtocolError
from protocol.grant import Grant, open_grant
from terminal_agent.desk import Desk
from terminal_agent.progress import Progress
from terminal_agent.session import SeatSession
from terminal_agent.spool import StoredSession
from terminal_agent.trust import TrustedHall, opened_by_any


def of_this_sitting(
    stored: Sequence[StoredSession], hall: TrustedHall
) -> list[tuple[StoredSession, Grant]]:
    """Return those of the hall's sitting with their grants, in the same order."""
    found = []
    for each in stored:
        try:
            grant = opened_by_any(open_grant, each.grant_envelope, hall.box_keys)
        except ProtocolError:  # of a sitting whose boxes this hall does not know
            continue
        if grant.sitting == hall.sitting.id:
            found.append((each, grant))
    return found


async def resumed(
    desk: Desk, hall: TrustedHall, stored: StoredSession, grant: Grant
) -> SeatSession:
    """Return a session of this sitting, every event of it followed."""
    progress = Progress(rules=hall.rules, box_keys=hall.box_keys)
    return await SeatSession.resume(
        desk.spool, stored, grant, progress, desk.changed, desk.now() or 0
    )


async def find(desk: Desk, session: str, epoch: int) -> SeatSession | None:
    """Return any session of this sitting by its name and epoch, also one that has ended.

    None where it was never at this seat.
    """
    for known in desk.sessions():
        if (known.grant.session, known.grant.epoch) == (session, epoch):
            return known
    hall = desk.state.hall
    if hall is None:
        return None
    for stored, grant in of_this_sitting(await desk.spool.sessions(), hall):
        if (grant.session, grant.epoch) == (session, epoch):
            return await resumed(desk, hall, stored, grant)
    return None
