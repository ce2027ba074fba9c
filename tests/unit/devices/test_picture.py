"""What is said of pictures without knowing what they show."""

import numpy as np
import pytest

from devices.faults import Fault, PictureLimits, faults, observe
from devices.picture import Picture, measure, thumbnail

LIMITS = PictureLimits()


def scene(seed: int = 1) -> Picture:
    """A picture with light, shade and noise."""
    noise = np.random.default_rng(seed).integers(-20, 20, (480, 640, 3))
    ramp = np.linspace(60, 200, 640)[None, :, None]
    return np.clip(ramp + noise, 0, 255).astype(np.uint8)


def back_lit() -> Picture:
    picture = np.full((480, 640, 3), 230, np.uint8)
    picture[100:380, 150:490] = 60
    return picture


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (scene(), set()),
        ((scene() // 4).astype(np.uint8), {Fault.DARK}),
        (np.full((480, 640, 3), 128, np.uint8), {Fault.COVERED}),
        (back_lit(), {Fault.BACK_LIT}),
    ],
    ids=["good", "dark", "covered", "back-lit"],
)
def test_one_picture_shows_its_faults(picture: Picture, expected: set[Fault]) -> None:
    """Light, spread, and the middle against the edge name the fault."""
    measured = measure(thumbnail(picture), None)
    assert faults(measured, still_for_ms=0) == expected


def test_a_picture_that_never_changes_is_frozen() -> None:
    """The same picture for the limit's time is frozen, and a moment earlier is not."""
    same = thumbnail(scene())
    seen = observe(None, measure(same, None), 1_000, LIMITS)
    seen = observe(seen, measure(same, same), 9_000, LIMITS)
    assert seen.still_since == 1_000
    almost = faults(seen.measure, still_for_ms=LIMITS.frozen_after_ms - 1)
    assert Fault.FROZEN not in almost
    assert Fault.FROZEN in faults(seen.measure, still_for_ms=LIMITS.frozen_after_ms)


def test_the_noise_of_a_sensor_is_not_frozen() -> None:
    """A still scene seen by a real sensor moves the time of the last change."""
    first, second = thumbnail(scene(1)), thumbnail(scene(2))
    seen = observe(None, measure(first, None), 1_000, LIMITS)
    assert observe(seen, measure(second, first), 2_000, LIMITS).still_since == 2_000
