"""The invigilators' handbook says what the console says, in both languages alike."""

import re

import pytest

from appliance.console import messages
from appliance.console.dialogs import messages as dialogs
from appliance.console.messages import Text
from appliance.core import messages as core
from tests.source_tree import ROOT

PAGES = {"zh": "handbook_zh.md", "en": "handbook.md"}
SAID = re.compile(r"^\| \*\*(.+?)\*\*", re.MULTILINE)


def read(language: str) -> str:
    """Return one of the twins."""
    return (ROOT / "docs" / PAGES[language]).read_text(encoding="utf-8")


def last_table(text: str) -> str:
    """Return the table of what is seen, which stands last."""
    return text[text.rindex("\n## ") :]


def texts(value: object) -> list[Text]:
    """Return every message in a value of a messages module."""
    if isinstance(value, Text):
        return [value]
    if isinstance(value, dict):
        return [found for each in value.values() for found in texts(each)]
    return []


@pytest.mark.parametrize("language", PAGES)
def test_what_stands_in_bold_is_what_the_console_says(language: str) -> None:
    """Each first cell in bold is part of a message, word for word."""
    said = [
        getattr(text, language)
        for module in (messages, dialogs, core)
        for value in vars(module).values()
        for text in texts(value)
    ]
    shown = SAID.findall(last_table(read(language)))
    assert len(shown) > 20
    lost = [words for words in shown if not any(words in text for text in said)]
    assert not lost, f"the console does not say {lost}"


def test_both_languages_have_the_same_parts() -> None:
    """As many headings, list entries and rows of tables in Chinese as in English."""
    for mark in (r"^## ", r"^- ", r"^\d\. ", r"^\|"):
        counts = {
            language: len(re.findall(mark, read(language), re.MULTILINE)) for language in PAGES
        }
        assert counts["zh"] == counts["en"], mark
