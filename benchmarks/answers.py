"""How many durable answers one core takes a second, beside a bare mTLS echo of the same server.

::

    python -m benchmarks.answers --json build/bench/answers.json

Core runs as its own process on one processor, the client on the other. Each of 64 seats
sends one answer after the other over its own connection: mutual TLS, signature and chain
checked, committed with ``synchronous=FULL`` together with those of other seats, and only
then acknowledged. The baseline takes the same requests by the same server program and
answers as many bytes at once. Both are measured in turns, in rounds of like length; the
figure is the median round.

Two measures, since a machine is seldom quiet: by the clock, as a person would count, and by
the processor time that the server's threads took for each request, which neighbours hardly
change. ``client_busy`` in the parameters is the share of the echo's rounds in which the
client ran: near 1 it would be the client that is measured.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.hall import MeasuredHall, free_port, listening, measured_hall
from benchmarks.load import Load, Outcome
from benchmarks.processors import SERVER_ON, WORDS, cpu_seconds, measuring
from benchmarks.rows import Row, table, write
from benchmarks.seats import seat_everybody
from benchmarks.writing import Writing
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


async def measure(seats: int = SEATS, rounds: int = ROUNDS, each: int = EACH) -> list[Row]:
    """Measure in turns; return the rows."""
    load = os.getloadavg()[0]
    with measuring():
        async with measured_hall(seats, core_on=SERVER_ON) as hall, _echo(hall) as (pid, port):
            there = await seat_everybody(hall, people(seats))
            contexts = [seat.context() for seat in there]
            core = Server(pid=hall.pid, load=await asyncio.to_thread(Load, hall.port, contexts))
            echo = Server(pid=pid, load=await asyncio.to_thread(Load, port, contexts))
            writing = [Writing(seat) for seat in there]
            await _both(core, echo, writing, each)  # warms up
            taken = [await _both(core, echo, writing, each) for _ in range(rounds)]
            core.load.close()
            echo.load.close()
    about = {"connections": seats, "answers_a_round": seats * each, "rounds": rounds}
    busy = statistics.median(echo.busy for _, echo in taken)
    return _rows(taken, about | {"load_before": load, "client_busy": round(busy, 2)})


async def _both(
    core: Server, echo: Server, writing: list[Writing], each: int
) -> tuple[Round, Round]:
    requests = [[mine.request(_answer) for _ in range(each)] for mine in writing]
    durable, outcome = await core.round(requests)
    _check(outcome)
    echoed, _ = await echo.round([mine * ECHOES for mine in requests])
    return durable, echoed


def _check(outcome: Outcome) -> None:
    refused = [
        reply
        for reply in map(seat_api.decode_batch_reply, outcome.bodies)
        if not isinstance(reply, Acknowledged)
    ]
    if refused:
        raise RuntimeError(f"{len(refused)} batches were refused, the first: {refused[0]}")


def _rows(taken: list[tuple[Round, Round]], about: dict[str, Any]) -> list[Row]:
    def row(name: str, unit: str, figure: Callable[[Round], float], **limit: float) -> Row:
        value = statistics.median(figure(core) for core, _ in taken)
        beside = statistics.median(figure(echo) for _, echo in taken)
        return Row(
            name=name,
            value=value,
            unit=unit,
            baseline="bare mTLS echo of the same server",
            baseline_value=beside,
            ratio=value / beside,
            parameters=about | {"synchronous": "FULL", "processors": WORDS},
            **limit,
        )

    return [
        row("answers: durable", "1/s", lambda one: one.rate, least=LEAST_RATIO),
        row("answers: to acknowledgement, p99", "ms", lambda one: one.p99_ms, most=MOST_P99_MS),
        row("answers: durable, by processor time", "1/s and core", lambda one: 1e6 / one.cpu_us),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write the file, and fail where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args(arguments)
    rows = asyncio.run(measure())
    print(table(rows))
    write(rows, options.json)
    return int(not all(row.holds for row in rows))


if __name__ == "__main__":
    sys.exit(main())
