"""Pictures of a paper: looked at, then named by their digest.

A file is a picture when Pillow can read it whole as one of four formats; what its name
says does not count. SVG is not taken: it may carry scripts.
"""

import hashlib
from typing import Final

from exam.paper import Asset
from provisioning.picture_files import FAULTS, MAX_PIXELS, opened
from provisioning.problems import Place, Problems
from provisioning.qti import messages

FORMATS: Final = {
    "PNG": ("png", "image/png"),
    "JPEG": ("jpg", "image/jpeg"),
    "GIF": ("gif", "image/gif"),
    "WEBP": ("webp", "image/webp"),
}


class Shelf:
    """The pictures taken so far, each once, by digest."""

    def __init__(self) -> None:
        self._assets: dict[str, Asset] = {}
        self._contents: dict[str, bytes] = {}

    def take(self, path: str, content: bytes, place: Place, problems: Problems) -> str | None:
        """Return the source for an ``img`` (``assets/<sha256>.<ext>``), or write why not."""
        known, came = _look(content)
        if known is None:
            problems.add(messages.NOT_A_PICTURE, place, name=path, came=came)
            return None
        extension, media_type = known
        digest = hashlib.sha256(content).hexdigest()
        name = f"{digest}.{extension}"
        self._contents[name] = content
        self._assets[name] = Asset(
            name=name, media_type=media_type, size=len(content), sha256=digest
        )
        return f"assets/{name}"

    def assets(self) -> tuple[Asset, ...]:
        """Return the pictures in the order of their names."""
        return tuple(self._assets[name] for name in sorted(self._assets))

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of each picture by its name."""
        return {name: self._contents[name] for name in sorted(self._contents)}


def _look(content: bytes) -> tuple[tuple[str, str] | None, str]:
    """Return extension and media type, or None and what came instead."""
    try:
        with opened(content, FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None, f"{picture.width}x{picture.height} pixels, limit {MAX_PIXELS}"
            picture.load()
            return FORMATS[str(picture.format)], ""
    except FAULTS as error:
        return None, f"{content[:12]!r} ({type(error).__name__})"
