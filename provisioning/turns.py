"""One command at a time works on an office's folder: who is second is told, and does nothing.

The kernel's lock on ``office.lock`` is what counts, and it goes with the process that holds
it, however that ends. What stands in the file says who that is. It is removed at the end; a
file that a kill left behind holds nobody up.
"""

import contextlib
import datetime as dt
import fcntl
import getpass
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from provisioning import messages
from provisioning.errors import NotAnOfficeError, OfficeBusyError
from runtime.files import disk_errors

LOCK: Final = "office.lock"
_LONGEST: Final = 512


@contextlib.contextmanager
def taking_turn(folder: Path) -> Iterator[None]:
    """Work on the office in ``folder`` alone.

    Raises `OfficeBusyError` at once while another command does, `NotAnOfficeError` where
    there is no such folder.
    """
    path = folder / LOCK
    with contextlib.ExitStack() as stack:
        fd = _locked(path)
        stack.callback(os.close, fd)
        stack.callback(path.unlink, missing_ok=True)  # while it is still ours
        with disk_errors(path):
            os.ftruncate(fd, 0)
            os.write(fd, _who_we_are().encode()[:_LONGEST])
        yield


def _locked(path: Path) -> int:
    """Return the lock's file, locked, and still the one that the path names."""
    while True:
        fd = _opened(path)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, _LONGEST).decode("utf-8", "replace").strip()
            os.close(fd)
            shown = holder or messages.NONE
            raise OfficeBusyError(messages.BUSY, path=path.parent, holder=shown) from None
        if _is_at(path, fd):
            return fd
        os.close(fd)  # its holder removed it between our two calls


def _opened(path: Path) -> int:
    try:
        with disk_errors(path):
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotAnOfficeError(messages.NOT_AN_OFFICE, path=path.parent) from error


def _is_at(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def _who_we_are() -> str:
    since = dt.datetime.now().astimezone().strftime("%H:%M:%S")
    return f"{getpass.getuser()}@{os.uname().nodename}, {os.getpid()}, {since}"
