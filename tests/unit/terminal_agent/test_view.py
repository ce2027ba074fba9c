"""The view's words agree with those of the parts that they come from."""

import msgspec
import pytest

from exam.rulebook import LoginField
from protocol import faces_api, seat_api
from terminal_agent.actions import Action, Answer
from terminal_agent.view import Counts, FaceHint, FaceStage, LoginFieldName


def test_every_field_of_a_rule_book_can_be_asked_for() -> None:
    """The log-in form knows each field that a rule book may name."""
    assert {field.value for field in LoginField} <= {name.value for name in LoginFieldName}


def test_every_hint_and_stage_of_the_face_check_can_be_shown() -> None:
    """What the appliance says of a face is among the view's own words."""
    assert {hint.value for hint in faces_api.FaceHint} <= {hint.value for hint in FaceHint}
    assert {stage.value for stage in seat_api.FaceStage} == {stage.value for stage in FaceStage}


def test_unanswered_is_what_is_left() -> None:
    """Items are answered or not; marked ones count on their own."""
    assert Counts(total=45, answered=7, marked=3).unanswered == 38


def test_an_action_names_identifiers_only() -> None:
    """An item that is no identifier is refused before the seat sees it."""
    body = b'{"do":"answer","item":"Item 1","response":{"type":"written","text":""}}'
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Action)
    good = body.replace(b"Item 1", b"item-1")
    assert isinstance(msgspec.json.decode(good, type=Action), Answer)
