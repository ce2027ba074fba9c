"""One seat's journal in the measuring process: events, chained and signed, as requests."""

from collections.abc import Callable

import msgspec

from benchmarks.seats import MeasuredSeat
from benchmarks.wire import post
from protocol import seat_api
from protocol.journal import Batch, Event, Head, encode_event, first_link, next_link, sign_head
from protocol.values import encode

Make = Callable[[int], Event]
"""Makes the event of a number."""


class Writing:
    """Writes on from the beginning of the seat's epoch."""

    def __init__(self, seat: MeasuredSeat) -> None:
        self._seat = seat
        self._n = 0
        self._link = first_link(seat.grant_envelope.digest)

    def batch(self, *makers: Make) -> Batch:
        """Return the next batch: one event of each maker."""
        first, bodies = self._n + 1, []
        for make in makers:
            self._n += 1
            bodies.append(encode_event(make(self._n)))
            self._link = next_link(self._link, bodies[-1])
        grant = self._seat.grant
        head = Head(session=grant.session, epoch=grant.epoch, n=self._n, head=self._link)
        return Batch(
            session=grant.session,
            epoch=grant.epoch,
            first=first,
            events=tuple(map(msgspec.Raw, bodies)),
            head=sign_head(head, self._seat.key),
        )

    def request(self, *makers: Make) -> bytes:
        """Return the next batch as the bytes of its request."""
        return post(seat_api.BATCHES, encode(self.batch(*makers)))
