"""What can go wrong in the face engine.

::

    FaceError
    ├── ModelError            faces_models     a model file is missing or is another one
    ├── NoPictureError        faces_picture    bytes that are no picture we take
    ├── SupersededError       faces_superseded a newer frame of the same seat came first
    ├── BusyError             faces_busy       more work waits than is ever useful
    └── WorkerLostError       faces_worker     the process that looked died or hung
"""

from typing import ClassVar


class FaceError(Exception):
    """The root of the tree; ``code`` names the fault for operators."""

    code: ClassVar[str] = "faces"


class ModelError(FaceError):
    """A model file is missing, or its digest is not the pinned one."""

    code = "faces_models"


class NoPictureError(FaceError):
    """Bytes that are no JPEG, a torn one, or one beyond the limits."""

    code = "faces_picture"


class SupersededError(FaceError):
    """A newer frame of the same seat took this one's place before it was looked at."""

    code = "faces_superseded"


class BusyError(FaceError):
    """The queue is full."""

    code = "faces_busy"


class WorkerLostError(FaceError):
    """The process that looked at this picture died or hung; another has been started."""

    code = "faces_worker"
