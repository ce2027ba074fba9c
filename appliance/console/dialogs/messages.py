"""What the menus and dialogs say, in Chinese and English; see `appliance.console.messages`."""

from typing import Final

from appliance.console.messages import Text

# --- menus -----------------------------------------------------------------------------------
MENU: Final = Text("全场操作", "For the whole hall")
OPEN_DOORS: Final = Text("核对时间，开放入场", "Confirm the clock, open the doors")
PAIR: Final = Text("终端配对", "Pair seats")
UNLOCK: Final = Text("输入解锁码", "Enter the unlock code")
ARM: Final = Text("预备开考", "Arm the start")
DISARM: Final = Text("取消预备", "Take the start back")
MESSAGE_ALL: Final = Text("通知全场", "Message to all")
PAUSE_ALL: Final = Text("全场暂停", "Pause all")
RESUME_ALL: Final = Text("全场继续", "Resume all")
EXTEND_ALL: Final = Text("全场补时", "Give time to all")
COLLECT_ALL: Final = Text("全场强制收卷", "Collect all papers")
CLOSE_SUBJECT: Final = Text("本科目收场", "Close the subject")
IDENTITY: Final = Text("裁定身份", "Decide identity")
LOWER_HAND: Final = Text("举手已处理", "Hand was answered")
NOTE_STRAY: Final = Text("未并入的作答已阅", "Unmerged answers were seen")
MESSAGE: Final = Text("发消息", "Message")
PAUSE: Final = Text("暂停", "Pause")
RESUME: Final = Text("继续", "Resume")
EXTEND: Final = Text("补时", "Give time")
GRANT_LEAVE: Final = Text("准许离座", "Grant leave")
END_LEAVE: Final = Text("已回座", "Back at the seat")
MOVE: Final = Text("换座", "Move to another seat")
COLLECT: Final = Text("强制收卷", "Collect the paper")
REOPEN: Final = Text("撤回暂定交卷", "Reopen the hand-in")
VOID: Final = Text("本科目作废", "Void the subject")
MARK_ABSENT: Final = Text("记为缺考", "Mark absent")
PAIR_SEAT: Final = Text("配对本座位终端", "Pair this seat")

NOT_CLOSED: Final = Text("已收场", "closed")
ALREADY_BEGUN: Final = Text("已开考", "already begun")
ALREADY_UNLOCKED: Final = Text("已解锁", "already unlocked")
NOT_UNLOCKED: Final = Text("试卷未解锁", "paper is locked")
NOT_ARMED: Final = Text("尚未预备", "not armed")
NOT_BEGUN: Final = Text("尚未开考", "not begun")
NOT_PAUSED: Final = Text("无人暂停", "nobody paused")
NOT_ACCOUNTED: Final = Text("还有人没有结果", "some not accounted for")

# --- the clock -------------------------------------------------------------------------------
DOORS_ASK: Final = Text(
    "这是主机的时间。请与可靠的钟表核对：相符就按 Enter。",
    "This is the box's time. Compare it with a clock you trust: if it is right, press Enter.",
)
DOORS_FIELD: Final = Text(
    "不符：输入即将到来的时刻（时:分:秒），到点时按 Enter",
    "If not: type a moment soon to come (HH:MM:SS), press Enter when it comes",
)
DOORS_NO_TIME: Final = Text(
    "看不懂“{text}”：请写成 09:00:00，或 2026-03-21 09:00:00。",
    "“{text}” is no time: write 09:00:00, or 2026-03-21 09:00:00.",
)
DOORS_SURE: Final = Text(
    "主机时间将校正 {correction}，考场时间改为 {at}。入场、开考都以它为准，并记入考场记录。",
    "The box's time is corrected by {correction}: the hall's time becomes {at}. Doors and start "
    "follow it, and it goes on record.",
)
DOORS_BEGUN: Final = Text(
    "已由 {by} 确认过；再次确认会留下新的记录。",
    "Confirmed by {by} already; again is on record too.",
)

# --- pairing ---------------------------------------------------------------------------------
PAIR_CHOOSE: Final = Text("选择要配对的座位", "Choose the seats to pair")
PAIR_KEYS: Final = Text(
    "空格 选取   A 全选/全不选   Enter 显示配对码   Esc 返回",
    "Space: choose   A: all or none   Enter: show the code   Esc: back",
)
PAIR_NONE: Final = Text("请至少选一个座位。", "Choose one seat at least.")
PAIR_IS_PAIRED: Final = Text("✓ 已配对", "✓ paired")
PAIR_REPLACES: Final = Text(
    "{seats} 已经配对。重新配对即换机：原来的终端不再被接受。",
    "{seats}: already paired. Pairing again replaces the machine; the old one is refused.",
)
PAIR_IS_FOUND: Final = Text("! 终端已发现，待配对", "! terminal found, to be paired")
PAIR_IS_AWAY: Final = Text("- 未见终端", "- no terminal seen")
PAIR_OPEN: Final = Text("在终端上输入这九位数字", "Type these nine digits at the terminals")
PAIR_LEFT: Final = Text(
    "还剩 {n} 个座位（{until} 后失效）：{seats}", "Seats left: {n}, {until} to go: {seats}"
)
PAIR_FAILURES: Final = Text(
    "! 输错 {n} 次，最近一次：{last}", "! Wrong codes: {n}, the last one from {last}"
)
PAIR_NO_FAILURES: Final = Text("没有输错", "No wrong codes")
PAIR_OPEN_KEYS: Final = Text(
    "Enter 返回（配对码继续有效）   C 停止配对",
    "Enter: back (the code stays open)   C: stop pairing",
)
PAIR_COMPLETE: Final = Text(
    "✓ 所选座位都已配对：按 Enter 返回", "✓ All of them are paired: Enter goes back"
)

# --- the unlock code -------------------------------------------------------------------------
UNLOCK_ASK: Final = Text("解锁码（三组，每组五个字符）", "Unlock code: three groups of five")
UNLOCK_ASK_N: Final = Text("第 {n} 人的解锁码", "Unlock code of person {n}")
UNLOCK_EARLY: Final = Text(
    "! 现在早于 {at}，解锁码应当还没有发放。",
    "! It is before {at}: no code should be out yet.",
)
UNLOCK_GROUP_GOOD: Final = Text("✓ 第 {n} 组", "✓ group {n}")
UNLOCK_GROUP_BAD: Final = Text("✗ 第 {n} 组有误", "✗ group {n} wrong")
UNLOCK_GROUP_OPEN: Final = Text("- 第 {n} 组", "- group {n}")
UNLOCK_LOOK: Final = Text(
    "请核对标 ✗ 的那一组，再按 Enter。", "Look again at the group with ✗, then press Enter."
)
UNLOCK_SHORT: Final = Text(
    "还没输完，每组五个字符。", "Not complete: each group has five characters."
)
UNLOCK_WRONG: Final = Text("已错 {n} 次", "Wrong codes so far: {n}")
UNLOCK_WAIT: Final = Text(
    "! 已错 {n} 次，{left} 后可以再试", "! Wrong codes: {n}; the next try in {left}"
)

# --- the start -------------------------------------------------------------------------------
ARM_READY: Final = Text(
    "{ready}/{all} 个座位就绪；"
    "{waiting} 人候考，{doing} 人入座未完成，{missing} 人未到，{out} 人被拒绝入场",
    "{ready} of {all} seats ready; "
    "{waiting} waiting, {doing} not through, {missing} not here, {out} refused",
)
ARM_PLANNED: Final = Text("按计划 {at} 开考", "At the planned time, {at}")
ARM_SECONDS: Final = Text("若干秒后开考", "Start in … seconds")
ARM_CLOCK: Final = Text("在另一时刻开考（时:分）", "At another time (HH:MM)")
ARM_SECONDS_FIELD: Final = Text("秒数", "Seconds")
ARM_CLOCK_FIELD: Final = Text("时刻", "Time")
ARM_KEYS: Final = Text(
    "↑↓ 选择   Enter 确定   Esc 返回", "Up, Down: choose   Enter: do it   Esc: back"
)
ARM_SURE: Final = Text(
    "{at} 全场同时发卷开考。到时无须再按任何键；开考前可以取消。",
    "At {at} all seats get the paper and begin by themselves. It can be taken back before.",
)
ARM_NOT_NUMBER: Final = Text(
    "秒数应为 3 到 3600 的整数，实为“{text}”。", "Expected 3 to 3600 seconds; got “{text}”."
)
ARM_NOT_TIME: Final = Text(
    "应为今天稍后的时刻，如 09:05，实为“{text}”。", "Expected a later time, as 09:05; got “{text}”."
)
ARM_TOO_EARLY: Final = Text(
    "{at} 早于计划的 {planned}；各考场应同时开考，确有必要才提前。",
    "{at} is before the planned {planned}; centres start together, so only if you must. ",
)
DISARM_SURE: Final = Text(
    "取消后不会自动发卷，须重新预备开考。", "Nothing will start by itself until it is armed again."
)

# --- one candidate or all --------------------------------------------------------------------
WHOM_ALL: Final = Text("全场考生", "all candidates")
PAUSE_TELL: Final = Text(
    "{who}：停止计时，不能作答；继续后时间照补。",
    "{who}: the time stands still and nothing can be written; it is given back.",
)
RESUME_TELL: Final = Text("{who}：恢复计时和作答。", "{who}: the time runs again.")
EXTEND_TELL: Final = Text("{who}：结束时间顺延。", "{who}: the own end moves.")
EXTEND_MINUTES: Final = Text("分钟", "Minutes")
EXTEND_NOT_NUMBER: Final = Text(
    "分钟应为 1 到 240 的整数，实为“{text}”。", "Expected 1 to 240 minutes; got “{text}”."
)
MESSAGE_TELL: Final = Text("{who} 的屏幕上会显示：", "Shown on the screen of {who}:")
MESSAGE_TEXT: Final = Text("消息", "Message")
MESSAGE_CONFIRM: Final = Text("须考生确认看过（空格勾选）", "Must be confirmed as read (Space)")
MESSAGE_EMPTY: Final = Text("请先写消息。", "Write the message first.")
COLLECT_TELL: Final = Text(
    "{who}：立即收卷，之后不能再作答。已存的作答全部保留。",
    "{who}: the paper is taken in at once and nothing more can be written. What is saved is kept.",
)
VOID_TELL: Final = Text(
    "{who}：本科目作废，不计成绩。依据条款和原因记入考场记录。",
    "{who}: the subject counts nothing. Article and reason go on record.",
)
VOID_ARTICLE: Final = Text("依据条款", "Article")
VOID_NO_ARTICLE: Final = Text("请写明依据的条款，例如 2(3)。", "Name the article, such as 2(3).")
ABSENT_TELL: Final = Text(
    "{who}：记为缺考，本科目不能再登录。",
    "{who}: marked absent; no log-in to this subject any more.",
)
REOPEN_TELL: Final = Text(
    "{who}：这次交卷是断线时作出的。撤回后考生继续答题。",
    "{who}: the hand-in was made while cut off. Taken back, the candidate goes on.",
)
LEAVE_TELL: Final = Text(
    "{who}：准许离座，按考试规则计时。", "{who}: may leave the seat, with the rule book's clock."
)
BACK_TELL: Final = Text("{who}：已回到座位。", "{who}: is back at the seat.")
HAND_TELL: Final = Text("{who} 举手：{text}", "{who} raised a hand: {text}")
HAND_NO_WORDS: Final = Text("（没有写内容）", "(no words)")
HAND_SURE: Final = Text("处理完后按 Enter。", "Press Enter when it was answered.")
STRAY_TELL: Final = Text(
    "{who}：请让考生核对作答，缺的可以补上。旧终端上的内容已另存并上报，由考试机构裁定。",
    "{who}: let the candidate look whether an answer is missing, and give it again. What the old "
    "seat had is kept apart and delivered; the office decides about it.",
)
MOVE_TELL: Final = Text(
    "{who}：在新座位重新登录后接着作答。旧座位未上传的作答另行保存，不自动并入。",
    "{who}: logs in at the new seat and goes on. What the old seat had not sent is kept apart.",
)
MOVE_NO_SUCH: Final = Text(
    "请选空座（↓ 依次选）：{labels}", "Choose a free seat (down arrow goes through them): {labels}"
)
MOVE_SEAT: Final = Text("换到", "Move to")
CLOSE_TELL: Final = Text(
    "{account}。\n收场后本科目不能再改动，试卷密钥即销毁，余下的记录全部上报。",
    "{account}.\nAfter closing nothing changes any more, the paper's key is destroyed and the "
    "rest of the record goes to the office.",
)
CHANGES_NOTHING: Final = Text("此操作不可撤回。", "This cannot be undone.")

REASONS: Final[tuple[Text, ...]] = (
    Text("设备故障", "equipment fault"),
    Text("网络故障", "network fault"),
    Text("停电", "power cut"),
    Text("考生身体不适", "candidate unwell"),
    Text("考生申请", "asked for by the candidate"),
    Text("秩序维护", "order in the hall"),
    Text("时间已到", "time is over"),
)

# --- identity --------------------------------------------------------------------------------
IDENTITY_TITLE: Final = Text("身份裁定：{who}", "Identity of {who}")
IDENTITY_KEYS: Final = Text(
    "Y 是同一人   N 不是同一人   V 显示证件号   Z 放大   Esc 稍后再定",
    "Y: same person   N: not the same   V: show number   Z: closer   Esc: later",
)
IDENTITY_CHOOSE: Final = Text("请先按 Y 或 N。", "Press Y or N first.")
IDENTITY_YES_TELL: Final = Text(
    "裁定：是同一人，准予考试。原因（↓ 选常用）：",
    "The same person: admitted. Reason (down arrow: usual ones):",
)
IDENTITY_NO_TELL: Final = Text(
    "裁定：不是同一人，请离考场；已交卷者作废。原因（↓ 选常用）：",
    "Not the same: turned away, or voided where handed in. Reason (down arrow):",
)
IDENTITY_YES_REASONS: Final[tuple[Text, ...]] = (
    Text("当面核对证件与本人相符", "identity card and person compared, they agree"),
    Text("照片旧，本人当面核实", "old photo, the person was checked"),
    Text("光线不好，当面核实", "bad light, the person was checked"),
)
IDENTITY_NO_REASONS: Final[tuple[Text, ...]] = (
    Text("证件与本人不符", "identity card and person do not agree"),
    Text("未带证件，无法核实", "no identity card, could not be checked"),
)
IDENTITY_KEYS_DECIDED: Final = Text(
    "Enter 确定并记录   Esc 改主意", "Enter: decide, on record   Esc: think again"
)

# --- leaving, help ---------------------------------------------------------------------------
QUIT: Final = Text("关闭监考台？", "Close the console?")
QUIT_TELL: Final = Text(
    "考试不受影响，随时可以再打开。", "The exam goes on as it is; open it again at any time."
)
QUIT_YES: Final = Text("关闭", "Close it")
HELP: Final = Text("怎样看、怎样做", "How to read and use this")
HELP_TEXT: Final = Text(
    """“下一步”一行说明现在该做什么；按 N 就去做。

就绪四格  见 终端已发现   通 能连通
          配 已配对       备 已连接、试卷在位、时间已对
颜色和符号  ✓ 正常   ! 请留意   ✗ 有问题   - 还没有
已存      主机已存的条数；“+3”是终端上还有 3 条待传
          数字后的 ✓ 表示考试机构已核验
人脸      与报名照片的距离，越小越像；? 等人裁定
提示      断 终端失联   手 举手   扣 成绩暂扣   离2 离开界面两次

方向键选座位，Enter 打开座位页；Tab 换到待办，Enter 处理
A 全场操作   / 查找   O 上报   L 中文/English   Q 关闭监考台
关闭或断开监考台不影响考试。每项决定都以本人密钥签名并记录在案。""",
    """The line "Next" says what to do now; N does it.

Four signs   F found   L line: reachable   P paired
             R ready: linked, paper there, time agreed
Colour, sign ✓ good   ! look   ✗ bad   - not yet
Saved        events on the box; "+3": 3 more are at the seat only
             ✓ behind the number: verified by the office
Face         distance to the roster photo; ? a person decides
Signs        lost, hand (raised), held (result),
             out2 (left the screen twice)

Arrows choose a seat, Enter opens its page; Tab goes to the list of
things to do, Enter sees to one.
A whole hall   / find   O office   L 中文/English   Q close
Closing the console harms nothing. Every decision is signed with
your key and on record.""",
)
