"""What lies inside ``paper.age``: the paper and its pictures, as one uncompressed tar.

Format. First ``paper.json`` (`exam.paper.Paper`), then each of its pictures as
``assets/NAME``, in the order of `Paper.assets`; nothing else. Times, owners and modes are
nought, so that the same paper always gives the same bytes. ``age -d -i P paper.age | tar t``
shows it without us; uncompressed, because pictures are compressed already and a seat has
300 ms from P to the first question.
"""

import tarfile
from collections.abc import Mapping
from typing import Final

from exam.paper import Paper
from protocol.errors import MalformedError
from protocol.values import decode, encode

PAPER: Final = "paper.json"
ASSETS: Final = "assets/"
_BLOCK: Final = 512
_END: Final = bytes(2 * _BLOCK)


def write_paper_file(paper: Paper, assets: Mapping[str, bytes]) -> bytes:
    """Return the tar of a paper and its pictures by name; raise `MalformedError` on a mismatch."""
    _check_names(paper, set(assets))
    pieces = [_member(PAPER, encode(paper))]
    pieces += [_member(ASSETS + asset.name, assets[asset.name]) for asset in paper.assets]
    return b"".join([*pieces, _END])


def read_paper_file(data: bytes | bytearray) -> tuple[Paper, dict[str, memoryview]]:
    """Return the paper, and its pictures by name as views of ``data``.

    The caller has checked the digest of ``data`` against the bundle's manifest; this checks
    the form: the pictures that the paper names are there, in their sizes, and nothing else.
    """
    try:
        members = _members(data)
    except (tarfile.TarError, ValueError) as error:
        raise MalformedError(f"expected a paper file (tar): {error}") from error
    if not members or members[0][0] != PAPER:
        raise MalformedError(f"expected {PAPER} first in the paper file")
    paper = decode(bytes(members[0][1]), Paper)
    assets = {name.removeprefix(ASSETS): content for name, content in members[1:]}
    if len(assets) != len(members) - 1:
        raise MalformedError("expected each picture once in the paper file")
    _check_names(paper, set(assets))
    for asset in paper.assets:
        if len(assets[asset.name]) != asset.size:
            raise MalformedError(
                f"{asset.name}: expected {asset.size} bytes; got {len(assets[asset.name])}"
            )
    return paper, assets


def _members(data: bytes | bytearray) -> list[tuple[str, memoryview]]:
    """Read headers (POSIX.1-1988, ustar) and contents, up to a block of zeros."""
    view, at = memoryview(data), 0
    members = []
    while bytes(view[at : at + _BLOCK]) != bytes(_BLOCK):
        info = tarfile.TarInfo.frombuf(bytes(view[at : at + _BLOCK]), "utf-8", "strict")
        begins, ends = at + _BLOCK, at + _BLOCK + info.size
        if not info.isreg() or info.size < 0 or ends > len(view):
            raise MalformedError(f"{info.name!r}: expected a whole regular file in the paper file")
        members.append((info.name, view[begins:ends]))
        at = begins + _padded(info.size)
    return members


def _check_names(paper: Paper, there: set[str]) -> None:
    named = {asset.name for asset in paper.assets}
    if named != there:
        differing = ", ".join(sorted(named ^ there)[:5])
        raise MalformedError(f"expected just the pictures that the paper names; see {differing}")


def _member(name: str, content: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o444
    header = info.tobuf(tarfile.USTAR_FORMAT)
    return header + content + bytes(_padded(len(content)) - len(content))


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
