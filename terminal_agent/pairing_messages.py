"""What the person who pairs a seat reads, in Chinese and English."""

from typing import Final, NamedTuple

from protocol.pairing import Refusal


class Text(NamedTuple):
    """One message in both languages."""

    zh: str
    en: str


ASK_SEAT: Final = Text("请输入座位号（桌上所贴）", "Type the seat as it is painted on the desk")
ASK_CODE: Final = Text("请输入监考台显示的九位配对码", "Type the nine digits shown on the console")
PAIRED: Final = Text("配对成功：{seat}", "Paired as seat {seat}")
NOT_A_CODE: Final = Text("配对码是九位数字，请重新输入", "The code has nine digits: type it again")
NO_LINE: Final = Text(
    "连不上考场服务器，请检查网线和地址后重试",
    "The appliance does not answer: look at the cable and the address, then try again",
)
NOT_PROVED: Final = Text(
    "对方未能证明知道配对码：可能有人冒充考场服务器，请告知监考员",
    "The other side did not prove the code: somebody may be posing as the appliance; "
    "tell the invigilator",
)

REFUSED: Final[dict[Refusal, Text]] = {
    Refusal.NO_WINDOW: Text(
        "该座位现在不能配对，请监考员在监考台为它开放配对码",
        "No code is out for this seat: ask the invigilator to open one on the console",
    ),
    Refusal.WRONG_CODE: Text(
        "配对码不对，请核对监考台上的九位数字后重试",
        "The code is wrong: compare the nine digits with the console and try again",
    ),
    Refusal.TAKEN: Text(
        "该座位已与另一台机器配对；如需更换机器，请监考员选择“更换”",
        "Another machine is paired as this seat: to replace it, the invigilator opens "
        "a code for replacing",
    ),
    Refusal.SLOW_DOWN: Text(
        "尝试过于频繁，请稍候再试", "Too many tries: wait a little, then try again"
    ),
    Refusal.EXPIRED: Text("这次配对已过期，请重新开始", "This try is too old: start again"),
    Refusal.BAD_REQUEST: Text(
        "双方程序版本可能不一致，请告知技术员",
        "The programs may be of different versions: tell the technician",
    ),
}
