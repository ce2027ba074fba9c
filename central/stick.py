"""Parcels in and receipts out by a USB stick.

Rules: what is copied is written beside its place, fsynced, renamed, and read back; a
parcel keeps its name; whatever is there already is passed over. Net and stick may be
mixed freely, since the receiver takes everything as often as it comes.
"""

import filecmp
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from central.errors import StickError
from central.layout import Layout, parse_parcel_name
from central.nudge import RECEIVER, nudge
from central.receiving.receipts import read_receipts
from protocol.upload import MAX_FILE, RECEIPTS_SUFFIX, NumberedReceipt, ReceiptsFile
from protocol.values import encode
from runtime.files import atomic_file, make_folder, write_atomic

_PIECE: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Done:
    """How much went over."""

    files: int
    bytes: int
    again: int = 0
    """How many of the files were here already."""
    passed_over: tuple[str, ...] = ()
    """Named like parcels, and none: no plain file, or larger than the largest."""


def bring_in(layout: Layout, folder: Path) -> Done:
    """Copy every parcel below ``folder`` to where the receiver looks, and tell it."""
    if not folder.is_dir():
        raise StickError("no_stick", folder=folder)
    make_folder(layout.incoming)
    files = size = again = 0
    passed_over = []
    for path in sorted(folder.rglob("*.parcel")):
        key = parse_parcel_name(path.name)
        if key is None:
            continue
        if not _may_be_parcel(path):
            passed_over.append(path.name)
            continue
        again += _is_here(path, layout.parcel(key), layout.incoming / path.name)
        with path.open("rb") as source, atomic_file(layout.incoming / path.name) as target:
            while piece := source.read(_PIECE):
                target.write(piece)
        files += 1
        size += path.stat().st_size
    nudge(layout.run / RECEIVER)
    return Done(files=files, bytes=size, again=again, passed_over=tuple(passed_over))


def _is_here(path: Path, *places: Path) -> bool:
    """Say whether the same bytes lie in one of the places."""
    return any(place.is_file() and filecmp.cmp(path, place, shallow=False) for place in places)


def _may_be_parcel(path: Path) -> bool:
    """Say whether it is worth reading: a stick may hold a link, a pipe, or a file without end."""
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_size <= MAX_FILE


def take_out(layout: Layout, folder: Path) -> Done:
    """Write one file of receipts for each box into ``folder``."""
    make_folder(folder)
    files = size = 0
    for place in sorted(layout.receipts.glob("*/*")):
        receipts = _all_receipts(place)
        if not receipts:
            continue
        centre, appliance = place.parent.name, place.name
        data = encode(ReceiptsFile(centre=centre, appliance=appliance, receipts=receipts))
        path = folder / f"{centre}.{appliance}{RECEIPTS_SUFFIX}"
        write_atomic(path, data)
        if path.read_bytes() != data:
            raise StickError("bad_stick", path=path)
        files += 1
        size += len(data)
    return Done(files=files, bytes=size)


def _all_receipts(place: Path) -> tuple[NumberedReceipt, ...]:
    found: list[NumberedReceipt] = []
    while page := read_receipts(place, len(found)).receipts:
        found += page
    return tuple(found)
