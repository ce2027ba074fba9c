"""A rule book is taken whole, or refused with the place that does not fit."""

import pytest

from exam.rulebook import RuleBookError, read_rule_book
from tests.source_tree import ROOT

GOOD = (ROOT / "exam" / "rulebooks" / "ksj.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("grace_s = 5", "grace_s = -1", r"leaving_screen\.grace_s"),
        ("grace_s = 5", "grace_s = 5.5", r"leaving_screen\.grace_s"),
        ("grace_s = 5", 'grace_s = "5"', r"leaving_screen\.grace_s"),
        ("grace_s = 5", "grace_ms = 5000", "grace_ms"),
        ("grace_s = 5", "", "grace_s"),
        ('how = "by_itself"', 'how = "by_force"', r"begin\.how"),
        ("accept_below = 450", "accept_below = 700", "accept_below to be at most refuse_above"),
        ('fields = ["id_number", "id_number_last4"]', "fields = []", "at least one field"),
        ("[doors]", "[doors", "no TOML"),
        ('name = "ksj"', 'name = "K S J"', r"\$\.name"),
        ("open_before_s = 1800", "open_before_s = 604801", r"doors\.open_before_s"),
    ],
)
def test_a_rule_book_that_does_not_fit(old: str, new: str, message: str) -> None:
    """The refusal names the place, and what was expected there."""
    assert GOOD.count(old) == 1
    with pytest.raises(RuleBookError, match=message):
        read_rule_book(GOOD.replace(old, new))


def test_a_rule_book_that_fits() -> None:
    """The file in the house is one."""
    assert read_rule_book(GOOD).name == "ksj"
