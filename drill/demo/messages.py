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
    "样例考试机构、考场主机和六个座位正在启动（都是真程序，只用本机回环）…",
    "A sample office, the box and six seats start: real programs, on loopback only ...",
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
    "演示未能完成（主机 {box}）：{error}\n各程序最后的错误：\n{logs}\n{keep}",
    "The demo (box {box}) could not be completed: {error}\n"
    "The programs' last errors:\n{logs}\n{keep}",
)
TOO_LATE: Final = Text("等待的一步没有按时发生，机器可能太忙（{detail}）", "{detail}")
ACT_REFUSED: Final = Text("主机拒绝了监考员的操作：{why}（{detail}）", "{detail}")
PAGE_REFUSED: Final = Text("有一个座位的页面没有照做（{detail}）", "{detail}")
NO_FACES: Final = Text("样例照片取不到或不完整（{detail}）", "{detail}")
NOT_PERFORMED: Final = Text("有一个程序没有照做（{detail}）", "{detail}")
KEEP_NEXT_TIME: Final = Text(
    "要保留全部日志，请用 exam-drill demo --keep 文件夹 再运行一次。",
    "To keep all logs, run it again as: exam-drill demo --keep FOLDER",
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

# --- with a person: before and after the console ---------------------------------------------
LEAVING: Final = Text(
    "演示到此结束：考场的全部程序随之停止，临时文件删除。",
    "The demo ends with it: all programs of the hall are stopped, temporary files removed.",
)
CONSOLE_AGAIN: Final = Text(
    "监考台意外退出，考场不受影响，正在重新打开",
    "The console ended unexpectedly; the hall goes on; opening it again.",
)
ENDING: Final = Text("正在结束全部程序……", "All programs are being ended ...")
ENDED: Final = Text(
    "全部程序已结束，没有留下任何东西。", "All programs have ended; nothing is left behind."
)
BEFORE_THE_END: Final = Text(
    "演示在考试日结束前由您关闭。", "You closed the demo before the day had come to its end."
)

# --- keys ------------------------------------------------------------------------------------
KEY_ENVELOPE: Final = Text("拆开密封信封", "open the envelope")
KEY_CUT: Final = Text("切断外线", "cut the line")
KEY_RESTORE: Final = Text("接回外线", "put the line back")
KEY_STAND_IN: Final = Text("代我考试", "sit for me")
ENVELOPE: Final = Text("密封信封里的解锁码（已复制）", "From the sealed envelope (copied)")

# --- what to do next, to the invigilator -----------------------------------------------------
NOTHING: Final = Text("", "")
STEP_OPEN_DOORS: Final = Text(
    "演示：您是监考员，也是 {seat} 座位的考生。先做监考员，按 N 对时、开放入场。",
    "Demo: you are the invigilator, and the candidate at {seat}. Begin with N.",
)
STEP_PAIR: Final = Text(
    "按 N 再按 Enter，出现九位配对码：五个座位自行输入，{seat} 由您输入。",
    "N, then Enter: nine digits. Five seats type them by themselves, you at {seat}.",
)
STEP_PAIRING: Final = Text("", "")
STEP_SIT_FIRST: Final = Text(
    "不急：请先在 {seat} 的网页上坐下（见下一行），坐好后再按 N 预备开考。",
    "First take your seat on the page of {seat} (next line); then N arms the start.",
)
STEP_ENVELOPE: Final = Text(
    "解锁码在密封信封里：按 E 拆开，然后按 N 输入。",
    "The unlock code is in the sealed envelope: E opens it, then N.",
)
STEP_CODE: Final = Text(
    "信封里的解锁码：{code}。按 N 输入。", "The code is {code}. Press N, type it."
)
STEP_ARM: Final = Text(
    "按 N 预备开考，选“若干秒后”，10 秒即可。",
    "N arms the start: choose the second line, ten seconds from now.",
)
STEP_WAIT_START: Final = Text(
    "到点时六个座位同时打开试卷。", "At its moment the paper opens at all six seats at once."
)
STEP_FACE: Final = Text(
    "{who}：坐着的人与照片不像。按 N 看两张照片，由您决定（应当拒绝）。",
    "{who} is not who the photo shows, it seems. N: look, decide (turn away).",
)
STEP_OWN_FACE: Final = Text(
    "{who} 是您：照片是别人的，机器不认。按 N，再按 Y 认可自己。",
    "{who} is you; the photo is another's. N, then Y: accept yourself.",
)
STEP_NO_CAMERA: Final = Text(
    "{who} 是您：没有摄像头，身份由人判断。按 N，再按 Y 认可自己。",
    "{who} is you; without a camera a person decides. N, then Y: accept.",
)
STEP_CUT: Final = Text(
    "请看“已存”在增长。按 C 切断本考点通往机构的线路。",
    "See how Saved counts on. C cuts the centre's line to the office.",
)
STEP_LINE_CUT: Final = Text(
    "线路断了：座位毫无察觉，照常作答、存盘。看一会儿，按 C 接回。",
    "The line is cut: no seat notices, answers are saved here. Then C puts it back.",
)
STEP_LINE_COMES: Final = Text(
    "线路已接回，主机几秒之内会自行连上机构。",
    "The line is put back; the box finds the office again by itself within seconds.",
)
STEP_LINE_BACK: Final = Text(
    "线路恢复，积压的已自动补传。您在 {seat} 交卷后，其他人随后交卷。",
    "The line is back, all goes out by itself. Hand in at {seat}; others follow.",
)
STEP_OTHERS_FOLLOW: Final = Text("其他考生正在陆续交卷。", "The others hand in, one after another.")
STEP_CLOSE: Final = Text(
    "人人均有结果：按 N、Enter，再按 Y 确认收场。",
    "Everybody is accounted for: N, Enter, then Y closes the subject.",
)
STEP_PUT_BACK: Final = Text(
    "线路还断着：按 C 接回，机构才能收到。", "The line is still cut: C puts it back for the office."
)
STEP_OFFICE: Final = Text(
    "机构正在接收并逐包核验；座位传完后，最后几包才封装。",
    "The office receives and verifies; the last parcels come from the seats.",
)
STEP_DONE: Final = Text(
    "考试日到此结束。按 O 看各类上报包，按 Q 结束演示。",
    "That was the day. O shows what the office has, Q ends the demo.",
)

# --- what to do next, to the candidate at the person's seat ----------------------------------
SEAT_STARTS: Final = Text("{seat} 正在启动", "{seat} is starting")
SEAT_ADDRESS: Final = Text("{seat} 的网页：{address}", "Page of {seat}: {address}")
SEAT_PAIR: Final = Text(
    "{seat}：打开 {address} 输入配对码", "{seat}: open {address} and type the code"
)
SEAT_WAITS: Final = Text("{seat}：等候开放入场", "{seat}: waits for the doors")
SEAT_CONSENT: Final = Text(
    "{seat}：在网页上选择是否同意人脸比对", "{seat}: answer the page's question on faces"
)
SEAT_CONSENT_NO_CAMERA: Final = Text(
    "{seat}：没有摄像头，请在网页上点“知道了，请人工核验”",
    "{seat}: there is no camera; press “Understood; check me in person” on its page",
)
SEAT_LOGIN: Final = Text(
    "{seat}：以 {name} 登录，身份证号 {id_number}，后四位 {last4}",
    "{seat}: log in as {name}, ID number {id_number}, its last four {last4}",
)
SEAT_OWN_DATA: Final = Text("{seat}：核对个人信息", "{seat}: confirm your data")
SEAT_FACE: Final = Text("{seat}：请看摄像头", "{seat}: look into the camera")
SEAT_NO_CAMERA: Final = Text(
    "{seat}：没有摄像头，由监考员（您）核验，请稍候",
    "{seat}: no camera; the invigilator (you) decides who sits there",
)
SEAT_RULES: Final = Text("{seat}：阅读并确认考场规则", "{seat}: read and confirm the rules")
SEAT_WITHHELD: Final = Text(
    "{seat}：可以应考，身份由监考员（您）判断",
    "{seat}: you may sit; the invigilator (you) decides who you are",
)
SEAT_WAITING: Final = Text("{seat}：候考，到点自动开考", "{seat}: waits; the exam begins by itself")
SEAT_ANSWERING: Final = Text(
    "{seat}：请作答，随时可以交卷", "{seat}: answer; hand in when you like"
)
SEAT_HANDED_IN: Final = Text("{seat}：已交卷，请看回执", "{seat}: handed in, look at the receipt")
