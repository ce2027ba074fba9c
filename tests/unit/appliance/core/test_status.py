"""The hall's status: what the console shows is what the record and the seats say."""

from pathlib import Path
from typing import Any

from appliance.core.status import LOST_AFTER_MS, Sighting
from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from exam.session import State
from protocol import decisions as d
from protocol import staff_api as api
from protocol.journal import HandRaised
from protocol.parcel import Lane
from protocol.seat_api import Beat
from protocol.staff_api import SeatStatus, TaskKind
from tests import sample_halls as halls
from tests.core_hall import MINUTE, PERSONS, START, CoreHall, HeardLink, core_hall

PAPER = "ab" * 32


def beat(**fields: Any) -> Beat:
    """Return what a seat says every two seconds."""
    said = {
        "sent": 1, "hall": 1, "screen": "waiting", "paper": PAPER, "spooled": 0, "disk_free": 1,
        "cameras": 1, "hand_raised": False, "log_size": 0, "cosignature": "",
    }  # fmt: skip
    return Beat(**{**said, **fields})


def heard(hall: CoreHall, link: HeardLink, **fields: Any) -> None:
    """Let a link's seat have said something just now."""
    link.beat, link.last_beat = beat(**fields), hall.now()


def seat_of(hall: CoreHall, person: int) -> SeatStatus:
    """Return a person's seat as it is shown."""
    wanted = hall.seating(person).seat
    return next(seat for seat in hall.status().seats if seat.seat == wanted)


def kinds(hall: CoreHall) -> list[TaskKind]:
    """Return what needs a person, but for the clock that nobody has confirmed here."""
    return [task.kind for task in hall.status().tasks if task.kind is not TaskKind.CLOCK]


async def test_found_reachable_paired_and_ready_are_four_things(hall: CoreHall) -> None:
    """Each is reached by itself, and a seat is ready only with all of them."""
    seat = hall.seating(0).seat

    def four() -> tuple[bool, bool, bool, bool]:
        shown = seat_of(hall, 0)
        return shown.found, shown.reachable, shown.paired, shown.ready

    assert four() == (False, False, False, False)
    sightings = hall.core.surroundings.sightings
    sightings[seat] = Sighting(reachable=False, address="192.0.2.7")
    assert four() == (True, False, False, False)
    sightings[seat] = Sighting(reachable=True, address="192.0.2.7")
    assert four() == (True, True, False, False)
    link = hall.link(0)
    heard(hall, link)
    assert four() == (True, True, False, False)
    hall.core.seats.paired = lambda: frozenset({seat})  # type: ignore[method-assign]
    assert four() == (True, True, True, True)
    heard(hall, link, paper=None)
    assert four() == (True, True, True, False)


async def test_a_seat_that_falls_silent_is_lost_and_needs_a_person(hall: CoreHall) -> None:
    """After eight seconds without a beat; heard again the task is gone."""
    await hall.waiting(0)
    link = hall.link(0)
    heard(hall, link)
    hall.steady.advance(LOST_AFTER_MS)
    assert kinds(hall) == []
    hall.steady.advance(1)
    assert kinds(hall) == [TaskKind.LOST]
    assert not seat_of(hall, 0).linked
    heard(hall, link)
    assert kinds(hall) == []


async def test_what_is_most_urgent_stands_first(hall: CoreHall) -> None:
    """Disk, lost seats, hands, identities: in this order, the longest waiting first."""
    seats = [await hall.waiting(person) for person in range(3)]
    for person in (1, 2):
        heard(hall, hall.link(person))
    for seat, hall_ms in ((seats[2], 1_000), (seats[1], 2_000)):
        seat.write(HandRaised, text="water", hall=hall.now() + hall_ms)
        await hall.deliver(seat)
    hall.core.surroundings.recordings_full_since = 1
    hall.core.identity_check.needs_a_person(hall.seating(1), "unsure_face")
    tasks = [task for task in hall.status().tasks if task.kind is not TaskKind.CLOCK]
    assert [task.kind for task in tasks] == [
        TaskKind.DISK, TaskKind.LOST, TaskKind.HAND, TaskKind.HAND, TaskKind.IDENTITY,
    ]  # fmt: skip
    assert [t.seat for t in tasks[2:4]] == [hall.seating(2).seat, hall.seating(1).seat]


async def test_an_occupant_is_shown_as_the_journal_and_the_decisions_have_it(
    hall: CoreHall,
) -> None:
    """Answers, events, time given, leaves and own end come from the record alone."""
    seat = await hall.answering(0)
    seat.answer("q-01", "a")
    await hall.deliver(seat)
    await hall.decide(d.TimeGiven(ms=5 * MINUTE, reason="line"), 0)
    who = seat_of(hall, 0).occupant
    assert who is not None
    assert (who.state, who.answered, who.acknowledged) == (State.ANSWERING, 1, seat.position().n)
    assert who.given_ms == 5 * MINUTE
    subject = hall.hall.subject(SUBJECT)
    entered = hall.seating(0).session.entered_at or 0
    assert who.own_end == min(entered + subject.duration_s * 1000, subject.closes) + 5 * MINUTE
    assert not who.office_verified
    hall.seating(0).office = seat.position().n
    shown = seat_of(hall, 0).occupant
    assert shown is not None
    assert shown.office_verified


async def test_everybody_stands_somewhere(hall: CoreHall) -> None:
    """The counts by state are of all candidates, at a seat or not."""
    await hall.answering(0)
    await hall.log_in(1)
    standing = hall.status().standing
    assert standing == {State.ANSWERING: 1, State.SEATED: 1, State.EXPECTED: len(PERSONS) - 2}


async def test_the_status_of_a_hall_is_the_same_after_a_restart(
    office: SampleOffice, tmp_path: Path
) -> None:
    """What is shown of subject, people and wrong codes is read back from the record."""
    async with core_hall(tmp_path, office) as hall:
        seat = await hall.answering(0)
        seat.answer("q-01", "a")
        await hall.deliver(seat)
        await hall.act(api.Pause(candidate=hall.seating(0).candidate.id, reason="noise"))
        await hall.database.write(
            lambda c: c.execute("INSERT INTO facts VALUES (?, ?)", (f"released:{SUBJECT}", "1"))
        )
        before = hall.status()
    assert before.hall_time == START
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        after = again.status()
        assert (after.standing, after.wrong_codes) == (before.standing, before.wrong_codes)
        shown = {s.seat: s.occupant for s in after.seats if s.occupant is not None}
        was = {s.seat: s.occupant for s in before.seats if s.occupant is not None}
        assert shown == was


async def test_parcels_sealed_after_a_lane_has_ended_wait_too(hall: CoreHall) -> None:
    """All is verified when the last parcel of every lane is, and never while nobody knows."""
    around = hall.core.surroundings
    assert not around.nothing_waits()
    around.lanes = {each: halls.lane(each, 3, 3, 3) for each in Lane}
    assert around.nothing_waits()
    around.lanes[Lane.EVIDENCE] = halls.lane(Lane.EVIDENCE, 111, 109, 109)
    assert not around.nothing_waits()
