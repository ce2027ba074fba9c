"""Everything that the demo says, in Chinese and English; nothing else of it holds text."""

import os
from collections.abc import Mapping
from typing import Final

from appliance.console.messages import Language, Text

__all__ = ["Language", "Text", "language_of"]


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language of the person's locale: Chinese or else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return Language.ZH if environment[name].startswith("zh") else Language.EN
    return Language.EN


# --- both ways -------------------------------------------------------------------------------
OPENING: Final = Text(
    "样例考试机构、考场主机和六个座位正在启动（全部是真程序，只用本机回环网络）……",
    "A sample office, the hall's appliance and six seats start (all real programs, on this "
    "machine's loopback only) ...",
)
OPEN: Final = Text(
    "机构、主机的五个进程和六个座位都已启动。",
    "Office, the box's five processes and six seats run.",
)
KEPT: Final = Text("所有文件保留在 {folder}", "All files are kept in {folder}")
STOPPED: Final = Text(
    "演示已停止，没有留下运行中的程序。", "The demo was stopped; nothing is left running."
)
FAILED: Final = Text(
    "演示未能完成：{error}\n各程序最后的错误：\n{logs}",
    "The demo could not be completed: {error}\nThe programs' last errors:\n{logs}",
)
NO_ERRORS: Final = Text("（没有记录）", "(none on record)")

# --- without a terminal ----------------------------------------------------------------------
ALONE: Final = Text(
    "没有终端：演示自行走完一个考试日，六名考生都由程序模拟。",
    "There is no terminal: the demo performs the day by itself, with six simulated candidates.",
)
FOUND: Final = Text(
    "主机通过 mDNS 找到了 {n} 个座位。", "The box has found {n} seats by mDNS; all answer."
)
PAIRED: Final = Text(
    "监考员开放入场，并在每个座位上输入配对码：{n} 个座位已配对，各自存有密封的试卷。",
    "The invigilator opens the doors and types the pairing code at each seat: {n} seats are "
    "paired and hold the sealed paper.",
)
LOGGED_IN: Final = Text(
    "考生已登录。摄像头前的面孔与报名照片由 dlib 比对。",
    "The candidates are logged in. dlib compares the faces with the photos of the roster.",
)
IMPOSTOR: Final = Text(
    "{seat} {name}：面孔不像本人，交由人判断。监考员对照两张照片后拒绝入场。",
    "{seat} {name}: the face is another's, so a person looks. The invigilator compares both "
    "pictures and turns this person away.",
)
ADMITTED: Final = Text("其余 {n} 人身份属实。", "The other {n} are who they say.")
UNLOCKED: Final = Text(
    "解锁码打开了主机上的试卷密钥；开考之前，座位仍打不开试卷。",
    "The unlock code opens the paper's key on the box; before the start no seat can open it.",
)
STARTED: Final = Text(
    "已预备开考；到点时所有座位同时打开试卷。",
    "The start is armed; at its moment the paper opens at all seats at once.",
)
WRITING: Final = Text("考生作答 {seconds} 秒。", "Candidates write for {seconds} seconds.")
CUT: Final = Text(
    "考点的外部线路断了。考生毫无察觉，作答照常进行。",
    "The centre's line is cut. The candidates notice nothing and write on.",
)
RESTORED: Final = Text(
    "线路恢复。断线期间存下 {n} 条作答，现在自动补传。",
    "The line is back. {n} answers were saved without it and go out now by themselves.",
)
TYPED: Final = Text("共输入 {n} 条作答。", "{n} answers were typed.")
HANDED_IN: Final = Text(
    "{n} 名考生已交卷，各得一份回执（例如 {receipt}）。",
    "{n} candidates have handed in and have a receipt each (such as {receipt}).",
)
CLOSED: Final = Text(
    "科目已收场；等待机构核验全部上报包。",
    "The subject is closed; the office verifies what has come.",
)
SAME: Final = Text(
    "座位上输入的 {events} 条作答与机构库中的逐条一致（摘要 {digest}）。",
    "The {events} answers typed at the seats are in the office's store, one by one "
    "(digest {digest}).",
)
NOT_SAME: Final = Text("不一致：{what}", "NOT THE SAME: {what}")
