"""Sample data for a hall that is set up by hand."""

from pathlib import Path

import pytest

from drill.cli import main
from drill.sample_sitting import DRILL_RULES, people
from provisioning.plan import read_plan


def test_a_sample_sitting_is_complete(tmp_path: Path) -> None:
    """Plan, rule book, roster, a photo and a film for each seat, and a paper of each version."""
    folder = tmp_path / "input"
    assert main(["sample", str(folder), "--seats", "2", "--minutes", "30"]) == 0
    plan = read_plan((folder / "plan.toml").read_text("utf-8"))
    assert plan.subject("theory").minutes == 30
    assert plan.rule_book == DRILL_RULES
    assert (folder / DRILL_RULES).exists()
    assert {path.stem for path in (folder / "films").iterdir()} == {"a01", "a02"}
    assert {path.name for path in (folder / "照片").iterdir()} == {
        person.photo_file for person in people(2)
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["sample", "x", "--seats", "0"], "expected 1 to 600, got 0"),
        (["sit", "x.page", "--seat", "B07"], "such as A01; got B07"),
    ],
)
def test_what_cannot_be_is_said(words: list[str], expected: str, capsys) -> None:
    """A number of seats or a label that the sample has not is refused with what it has."""
    assert main(words) == 1
    assert expected in capsys.readouterr().err
