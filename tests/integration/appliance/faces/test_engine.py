"""The engine on photographs of real people."""

import cv2
import numpy as np
import pytest

from appliance.faces.engine import Engine, distance
from appliance.faces.errors import ModelError, NoPictureError
from appliance.faces.look import Describe, Scale
from appliance.faces.models import LANDMARKS, find_models
from devices.faults import Fault
from drill import faces
from drill.clips import ClipSettings, cut_out, frames, sample_roster_photo

FULL = (Scale.FULL,)


def to_jpeg(picture, quality=90):
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


@pytest.fixture(scope="module")
def engine():
    return Engine.load()


@pytest.fixture(scope="module")
def descriptors(engine):
    """Each sample face's descriptor, from its roster photo."""
    looks = {
        face: engine.look(sample_roster_photo(face), FULL, Describe.LARGEST) for face in faces.ALL
    }
    assert all(len(look.faces) == 1 for look in looks.values())
    return {face: look.faces[0].descriptor for face, look in looks.items()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (faces.PRESIDENT, faces.PRESIDENT_SPEAKING),
        (faces.PRESIDENT, faces.PRESIDENT_EARLIER),
        (faces.PRESIDENT_SPEAKING, faces.PRESIDENT_EARLIER),
    ],
    ids=lambda face: face.name,
)
def test_one_person_in_two_photographs_is_near(descriptors, one, other):
    """Pictures of years apart of the same man lie between 0.25 and 0.5."""
    assert 0.25 < distance(descriptors[one], descriptors[other]) < 0.5


@pytest.mark.parametrize("other", [faces.VICE_PRESIDENT, faces.ASTRONAUT], ids=lambda f: f.name)
def test_two_people_are_far_apart(descriptors, other):
    """Other people lie well beyond 0.6."""
    assert distance(descriptors[faces.PRESIDENT], descriptors[other]) > 0.7


@pytest.mark.parametrize("quality", [35, 95])
def test_a_clip_of_a_person_is_near_its_photograph(engine, descriptors, quality):
    """Swaying, relit, out of focus, compressed hard: still the same, and one face."""
    shown = frames(cut_out(faces.VICE_PRESIDENT), ClipSettings(seconds=1, rate=5))
    for picture in shown:
        look = engine.look(to_jpeg(picture, quality), FULL, Describe.LARGEST)
        assert len(look.faces) == 1
        assert distance(look.faces[0].descriptor, descriptors[faces.VICE_PRESIDENT]) < 0.35


def test_half_the_size_finds_the_same_face(engine):
    """A near face is found in a quarter of the picture, in the same place."""
    jpeg = to_jpeg(frames(cut_out(faces.ASTRONAUT), ClipSettings(seconds=1, rate=1))[0])
    whole = engine.look(jpeg, FULL, Describe.LARGEST).faces[0]
    half = engine.look(jpeg, (Scale.HALF,), Describe.LARGEST).faces[0]
    assert abs(half.left - whole.left) < 25
    assert abs(half.width - whole.width) < 40
    assert distance(half.descriptor, whole.descriptor) < 0.2


def test_a_face_too_far_away_is_told_from_none(engine):
    """A face of 45 pixels is found in the doubled picture only, and measured as it is."""
    far = frames(cut_out(faces.ASTRONAUT), ClipSettings(seconds=1, rate=1, face_width=45))[0]
    assert not engine.look(to_jpeg(far), FULL, Describe.NONE).faces
    look = engine.look(to_jpeg(far), (Scale.FULL, Scale.DOUBLE), Describe.NONE)
    assert look.scale is Scale.DOUBLE
    assert 30 < look.faces[0].width < 60


def test_two_people_are_two_faces(engine):
    """Who looks over the shoulder is found, and only the largest face is described."""
    settings = ClipSettings(seconds=1, rate=1, people=2, face_width=120)
    shown = frames(cut_out(faces.ASTRONAUT), settings, cut_out(faces.VICE_PRESIDENT))
    look = engine.look(to_jpeg(shown[0]), FULL, Describe.LARGEST)
    assert len(look.faces) == 2
    assert look.faces[0].width >= look.faces[1].width
    assert look.faces[0].descriptor is not None
    assert look.faces[1].descriptor is None


def test_a_dark_picture_says_that_it_is_dark(engine):
    """In a dark room the fault is named, whether or not a face is found."""
    dark = frames(cut_out(faces.PRESIDENT), ClipSettings(seconds=1, rate=1, light=0.12))[0]
    assert Fault.DARK in engine.look(to_jpeg(dark), FULL, Describe.NONE).faults


def test_blur_is_less_sharp(engine):
    """Sharpness falls when the same face is blurred."""
    clear = frames(cut_out(faces.PRESIDENT), ClipSettings(seconds=1, rate=1))[0]
    blurred = cv2.GaussianBlur(clear, (0, 0), 3)
    looks = [engine.look(to_jpeg(p), FULL, Describe.NONE).faces[0] for p in (clear, blurred)]
    assert looks[1].sharpness < looks[0].sharpness / 2


def test_an_empty_room_has_no_face(engine):
    """A wall gives no face at any size."""
    wall = np.full((480, 640, 3), 150, np.uint8)
    assert not engine.look(to_jpeg(wall), (Scale.FULL, Scale.DOUBLE), Describe.LARGEST).faces


@pytest.mark.parametrize("cut", [1, 400, 20_000])
def test_a_torn_picture_is_refused(engine, cut):
    """A JPEG whose end is missing is no picture, however much of it came."""
    with pytest.raises(NoPictureError, match="end is missing"):
        engine.look(sample_roster_photo(faces.ASTRONAUT)[:-cut], FULL, Describe.NONE)


def test_a_wrong_model_is_refused(tmp_path):
    """A model file with another digest is named, with both digests and what to do."""
    (tmp_path / LANDMARKS[0]).write_bytes(b"another model")
    with pytest.raises(ModelError, match=f"{LANDMARKS[1]}, got .*; reinstall"):
        find_models(tmp_path)


def test_a_missing_model_is_named(tmp_path):
    """Without the files the path that was looked at is said."""
    with pytest.raises(ModelError, match=LANDMARKS[0]):
        find_models(tmp_path)
