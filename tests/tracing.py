"""Running a program under strace, and reading in which order its system calls ended.

Needed where a kill proves nothing: that bytes had reached the medium before something else
was said can only be seen in the order of fdatasync and write.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_CALLS = "write,pwrite64,sendto,sendmsg,fsync,fdatasync,rename,renameat,renameat2"
_WHOLE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+)")


class Call(NamedTuple):
    """A system call that ended: descriptors in ``arguments`` are shown with their paths."""

    name: str
    arguments: str
    result: int
    begun: int
    """Place of its beginning in the trace; a call's own place is that of its end."""
    ended: int


def trace(program: list[str], output: Path) -> list[Call]:
    """Run ``program`` (arguments of this Python) to its end; return its calls as they ended."""
    command = [*strace(output), sys.executable, *program]
    subprocess.run(command, check=True, timeout=100)
    return read(output.read_text("utf-8", "replace"))


def strace(output: Path, *options: str, shown: int = 64) -> list[str]:
    """Return the command before a program that is to be traced; ``shown`` bytes of each write."""
    return [
        "strace",
        *options,
        "-f",
        "-yy",
        "-s",
        str(shown),
        "-e",
        f"trace={_CALLS}",
        "-o",
        str(output),
    ]


def read(text: str) -> list[Call]:
    """Parse what strace wrote, joining calls that were interrupted in the print."""
    begun: dict[tuple[str, str], tuple[int, str]] = {}
    calls = []
    for place, line in enumerate(text.splitlines()):
        if match := _BEGUN.match(line):
            begun[match[1], match[2]] = (place, match[3])
        elif match := _ENDED.match(line):
            at, arguments = begun.pop((match[1], match[2]))
            calls.append(Call(match[2], arguments + match[3], int(match[4]), at, place))
        elif match := _WHOLE.match(line):
            calls.append(Call(match[2], match[3], int(match[4]), place, place))
    return calls


def exit_code(text: str, process: int) -> int | None:
    """Return with what code a process ended, or None while the trace does not tell."""
    # strace fills numbers of fewer than five digits up with spaces
    ended = re.search(rf"^{process} +\+\+\+ exited with (\d+) \+\+\+$", text, re.MULTILINE)
    return int(ended[1]) if ended else None


def first(calls: list[Call], name: str, containing: str) -> Call:
    """Return the first call of one of the names in ``name`` ("fsync|fdatasync") that matches."""
    names = name.split("|")
    for call in calls:
        if call.name in names and containing in call.arguments:
            return call
    found = [c for c in calls if c.name in names][:20]
    raise AssertionError(f"expected {name} with {containing!r} in the trace, got {found}")


def flushed_between(calls: list[Call], path: str, after: Call, before: Call) -> bool:
    """Say whether ``path`` was flushed wholly after one call and before another."""
    return any(
        call.name in {"fsync", "fdatasync"}
        and path in call.arguments
        and call.result == 0
        and call.begun > after.ended
        and call.ended < before.begun
        for call in calls
    )
