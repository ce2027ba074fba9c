"""Each of the six commands explains itself to a person, not to a reader of its source."""

import importlib

import pytest

from tests.source_tree import pyproject

COMMANDS = pyproject()["project"]["scripts"]


def help_of(command: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    module, function = COMMANDS[command].split(":")
    with pytest.raises(SystemExit) as ended:
        getattr(importlib.import_module(module), function)(words)
    assert ended.value.code == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_begins_in_plain_words(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No markup of the source stands in it."""
    monkeypatch.setattr("sys.argv", [command, "--help"])
    assert "`" not in help_of(command, ["--help"], capsys)


@pytest.mark.parametrize(
    ("words", "defaults"),
    [(["day", "--help"], ("5", "2", "1", "0")), (["chaos", "--help"], ("3", "5.0"))],
    ids=["day", "chaos"],
)
def test_a_drill_says_its_defaults(
    words: list[str], defaults: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Seats, minutes, seed and impostors: each says what it is when nothing is said."""
    said = help_of("exam-drill", words, capsys)
    assert [value for value in defaults if f"(default: {value})" not in said] == []
