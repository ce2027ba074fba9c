"""The first thing that a supervised program runs: it must not outlive its parent.

``python -m runtime.launch PARENT_PID MODULE ARGUMENTS...`` asks the kernel to send SIGTERM
when the parent dies (PR_SET_PDEATHSIG of prctl(2)), then becomes ``python -m MODULE``. It is
done here, in the child, because code between fork and exec may deadlock in a parent that
has threads.
"""

import ctypes
import os
import runpy
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
ORPHANED: Final = 71
"""Exit code of a program whose parent was gone before it began (EX_OSERR of sysexits.h)."""


def follow_parent(parent: int) -> None:
    """End with the process ``parent``; exit at once if it has died already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(ORPHANED)


def main() -> None:
    """Follow the parent, then be the module."""
    parent, module, *arguments = sys.argv[1:]
    follow_parent(int(parent))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
