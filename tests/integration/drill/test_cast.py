"""The demo's people pass or fail the comparison as they should."""

import cv2
import pytest

from appliance.faces.engine import Engine, distance
from appliance.faces.look import Describe, Scale
from drill.cast import cast, clip, roster_photo


def first_face(engine, jpeg):
    look = engine.look(jpeg, (Scale.FULL,), Describe.LARGEST)
    assert len(look.faces) == 1
    return look.faces[0].descriptor


def first_frame(path):
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    picture = capture.read()[1]
    capture.release()
    return cv2.imencode(".jpg", picture)[1].tobytes()


@pytest.fixture(scope="module")
def engine():
    return Engine.load()


@pytest.mark.parametrize("role", cast(3), ids=lambda role: role.candidate.person)
def test_a_candidate_is_near_the_roster_photo(engine, role):
    """Below the rule book's 0.45, from the clip's first frame on."""
    assert not role.is_impostor
    seen = first_face(engine, first_frame(clip(role)))
    assert distance(seen, first_face(engine, roster_photo(role))) < 0.42


@pytest.mark.parametrize(
    "role", cast(3, impostors={0, 1, 2}), ids=lambda role: role.candidate.person
)
def test_an_impostor_is_far_from_it(engine, role):
    """Beyond the rule book's 0.60."""
    assert role.is_impostor
    seen = first_face(engine, first_frame(clip(role)))
    assert distance(seen, first_face(engine, roster_photo(role))) > 0.7


def test_only_the_named_seats_lie():
    """Of seven seats the two that were named have impostors."""
    roles = cast(7, impostors={2, 5})
    assert [n for n, role in enumerate(roles) if role.is_impostor] == [2, 5]
