"""What a seat and the box's `faces` process say to each other, over HTTPS with mTLS.

::

    POST /v1/frames   Exam-Frame: {"session":...,"taken":...,"view":"front"}
                      the body is one JPEG                      -> FrameReply

The process listens on `HallInfo.faces_port`. It knows the seat by its certificate and
takes frames of the sessions that `core` has admitted at that seat. A frame is judged and
forgotten; the seat sends the newest it has, ``next_ms`` after the last reply, and never
an old one again.
"""

from enum import StrEnum
from typing import Final, cast

from exam.identifiers import Label
from protocol.values import Count, HexId, Milliseconds, Value, decode

FRAMES: Final = "/v1/frames"
FRAME_HEADER: Final = "Exam-Frame"
MAX_FRAME: Final = 1024 * 1024
"""Largest JPEG in bytes; 640x480 at quality 85 takes 40,000 to 90,000."""


class FrameInfo(Value, frozen=True, kw_only=True):
    """What stands in the header. ``taken`` is hall time."""

    session: HexId
    view: Label
    taken: Milliseconds


class FaceHint(StrEnum):
    """What the candidate can mend so that the next frame is a better one."""

    NO_FACE = "no_face"
    SEVERAL = "several"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    """Too much light, or light from behind."""
    TOO_SMALL = "too_small"
    """Too far from the camera: the face is less than 60 pixels wide."""
    TURNED = "turned"
    COVERED = "covered"
    """The camera sees one even surface: a hand, a lid."""
    BLURRED = "blurred"
    HOLD_STILL = "hold_still"
    """This frame was good; more are wanted."""


class FrameSeen(Value, frozen=True, kw_only=True, tag="seen", tag_field="outcome"):
    """The frame was looked at. ``next_ms``: when to send the next one, from now."""

    hints: tuple[FaceHint, ...]
    next_ms: Count


class FrameRefusal(StrEnum):
    """Why a frame was not looked at."""

    NOT_ADMITTED = "not_admitted"
    """No such session at this seat, or not yet."""
    NO_PICTURE = "no_picture"
    SUPERSEDED = "superseded"
    """A newer frame of this session came first."""
    BUSY = "busy"
    LOST = "lost"
    """What looked at it broke; nothing is wrong with the frame."""


class FrameRefused(Value, frozen=True, kw_only=True, tag="refused", tag_field="outcome"):
    """``text`` is for the record."""

    code: FrameRefusal
    text: str
    next_ms: Count


FrameReply = FrameSeen | FrameRefused


def decode_frame_reply(data: bytes) -> FrameReply:
    """Parse the reply to a frame."""
    return decode(data, cast("type[FrameReply]", FrameReply))
