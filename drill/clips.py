"""Roster photos and camera clips, made from one photograph each.

The person is cut out of the photograph (GrabCut, begun from the known box of the face)
and set on white for the roster photo, or before a wall, swaying, under changing light,
sometimes blurred and always noisy, for the clip. Same photograph and seed, same picture.

A clip repeats without a jump: all that moves does so in whole periods of its length.
Making one takes three seconds, so `sample_clip` and `sample_roster_photo` keep theirs in
the cache.
"""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from devices.picture import Picture
from drill.faces import SampleFace, cache_folder, picture

FACE = 150
"""Width of the face in a cut-out, in pixels."""

ROSTER_WIDTH, ROSTER_HEIGHT = 295, 413
"""Pixels of a roster photo (the one-inch photo of rule book ``miit``)."""

MINIMUM_ROSTER_BYTES, MAXIMUM_ROSTER_BYTES = 40_000, 1_000_000


_OUT_OF_FOCUS = 0.9
"""Once in each round the camera seeks its focus: while a sine is above this."""

_VERSION = 1
"""Grows when the same settings give other pictures, so that the cache is not asked."""


class CutOut(msgspec.Struct, frozen=True):
    """A person without background. ``face_x`` and ``face_y`` are the middle of the face."""

    colour: Picture
    opacity: NDArray[np.float32]
    """Height x width x 1, 0 to 1."""
    face_x: int
    face_y: int


class ClipSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a clip looks."""

    width: int = 640
    height: int = 480
    rate: int = 10
    seconds: int = 8
    light: float = 1.0
    """1 is a lit room, 0.1 a dark one."""
    face_width: int = 150
    """Pixels; a check wants 60 and a half-size look 120."""
    people: int = 1
    seed: int = 1


@lru_cache(maxsize=8)
def cut_out(face: SampleFace) -> CutOut:
    """Part the person from the background. Takes a second or two; kept in memory."""
    whole = picture(face)
    scale = FACE / face.width
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(whole, None, fx=scale, fy=scale, interpolation=method)
    x, y = round((face.left + face.width / 2) * scale), round((face.top + face.width / 2) * scale)
    top, bottom = max(0, y - 205), min(small.shape[0], y + 335)
    left, right = max(0, x - 330), min(small.shape[1], x + 330)
    colour = np.ascontiguousarray(small[top:bottom, left:right], dtype=np.uint8)
    x, y = x - left, y - top
    return CutOut(colour, _opacity(colour, x, y), x, y)


def _opacity(colour: Picture, x: int, y: int) -> NDArray[np.float32]:
    mask = _first_guess(colour.shape[0], colour.shape[1], x, y)
    cv2.setRNGSeed(1)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    nowhere = (0, 0, 1, 1)  # the rectangle is not looked at where a mask is given
    cv2.grabCut(colour, mask, nowhere, background, foreground, 6, cv2.GC_INIT_WITH_MASK)
    person = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, labels = cv2.connectedComponents(person)
    person = (labels == labels[y, x]).astype(np.uint8)
    person = np.asarray(cv2.morphologyEx(person, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)))
    person = np.asarray(cv2.erode(person, np.ones((3, 3), np.uint8)))
    soft = cv2.GaussianBlur(person.astype(np.float32), (0, 0), 1.5)
    return np.asarray(soft, dtype=np.float32)[..., None]


def _first_guess(height: int, width: int, x: int, y: int) -> NDArray[np.uint8]:
    """Mark what is surely a person, what may be, and what cannot be, around a face at x, y."""
    f = FACE
    mask = np.full((height, width), cv2.GC_BGD, np.uint8)
    _ellipse(mask, (x, y - 15), (0.95 * f, 1.15 * f), cv2.GC_PR_BGD)
    cv2.rectangle(mask, (0, round(y + 0.6 * f)), (width, height), int(cv2.GC_PR_BGD), -1)
    _ellipse(mask, (x, y - 15), (0.72 * f, 0.95 * f), cv2.GC_PR_FGD)
    _ellipse(mask, (x, y + 2 * f), (1.5 * f, 1.25 * f), cv2.GC_PR_FGD)
    _ellipse(mask, (x, round(y - 0.02 * f)), (0.42 * f, 0.63 * f), cv2.GC_FGD)
    neck = ((round(x - 0.15 * f), round(y + 0.4 * f)), (round(x + 0.15 * f), height))
    cv2.rectangle(mask, neck[0], neck[1], int(cv2.GC_FGD), -1)
    return mask


def _ellipse(
    mask: NDArray[np.uint8], middle: tuple[int, int], half: tuple[float, float], value: int
) -> None:
    cv2.ellipse(mask, middle, (round(half[0]), round(half[1])), 0, 0, 360, int(value), -1)


def roster_photo(person: CutOut) -> bytes:
    """Return a JPEG of 295x413 pixels and 40 to 1000 KB: head and shoulders on white."""
    white = np.full((ROSTER_HEIGHT, ROSTER_WIDTH, 3), 255, np.uint8)
    scale = 0.95
    placed = _place(person, white, ROSTER_WIDTH / 2, 185, scale, 0.0)
    for quality in range(90, 101):
        photo = _jpeg(placed, quality)
        if len(photo) >= MINIMUM_ROSTER_BYTES:
            return photo
    # A smooth photo is small even at full quality; the rule wants 40 KB of it all the same.
    rng = np.random.default_rng(1)
    grain = rng.normal(0, 1.5, placed.shape)
    return _jpeg(np.clip(placed + grain, 0, 255).astype(np.uint8), 100)


def _jpeg(photo: Picture, quality: int) -> bytes:
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", photo, options)[1].tobytes()


def _place(
    person: CutOut, ground: Picture, x: float, y: float, scale: float, degrees: float
) -> Picture:
    """Set the person on ``ground`` with the face's middle at x, y."""
    turn = np.asarray(cv2.getRotationMatrix2D((person.face_x, person.face_y), degrees, scale))
    turn = turn + np.array([[0.0, 0.0, x - person.face_x], [0.0, 0.0, y - person.face_y]])
    size = (ground.shape[1], ground.shape[0])
    colour = cv2.warpAffine(person.colour, turn, size, flags=cv2.INTER_LINEAR)
    opacity = cv2.warpAffine(person.opacity[..., 0], turn, size)[..., None]
    return (colour * opacity + ground * (1 - opacity)).astype(np.uint8)


def frames(person: CutOut, settings: ClipSettings, second: CutOut | None = None) -> list[Picture]:
    """Return the pictures of a clip; ``second`` looks over the shoulder if ``people`` is 2."""
    rng = np.random.default_rng(settings.seed)
    wall = _wall(settings, rng)
    count = settings.rate * settings.seconds
    sway = rng.uniform(0, 2 * np.pi, 4)
    return [
        _frame(person, second, settings, wall, 2 * np.pi * n / count, sway, rng)
        for n in range(count)
    ]


def _wall(settings: ClipSettings, rng: np.random.Generator) -> Picture:
    """Paint a wall with light from one side, and a door frame."""
    tint = rng.uniform(0.85, 1.0, 3)
    light = np.linspace(150, 205, settings.width)[None, :, None]
    fall = np.linspace(1.0, 0.85, settings.height)[:, None, None]
    wall = np.clip(light * fall * tint, 0, 255).astype(np.uint8)
    edge = int(settings.width * 0.86)
    cv2.rectangle(wall, (edge, 0), (edge + 14, settings.height), (96, 110, 124), -1)
    return wall


def _frame(
    person: CutOut,
    second: CutOut | None,
    settings: ClipSettings,
    wall: Picture,
    phase: float,
    sway: NDArray[np.float64],
    rng: np.random.Generator,
) -> Picture:
    scale = settings.face_width / FACE
    x = settings.width / 2 + 14 * np.sin(2 * phase + sway[0])
    y = settings.height * 0.44 + 7 * np.sin(3 * phase + sway[1])
    size = scale * (1 + 0.03 * np.sin(phase + sway[2]))
    seen = wall
    if second is not None and settings.people > 1:
        seen = _place(second, seen, settings.width * 0.2, settings.height * 0.4, scale, 0.0)
    seen = _place(person, seen, x, y, size, 3 * np.sin(2 * phase + sway[3]))
    if np.sin(phase + sway[0]) > _OUT_OF_FOCUS:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), 1.2), dtype=np.uint8)
    lit: NDArray[np.float64] = seen * (settings.light * (1 + 0.12 * np.sin(phase + sway[2])))
    noisy = lit + rng.normal(0, 2.5, (settings.height, settings.width, 1))
    return np.asarray(np.clip(noisy, 0, 255), dtype=np.uint8)


def write_clip(path: Path, pictures: list[Picture], rate: int) -> Path:
    """Write a Motion JPEG clip, which every OpenCV reads, whole or not at all."""
    height, width = pictures[0].shape[:2]
    partial = path.with_name(f".{path.name}.{os.getpid()}.avi")
    writer = cv2.VideoWriter(
        str(partial), cv2.VideoWriter.fourcc(*"MJPG"), float(rate), (width, height)
    )
    if not writer.isOpened():
        raise OSError(f"expected to write a Motion JPEG clip to {path}, OpenCV could not")
    for shown in pictures:
        writer.write(shown)
    writer.release()
    return partial.replace(path)


def sample_clip(
    face: SampleFace, settings: ClipSettings | None = None, second: SampleFace | None = None
) -> Path:
    """Return a clip of ``face`` from the cache, made if it is not there; blocks."""
    wanted = settings or ClipSettings()
    path = _cached(".avi", face.sha256, second.sha256 if second else "", repr(wanted))
    if not path.exists():
        other = cut_out(second) if second else None
        write_clip(path, frames(cut_out(face), wanted, other), wanted.rate)
    return path


def sample_roster_photo(face: SampleFace) -> bytes:
    """Return the roster photo of ``face`` from the cache, made if it is not there; blocks."""
    path = _cached(".jpg", face.sha256)
    if not path.exists():
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_bytes(roster_photo(cut_out(face)))
        partial.replace(path)
    return path.read_bytes()


def _cached(suffix: str, *parts: str) -> Path:
    folder = cache_folder() / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256("\n".join((str(_VERSION), *parts)).encode()).hexdigest()
    return folder / f"{key[:24]}{suffix}"
