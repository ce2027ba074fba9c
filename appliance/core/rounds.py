"""What core does by itself, by the clock: start, absence, heads into the log, parcels.

Each round is a coroutine for one task of the composition root; none holds up another.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.core import records
from appliance.core.decisions import Decider
from appliance.core.hall import Hall, Seating
from appliance.core.parcels import ParcelMaker, ParcelWritten
from appliance.core.refusals import NotPossibleError
from appliance.core.release import Release
from exam import times
from exam.session import State
from protocol.decisions import AbsentMarked, Scope
from protocol.log_entries import HeadKept
from runtime.clock import HallClock
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError

_LOOK_MS = 200
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """The parts that the rounds move."""

    database: Database
    hall: Hall
    decider: Decider
    release: Release
    parcels: ParcelMaker
    clock: HallClock
    written: Callable[[ParcelWritten], None]
    """Called for each parcel that lies in the outbox."""
    keep_clock: Callable[[], Awaitable[None]]

    async def watch_the_start(self) -> None:
        """Release P at the armed moment, to the millisecond that the loop allows."""
        while True:
            subject = self.hall.current()
            start = None if subject is None else self.hall.subjects[subject.id].armed_start
            if subject is None or start is None or self.hall.subjects[subject.id].released:
                await asyncio.sleep(_LOOK_MS / 1000)
                continue
            remaining = start - self.clock.now()
            if remaining > 2 * _LOOK_MS:
                await asyncio.sleep(_LOOK_MS / 1000)
                continue
            await self.clock.wait_until(start)
            if self.hall.subjects[subject.id].armed_start == start:
                await self._release(subject.id)

    async def _release(self, subject: str) -> None:
        try:
            await self.release.release(subject)
        except (DiskError, DatabaseError):
            _log.exception("the release of %s waits for the disk", subject)
            await asyncio.sleep(_LOOK_MS / 1000)

    async def watch_the_doors(self) -> None:
        """Mark absent who was not there when log-in closed."""
        while True:
            await asyncio.sleep(1)
            await self.look_at_the_doors()

    async def look_at_the_doors(self) -> None:
        """Mark absent who is still expected, if log-in has closed."""
        subject = self.hall.current()
        if subject is None:
            return
        armed = self.hall.subjects[subject.id].armed_start
        verdict = times.doors(self.hall.rules, subject, armed, self.clock.now())
        if isinstance(verdict, times.TooLate):
            for seating in list(self.hall.seatings(subject.id)):
                if seating.session.state is State.EXPECTED:
                    await self._mark_absent(seating)

    async def _mark_absent(self, seating: Seating) -> None:
        reason = "not logged in when the log-in closed"
        try:
            await self.decider.decide(
                AbsentMarked(reason=reason), seating.subject, [seating], scope=Scope.ONE
            )
        except NotPossibleError as error:
            _log.info("%s came just in time: %s", seating.candidate.id, error)
        except (DiskError, DatabaseError):
            _log.exception("%s could not be marked absent yet", seating.candidate.id)

    async def log_heads(self, every_ms: int) -> None:
        """Let the log know how far each journal has come."""
        while True:
            await asyncio.sleep(every_ms / 1000)
            try:
                await self.log_heads_once()
                await self.keep_clock()
            except (DiskError, DatabaseError):
                _log.exception("the heads could not be logged yet")
            jump = self.clock.look()
            if jump is not None:
                _log.warning("the machine's clocks jumped: %s", jump)

    async def log_heads_once(self) -> None:
        """Add a leaf for each journal that has grown since its last leaf."""
        grown = [
            (seating, seating.position)
            for seating in self.hall.seatings()
            if seating.position is not None and seating.position.n > seating.logged
        ]
        if not grown:
            return
        at = self.clock.now()

        def record(connection: records.Connection) -> None:
            for seating, position in grown:
                session = seating.id or ""
                head = HeadKept(
                    at=at,
                    session=session,
                    epoch=position.epoch,
                    n=position.n,
                    head=position.head,
                )
                records.append_leaf(connection, head)
                records.mark_logged(connection, session, position.epoch, position.n)

        await self.database.write(record)
        for seating, position in grown:
            if seating.epoch == position.epoch:
                seating.logged = max(seating.logged, position.n)

    async def make_parcels(self, every_ms: int) -> None:
        """Cut what is new into parcels."""
        while True:
            await asyncio.sleep(every_ms / 1000)
            await self.make_parcels_once()

    async def make_parcels_once(self) -> None:
        """Cut all that is new now; a full disk waits for the next round."""
        try:
            for parcel in await self.parcels.make_all():
                self.written(parcel)
        except (DiskError, DatabaseError) as error:
            _log.warning("no parcel could be written: %s; answers go on being kept", error)
