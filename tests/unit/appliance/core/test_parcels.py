"""Parcels of core's record: what a round takes, in which order, and what a crash may cost."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.core import parcels
from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from protocol import staff_api as api
from protocol.parcel import (
    ClosingRecord,
    JournalRecord,
    Lane,
    LaneEndRecord,
    ParcelContents,
    ReceiptRecord,
    open_contents,
    open_header,
    read_header_line,
)
from tests.core_hall import MINUTE, CoreHall, core_hall


def opened(hall: CoreHall, lane: Lane) -> list[ParcelContents]:
    """Return the contents of a lane's parcels in their order, as the office opens them."""
    found = []
    for path in sorted(hall.core.parcels._outbox.lane(lane).iterdir()):
        envelope, rest = read_header_line(path.read_bytes())
        header = open_header(envelope, hall.core.box.key.public)
        sealed = path.read_bytes()[rest:]
        contents, _ = open_contents(header, sealed, hall.office.server.opening_sealing_identity())
        found.append(contents)
    return found


async def closed(hall: CoreHall) -> None:
    """Let one hand in, the others be absent, and the subject be closed."""
    seat = await hall.answering(0)
    seat.answer("q-01", "a")
    hall.until(hall.now() + 40 * MINUTE)
    event = seat.hand_in(hall=hall.now())
    await hall.deliver(seat)
    await hall.core.receipts.give(hall.seating(0), event)
    await hall.rounds.look_at_the_doors()
    assert isinstance(await hall.act(api.CloseSubject(subject=SUBJECT)), api.ActDone)


async def test_receipts_and_the_closing_come_after_every_journal_before_them(
    hall: CoreHall,
) -> None:
    """The office never sees a closing whose events lie in a later parcel."""
    await closed(hall)
    kinds = [type(record) for contents in opened(hall, Lane.ANSWERS) for record in contents.records]
    last_journal = max(i for i, kind in enumerate(kinds) if kind is JournalRecord)
    assert kinds.index(ReceiptRecord) > last_journal
    assert kinds.index(ClosingRecord) > last_journal


async def test_every_lane_ends_once_after_the_closing(hall: CoreHall) -> None:
    """Nothing more of the subject follows in a lane that has ended."""
    await closed(hall)
    await hall.rounds.make_parcels_once()
    for lane in (Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS):
        records = [record for contents in opened(hall, lane) for record in contents.records]
        assert [type(r) is LaneEndRecord for r in records].count(True) == 1
        assert isinstance(records[-1], LaneEndRecord)


async def test_each_event_is_in_one_parcel_and_none_is_missing(hall: CoreHall) -> None:
    """Over many rounds the journal's events count on without a hole or a repetition."""
    seat = await hall.answering(0)
    for number in range(5):
        seat.answer(f"q-{number:02}", "a")
        await hall.deliver(seat)
        await hall.rounds.make_parcels_once()
    journals = [
        record
        for contents in opened(hall, Lane.ANSWERS)
        for record in contents.records
        if isinstance(record, JournalRecord)
    ]
    events = [bytes(event) for record in journals for event in record.events]
    assert events == seat.bodies
    firsts = [record.first for record in journals]
    assert firsts == sorted(set(firsts))


@pytest.mark.parametrize("most", [1, 700, 1_000_000])
async def test_a_parcel_holds_the_events_that_it_can_afford(
    hall: CoreHall, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """A round cuts as many parcels as the bound asks for; every head's events are in one."""
    monkeypatch.setattr(parcels, "MOST_BYTES", most)
    seats = [await hall.answering(person) for person in (0, 1)]
    await hall.rounds.make_parcels_once()
    before = len(opened(hall, Lane.ANSWERS))
    sizes = []
    for number in range(4):
        for seat in seats:
            written = len(seat.bodies)
            seat.answer(f"q-{number:02}", "a")
            await hall.deliver(seat)
            sizes.append(sum(map(len, seat.bodies[written:])))
    await hall.rounds.make_parcels_once()
    cut = opened(hall, Lane.ANSWERS)[before:]
    held = [
        sum(len(bytes(event)) for record in contents.records for event in record.events)
        for contents in cut
        if all(isinstance(record, JournalRecord) for record in contents.records)
    ]
    assert sum(held) == sum(sizes)
    assert len(held) == {1: len(sizes), 1_000_000: 1}.get(most, len(held))
    assert all(size <= max(most, *sizes) for size in held)
    assert all(size + following > most for size, following in pairwise(held))


async def test_a_parcel_on_record_is_published_after_a_crash_and_one_that_is_not_is_gone(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Between commit and rename nothing is lost; before the commit nothing is left."""
    async with core_hall(tmp_path, office) as hall:
        await hall.waiting(0)
        await hall.rounds.make_parcels_once()
        outbox = hall.core.parcels._outbox
        (first, *_) = sorted(outbox.lane(Lane.ANSWERS).iterdir())
        data, staging = first.read_bytes(), outbox.folder / "staging" / Lane.ANSWERS.value
        first.rename(staging / first.name)
        (staging / first.name.replace("00000001", "00000009")).write_bytes(b"not on record")
    async with core_hall(tmp_path, office) as again:
        folder = again.core.parcels._outbox.lane(Lane.ANSWERS)
        assert (folder / first.name).read_bytes() == data
        assert list(staging.iterdir()) == []


async def test_cursors_stand_in_the_row_of_the_last_parcel(hall: CoreHall) -> None:
    """What was sent is known by one row a lane, beside the parcel's digest."""
    await hall.waiting(0)
    await hall.rounds.make_parcels_once()
    rows = hall.rows("SELECT lane, n, cursors, stage FROM parcels ORDER BY lane")
    assert {(lane, n, stage) for lane, n, _, stage in rows} == {
        (lane.value, 1, "sealed") for lane in (Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS)
    }
    cursors = {lane: json.loads(text) for lane, _, text, _ in rows}
    (decisions,) = hall.row("SELECT max(n) FROM decisions")
    assert cursors[Lane.INCIDENTS.value]["decisions"] == decisions
