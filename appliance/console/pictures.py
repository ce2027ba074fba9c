"""Pictures of candidates in the terminal: half-cells everywhere, sharper where the terminal can.

`best_widget` asks the terminal once, before Textual owns it; see `textual_image`. Whatever
comes as a picture was made by a seat: it is decoded here, bounded, and nothing else.
"""

import io
from typing import Any, Final

from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static
from textual_image.widget import HalfcellImage
from textual_image.widget import Image as BestImage

_LARGEST: Final = (1600, 1600)
_MOST_PIXELS: Final = 40_000_000
_CLOSER: Final = 0.55
"""The part of a picture's sides that is left when a person looks closer."""


class PictureError(ValueError):
    """Bytes that are no picture."""


def decode(data: bytes) -> Pillow.Image:
    """Return the picture (JPEG or PNG) in RGB, at most 1600 pixels a side."""
    try:
        with Pillow.open(io.BytesIO(data), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise PictureError(f"expected a picture of a face; got {opened.size} pixels")
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, Pillow.DecompressionBombError) as error:
        raise PictureError(f"expected a JPEG or PNG picture: {error}") from error
    picture.thumbnail(_LARGEST)
    return picture


def closer(picture: Pillow.Image) -> Pillow.Image:
    """Return the middle of the picture, a little above the centre: where a face is."""
    width, height = (round(side * _CLOSER) for side in picture.size)
    left = (picture.width - width) // 2
    top = round((picture.height - height) * 0.4)
    return picture.crop((left, top, left + width, top + height))


class Picture(Vertical):
    """A picture with its caption; says so where there is none."""

    sharp = False
    """Set once before the app runs: use what the terminal can, instead of half-cells."""

    def __init__(self, caption: str, missing: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._caption = caption
        self._missing = missing
        self._picture: Pillow.Image | None = None
        self._is_close = False

    def compose(self) -> ComposeResult:
        """Draw caption and picture."""
        yield Static(self._caption, classes="caption", markup=False)
        yield (BestImage if self.sharp else HalfcellImage)(classes="picture")
        yield Static(self._missing, classes="no-picture", markup=False)

    def show(self, picture: Pillow.Image | None) -> None:
        """Show a picture, or that there is none."""
        self._picture = picture
        self._draw()

    def look(self, *, close: bool) -> None:
        """Show the middle only, or the whole."""
        self._is_close = close
        self._draw()

    def _draw(self) -> None:
        image = self.query_one(".picture", BestImage if self.sharp else HalfcellImage)
        image.display = self._picture is not None
        self.query_one(".no-picture").display = self._picture is None
        if self._picture is not None:
            image.image = closer(self._picture) if self._is_close else self._picture
