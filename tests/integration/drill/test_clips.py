"""Sample faces and what is made of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from drill import faces
from drill.clips import (
    MAXIMUM_ROSTER_BYTES,
    MINIMUM_ROSTER_BYTES,
    ClipSettings,
    cut_out,
    frames,
    sample_roster_photo,
    write_clip,
)


@pytest.mark.parametrize("face", faces.ALL, ids=lambda face: face.name)
def test_every_sample_is_the_expected_picture(face):
    """Each photograph is fetched, has its digest, and holds its face's box."""
    picture = faces.picture(face)
    assert face.left + face.width <= picture.shape[1]
    assert face.top + face.width <= picture.shape[0]


def test_a_wrong_picture_in_the_cache_is_refused(monkeypatch, tmp_path):
    """A cached file with other bytes is named, with both digests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "examhall" / "faces"
    folder.mkdir(parents=True)
    (folder / faces.ASTRONAUT.name).write_bytes(b"another picture")
    with pytest.raises(faces.SampleFaceError, match="expected SHA-256 88431cd9"):
        faces.photograph(faces.ASTRONAUT)


def test_a_roster_photo_keeps_the_rule():
    """It is a JPEG of 295x413 pixels and 40 to 1000 KB with a white ground."""
    photo = sample_roster_photo(faces.ASTRONAUT)
    assert MINIMUM_ROSTER_BYTES <= len(photo) <= MAXIMUM_ROSTER_BYTES
    picture = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (413, 295, 3)
    assert picture[:40, :20].min() > 240


def test_a_clip_moves_and_repeats_without_a_jump(tmp_path: Path):
    """Neighbouring pictures differ, the last and the first no more than others do."""
    settings = ClipSettings(width=320, height=240, seconds=3, face_width=75)
    shown = frames(cut_out(faces.VICE_PRESIDENT), settings)
    steps = [
        float(np.abs(a.astype(int) - b.astype(int)).mean())
        for a, b in zip(shown, [*shown[1:], shown[0]], strict=True)
    ]
    assert min(steps) > 0.5
    assert steps[-1] <= max(steps[:-1]) * 1.2
    path = write_clip(tmp_path / "clip.avi", shown, settings.rate)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 30
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(10)
    capture.release()
