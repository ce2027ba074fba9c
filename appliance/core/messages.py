"""Why core refuses an act, in Chinese and English: what was expected, what came, what to do.

The English words go into the record as well. Values go in by name; a value that is a `Text`
is said in the language of its sentence.
"""

from typing import Final

from appliance.ipc.words import Text

COMMA: Final = Text("、", ", ")

# --- who may -------------------------------------------------------------------------------------
NOT_STAFF: Final = Text(
    "应有本场考务名单内人员的签名，而这项请求没有。请换用本人的密钥",
    "expected an act signed by a staff member of this sitting's bundle; use your own key",
)
ANOTHERS_NAME: Final = Text(
    "{signer} 以 {name} 的名义签名。请用本人的名字和密钥",
    "{signer} signed an act in the name of {name}; act in your own name",
)
ELSEWHERE: Final = Text(
    "这项请求是给 {there} 的；这里是 {here}", "the act is for {there}; this is {here}"
)
STALE: Final = Text(
    "这项请求是 {minutes} 分钟前后的（考场时间），只认 {most} 分钟以内的。请重新操作",
    "the act is {minutes} minute(s) off the hall's time; expected {most} at most: ask again",
)
ROLE: Final = Text(
    "{name} 的角色是“{role}”，不能单独操作；可以的角色：{roles}。请由他们操作，本人作第二人签名",
    "{name} has the role {role}, which asks for nothing by itself; expected one of: {roles}. "
    "Let one of them ask, and sign as the second person",
)
SECOND_PERSON: Final = Text(
    "“{act}”要两人签名，其中一人的角色须为：{roles}。现有：{signers}。请第二人在此签名",
    "{act} needs the signatures of two people, one of them: {roles}; got: {signers}. "
    "Have a second person sign",
)
ROLES: Final[dict[str, Text]] = {
    "invigilator": Text("监考员", "invigilator"),
    "chief": Text("主考", "chief"),
    "quality": Text("质量督导", "quality"),
}
GRAVE: Final[dict[str, Text]] = {
    "void": Text("作废", "voiding"),
    "collect_all": Text("全场收卷", "collecting everybody's paper"),
    "turn_away": Text("判定不是本人", "turning a candidate away"),
    "clock": Text("大幅改动考场时间", "setting the hall's clock so far"),
}

# --- not now -------------------------------------------------------------------------------------
NOT_IN_STATE: Final = Text(
    "{name} 现在是“{state}”；这项操作适用于：{possible}",
    "{name}: {happening} is possible when {possible}; the session is {state}",
)
CLOSED: Final = Text(
    "科目 {subject} 已收场，账目已签名，不能再作决定",
    "subject {subject} is closed and its account signed; nothing more is decided in it",
)
ALL_CLOSED: Final = Text("本场次的科目都已收场", "every subject of this sitting is closed")
NOT_ITS_TURN: Final = Text(
    "现在轮到的科目是 {turn}，请求的是 {asked}",
    "the subject whose turn it is: {turn}; asked for: {asked}",
)
BEGUN: Final = Text(
    "科目已经开考；请改用暂停或延时", "the subject has begun; pause or extend it instead"
)
START_PAST: Final = Text(
    "{start} 已过去 {minutes} 分钟；应为还没有到的时刻，立即开考写 start=now",
    "{start} is {minutes} minute(s) ago; expected a moment to come, or start=now",
)
LOCKED: Final = Text(
    "试卷还没有解锁：请先输入解锁码", "the paper is still locked: enter the unlock code first"
)
NOT_ACCOUNTED: Final = Text(
    "还有人没有结果：{people}。请先收卷或标记缺考",
    "not accounted for: {people}; collect their papers or mark them absent first",
)
PERSON_IN_STATE: Final = Text("{name}（{state}）", "{name} ({state})")
CLOCK_BACK: Final = Text(
    "开考后考场时间不能早于最近的记录（{last}），得到 {got}。请核对日期和时区",
    "after the start hall time never goes back before the last record ({last}); got {got}: "
    "look at date and zone",
)
WINDOW_OPEN: Final = Text(
    "座位 {seats} 已有配对码在用；请先关闭它（close-pairing），再打开新的",
    "a code is open already for {seats}; close-pairing ends it, then open another",
)
NO_SEATS: Final = Text("请至少选一个座位", "expected one seat at least, got none")
SEAT_TAKEN: Final = Text(
    "座位 {seat} 是 {name} 的，请另选座位", "seat {seat} belongs to {name}; choose another"
)

# --- unknown -------------------------------------------------------------------------------------
NO_CANDIDATE: Final = Text(
    "当前科目没有考生 {candidate}", "no candidate {candidate!r} in the present subject"
)
NO_SEAT: Final = Text("本场没有座位 {seats}", "no seat {seats} in this sitting")

# --- codes ---------------------------------------------------------------------------------------
WAIT: Final = Text(
    "错误次数过多：请等到 {until} 再试",
    "too many wrong codes: wait until {until} before the next try",
)
CODES_WANTED: Final = Text(
    "应有 {wanted} 个解锁码，得到 {got} 个", "expected {wanted} code(s); got {got}"
)
CODE_GROUP: Final = Text(
    "第 {group} 组有误：请与原件核对这一组", "group {group} was mistyped: look at it again"
)
CODE_LENGTH: Final = Text(
    "解锁码的长度不对：请与原件核对", "the code has the wrong length: compare it with the original"
)
CODE_WRONG: Final = Text(
    "解锁码书写无误，但打不开本科目的试卷：请确认是本科目、本版次的解锁码",
    "the code is well formed but does not open this paper: is it this subject's and revision's?",
)

# --- other ---------------------------------------------------------------------------------------
MALFORMED: Final = Text("主机没有接受：{detail}", "{detail}")
DISK: Final = Text("主机磁盘写不进：{detail}", "the disk could not be written: {detail}")
