"""Whether bytes are a picture that we take, before any decoder sees them. Pure.

JPEG from seats and rosters, PNG from rosters too. Looks for the size in a JPEG's marker
segments (ITU-T T.81, annex B) or a PNG's header (ISO/IEC 15948), and at both ends: a
decoder fills what is missing of a torn picture with grey and says nothing.
"""

from typing import Final

from appliance.faces.errors import NoPictureError

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_SIDE: Final = 4096
"""Pixels; a roster photo from a telephone fits."""

_START, _END = b"\xff\xd8", b"\xff\xd9"
_PNG_START, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xDA)})
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN: Final = 0xDA
_MARKER: Final = 0xFF


def check_picture(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG or PNG; raise `NoPictureError` saying what is wrong."""
    if not data.startswith(_PNG_START):
        return check_jpeg(data)
    _check_ends("PNG", data, has_end=data.endswith(_PNG_END))
    return _checked_size(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))


def check_jpeg(data: bytes) -> tuple[int, int]:
    """Return width and height of a JPEG; raise `NoPictureError` saying what is wrong."""
    if not data.startswith(_START):
        raise NoPictureError(f"expected a JPEG (it begins with ff d8), got {data[:4].hex(' ')!r}")
    _check_ends("JPEG", data, has_end=data.rstrip(b"\0").endswith(_END))
    return _checked_size(*_size(data))


def _check_ends(name: str, data: bytes, *, has_end: bool) -> None:
    if len(data) > MAX_BYTES:
        raise NoPictureError(f"expected a {name} of at most {MAX_BYTES} bytes, got {len(data)}")
    if not has_end:
        raise NoPictureError(f"expected a whole {name}, its end is missing after {len(data)} bytes")


def _checked_size(width: int, height: int) -> tuple[int, int]:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise NoPictureError(f"expected at most {MAX_SIDE} pixels a side, got {width}x{height}")
    return width, height


def _size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data) and data[at] == _MARKER:
        marker = data[at + 1]
        if marker in _FRAME_HEADERS:
            height, width = data[at + 5 : at + 7], data[at + 7 : at + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        if marker == _SCAN:
            break
        at += _length(data, at)
    raise NoPictureError("expected a JPEG with a frame header, found none; send the next frame")


def _length(data: bytes, at: int) -> int:
    """Return the bytes that the segment at ``at`` takes, its marker included."""
    marker = data[at + 1]
    if marker == _MARKER:  # a fill byte before the marker
        return 1
    return 2 if marker in _STANDALONE else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
