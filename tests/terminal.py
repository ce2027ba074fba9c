"""A terminal as a person has one: keys go in, what stands on the screen comes out.

It is tmux, with a server of its own below the folder that it is given::

    async with Terminal(folder, 80, 24) as terminal:
        await terminal.start([sys.executable, "-m", "drill.cli", "demo"], environment)
        await terminal.sees("按 N")
        await terminal.press("n", "Enter")

What was seen while waiting is kept: ``seen`` are all the different screens.
"""

import asyncio
import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from textual.renderables.digits import DIGITS, DIGITS3X3_BOLD

_EVERY_S: Final = 0.1
_GLYPH: Final = 3
_FROM_OUTSIDE: Final = {"COLUMNS", "LINES", "TMUX", "TMUX_PANE"}
"""What another terminal said of itself."""


class Terminal:
    """One screen and what runs in it; a context manager. Closing it is hanging up."""

    def __init__(self, folder: Path, width: int, height: int) -> None:
        self._socket = folder / "tmux"
        self._size = (width, height)
        self.seen: dict[str, None] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.hang_up()

    async def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command; its screen stays when it has ended, and says with which code."""
        width, height = self._size
        where = ("-x", str(width), "-y", str(height))
        variables = [word for pair in environment.items() for word in ("-e", "=".join(pair))]
        stays = f"{shlex.join(command)}; echo [exit $?]; exec sleep infinity"
        await self._tmux("-f", "/dev/null", "new-session", "-d", *where, *variables, stays)

    async def hang_up(self) -> None:
        """Close the window, as a person does who has had enough."""
        await self._tmux("kill-server", may_fail=True)

    async def press(self, *keys: str) -> None:
        """Press keys by tmux's names: ``n``, ``Enter``, ``C-c``."""
        await self._tmux("send-keys", *keys)

    async def type(self, text: str) -> None:
        """Type a text."""
        await self._tmux("send-keys", "-l", text)

    async def screen(self) -> str:
        """Return what stands on the screen now."""
        return await self._tmux("capture-pane", "-p", "-J")

    async def sees(self, pattern: str, seconds: float = 120) -> "re.Match[str]":
        """Wait until the screen holds a regular expression; return where."""
        shown = ""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    shown = await self.screen()
                    self.seen[shown] = None
                    if found := re.search(pattern, shown):
                        return found
                    await asyncio.sleep(_EVERY_S)
        except TimeoutError:
            raise AssertionError(f"expected within {seconds} s: {pattern}; saw\n{shown}") from None

    async def ended(self, seconds: float = 60) -> int:
        """Wait for the command's end; return its exit code."""
        return int((await self.sees(r"\[exit (\d+)\]", seconds))[1])

    async def _tmux(self, *words: str, may_fail: bool = False) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            ["tmux", "-u", "-S", str(self._socket), *words],
            capture_output=True,
            text=True,
            check=False,
            env={name: value for name, value in os.environ.items() if name not in _FROM_OUTSIDE},
        )
        assert may_fail or not done.returncode, f"tmux {words[0]}: {done.stderr}"
        return done.stdout


def large_digits(screen: str) -> str:
    """Read the digits that a dialog draws three lines high."""
    rows = [row.split("│")[1] for row in screen.splitlines() if row.count("│") == 2]
    top = next(n for n, row in enumerate(rows) if re.search("[┏╺╻]", row))
    lines = rows[top : top + 3]
    left = min(len(line) - len(line.lstrip()) for line in lines)
    columns = range(left, max(map(len, lines)), _GLYPH)
    glyphs = [tuple(line[at : at + _GLYPH].ljust(_GLYPH) for line in lines) for at in columns]
    return "".join(_KNOWN[glyph] for glyph in glyphs if any(part.strip() for part in glyph))


_KNOWN: Final = {
    tuple(DIGITS3X3_BOLD[3 * n + row].ljust(_GLYPH) for row in range(3)): digit
    for n, digit in enumerate(DIGITS)
    if digit.isdecimal()
}
