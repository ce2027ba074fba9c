"""The guard of a demo's folder; see `drill.demo.place`. A program of its own.

::

    python -I -S guard.py FOLDER [--remove] <the demo's pipe

It reads until the demo closes the pipe, by its end or by its death; then nothing that
carries the folder's tag may go on. It needs the standard library only, and is up at once.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Final

TAG: Final = "EXAMHALL_DEMO"
END_S: Final = 15.0
"""So long the programs may take to end by themselves: the kernel has told them."""
KILLED_S: Final = 1.0
"""Within this a killed process is gone."""


def tagged(folder: str) -> list[int]:
    """Return the processes that carry the folder's tag, or name the folder as they were called.

    A program that protects its memory shows its environment to root only, its call to all.
    """
    processes = [path for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [
        int(process.name)
        for process in processes
        if int(process.name) != os.getpid() and _is_of(process, folder)
    ]


def _is_of(process: Path, folder: str) -> bool:
    mark = f"{TAG}={folder}".encode()
    with contextlib.suppress(OSError):  # it has ended meanwhile, or protects its memory
        words = (process / "environ").read_bytes().split(b"\0")
        if any(word == mark or word.startswith(mark + b"/") for word in words):
            return True
    with contextlib.suppress(OSError):
        words = (process / "cmdline").read_bytes().split(b"\0")
        return any(word.startswith(f"{folder}/".encode()) for word in words)
    return False


def end_all(folder: str, patience_s: float) -> None:
    """Wait for the tagged processes; kill those that are left then."""
    deadline = time.monotonic() + patience_s
    while left := tagged(folder):
        if time.monotonic() > deadline:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        _until_one_ends(left, max(KILLED_S, deadline - time.monotonic()))


def _until_one_ends(processes: list[int], seconds: float) -> None:
    """Return when one of the processes has ended, or after so long."""
    with contextlib.ExitStack() as stack:
        ends = select.poll()
        for pid in processes:
            try:
                handle = os.pidfd_open(pid)
            except ProcessLookupError:
                return
            stack.callback(os.close, handle)
            ends.register(handle, select.POLLIN)
        ends.poll(seconds * 1000)


def main() -> None:
    """Wait for the demo's end, then see to it."""
    folder = sys.argv[1]
    for told in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, signal.SIG_IGN)
    while sys.stdin.buffer.read(4096):
        continue
    end_all(folder, END_S)
    if "--remove" in sys.argv[2:]:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
