"""The console's messages: whole in both languages, and readable."""

import re
import string

import pytest

from appliance.console import messages, palette
from appliance.console.dialogs import messages as dialog_messages
from appliance.console.messages import Text
from exam.session import State
from protocol.parcel import Lane
from protocol.staff_api import ActRefusal, TaskKind
from tests.contrast import contrast
from tests.source_tree import modules

REASON = re.compile(r'"((?:no|other|unsure)_(?:\w+))"')
"""How core spells the codes, wherever it passes them on."""


def texts():
    """Return every message of the console."""
    for module in (messages, dialog_messages):
        for value in vars(module).values():
            if isinstance(value, Text):
                yield value
            elif isinstance(value, dict | tuple):
                several = value.values() if isinstance(value, dict) else value
                yield from (each for each in several if isinstance(each, Text))


def fields(template):
    """Return the names of the values that a message takes."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_both_languages_say_the_same_values():
    """No message loses in one language a value that it gives in the other."""
    every = list(texts())
    assert len(every) > 150
    for text in every:
        assert fields(text.zh) == fields(text.en), text


def test_everything_that_the_box_can_say_has_words():
    """States, tasks, refusals and lanes all have a message: a new one must get one."""
    assert set(messages.STATE) == set(State)
    assert set(messages.TASK) == set(TaskKind)
    assert set(messages.REFUSED) == set(ActRefusal)
    assert set(messages.LANE) == set(Lane)


def test_every_reason_that_core_gives_has_words():
    """Core names why a person must look by a code; the console has words for each code in core."""
    given = set()
    for module in modules():
        if module.path.is_relative_to("appliance/core"):
            given |= set(REASON.findall(module.text))
    assert {"no_consent", "other_face", "unsure_face"} <= given
    assert given <= set(messages.REASON_CODE)


@pytest.mark.parametrize("tone", list(palette.COLOURS))
def test_every_tone_can_be_read(tone):
    """Each colour has a contrast of 4.5 to 1 on background, surface and cursor (WCAG AA)."""
    for ground in (palette.BACKGROUND, palette.THEME.surface, palette.THEME.panel, "#2c3d4b"):
        assert contrast(palette.COLOURS[tone], ground) >= 4.5
