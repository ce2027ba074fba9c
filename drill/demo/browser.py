"""Opens the page of the person's seat, where a display and a browser are there.

A window of its own with a profile of its own, so that it closes with the demo and leaves
the person's own browser as it was.

Task: none; the browser is a process in a group of its own, ended by `window`.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from runtime.files import make_folder

_CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome", "microsoft-edge")
_FIREFOXES: Final = ("firefox", "firefox-esr")
_CLOSE_S: Final = 5.0


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether a window can be opened."""
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def command(address: str, profile: Path) -> list[str] | None:
    """Return how a browser that is here opens ``address``; None where there is none."""
    for name in _CHROMIUMS:
        if found := shutil.which(name):
            words = [found, f"--app={address}", f"--user-data-dir={profile}", "--no-first-run"]
            words += ["--no-default-browser-check", "--window-size=1280,860"]
            return [*words, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    for name in _FIREFOXES:
        if found := shutil.which(name):
            return [found, "--no-remote", "--profile", str(profile), address]
    return None


@contextlib.asynccontextmanager
async def window(address: str, profile: Path) -> AsyncIterator[bool]:
    """Open the page, and close it at the end; give whether there was a browser to open it."""
    words = command(address, profile) if has_display() else None
    if words is None:
        yield False
        return
    await asyncio.to_thread(make_folder, profile)
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield True
    finally:
        await _close(process)


async def _close(process: asyncio.subprocess.Process) -> None:
    for told in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, told)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _CLOSE_S)
            return
