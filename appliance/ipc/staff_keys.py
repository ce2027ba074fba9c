"""Which staff key is meant: the file that was named, or the one in the box's folder.

The office writes each key as ``NAME.staff.pem``, encrypted under the passphrase of the person
whose it is (``exam-provision staff add``).
"""

import getpass
import os
from pathlib import Path
from typing import Final, NamedTuple

from appliance.ipc import words
from appliance.ipc.staff_client import StaffKeyError, read_staff_key
from protocol.keys import SigningKey

SUFFIX: Final = ".staff.pem"
PASSPHRASE_FILE: Final = "EXAMHALL_STAFF_PASSPHRASE_FILE"  # noqa: S105 - the variable's name
"""Environment: a file with the passphrase, for whoever types many commands."""


class StaffKeyFile(NamedTuple):
    """A member of staff, and where their key lies."""

    staff: str
    path: Path


def find_staff_key(folder: Path, staff: str | None, path: Path | None) -> StaffKeyFile:
    """Return whose key is to be used; raise `StaffKeyError` where that is not said.

    ``folder`` is looked into where no ``path`` is named. A key names its owner by its file.
    """
    if path is not None:
        owner = staff or path.name.removesuffix(SUFFIX)
        if owner == path.name:
            raise StaffKeyError(words.KEY_OF_WHOM, path=path, suffix=SUFFIX)
        return StaffKeyFile(owner, path)
    if staff is not None:
        return StaffKeyFile(staff, folder / f"{staff}{SUFFIX}")
    found = sorted(folder.glob(f"*{SUFFIX}"))
    if len(found) != 1:
        names = ", ".join(each.name for each in found) or "0"
        raise StaffKeyError(words.WHICH_KEY, folder=folder, suffix=SUFFIX, found=names)
    return StaffKeyFile(found[0].name.removesuffix(SUFFIX), found[0])


def open_staff_key(
    file: StaffKeyFile, passphrase_file: Path | None, *, from_environment: bool = True
) -> SigningKey:
    """Return the key; its passphrase comes from a file or from who sits there.

    The variable names the file of one person: for a second it is not looked at.
    """
    named = os.environ.get(PASSPHRASE_FILE) if from_environment else None
    if passphrase_file is None and named:
        passphrase_file = Path(named)
    if passphrase_file is not None:
        return read_staff_key(file.path, passphrase_file.read_text("utf-8").rstrip("\r\n"))
    return read_staff_key(file.path, getpass.getpass(f"passphrase / 口令 ({file.staff}): "))
