"""dlib at work on one picture: faces, their five landmarks, the largest one's descriptor.

Blocking, one thread of one process (dlib's objects are not thread-safe, and only its
detector lets the interpreter lock go). Loads in 0.3 s, takes 110 MB.

::

    engine = Engine.load()
    look = engine.look(jpeg, (Scale.FULL,), Describe.LARGEST)
    distance(look.faces[0].descriptor, template)     -> 0.33
"""

import math
from typing import Any, Self

import cv2
import dlib
import numpy as np
from numpy.typing import NDArray

from appliance.faces.errors import NoPictureError
from appliance.faces.formats import check_picture
from appliance.faces.look import Describe, Descriptor, Face, Look, Scale
from appliance.faces.models import Models, find_models
from devices.faults import faults
from devices.picture import Picture, measure, thumbnail

_CHIP = 150
_PADDING = 0.25

Grey = NDArray[np.uint8]


def distance(one: Descriptor, other: Descriptor) -> float:
    """Return the Euclidean distance of two descriptors (0 to about 1.2)."""
    return math.dist(one, other)


class Engine:
    """The detector and the two models."""

    def __init__(self, models: Models) -> None:
        self._detect = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(str(models.landmarks))
        self._describe = dlib.face_recognition_model_v1(str(models.descriptor))

    @classmethod
    def load(cls) -> Self:
        """Load the pinned models; raise `ModelError` if they are not there."""
        return cls(find_models())

    def look(self, jpeg: bytes, scales: tuple[Scale, ...], describe: Describe) -> Look:
        """Search at each of ``scales`` until a face is found; raise `NoPictureError`."""
        colour = decode(jpeg)
        rgb = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2RGB), dtype=np.uint8)
        grey = np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        found: list[tuple[Any, float]] = []
        used = scales[0]
        for used in scales:
            found = self._search(grey, used)
            if found:
                break
        faces = [
            self._face(rgb, grey, box, score, describe if n == 0 else Describe.NONE)
            for n, (box, score) in enumerate(found)
        ]
        measured = measure(thumbnail(colour), None)
        return Look(
            width=colour.shape[1],
            height=colour.shape[0],
            scale=used,
            faces=tuple(faces),
            measure=measured,
            faults=faults(measured, still_for_ms=0),
        )

    def _search(self, grey: Grey, scale: Scale) -> list[tuple[Any, float]]:
        """Return boxes in pixels of the full picture with their scores, the largest first."""
        factor = scale.factor
        sized = grey if scale is Scale.FULL else _resized(grey, factor)
        boxes, scores, _ = self._detect.run(sized, 0, 0.0)
        full = [dlib.rectangle(*(round(edge / factor) for edge in _edges(box))) for box in boxes]
        return sorted(zip(full, scores, strict=True), key=lambda found: -found[0].width())

    def _face(self, rgb: Picture, grey: Grey, box: Any, score: float, describe: Describe) -> Face:
        shape = self._landmarks(rgb, box)
        descriptor = None
        if describe is Describe.LARGEST:
            descriptor = tuple(self._describe.compute_face_descriptor(rgb, shape, 0, _PADDING))
        return Face(
            left=box.left(),
            top=box.top(),
            width=box.width(),
            height=box.height(),
            score=score,
            points=tuple((shape.part(n).x, shape.part(n).y) for n in range(shape.num_parts)),
            descriptor=descriptor,
            sharpness=_sharpness(grey, box),
        )


def decode(jpeg: bytes) -> Picture:
    """Return the picture, blue green red; raise `NoPictureError` if it is none."""
    check_picture(jpeg)
    try:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise NoPictureError(f"the picture cannot be decoded: {error}") from error
    if picture is None:
        raise NoPictureError("the picture cannot be decoded; send the next frame")
    return np.asarray(picture, dtype=np.uint8)


def _edges(box: Any) -> tuple[int, int, int, int]:
    return box.left(), box.top(), box.right(), box.bottom()


def _resized(grey: Grey, factor: float) -> Grey:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(grey, None, fx=factor, fy=factor, interpolation=method), dtype=np.uint8
    )


def _sharpness(grey: Grey, box: Any) -> float:
    """Measure the face alone, brought to one size, so that near and far compare."""
    height, width = grey.shape
    top, bottom = max(0, box.top()), min(height, box.bottom())
    left, right = max(0, box.left()), min(width, box.right())
    if bottom - top < 2 or right - left < 2:  # noqa: PLR2004 - nothing to differentiate
        return 0.0
    chip = cv2.resize(grey[top:bottom, left:right], (_CHIP, _CHIP), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(chip, cv2.CV_64F).var())
