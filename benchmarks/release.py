"""How the paper's key reaches a hall, and how soon question 1 stands before a candidate.

::

    python -m benchmarks.release --json build/bench/release.json

1. 200 seats are paired, logged in and through the door of a real core, each with a link
   over mTLS. Staff arm the start; each link notes when P came, on the boot clock that all
   processes share. The spread is last minus first. Beside it, in the same run: the same
   bytes written to 200 plain mTLS sockets in one loop, and asked for over HTTP once a
   second, as web exams do.
2. A terminal of its own with a page in a real Chromium waits with a sealed paper of 20 MB.
   From P at the seat until question 1 is painted, with its pictures decoded; beside it,
   decrypting the same file and nothing else.

Each is measured in several halls one after the other; the figure is the median of them.
"""

import os
import statistics
import sys
from typing import Any

from benchmarks.first_question import Opening, measure_openings
from benchmarks.processors import WORDS
from benchmarks.rows import Row, report
from benchmarks.spread import POLL_S, PUSHES, Spreads, measure_spreads

Parameters = dict[str, Any]

SEATS = 200
HALLS = 3
PAPER = 20_000_000
MOST_SPREAD_MS = 300.0
MOST_OPENING_MS = 300.0


async def measure(seats: int = SEATS, paper: int = PAPER, halls: int = HALLS) -> list[Row]:
    """Measure both; return the rows. Takes two minutes with the full numbers."""
    load = os.getloadavg()[0]
    spreads = await measure_spreads(seats, halls)
    openings = await measure_openings(paper, halls)
    about: Parameters = {"halls": halls, "load_before": load}
    return [*_spread_rows(spreads, {"seats": seats} | about), *_opening_rows(openings, about)]


def _spread_rows(spreads: Spreads, about: Parameters) -> list[Row]:
    spread = statistics.median(one.spread for one in spreads.links)
    late = statistics.median(one.last for one in spreads.links)
    plain = statistics.median(one.spread for one in spreads.plain)
    plain_late = statistics.median(one.last for one in spreads.plain)
    polled = statistics.median(one.spread for one in spreads.polled)
    parameters = about | {"plain_rounds": PUSHES * len(spreads.links), "processors": WORDS}
    return [
        Row(
            name="release: spread of P",
            value=spread,
            unit="ms",
            baseline="the same bytes to as many plain mTLS sockets, in one loop",
            baseline_value=plain,
            ratio=spread / plain,
            parameters=parameters,
            most=MOST_SPREAD_MS,
        ),
        Row(
            name="release: spread of P, beside polling",
            value=spread,
            unit="ms",
            baseline=f"asked for over HTTP every {POLL_S:g} s, as web exams do",
            baseline_value=polled,
            ratio=spread / polled,
            parameters=parameters,
        ),
        Row(
            name="release: armed start to the last seat",
            value=late,
            unit="ms",
            baseline="word to the last of the plain sockets; nothing is made durable",
            baseline_value=plain_late,
            ratio=late / plain_late,
            parameters=parameters,
        ),
    ]


def _opening_rows(openings: list[Opening], about: Parameters) -> list[Row]:
    parameters = about | {
        "paper_bytes": openings[0].size,
        "pictures_in_question_1": openings[0].pictures,
        "page": "Chromium, headless, 1366x768",
        "processors": os.cpu_count(),
    }
    decrypting = statistics.median(one.decrypting for one in openings)
    painted = statistics.median(one.painted for one in openings)
    heading = statistics.median(one.heading for one in openings)
    return [
        Row(
            name=name,
            value=value,
            unit="ms",
            baseline="decrypting the same file (pyrage), nothing else",
            baseline_value=decrypting,
            ratio=value / decrypting,
            parameters=parameters,
            most=most,
        )
        for name, value, most in (
            ("release: P to question 1 on the screen", painted, MOST_OPENING_MS),
            ("release: P to question 1 in the page", heading, None),
        )
    ]


def main(arguments: list[str] | None = None) -> int:
    """Print a table, write the file, and fail where a limit is missed."""
    return report(__doc__, measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
