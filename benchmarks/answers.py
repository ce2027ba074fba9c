"""How many durable answers one core takes a second, beside a bare mTLS echo of the same server.

::

    python -m benchmarks.answers --json build/bench/answers.json

Core runs as its own process on one processor, the client on the other. Each of 64 seats
sends one answer after the other over its own connection: mutual TLS, signature and chain
checked, committed with ``synchronous=FULL`` together with those of other seats, and only
then acknowledged. The baseline takes the same requests by the same server program and
answers as many bytes at once. Both are measured in turns; the figure is the median round.
"""

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from benchmarks.hall import MeasuredHall, MeasuredSeat, free_port, measured_hall, seat_everybody
from benchmarks.rows import Row, table, write
from benchmarks.wire import Outcome, Wire, post
from drill.sample_sitting import people
from exam.paper import Written
from protocol import seat_api
from protocol.journal import (
    Answered,
    Batch,
    Head,
    encode_event,
    first_link,
    next_link,
    sign_head,
)
from protocol.seat_api import Acknowledged
from protocol.values import encode
from runtime.secret import Secret
from runtime.tls import Identity as TlsIdentity
from runtime.tls import client_context

SEATS = 64
ROUNDS = 5
EACH = 120
LEAST_RATIO = 0.5
MOST_P99_MS = 50.0
_SERVER_ON, _CLIENT_ON = {0}, {1}


class Writing:
    """One seat's journal, written beforehand: requests of one answer each."""

    def __init__(self, seat: MeasuredSeat) -> None:
        self._seat = seat
        self._n = 0
        self._link = first_link(seat.grant_envelope.digest)

    def requests(self, count: int) -> list[bytes]:
        """Return the next requests."""
        return [self._next() for _ in range(count)]

    def _next(self) -> bytes:
        self._n += 1
        text = Written(text="城市信息模型的多尺度表达" * 4 + str(self._n))
        body = encode_event(
            Answered(n=self._n, hall=self._n, mono=self._n, item="q13", response=text)
        )
        self._link = next_link(self._link, body)
        grant = self._seat.grant
        head = Head(session=grant.session, epoch=grant.epoch, n=self._n, head=self._link)
        batch = Batch(
            session=grant.session,
            epoch=grant.epoch,
            first=self._n,
            events=(msgspec.Raw(body),),
            head=sign_head(head, self._seat.key),
        )
        return post(seat_api.BATCHES, encode(batch))


async def _connect(port: int, seats: list[MeasuredSeat]) -> list[Wire]:
    wires = []
    for seat in seats:
        pem = seat.identity.tls_pem.read_bytes()
        context = client_context(
            authorities=seat.identity.authority_pem.read_bytes(),
            identity=TlsIdentity(chain_pem=pem, key_pem=Secret(b"")),
            check_name=False,
        )
        wires.append(await Wire.open(port, context))
    return wires


async def _round(wires: list[Wire], requests: list[list[bytes]]) -> tuple[float, Outcome]:
    """Send everything; return requests a second, and each reply with its time."""
    outcome = Outcome()
    begun = time.perf_counter()
    await asyncio.gather(
        *(wire.send_all(mine, outcome) for wire, mine in zip(wires, requests, strict=True))
    )
    return len(outcome.seconds) / (time.perf_counter() - begun), outcome


@contextlib.asynccontextmanager
async def _echo(hall: MeasuredHall) -> AsyncIterator[int]:
    port = free_port()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.echo_server", str(hall.folder / "box"), str(port)),
        env=os.environ | {"EXAMHALL_LOG_LEVEL": "ERROR"},
    )
    os.sched_setaffinity(program.pid, _SERVER_ON)
    try:
        await _listening(port)
        yield port
    finally:
        program.terminate()
        await program.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


async def measure() -> list[Row]:
    """Measure in turns; return the rows."""
    os.sched_setaffinity(0, _CLIENT_ON)
    durable, echoed, slowest = [], [], []
    async with measured_hall(SEATS, core_on=_SERVER_ON) as hall, _echo(hall) as echo_port:
        seats = await seat_everybody(hall, people(SEATS))
        writing = [Writing(seat) for seat in seats]
        wires, echo_wires = await _connect(hall.port, seats), await _connect(echo_port, seats)
        for number in range(ROUNDS + 1):
            requests = [mine.requests(EACH) for mine in writing]
            rate, outcome = await _round(wires, requests)
            _check(outcome)
            echo_rate, _ = await _round(echo_wires, requests)
            if number:  # the first round warms up
                durable.append(rate)
                echoed.append(echo_rate)
                slowest.append(statistics.quantiles(outcome.seconds, n=100)[98] * 1000)
        for wire in (*wires, *echo_wires):
            wire.close()
    return _rows(durable, echoed, slowest)


def _check(outcome: Outcome) -> None:
    refused = [
        reply
        for reply in map(seat_api.decode_batch_reply, outcome.bodies)
        if not isinstance(reply, Acknowledged)
    ]
    if refused:
        raise RuntimeError(f"{len(refused)} batches were refused, the first: {refused[0]}")


def _rows(durable: list[float], echoed: list[float], slowest: list[float]) -> list[Row]:
    parameters = {
        "connections": SEATS,
        "answers_a_round": SEATS * EACH,
        "rounds": ROUNDS,
        "synchronous": "FULL",
        "processors": "server on one, client on the other",
    }
    rate, bare = statistics.median(durable), statistics.median(echoed)
    return [
        Row(
            name="durable answers",
            value=rate,
            unit="1/s",
            baseline="bare mTLS echo of the same server",
            baseline_value=bare,
            ratio=statistics.median(d / e for d, e in zip(durable, echoed, strict=True)),
            parameters=parameters,
            least=LEAST_RATIO,
        ),
        Row(
            name="acknowledged within the limit, p99",
            value=MOST_P99_MS,
            unit="ms",
            baseline="answer to acknowledgement, p99",
            baseline_value=statistics.median(slowest),
            ratio=MOST_P99_MS / statistics.median(slowest),
            parameters=parameters,
            least=1.0,
        ),
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
