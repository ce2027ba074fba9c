"""Files that people hand in: read whole, and never more of them than can be right."""

from pathlib import Path
from typing import Final

from provisioning import messages
from provisioning.errors import ProvisioningError

MAX_TEXT: Final = 2**20
"""Bytes of a plan, a rule book or a passphrase."""
MAX_SHEET: Final = 64 * 2**20
MAX_PHOTO: Final = 32 * 2**20
"""Bytes of a photo; what the rule book allows is far less."""


def read_input(path: Path, most: int) -> bytes:
    """Return the bytes of a file of at most ``most`` bytes; raise `ProvisioningError`."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ProvisioningError(messages.FILE_LARGE, path=path, expected=f"{most / 2**20:g} MiB")
    return content


def read_text(path: Path) -> str:
    """Return a text file in UTF-8, whose byte order mark is no part of it."""
    try:
        return read_input(path, MAX_TEXT).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProvisioningError(messages.NOT_UTF8, path=path) from error
