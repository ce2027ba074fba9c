"""A terminal whose calendar is wrong by years: ``seat_of_another_time.py SECONDS ARGUMENTS...``.

Every reading of the machine's calendar in this process is off by so many seconds, from before
the product is imported; the clocks that count since boot are right, as on such a machine. Each
start is a boot of its own: whoever has a dead battery finds it out after a power cut.
"""

import sys
import time


def shift(seconds: float) -> None:
    """Let the calendar be off; CLOCK_REALTIME by whichever of its names."""
    was_time, was_time_ns = time.time, time.time_ns
    was_clock, was_clock_ns = time.clock_gettime, time.clock_gettime_ns
    off_ns = int(seconds * 1_000_000_000)
    time.time = lambda: was_time() + seconds
    time.time_ns = lambda: was_time_ns() + off_ns
    time.clock_gettime = lambda c: was_clock(c) + seconds * (c == time.CLOCK_REALTIME)
    time.clock_gettime_ns = lambda c: was_clock_ns(c) + off_ns * (c == time.CLOCK_REALTIME)


if __name__ == "__main__":
    shift(float(sys.argv[1]))
    from terminal_agent.cli import main

    sys.exit(main(sys.argv[2:]))
