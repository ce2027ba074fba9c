"""The rules as the candidate reads them before the exam, in Chinese and English.

The rule book's format is frozen and has no field for them, so the text stands here, by the
rule book's name where one says it differently; every number in it is the rule book's own.
"""

from collections.abc import Iterator
from typing import Final

from exam.rulebook import Begin, Consequence, RuleBook
from terminal_agent.view import Words

_SAVED: Final = Words(
    zh="每一次作答都会立即保存在本机，并在网络畅通时送达考场主机；断网不影响答题。",
    en="Every answer is kept on this computer at once and sent to the hall's server; "
    "a broken line does not stop you.",
)
_PICTURES: Final = Words(
    zh="考试全程摄像记录，请保持面部在画面之内。",
    en="You are recorded throughout. Keep your face within the picture.",
)
_NO_PICTURES: Final = Words(
    zh="本座位不摄像，由监考员现场监考。",
    en="Nothing is recorded at this seat; the invigilators watch the hall.",
)
_MORE: Final[dict[str, tuple[Words, ...]]] = {
    "miit": (
        Words(
            zh="考试期间不得佩戴耳机、口罩、帽子和手表，双耳须露出；可以使用草稿纸和笔。",
            en="No headphones, mask, hat or watch; both ears visible. "
            "Scratch paper and a pen are allowed.",
        ),
    ),
}
"""What a rule book says beyond its numbers, by its name."""


def rule_words(rules: RuleBook, *, camera: bool) -> tuple[Words, ...]:
    """Return the paragraphs for this rule book, at a seat with or without a camera."""
    return (*_numbers(rules), _PICTURES if camera else _NO_PICTURES, _SAVED, *_more(rules))


def _more(rules: RuleBook) -> tuple[Words, ...]:
    return _MORE.get(rules.name, ())


def _numbers(rules: RuleBook) -> Iterator[Words]:
    late = _minutes(rules.doors.late_after_s)
    yield Words(
        zh=f"开考 {late} 分钟后停止登录。" if late else "开考后停止登录。",
        en=f"Log-in closes {late} minutes after the start."
        if late
        else "Log-in closes at the start.",
    )
    if rules.begin.how is Begin.BY_CLICK:
        yield Words(
            zh="开考后由您点击“开始考试”进入。", en="When the exam opens, you enter by a click."
        )
    yield _leaving(rules)
    yield _hand_in(rules)


def _leaving(rules: RuleBook) -> Words:
    leaving = rules.leaving_screen
    zh = f"考试使用全屏，请勿切换屏幕；离开考试界面超过 {leaving.grace_s} 秒记录一次，"
    en = (
        "The exam uses the full screen. Leaving it for more than "
        f"{leaving.grace_s} seconds is counted; "
    )
    if leaving.consequence is Consequence.COLLECT:
        return Words(
            zh=f"{zh}超过 {leaving.limit} 次将自动收卷。",
            en=f"{en}beyond {leaving.limit} times your paper is collected automatically.",
        )
    return Words(
        zh=f"{zh}超过 {leaving.limit} 次由监考员处理。",
        en=f"{en}beyond {leaving.limit} times the invigilator decides.",
    )


def _hand_in(rules: RuleBook) -> Words:
    earliest = _minutes(rules.hand_in.earliest_theory_s)
    zh = f"开考 {earliest} 分钟后方可交卷；" if earliest else "答完即可交卷；"
    en = (
        f"You may hand in {earliest} minutes after the start. "
        if earliest
        else "You may hand in as soon as you are done. "
    )
    return Words(
        zh=f"{zh}交卷后不能再次进入。考试时间结束时系统自动交卷。",
        en=f"{en}There is no way back. At the end of your time the paper is handed in by itself.",
    )


def _minutes(seconds: int) -> str:
    return "" if seconds <= 0 else f"{seconds / 60:g}"
