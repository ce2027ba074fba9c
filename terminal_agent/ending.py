"""How an exam ends at this seat: the own end, the hand-in, and the candidate's leaving.

The own end needs no appliance, but a time that is known and not guessed. Nothing is written
after a hand-in: so it is decided where it is written, and what the recording lacks goes first.

Task: `watch_time`, owned by the agent for as long as the program lives.
"""

import asyncio
import logging
from typing import Final

from exam import times
from exam.session import WRITING
from protocol.journal import HandedIn
from runtime.errors import DatabaseError, DiskError
from terminal_agent import showing
from terminal_agent.desk import Desk
from terminal_agent.spool import MakeEvent
from terminal_agent.view import HallLink

_LOOK_S: Final = 0.2
_log = logging.getLogger(__name__)


async def watch_time(desk: Desk) -> None:
    """Hand in at the own end, also without the appliance; look at the doors."""
    screen = None
    while True:
        await asyncio.sleep(_LOOK_S)
        now = desk.now()
        if now is None:
            continue
        try:
            await look(desk, now)
        except (DiskError, DatabaseError) as error:  # tried again at the next look
            _log.warning("the hand-in waits for the disk: %s", error)
        following = showing.screen_of(desk.state, now)
        if following is not screen:
            screen = following
            desk.changed()


async def look(desk: Desk, now: int) -> None:
    """Do what is due at ``now``: the own end, or standing free after a move."""
    anchor = desk.clock.anchor  # booted again and cut off, a seat only guesses the time
    is_sure = anchor is not None and anchor.confirmed
    if is_sure and desk.state.state() in WRITING and now >= _own_end(desk, now):
        await hand_in(desk, automatic=True)
    session = desk.state.session
    if session is not None and session.progress.moved_away and not session.unsent.is_set():
        await desk.moved(session)


def _own_end(desk: Desk, now: int) -> int:
    """Return when this candidate's time ends, as far as this seat knows."""
    subject, session = desk.state.current_subject(), desk.state.session
    assert subject is not None
    assert session is not None
    extra = session.own_data.extra_minutes * 60_000
    progress = session.progress.session
    return times.own_end(subject, desk.state.armed_start(), progress, extra, now)


async def hand_in(desk: Desk, *, automatic: bool) -> int | None:
    """Write the hand-in, provisional while the appliance is not reached.

    Returns None where nothing was being written any more.
    """
    session = desk.state.session
    assert session is not None

    def makers() -> list[MakeEvent] | None:
        if desk.state.state() not in WRITING:
            return None
        counts = showing.counts_of(desk.state)
        event = desk.event(
            HandedIn,
            automatic=automatic,
            provisional=desk.state.reached is not HallLink.REACHED,
            answered=counts.answered,
            marked=counts.marked,
            unanswered=counts.unanswered,
        )
        return [*desk.eyes.missing(desk), event]

    return await session.write_when(makers)


async def leave_hall(desk: Desk) -> None:
    """Free the seat: the candidate is done."""
    session = desk.state.session
    if session is not None:
        await session.leave("left")
    desk.state.left = True
    desk.changed()
