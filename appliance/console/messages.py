"""Everything that the console says, in Chinese and English; nothing else of it holds text.

Values go in by name: ``ARMED.say(Language.ZH, start="09:00")``. What the box says in words
of its own (the detail of a refusal, in both languages) is shown behind a sentence of ours.
"""

from typing import Final

from appliance.ipc import words
from protocol.parcel import Lane
from protocol.staff_api import ActRefusal, TaskKind

Language = words.Language
Text = words.Text
STATE: Final = words.STATE

# --- the head of the screen ------------------------------------------------------------------
TO_START: Final = Text("距开考 {left}（{at} 开考）", "Starts in {left} (at {at})")
TO_PLANNED: Final = Text("计划 {at} 开考，尚未预备", "Planned for {at}, start not armed")
TO_END: Final = Text("距结束 {left}（{at} 结束）", "Ends in {left} (at {at})")
OVER: Final = Text("已过结束时间 {at}", "The end, {at}, has passed")
CLOSED: Final = Text("本科目已收场", "This subject is closed")
CLOCK_GOOD: Final = Text("✓ 时钟 {by}", "✓ Clock {by}")
CLOCK_OPEN: Final = Text("! 时钟未确认", "! Clock unconfirmed")
LINE_UP: Final = Text("✓ 上报线路", "✓ Office line")
LINE_DOWN: Final = Text("✗ 上报线路断 {since}", "✗ Line down {since}")
LINE_UNTRIED: Final = Text("- 上报线路未试", "- Line untried")
DISK_GOOD: Final = Text("✓ 磁盘 {free}", "✓ Disk {free}")
DISK_LOW: Final = Text("! 磁盘只余 {free}", "! Disk only {free}")
PROCESS_AWAY: Final = Text("! 服务未运行：{names}", "! Not running: {names}")
CORE_LOST: Final = Text(
    "✗ 连不上考场主机，正在自动重连。考试照常进行；画面停在 {at}。",
    "✗ No connection to core; trying again by itself. The exam goes on; picture of {at}.",
)
CORE_AWAITED: Final = Text(
    "正在连接考场主机……（{socket}）", "Connecting to the appliance ... ({socket})"
)
CORE_OTHER: Final = Text(
    "✗ 监考台与主机版本不一致，请告知技术员：{detail}",
    "✗ Console and appliance are of different versions; tell the technician: {detail}",
)
STRANGER: Final = Text(
    "! {staff} 不在本场考务人员名单中，操作会被拒绝。请换用本人的密钥。",
    "! {staff} is not on this sitting's staff list: acts will be refused. Use your own key.",
)

# --- what to do next -------------------------------------------------------------------------
NEXT: Final = Text("下一步", "Next")
NEXT_DONE: Final = Text("已完成", "Done")
NEXT_NO_SUBJECT: Final = Text("本场次没有科目可考", "This sitting has no subject left")
NEXT_OPEN_DOORS: Final = Text(
    "核对考场时间，开放入场：按 N", "Compare the hall's time and open the doors: press N"
)
NEXT_PAIR: Final = Text(
    "还有 {n} 个座位的终端等待配对：按 N 显示配对码",
    "{n} seats wait to be paired: press N for the nine digits",
)
NEXT_PAIRING: Final = Text(
    "在终端上输入九位配对码，还剩 {n} 个座位：按 N 查看",
    "Type the nine digits at the seats, {n} to go: press N to see them",
)
NEXT_WAIT_CODE: Final = Text(
    "等待解锁码：{at} 起才发放（开考前 15 分钟）",
    "Wait for the unlock code: it is given out from {at} (15 minutes before)",
)
NEXT_UNLOCK: Final = Text("输入试卷解锁码：按 N", "Enter the paper's unlock code: press N")
NEXT_ARM: Final = Text(
    "预备开考（{ready}/{all} 个座位就绪）：按 N",
    "Arm the start ({ready} of {all} seats ready): press N",
)
NEXT_WAIT_START: Final = Text(
    "已预备，{at} 自动发卷；请看是否人人入座",
    "Armed: papers go out at {at} by themselves; look that all sit",
)
NEXT_SEE_TO: Final = Text(
    "有 {n} 件事等人处理，最急：{what}。按 N", "{n} things need a person, first: {what}. Press N"
)
NEXT_WATCH: Final = Text(
    "巡视考场：{writing} 人答题，{done}/{all} 人已结束",
    "Watch: {writing} answering, {done} of {all} finished",
)
NEXT_COLLECT: Final = Text(
    "时间已到，还有 {n} 人未交卷：按 N 收卷", "Time is over, {n} still open: press N to collect"
)
NEXT_CLOSE: Final = Text(
    "全部 {n} 人均有结果，可以收场：按 N", "All {n} are accounted for: press N to close the subject"
)
NEXT_OFFICE: Final = Text(
    "等考试机构核验（{verified}/{sealed} 包）：按 N 查看，不必守候",
    "Wait for the office ({verified} of {sealed} parcels verified): press N to look",
)
NEXT_OFFICE_MORE: Final = Text(
    "已封装的 {sealed} 包全部核验；座位传完后还有最后几包：按 N 查看",
    "All {sealed} parcels so far are verified; seats still send the last: N",
)
NEXT_OFFICE_SEATS: Final = Text(
    "等录像：座位 {seats}，最迟到 {until}：按 N 查看",
    "Recordings of {seats} may still come, until {until} at most: N",
)
AWAITED: Final = Text(
    "! 还在等这些座位传完录像：{seats}。等到 {until} 为止，之后不再等，缺的记录在案。",
    "! Recordings of these seats are still awaited: {seats}. At {until} the waiting ends, and what "
    "is missing is on record.",
)
SEATS_COMMA: Final = Text("、", ", ")
AND_MORE: Final = Text("{some} 等 {all} 个", "{some} ... ({all})")
NEXT_OFFICE_DOWN: Final = Text(
    "上报线路断着，恢复后自动续传（{verified}/{sealed} 包已核验）；也可用 U 盘上报",
    "Office line is down, goes on by itself ({verified} of {sealed} verified), or by stick",
)

# --- seats -----------------------------------------------------------------------------------
COLUMN_SEAT: Final = Text("座位", "Seat")
COLUMN_NAME: Final = Text("姓名", "Name")
COLUMN_READY: Final = Text("见通配备", "F L P R")
COLUMN_STATE: Final = Text("状态", "State")
COLUMN_ANSWERED: Final = Text("已答", "Ans.")
COLUMN_SAVED: Final = Text("已存", "Saved")
COLUMN_LEFT: Final = Text("剩余", "Left")
COLUMN_FACE: Final = Text("人脸", "Face")
COLUMN_SIGNS: Final = Text("提示", "Signs")
SIGN_HAND: Final = Text("手", "hand")
SIGN_LOST: Final = Text("断", "lost")
SIGN_WITHHELD: Final = Text("扣", "held")
SIGN_LEAVES: Final = Text("离{n}", "out{n}")
EMPTY_SEAT: Final = Text("（空座）", "(free)")
SEARCH: Final = Text("找座位、姓名、证号……", "Find a seat, name, number ...")
NOTHING_FOUND: Final = Text("没有符合“{text}”的座位", "No seat fits “{text}”")

# --- what needs a person ---------------------------------------------------------------------
TASKS: Final = Text("待办 {n}", "To do: {n}")
NO_TASKS: Final = Text("待办：无", "To do: nothing")
TASK: Final[dict[TaskKind, Text]] = {
    TaskKind.IDENTITY: Text("身份存疑", "identity in doubt"),
    TaskKind.HAND: Text("举手", "hand raised"),
    TaskKind.LOST: Text("终端失联", "seat lost"),
    TaskKind.PROVISIONAL: Text("暂定交卷", "provisional hand-in"),
    TaskKind.STRAY: Text("旧终端有未并入的作答", "old seat has unmerged answers"),
    TaskKind.ALERT: Text("预警", "alert"),
    TaskKind.PAIRING: Text("配对异常", "pairing trouble"),
    TaskKind.DISK: Text("磁盘将满", "disk nearly full"),
    TaskKind.CLOCK: Text("时钟未确认", "clock not confirmed"),
    TaskKind.OFFICE: Text("机构拒收上报包", "office refuses a parcel"),
}
TASK_HELP: Final[dict[TaskKind, Text]] = {
    TaskKind.LOST: Text(
        "请到座位旁看电源和网线。终端恢复后自动接上，已存的作答不会丢；终端坏了请按 V 换座。",
        "Go and look at power and cable. It joins again by itself and nothing saved is lost; "
        "if the machine is dead, move the candidate (V).",
    ),
    TaskKind.STRAY: Text(
        "原终端上有换座前未上传的作答，已另存并上报，不会自动并入，由考试机构裁定。"
        "请让考生核对作答，然后记为已阅。",
        "The old seat held answers from before the move. They are kept apart and delivered, never "
        "merged by themselves: the office decides. Let the candidate look whether an answer is "
        "missing, then note that you have seen it.",
    ),
    TaskKind.DISK: Text(
        "录像会先让位，作答不受影响。请技术员腾出或更换磁盘。",
        "Recordings give way first, answers never. Ask the technician to free or change the disk.",
    ),
    TaskKind.OFFICE: Text(
        "上报包保存完好。请把下面的原因告知考试机构。",
        "The parcel is kept. Tell the office the reason below.",
    ),
    TaskKind.HAND: Text("（没有写内容）", "(no words)"),
    TaskKind.PROVISIONAL: Text(
        "断线时交的卷，终端恢复后自动转为正式交卷。若其间给过补时，可以撤回，让考生继续答题。",
        "Handed in while cut off; it becomes final by itself when the seat is back. If time was "
        "given meanwhile, reopen it and the candidate goes on.",
    ),
    TaskKind.ALERT: Text("请到座位旁查看。", "Go and look at the seat."),
    TaskKind.PAIRING: Text(
        "请查看该终端，再开放配对码。", "Look at the terminal, then pair again."
    ),
}
REASON_CODE: Final[dict[str, Text]] = {
    "other_face": Text("比对结果不像本人", "the face looks like another's"),
    "unsure_face": Text("比对结果不确定", "the comparison is unsure"),
    "no_consent": Text("考生不同意人脸比对", "no consent to the comparison"),
    "no_camera": Text("没有摄像头画面", "no camera"),
    "no_picture": Text("没有摄像头画面", "no picture came from the seat"),
    "no_template": Text("报名照片中找不到人脸", "no face found in the roster photo"),
    "no_faces_process": Text("人脸服务未运行", "the faces process is down"),
    "recordings_full": Text("录像暂停", "recordings have stopped"),
    "too_much_recorded": Text(
        "终端送来的录像远超一个座位所能录的",
        "the seat sends far more recordings than any seat can make",
    ),
    "too_much_written": Text(
        "终端写入的数据远超一个考生所能写的", "the seat writes far more than any candidate can"
    ),
}

# --- a seat's page and the dialogs -----------------------------------------------------------
SEAT_TITLE: Final = Text("座位 {seat}", "Seat {seat}")
ROSTER_PHOTO: Final = Text("报名照片", "Roster photo")
CAMERA_PICTURE: Final = Text("摄像头画面", "Camera")
NO_PICTURE: Final = Text("（没有画面）", "(no picture)")
LOADING: Final = Text("（正在取……）", "(loading ...)")
DISTANCE: Final = Text(
    "人脸距离 {distance}（越小越像）", "Distance {distance} (smaller: more alike)"
)
NO_DISTANCE: Final = Text("尚未比对", "Not compared yet")
ID_NUMBER: Final = Text("证件号", "ID number")
FACT_STATE: Final = Text("状态", "State")
FACT_SAVED: Final = Text("作答", "Answers")
FACT_TIME: Final = Text("时间", "Time")
FACT_TERMINAL: Final = Text("终端", "Terminal")
SAVED_WORDS: Final = Text(
    "已答 {answered} 题，主机已存 {acknowledged} 条，终端待传 {spooled} 条",
    "{answered} answered, {acknowledged} on the box, {spooled} to come",
)
TIME_WORDS: Final = Text("剩余 {left}（{end} 结束）", "{left} left (ends {end})")
TIME_GIVEN: Final = Text("，已补时 {given}", ", {given} given")
TIME_NOT_YET: Final = Text("尚未开始", "Not begun")
READY_WORDS: Final = Text(
    "{found} 发现  {reachable} 连通  {paired} 配对  {ready} 就绪",
    "{found} found  {reachable} reachable  {paired} paired  {ready} ready",
)
TERMINAL_WORDS: Final = Text(
    "{address}，时差 {offset} 毫秒，摄像头 {cameras} 个",
    "{address}, clock off by {offset} ms, cameras: {cameras}",
)
SEAT_KEYS: Final = Text(
    "字母或 ↑↓ Enter 操作   N 证件号   Z 放大照片   Esc 返回",
    "Letter, or Up, Down, Enter: do it   N: ID number   Z: closer   Esc: back",
)
OFFICE_HAS_IT: Final = Text("✓ 机构已核验", "✓ verified by the office")
WITHHELD: Final = Text("成绩暂扣，等待身份裁定", "result withheld until identity is decided")
LEAVES: Final = Text("离开考试界面 {n} 次", "left the screen {n} times")
EVENTS: Final = Text("本监考台打开以来", "Since this console was opened")
NO_EVENTS: Final = Text("（尚无变化）", "(nothing yet)")
EVENT_STATE: Final = Text("{before} → {after}", "{before} -> {after}")
EVENT_LOST: Final = Text("终端失联", "seat lost")
EVENT_BACK: Final = Text("终端恢复", "seat back")
EVENT_HAND: Final = Text("举手", "hand raised")
EVENT_HAND_DOWN: Final = Text("举手已处理", "hand lowered")
EVENT_PAIRED: Final = Text("终端已配对", "paired")
EVENT_GIVEN: Final = Text("补时 {span}", "{span} given")
EVENT_LEFT: Final = Text("离开考试界面（第 {n} 次）", "left the screen (time {n})")
EVENT_SEATED: Final = Text("{name} 到本座位", "{name} came to this seat")

KEY_HINT: Final = Text("Enter 确定   Esc 返回", "Enter: do it   Esc: back")
KEY_HINT_TAB: Final = Text(
    "Enter 确定   Tab 下一项   Esc 返回", "Enter: do it   Tab: next field   Esc: back"
)
KEY_CHOOSE: Final = Text(
    "↑↓ 选择   Enter 确定   Esc 返回", "Up, Down: choose   Enter: do it   Esc: back"
)
KEY_BACK: Final = Text("Esc 返回", "Esc: back")
KEY_ACTIONS: Final = Text("全场操作", "all acts")
KEY_TASKS: Final = Text("待办", "to do")
KEY_FIND: Final = Text("查找", "find")
KEY_OFFICE: Final = Text("上报", "office")
KEY_HELP: Final = Text("说明", "help")
KEY_LANGUAGE: Final = Text("English", "中文")
KEY_QUIT: Final = Text("关闭", "quit")
SENDING: Final = Text("正在执行……", "Working ...")
DONE: Final = Text("✓ 已执行并记录", "✓ Done and on record")
REASON: Final = Text(
    "原因（记入考场记录；↓ 选常用）", "Reason, for the record (down arrow: usual ones)"
)
REASON_NEEDED: Final = Text(
    "请写明原因，它会记入考场记录。", "A reason is needed: it goes on record."
)
YES: Final = Text("确定", "Yes, do it")
NO: Final = Text("返回，不执行", "No, back")
NOT_SENT: Final = Text(
    "没有执行：连不上考场主机。所填内容保留着，恢复后再按 Enter。",
    "Not done: no connection to core. What you typed is kept; press Enter again when it is back.",
)
SECOND_NAME: Final = Text("第二人", "Second person")
SECOND_PASSPHRASE: Final = Text("第二人的口令", "Their passphrase")
SECOND_WRONG: Final = Text(
    "打不开 {name} 的密钥：请核对姓名和口令",
    "The key of {name} does not open: look at name and passphrase",
)
REFUSED: Final[dict[ActRefusal, Text]] = {
    ActRefusal.UNTRUSTED: Text(
        "主机不认这把考务密钥，请换用本场名单内的密钥。",
        "The box does not accept this staff key; use one on this sitting's list.",
    ),
    ActRefusal.NOT_NOW: Text("现在不能这样做。", "This cannot be done now."),
    ActRefusal.UNKNOWN: Text(
        "主机不认识这个座位或考生。", "The box knows no such seat or candidate."
    ),
    ActRefusal.WRONG_CODE: Text(
        "解锁码不对，请核对原件后重输。", "The code is wrong: compare it with the original."
    ),
    ActRefusal.WAIT: Text("错误次数过多，请稍候再试。", "Too many wrong codes: wait a little."),
    ActRefusal.LOCKED: Text(
        "试卷尚未解锁，请先输入解锁码。", "The paper is locked: unlock it first."
    ),
    ActRefusal.MALFORMED: Text("主机看不懂这项请求。", "The box does not understand the request."),
    ActRefusal.DISK: Text(
        "主机磁盘写不进，什么也没有改变。请技术员查看磁盘后再试。",
        "The box cannot write to its disk; nothing was changed. Have the disk looked at.",
    ),
    ActRefusal.STALE: Text(
        "这项请求不是现在的，没有执行。请再操作一次。",
        "The act is not of this moment and was not done. Do it again.",
    ),
    ActRefusal.NOT_ALLOWED: Text("您的角色不能发出这项操作。", "Your role does not ask for this."),
    ActRefusal.SECOND_PERSON: Text(
        "这项操作要两人签名。", "This needs the signatures of two people."
    ),
}

# --- on the way to the office ----------------------------------------------------------------
LANE: Final[dict[Lane, Text]] = {
    Lane.ANSWERS: Text("作答", "answers"),
    Lane.EVIDENCE: Text("证据", "evidence"),
    Lane.INCIDENTS: Text("事件", "incidents"),
    Lane.PICTURES: Text("预警图片", "pictures"),
    Lane.RECORDINGS: Text("录像", "recordings"),
}
LANE_WORDS: Final = Text(
    "封装 {sealed}，收到 {received}，核验 {verified}",
    "{sealed} sealed, {received} received, {verified} verified",
)
OFFICE_TITLE: Final = Text("上报考试机构", "On the way to the office")
OFFICE_SHORT: Final = Text("上报", "office")
LANE_SEALED: Final = Text("封装", "sealed")
LANE_RECEIVED: Final = Text("收到", "received")
LANE_VERIFIED: Final = Text("核验", "verified")
LANE_REFUSED: Final = Text("拒收 {n}", "{n} refused")
LANE_WAITING: Final = Text("待传 {size}", "{size} to go")
LINE_ERROR: Final = Text("最近一次错误：{error}", "Last error: {error}")
LINE_CALM: Final = Text(
    "断线不影响考试：上报包留在主机上，恢复后自动续传，也可用 U 盘送交。",
    "The exam needs no line: parcels stay on the box and go on by themselves, or by stick.",
)
PROCESSES: Final = Text("主机服务", "Processes")
PROCESS: Final[dict[str, Text]] = {
    "courier": Text("上报", "courier"),
    "discovery": Text("发现", "discovery"),
    "faces": Text("人脸", "faces"),
    "recordings": Text("录像", "recordings"),
}
BOX_WORDS: Final = Text(
    "主机 {appliance}（第 {generation} 代）  考务包第 {revision} 版  规则 {rules}  总账 {log} 条",
    "Box {appliance} (generation {generation})  bundle {revision}  rules {rules}  log {log}",
)
ACCOUNT: Final = Text("{all} 人均有结果：{parts}", "{all} accounted for: {parts}")
COMMA: Final = Text("，", ", ")
PART_HANDED_IN: Final = Text("交卷 {n} 人", "{n} handed in")
PART_COLLECTED: Final = Text("强制收卷 {n} 人", "{n} collected")
PART_VOIDED: Final = Text("作废 {n} 人", "{n} voided")
PART_NOT_THERE: Final = Text("拒绝入场或缺考 {n} 人", "{n} refused or absent")
FINAL: Final = Text(
    "{account}；机构已全部收到并核验", "{account}; all received and verified by the office"
)
NOT_ALL_YET: Final = Text(
    "{account}；机构尚未全部核验，还差：{what}", "{account}; not all is verified yet: {what}"
)
PARCELS_OF: Final = Text("{lane} {n} 包", "{n} of {lane} wait")
LAST_PARCELS: Final = Text("最后几包尚未封装", "the last parcels are not sealed yet")
