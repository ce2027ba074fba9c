"""Counting the faces of a roster photo with dlib's frontal detector.

dlib is loaded at the first photo, since most commands need none of it.
"""

import importlib
from typing import Any, Final

import numpy as np
from PIL import ImageOps

from provisioning.picture_files import opened

_LONGEST: Final = 1000
"""Pixels: a larger photo is made smaller first, so that a face stays within 80 to 600."""


class FaceFinder:
    """Counts frontal faces of 80 pixels or more; of 40 where it finds none at first."""

    def __init__(self) -> None:
        self._detector: Any = None

    def __call__(self, content: bytes) -> int:
        """Return how many faces the picture shows."""
        if self._detector is None:
            dlib: Any = importlib.import_module("dlib")
            self._detector = dlib.get_frontal_face_detector()
        with opened(content, ["JPEG", "PNG"]) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((_LONGEST, _LONGEST))
        pixels = np.asarray(upright)
        return len(self._detector(pixels, 0)) or len(self._detector(pixels, 1))
