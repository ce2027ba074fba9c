"""Pictures from a camera or from a video file, behind one interface.

A *source* is blocking and belongs to one thread. `newest` waits until ``due`` and gives
the newest picture there is then: what was older and not asked for is thrown away,
undecoded where that can be. A file loops, paced by its own rate, as a camera would be;
it stands in for a camera where there is none (the demo, the drill, tests).

Every picture comes as ``CaptureSettings`` asks, 640x480 unless told otherwise; another
shape is fitted in with black bars, never stretched: faces are measured in it.
"""

import threading
import time
from pathlib import Path
from typing import Protocol, Self

import cv2
import msgspec
import numpy as np

from devices.errors import CameraUnavailableError, PictureLostError
from devices.picture import Picture


class CaptureSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How large and how often. Pixels and pictures a second."""

    width: int = 640
    height: int = 480
    rate: float = 8.0


class Source(Protocol):
    """Where pictures come from. Blocking; one thread."""

    def newest(self, due: float, stop: threading.Event) -> Picture | None:
        """Return the newest picture at ``due`` (``time.monotonic``), None if stopped before.

        Raise `PictureLostError` when there will be no more.
        """

    def close(self) -> None:
        """Let go of the device or file."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What a source is opened from."""


class CameraOrigin(Origin, frozen=True, kw_only=True, tag="camera"):
    """A V4L2 device, such as ``/dev/video0``."""

    node: str


class ClipOrigin(Origin, frozen=True, kw_only=True, tag="clip"):
    """A video file, repeated for ever."""

    path: str


AnyOrigin = CameraOrigin | ClipOrigin


def open_source(origin: AnyOrigin, settings: CaptureSettings) -> Source:
    """Open ``origin`` or raise `CameraUnavailableError`. Blocks (a camera up to seconds)."""
    match origin:
        case CameraOrigin(node=node):
            return CameraSource(node, settings)
        case ClipOrigin(path=path):
            return ClipSource(Path(path), settings)


def fit(picture: Picture, width: int, height: int) -> Picture:
    """Return ``picture`` within ``width`` x ``height``, its shape kept, the rest black."""
    had_height, had_width = picture.shape[:2]
    if (had_width, had_height) == (width, height):
        return picture
    scale = min(width / had_width, height / had_height)
    inner = (max(1, round(had_width * scale)), max(1, round(had_height * scale)))
    resized = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((height, width, 3), dtype=np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = resized
    return canvas


class CameraSource:
    """A camera by V4L2.

    Pictures are grabbed at the camera's own rate, so that none lies waiting in the
    driver, and decoded only when due. ``read_timeout_ms`` bounds the wait for a camera
    that hangs.
    """

    def __init__(self, node: str, settings: CaptureSettings, read_timeout_ms: int = 3_000) -> None:
        self._node = node
        self._settings = settings
        self._capture = cv2.VideoCapture(
            node, cv2.CAP_V4L2, [cv2.CAP_PROP_READ_TIMEOUT_MSEC, read_timeout_ms]
        )
        if not self._capture.isOpened():
            raise CameraUnavailableError(
                f"camera {node}: expected a V4L2 device that this user may open, got none; "
                "check the cable, that no other program uses it, and the group 'video'"
            )
        wanted = (
            (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
            (cv2.CAP_PROP_FRAME_WIDTH, settings.width),
            (cv2.CAP_PROP_FRAME_HEIGHT, settings.height),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        )
        for key, value in wanted:  # a camera that cannot, keeps its own: `fit` sees to it
            self._capture.set(key, value)

    def newest(self, due: float, stop: threading.Event) -> Picture | None:
        """Grab until ``due``, then decode the last picture grabbed."""
        while not stop.is_set():
            if not self._capture.grab():
                raise PictureLostError(f"camera {self._node} gives no more pictures: unplugged?")
            if time.monotonic() >= due:
                good, picture = self._capture.retrieve()
                if not good:
                    continue  # a picture broken on the cable; the next one comes at once
                return fit(
                    np.asarray(picture, dtype=np.uint8), self._settings.width, self._settings.height
                )
        return None

    def close(self) -> None:
        """Release the device."""
        self._capture.release()


class ClipSource:
    """A video file, looping, paced to its own rate from the moment it is opened."""

    def __init__(self, path: Path, settings: CaptureSettings) -> None:
        self._path = path
        self._settings = settings
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        self._rate = self._capture.get(cv2.CAP_PROP_FPS)
        if not self._capture.isOpened() or self._rate <= 0:
            raise CameraUnavailableError(
                f"clip {path}: expected a video file that can be decoded, got none; check the path"
            )
        self._begun = time.monotonic()
        self._grabbed = 0
        self._picture: Picture | None = None

    @classmethod
    def open(cls, path: Path, settings: CaptureSettings | None = None) -> Self:
        """Open with the usual settings."""
        return cls(path, settings or CaptureSettings())

    def newest(self, due: float, stop: threading.Event) -> Picture | None:
        """Wait until ``due`` and return the picture that the clip shows then."""
        if stop.wait(max(0.0, due - time.monotonic())):
            return None
        wanted = int((time.monotonic() - self._begun) * self._rate) + 1
        if self._picture is None or wanted > self._grabbed:
            self._skip_to(wanted)
            self._picture = self._retrieve()
        return self._picture

    def _skip_to(self, wanted: int) -> None:
        for _ in range(min(wanted - self._grabbed, int(self._rate * 60) + 1)):
            if not self._capture.grab():
                self._rewind()
        self._grabbed = wanted

    def _rewind(self) -> None:
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        if not self._capture.grab():
            raise PictureLostError(f"clip {self._path} gives no picture after rewinding")

    def _retrieve(self) -> Picture:
        good, picture = self._capture.retrieve()
        if not good:
            raise PictureLostError(f"clip {self._path} holds a picture that cannot be decoded")
        return fit(np.asarray(picture, dtype=np.uint8), self._settings.width, self._settings.height)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
