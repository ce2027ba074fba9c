"""What the demo says fits on the smallest console, in both languages."""

import unicodedata

import pytest

from drill.demo import messages as m
from drill.demo.messages import Language

WIDTH = 78
"""Cells of a line at 80x24, without its margins."""
VALUES = {
    "seat": "A06",
    "who": "A03 刘欣怡",
    "name": "黄勇",
    "id_number": "991601198108050065",
    "last4": "0065",
    "code": "13946-PE362-4C2NR",
    "address": "http://127.0.0.1:38605/#UgFlo8D7bCvbHJ5nlkEdTg",
}
NOTES = [name for name in dir(m) if name.startswith(("STEP_", "SEAT_"))]


def cells(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", NOTES)
def test_a_note_is_one_line(name: str, language: Language) -> None:
    """No note is broken: what is below it stays where it is."""
    said = getattr(m, name).say(language, **VALUES)
    assert cells(said) <= WIDTH, said
