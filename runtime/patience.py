"""Threads that let others go first: for long work of a busy process that nobody waits for.

On Linux each thread has its own nice value (sched(7)): a patient thread gets a tenth of a
processor that others want too, and a whole one that nobody wants.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

_NICE: Final = 10


def patient_pool(name: str) -> ThreadPoolExecutor:
    """Return one thread that lets the process's other threads go first."""
    return ThreadPoolExecutor(1, thread_name_prefix=name, initializer=_let_others_first)


def _let_others_first() -> None:
    own = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, own, os.getpriority(os.PRIO_PROCESS, own) + _NICE)
