"""A seat that is a key and a chain: it writes events and signs batches, and has no disk."""

import secrets
from typing import Any

import msgspec

from exam.paper import Chosen
from protocol.envelope import Envelope
from protocol.grant import Grant, Position
from protocol.journal import (
    Answered,
    Batch,
    Consented,
    Entered,
    Event,
    HandedIn,
    Head,
    RulesRead,
    chain,
    encode_event,
    sign_head,
    start_position,
)
from protocol.keys import SigningKey

RULES = "ab" * 32
PAPER = "cd" * 32


class KeySeat:
    """One grant and what is written under it. ``hall`` is the time that its events bear."""

    def __init__(self, grant: Grant, envelope: Envelope, key: SigningKey) -> None:
        self.grant = grant
        self.envelope = envelope
        self.key = key
        self.hall = grant.granted_at
        self.bodies: list[bytes] = []
        self.sent = 0

    @property
    def certificate(self) -> str:
        """The digest of the TLS certificate that the seat would show."""
        return self.grant.seat_certificate

    def position(self, n: int | None = None) -> Position:
        """Return where the journal stands after event ``n``, or at its end."""
        n = len(self.bodies) if n is None else n
        start = start_position(self.grant, self.envelope.digest)
        head = chain(start.head, self.bodies[:n])
        return Position(epoch=self.grant.epoch, n=n, head=head)

    def write(self, kind: type, *, hall: int | None = None, **fields: Any) -> Event:
        """Write one event."""
        self.hall = self.hall + 1 if hall is None else hall
        n = len(self.bodies) + 1
        event: Event = kind(n=n, hall=self.hall, mono=n, **fields)
        self.bodies.append(encode_event(event))
        return event

    def answer(self, item: str, *options: str) -> None:
        """Answer an item."""
        self.write(Answered, item=item, response=Chosen(options=options))

    def consent(self, *, faces: bool = True) -> None:
        """Consent to the comparison of faces, or refuse it."""
        self.write(Consented, faces=faces, recording=faces)

    def read_rules(self) -> None:
        """Confirm the rules."""
        self.write(RulesRead, rules=RULES)

    def enter(self, *, hall: int | None = None) -> None:
        """Open the paper."""
        self.write(Entered, hall=hall, paper=PAPER)

    def hand_in(
        self, *, automatic: bool = False, provisional: bool = False, hall: int | None = None
    ) -> HandedIn:
        """Hand in."""
        event = self.write(
            HandedIn,
            hall=hall,
            automatic=automatic,
            provisional=provisional,
            answered=1,
            marked=0,
            unanswered=0,
        )
        assert isinstance(event, HandedIn)
        return event

    def batch(
        self,
        first: int | None = None,
        last: int | None = None,
        *,
        key: SigningKey | None = None,
        events: list[bytes] | None = None,
    ) -> Batch:
        """Return events ``first`` to ``last`` with their head, by default what is new.

        ``key`` signs in place of the session key; ``events`` go in place of those written.
        """
        first = self.sent + 1 if first is None else first
        last = len(self.bodies) if last is None else last
        self.sent = max(self.sent, last)
        position = self.position(last)
        head = Head(
            session=self.grant.session, epoch=self.grant.epoch, n=position.n, head=position.head
        )
        bodies = self.bodies[first - 1 : last] if events is None else events
        return Batch(
            session=self.grant.session,
            epoch=self.grant.epoch,
            first=first,
            events=tuple(msgspec.Raw(body) for body in bodies),
            head=sign_head(head, self.key if key is None else key),
        )


def certificate_of(seat: str) -> str:
    """Return the digest of a certificate that a seat might have."""
    return (seat.encode().hex() + secrets.token_hex(32))[:64]
