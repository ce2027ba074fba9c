"""The hall's status, as the console and ``exam-appliance status`` show it.

Reads, decides nothing. R201: *found*, *reachable*, *paired* and *ready* are four different
things: a paired seat may be switched off, and a reachable machine a stranger's. Liveness is the
heartbeat, never what mDNS says or leaves unsaid.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from appliance.core.hall import Hall, Seating
from appliance.core.links import Link, Links
from appliance.core.log import Log
from appliance.core.pairing import PairingDesk
from appliance.core.release import Release
from appliance.core.seats import Seats
from appliance.ipc.recordings import Awaited
from exam import times
from exam.session import ENDED, State
from exam.sitting import Seat, Subject
from protocol.parcel import Lane
from protocol.staff_api import (
    HallStatus,
    LaneStatus,
    LineStatus,
    Occupant,
    PairingStatus,
    ProcessStatus,
    SeatStatus,
    SubjectStatus,
    Task,
    TaskKind,
)

LOST_AFTER_MS: Final = 8_000
"""A seat that has not been heard of for so long is lost."""

_URGENCY: Final = {
    TaskKind.DISK: 0,
    TaskKind.LOST: 1,
    TaskKind.HAND: 2,
    TaskKind.IDENTITY: 3,
    TaskKind.PROVISIONAL: 4,
    TaskKind.STRAY: 5,
    TaskKind.ALERT: 6,
    TaskKind.PAIRING: 7,
    TaskKind.CLOCK: 8,
    TaskKind.OFFICE: 9,
}


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What discovery knows of a seat's terminal."""

    reachable: bool
    address: str


@dataclass
class Surroundings:
    """What the other processes last said. Kept in memory; each says it again when it comes."""

    sightings: dict[str, Sighting] = field(default_factory=dict)
    lanes: dict[Lane, LaneStatus] = field(default_factory=dict)
    line: LineStatus = field(default_factory=lambda: LineStatus(state="untried", since=0, error=""))
    connected: dict[str, bool] = field(default_factory=dict)
    refused_parcels: dict[str, str] = field(default_factory=dict)
    """Parcels that the office refused, with its reason."""
    recordings_full_since: int = 0
    """Hall time since when recordings give way; 0: they do not."""
    recordings_over: Mapping[str, int] = field(default_factory=dict)
    """Since when sessions have been refused for recording more than any seat can."""
    delivered: frozenset[str] = frozenset()
    """Closed subjects of whose answers, evidence and incidents the office has verified all."""
    recordings_delivered: frozenset[str] = frozenset()
    """Closed subjects of whose recordings the office has verified all."""
    recordings_awaited: tuple[Awaited, ...] = ()
    """Closed subjects whose recordings may still come."""
    seat_of: dict[tuple[str, int], str] = field(default_factory=dict)
    """At which seat an epoch of a session was granted."""

    def nothing_waits(self) -> bool:
        """Say whether the office has verified every parcel that is sealed, of whatever lane.

        A lane may go on after its end: a checkpoint that seats cosign later travels again.
        Where the courier has not spoken since the start, nobody knows.
        """
        lanes = self.lanes.values()
        return bool(lanes) and all(lane.verified >= lane.sealed for lane in lanes)

    def awaited_seats(self, subject: str) -> tuple[str, ...]:
        """Return the seats whose recordings the lane of a closed subject waits for."""
        waits = [each for each in self.recordings_awaited if each.subject == subject]
        epochs = [epoch for each in waits for epoch in each.sessions]
        return tuple(sorted({self.seat_of[epoch] for epoch in epochs if epoch in self.seat_of}))


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the status is read from."""

    hall: Hall
    links: Links
    seats: Seats
    log: Log
    release: Release
    pairing: PairingDesk
    surroundings: Surroundings
    appliance: str
    generation: int
    now: Callable[[], int]
    steady_ms: Callable[[], int]
    disk_free: Callable[[], int]
    office_has_all: Callable[[str], bool]


def hall_status(of: Sources) -> HallStatus:
    """Return all that the console shows, at this moment."""
    hall, now = of.hall, of.now()
    subject = hall.current() or hall.sitting.subjects[-1]
    closing = hall.subjects[subject.id].closing
    occupants, paired = hall.at_seats(subject.id), of.seats.paired()
    tries = of.release.tries(subject.id)
    return HallStatus(
        appliance=of.appliance,
        generation=of.generation,
        centre=hall.manifest.centre,
        sitting=hall.sitting.id,
        title=hall.sitting.title,
        time_zone=hall.sitting.time_zone,
        bundle_revision=hall.manifest.revision,
        rule_book=hall.sitting.rule_book,
        hall_time=now,
        clock_confirmed_by=hall.clock_confirmed_by,
        subject=_subject(hall, subject),
        standing=Counter(s.session.state for s in hall.seatings(subject.id)),
        seats=tuple(
            _seat(of, seat, paired, (subject, occupants.get(seat.id)), now)
            for seat in hall.sitting.seats
        ),
        tasks=tuple(_tasks(of, subject, now)),
        lanes=tuple(of.surroundings.lanes.get(lane, _no_parcels(lane)) for lane in Lane),
        line=of.surroundings.line,
        pairing=_pairing(of),
        processes=tuple(
            ProcessStatus(name=name, connected=there)
            for name, there in sorted(of.surroundings.connected.items())
        ),
        staff={member.id: member.name for member in hall.manifest.staff},
        disk_free=of.disk_free(),
        log_size=of.log.size,
        wrong_codes=tries.wrong,
        next_code_at=tries.next_at,
        closing=None if closing is None else closing.digest,
        office_verified_all=closing is not None
        and of.office_has_all(subject.id)
        and of.surroundings.nothing_waits(),
        awaited_seats=of.surroundings.awaited_seats(subject.id),
        awaited_until=max(
            (w.until for w in of.surroundings.recordings_awaited if w.subject == subject.id),
            default=0,
        ),
    )


def _no_parcels(lane: Lane) -> LaneStatus:
    return LaneStatus(lane=lane, sealed=0, received=0, verified=0, refused=0, waiting_bytes=0)


def _subject(hall: Hall, subject: Subject) -> SubjectStatus:
    state, paper = hall.subjects[subject.id], hall.paper(subject.id)
    start = times.start_of(subject, state.armed_start)
    return SubjectStatus(
        id=subject.id,
        title=subject.title,
        opens=subject.opens,
        closes=times.window_end(subject, state.armed_start),
        duration_s=subject.duration_s,
        codes=0 if paper is None else len(paper.code_salts),
        unlocked=state.paper_key is not None,
        armed_start=state.armed_start,
        released=state.released,
        closed=state.closing is not None,
        log_in_closes=start + hall.rules.doors.late_after_s * 1000,
        earliest_hand_in=times.earliest_hand_in(hall.rules, subject, state.armed_start),
    )


def _seat(
    of: Sources, seat: Seat, paired: frozenset[str], who: tuple[Subject, Seating | None], now: int
) -> SeatStatus:
    link = of.links.of(seat.id)
    subject, seating = who
    is_paired = seat.id in paired
    sighting = of.surroundings.sightings.get(seat.id)
    beat = None if link is None else link.beat
    has_paper = beat is not None and beat.paper is not None
    return SeatStatus(
        seat=seat.id,
        label=seat.label,
        room=seat.room,
        found=sighting is not None or link is not None,
        reachable=link is not None or (sighting is not None and sighting.reachable),
        paired=is_paired,
        ready=is_paired and has_paper and _alive(link, now),
        linked=_alive(link, now),
        last_beat=0 if link is None else link.last_beat,
        address=_address(link, sighting),
        screen="" if beat is None else beat.screen,
        paper=has_paper,
        clock_offset=0 if link is None else link.clock_offset,
        cameras=0 if beat is None else beat.cameras,
        spooled=0 if beat is None else beat.spooled,
        occupant=None if seating is None else _occupant(of, seating, subject, now),
    )


def _occupant(of: Sources, seating: Seating, subject: Subject, now: int) -> Occupant:
    session, acknowledged = seating.session, seating.position.n if seating.position else 0
    armed = of.hall.subjects[subject.id].armed_start
    own_end = times.own_end(subject, armed, session, seating.extra_ms, now)
    return Occupant(
        candidate=seating.candidate.id,
        name=seating.candidate.name,
        id_number=seating.candidate.id_number,
        state=session.state,
        session=seating.id,
        withheld=session.withheld,
        distance=seating.distance,
        hand_raised=seating.hand_text is not None,
        answered=len(seating.answered),
        acknowledged=acknowledged,
        own_end=None if session.entered_at is None else own_end,
        given_ms=session.given_ms,
        leaves=session.leaves,
        office_verified=acknowledged > 0 and seating.office >= acknowledged,
    )


def _alive(link: Link | None, now: int) -> bool:
    return link is not None and now - link.last_beat <= LOST_AFTER_MS


def _address(link: Link | None, sighting: Sighting | None) -> str:
    if link is not None:
        return link.address
    return "" if sighting is None else sighting.address


def _pairing(of: Sources) -> PairingStatus:
    windows = of.pairing.windows(of.steady_ms())
    failures, last = of.seats.wrong_codes, of.seats.last_wrong
    if not windows:
        return PairingStatus(code="", seats=(), until=0, failures=failures, last_failure=last)
    window = windows[-1]
    return PairingStatus(
        code=window.code,
        seats=tuple(sorted(window.waiting)),
        until=of.now() + window.until - of.steady_ms(),
        failures=failures,
        last_failure=last,
    )


# --- what needs a person -------------------------------------------------------------------------


def _tasks(of: Sources, subject: Subject, now: int) -> list[Task]:
    found = [
        task for seating in of.hall.seatings(subject.id) for task in _tasks_of(of, seating, now)
    ]
    found += _tasks_of_the_box(of, now)
    return sorted(found, key=lambda task: (task.urgency, task.since, task.id))


def _tasks_of(of: Sources, seating: Seating, now: int) -> Iterable[Task]:
    state = seating.session.state
    if seating.needs_person and state not in {State.REFUSED, State.VOIDED, State.ABSENT}:
        yield _task(TaskKind.IDENTITY, seating, seating.needs_person_since, seating.needs_person)
    if seating.hand_text is not None and state not in ENDED:
        yield _task(TaskKind.HAND, seating, seating.hand_since, seating.hand_text)
    if seating.stray_since:
        yield _task(TaskKind.STRAY, seating, seating.stray_since, "")
    if seating.over_quota_since:
        yield _task(TaskKind.ALERT, seating, seating.over_quota_since, "too_much_written")
    over_since = of.surroundings.recordings_over.get(seating.id or "", 0)
    if over_since:
        task = _task(TaskKind.ALERT, seating, over_since, "too_much_recorded")
        yield replace(task, id=f"{task.id}:recorded")  # it may have written too much as well
    if state is State.HANDED_IN_PROVISIONALLY:
        yield _task(TaskKind.PROVISIONAL, seating, seating.session.ended_at or now, "")
    if seating.id is not None and state not in ENDED and not _alive(of.links.of(seating.seat), now):
        link = of.links.of(seating.seat)
        yield _task(TaskKind.LOST, seating, 0 if link is None else link.last_beat, "")


def _tasks_of_the_box(of: Sources, now: int) -> Iterable[Task]:
    if not of.hall.clock_confirmed_by:
        yield _box_task(TaskKind.CLOCK, now, "")
    for name, reason in of.surroundings.refused_parcels.items():
        yield _box_task(TaskKind.OFFICE, now, f"{name}: {reason}")
    if of.surroundings.recordings_full_since:
        yield _box_task(TaskKind.DISK, of.surroundings.recordings_full_since, "recordings_full")
    least = 2 * 1024**3
    if of.disk_free() < least:
        yield _box_task(TaskKind.DISK, now, str(of.disk_free()))


def _task(kind: TaskKind, seating: Seating, since: int, text: str) -> Task:
    return Task(
        id=f"{kind.value}:{seating.candidate.id}",
        kind=kind,
        urgency=_URGENCY[kind],
        seat=seating.seat,
        candidate=seating.candidate.id,
        name=seating.candidate.name,
        since=since,
        text=text,
    )


def _box_task(kind: TaskKind, since: int, text: str) -> Task:
    return Task(
        id=f"{kind.value}:{text.partition(':')[0]}",
        kind=kind,
        urgency=_URGENCY[kind],
        seat="",
        candidate="",
        name="",
        since=since,
        text=text,
    )
