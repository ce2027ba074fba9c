"""Closing a subject: everybody accounted for, one signed list, the last parcel.

The steps of `Closer.close`:

1. No journal moves and nobody logs in: every `Seating.writing` is held.
2. With nothing decided meanwhile (`Decider.decide` holds `Hall.changes`): everybody is
   accounted for, each at the position to which the journal is acknowledged.
3. The decision and the account are one transaction: there is never one without the other.
4. P is forgotten, what is left goes into parcels. A disk that refuses here takes nothing
   back: the wrapped P is removed at the next start, parcels at the next round.

What a seat writes afterwards (that it heard of the closing, the tail of one that was cut off)
is kept behind the position that the account names, and changes nothing that it says.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from appliance.core import messages as m
from appliance.core import records
from appliance.core.box import Box
from appliance.core.decisions import Decider, Write
from appliance.core.hall import Hall, Seating
from appliance.core.refusals import NotPossibleError
from appliance.core.release import Release
from appliance.ipc.words import STATE
from exam.session import ENDED, State
from protocol.closing import Accounted, Closing, Ending, sign_closing
from protocol.decisions import Decision, Scope, SubjectClosed
from protocol.envelope import Envelope
from runtime.errors import DiskError

_log = logging.getLogger(__name__)

_ENDINGS = {
    State.HANDED_IN: Ending.HANDED_IN,
    State.COLLECTED: Ending.COLLECTED,
    State.VOIDED: Ending.VOIDED,
    State.REFUSED: Ending.REFUSED,
    State.ABSENT: Ending.ABSENT,
}


class Closer:
    """Closes subjects."""

    def __init__(
        self,
        hall: Hall,
        box: Box,
        decider: Decider,
        release: Release,
        after: Callable[[], Awaitable[None]],
    ) -> None:
        self._hall = hall
        self._box: Final = box
        self._decider = decider
        self._release = release
        self._after = after

    async def close(self, subject: str, by: str, act: Envelope) -> Decision:
        """Decide, sign and keep the account, in one step. Raises `NotPossibleError`."""
        people = sorted(self._hall.seatings(subject), key=lambda s: s.candidate.id)
        # 1
        async with contextlib.AsyncExitStack() as still:
            for seating in people:
                await still.enter_async_context(seating.writing)
            signed: list[Envelope] = []
            # 2, 3
            decision = await self._decider.decide(
                SubjectClosed(),
                subject,
                people,
                scope=Scope.ALL,
                by=by,
                act=act,
                also=lambda at: self._account(subject, people, at, signed),
            )
            self._hall.subjects[subject].closing = signed[0]
        # 4
        await self._forget(subject)
        await self._after()
        return decision

    def _account(
        self, subject: str, people: list[Seating], at: int, signed: list[Envelope]
    ) -> Write:
        _check_all_ended(people)
        closing = Closing(
            appliance=self._box.appliance,
            generation=self._box.generation,
            centre=self._box.centre,
            sitting=self._hall.sitting.id,
            subject=subject,
            at=at,
            candidates=tuple(_accounted(seating) for seating in people),
        )
        signed.append(sign_closing(closing, self._box.key))
        stored = records.stored(signed[0])
        return lambda c: records.insert(c, "closings", subject=subject, envelope=stored)

    async def _forget(self, subject: str) -> None:
        try:
            await asyncio.to_thread(self._release.forget, subject)
        except (DiskError, OSError):
            _log.exception("the wrapped key of %s is removed at the next start", subject)


def _check_all_ended(people: list[Seating]) -> None:
    open_ended = [
        NotPossibleError(m.PERSON_IN_STATE, name=s.candidate.name, state=STATE[s.session.state])
        for s in people
        if s.session.state not in ENDED
    ]
    if open_ended:
        raise NotPossibleError(m.NOT_ACCOUNTED, people=open_ended[:8])


def _accounted(seating: Seating) -> Accounted:
    return Accounted(
        candidate=seating.candidate.id,
        seat=seating.seat,
        ending=_ENDINGS[seating.session.state],
        withheld=seating.session.withheld,
        session=seating.id,
        position=seating.position,
        answers=len(seating.answered),
    )
