"""Which processor does what: the server on the first, whoever measures on the second.

On a machine with one processor nothing is pinned, and the figures say so.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_HERE = sorted(os.sched_getaffinity(0))
SERVER_ON = {_HERE[0]}
CLIENT_ON = {_HERE[-1]}
WORDS = "server on one, client on the other" if SERVER_ON != CLIENT_ON else "one for both"


@contextlib.contextmanager
def measuring() -> Iterator[None]:
    """Keep this process off the server's processor for a while."""
    os.sched_setaffinity(0, CLIENT_ON)
    try:
        yield
    finally:
        os.sched_setaffinity(0, _HERE)


def cpu_seconds(pid: int) -> float:
    """Return how long the threads of a process have run, to the nanosecond (proc(5), schedstat)."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9
