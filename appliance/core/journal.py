"""Where an answer is made durable.

The way of a batch, step by step (`Journal.accept`):

1. Find its grant; the seat that sends it must be the seat of the grant.
2. A batch of an old epoch is kept as a stray and shown to a person, never merged.
3. `protocol.journal.check_batch` checks the signature and the chain from the last
   acknowledged position; what is there already adds nothing.
4. Events, head and what follows for the session go into ONE transaction, group-committed
   with those of other seats (`runtime.writer`, ``synchronous=FULL``).
5. Only after that commit does the acknowledgement leave, and the hall in memory changes.

Steps 3 to 5 are taken together for all batches of one turn of the loop
(`appliance.core.together`); one that changes where its candidate stands is written by itself.

A seat may be in other hands: its events are kept as they were signed, but what follows from
them for the session is the box's. Nobody has entered before the paper was released, and no
happening is later than the box's own clock or earlier than what must have gone before.

A disk that is full refuses in step 4: nothing is half done, the seat keeps its events. So
does a session that has reached its bound (`appliance.core.quota`): no seat fills the disk.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec
from msgspec.structs import replace

from appliance.core import quota, records
from appliance.core.box import Box
from appliance.core.hall import Hall, Seating
from appliance.core.quota import OverQuotaError
from appliance.core.together import Together, Waiting
from exam import times
from exam.paper import is_empty
from exam.session import Entered, Happening, NotNow, Session, happen
from exam.session import HandedIn as WasHandedIn
from protocol.errors import BrokenChainError, ForkError, ProtocolError, UntrustedError
from protocol.grant import Grant, Position
from protocol.journal import (
    Answered,
    Batch,
    Consented,
    Event,
    Extension,
    HandedIn,
    HandRaised,
    check_batch,
)
from protocol.log_entries import StrayKept
from protocol.meaning import happening_of_event
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused, BatchReply
from protocol.values import encode
from runtime.database import Database
from runtime.errors import DatabaseBusyError, DiskError

Listener = Callable[[Seating, tuple[Event, ...]], None]

_SAME_MS: Final = 2_000
"""Ends that differ by less are the same: clocks of two machines."""

_log = logging.getLogger(__name__)


class Journal:
    """Takes the seats' batches."""

    def __init__(
        self,
        database: Database,
        hall: Hall,
        box: Box,
    ) -> None:
        self._database = database
        self._hall = hall
        self._box: Final = box
        self._together = Together(database, self._check, self._settle)
        self._old: dict[tuple[str, int], tuple[Grant, Position]] = {}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with the new events of each batch once they are durable."""
        self._listeners.append(listener)

    def remember(self, grant: Grant, position: Position) -> None:
        """Know an epoch that has ended, so that its tail can be told from a forgery."""
        self._old[(grant.session, grant.epoch)] = (grant, position)

    async def accept(self, batch: Batch, certificate: str) -> BatchReply:
        """Return the acknowledgement once the batch is durable, or why it was refused."""
        # 1
        seating = self._hall.by_session(batch.session)
        if seating is None or seating.grant is None:
            return _refused(BatchRefusal.NO_SESSION, "no such session in this hall", None)
        async with seating.writing:
            try:
                return await self._accept(batch, seating, certificate)
            except ProtocolError as error:
                _log.warning("%s: batch refused: %s", seating.candidate.id, error)
                told = None if isinstance(error, UntrustedError) else self._stands(batch, seating)
                return _refused(_refusal(error), str(error), told)
            except OverQuotaError as error:
                seating.over_quota_since = seating.over_quota_since or self._box.now()
                _log.warning("%s: batch refused: %s", seating.candidate.id, error)
                return _refused(BatchRefusal.FULL, str(error), seating.position)
            except (DiskError, DatabaseBusyError) as error:
                return _refused(BatchRefusal.FULL, str(error), seating.position)

    def _stands(self, batch: Batch, seating: Seating) -> Position | None:
        """Return where the batch's own epoch stands, also one that has ended."""
        old = self._old.get((batch.session, batch.epoch))
        return seating.position if old is None else old[1]

    async def _accept(self, batch: Batch, seating: Seating, certificate: str) -> BatchReply:
        grant, position = seating.grant, seating.position
        if grant is None or position is None:
            raise BrokenChainError("the session has no grant")
        # 2
        if batch.epoch < grant.epoch:
            return await self._keep_stray(batch, seating, certificate)
        if certificate != grant.seat_certificate:
            raise UntrustedError(
                f"session {grant.session} is granted to seat {grant.seat} with another certificate"
            )
        waiting = Waiting(batch, seating, grant, position)
        reply = await self._together.take(waiting)
        return await self._write_alone(waiting) if reply is None else reply

    def _check(self, waiting: Waiting) -> None:
        """Find what a batch adds (3), and whether that changes where its candidate stands."""
        extension = check_batch(waiting.batch, waiting.grant, waiting.position)
        waiting.extension, waiting.at = extension, self._box.now()
        if extension.events:
            bodies = [body for _, body in extension.events]
            waiting.size = _checked_size(waiting.seating, bodies, waiting.at)
            waiting.alone = any(True for _ in self._claims(extension))

    def _claims(self, extension: Extension) -> Iterator[Happening]:
        """Give what new events claim to have happened to the session."""
        for event, _ in extension.events:
            claimed = happening_of_event(event, self._hall.rules)
            if claimed is not None:
                yield claimed

    async def _write_alone(self, waiting: Waiting) -> BatchReply:
        """Make a batch durable (4) with what follows from it for the session."""
        seating, row = waiting.seating, waiting.row()
        async with self._hall.changes:
            session = self._after(seating, self._claims(waiting.extension), waiting.at)

            def record(connection: records.Connection) -> None:
                records.append_batches(connection, [row])
                records.put_seating(connection, seating.row(session))

            await self._database.write(record)
            seating.session = session
        return self._settle(waiting)

    def _settle(self, waiting: Waiting) -> BatchReply:
        """After the commit: change the hall (5), and acknowledge."""
        seating, extension = waiting.seating, waiting.extension
        if extension.events:
            events = tuple(event for event, _ in extension.events)
            seating.position = extension.position
            seating.kept_bytes += waiting.size
            seating.over_quota_since = 0
            for event in events:
                self.note(seating, event)
            for listener in self._listeners:
                listener(seating, events)
        word = self._box.acknowledge(waiting.batch.session, extension.position, waiting.at)
        return Acknowledged(acknowledgement=word)

    @staticmethod
    def note(seating: Seating, event: Event) -> None:
        """Count what an event means for the status: answers, consent, a raised hand."""
        match event:
            case Answered(item=item, response=response):
                if is_empty(response):
                    seating.answered.discard(item)
                else:
                    seating.answered.add(item)
            case Consented(faces=faces):
                seating.consents = faces
            case HandRaised(text=text, hall=hall):
                seating.hand_text, seating.hand_since = text, hall
            case HandedIn():
                seating.hand_text = None
            case _:
                return

    def _after(self, seating: Seating, claims: Iterable[Happening], now: int) -> Session:
        """Return the session after what a seat claims, as far as it can be."""
        session = seating.session
        for claimed in claims:
            happening = self._settled(seating, session, claimed, now)
            if happening is None:
                continue
            after = happen(session, happening)
            if isinstance(after, NotNow):
                _log.warning("%s: kept, not followed: %s", seating.candidate.id, after)
                continue
            session = after
        return session

    def _settled(
        self, seating: Seating, session: Session, claimed: Happening, now: int
    ) -> Happening | None:
        """Return what the box makes of a seat's claim; None where it cannot be."""
        subject = self._hall.subjects[seating.subject]
        match claimed:
            case Entered() if not subject.released:
                _log.warning("%s: entered before the release: kept, not followed", seating.seat)
                return None
            case Entered():
                return replace(claimed, at=_between(subject.armed_start or 0, claimed.at, now))
            case WasHandedIn():
                at = _between(session.entered_at or 0, claimed.at, now)
                return self._reconciled(seating, session, replace(claimed, at=at))
            case _:
                return replace(claimed, at=min(claimed.at, now))

    def _reconciled(
        self, seating: Seating, session: Session, handed_in: WasHandedIn
    ) -> WasHandedIn:
        """Return a hand-in as final, unless it came by itself before the end that the box knows.

        A seat may have missed time that was given, whether or not it knew that it was cut off.
        What a candidate did by their own wish is final.
        """
        subject = self._hall.subject(seating.subject)
        armed = self._hall.subjects[seating.subject].armed_start
        end = times.own_end(subject, armed, session, seating.extra_ms, handed_in.at)
        missed = handed_in.automatic and handed_in.at + _SAME_MS < end
        return replace(handed_in, provisional=missed)

    async def _keep_stray(self, batch: Batch, seating: Seating, certificate: str) -> BatchReply:
        known = self._old.get((batch.session, batch.epoch))
        if known is None:
            raise BrokenChainError(f"epoch {batch.epoch} was never granted")
        grant, position = known
        if certificate != grant.seat_certificate:
            raise UntrustedError(f"epoch {batch.epoch} was granted to another seat's certificate")
        extension = check_batch(batch, grant, position)
        if extension.events:
            at = self._box.now()
            size = _checked_size(seating, batch.events, at)  # the batch is kept whole
            await self._database.write(lambda c: _insert_stray(c, batch, extension, at))
            seating.kept_bytes += size
            seating.stray_since = seating.stray_since or at
            self.remember(grant, extension.position)
        return _refused(
            BatchRefusal.OLD_EPOCH,
            "the session went on at another seat; this tail is kept and shown to a person",
            extension.position,
        )


def _checked_size(seating: Seating, bodies: Iterable[bytes | msgspec.Raw], now: int) -> int:
    """Return what a batch adds to the disk; raise `OverQuotaError` where that is too much."""
    size = quota.HEAD_BYTES + sum(len(bytes(body)) for body in bodies)
    quota.check(seating.kept_bytes, size, seating.since, now)
    return size


def _between(earliest: int, claimed: int, now: int) -> int:
    """Return a claimed time as far as it can be true."""
    return min(max(claimed, earliest), now)


def _insert_stray(
    connection: records.Connection, batch: Batch, extension: Extension, at: int
) -> None:
    position = extension.position
    connection.execute(
        "INSERT OR IGNORE INTO strays (session, epoch, first, n, head, batch) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            batch.session,
            batch.epoch,
            extension.events[0][0].n,
            position.n,
            encode(batch.head).decode(),
            encode(batch).decode(),
        ),
    )
    if connection.execute("SELECT changes()").fetchone()[0]:
        records.append_leaf(
            connection,
            StrayKept(
                at=at,
                session=batch.session,
                epoch=position.epoch,
                n=position.n,
                head=position.head,
            ),
        )


def _refusal(error: ProtocolError) -> BatchRefusal:
    match error:
        case ForkError():
            return BatchRefusal.FORK
        case BrokenChainError():
            return BatchRefusal.GAP
        case UntrustedError():
            return BatchRefusal.UNTRUSTED
        case _:
            return BatchRefusal.MALFORMED


def _refused(code: BatchRefusal, text: str, acknowledged: Position | None) -> BatchRefused:
    return BatchRefused(code=code, text=text, acknowledged=acknowledged)
