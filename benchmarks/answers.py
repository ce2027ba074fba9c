"""How many durable answers one core takes a second, beside a bare mTLS echo of the same server.

::

    python -m benchmarks.answers --json build/bench/answers.json

Core runs as its own process on one processor, the client on the other: mutual TLS, signature
and chain checked, committed with ``synchronous=FULL`` together with those of other seats, and
only then acknowledged. Two ways of sending, each over 64 connections:

*As seats send* (`benchmarks.steady`): each page saves answers at its own steady rate, and its
seat sends in one batch what was saved since the batch before, 20 ms after it at the earliest.
Offered is `OFFERED` of the rate that the echo had just before.

*One to a batch*: each connection sends an answer alone, and the next when that is acknowledged.

The baseline takes the requests of the second by the same server program and answers as many
bytes at once. All are measured in turns, in rounds of like length; the figure is the median.

One to a batch is measured by the clock, as a person would count, and by the processor time that
the server's threads took for each request, which neighbours hardly change. ``client_busy`` in the
parameters is the share in which the client ran: near 1 it would be the client that is measured.
"""

import asyncio
import contextlib
import os
import statistics
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.hall import MeasuredHall, listening, measured_hall
from benchmarks.load import Load, Outcome
from benchmarks.processors import SERVER_ON, WORDS, cpu_seconds, measuring
from benchmarks.rows import Row, report
from benchmarks.seats import seat_everybody
from benchmarks.steady import Flow, Page, due_times, flow
from benchmarks.writing import Writing
from drill.ports import free_port
from drill.sample_sitting import people
from exam.paper import Written
from protocol import seat_api
from protocol.journal import Answered, Event
from protocol.seat_api import Acknowledged

SEATS = 64
ROUNDS = 7
EACH = 100
ECHOES = 3
"""How often the echo hears what core heard once: so its rounds take about as long."""
OFFERED = 0.51
"""Share of the echo's rate that the pages save: over the limit by as much as waiting for the last
acknowledgements may cost. Half could not reach half, and more would only ask for more than it."""
STEADY_S = 3.0
"""So long the pages save: a backlog that grew by a hundredth would be 30 ms at the end."""
_P99 = "answers: to acknowledgement, p99"
LEAST_RATIO = 0.5
MOST_P99_MS = 50.0


def _answer(n: int) -> Event:
    text = Written(text="城市信息模型的多尺度表达" * 4 + str(n))
    return Answered(n=n, hall=n, mono=n, item="q13", response=text)


@dataclass(frozen=True, kw_only=True)
class Round:
    """What one round gave: requests a second, their p99, and the server's time for each."""

    rate: float
    p99_ms: float
    cpu_us: float
    busy: float
    """Share of the round in which the client ran."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server under measurement, and the connections to it."""

    pid: int
    load: Load

    async def round(self, requests: list[list[bytes]]) -> tuple[Round, Outcome]:
        """Send everything, each connection one request after the other."""
        ran = cpu_seconds(self.pid)
        outcome = await asyncio.to_thread(self.load.round, requests)
        ran = cpu_seconds(self.pid) - ran
        count = len(outcome.seconds)
        return Round(
            rate=count / outcome.took,
            p99_ms=outcome.p99_ms,
            cpu_us=ran / count * 1e6,
            busy=outcome.busy,
        ), outcome

    async def flow(self, pages: list[Page]) -> "Steady":
        """Let pages save at their own rate until all is acknowledged."""
        ran = cpu_seconds(self.pid)
        given = await asyncio.to_thread(flow, self.load, pages)
        ran = cpu_seconds(self.pid) - ran
        _check(given.bodies)
        count = len(given.seconds)
        return Steady(rate=count / given.took, cpu_us=ran / count * 1e6, flow=given)


@dataclass(frozen=True, kw_only=True)
class Steady:
    """What one round of saving pages gave."""

    rate: float
    """Acknowledged answers a second, the last one waited for."""
    cpu_us: float
    flow: Flow


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One of each, right after another."""

    single: Round
    echo: Round
    steady: Steady


@contextlib.asynccontextmanager
async def _echo(hall: MeasuredHall) -> AsyncIterator[tuple[int, int]]:
    """Run the baseline; yield its process and port."""
    port = free_port()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.echo_server", str(hall.folder / "box"), str(port)),
        env=os.environ | {"EXAMHALL_LOG_LEVEL": "ERROR"},
    )
    os.sched_setaffinity(program.pid, SERVER_ON)
    try:
        await listening(port)
        yield program.pid, port
    finally:
        program.terminate()
        await program.wait()


async def measure(
    seats: int = SEATS, rounds: int = ROUNDS, each: int = EACH, seconds: float = STEADY_S
) -> list[Row]:
    """Measure in turns; return the rows."""
    load = os.getloadavg()[0]
    with measuring():
        async with measured_hall(seats, core_on=SERVER_ON) as hall, _echo(hall) as (pid, port):
            there = await seat_everybody(hall, people(seats))
            contexts = [seat.context() for seat in there]
            core = Server(pid=hall.pid, load=await asyncio.to_thread(Load, hall.port, contexts))
            echo = Server(pid=pid, load=await asyncio.to_thread(Load, port, contexts))
            writing = [Writing(seat) for seat in there]
            await _turn(core, echo, writing, each, seconds)  # warms up
            taken = [await _turn(core, echo, writing, each, seconds) for _ in range(rounds)]
            core.load.close()
            echo.load.close()
    about: dict[str, Any] = {"connections": seats, "rounds": rounds, "load_before": load}
    about |= {"synchronous": "FULL", "processors": WORDS}
    return [
        *_steady_rows(taken, about),
        *_single_rows(taken, about | {"answers_a_round": seats * each}),
    ]


async def _turn(
    core: Server, echo: Server, writing: list[Writing], each: int, seconds: float
) -> Turn:
    requests = [[mine.request(_answer) for _ in range(each)] for mine in writing]
    single, outcome = await core.round(requests)
    _check(outcome.bodies)
    echoed, _ = await echo.round([mine * ECHOES for mine in requests])
    due = due_times(len(writing), OFFERED * echoed.rate, seconds)
    pages = [Page(mine, times, _answer) for mine, times in zip(writing, due, strict=True)]
    return Turn(single=single, echo=echoed, steady=await core.flow(pages))


def _check(bodies: list[bytes]) -> None:
    refused = [
        reply
        for reply in map(seat_api.decode_batch_reply, bodies)
        if not isinstance(reply, Acknowledged)
    ]
    if refused:
        raise RuntimeError(f"{len(refused)} batches were refused, the first: {refused[0]}")


def _row(name: str, unit: str, values: list[float], beside: list[float], **more: Any) -> Row:
    value, baseline = statistics.median(values), statistics.median(beside)
    return Row(
        name=name,
        value=value,
        unit=unit,
        baseline="bare mTLS echo of the same server",
        baseline_value=baseline,
        ratio=value / baseline,
        **more,
    )


def _steady_rows(taken: list[Turn], about: dict[str, Any]) -> list[Row]:
    def middle(figure: Callable[[Steady], float]) -> float:
        return round(statistics.median(figure(turn.steady) for turn in taken), 2)

    about = about | {
        "offered_of_the_echo": OFFERED,
        "offered": round(statistics.median(OFFERED * turn.echo.rate for turn in taken), 1),
        "answers_a_batch": middle(lambda one: one.flow.answers_a_batch),
        "p50_ms": middle(lambda one: one.flow.percentile_ms(50)),
        "first_half_p50_ms": middle(lambda one: one.flow.halves_ms()[0]),
        "second_half_p50_ms": middle(lambda one: one.flow.halves_ms()[1]),
        "p99_ms_of_rounds": [round(turn.steady.flow.percentile_ms(99), 1) for turn in taken],
        "server_us_an_answer": middle(lambda one: one.cpu_us),
        "client_busy": middle(lambda one: one.flow.busy),
    }
    rates = [turn.steady.rate for turn in taken], [turn.echo.rate for turn in taken]
    p99 = [turn.steady.flow.percentile_ms(99) for turn in taken]
    echo = [turn.echo.p99_ms for turn in taken]
    return [
        _row("answers: durable", "1/s", *rates, parameters=about, least=LEAST_RATIO),
        _row(_P99, "ms", p99, echo, parameters=about, most=MOST_P99_MS),
    ]


def _single_rows(taken: list[Turn], about: dict[str, Any]) -> list[Row]:
    busy = statistics.median(turn.echo.busy for turn in taken)

    def row(name: str, unit: str, figure: Callable[[Round], float]) -> Row:
        values = [figure(turn.single) for turn in taken]
        beside = [figure(turn.echo) for turn in taken]
        return _row(name, unit, values, beside, parameters=about | {"client_busy": round(busy, 2)})

    one = "one to a batch"
    return [
        row(f"answers: durable, {one}", "1/s", lambda mine: mine.rate),
        row(f"{_P99}, {one}", "ms", lambda mine: mine.p99_ms),
        row(f"answers: processor, {one}", "1/s and core", lambda mine: 1e6 / mine.cpu_us),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write the file, and fail where a limit is missed."""
    return report(__doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
