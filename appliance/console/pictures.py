"""Pictures of candidates in the terminal: half-cells, or the best that the terminal can.

A half-cell picture is two pixels a cell, drawn with the upper half block: it works
everywhere, tmux and SSH included, and asks the terminal nothing. `ask_terminal` lets
textual-image find out whether it can do better (sixel, Kitty's protocol); that talks to the
terminal, so it is done before Textual owns it, and only when a person wants it.

Whatever comes as a picture was made by a seat: it is decoded here, bounded, and nothing else.
"""

import io
import logging
from typing import Any, Final

from PIL import Image as Pillow
from PIL import UnidentifiedImageError
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from appliance.console.drawing import put_if_any

_LARGEST: Final = (1600, 1600)
_MOST_PIXELS: Final = 40_000_000
_CLOSER: Final = 0.55
"""The part of a picture's sides that is left when a person looks closer."""
_UPPER_HALF: Final = "\u2580"


class PictureError(ValueError):
    """Bytes that are no picture."""


def decode(data: bytes) -> Pillow.Image:
    """Return the picture (JPEG or PNG) in RGB, at most 1600 pixels a side."""
    try:
        with Pillow.open(io.BytesIO(data), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise PictureError(f"expected a picture of a face; got {opened.size} pixels")
            picture = opened.convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise PictureError(f"expected a JPEG or PNG picture: {error}") from error
    picture.thumbnail(_LARGEST)
    return picture


def closer(picture: Pillow.Image) -> Pillow.Image:
    """Return the middle of the picture, a little above the centre: where a face is."""
    width, height = (round(side * _CLOSER) for side in picture.size)
    left = (picture.width - width) // 2
    top = round((picture.height - height) * 0.4)
    return picture.crop((left, top, left + width, top + height))


def half_cells(picture: Pillow.Image, columns: int, rows: int) -> list[Strip]:
    """Return the picture as lines of half-cells, as large as fits; its shape is kept.

    A cell is taken to be twice as high as it is wide.
    """
    scale = min(columns / picture.width, 2 * rows / picture.height)
    width = max(1, min(columns, round(picture.width * scale)))
    height = max(1, min(rows, round(picture.height * scale / 2)))
    pixels = picture.resize((width, 2 * height), Pillow.Resampling.LANCZOS).load()
    assert pixels is not None  # a picture that was just made has its pixels
    return [
        Strip([_cell(pixels[x, 2 * y], pixels[x, 2 * y + 1]) for x in range(width)], width)
        for y in range(height)
    ]


def _cell(upper: Any, lower: Any) -> Segment:
    return Segment(_UPPER_HALF, Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower)))


class HalfCells(Widget):
    """Draws a picture in half-cells, as large as it has room."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._image: Pillow.Image | None = None
        self._lines: list[Strip] = []
        self._drawn_for: tuple[int, Size] | None = None

    @property
    def image(self) -> Pillow.Image | None:
        """The picture."""
        return self._image

    @image.setter
    def image(self, image: Pillow.Image | None) -> None:
        self._image = image
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Return one line of cells."""
        if self._image is None:
            return Strip.blank(self.size.width)
        wanted = (id(self._image), self.size)
        if wanted != self._drawn_for:
            self._drawn_for = wanted
            self._lines = half_cells(self._image, *self.size)
        line = self._lines[y] if y < len(self._lines) else Strip([])
        return line.extend_cell_length(self.size.width, self.rich_style)


class Painter:
    """Makes the widget that draws pictures; half-cells until `ask_terminal` finds better."""

    widget: type[Any] = HalfCells


def ask_terminal() -> None:
    """Find out what this terminal can; before the app runs, since it talks to the terminal."""
    logging.getLogger("textual_image").addHandler(logging.NullHandler())
    logging.getLogger("textual_image").propagate = False
    from textual_image.widget import Image  # noqa: PLC0415 - importing it asks the terminal

    Painter.widget = Image


class Picture(Vertical):
    """A picture with its caption; says so while it comes, and where there is none."""

    def __init__(self, caption: str, *, loading: str, missing: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._caption = caption
        self._loading = loading
        self._missing = missing
        self._words = loading
        self._picture: Pillow.Image | None = None
        self._is_close = False

    def compose(self) -> ComposeResult:
        """Draw caption and picture."""
        yield Static(self._caption, classes="caption", markup=False)
        yield Painter.widget(classes="picture")
        yield Static(self._words, classes="no-picture", markup=False)

    def on_mount(self) -> None:
        """Draw what is known by now."""
        self._draw()

    def wait(self) -> None:
        """Say that a picture is on its way."""
        self._picture, self._words = None, self._loading
        self._draw()

    def show(self, picture: Pillow.Image | None) -> None:
        """Show a picture, or that there is none."""
        self._picture, self._words = picture, self._missing
        self._draw()

    @property
    def is_shown(self) -> bool:
        """Whether there is a picture."""
        return self._picture is not None

    def look(self, *, close: bool) -> None:
        """Show the middle only, or the whole."""
        self._is_close = close
        self._draw()

    def _draw(self) -> None:
        image: Any = next(iter(self.query(".picture")), None)
        if image is None or not self.query(".no-picture"):
            return  # not composed yet, or already being taken away with its page
        image.display = self.is_shown
        put_if_any(self, ".no-picture", "" if self.is_shown else self._words)
        if self._picture is not None:
            image.image = closer(self._picture) if self._is_close else self._picture
