"""Keeping plain text in memory only: no core dumps, no swap, no looking in from outside."""

import ctypes
import os
import resource
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


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


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
