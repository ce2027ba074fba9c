"""Keeping plain text in memory only: no core dumps, no swap, no looking in from outside.

And giving back to the system what large things have taken: `give_back_memory`; and not
looking again and again at what stays: `let_stand`.
"""

import ctypes
import gc
import os
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_LARGE: Final = 128 * 1024
_YOUNG: Final = 20_000
"""New containers between two looks at the young ones; Python's own 700 is one busy request."""


def forbid_core_dumps() -> None:
    """See to it that a crash writes no memory to disk.

    The limit does not bind programs that take dumps through a pipe; the flag does. It also
    keeps other processes of the same user from reading our memory.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _libc().prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def forbid_swap() -> str | None:
    """Keep every page in memory from its first use; return why not, where not allowed.

    Where the allowance is limited nothing is locked at all: a later allocation would fail.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if os.geteuid() != 0 and soft != resource.RLIM_INFINITY:
        return f"may lock only {soft} bytes; set LimitMEMLOCK=infinity, or turn swap off"
    if _libc().mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) != 0:
        return f"{os.strerror(ctypes.get_errno())}; set LimitMEMLOCK=infinity, or turn swap off"
    return None


def give_back_memory() -> None:
    """Let freed memory of more than 128 KB go back to the system at once.

    For processes that hold megabytes now and then, in several threads: glibc would keep them
    for the next time, for each thread apart. See mallopt(3).
    """
    libc = _libc()
    libc.mallopt(_M_MMAP_THRESHOLD, _LARGE)
    libc.mallopt(_M_TRIM_THRESHOLD, _LARGE)
    libc.mallopt(_M_ARENA_MAX, 2)


def let_stand() -> None:
    """Take what is in memory now for lasting, and look for garbage cycles more rarely.

    For a process that has read its hall and now serves: otherwise the collector walks through
    all of it again and again, some tenth of the processor, and holds up whoever waits. What
    ends without a cycle is freed at once as before.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
