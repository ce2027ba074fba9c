"""What can be said of a picture without knowing what it shows. Pure.

A picture is an array of height x width x 3 bytes in the order blue, green, red
(OpenCV's). Its *measure* is three numbers of its luma (ITU-R BT.601, 0 to 255) taken
on a thumbnail of 80x60; its *faults* follow from the measure and the one before::

    measure(picture, earlier=None)           -> Measure(mean=112.4, spread=51.0, ...)
    faults(measure, still_for=0, limits=...) -> frozenset({Fault.DARK})

The machine measures; what a fault means for the candidate, a person says.
"""

import enum

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height x width x 3 bytes, blue green red."""

_THUMBNAIL = (80, 60)


class Fault(enum.StrEnum):
    """What makes a picture useless or suspicious."""

    DARK = "dark"
    COVERED = "covered"
    """Hardly any difference between its points: a hand, tape or a lid."""
    BACK_LIT = "back_lit"
    """The middle much darker than the edges: a window behind the person."""
    FROZEN = "frozen"
    """No point has changed for a while; a real sensor always has some noise."""


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """Luma of one picture, all in steps of 0 to 255."""

    mean: float
    spread: float
    """Standard deviation over the picture."""
    middle: float
    """Mean of the middle, where a face should be (half of the width and height)."""
    edge: float
    """Mean of the rest."""
    change: float
    """Mean absolute difference to the picture before; 255 where there was none."""


class PictureLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Where a measure becomes a fault."""

    dark_mean: float = 40.0
    covered_spread: float = 8.0
    back_lit_difference: float = 70.0
    frozen_change: float = 0.01
    frozen_after_ms: int = 5_000


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


def faults(
    measured: Measure, *, still_for_ms: int, limits: PictureLimits | None = None
) -> frozenset[Fault]:
    """Name what is wrong with a picture that has not changed for ``still_for_ms``."""
    limit = limits or PictureLimits()
    wrong = {
        Fault.DARK: measured.mean < limit.dark_mean,
        Fault.COVERED: measured.spread < limit.covered_spread,
        Fault.BACK_LIT: measured.edge - measured.middle > limit.back_lit_difference,
        Fault.FROZEN: still_for_ms >= limit.frozen_after_ms,
    }
    return frozenset(fault for fault, is_so in wrong.items() if is_so)


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """The last picture's measure and since when nothing has changed (ms of any one clock)."""

    measure: Measure
    still_since: int


def observe(
    before: Observed | None, measured: Measure, now: int, limits: PictureLimits
) -> Observed:
    """Carry the time of the last change from one picture to the next."""
    if before is None or measured.change > limits.frozen_change:
        return Observed(measure=measured, still_since=now)
    return Observed(measure=measured, still_since=before.still_since)
