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


# --- the key of who acts ------------------------------------------------------------------------
KEY_CLOSED: Final = Text(
    "{path} 打不开：口令不对，或者不是加密的考务人员密钥。请重新输入口令，或核对文件",
    "{path}: {error}; type the passphrase again, or look at the file",
)
KEY_OF_WHOM: Final = Text(
    "{path}：文件名应为 名字{suffix}；请用 --staff 写明是谁的",
    "{path}: expected NAME{suffix}; say whose it is by --staff NAME",
)
WHICH_KEY: Final = Text(
    "{folder} 里应有一个密钥文件 名字{suffix}，找到：{found}；"
    "请用 --staff 或 --staff-key 写明用哪一个",
    "{folder}: expected one key file NAME{suffix}, found {found}; say which by --staff NAME or "
    "--staff-key FILE",
)
NO_KEY_FOLDER: Final = Text(
    "这个监考台没有考务人员密钥的目录", "this console knows no folder of staff keys"
)

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
