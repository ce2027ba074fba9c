"""Closing a subject: everybody accounted for, one signed list, the last parcel."""

import asyncio
from collections.abc import Awaitable, Callable

from appliance.core import records
from appliance.core.box import Box
from appliance.core.hall import Hall, Seating
from appliance.core.release import Release
from exam.session import ENDED, State
from protocol.closing import Accounted, Closing, Ending, sign_closing
from runtime.database import Database

_ENDINGS = {
    State.HANDED_IN: Ending.HANDED_IN,
    State.COLLECTED: Ending.COLLECTED,
    State.VOIDED: Ending.VOIDED,
    State.REFUSED: Ending.REFUSED,
    State.ABSENT: Ending.ABSENT,
}


class OpenEndedError(Exception):
    """Somebody is not accounted for; the message names who."""


class Closer:
    """Closes subjects."""

    def __init__(
        self,
        database: Database,
        hall: Hall,
        box: Box,
        release: Release,
        after: Callable[[], Awaitable[None]],
    ) -> None:
        self._database = database
        self._hall = hall
        self._box = box
        self._release = release
        self._after = after

    def check(self, subject: str) -> None:
        """Raise `OpenEndedError` while somebody is still expected or writing."""
        open_ended = [
            f"{s.candidate.name} ({s.session.state})"
            for s in self._hall.seatings(subject)
            if s.session.state not in ENDED
        ]
        if open_ended:
            raise OpenEndedError(
                f"not accounted for: {', '.join(open_ended[:8])}; "
                "collect their papers or mark them absent first"
            )

    async def close(self, subject: str) -> None:
        """Sign and keep the account; P is forgotten; what is left goes into parcels."""
        self.check(subject)
        people = sorted(self._hall.seatings(subject), key=lambda s: s.candidate.id)
        closing = Closing(
            appliance=self._box.appliance,
            generation=self._box.generation,
            centre=self._box.centre,
            sitting=self._hall.sitting.id,
            subject=subject,
            at=self._box.now(),
            candidates=tuple(_accounted(seating) for seating in people),
        )
        envelope = sign_closing(closing, self._box.key)
        stored = records.stored(envelope)
        await self._database.write(
            lambda c: records.insert(c, "closings", subject=subject, envelope=stored)
        )
        self._hall.subjects[subject].closing = envelope
        await asyncio.to_thread(self._release.forget, subject)
        await self._after()


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
