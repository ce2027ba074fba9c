"""What lies inside ``paper.age``: the paper and its pictures, as one uncompressed tar.

Format. First ``paper.json`` (`exam.paper.Paper`), then each of its pictures as
``assets/NAME``, in the order of `Paper.assets`; nothing else. Times, owners and modes are
nought, so that the same paper always gives the same bytes. ``age -d -i P paper.age | tar t``
shows it without us; uncompressed, because pictures are compressed already and a seat has
300 ms from P to the first question.
"""

import io
import tarfile
from collections.abc import Mapping
from typing import Final

from exam.paper import Paper
from protocol.errors import MalformedError
from protocol.values import decode, encode

PAPER: Final = "paper.json"
ASSETS: Final = "assets/"


def write_paper_file(paper: Paper, assets: Mapping[str, bytes]) -> bytes:
    """Return the tar of a paper and its pictures by name; raise `MalformedError` on a mismatch."""
    _check_names(paper, set(assets))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, PAPER, encode(paper))
        for asset in paper.assets:
            _add(tar, ASSETS + asset.name, assets[asset.name])
    return stream.getvalue()


def read_paper_file(data: bytes) -> tuple[Paper, dict[str, memoryview]]:
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


def _members(data: bytes) -> list[tuple[str, memoryview]]:
    view = memoryview(data)
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        infos = tar.getmembers()
    for info in infos:
        if not info.isreg() or info.offset_data + info.size > len(view):
            raise MalformedError(f"{info.name!r}: expected a whole regular file in the paper file")
    return [(i.name, view[i.offset_data : i.offset_data + i.size]) for i in infos]


def _check_names(paper: Paper, there: set[str]) -> None:
    named = {asset.name for asset in paper.assets}
    if named != there:
        differing = ", ".join(sorted(named ^ there)[:5])
        raise MalformedError(f"expected just the pictures that the paper names; see {differing}")


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mode = 0o444
    tar.addfile(info, io.BytesIO(content))
