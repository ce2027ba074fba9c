"""The session that is open at this seat: writing its events, and proving them to the box.

`write` is the one way into the journal: it returns when the events are on the disk. The
chain's links of what the box has not acknowledged are kept in memory, so that each batch
and each acknowledgement is checked against what was really written.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from protocol.envelope import Envelope
from protocol.errors import ForkError
from protocol.grant import Grant, Position
from protocol.journal import (
    Acknowledgement,
    Batch,
    DecisionReceived,
    Event,
    Head,
    chain,
    decode_event,
    first_link,
    next_link,
    sign_head,
)
from protocol.keys import SigningKey
from protocol.receipt import GivenReceipt, receipt_code
from protocol.seat_api import OwnData
from terminal_agent.progress import Progress
from terminal_agent.spool import MakeEvent, Spool, StoredSession

MOST_IN_BATCH: Final = 200
MOST_BYTES: Final = 1024 * 1024


class SeatSession:
    """One grant, its journal, and how far the candidate has come."""

    def __init__(
        self,
        spool: Spool,
        grant: Grant,
        grant_digest: str,
        key: SigningKey,
        own_data: OwnData,
        progress: Progress,
        changed: Callable[[], None],
    ) -> None:
        self._spool = spool
        self.grant: Final = grant
        self.key: Final = key
        self.own_data: Final = own_data
        self.progress: Final = progress
        self._changed = changed
        self._writing = asyncio.Lock()
        self._links: dict[int, str] = {0: first_link(grant_digest)}
        self.n = 0
        self.acknowledged = 0
        self.office = 0
        self._tail = 0
        """Up to here the box keeps these events as the tail of an epoch that has ended."""
        self.receipt: GivenReceipt | None = None
        self.receipt_at = 0
        """Hall time at which the receipt came to this seat."""
        self.state = "open"
        self.unsent: Final = asyncio.Event()
        """Set while there are events that the box has not acknowledged."""
        self.waits = False
        """The box takes none of it: nothing is sent before the next link."""

    @classmethod
    async def resume(
        cls,
        spool: Spool,
        stored: StoredSession,
        grant: Grant,
        progress: Progress,
        changed: Callable[[], None],
        now: int,
    ) -> "SeatSession":
        """Read a session back from the spool at hall time ``now``: every event is followed."""
        session = cls(
            spool,
            grant,
            stored.grant_envelope.digest,
            stored.key(),
            stored.own_data,
            progress,
            changed,
        )
        progress.begin(stored.standing)
        progress.lowered = stored.lowered
        for body in await spool.events(grant, 1, 10**9):
            session._follow(decode_event(body), body)
        session.acknowledged, session.office = stored.acknowledged, stored.office
        session._tail = stored.tail
        if stored.receipt is not None:
            session.receipt = given(stored.receipt)
            progress.reconciled(session.progress.session.ended_at or 0)
            session.receipt_at = now
        session.state = stored.state
        session._forget_links()
        session._mark_unsent()
        return session

    async def write(self, *makers: MakeEvent) -> int:
        """Keep events durably and follow them; return the number of the last one."""
        n = await self.write_when(lambda: makers)
        assert n is not None
        return n

    async def write_when(self, makers: Callable[[], Sequence[MakeEvent] | None]) -> int | None:
        """Keep what ``makers`` gives once nobody else writes here; None where it gives None.

        Until these events are followed nothing else is written: so what ``makers`` finds to
        be true of the session is still true where they stand in the journal.
        """
        async with self._writing:
            wanted = makers()
            if wanted is None:
                return None
            for event, body in await self._spool.append(self.grant, wanted):
                self._follow(event, body)
        self._mark_unsent()
        self._changed()
        return self.n

    def _follow(self, event: Event, body: bytes) -> None:
        self._links[event.n] = next_link(self._links[event.n - 1], body)
        self.n = event.n
        self.progress.apply(event)

    # --- to the box -------------------------------------------------------------------------

    async def next_batch(self) -> Batch | None:
        """Return the oldest events that the box has not acknowledged, with their signed head."""
        first = max(self.acknowledged, self._tail) + 1
        kept = await self._spool.events(self.grant, first, MOST_IN_BATCH)
        followed = kept[: self.n + 1 - first]  # what was kept this moment may not be linked yet
        bodies = _up_to(followed, MOST_BYTES)
        if not bodies:
            return None
        n = first + len(bodies) - 1
        link = await self._link(n)
        assert link is not None  # these events were followed
        head = Head(session=self.grant.session, epoch=self.grant.epoch, n=n, head=link)
        return Batch(
            session=self.grant.session,
            epoch=self.grant.epoch,
            first=first,
            events=tuple(msgspec.Raw(body) for body in bodies),
            head=sign_head(head, self.key),
        )

    async def acknowledge(self, word: Acknowledgement, envelope: Envelope) -> None:
        """Keep the box's word, once it is about what was really written here."""
        await self.stand_at(Position(epoch=word.epoch, n=word.n, head=word.head))
        await self._spool.keep_acknowledgement(self.grant, word.n, envelope)
        self.acknowledged = word.n
        self._forget_links()
        self._mark_unsent()
        self._changed()

    async def stand_at(self, position: Position) -> None:
        """Go on from where the box stands; raise `ForkError` if it holds something else."""
        link = await self._link(position.n)
        if position.epoch != self.grant.epoch or link != position.head:
            raise ForkError(
                f"the box holds another journal of session {self.grant.session} "
                f"at event {position.n}: call the invigilator"
            )
        self._links[position.n] = link
        self.acknowledged, self._tail = position.n, min(self._tail, position.n)
        self._mark_unsent()

    async def kept_as_tail(self, position: Position) -> None:
        """Note that the box keeps all up to ``position``, of an epoch that has ended there."""
        if await self._link(position.n) != position.head:
            raise ForkError(
                f"the box keeps another tail of session {self.grant.session} "
                f"at event {position.n}: call the invigilator"
            )
        await self._spool.keep_tail(self.grant, position.n)
        self._tail = max(self._tail, position.n)
        self._mark_unsent()

    async def keep_receipt(self, given: GivenReceipt, at: int) -> None:
        """Keep the candidate's receipt, which came at hall time ``at``."""
        await self._spool.keep_receipt(self.grant, given.receipt)
        if self.receipt is None:
            self.receipt_at = at
        self.receipt = given
        self.progress.reconciled(self.progress.session.ended_at or 0)
        self._changed()

    async def keep_office(self, position: Position) -> None:
        """Note how far the office has verified."""
        if position.epoch == self.grant.epoch:
            await self._spool.keep_office(self.grant.session, position)
            self.office = max(self.office, position.n)
            self._changed()

    async def leave(self, state: str) -> None:
        """Note that the candidate has left, or that the session went on elsewhere."""
        await self._spool.set_state(self.grant, state)
        self.state = state
        self._changed()

    async def lower_hand(self) -> None:
        """Take the hand down, also for a seat that is started again."""
        await self._spool.keep_lowered(self.grant, self.n)
        self.progress.lowered = self.n
        self._changed()

    async def hear(self, decision: Envelope, hall: int, mono: int) -> None:
        """Write a decision of the hall into the journal, once."""

        def makers() -> list[MakeEvent] | None:
            if decision.digest in self.progress.heard:
                return None
            return [lambda n: DecisionReceived(n=n, hall=hall, mono=mono, decision=decision)]

        await self.write_when(makers)

    async def holds(self, position: Position) -> bool:
        """Say whether ``position`` is a place in this very journal."""
        return position.epoch == self.grant.epoch and await self._link(position.n) == position.head

    async def _link(self, n: int) -> str | None:
        if n > self.n:
            return None
        if n not in self._links:  # older than what is kept in memory: reckon it again
            bodies = await self._spool.events(self.grant, 1, n)
            self._links[n] = chain(self._origin(), bodies)
        return self._links[n]

    def _origin(self) -> str:
        return self._links[0]

    def _forget_links(self) -> None:
        """Keep the first link, and those from the acknowledged one on."""
        self._links = {
            n: link for n, link in self._links.items() if n == 0 or n >= self.acknowledged
        }

    def _mark_unsent(self) -> None:
        if max(self.acknowledged, self._tail) < self.n:
            self.unsent.set()
        else:
            self.unsent.clear()


def given(receipt: Envelope) -> GivenReceipt:
    """Return a receipt with the code that the candidate copies."""
    return GivenReceipt(receipt=receipt, code=receipt_code(receipt), digest=receipt.digest)


def _up_to(bodies: list[bytes], most: int) -> list[bytes]:
    """Return as many of the first bodies as fit into ``most`` bytes, one at least."""
    total = 0
    kept: list[bytes] = []
    for body in bodies:
        total += len(body)
        if kept and total > most:
            break
        kept.append(body)
    return kept
