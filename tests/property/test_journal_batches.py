"""However batches come, the box holds one history of the seat or says why not."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exam.paper import Written
from protocol import journal as j
from protocol.envelope import Envelope
from protocol.errors import BrokenChainError, ForkError, ProtocolError
from protocol.grant import Grant, Position, sign_grant
from protocol.keys import SigningKey

BOX = SigningKey.from_seed(b"\x01" * 32)
SESSION_KEY = SigningKey.from_seed(b"\x02" * 32)
GRANT = Grant(
    appliance="box-1",
    generation=1,
    centre="sz-07",
    sitting="ksj-2026-09",
    subject="theory",
    room="room-1",
    seat="a-07",
    candidate="c-0001",
    session="5" * 32,
    epoch=1,
    seat_certificate="c" * 64,
    session_key=SESSION_KEY.public.hex,
    previous=None,
    order_seed="0" * 32,
    order=(),
    granted_at=0,
)
START = j.start_position(GRANT, sign_grant(GRANT, BOX).digest)
LENGTH = 8


class History:
    """What one seat could have written: ``LENGTH`` events, their links and signed heads."""

    def __init__(self, told: str, same: tuple[bytes, ...] = ()) -> None:
        later = range(len(same) + 1, LENGTH + 1)
        self.bodies = (*same, *(_event(n, f"{told} {n}") for n in later))
        self.links = [START.head]
        for body in self.bodies:
            self.links.append(j.next_link(self.links[-1], body))
        self.heads = [self._head(n) for n in range(LENGTH + 1)]

    def batch(self, first: int, last: int) -> j.Batch:
        """Return events ``first`` to ``last`` under the head after ``last``."""
        raw = tuple(msgspec.Raw(body) for body in self.bodies[first - 1 : last])
        return j.Batch(
            session=GRANT.session, epoch=1, first=first, events=raw, head=self.heads[last]
        )

    def _head(self, n: int) -> Envelope:
        head = j.Head(session=GRANT.session, epoch=1, n=n, head=self.links[n])
        return j.sign_head(head, SESSION_KEY)


def _event(n: int, text: str) -> bytes:
    return j.encode_event(j.Answered(n=n, hall=n, mono=n, item="q1", response=Written(text=text)))


class Journal:
    """What the box stores, and what it said to each batch."""

    def __init__(self) -> None:
        self.position = START
        self.bodies: list[bytes] = []
        self.refusals: list[ProtocolError] = []

    def take(self, batch: j.Batch) -> None:
        """Store what a batch adds, or note why it was refused."""
        try:
            extension = j.check_batch(batch, GRANT, self.position)
        except ProtocolError as error:
            self.refusals.append(error)
            return
        self.bodies += [body for _, body in extension.events]
        self.position = extension.position

    def check_whole(self) -> None:
        """What is stored is what is acknowledged, event for event."""
        head = j.chain(START.head, self.bodies)
        assert self.position == Position(epoch=1, n=len(self.bodies), head=head)


TRUE = History("true")
FORKED = [History(f"forked at {n}", TRUE.bodies[: n - 1]) for n in range(1, LENGTH + 1)]

ranges = st.tuples(st.integers(1, LENGTH), st.integers(0, LENGTH)).filter(
    lambda pair: pair[0] <= pair[1] + 1
)


@given(st.lists(ranges, max_size=12))
def test_any_order_and_repetition_leads_to_the_same_journal(pairs: list[tuple[int, int]]) -> None:
    """Batches late, twice or too early never spoil the journal: sent again in turn, it is whole."""
    journal = Journal()
    for first, last in pairs:
        journal.take(TRUE.batch(first, last))
        journal.check_whole()
        assert tuple(journal.bodies) == TRUE.bodies[: len(journal.bodies)]
    assert all(type(error) is BrokenChainError for error in journal.refusals)
    journal.take(TRUE.batch(journal.position.n + 1, LENGTH))
    assert tuple(journal.bodies) == TRUE.bodies


@given(st.lists(st.tuples(st.integers(0, LENGTH), ranges), max_size=12))
def test_of_two_histories_one_is_held(sent: list[tuple[int, tuple[int, int]]]) -> None:
    """A seat that signs two histories gets one of them acknowledged, never a mixture."""
    histories = [TRUE, *FORKED]
    journal = Journal()
    for which, (first, last) in sent:
        journal.take(histories[which].batch(first, last))
        journal.check_whole()
    held = tuple(journal.bodies)
    assert any(held == history.bodies[: len(held)] for history in histories)


@given(st.integers(1, LENGTH), st.integers(1, LENGTH), st.integers(1, LENGTH))
def test_a_fork_after_acknowledgement_is_called_one(fork: int, known: int, last: int) -> None:
    """Going on from another event than the acknowledged one is a fork, whoever signed it."""
    if not fork <= known < last:
        return
    journal = Journal()
    journal.take(TRUE.batch(1, known))
    journal.take(FORKED[fork - 1].batch(known + 1, last))
    assert [type(error) for error in journal.refusals] == [ForkError]
    assert journal.position.n == known


@given(ranges, st.integers(0, LENGTH), st.data())
def test_tampered_events_are_never_stored(
    pair: tuple[int, int], known: int, data: st.DataObject
) -> None:
    """Events cut, doubled, exchanged or altered under a good head add nothing false."""
    journal = Journal()
    journal.take(TRUE.batch(1, known))
    batch = TRUE.batch(*pair)
    other = data.draw(st.sampled_from(FORKED)).bodies
    pool = st.sampled_from([msgspec.Raw(body) for body in (*TRUE.bodies, *other)])
    events = tuple(data.draw(st.lists(pool, max_size=LENGTH)))
    journal.take(msgspec.structs.replace(batch, events=events))
    journal.check_whole()
    assert tuple(journal.bodies) == TRUE.bodies[: len(journal.bodies)]
