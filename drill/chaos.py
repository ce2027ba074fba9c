"""Killing programs of a running hall at random moments, as a seed says.

Every program of the hall has its turn (a shuffled round after another), whatever it is
doing, also while it is still coming up; its supervisor starts it again. What must hold
afterwards is compared by `drill.day`: nothing that was acknowledged is missing or twice, and
each candidate went on at the same question.

::

    sweep = Sweep(day.hall, seed="1", kills=50)
    await day.write_during(sweep.run())
    sweep.killed     -> {"core": 6, "seat-a01": 6, ...}
"""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Final

from drill.hall import Hall
from drill.waiting import patience
from runtime.supervise import Condition, State, Supervisor

Keepers = tuple[Supervisor, ...]

LEAST_S, MOST_S = 0.3, 2.0
"""Between two kills."""
_UP_S: Final = 60.0


class Sweep:
    """So many kills; a record of whom they hit."""

    def __init__(self, hall: Hall, *, seed: str, kills: int) -> None:
        self._keepers: Final = (hall.office, hall.box, hall.seats)
        self._draw: Final = random.Random(seed)
        self._kills: Final = kills
        self.killed: Counter[str] = Counter()

    async def run(self) -> None:
        """Kill, then wait until every program is up again."""
        turns = self._turns()
        for _ in range(self._kills):
            await asyncio.sleep(self._draw.uniform(LEAST_S, MOST_S))
            await self._kill(next(turns))
        await until_all_up(self._keepers)

    def _turns(self) -> Iterator[str]:
        """Name the programs, each once in a round, in rounds without end."""
        while True:
            names = sorted(state.name for state in self._states())
            self._draw.shuffle(names)
            yield from names

    async def _kill(self, name: str) -> None:
        await kill(self._keepers, name)
        self.killed[name] += 1

    def _states(self) -> list[State]:
        return _states(self._keepers)


async def kill(keepers: Keepers, name: str) -> None:
    """Kill the program as soon as it has a process."""
    async with patience(_UP_S, f"a process of {name}"):
        while (pid := pid_of(keepers, name)) is None:  # noqa: ASYNC110 - a pause of its supervisor
            await asyncio.sleep(0.02)
    os.kill(pid, signal.SIGKILL)


def pid_of(keepers: Keepers, name: str) -> int | None:
    """Return the program's process; None while it has none."""
    return next((state.pid for state in _states(keepers) if state.name == name), None)


async def until_all_up(keepers: Keepers) -> None:
    """Return when every program is up."""
    for keeper in keepers:
        async with patience(_UP_S, lambda: f"all programs up again, {_down(keepers)}"):
            await keeper.all_ready()


def _states(keepers: Keepers) -> list[State]:
    return [state for keeper in keepers for state in keeper.states]


def _down(keepers: Keepers) -> str:
    down = [state.name for state in _states(keepers) if state.condition is not Condition.READY]
    return f"but {', '.join(down)}"
