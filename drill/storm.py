"""Everything that can go wrong in a running day, in an order that a seed draws.

Each fault is one word of `FAULTS`, lasts moments, and is taken back. What must hold
afterwards is compared by `drill.day`: what was typed and what the office verified are the
same, digest for digest::

    storm = Storm(day.hall, seed="7", seconds=60, say=print, cut=day.line_cut)
    await day.write_during(storm.run())
    storm.done      -> {"kill": 11, "cut the line": 3, ...}
    storm.faults    -> [Fault(what="kill", at_s=1.2, whom="core", how=""), ...]

Rules: every kind has its turn before one comes again; at the end all is taken back, and
every program is up.
"""

import asyncio
import contextlib
import errno
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, NamedTuple

from central.office import tls_identity
from drill.chaos import kill, pid_of, until_all_up
from drill.hall import Hall
from drill.line import SickOffice
from drill.report import Fault

Say = Callable[[str], None]
Cut = Callable[[], AbstractAsyncContextManager[None]]


class Hit(NamedTuple):
    """Whom a fault hit, a program or nobody, and how."""

    whom: str
    how: str


Doing = Callable[[], Awaitable[Hit]]

_APART_S: Final = (0.3, 1.5)
"""Between two faults."""
_LASTS_S: Final = (0.5, 3.0)
_BALLAST: Final = 1024 * 1024
_BYTES: Final = (1, 200_000)
"""After so many bytes towards the office an upload breaks."""


class Storm:
    """Faults for so many seconds; a record of what was done."""

    def __init__(
        self,
        hall: Hall,
        *,
        seed: str,
        seconds: float,
        say: Say,
        cut: Cut,
        small_disk: bool = False,
    ) -> None:
        """Plan it.

        ``cut``: cuts the line while it lasts, and counts that. ``small_disk``: the hall's
        folder is a file system of its own, which may be filled.
        """
        self._hall: Final = hall
        self._keepers: Final = (hall.office, hall.box, hall.seats)
        self._draw: Final = random.Random(seed)
        self._seconds: Final = seconds
        self._say = say
        self._cut_line: Final = cut
        self._small_disk: Final = small_disk
        self.faults: Final[list[Fault]] = []

    @property
    def done(self) -> Counter[str]:
        """How often each kind was done."""
        return Counter(fault.what for fault in self.faults)

    async def run(self) -> None:
        """Do one thing after another; in the end take all back."""
        began, turns = time.monotonic(), self._turns()
        try:
            while time.monotonic() - began < self._seconds:
                await asyncio.sleep(self._draw.uniform(*_APART_S))
                name, doing = next(turns)
                at_s = round(time.monotonic() - began, 1)
                hit = await doing()
                self.faults.append(Fault(what=name, at_s=at_s, whom=hit.whom, how=hit.how))
                self._say(f"{name}: {' '.join(filter(None, hit))}")
        finally:
            self._hall.line.divert(None)
            self._hall.line.flow()
            await self._hall.line.restore()
        await until_all_up(self._keepers)

    def _turns(self) -> Iterator[tuple[str, Doing]]:
        """Give each kind of fault, in rounds without end; kills come three times as often."""
        kinds: list[tuple[str, Doing]] = [
            *[("kill", self._kill)] * 3,
            ("freeze", self._freeze),
            ("cut the line", self._cut),
            ("break uploads", self._break),
            ("stall the line", self._stall),
            ("sick office", self._sicken),
            ("forget what was sent", self._forget),
        ]
        if self._small_disk:
            kinds.append(("fill the disk", self._fill))
        while True:
            self._draw.shuffle(kinds)
            yield from kinds

    async def _a_while(self) -> str:
        seconds = self._draw.uniform(*_LASTS_S)
        await asyncio.sleep(seconds)
        return f"for {seconds:.1f} s"

    def _anyone(self) -> str:
        return self._draw.choice(sorted(s.name for keeper in self._keepers for s in keeper.states))

    # --- processes --------------------------------------------------------------------------

    async def _kill(self) -> Hit:
        name = self._anyone()
        await kill(self._keepers, name)
        return Hit(name, "")

    async def _freeze(self) -> Hit:
        """Stop a process as a machine does that swaps, and let it go on."""
        name = self._anyone()
        pid = pid_of(self._keepers, name)
        if pid is None:
            return Hit(name, "was just starting")
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        try:
            return Hit(name, await self._a_while())
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    async def _forget(self) -> Hit:
        """Let the courier lose its ledger: it offers every parcel to the office again."""
        await kill(self._keepers, "courier")
        folder = self._hall.places.state / "courier"
        for path in await asyncio.to_thread(lambda: sorted(folder.glob("courier.db*"))):
            await asyncio.to_thread(path.unlink, missing_ok=True)
        return Hit("courier", "sends every parcel anew")

    # --- the line ---------------------------------------------------------------------------

    async def _cut(self) -> Hit:
        async with self._cut_line():
            return Hit("", await self._a_while())

    async def _break(self) -> Hit:
        count = self._draw.randint(*_BYTES)
        self._hall.line.cut_after(count)
        return Hit("", f"after {count} bytes")

    async def _stall(self) -> Hit:
        self._hall.line.stall()
        said = await self._a_while()
        self._hall.line.flow()
        return Hit("", said)

    async def _sicken(self) -> Hit:
        """Let another answer 500 in the office's place."""
        async with SickOffice(*await asyncio.to_thread(tls_identity, self._hall.layout)) as sick:
            self._hall.line.divert(sick.port)
            said = await self._a_while()
            self._hall.line.divert(None)
        return Hit("", f"{said}, asked {sick.asked} times")

    # --- the disk ---------------------------------------------------------------------------

    async def _fill(self) -> Hit:
        ballast = self._hall.places.folder / "ballast"
        try:
            size = await asyncio.to_thread(_fill, ballast)
            return Hit("", f"{size // _BALLAST} MiB, {await self._a_while()}")
        finally:
            await asyncio.to_thread(ballast.unlink, missing_ok=True)


def _fill(path: Path) -> int:
    """Write until nothing goes any more; return how much it was. Blocks."""
    piece = bytes(_BALLAST)
    with path.open("wb", buffering=0) as file:
        while piece:
            try:
                file.write(piece)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                piece = piece[: len(piece) // 2]
        return file.tell()
