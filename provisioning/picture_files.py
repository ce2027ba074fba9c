"""Opening pictures from strangers: in few formats, of a size that can be drawn."""

import io
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image

MAX_PIXELS: Final = 40_000_000
"""Width times height; a picture of 40 megapixels takes 160 MB to draw."""
FAULTS: Final = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises on files that are no pictures, or broken ones."""


@contextmanager
def opened(content: bytes, formats: Iterable[str]) -> Iterator[Image.Image]:
    """Open a picture of one of Pillow's ``formats``.

    What Pillow only warns about (a size below its own limit, a broken EXIF part) is judged by
    whoever looks at the picture and is nothing to print.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(content), formats=list(formats)) as picture:
            yield picture
