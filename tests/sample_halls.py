"""Halls as the console sees them at each moment of a day: made values, for its tests."""

from typing import Any

from msgspec.structs import replace

from exam.session import State
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

NINE = 1_774_054_800_000
"""2026-03-21 09:00:00 in Shanghai: the planned start."""
MINUTE = 60_000
HOUR = 60 * MINUTE
NAMES = ("王芳", "李雷", "欧阳修文", "张伟", "阿卜杜热合曼·买买提", "韩梅梅")
GIB = 1024**3


def occupant(number: int, **changes: Any) -> Occupant:
    """Return the candidate of a seat, not here yet."""
    made = Occupant(
        candidate=f"c-{number:02}",
        name=NAMES[(number - 1) % len(NAMES)],
        id_number=f"1101011990030{number:02}73X",
        state=State.EXPECTED,
        session=None,
        withheld=False,
        distance=-1,
        hand_raised=False,
        answered=0,
        acknowledged=0,
        own_end=None,
        given_ms=0,
        leaves=0,
        office_verified=False,
    )
    return replace(made, **changes)


def seat(number: int, who: Occupant | None, **changes: Any) -> SeatStatus:
    """Return a seat whose terminal has not been seen yet."""
    made = SeatStatus(
        seat=f"a-{number:02}",
        label=f"{number:02}",
        room="a",
        found=False,
        reachable=False,
        paired=False,
        ready=False,
        linked=False,
        last_beat=0,
        address="",
        screen="",
        paper=False,
        clock_offset=0,
        cameras=0,
        spooled=0,
        occupant=who,
    )
    return replace(made, **changes)


LINKED = {
    "found": True,
    "reachable": True,
    "paired": True,
    "ready": True,
    "linked": True,
    "paper": True,
    "address": "10.77.0.11",
    "cameras": 1,
}
FOUND = {"found": True, "reachable": True, "address": "10.77.0.11"}


def subject(**changes: Any) -> SubjectStatus:
    """Return a subject planned from nine to eleven, locked."""
    made = SubjectStatus(
        id="theory",
        title="理论",
        opens=NINE,
        closes=NINE + 2 * HOUR,
        duration_s=7200,
        codes=1,
        unlocked=False,
        armed_start=None,
        released=False,
        closed=False,
        log_in_closes=NINE + 30 * MINUTE,
        earliest_hand_in=NINE + 30 * MINUTE,
    )
    return replace(made, **changes)


def task(kind: TaskKind, number: int, **changes: Any) -> Task:
    """Return something about a candidate that needs a person."""
    made = Task(
        id=f"{kind.value}:c-{number:02}",
        kind=kind,
        urgency=1,
        seat=f"a-{number:02}",
        candidate=f"c-{number:02}",
        name=NAMES[(number - 1) % len(NAMES)],
        since=NINE,
        text="",
    )
    return replace(made, **changes)


def lane(which: Lane, sealed: int = 0, received: int = 0, verified: int = 0) -> LaneStatus:
    """Return how far a lane is; what is not received yet is 40 kB a parcel."""
    return LaneStatus(
        lane=which,
        sealed=sealed,
        received=received,
        verified=verified,
        refused=0,
        waiting_bytes=(sealed - received) * 40 * 1024,
    )


def hall(seats: tuple[SeatStatus, ...], now: int, **changes: Any) -> HallStatus:
    """Return a hall with these seats at this moment."""
    made = HallStatus(
        appliance="box-1",
        generation=1,
        centre="centre-7",
        sitting="s-2026-03",
        title="2026年第一期建筑信息模型考试",
        time_zone="Asia/Shanghai",
        bundle_revision=1,
        rule_book="ksj",
        hall_time=now,
        clock_confirmed_by="",
        subject=subject(),
        standing={},
        seats=seats,
        tasks=(),
        lanes=tuple(lane(each) for each in Lane),
        line=LineStatus(state="up", since=now - HOUR, error=""),
        pairing=PairingStatus(code="", seats=(), until=0, failures=0, last_failure=""),
        processes=tuple(
            ProcessStatus(name=name, connected=True)
            for name in ("courier", "discovery", "faces", "recordings")
        ),
        staff={"wang": "王监考", "li": "李监考"},
        disk_free=412 * GIB,
        log_size=128,
        wrong_codes=0,
        next_code_at=0,
        closing=None,
        office_verified_all=False,
    )
    return counted(replace(made, **changes))


def counted(status: HallStatus) -> HallStatus:
    """Return the status with the candidates at the seats counted by where they stand."""
    standing: dict[State, int] = {}
    for each in status.seats:
        if each.occupant is not None:
            standing[each.occupant.state] = standing.get(each.occupant.state, 0) + 1
    return replace(status, standing=standing)


# --- the day -----------------------------------------------------------------------------------


def morning() -> HallStatus:
    """Half past eight: the clock is not confirmed, two terminals have been found."""
    seats = [seat(n, occupant(n), **(FOUND if n < 3 else {})) for n in range(1, 7)]
    tasks = (Task(
        id="clock:", kind=TaskKind.CLOCK, urgency=8, seat="", candidate="", name="",
        since=NINE - 30 * MINUTE, text="",
    ),)  # fmt: skip
    return hall(tuple(seats), NINE - 30 * MINUTE, tasks=tasks)


def pairing() -> HallStatus:
    """The nine digits are out; three of six seats are paired."""
    seats = [seat(n, occupant(n), **(LINKED if n < 4 else FOUND)) for n in range(1, 7)]
    window = PairingStatus(
        code="483920175",
        seats=("a-04", "a-05", "a-06"),
        until=NINE - 20 * MINUTE,
        failures=1,
        last_failure="a-05 (10.77.0.15)",
    )
    return hall(tuple(seats), NINE - 25 * MINUTE, clock_confirmed_by="wang", pairing=window)


def before_the_code() -> HallStatus:
    """Ten to nine: all seats are ready, some candidates sit; the paper is locked."""
    states = (State.WAITING, State.WAITING, State.IDENTIFIED, State.SEATED, State.EXPECTED)
    seats = [seat(n, _sitting(n, state), **LINKED) for n, state in enumerate(states, 1)]
    seats.append(seat(6, None, **LINKED))
    return hall(tuple(seats), NINE - 10 * MINUTE, clock_confirmed_by="wang")


def unlocked() -> HallStatus:
    """Five to nine: the code has been entered, the start is not armed."""
    return replace(before_the_code(), subject=subject(unlocked=True), hall_time=NINE - 5 * MINUTE)


def armed() -> HallStatus:
    """Two minutes to nine: the start is armed, all wait."""
    seats = [seat(n, _sitting(n, State.WAITING), **LINKED) for n in range(1, 7)]
    return hall(
        tuple(seats),
        NINE - 2 * MINUTE,
        clock_confirmed_by="wang",
        subject=subject(unlocked=True, armed_start=NINE),
    )


def in_the_exam() -> HallStatus:
    """Twenty to ten: everything that can need a person does, and the line is down."""
    end = NINE + 2 * HOUR
    writing = {"state": State.ANSWERING, "own_end": end, "session": "ab" * 16}
    seats = (
        seat(1, occupant(1, **writing, distance=312, answered=23, acknowledged=241), **LINKED),
        seat(
            2,
            occupant(2, **writing, distance=561, answered=18, acknowledged=190, withheld=True),
            **LINKED,
        ),
        seat(
            3,
            occupant(3, **writing, distance=288, answered=31, acknowledged=377, hand_raised=True),
            **LINKED,
        ),
        seat(
            4,
            occupant(4, **writing, distance=402, answered=9, acknowledged=88, leaves=2),
            **{**LINKED, "ready": False, "linked": False, "reachable": False},
            spooled=7,
        ),
        seat(
            5,
            occupant(
                5,
                state=State.PAUSED,
                own_end=end + 4 * MINUTE,
                session="cd" * 16,
                distance=350,
                answered=12,
                acknowledged=120,
                given_ms=5 * MINUTE,
            ),
            **LINKED,
        ),
        seat(6, occupant(6, state=State.ABSENT)),
    )
    now = NINE + 40 * MINUTE
    tasks = (
        task(TaskKind.LOST, 4, since=now - 21_000),
        task(TaskKind.HAND, 3, since=now - 65_000, text="键盘有一个键不灵"),
        task(TaskKind.IDENTITY, 2, since=now - 39 * MINUTE, text="unsure_face"),
    )
    return hall(
        seats,
        now,
        clock_confirmed_by="wang",
        subject=subject(unlocked=True, armed_start=NINE, released=True),
        tasks=tasks,
        lanes=(
            lane(Lane.ANSWERS, 96, 80, 78),
            lane(Lane.EVIDENCE, 40, 33, 33),
            lane(Lane.INCIDENTS, 6, 6, 6),
            lane(Lane.PICTURES, 2, 2, 2),
            lane(Lane.RECORDINGS, 12, 3, 3),
        ),
        line=LineStatus(state="down", since=now - 6 * MINUTE, error="timed out"),
    )


def accounted_for() -> HallStatus:
    """Eleven and a bit: everybody has ended, the subject can be closed."""
    endings = (
        State.HANDED_IN, State.HANDED_IN, State.REFUSED, State.HANDED_IN, State.COLLECTED,
        State.ABSENT,
    )  # fmt: skip
    seats = tuple(
        seat(
            n,
            occupant(n, state=state, distance=330, answered=40, acknowledged=400, session="ef" * 16)
            if state is not State.ABSENT
            else occupant(n, state=state),
            **LINKED,
        )
        for n, state in enumerate(endings, 1)
    )
    return hall(
        seats,
        NINE + 2 * HOUR + 3 * MINUTE,
        clock_confirmed_by="wang",
        subject=subject(unlocked=True, armed_start=NINE, released=True),
        lanes=tuple(lane(each, 412, 400, 396) for each in Lane),
    )


def delivered() -> HallStatus:
    """Closed, and the office has verified everything."""
    done = accounted_for()
    return replace(
        done,
        hall_time=done.hall_time + 4 * MINUTE,
        subject=subject(unlocked=False, armed_start=NINE, released=True, closed=True),
        closing="7c" * 32,
        office_verified_all=True,
        lanes=tuple(lane(each, 412, 412, 412) for each in Lane),
    )


def _sitting(number: int, state: State) -> Occupant:
    if state is State.EXPECTED:
        return occupant(number)
    return occupant(number, state=state, session="ab" * 16, distance=300 + 20 * number)
