"""Read a zip from a stranger: every file in memory, or every reason why not.

Rules: only regular files, by relative paths that stay inside; no name twice (case and
Unicode form ignored, since Windows and macOS ignore them); no encryption; stored or deflated,
since others take memory by what the file says; sizes and growth limited before and while
unpacking. Nothing is ever written to a disk.
"""

import io
import stat
import unicodedata
import zipfile
import zlib
from typing import Final

from provisioning import messages
from provisioning.problems import Place, Problems

MAX_ARCHIVE: Final = 256 * 2**20
"""Bytes of the zip itself."""
MAX_FILES: Final = 5000
MAX_FILE: Final = 64 * 2**20
"""Bytes of one file, unpacked."""
MAX_TOTAL: Final = 512 * 2**20
"""Bytes of all files, unpacked."""
MAX_GROWTH: Final = 100
"""Unpacked bytes per packed byte; XML of repeated markup reaches 20."""
GROWTH_COUNTS_FROM: Final = 2**20
"""Files smaller than this, in bytes, may grow as they like."""

_UTF8_NAME: Final = 0x800
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def read_archive(data: bytes, problems: Problems, file: str = "") -> dict[str, bytes]:
    """Return the files of the zip by path; what is refused is written to ``problems``.

    ``file`` is what a person calls the zip itself.
    """
    if len(data) > MAX_ARCHIVE:
        _too_large(problems, Place(file=file), "zip", MAX_ARCHIVE, len(data))
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_all(archive, problems, Place(file=file))
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError) as error:
        problems.add(messages.NOT_A_ZIP, Place(file=file), came=error)
        return {}


def _read_all(archive: zipfile.ZipFile, problems: Problems, whole: Place) -> dict[str, bytes]:
    members = [info for info in archive.infolist() if not info.is_dir() or _suspicious(info)]
    if len(members) > MAX_FILES:
        problems.add(messages.TOO_LARGE, whole, what="files", limit=MAX_FILES, came=len(members))
        return {}
    before = len(problems)
    _check_members(members, problems, whole)
    if len(problems) > before:
        return {}
    files = {}
    for info in members:
        content = _read_one(archive, info, problems)
        if content is not None:
            files[member_name(info)] = content
    return files


def _suspicious(info: zipfile.ZipInfo) -> bool:
    """Say whether a folder's entry has a path that must be refused all the same."""
    return climbs(member_name(info).rstrip("/"))


def _check_members(members: list[zipfile.ZipInfo], problems: Problems, whole: Place) -> None:
    seen: set[str] = set()
    total = 0
    for info in members:
        name = member_name(info)
        place = Place(file=name)
        total += info.file_size
        key = unicodedata.normalize("NFC", name).casefold()
        if key in seen:
            problems.add(messages.DOUBLE_FILE, place, came=name)
        seen.add(key)
        _check_member(info, name, place, problems)
    if total > MAX_TOTAL:
        _too_large(problems, whole, "package", MAX_TOTAL, total)


def _check_member(info: zipfile.ZipInfo, name: str, place: Place, problems: Problems) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if climbs(name):
        problems.add(messages.PATH_CLIMBS, place, came=repr(name))
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        problems.add(messages.SPECIAL_FILE, place, came=name)
    if info.flag_bits & _ENCRYPTED:
        problems.add(messages.ENCRYPTED, place, came=name)
    if info.compress_type not in _METHODS:
        problems.add(messages.PACKED_OTHERWISE, place, came=name)
    if info.file_size > MAX_FILE:
        _too_large(problems, place, name, MAX_FILE, info.file_size)
    growth = info.file_size // max(1, info.compress_size)
    if info.file_size >= GROWTH_COUNTS_FROM and growth > MAX_GROWTH:
        problems.add(messages.BOMB, place, name=name, came=growth, limit=MAX_GROWTH)


def climbs(name: str) -> bool:
    """Say whether a path is absolute, climbs out, or could on some system."""
    parts = name.split("/")
    return (
        not name
        or "\\" in name
        or "\0" in name
        or ":" in parts[0]
        or any(part in ("", ".", "..") for part in parts)
    )


def member_name(info: zipfile.ZipInfo) -> str:
    """Return the path of a member; names that do not say UTF-8 may be GBK, as Windows packs.

    zipfile decodes such names as code page 437, which keeps every byte.
    """
    name = info.orig_filename
    if info.flag_bits & _UTF8_NAME or name.isascii():
        return name
    raw = name.encode("cp437")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name


def _read_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, problems: Problems) -> bytes | None:
    name = member_name(info)
    if info.is_dir():
        return None
    try:
        with archive.open(info) as stream:
            content = stream.read(MAX_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        problems.add(messages.DAMAGED, Place(file=name), name=name, came=error)
        return None
    if len(content) > MAX_FILE:
        _too_large(problems, Place(file=name), name, MAX_FILE, len(content))
        return None
    return content


def _too_large(problems: Problems, place: Place, what: str, limit: int, came: int) -> None:
    problems.add(messages.TOO_LARGE, place, what=what, limit=_mib(limit), came=_mib(came))


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
