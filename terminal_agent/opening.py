"""The way of the paper at this seat: it comes sealed, its key P comes, it lies open.

Either may come first. The exam opens before P is kept: nobody waits for three flushes. A
paper that does not open is fetched again, and its key waits for it. A paper that is not the one
whose order was granted, as after a later revision, is not shown: staff are called.
"""

import asyncio
import logging

from exam.order import OrderError, check_order
from exam.rulebook import Begin
from exam.session import ENDED, State
from protocol.errors import ProtocolError
from protocol.journal import Entered
from protocol.sealed_paper import SealedPaper
from protocol.sealing import SealingIdentity
from terminal_agent.desk import Desk
from terminal_agent.papers import OpenPaper
from terminal_agent.view import Reason, ReasonCode

_log = logging.getLogger(__name__)


async def key_came(desk: Desk, sealed: SealedPaper, key: SealingIdentity) -> None:
    """Take P: open the exam with it, and keep it wrapped for a restart."""
    try:
        await _begin(desk, sealed, key)
    finally:
        await asyncio.to_thread(desk.shelf.wrap, sealed, key)


async def paper_came(desk: Desk, sealed: SealedPaper) -> None:
    """Note that a sealed paper lies here, checked; its key may have been here before it."""
    desk.state.papers_here.add(sealed.sealed_sha256)
    if desk.state.paper is None:
        await _open_kept(desk, sealed)
    desk.changed()


async def enter(desk: Desk) -> None:
    """Write that the paper lies open before the candidate."""
    session, paper = desk.state.session, desk.state.paper
    if session is None or paper is None:
        return
    entered = desk.event(Entered, paper=paper.digest)
    await session.write_when(lambda: [entered] if desk.state.state() is State.WAITING else None)


async def _open_kept(desk: Desk, sealed: SealedPaper) -> None:
    """Open the open session's paper with the P that was kept, if there is one."""
    session = desk.state.session
    if session is None or session.grant.subject != sealed.subject:
        return
    key = await asyncio.to_thread(desk.shelf.unwrap, sealed)
    if key is not None and desk.state.state() not in ENDED:
        await _begin(desk, sealed, key)


async def _begin(desk: Desk, sealed: SealedPaper, key: SealingIdentity) -> None:
    """Open the paper if it is here, and the exam where the rule book lets it open by itself."""
    if desk.state.paper is None:
        await _open(desk, sealed, key)
    hall = desk.state.hall
    if hall is not None and hall.rules.begin.how is Begin.BY_ITSELF:
        await enter(desk)
    desk.changed()


async def _open(desk: Desk, sealed: SealedPaper, key: SealingIdentity) -> None:
    """Open the sealed paper in memory. One that is not whole is fetched again."""
    state = desk.state
    try:
        paper = await desk.shelf.open(sealed, key)
    except FileNotFoundError:
        _log.warning("the paper's key came before the paper of %s", sealed.subject)
    except (ProtocolError, OSError) as error:
        _log.error("the paper does not open, and is fetched again: %s", error)
        state.fault = Reason(code=ReasonCode.PAPER_DAMAGED)
        await asyncio.to_thread(desk.shelf.discard, sealed)
    else:
        if state.fault is not None and state.fault.code is ReasonCode.PAPER_DAMAGED:
            state.fault = None
        _show(desk, paper)
        return
    state.papers_here.discard(sealed.sealed_sha256)
    desk.papers_wanted.set()


def _show(desk: Desk, paper: OpenPaper) -> None:
    """Lay the paper before the candidate, if it is the one whose order was granted."""
    session = desk.state.session
    if session is None:  # the seat was freed while the paper was opened
        return
    try:
        check_order(paper.paper, session.grant.order)
    except OrderError as error:
        _log.error("the paper is not shown: %s", error)
        desk.state.fault = Reason(code=ReasonCode.INTERNAL, words=str(error))
    else:
        desk.state.paper = paper
