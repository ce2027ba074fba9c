"""Words in both languages that more than one part of the box says."""

from enum import StrEnum
from typing import Final, NamedTuple

from exam.session import State


class Language(StrEnum):
    """What people at the box read."""

    ZH = "zh"
    EN = "en"

    @property
    def other(self) -> "Language":
        """Return the language that the key switches to."""
        return Language.EN if self is Language.ZH else Language.ZH


class Text(NamedTuple):
    """One message in both languages."""

    zh: str
    en: str

    def say(self, language: Language, **values: object) -> str:
        """Return the message with its values."""
        return (self.zh if language is Language.ZH else self.en).format(**values)


STATE: Final[dict[State, Text]] = {
    State.EXPECTED: Text("未到", "expected"),
    State.SEATED: Text("已入座", "seated"),
    State.IDENTIFIED: Text("已核验", "identified"),
    State.WAITING: Text("候考", "waiting"),
    State.ANSWERING: Text("答题中", "answering"),
    State.PAUSED: Text("已暂停", "paused"),
    State.AWAY: Text("离座", "away"),
    State.HANDED_IN: Text("已交卷", "handed in"),
    State.HANDED_IN_PROVISIONALLY: Text("暂定交卷", "provisional"),
    State.COLLECTED: Text("强制收卷", "collected"),
    State.VOIDED: Text("作废", "voided"),
    State.REFUSED: Text("拒绝入场", "refused"),
    State.ABSENT: Text("缺考", "absent"),
}
