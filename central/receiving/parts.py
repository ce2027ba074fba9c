"""What has arrived of unfinished uploads, one file each; and what a whole file is.

The length of ``ID.part`` is the offset that tus tells. Everything here blocks.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from central.receiving.judgement import FileFacts
from protocol.errors import ProtocolError
from protocol.parcel import MAGIC, MAX_HEADER_LINE, read_header_line
from runtime.errors import DiskError
from runtime.files import DurableFile, remove_durably, rename_durably

_PIECE: Final = 1024 * 1024


@dataclass(frozen=True)
class Parts:
    """The folder of unfinished uploads."""

    folder: Path

    def path(self, upload: str) -> Path:
        """Return where the bytes of an upload lie."""
        return self.folder / f"{upload}.part"

    def names(self) -> list[str]:
        """Return the uploads of which something is here."""
        return sorted(path.stem for path in self.folder.glob("*.part"))

    def offset(self, upload: str) -> int:
        """Return how many bytes are here."""
        path = self.path(upload)
        return path.stat().st_size if path.exists() else 0

    def touched_at(self, upload: str) -> int | None:
        """Return when the last bytes came, in ms; None where none did."""
        path = self.path(upload)
        return path.stat().st_mtime_ns // 1_000_000 if path.exists() else None

    def open(self, upload: str) -> "Part":
        """Open for appending; the file is made where it is not there."""
        return Part(self.path(upload))

    def discard(self, upload: str) -> None:
        """Throw away what arrived."""
        if self.path(upload).exists():
            remove_durably(self.path(upload))


class Part:
    """An upload open for appending, from one offset on."""

    def __init__(self, path: Path) -> None:
        self._file = DurableFile(path)
        self._begun_at = self._file.length

    @property
    def offset(self) -> int:
        """Where the next byte goes."""
        return self._file.length

    def write(self, data: bytes) -> None:
        """Append; on an error the file is as before."""
        self._file.write(data)

    def sync(self) -> None:
        """Return when everything is durable; on an error nothing of this PATCH is left."""
        try:
            self._file.sync()
        except DiskError:
            self._file.cut(self._begun_at)
            raise

    def cut_back(self) -> None:
        """Drop what this PATCH brought: its checksum was wrong."""
        self._file.cut(self._begun_at)
        self._file.sync()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def measure(path: Path) -> FileFacts:
    """Read a whole file once; return its digests and where its sealed part begins."""
    whole, sealed = hashlib.sha256(), hashlib.sha256()
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + MAX_HEADER_LINE + 1)
        begins = _sealed_begins(start)
        whole.update(start)
        sealed.update(start[begins:])
        size = len(start)
        while piece := file.read(_PIECE):
            whole.update(piece)
            sealed.update(piece)
            size += len(piece)
    return FileFacts(
        start=start,
        sha256=whole.hexdigest(),
        size=size,
        sealed_sha256=sealed.hexdigest(),
        sealed_size=size - begins,
    )


def _sealed_begins(start: bytes) -> int:
    try:
        return read_header_line(start)[1]
    except ProtocolError:
        return len(start)  # no parcel; the judgement says so


def move(part: Path, place: Path) -> None:
    """Put a catalogued parcel into its place; done before is done."""
    if not part.exists():
        return
    if place.exists():
        remove_durably(part)
    else:
        rename_durably(part, place)
