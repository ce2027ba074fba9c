"""An exam day without a person: its phases, in their order, each a coroutine.

The phases are the path of the data (see the README). `perform` goes through all of them;
the demo and the tests call them one by one::

    async with open_day(plan, say=print) as day:
        await day.wake_up()      # every seat is found by mDNS and answers
        await day.pair()
        ...
        report = await day.account()

Rules: staff acts are signed with the staff's key and carried out by core; candidates do what
a page can do and no more; at the end the office's store is opened and compared.
"""

import asyncio
import time
from collections import Counter
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from appliance.faces.build import inspect_build
from drill import report as reports
from drill.candidate import Candidate
from drill.hall import APART, Hall, HallPlan, open_hall
from drill.office_store import FaceDecision, account_is_complete, read_office
from drill.report import Face, Fault, LineUsed, Packing, Release, Report
from drill.sample_sitting import SUBJECT
from drill.waiting import patience
from protocol import staff_api as api
from protocol.staff_api import HallStatus, TaskKind
from runtime.tasks import Tasks
from terminal_agent.hearing import KEY_CAME
from terminal_agent.view import Screen

Say = Callable[[str], None]

FOUND_S: Final = 60.0
VERIFIED_S: Final = 120.0
PAIRING_AT_ONCE: Final = 4
"""Seats that staff reach at once; the box takes 20 guesses a minute over all."""
_START_IN_MS: Final = 4_000
_SAME_TIME_MS: Final = 2_000
"""A box that is off by less agrees with the clock that staff compare it with."""
_WRITING: Final = 0.85
"""Share of their time that candidates write."""
_CUT_FROM, _CUT_TO = 0.3, 0.6
"""When the line is cut and restored, as shares of the time of writing."""


class DayPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What day is wanted."""

    hall: HallPlan
    seed: str = "1"
    pause_s: float = 1.0
    """Between two things that a candidate does, on average."""
    writing_s: float | None = None
    """How long candidates write; None: most of their time."""
    cut_line: bool = False
    leave_to_the_end: int = 3
    """Every so many-th candidate lets the own end hand in; 0: none does."""
    asked_minutes: float | None = None
    """What the report says; None: the candidates' own time."""


@asynccontextmanager
async def open_day(plan: DayPlan, say: Say) -> AsyncIterator["Day"]:
    """Open the hall and the candidates' pages."""
    began = time.monotonic()
    say(f"the office makes a sitting for {plan.hall.seats} candidates; office and hall start")
    async with open_hall(plan.hall) as hall, AsyncExitStack() as pages, Tasks("drill") as tasks:
        candidates = []
        for seated in hall.seated:
            page = await pages.enter_async_context(hall.page(seated.seat))
            tasks.start(f"page {seated.seat}", page.run())
            candidates.append(Candidate(seated, page, seed=plan.seed, pause_s=plan.pause_s))
        day = Day(plan, hall, candidates, say)
        day.phases["open"] = round(time.monotonic() - began, 2)
        yield day


class Day:
    """The phases of one day; each returns when what it is about has come true."""

    def __init__(
        self, plan: DayPlan, hall: Hall, candidates: Sequence[Candidate], say: Say
    ) -> None:
        self.plan: Final = plan
        self.hall: Final = hall
        self.candidates: Final = candidates
        self.phases: Final[dict[str, float]] = {}
        self._say = say
        self._line = LineUsed()

    async def perform(self) -> Report:
        """Perform the whole day; return its report."""
        for phase in (
            self.wake_up,
            self.pair,
            self.log_in,
            self.identify,
            self.unlock,
            self.start,
            self.write,
            self.hand_in,
            self.close,
        ):
            await self.timed(phase)
        return await self.account()

    async def timed(self, phase: Callable[[], Awaitable[None]]) -> None:
        """Go through one phase, and note how long it took."""
        await self.noted(phase.__name__, phase())

    async def noted(self, name: str, phase: Awaitable[None]) -> None:
        """Go through what has that name in the report, and note how long it took."""
        began = time.monotonic()
        await phase
        self.phases[name] = round(time.monotonic() - began, 2)

    # --- before the exam --------------------------------------------------------------------

    async def wake_up(self) -> None:
        """Wait until the box has found every seat by mDNS, and each of them answers."""
        hall = await self.hall.staff.until(
            lambda hall: all(seat.found and seat.reachable for seat in hall.seats),
            "every seat found and reachable",
            FOUND_S,
        )
        self._say(f"{len(hall.seats)} seats were found by mDNS and answer")

    async def pair(self) -> None:
        """Compare the clocks, open the doors; type the pairing code, a few seats at a time."""
        staff = self.hall.staff
        off = round(time.time() * 1000) - (await staff.status()).hall_time
        await staff.do(api.OpenDoors(correction=off if abs(off) > _SAME_TIME_MS else 0))
        seats = tuple(one.seated.seat for one in self.candidates)
        await staff.do(api.OpenPairing(seats=seats))
        hall = await staff.until(lambda hall: hall.pairing.code != "", "a pairing code")
        places = asyncio.Semaphore(PAIRING_AT_ONCE)

        async def pair_one(candidate: Candidate) -> None:
            async with places:
                await candidate.pair(hall.pairing.code)

        await self._all(pair_one)
        await staff.until(
            lambda hall: all(seat.paired and seat.ready for seat in hall.seats),
            "every seat paired and ready",
        )
        self._say(f"{len(seats)} seats are paired; they hold the sealed paper")

    async def log_in(self) -> None:
        """Let every candidate log in and confirm the own data."""
        await self._all(Candidate.log_in)
        self._say("all candidates are logged in")

    async def identify(self) -> None:
        """Compare faces; staff decide what the machine leaves to them; rules are read."""
        async with asyncio.TaskGroup() as going:
            deciding = going.create_task(self._decide_identities())
            await self._all(Candidate.show_face)
            await self._all(Candidate.read_rules)
            await self.hall.staff.until(_nobody_waits_for_identity, "identities decided")
            deciding.cancel()
        await self._all(_until_turned_away)
        out = [one.seated.seat for one in self.candidates if one.is_out]
        self._say(f"identities are decided; turned away: {', '.join(out) or 'nobody'}")

    async def _decide_identities(self) -> None:
        """Decide as a person would who compares the photo with who sits there."""
        by_seat = {one.seated.seat: one.seated for one in self.candidates}
        while True:
            hall = await self.hall.staff.until(
                lambda hall: not _nobody_waits_for_identity(hall), "an identity to decide", 3600
            )
            for task in hall.tasks:
                if task.kind is TaskKind.IDENTITY:
                    accepted = not by_seat[task.seat].role.is_impostor
                    reason = "as in the photo" if accepted else "another person than in the photo"
                    await self.hall.staff.do(
                        api.DecideIdentity(
                            candidate=task.candidate, accepted=accepted, reason=reason
                        )
                    )

    async def unlock(self) -> None:
        """Enter the unlock code."""
        codes = tuple(code.reveal() for code in self.hall.sample.codes)
        await self.hall.staff.do(api.Unlock(subject=SUBJECT), codes)
        self._say("the paper is unlocked by its code; no seat can open it yet")

    async def start(self) -> None:
        """Arm the start, and wait until the paper lies open at every seat."""
        hall = await self.hall.staff.status()
        start = hall.hall_time + _START_IN_MS
        await self.hall.staff.do(api.Arm(subject=SUBJECT, start=start))
        self._say("the start is armed")
        await self._all(_until_open)
        self._say("the paper lies open at every seat")

    # --- the exam ---------------------------------------------------------------------------

    async def write(self) -> None:
        """Let candidates write; cut the line meanwhile, where that is wanted."""
        seconds = self.plan.writing_s
        if seconds is None:
            seconds = self.plan.hall.minutes * 60 * _WRITING
        self._say(f"candidates write for {seconds:.0f} s")
        cut = self._cut_line(seconds) if self.plan.cut_line else asyncio.sleep(seconds)
        await self.write_during(cut)

    async def write_during(self, meanwhile: Coroutine[object, object, None]) -> None:
        """Let candidates write for as long as something else goes on, such as faults."""
        enough = asyncio.Event()
        async with asyncio.TaskGroup() as going:
            writing = going.create_task(self._all(lambda one: one.write(enough)))
            await meanwhile
            enough.set()
            await writing
        await self._all(Candidate.all_acknowledged)
        self._say(f"{self._typed()} answers were typed, and acknowledged by the appliance")

    async def _cut_line(self, seconds: float) -> None:
        """Cut the line within these seconds, and restore it."""
        await asyncio.sleep(_CUT_FROM * seconds)
        async with self.line_cut():
            self._say("the line to the office is cut")
            await asyncio.sleep((_CUT_TO - _CUT_FROM) * seconds)
        self._say(f"the line is back; {self._line.answers_while_cut} answers were typed without it")
        await asyncio.sleep((1 - _CUT_TO) * seconds)

    @asynccontextmanager
    async def line_cut(self) -> AsyncIterator[None]:
        """Cut the line to the office for as long as this lasts; the report counts it."""
        before, began = self._typed(), time.monotonic()
        await self.hall.line.cut()
        try:
            yield
        finally:
            await self.hall.line.restore()
            seconds = time.monotonic() - began
            self._line = self._line.and_cut(seconds, self._typed() - before)

    def _typed(self) -> int:
        return sum(len(one.record.answers) for one in self.candidates)

    async def hand_in(self) -> None:
        """Let candidates hand in, some by their own end; each takes a receipt away."""
        every = self.plan.leave_to_the_end
        by_hand = [
            one for n, one in enumerate(self.candidates) if not every or n % every != every - 1
        ]
        await self._all(Candidate.hand_in, by_hand)
        limit = self.plan.hall.minutes * 60 + 60
        await self._all(lambda one: one.take_receipt(limit))
        self._say(f"{sum(bool(one.record.receipt) for one in self.candidates)} receipts are given")

    async def close(self) -> None:
        """Close the subject, and wait until the office has verified all of it."""
        await self.hall.staff.do(api.CloseSubject(subject=SUBJECT))
        self._say("the subject is closed")
        await self.delivered()

    async def delivered(self) -> None:
        """Wait until the office has verified all of the closed subject, and says so."""
        await self.hall.staff.until(
            lambda hall: hall.office_verified_all, "all verified by the office", VERIFIED_S
        )
        async with patience(VERIFIED_S, "the office's account of the subject is complete"):
            while not await asyncio.to_thread(account_is_complete, self.hall.layout):  # noqa: ASYNC110 - another process's file
                await asyncio.sleep(0.5)

    # --- what came of it --------------------------------------------------------------------

    async def account(self, faults: Sequence[Fault] = ()) -> Report:
        """Open the office's store, compare, and return the report."""
        hall = await self.hall.staff.status()
        report = replace(await asyncio.to_thread(self._account, hall), faults=tuple(faults))
        for line in report.accounts:
            self._say(line)
        return report

    def _account(self, hall: HallStatus) -> Report:
        plan, records = self.plan.hall, [one.record for one in self.candidates]
        holds = read_office(self.hall.layout)
        candidates = {
            seat.occupant.id_number: seat.occupant.candidate
            for seat in hall.seats
            if seat.occupant is not None
        }
        found = reports.mismatches(records, holds, candidates)
        typed = reports.typed(records)
        verified = reports.verified(holds, {who: number for number, who in candidates.items()})
        return Report(
            seats=plan.seats,
            minutes=plan.minutes if self.plan.asked_minutes is None else self.plan.asked_minutes,
            seed=self.plan.seed,
            packing=self._packing(),
            ok=reports.all_came(found, typed, verified, holds),
            mismatches=tuple(found),
            skipped=self._skipped(),
            typed=typed,
            verified=verified,
            save_to_disk_ms=reports.spread(ms for r in records for ms in r.save_ms),
            save_to_acknowledgement_ms=reports.spread(
                ms for r in records for ms in r.acknowledge_ms
            ),
            release=self._release(),
            dlib=str(inspect_build()),
            face_checks=len(self._logged("check ")),
            faces=self._faces(holds.faces, candidates),
            deaths=self._deaths(),
            endings=Counter(record.ending for record in records),
            accounts=tuple(holds.accounts),
            lanes=holds.lanes,
            line=self._line,
            faults=(),
            phases_s=self.phases,
        )

    def _packing(self) -> Packing:
        processes = len(self.hall.seats.states)
        how = "one process a seat" if self.plan.hall.seats <= APART else "several seats a process"
        return Packing(processes=processes, how=how)

    def _skipped(self) -> tuple[str, ...]:
        blind = self.plan.hall.seats - self.plan.hall.cameras
        if not blind:
            return ()
        return (f"{blind} seats had no camera: staff decided who sits there",)

    def _deaths(self) -> dict[str, int]:
        keepers = (self.hall.office, self.hall.box, self.hall.seats)
        found = {state.name: state.deaths for keeper in keepers for state in keeper.states}
        # What ``serve`` keeps running it alone knows of; it says so in its log.
        inner = Counter(record["message"].split()[0] for record in self._logged(r"\S+ ended \("))
        found |= {name: deaths for name, deaths in inner.items() if name not in found}
        return {name: deaths for name, deaths in found.items() if deaths}

    def _release(self) -> Release:
        first: dict[str, int] = {}
        for record in self._logged(KEY_CAME):
            first.setdefault(record["seat"], record["steady_ms"])
        moments = first.values()
        return Release(seats=len(first), spread_ms=max(moments) - min(moments) if first else 0)

    def _logged(self, message: str) -> list[dict[str, Any]]:
        return reports.logged(self.hall.places.logs, message)

    def _faces(
        self, decisions: Iterable[FaceDecision], candidates: Mapping[str, str]
    ) -> tuple[Face, ...]:
        by_candidate: dict[str, list[FaceDecision]] = {}
        for decision in decisions:
            by_candidate.setdefault(decision.candidate, []).append(decision)
        return tuple(
            _face(one, by_candidate.get(candidates[one.record.id_number], []))
            for one in self.candidates
        )

    async def _all(
        self,
        what: Callable[[Candidate], Coroutine[object, object, None]],
        whom: Sequence[Candidate] | None = None,
    ) -> None:
        """Let all candidates do it at the same time."""
        async with asyncio.TaskGroup() as going:
            for one in self.candidates if whom is None else whom:
                going.create_task(what(one), name=f"candidate {one.seated.seat}")


def _nobody_waits_for_identity(hall: HallStatus) -> bool:
    return all(task.kind is not TaskKind.IDENTITY for task in hall.tasks)


async def _until_turned_away(candidate: Candidate) -> None:
    if candidate.seated.role.is_impostor:
        await candidate.page.screen(Screen.REFUSED)


async def _until_open(candidate: Candidate) -> None:
    if not candidate.is_out:
        await candidate.page.screen(Screen.ANSWERING)


def _face(candidate: Candidate, decisions: Sequence[FaceDecision]) -> Face:
    distances = [decision.distance for decision in decisions if decision.distance >= 0]
    said = "; ".join(_in_words(decision) for decision in decisions)
    return Face(
        seat=candidate.seated.seat,
        impostor=candidate.seated.role.is_impostor,
        camera=candidate.seated.camera is not None,
        tries=candidate.record.face_tries + 1,
        distance=distances[-1] if distances else -1,
        outcome=said,
    )


def _in_words(decision: FaceDecision) -> str:
    verdict = "accepted" if decision.accepted else "refused"
    return f"{verdict}{', withheld' if decision.withheld else ''} by {decision.by}"
