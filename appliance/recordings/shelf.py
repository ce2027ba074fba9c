"""The sealed segments' files: written as they come, made durable together.

Rules:

1. A segment that comes is written beside its place (``.NAME.HEX.part``); what a kill leaves
   of it is removed at the next start.
2. `place` puts it there durably: file flushed, renamed, folder flushed. All that wait are
   flushed together, at most twice a second, by the one task `run`.
3. No file lies here without its row for longer than a restart, and none is removed before
   its row says so: see `records`.

Methods that are not coroutines block.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.errors import DiskError
from runtime.files import DurableFile, disk, disk_errors, make_folder, sync_file, sync_folder

EVERY_S: Final = 0.5
"""Shortest time between two flushes."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class _Placing:
    part: Path
    target: Path
    done: "asyncio.Future[None]"


class Shelf:
    """The folder of segments; see the module."""

    def __init__(
        self, folder: Path, *, leave_free: int, free: Callable[[Path], int] | None = None
    ) -> None:
        """``leave_free``: bytes of the disk that are left to others."""
        self.folder = folder
        self._leave_free = leave_free
        self._free = free or free_bytes
        self._waiting: list[_Placing] = []
        self._news = asyncio.Event()

    # --- room -------------------------------------------------------------------------------

    def free(self) -> int:
        """Return how many bytes are free on the disk."""
        return self._free(self.folder)

    def has_room(self, size: int) -> bool:
        """Say whether ``size`` bytes may be written without taking others' room."""
        return self.free() - size >= self._leave_free

    # --- in ---------------------------------------------------------------------------------

    def begin(self, name: str) -> DurableFile:
        """Return a file beside the place of ``name``, to be written and closed."""
        return DurableFile(self.folder / f".{name}.{secrets.token_hex(6)}.part")

    async def place(self, part: Path, name: str) -> None:
        """Return when the file ``part`` is durably the segment ``name``; raise `DiskError`."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(_Placing(part=part, target=self.folder / name, done=done))
        self._news.set()
        await done

    async def run(self) -> None:
        """Flush what waits, together, at most twice a second."""
        while True:
            await self._news.wait()
            self._news.clear()
            waiting, self._waiting = self._waiting, []
            faults = await asyncio.to_thread(_flush, self.folder, waiting)
            for placing, fault in zip(waiting, faults, strict=True):
                _resolve(placing.done, fault)
            await asyncio.sleep(EVERY_S)

    # --- out --------------------------------------------------------------------------------

    def read(self, name: str) -> bytes:
        """Return a segment's sealed bytes; raise `OSError`."""
        return (self.folder / name).read_bytes()

    def remove(self, names: Iterable[str]) -> None:
        """Take files away whose rows do not need them; what cannot be removed goes at a start."""
        for name in names:
            try:
                with disk_errors(self.folder / name):
                    disk().remove(self.folder / name)
            except FileNotFoundError:
                continue
            except (OSError, DiskError) as error:
                _log.warning("%s stays until the next start: %s", name, error)

    def settle(self, held: Iterable[str]) -> list[str]:
        """After a start: remove what no row holds; return the held ones that are missing."""
        make_folder(self.folder)
        wanted, there = set(held), {path.name for path in self.folder.iterdir()}
        self.remove(sorted(there - wanted))
        return sorted(wanted - there)


def free_bytes(folder: Path) -> int:
    """Return how many bytes this user may still write on the disk of ``folder``."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def _flush(folder: Path, waiting: list[_Placing]) -> list[BaseException | None]:
    """Make all durable; say what became of each. One flush of the folder for all."""
    faults = [_put(placing) for placing in waiting]
    try:
        sync_folder(folder)
    except (OSError, DiskError) as error:
        return [fault or error for fault in faults]
    return faults


def _put(placing: _Placing) -> BaseException | None:
    try:
        sync_file(placing.part)
        with disk_errors(placing.target):
            disk().rename(placing.part, placing.target)
    except (OSError, DiskError) as error:
        placing.part.unlink(missing_ok=True)
        return error
    return None


def _resolve(done: "asyncio.Future[None]", fault: BaseException | None) -> None:
    if done.done():  # whoever waited has gone; the file is replaced or removed later
        return
    if fault is None:
        done.set_result(None)
    else:
        done.set_exception(fault)
