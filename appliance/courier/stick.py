"""Parcels out and office receipts in by a USB stick.

Rules: the folder is there before, since one made here would lie on the box's own disk; a file
is written beside its place, fsynced, renamed, and read back from the stick, not from memory;
one that is there already and holds is not written again; whatever is verified by the office is
not written at all.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from appliance.ipc.courier import StickDone
from protocol.errors import MalformedError
from protocol.upload import RECEIPTS_SUFFIX, NumberedReceipt, ReceiptsFile
from protocol.values import decode
from runtime.errors import DiskError
from runtime.files import atomic_file

_PIECE: Final = 1024 * 1024
_MOST: Final = 64 * 1024 * 1024
"""Largest file of receipts, bytes."""


def write_parcels(parcels: Iterable[tuple[Path, str]], folder: Path) -> StickDone:
    """Copy parcels (file, SHA-256) into ``folder``. Raises `DiskError` where one does not hold."""
    if not folder.is_dir():
        raise DiskError(f"expected {folder} to be a folder that exists (a stick, mounted)")
    files = size = 0
    for source, sha256 in parcels:
        target = folder / source.name
        if not (target.exists() and digest_on_medium(target) == sha256):
            _copy(source, target)
            if digest_on_medium(target) != sha256:
                raise DiskError(
                    f"{target}: expected to read back what was written, got other bytes; "
                    "use another stick: nothing was deleted here"
                )
        files += 1
        size += target.stat().st_size
    return StickDone(files=files, bytes=size)


def read_receipts(folder: Path, centre: str, appliance: str) -> list[NumberedReceipt]:
    """Return every receipt for this box that lies on the stick, unverified."""
    found: list[NumberedReceipt] = []
    for path in sorted(folder.rglob(f"*{RECEIPTS_SUFFIX}")):
        found_there = path.lstat()
        if not stat.S_ISREG(found_there.st_mode) or found_there.st_size > _MOST:
            raise MalformedError(
                f"{path}: expected a plain file of at most {_MOST} bytes; take it off the stick"
            )
        page = decode(path.read_bytes(), ReceiptsFile)
        if (page.centre, page.appliance) == (centre, appliance):
            found += page.receipts
    return found


def digest_on_medium(path: Path) -> str:
    """Return the SHA-256 of what the medium gives back: the page cache is dropped first."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        with contextlib.suppress(OSError):  # a file system that cannot is read all the same
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as file, atomic_file(target) as copy:
        while piece := file.read(_PIECE):
            copy.write(piece)
