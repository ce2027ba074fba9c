"""The journal: what one candidate did, event by event, and its hash chain.

Format. Events count from 1 in each epoch. The chain is computed, not stored::

    link(0) = SHA-256("examhall journal 1" || grant digest)
    link(n) = SHA-256("examhall event 1"   || link(n-1) || SHA-256(event bytes))

The grant names the last position of the epoch before, so epochs are chained too.
With each batch the seat signs the head alone; a later head supersedes an earlier.
The hash is over the bytes as they were written, and these are the one encoding of
their value: see `protocol.values`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, cast

import msgspec

from exam.identifiers import Digest, Label
from exam.paper import Response
from protocol.envelope import Envelope, open_envelope, sign
from protocol.errors import BrokenChainError, ForkError, MalformedError
from protocol.grant import Grant, Position
from protocol.keys import SigningKey, VerifyKey
from protocol.payload_types import PayloadType
from protocol.values import (
    Count,
    HexId,
    Milliseconds,
    Ordinal,
    Value,
    decode_canonical,
    encode,
)

MAX_EVENT: Final = 512 * 1024
"""Largest event in bytes: an extended text of some 150,000 Chinese characters."""

MAX_BATCH: Final = 500
"""Most events in one batch."""

MAX_BATCH_BYTES: Final = 1024 * 1024
"""Most bytes of events in one batch: it goes by one request, so cut it before it is larger."""


class _Event(Value, frozen=True, kw_only=True, tag_field="kind"):
    n: Ordinal
    hall: Milliseconds
    """Hall time as the seat knew it."""
    mono: Milliseconds
    """The seat's own BOOTTIME, which nobody sets."""


class Started(_Event, frozen=True, kw_only=True, tag="started"):
    """The agent began to write; ``boot`` is the kernel's boot id without hyphens."""

    boot: HexId
    agent: str


class Consented(_Event, frozen=True, kw_only=True, tag="consented"):
    """Consent to the comparison of faces and to recording, each given or refused (PIPL)."""

    faces: bool
    recording: bool


class OwnData(_Event, frozen=True, kw_only=True, tag="own_data"):
    """The candidate called the own data right or wrong."""

    right: bool


class RulesRead(_Event, frozen=True, kw_only=True, tag="rules_read"):
    """The rules were shown to their end and confirmed."""

    rules: Digest


class Entered(_Event, frozen=True, kw_only=True, tag="entered"):
    """The paper was opened on this seat; ``paper`` is the digest of its plain text."""

    paper: Digest


class Answered(_Event, frozen=True, kw_only=True, tag="answer"):
    """An item's response as it now stands; the last one counts."""

    item: Label
    response: Response


class Marked(_Event, frozen=True, kw_only=True, tag="mark"):
    """The candidate flagged an item as doubtful, or took the flag away."""

    item: Label
    on: bool


class Placed(_Event, frozen=True, kw_only=True, tag="place"):
    """The candidate turned to an item."""

    item: Label


class Left(_Event, frozen=True, kw_only=True, tag="left"):
    """The exam's screen lost the focus."""

    cause: str


class Returned(_Event, frozen=True, kw_only=True, tag="returned"):
    """The exam's screen has the focus again, after ``away_ms``."""

    away_ms: Milliseconds


class HandRaised(_Event, frozen=True, kw_only=True, tag="hand"):
    """The candidate asked for a person, with an optional text."""

    text: str


class NoticeConfirmed(_Event, frozen=True, kw_only=True, tag="notice"):
    """The candidate confirmed a message or an amendment, by its digest."""

    notice: Digest


class DecisionReceived(_Event, frozen=True, kw_only=True, tag="decision"):
    """A decision of the hall reached this seat, so that the seats can rebuild the hall."""

    decision: Envelope


class PictureGap(_Event, frozen=True, kw_only=True, tag="gap"):
    """A view was not recorded between the two times."""

    view: Label
    since: Milliseconds
    until: Milliseconds
    reason: str


class HandedIn(_Event, frozen=True, kw_only=True, tag="hand_in"):
    """The end of writing. ``provisional`` where the appliance could not be reached."""

    automatic: bool
    provisional: bool
    answered: Count
    marked: Count
    unanswered: Count


Event = (
    Started
    | Consented
    | OwnData
    | RulesRead
    | Entered
    | Answered
    | Marked
    | Placed
    | Left
    | Returned
    | HandRaised
    | NoticeConfirmed
    | DecisionReceived
    | PictureGap
    | HandedIn
)


def encode_event(event: Event) -> bytes:
    """Return the event's bytes; raise `MalformedError` where they are too many."""
    data = encode(event)
    if len(data) > MAX_EVENT:
        raise MalformedError(f"expected an event of at most {MAX_EVENT} bytes; got {len(data)}")
    return data


def decode_event(data: bytes) -> Event:
    """Parse one event's bytes; only their one encoding is accepted."""
    if len(data) > MAX_EVENT:
        raise MalformedError(f"expected an event of at most {MAX_EVENT} bytes; got {len(data)}")
    return decode_canonical(data, cast("type[Event]", Event))


# --- the chain ---------------------------------------------------------------------------

_FIRST: Final = b"examhall journal 1"
_NEXT: Final = b"examhall event 1"


def first_link(grant_digest: str) -> str:
    """Return link 0 of the epoch that this grant opens."""
    return hashlib.sha256(_FIRST + bytes.fromhex(grant_digest)).hexdigest()


def next_link(link: str, event: bytes) -> str:
    """Return the link after ``event``'s bytes."""
    inner = hashlib.sha256(event).digest()
    return hashlib.sha256(_NEXT + bytes.fromhex(link) + inner).hexdigest()


def chain(link: str, events: Iterable[bytes]) -> str:
    """Return the link after all ``events``."""
    for event in events:
        link = next_link(link, event)
    return link


# --- heads and batches -------------------------------------------------------------------


class Head(Value, frozen=True, kw_only=True):
    """What the seat signs with its session key: after ``n`` events the chain is ``head``."""

    session: HexId
    epoch: Ordinal
    n: Count
    head: Digest


class Batch(Value, frozen=True, kw_only=True):
    """Events ``first`` to the head's ``n``, each as the bytes that were written, and the head."""

    session: HexId
    epoch: Ordinal
    first: Ordinal
    events: tuple[msgspec.Raw, ...]
    head: Envelope


class Acknowledgement(Value, frozen=True, kw_only=True):
    """The appliance's word that all events to ``n`` are on its disk. Signed by the box key."""

    appliance: Label
    generation: Ordinal
    session: HexId
    epoch: Ordinal
    n: Count
    head: Digest
    at: Milliseconds


def sign_head(head: Head, session_key: SigningKey) -> Envelope:
    """Sign a head with the session key."""
    return sign(PayloadType.HEAD, head, session_key)


def open_head(envelope: Envelope, session_key: VerifyKey) -> Head:
    """Return the head that this session's key signed."""
    return open_envelope(envelope, PayloadType.HEAD, session_key, Head)


def open_acknowledgement(envelope: Envelope, box_key: VerifyKey) -> Acknowledgement:
    """Return the acknowledgement that this box signed."""
    return open_envelope(envelope, PayloadType.ACKNOWLEDGEMENT, box_key, Acknowledgement)


class Extension(Value, frozen=True, kw_only=True):
    """What a batch adds to a journal: parsed events with their bytes, and where it then stands."""

    events: tuple[tuple[Event, bytes], ...]
    position: Position


def check_batch(batch: Batch, grant: Grant, acknowledged: Position) -> Extension:
    """Check a batch against its grant and the last acknowledged position; return what is new.

    1. It is of this session and epoch, and its head is signed by the granted key.
    2. It begins no later than right after the acknowledged position: no gap.
    3. Its events count without a hole, and end at the signed head's ``n``.
    4. What was acknowledged before stands; its repetition is passed over, never stored again.
    5. The chain from the acknowledged position over the new events is the signed head.

    Repetition is welcome: a batch that was acknowledged already adds nothing. Raises
    `UntrustedError`, `BrokenChainError`, and `ForkError` where the seat signed another
    history than the one it was acknowledged for.
    """
    # 1
    if (batch.session, batch.epoch) != (grant.session, grant.epoch):
        raise BrokenChainError(
            f"expected session {grant.session} epoch {grant.epoch}; "
            f"got {batch.session} epoch {batch.epoch}"
        )
    head = open_head(batch.head, VerifyKey.from_hex(grant.session_key))
    if (head.session, head.epoch) != (grant.session, grant.epoch):
        raise BrokenChainError("the head was signed for another session or epoch")
    # 2
    if batch.first > acknowledged.n + 1:
        raise BrokenChainError(
            f"expected events from {acknowledged.n + 1} on; got them from {batch.first} on: "
            "send again from the acknowledged position"
        )
    # 3
    raw = [bytes(event) for event in batch.events]
    _check_size(raw)
    events = tuple(decode_event(data) for data in raw)
    _check_counting(events, batch.first, head.n)
    # 4
    known = max(0, acknowledged.n + 1 - batch.first)
    if head.n < acknowledged.n or not raw[known:]:
        return _nothing_new(head, acknowledged)
    # 5
    new = tuple(zip(events[known:], raw[known:], strict=True))
    link = chain(acknowledged.head, raw[known:])
    if link != head.head:
        raise ForkError(
            f"session {grant.session} epoch {grant.epoch}: the chain from the acknowledged event "
            f"{acknowledged.n} to {head.n} is {link[:16]}, the seat signed {head.head[:16]}"
        )
    return Extension(events=new, position=Position(epoch=grant.epoch, n=head.n, head=head.head))


def _check_size(events: Sequence[bytes]) -> None:
    size = sum(map(len, events))
    if len(events) > MAX_BATCH or size > MAX_BATCH_BYTES:
        raise MalformedError(
            f"expected at most {MAX_BATCH} events and {MAX_BATCH_BYTES} bytes; "
            f"got {len(events)} and {size}"
        )


def _check_counting(events: Sequence[Event], first: int, last: int) -> None:
    numbers = [event.n for event in events]
    if numbers != list(range(first, first + len(events))) or first + len(events) - 1 != last:
        raise BrokenChainError(
            f"expected events {first} to {last} in turn; got {numbers[:5]}...{numbers[-2:]}"
        )


def _nothing_new(head: Head, acknowledged: Position) -> Extension:
    if head.n == acknowledged.n and head.head != acknowledged.head:
        raise ForkError(
            f"session {head.session}: two heads for event {head.n}: "
            f"acknowledged {acknowledged.head[:16]}, now {head.head[:16]}"
        )
    return Extension(events=(), position=acknowledged)


def start_position(grant: Grant, grant_digest: str) -> Position:
    """Return where the journal of a fresh grant stands: nothing written."""
    return Position(epoch=grant.epoch, n=0, head=first_link(grant_digest))
