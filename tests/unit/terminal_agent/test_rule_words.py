"""The rules as the candidate reads them: the rule book's own numbers, in both languages."""

from msgspec.structs import replace

from exam.rulebook import Begin, BeginRules, Consequence
from terminal_agent.rule_words import rule_words
from tests.seat_hall import RULES


def text(rules=RULES, *, camera: bool = True) -> str:
    """Return all paragraphs in both languages."""
    return "\n".join(f"{words.zh}\n{words.en}" for words in rule_words(rules, camera=camera))


def test_every_paragraph_is_in_both_languages() -> None:
    """Nobody reads an empty line."""
    for words in rule_words(RULES, camera=True):
        assert words.zh
        assert words.en


def test_the_numbers_are_the_rule_books() -> None:
    """Another number in the rule book is another number in the text, and nowhere a fixed one."""
    leaving = replace(RULES.leaving_screen, grace_s=20, limit=2)
    hand_in = replace(RULES.hand_in, earliest_theory_s=45 * 60)
    doors = replace(RULES.doors, late_after_s=15 * 60)
    other = text(replace(RULES, leaving_screen=leaving, hand_in=hand_in, doors=doors))
    for one in ("超过 20 秒", "超过 2 次", "开考 45 分钟后方可交卷", "开考 15 分钟后停止登录"):
        assert one in other
        assert one not in text()


def test_what_follows_too_many_leaves_is_said_as_it_is() -> None:
    """A rule book that only warns does not threaten with the end."""
    warning = replace(RULES.leaving_screen, consequence=Consequence.WARN)
    assert "自动收卷" in text()
    assert "自动收卷" not in text(replace(RULES, leaving_screen=warning))


def test_no_camera_no_word_of_being_filmed() -> None:
    """What is not recorded is not announced."""
    assert "摄像记录" in text()
    assert "摄像记录" not in text(camera=False)
    assert "You are recorded" not in text(camera=False)


def test_a_rule_book_may_let_hand_in_at_once_and_begin_by_a_click() -> None:
    """Both are said."""
    hand_in = replace(RULES.hand_in, earliest_theory_s=0)
    clicked = text(replace(RULES, hand_in=hand_in, begin=BeginRules(how=Begin.BY_CLICK)))
    assert "答完即可交卷" in clicked
    assert "开始考试" in clicked


def test_a_rule_book_of_another_name_says_what_is_its_own() -> None:
    """What one programme asks beyond numbers stands under its name."""
    assert "耳机" not in text()
    assert "耳机" in text(replace(RULES, name="miit"))
