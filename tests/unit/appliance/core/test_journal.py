"""Batches at the box: what is acknowledged, what is refused and how, and what is never lost."""

import asyncio

import msgspec
import pytest
from msgspec.structs import replace

from exam.paper import Chosen
from exam.session import State
from protocol import decisions as d
from protocol import journal as j
from protocol.grant import Position
from protocol.journal import Batch, encode_event, open_acknowledgement
from protocol.keys import SigningKey
from protocol.log_entries import StrayKept, decode_entry
from protocol.seat_api import Acknowledged, BatchRefusal, BatchRefused, BatchReply
from tests.core_hall import MINUTE, START, CoreHall
from tests.key_seat import KeySeat


@pytest.fixture
async def seat(hall: CoreHall) -> KeySeat:
    """A candidate over the open paper, everything acknowledged."""
    return await hall.answering(0)


def acknowledged(hall: CoreHall, reply: BatchReply) -> Position:
    """Return the position that the reply acknowledges, signed by the box."""
    assert isinstance(reply, Acknowledged), reply
    word = open_acknowledgement(reply.acknowledgement, hall.core.box.key.public)
    return Position(epoch=word.epoch, n=word.n, head=word.head)


def refused(reply: BatchReply, code: BatchRefusal) -> BatchRefused:
    """Return the refusal, whose code it must be."""
    assert isinstance(reply, BatchRefused), reply
    assert reply.code is code, reply.text
    return reply


def kept(hall: CoreHall, seat: KeySeat) -> list[bytes]:
    """Return the events of this epoch on the box's disk."""
    query = "SELECT body FROM events WHERE session = ? AND epoch = ? ORDER BY n"
    return [bytes(row[0]) for row in hall.rows(query, seat.grant.session, seat.grant.epoch)]


async def test_a_batch_is_on_the_disk_when_it_is_acknowledged(
    hall: CoreHall, seat: KeySeat
) -> None:
    """The acknowledgement names the head over just the bytes that the disk has."""
    seat.answer("q-01", "a")
    seat.answer("q-01", "b")
    assert acknowledged(hall, await hall.accept(seat)) == seat.position()
    assert kept(hall, seat) == seat.bodies
    assert hall.seating(0).answered == {"q-01"}


async def test_an_answer_taken_back_counts_no_more(hall: CoreHall, seat: KeySeat) -> None:
    """An empty response leaves the item unanswered in the status."""
    seat.answer("q-01", "a")
    seat.answer("q-01")
    await hall.deliver(seat)
    assert hall.seating(0).answered == set()


async def test_the_same_batch_again_is_acknowledged_and_adds_nothing(
    hall: CoreHall, seat: KeySeat
) -> None:
    """A reply that was lost is asked for again: same position, no event twice."""
    seat.answer("q-01", "a")
    batch = seat.batch()
    replies = [await hall.accept(seat, batch) for _ in range(3)]
    assert {acknowledged(hall, reply) for reply in replies} == {seat.position()}
    assert kept(hall, seat) == seat.bodies


async def test_an_older_batch_is_answered_with_where_the_box_stands(
    hall: CoreHall, seat: KeySeat
) -> None:
    """A batch that was overtaken is no error: the later position is told."""
    seat.answer("q-01", "a")
    older = seat.batch()
    seat.answer("q-01", "b")
    await hall.accept(seat, seat.batch(first=older.first))
    assert acknowledged(hall, await hall.accept(seat, older)) == seat.position()


async def test_a_batch_that_overlaps_adds_what_is_new(hall: CoreHall, seat: KeySeat) -> None:
    """Events that are there are passed over, those behind them are kept once."""
    seat.answer("q-01", "a")
    await hall.deliver(seat)
    seat.answer("q-02", "b")
    assert acknowledged(hall, await hall.accept(seat, seat.batch(first=1))) == seat.position()
    assert kept(hall, seat) == seat.bodies


async def test_two_batches_at_once_are_both_kept_in_turn(hall: CoreHall, seat: KeySeat) -> None:
    """However they meet, no event is missing and none twice."""
    seat.answer("q-01", "a")
    one = seat.batch()
    seat.answer("q-02", "b")
    two = seat.batch(first=one.first)
    first, second = await asyncio.gather(hall.accept(seat, one), hall.accept(seat, two))
    assert acknowledged(hall, first).n + 1 == acknowledged(hall, second).n
    assert kept(hall, seat) == seat.bodies


# --- what is refused -----------------------------------------------------------------------------


async def test_a_gap_is_told_from_where_to_send(hall: CoreHall, seat: KeySeat) -> None:
    """Events beyond the next are refused with the acknowledged position; then all comes in."""
    before = seat.position()
    seat.answer("q-01", "a")
    seat.answer("q-02", "b")
    reply = await hall.accept(seat, seat.batch(first=before.n + 2))
    said = refused(reply, BatchRefusal.GAP)
    assert said.acknowledged == before
    assert f"events from {before.n + 1} on" in said.text
    assert "send again" in said.text
    await hall.accept(seat, seat.batch(first=before.n + 1))
    assert kept(hall, seat) == seat.bodies


def reordered(seat: KeySeat) -> Batch:
    first = len(seat.bodies) - 1
    return seat.batch(first=first, events=[seat.bodies[-1], seat.bodies[-2]])


def doubled(seat: KeySeat) -> Batch:
    first = len(seat.bodies) - 1
    return seat.batch(first=first, events=[seat.bodies[-2], seat.bodies[-2]])


def cut(seat: KeySeat) -> Batch:
    first = len(seat.bodies) - 1
    return seat.batch(first=first, events=[seat.bodies[-2]])


def altered(seat: KeySeat) -> Batch:
    """One option is another; number and times are the same."""
    other = seat.bodies[-1].replace(b'"b"', b'"c"')
    return seat.batch(events=[seat.bodies[-2], other])


def spelled_otherwise(seat: KeySeat) -> Batch:
    """The same value in another spelling of JSON."""
    return seat.batch(events=[seat.bodies[-2], seat.bodies[-1].replace(b",", b", ", 1)])


def no_event(seat: KeySeat) -> Batch:
    return seat.batch(events=[seat.bodies[-2], b'{"kind":"coffee"}'])


def too_many(seat: KeySeat) -> Batch:
    return seat.batch(events=[seat.bodies[-2]] * (j.MAX_BATCH + 1))


def by_another_key(seat: KeySeat) -> Batch:
    return seat.batch(key=SigningKey.generate())


HARMED = {
    "reordered": (reordered, BatchRefusal.GAP, "in turn"),
    "an event twice": (doubled, BatchRefusal.GAP, "in turn"),
    "the last event missing": (cut, BatchRefusal.GAP, "in turn"),
    "one option altered": (altered, BatchRefusal.FORK, "the seat signed"),
    "another spelling": (spelled_otherwise, BatchRefusal.MALFORMED, "one encoding"),
    "no event": (no_event, BatchRefusal.MALFORMED, "coffee"),
    "too many": (too_many, BatchRefusal.MALFORMED, f"at most {j.MAX_BATCH} events"),
    "signed by another key": (by_another_key, BatchRefusal.UNTRUSTED, "sign"),
}


@pytest.mark.parametrize("how", HARMED)
async def test_a_harmed_batch_is_refused_and_the_good_one_taken(
    hall: CoreHall, seat: KeySeat, how: str
) -> None:
    """Nothing of a harmed batch is kept, it says what was wrong, and the right one still comes."""
    before, bodies = seat.position(), list(seat.bodies)
    seat.answer("q-01", "a")
    seat.answer("q-02", "b")
    make, code, words = HARMED[how]
    said = refused(await hall.accept(seat, make(seat)), code)
    assert words in said.text, said.text
    assert kept(hall, seat) == bodies
    assert hall.seating(0).position == before
    good = seat.batch(first=before.n + 1)
    assert acknowledged(hall, await hall.accept(seat, good)) == seat.position()


async def test_another_history_after_the_acknowledged_one_is_a_fork(
    hall: CoreHall, seat: KeySeat
) -> None:
    """Whoever rewrites an acknowledged event, shorter, as long or longer, is found out."""
    start = len(seat.bodies)
    seat.answer("q-01", "a")
    seat.answer("q-02", "a")
    await hall.deliver(seat)
    truth = list(seat.bodies)
    for longer in range(3):
        del seat.bodies[start:]
        seat.sent = start
        for item in range(1 + longer):
            seat.answer(f"q-0{item + 1}", "z")
        said = await hall.accept(seat, seat.batch(first=start + 1))
        if longer == 0:  # an older number is passed over, and the box's own head comes back
            assert acknowledged(hall, said).n == len(truth)
        else:
            refused(said, BatchRefusal.FORK)
        assert kept(hall, seat) == truth


async def test_another_seats_certificate_is_not_believed(hall: CoreHall, seat: KeySeat) -> None:
    """A batch is taken from the machine that the grant names; no position is told to another."""
    seat.answer("q-01", "a")
    reply = await hall.core.journal.accept(seat.batch(), "0" * 64)
    said = refused(reply, BatchRefusal.UNTRUSTED)
    assert said.acknowledged is None
    assert "another certificate" in said.text


async def test_a_session_that_nobody_has(hall: CoreHall, seat: KeySeat) -> None:
    """An unknown session is named as such."""
    seat.answer("q-01", "a")
    other = replace(seat.batch(), session="f" * 32)
    refused(await hall.core.journal.accept(other, seat.certificate), BatchRefusal.NO_SESSION)


async def test_an_epoch_that_was_never_granted(hall: CoreHall, seat: KeySeat) -> None:
    """Epochs above the granted one are no gap that could ever be closed by waiting."""
    seat.answer("q-01", "a")
    reply = await hall.accept(seat, replace(seat.batch(), epoch=7))
    assert isinstance(reply, BatchRefused)
    assert "epoch" in reply.text


# --- strays --------------------------------------------------------------------------------------


async def test_the_tail_of_an_old_epoch_is_kept_and_never_merged(
    hall: CoreHall, seat: KeySeat
) -> None:
    """What the dead seat still held is on record, before a person, and in no one's answers."""
    seat.answer("q-01", "a")
    new = await hall.log_in(0)
    said = refused(await hall.accept(seat), BatchRefusal.OLD_EPOCH)
    assert said.acknowledged == seat.position()
    assert "kept" in said.text
    assert hall.seating(0).stray_since == hall.now()
    assert hall.seating(0).position == new.position(0)
    assert hall.seating(0).answered == set()
    (batch,) = hall.row("SELECT batch FROM strays")
    assert bytes(msgspec.json.decode(batch, type=Batch).events[-1]) == seat.bodies[-1]
    (leaf,) = hall.row("SELECT body FROM leaves ORDER BY i DESC")
    stray = decode_entry(leaf)
    assert isinstance(stray, StrayKept)
    assert (stray.epoch, stray.head) == (1, seat.position().head)


async def test_a_stray_that_comes_again_is_kept_once(hall: CoreHall, seat: KeySeat) -> None:
    """The same tail twice is one row and one leaf; a longer one is another."""
    seat.answer("q-01", "a")
    await hall.log_in(0)
    batch = seat.batch()
    for _ in range(2):
        refused(await hall.accept(seat, batch), BatchRefusal.OLD_EPOCH)
    assert len(hall.rows("SELECT * FROM strays")) == 1
    seat.answer("q-02", "b")
    refused(await hall.accept(seat, seat.batch(first=batch.first)), BatchRefusal.OLD_EPOCH)
    assert len(hall.rows("SELECT * FROM strays")) == 2


async def test_a_tail_of_more_than_one_batch_is_kept_whole(hall: CoreHall, seat: KeySeat) -> None:
    """Each batch goes on where the last one ended, and a gap is told by the old epoch's place."""
    for item in ("q-01", "q-02", "q-03"):
        seat.answer(item, "a")
    await hall.log_in(0)
    last = len(seat.bodies)
    refused(await hall.accept(seat, seat.batch(first=1, last=last - 2)), BatchRefusal.OLD_EPOCH)
    gap = refused(await hall.accept(seat, seat.batch(first=last, last=last)), BatchRefusal.GAP)
    assert gap.acknowledged == seat.position(last - 2)
    rest = refused(
        await hall.accept(seat, seat.batch(first=last - 1, last=last)), BatchRefusal.OLD_EPOCH
    )
    assert rest.acknowledged == seat.position(last)
    kept = [
        msgspec.json.decode(row[0], type=Batch) for row in hall.rows("SELECT batch FROM strays")
    ]
    assert max((one.first, len(one.events)) for one in kept) == (last - 1, 2)


async def test_a_stray_with_nothing_new_is_no_matter_for_a_person(
    hall: CoreHall, seat: KeySeat
) -> None:
    """An old seat whose every event was acknowledged is told to stop, and nobody is called."""
    await hall.log_in(0)
    refused(await hall.accept(seat, seat.batch(first=1)), BatchRefusal.OLD_EPOCH)
    assert hall.seating(0).stray_since == 0
    assert hall.rows("SELECT * FROM strays") == []


async def test_a_forged_stray_is_refused(hall: CoreHall, seat: KeySeat) -> None:
    """A tail by another key, or from another machine, is not kept."""
    seat.answer("q-01", "a")
    await hall.log_in(0)
    reply = await hall.accept(seat, seat.batch(key=SigningKey.generate()))
    refused(reply, BatchRefusal.UNTRUSTED)
    reply = await hall.core.journal.accept(seat.batch(first=1), "0" * 64)
    refused(reply, BatchRefusal.UNTRUSTED)
    assert hall.rows("SELECT * FROM strays") == []


# --- what events do ------------------------------------------------------------------------------


async def test_what_is_written_after_the_end_is_kept_and_not_followed(
    hall: CoreHall, seat: KeySeat
) -> None:
    """Whoever was collected while cut off: every event is on record, the end stays the end."""
    seat.answer("q-01", "a")
    await hall.decide(d.Collected(reason="fire"), 0)
    seat.hand_in(provisional=True)
    assert acknowledged(hall, await hall.accept(seat)) == seat.position()
    assert hall.seating(0).session.state is State.COLLECTED
    assert kept(hall, seat) == seat.bodies


async def test_a_whole_course_in_one_batch(hall: CoreHall) -> None:
    """A seat that was cut off from the waiting room on delivers all at once."""
    seat = await hall.waiting(0)
    hall.begin()
    seat.enter(hall=START)
    seat.answer("q-01", "a")
    seat.hand_in(provisional=True)
    hall.until(START + MINUTE)
    await hall.deliver(seat)
    session = hall.seating(0).session
    assert (session.state, session.entered_at) == (State.HANDED_IN, START)


END = START + 120 * MINUTE


@pytest.mark.parametrize(
    ("automatic", "given_ms", "state"),
    [
        (False, 0, State.HANDED_IN),
        (False, 5 * MINUTE, State.HANDED_IN),
        (True, 0, State.HANDED_IN),
        (True, 5 * MINUTE, State.HANDED_IN_PROVISIONALLY),
        (True, 1_500, State.HANDED_IN),
    ],
)
@pytest.mark.parametrize("provisional", [True, False])
async def test_a_hand_in_is_final_where_nothing_was_missed(
    hall: CoreHall, seat: KeySeat, *, automatic: bool, given_ms: int, state: State, provisional
) -> None:
    """By the candidate's wish, or at an end that the box reckons too; else a person may reopen.

    Whether the seat knew that it was cut off makes no difference.
    """
    await hall.decide(d.TimeGiven(ms=given_ms, reason="noise"), 0)
    seat.hand_in(automatic=automatic, provisional=provisional, hall=END)
    hall.until(END + MINUTE)
    await hall.deliver(seat)
    assert hall.seating(0).session.state is state


async def test_the_end_is_reckoned_from_the_entry_in_the_same_batch(hall: CoreHall) -> None:
    """Who entered after a pause was given nothing by it, also where both come with the hand-in."""
    seat = await hall.waiting(0)
    await hall.decide(d.Paused(reason="power"))
    hall.begin()
    hall.until(START + 5 * MINUTE)
    await hall.decide(d.Resumed(reason="power is back"))
    seat.enter(hall=START + 5 * MINUTE)
    seat.hand_in(automatic=True, provisional=True, hall=END)
    hall.until(END)
    await hall.deliver(seat)
    assert hall.seating(0).session.state is State.HANDED_IN


async def test_a_pause_that_a_cut_off_seat_missed_makes_its_hand_in_provisional(
    hall: CoreHall, seat: KeySeat
) -> None:
    """The hall stood still, the seat's own end came all the same: a person may reopen."""
    hall.until(END - 10 * MINUTE)
    await hall.decide(d.Paused(reason="power"))
    seat.hand_in(automatic=True, provisional=True, hall=END)
    hall.until(END)
    await hall.deliver(seat)
    assert hall.seating(0).session.state is State.HANDED_IN_PROVISIONALLY


async def test_a_raised_hand_is_seen_until_the_hand_in(hall: CoreHall, seat: KeySeat) -> None:
    """The text and the time of a raised hand stand in the hall."""
    seat.write(j.HandRaised, text="画面不清")
    await hall.deliver(seat)
    assert hall.seating(0).hand_text == "画面不清"
    seat.hand_in()
    await hall.deliver(seat)
    assert hall.seating(0).hand_text is None


async def test_an_answer_of_the_largest_size(hall: CoreHall, seat: KeySeat) -> None:
    """A text of the most bytes that an event may have is taken; one byte more never leaves."""
    room = j.MAX_EVENT - len(encode_event(_text(seat, "")))
    event = _text(seat, "x" * room)
    seat.bodies.append(encode_event(event))
    assert acknowledged(hall, await hall.accept(seat)) == seat.position()
    with pytest.raises(j.MalformedError, match="at most"):
        encode_event(_text(seat, "x" * (room + 1)))


def _text(seat: KeySeat, text: str) -> j.Answered:
    n = len(seat.bodies) + 1
    written = j.Answered(n=n, hall=START, mono=1, item="e01", response=Chosen(options=()))
    return replace(written, response=msgspec.convert({"type": "written", "text": text}, j.Response))


async def test_listeners_hear_of_what_is_durable(hall: CoreHall, seat: KeySeat) -> None:
    """Whoever listens finds the events on the disk already, and once."""
    heard: list[int] = []

    def listen(_seating: object, events: tuple[j.Event, ...]) -> None:
        heard.extend(event.n for event in events)
        assert kept(hall, seat)[-1] == encode_event(events[-1])

    hall.core.journal.listen(listen)
    seat.answer("q-01", "a")
    batch = seat.batch()
    await hall.accept(seat, batch)
    await hall.accept(seat, batch)
    assert heard == [len(seat.bodies)]
