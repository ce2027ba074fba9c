"""What one look at one picture gives: values that go between the worker and the service."""

from enum import StrEnum
from typing import Annotated

import msgspec

from devices.faults import Fault, Measure

Descriptor = Annotated[tuple[float, ...], msgspec.Meta(min_length=128, max_length=128)]
"""dlib's 128 numbers of a face; two of one person lie closer than 0.6, mostly."""


class Scale(StrEnum):
    """In which size of the picture faces are searched.

    The detector finds faces from about 60 to 80 pixels wide *in that size*.
    """

    HALF = "half"
    """A quarter of the cost; for a face that is known to be near (120 pixels)."""
    FULL = "full"
    DOUBLE = "double"
    """Four times the cost; tells a face that is too far away from none."""

    @property
    def factor(self) -> float:
        """How many pixels of this size to one of the full picture."""
        return {"half": 0.5, "full": 1.0, "double": 2.0}[self.value]


class Describe(StrEnum):
    """Which faces get a descriptor."""

    NONE = "none"
    LARGEST = "largest"


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """One face. Pixels of the full picture."""

    left: int
    top: int
    width: int
    height: int
    score: float
    """The detector's confidence; above 0, a clear face above 1."""
    points: tuple[tuple[int, int], ...] = ()
    """Five landmarks: outer and inner corner of each eye, then the bottom of the nose."""
    descriptor: Descriptor | None = None
    sharpness: float = 0.0
    """Variance of the Laplacian over the face, at 150x150; grows with sharpness."""


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One picture looked at: faces from the largest to the smallest."""

    width: int
    height: int
    scale: Scale
    faces: tuple[Face, ...]
    measure: Measure
    faults: frozenset[Fault]


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Work for a worker."""

    jpeg: bytes
    scales: tuple[Scale, ...]
    """Tried in turn until there is a face."""
    describe: Describe


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """A worker has loaded its models. ``build`` in words."""

    build: str
    fast: bool


class Looked(msgspec.Struct, frozen=True, kw_only=True, tag="looked"):
    """A worker's answer."""

    look: Look


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, tag="unreadable"):
    """The picture was none."""

    text: str


FromWorker = Ready | Looked | Unreadable
