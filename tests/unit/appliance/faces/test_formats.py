"""What is taken for a picture."""

import cv2
import numpy as np
import pytest

from appliance.faces.errors import NoPictureError
from appliance.faces.formats import MAX_BYTES, check_jpeg, check_picture

PICTURE = np.random.default_rng(1).integers(0, 255, (48, 64, 3), dtype=np.uint8)
JPEG = cv2.imencode(".jpg", PICTURE)[1].tobytes()
PROGRESSIVE = cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
PNG = cv2.imencode(".png", PICTURE)[1].tobytes()


@pytest.mark.parametrize("jpeg", [JPEG, PROGRESSIVE, JPEG + b"\0\0"])
def test_the_size_is_read_from_the_frame_header(jpeg):
    """Width and height come from the marker segments, nothing is decoded."""
    assert check_jpeg(jpeg) == (64, 48)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "expected a JPEG"),
        (b"\x89PNG\r\n", "89 50 4e 47"),
        (JPEG[:-700], "end is missing"),
        (JPEG[:2] + JPEG[-2:], "frame header"),
        (b"\xff\xd8" + bytes(MAX_BYTES), "at most 2097152 bytes"),
    ],
    ids=["empty", "png", "torn", "hollow", "too large"],
)
def test_what_is_none_is_refused_with_the_reason(data, said):
    """Each refusal says what was expected and what came."""
    with pytest.raises(NoPictureError, match=said):
        check_jpeg(data)


def test_a_png_is_a_picture_and_no_jpeg():
    """A roster photo may be a PNG; a seat's frame may not."""
    assert check_picture(PNG) == check_picture(JPEG) == (64, 48)
    with pytest.raises(NoPictureError, match="expected a JPEG"):
        check_jpeg(PNG)


def test_a_torn_or_huge_png_is_refused():
    """Its end must be there, and its header's size within the limit."""
    with pytest.raises(NoPictureError, match="PNG, its end is missing"):
        check_picture(PNG[:-1])
    with pytest.raises(NoPictureError, match="65536x48"):
        check_picture(PNG[:16] + b"\0\1\0\0" + PNG[20:])


def test_a_picture_that_would_fill_the_memory_is_refused_undecoded():
    """A header that claims 65,535 pixels a side is refused by its claim."""
    at = JPEG.index(b"\xff\xc0") + 5
    bomb = JPEG[:at] + b"\xff\xff\xff\xff" + JPEG[at + 4 :]
    with pytest.raises(NoPictureError, match="65535x65535"):
        check_jpeg(bomb)


def test_no_cut_of_a_jpeg_passes():
    """Cut short anywhere, it is refused: a decoder would fill the rest with grey."""
    for length in range(len(JPEG) - 1):
        with pytest.raises(NoPictureError):
            check_jpeg(JPEG[:length])
