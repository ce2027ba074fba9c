"""An open loop: pages that save answers at their own steady rate, whatever the server does.

When each answer is saved is fixed beforehand, and its latency counts from then, not from when
its batch was sent: a server that stands still is charged for all that came meanwhile (no
coordinated omission). A seat sends as `terminal_agent.link` does: one batch at a time, `APART_S`
after the batch before at the earliest, and in it everything that was saved since that, to the
bounds of `SeatSession.next_batch`, under one head that is signed then.
"""

import heapq
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.load import Line, Load, LoadError
from benchmarks.writing import Kept, Make, Writing, as_request
from terminal_agent.link import APART_S
from terminal_agent.session import MOST_BYTES, MOST_IN_BATCH

_PATIENCE_S: Final = 60.0


@dataclass
class Flow:
    """What one round gave."""

    seconds: list[tuple[float, float]] = field(default_factory=list)
    """Of each acknowledged answer: when it was saved, in seconds from the beginning, and how
    long from there to its acknowledgement."""
    bodies: list[bytes] = field(default_factory=list)
    """The replies, one for each batch."""
    took: float = 0.0
    """Seconds from the beginning to the last acknowledgement."""
    busy: float = 0.0
    """Share of them in which this client ran."""

    @property
    def answers_a_batch(self) -> float:
        """How many answers went under one signature, in the mean."""
        return len(self.seconds) / len(self.bodies)

    def percentile_ms(self, percent: int) -> float:
        """Return within which time so many of 100 answers were acknowledged."""
        return _percentile_ms([seconds for _, seconds in self.seconds], percent)

    def halves_ms(self) -> tuple[float, float]:
        """Return the median latency of each half of the round; alike if no backlog grows."""
        told = [seconds for _, seconds in sorted(self.seconds)]
        middle = len(told) // 2
        return _percentile_ms(told[:middle], 50), _percentile_ms(told[middle:], 50)


def _percentile_ms(seconds: Sequence[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000


class Page:
    """One seat's answers of a round: which are due, and which were sent."""

    def __init__(self, writing: Writing, due: Sequence[float], make: Make) -> None:
        """``due``: when each is saved, rising, in seconds from the round's beginning."""
        self._writing = writing
        self._due = due
        self._kept: list[Kept] = [writing.write(make) for _ in due]
        self._sent = 0
        self._acknowledged = 0
        self._earliest = 0.0

    @property
    def next_due(self) -> float | None:
        """When the next batch is sent: it has an answer then; None after the last."""
        if self._sent == len(self._due):
            return None
        return max(self._due[self._sent], self._earliest)

    def request(self, now: float) -> bytes:
        """Return all that is due, to a batch's bounds, as a signed request."""
        first, size, self._earliest = self._sent, 0, now + APART_S
        while self._sent < len(self._due) and self._due[self._sent] <= now:
            size += len(bytes(self._kept[self._sent].body))
            if self._sent - first == MOST_IN_BATCH or size > MOST_BYTES:
                break
            self._sent += 1
        return as_request(self._writing.signed(self._kept[first : self._sent]))

    def acknowledged(self, now: float) -> list[tuple[float, float]]:
        """Return saving time and latency of the answers of the batch that was under way."""
        due = self._due[self._acknowledged : self._sent]
        self._acknowledged = self._sent
        return [(at, now - at) for at in due]


def due_times(connections: int, rate: float, seconds: float) -> list[list[float]]:
    """Return for each connection when its answers are saved: evenly, the phases spread.

    ``rate``: answers a second of all connections together.
    """
    each = max(2, round(rate * seconds / connections))
    return [
        [(place + turn * connections) / rate for turn in range(each)]
        for place in range(connections)
    ]


def flow(load: Load, pages: Sequence[Page]) -> Flow:
    """Let the pages write, each over its own connection, until all is acknowledged. Blocks."""
    return _Run(load, pages).run()


class _Run:
    def __init__(self, load: Load, pages: Sequence[Page]) -> None:
        self._load = load
        self._pages = dict(zip(load.lines, pages, strict=True))
        self._idle: list[tuple[float, int]] = []
        """Connections without a batch under way: when they send their next, and which."""
        self._under_way = 0
        self._flow = Flow()

    def run(self) -> Flow:
        for fd in self._pages:
            self._rest(fd)
        begun, ran = time.perf_counter(), time.thread_time()
        while self._idle or self._under_way:
            self._send_due(begun)
            wait = self._idle[0][0] - (time.perf_counter() - begun) if self._idle else _PATIENCE_S
            ready = self._load.poll.poll(max(0.0, wait))
            if not ready and not self._idle:
                raise LoadError(f"no reply within {_PATIENCE_S:g} s")
            for fd, _ in ready:
                self._take(fd, self._load.lines[fd], begun)
        self._flow.took = time.perf_counter() - begun
        self._flow.busy = (time.thread_time() - ran) / self._flow.took
        return self._flow

    def _rest(self, fd: int) -> None:
        due = self._pages[fd].next_due
        if due is not None:
            heapq.heappush(self._idle, (due, fd))

    def _send_due(self, begun: float) -> None:
        while self._idle and self._idle[0][0] <= (now := time.perf_counter() - begun):
            _, fd = heapq.heappop(self._idle)
            self._load.lines[fd].write(self._pages[fd].request(now))
            self._under_way += 1

    def _take(self, fd: int, line: Line, begun: float) -> None:
        body = line.reply()
        if body is None:
            return
        self._under_way -= 1
        self._flow.bodies.append(body)
        self._flow.seconds += self._pages[fd].acknowledged(time.perf_counter() - begun)
        self._rest(fd)
