"""One seat's journal in the measuring process: events, chained and signed, as requests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from benchmarks.seats import MeasuredSeat
from benchmarks.wire import post
from protocol import seat_api
from protocol.journal import Batch, Event, Head, encode_event, first_link, next_link, sign_head
from protocol.values import encode

Make = Callable[[int], Event]
"""Makes the event of a number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One event that was written, and the chain's link after it."""

    n: int
    body: msgspec.Raw
    link: str


class Writing:
    """Writes on from the beginning of the seat's epoch."""

    def __init__(self, seat: MeasuredSeat) -> None:
        self._seat = seat
        self._n = 0
        self._link = first_link(seat.grant_envelope.digest)

    def write(self, make: Make) -> Kept:
        """Write the next event into the chain; return it as the seat's spool keeps it."""
        self._n += 1
        body = encode_event(make(self._n))
        self._link = next_link(self._link, body)
        return Kept(n=self._n, body=msgspec.Raw(body), link=self._link)

    def signed(self, kept: Sequence[Kept]) -> Batch:
        """Return events that were written, in turn, as a batch under a head signed now."""
        grant, last = self._seat.grant, kept[-1]
        head = Head(session=grant.session, epoch=grant.epoch, n=last.n, head=last.link)
        return Batch(
            session=grant.session,
            epoch=grant.epoch,
            first=kept[0].n,
            events=tuple(one.body for one in kept),
            head=sign_head(head, self._seat.key),
        )

    def batch(self, *makers: Make) -> Batch:
        """Return the next batch: one event of each maker."""
        return self.signed([self.write(make) for make in makers])

    def request(self, *makers: Make) -> bytes:
        """Return the next batch as the bytes of its request."""
        return as_request(self.batch(*makers))


def as_request(batch: Batch) -> bytes:
    """Return the bytes of a batch's request."""
    return post(seat_api.BATCHES, encode(batch))
