"""What the measures of a picture mean: dark, covered, back-lit, frozen. Pure.

A picture's *measure* is a handful of numbers of its luma (see `devices.picture`, which
takes them); its *faults* follow from the measure and from how long nothing has changed::

    faults(measure, still_for_ms=0, limits=...) -> frozenset({Fault.DARK})

The machine measures; what a fault means for the candidate, a person says. No array and no
OpenCV here: whoever only judges or passes on needs neither.
"""

import enum

import msgspec


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
