"""Finding parcels in the outbox: files under their own names, checked before they are carried."""

import hashlib
import logging
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

from appliance.courier.ledger import Carried, Parcel
from protocol.errors import MalformedError, ProtocolError
from protocol.keys import VerifyKey
from protocol.parcel import (
    MAGIC,
    MAX_HEADER_LINE,
    Lane,
    check_sealed,
    open_header,
    parcel_digest,
    read_header_line,
)

log = logging.getLogger(__name__)
_PIECE: Final = 1024 * 1024
_SUFFIX: Final = ".parcel"


def lane_folder(outbox: Path, lane: Lane) -> Path:
    """Return where the makers of a lane put its parcels: see `appliance.ipc.outbox`."""
    return outbox / lane.value


def unknown(outbox: Path, known: Collection[str]) -> list[Path]:
    """Return the parcels of all lanes whose names are not known yet."""
    found = []
    for lane in Lane:
        folder = lane_folder(outbox, lane)
        if folder.is_dir():
            names = sorted(name for name in os.listdir(folder) if name.endswith(_SUFFIX))  # noqa: PTH208 - names only, many
            found += [folder / name for name in names if name not in known]
    return found


def read_parcel(path: Path, box_key: VerifyKey, now_ms: int) -> Parcel:
    """Check a parcel whole: its own box signed it, and its bytes are those that were signed.

    Raises `ProtocolError`: a disk that gives other bytes than were written is found here,
    not at the office.
    """
    whole, sealed = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + MAX_HEADER_LINE + 1)
        envelope, begins = read_header_line(start)
        whole.update(start)
        sealed.update(start[begins:])
        size = len(start)
        while piece := file.read(_PIECE):
            whole.update(piece)
            sealed.update(piece)
            size += len(piece)
    header = open_header(envelope, box_key)
    check_sealed(header, sealed.hexdigest(), size - begins)
    if header.key.file_name != path.name:
        raise MalformedError(f"{path.name}: expected the name {header.key.file_name}")
    return Parcel(
        name=path.name,
        lane=header.key.lane,
        generation=header.key.generation,
        n=header.key.n,
        size=size,
        sha256=whole.hexdigest(),
        digest=parcel_digest(envelope),
        stage=Carried.SEALED,
        changed_at=now_ms,
    )


def read_all(
    paths: list[Path], box_key: VerifyKey, now_ms: int
) -> tuple[list[Parcel], dict[Path, str]]:
    """Read parcels; return those that hold, and what is wrong with the others."""
    good: list[Parcel] = []
    wrong: dict[Path, str] = {}
    for path in paths:
        try:
            good.append(read_parcel(path, box_key, now_ms))
        except ProtocolError as error:
            wrong[path] = f"not carried: {error}"
        except FileNotFoundError:
            log.info("%s went away while it was read", path)
    return good, wrong
