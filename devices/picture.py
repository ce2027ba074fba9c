"""Pictures as arrays, and how they are measured. Pure.

A picture is an array of height x width x 3 bytes in the order blue, green, red
(OpenCV's). Its measure is taken on a thumbnail of 80x60, as luma (ITU-R BT.601)::

    measure(thumbnail(picture), earlier=None)   -> Measure(mean=112.4, spread=51.0, ...)
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from devices.faults import Measure

Picture = NDArray[np.uint8]
"""Height x width x 3 bytes, blue green red."""

_THUMBNAIL = (80, 60)


def thumbnail(picture: Picture) -> NDArray[np.uint8]:
    """Return the 80x60 luma by which pictures are compared."""
    small = cv2.resize(picture, _THUMBNAIL, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def measure(luma: NDArray[np.uint8], earlier: NDArray[np.uint8] | None) -> Measure:
    """Measure a `thumbnail` beside the one before it."""
    values = luma.astype(np.float32)
    height, width = luma.shape
    inside = np.zeros(luma.shape, dtype=bool)
    inside[height // 4 : height - height // 4, width // 4 : width - width // 4] = True
    change = 255.0 if earlier is None else float(np.abs(values - earlier).mean())
    return Measure(
        mean=float(values.mean()),
        spread=float(values.std()),
        middle=float(values[inside].mean()),
        edge=float(values[~inside].mean()),
        change=change,
    )
