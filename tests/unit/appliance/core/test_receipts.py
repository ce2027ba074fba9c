"""The candidate's receipt: what it says is what the box holds, and anybody can check it."""

from pathlib import Path

from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from protocol.journal import HandedIn
from protocol.log_entries import HeadKept, ReceiptGiven, decode_entry
from protocol.receipt import Receipt, open_receipt
from runtime.errors import DatabaseError, DiskError
from runtime.faults import FaultyDisk
from tests.core_hall import MINUTE, CoreHall, core_hall
from tests.key_seat import KeySeat

ITEMS = [f"q-{number:02}" for number in range(1, 4)]


async def handed_in(hall: CoreHall, person: int = 0) -> tuple[KeySeat, HandedIn]:
    """Let a person answer two items of the paper and hand in."""
    seat = await hall.answering(person)
    items = outline(hall)
    seat.answer(items[0], "a")
    seat.answer(items[1], "b")
    seat.answer("no-such-item", "b")
    hall.until(hall.now() + 40 * MINUTE)
    event = seat.hand_in(hall=hall.now())
    await hall.deliver(seat)
    return seat, event


def outline(hall: CoreHall) -> list[str]:
    """Return the paper's items."""
    paper = hall.hall.paper(SUBJECT)
    assert paper is not None
    return [item.item for item in paper.outline]


async def given(hall: CoreHall, seat: KeySeat, event: HandedIn) -> Receipt:
    """Return the receipt, checked by the keys of box and log."""
    envelope = await hall.core.receipts.give(hall.seating(0), event)
    assert envelope is not None
    log_key = hall.office.boxes[0].log_signing_key().public
    assert seat.position() == hall.seating(0).position
    return open_receipt(envelope, hall.core.box.key.public, log_key)


async def test_the_receipt_names_the_last_head_and_counts_by_the_journal(hall: CoreHall) -> None:
    """Position and candidate are the record's; only items of the paper count as answered."""
    seat, event = await handed_in(hall)
    receipt = await given(hall, seat, event)
    entry, items = receipt.entry, outline(hall)
    assert (entry.n, entry.head) == (seat.position().n, seat.position().head)
    assert entry.candidate == hall.seating(0).candidate.id
    assert (receipt.answered, receipt.unanswered) == (2, len(items) - 2)
    assert receipt.marked <= len(items)


async def test_what_the_receipt_proves_is_in_the_log(hall: CoreHall) -> None:
    """Its leaf, and before it the head, stand where the proof says."""
    seat, event = await handed_in(hall)
    receipt = await given(hall, seat, event)
    rows = hall.rows("SELECT body FROM leaves ORDER BY i")
    entries = [decode_entry(bytes(body)) for (body,) in rows]
    assert entries[receipt.leaf_index] == receipt.entry
    head = entries[receipt.leaf_index - 1]
    assert isinstance(head, HeadKept)
    assert (head.n, head.head) == (receipt.entry.n, receipt.entry.head)
    assert sum(isinstance(entry, ReceiptGiven) for entry in entries) == 1


async def test_a_receipt_is_kept_and_found_after_a_restart(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The same bytes are given again; the journal counts as logged."""
    async with core_hall(tmp_path, office) as hall:
        _, event = await handed_in(hall)
        envelope = await hall.core.receipts.give(hall.seating(0), event)
        session = hall.seating(0).id
        assert session is not None
    async with core_hall(tmp_path, office) as again:
        assert await again.core.receipts.of(session) == envelope
        await again.rounds.log_heads_once()
        assert again.seating(0).logged == again.seating(0).position.n  # type: ignore[union-attr]


async def test_nobody_gets_a_receipt_that_is_not_on_the_disk(
    office: SampleOffice, tmp_path: Path
) -> None:
    """With the disk failing at each step in turn, either nothing is given or it is kept."""
    with FaultyDisk().installed() as disk:
        for point in range(4):
            async with core_hall(tmp_path / str(point), office) as hall:
                _, event = await handed_in(hall)
                session = hall.seating(0).id or ""
                disk.full(after=point)
                try:
                    envelope = await hall.core.receipts.give(hall.seating(0), event)
                except (DiskError, DatabaseError):
                    envelope = None
                disk.room()
                if envelope is not None:
                    assert await hall.core.receipts.of(session) == envelope
                again = await hall.core.receipts.give(hall.seating(0), event)
                assert again is not None


async def test_who_never_logged_in_gets_none(hall: CoreHall) -> None:
    """There is no journal that a receipt could be for."""
    seat, event = await handed_in(hall)
    assert seat.sent
    assert await hall.core.receipts.give(hall.seating(1), event) is None
