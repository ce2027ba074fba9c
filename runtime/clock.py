"""Hall time: one time for the whole hall, which never depends on a machine's own calendar.

Hall time is int milliseconds since 1970-01-01T00:00:00Z, UTC. The box counts it on
CLOCK_BOOTTIME, which nobody can set and which goes on while the machine sleeps; an
`Anchor` ties the two. A named person confirms it when the doors open. A seat hears hall
time in every heartbeat and counts on its own steady clock in between.

Rules:

1. `now` never runs backward. Only a person's `confirm`, and at a seat without a session
   the heartbeat after it, may set it back.
2. After a boot it is never before the last record; the machine's calendar is only a first
   guess, marked as not confirmed.
3. If the calendar jumps or the machine has slept, `look` says so: that is an alert, not a
   change of hall time.
4. Everything but `MachineClock` is arithmetic.

::

    clock = HallClock(MachineClock(), anchor=saved, last_ms=newest_record)
    clock.confirm(hall_ms, not_before=newest_record)
    await clock.wait_until(start_ms)
"""

import asyncio
import time
from pathlib import Path
from typing import Final, Protocol

import msgspec

from runtime.errors import ClockError

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_SLICE_MS: Final = 1_000
"""Longest single sleep: a machine that was suspended looks again within it."""
_BEATS_KEPT: Final = 8
_STEP_MS: Final = 250
"""Beyond its own error, a beat that differs by more is a new time, not a worse measurement."""


class SteadyClock(Protocol):
    """What a machine can say about time. All in milliseconds."""

    def boot(self) -> str:
        """Name this run of the machine: another name means that it was booted anew."""

    def steady_ms(self) -> int:
        """Time since boot, sleep included: never set, never back."""

    def awake_ms(self) -> int:
        """Time since boot, sleep left out."""

    def wall_ms(self) -> int:
        """Read the machine's calendar, UTC: it may be wrong by years, and may jump."""

    async def sleep(self, ms: int) -> None:
        """Return when ``ms`` have passed."""


class MachineClock:
    """The clock of this machine: the one place where clocks are read."""

    def boot(self) -> str:
        """Return the kernel's boot id."""
        return _BOOT_ID.read_text("ascii").strip()

    def steady_ms(self) -> int:
        """Read CLOCK_BOOTTIME."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def awake_ms(self) -> int:
        """Read CLOCK_MONOTONIC."""
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000

    def wall_ms(self) -> int:
        """Read CLOCK_REALTIME."""
        return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1_000_000

    async def sleep(self, ms: int) -> None:
        """Sleep on the event loop."""
        await asyncio.sleep(ms / 1000)


class ManualClock:
    """A clock that stands until it is told to go: for tests and drills."""

    def __init__(self, *, wall_ms: int, steady_ms: int = 0) -> None:
        self._boots = 1
        self._steady = steady_ms
        self._awake = steady_ms
        self._wall = wall_ms
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def boot(self) -> str:
        """Name the current run."""
        return f"boot-{self._boots}"

    def steady_ms(self) -> int:
        """Return the time since the last `reboot`."""
        return self._steady

    def awake_ms(self) -> int:
        """Return it without `suspend`."""
        return self._awake

    def wall_ms(self) -> int:
        """Return the calendar."""
        return self._wall

    async def sleep(self, ms: int) -> None:
        """Return when `advance` has gone that far."""
        if ms <= 0:
            await asyncio.sleep(0)
            return
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._steady + ms, sleeper))
        await sleeper

    def advance(self, ms: int) -> None:
        """Let ``ms`` pass, and wake who has slept long enough."""
        self._awake += ms
        self.suspend(ms)

    def suspend(self, ms: int) -> None:
        """Let ``ms`` pass while the machine sleeps."""
        self._steady += ms
        self._wall += ms
        due = [s for s in self._sleepers if s[0] <= self._steady]
        self._sleepers = [s for s in self._sleepers if s[0] > self._steady]
        for _, sleeper in due:
            if not sleeper.done():
                sleeper.set_result(None)

    def set_wall(self, wall_ms: int) -> None:
        """Set the calendar, as a hand or a dead battery does."""
        self._wall = wall_ms

    def reboot(self, *, off_ms: int = 60_000) -> None:
        """Start anew after ``off_ms`` without power."""
        self._boots += 1
        self._steady = self._awake = 0
        self._wall += off_ms


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ties hall time to the steady clock of one run of one machine; kept by its owner."""

    boot: str
    offset_ms: int
    """Hall time minus steady time."""
    confirmed: bool
    """A named person, or a box's heartbeat, stands behind it; else it is a guess."""


class Jump(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a machine's clocks between two looks."""

    wall_ms: int
    """By how much the calendar moved against the steady clock, signed."""
    asleep_ms: int
    """How long the machine slept."""


def resume(
    anchor: Anchor | None, *, boot: str, steady_ms: int, wall_ms: int, last_ms: int
) -> Anchor:
    """Return the anchor to go on with: the saved one in the same run, else a guess.

    The guess is the machine's calendar, but never before ``last_ms``, the last record.
    """
    if anchor is not None and anchor.boot == boot:
        if anchor.offset_ms + steady_ms >= last_ms:
            return anchor
        return msgspec.structs.replace(anchor, offset_ms=last_ms - steady_ms, confirmed=False)
    return Anchor(boot=boot, offset_ms=max(wall_ms, last_ms) - steady_ms, confirmed=False)


class HallClock:
    """The box's clock: hall time for everybody in the hall."""

    def __init__(
        self, steady: SteadyClock, *, anchor: Anchor | None = None, last_ms: int = 0
    ) -> None:
        """Go on from the saved ``anchor``, never before ``last_ms``, the newest record."""
        self._steady = steady
        wall_ms = steady.wall_ms()
        self.behind_ms = max(0, last_ms - wall_ms)
        """How far the calendar lay behind the last record at the beginning: an alert if large."""
        self.anchor = resume(
            anchor,
            boot=steady.boot(),
            steady_ms=steady.steady_ms(),
            wall_ms=wall_ms,
            last_ms=last_ms,
        )
        """To be kept by the caller."""
        self._latest = last_ms
        self._seen = _reading(steady)

    def now(self) -> int:
        """Return hall time: never less than it was before."""
        self._latest = max(self._latest, self._steady.steady_ms() + self.anchor.offset_ms)
        return self._latest

    def confirm(self, hall_ms: int, *, not_before: int) -> Anchor:
        """Set hall time as a named person says it is; return the anchor to keep.

        Raises `ClockError` if that lies before ``not_before``, the last record that binds.
        """
        self.adopt(self.planned(hall_ms, not_before=not_before))
        return self.anchor

    def planned(self, hall_ms: int, *, not_before: int) -> Anchor:
        """Return the anchor of a confirmation, which nothing follows yet: it is kept first."""
        if hall_ms < not_before:
            raise ClockError(
                f"expected a time not before the last record ({not_before} ms), "
                f"got {hall_ms} ms; look at the time again, date and zone included"
            )
        return Anchor(
            boot=self._steady.boot(),
            offset_ms=hall_ms - self._steady.steady_ms(),
            confirmed=True,
        )

    def adopt(self, anchor: Anchor) -> None:
        """Go by a planned anchor from now on."""
        self.anchor = anchor
        self._latest = self._steady.steady_ms() + anchor.offset_ms

    def look(self, *, tolerance_ms: int = 1_000) -> Jump | None:
        """Compare the machine's clocks with the last look; hall time is not touched by it."""
        before, self._seen = self._seen, _reading(self._steady)
        steady, awake, wall = (b - a for a, b in zip(before, self._seen, strict=True))
        jump = Jump(wall_ms=wall - steady, asleep_ms=steady - awake)
        if abs(jump.wall_ms) <= tolerance_ms and jump.asleep_ms <= tolerance_ms:
            return None
        return jump

    async def wait_until(self, hall_ms: int) -> None:
        """Return at ``hall_ms``, also if the clock is confirmed anew in the meantime."""
        await _wait_until(self._steady, self.now, hall_ms)


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """One answered heartbeat as the seat saw it."""

    sent_ms: int
    """The seat's steady clock when it asked."""
    received_ms: int
    """The seat's steady clock when the answer was there."""
    hall_ms: int
    """Hall time as the box wrote it into the answer."""

    @property
    def error_ms(self) -> int:
        """Half of the round trip, rounded up: the truth lies within this."""
        return (self.received_ms - self.sent_ms + 1) // 2

    @property
    def offset_ms(self) -> int:
        """Hall time minus steady time, as if both ways had taken equally long."""
        return self.hall_ms - (self.sent_ms + self.received_ms) // 2


class SeatClock:
    """A seat's clock: hall time heard by heartbeat, counted on in between."""

    def __init__(
        self, steady: SteadyClock, *, anchor: Anchor | None = None, last_ms: int = 0
    ) -> None:
        """Go on from what a rebooted seat has kept, or wait for the first heartbeat."""
        self._steady = steady
        self._beats: list[Beat] = []
        self._latest = last_ms
        self.anchor: Anchor | None = None
        """To be kept by the caller; None until the first heartbeat."""
        if anchor is not None or last_ms:
            self.anchor = resume(
                anchor,
                boot=steady.boot(),
                steady_ms=steady.steady_ms(),
                wall_ms=steady.wall_ms(),
                last_ms=last_ms,
            )

    @property
    def error_ms(self) -> int | None:
        """How far hall time may be off by the best heartbeat; None if none was heard yet."""
        return min((beat.error_ms for beat in self._beats), default=None)

    def now(self) -> int:
        """Return hall time; it may stand still, but never runs backward.

        Raises `ClockError` before the first heartbeat of a seat that has kept nothing.
        """
        if self.anchor is None:
            raise ClockError("expected hall time from the appliance, none came yet; wait for it")
        self._latest = max(self._latest, self._steady.steady_ms() + self.anchor.offset_ms)
        return self._latest

    def hear(self, beat: Beat, *, may_go_back: bool = False) -> int:
        """Take hall time from a heartbeat; return by how many ms the clock was corrected.

        The best of the last few beats counts. ``may_go_back`` is right only while no session
        is open at the seat: a person may have set hall time back at the opening of the doors.
        """
        if beat.received_ms < beat.sent_ms:
            raise ClockError(
                f"expected an answer after its question, got {beat.received_ms} ms "
                f"for a question of {beat.sent_ms} ms"
            )
        before = None if self.anchor is None else self.anchor.offset_ms
        if before is None or abs(beat.offset_ms - before) > self._trust(beat):
            self._beats.clear()
        self._beats = [*self._beats[-(_BEATS_KEPT - 1) :], beat]
        offset = min(self._beats, key=lambda b: b.error_ms).offset_ms
        self.anchor = Anchor(boot=self._steady.boot(), offset_ms=offset, confirmed=True)
        if may_go_back:
            self._latest = 0
        return offset - (offset if before is None else before)

    def _trust(self, beat: Beat) -> int:
        return beat.error_ms + (self.error_ms or 0) + _STEP_MS

    async def wait_until(self, hall_ms: int) -> None:
        """Return at ``hall_ms``, also if heartbeats correct the clock in the meantime."""
        await _wait_until(self._steady, self.now, hall_ms)


class _Now(Protocol):
    def __call__(self) -> int: ...


async def _wait_until(steady: SteadyClock, now: _Now, hall_ms: int) -> None:
    while (rest := hall_ms - now()) > 0:
        await steady.sleep(min(rest, _SLICE_MS))


def _reading(steady: SteadyClock) -> tuple[int, int, int]:
    return steady.steady_ms(), steady.awake_ms(), steady.wall_ms()
