"""What ``exam-appliance`` says beyond the words of the console, in Chinese and English."""

from typing import Final

from appliance.console.messages import Text

NO_SUCH_ACT: Final = Text(
    "没有“{got}”这项操作；可用的有：{acts}", "there is no act {got!r}; the acts are: {acts}"
)
NO_SUCH_FIELD: Final = Text(
    "看不懂“{got}”；这项操作写作：{form}", "{got!r} does not belong here; expected: {form}"
)
FIELD_MISSING: Final = Text(
    "缺少 {field}；这项操作写作：{form}", "{act} needs {field}; expected: {form}"
)
NOT_YES_OR_NO: Final = Text(
    "{field} 应为 yes 或 no，得到“{got}”", "{field}: expected yes or no; got {got!r}"
)
NOT_MINUTES: Final = Text(
    "minutes 应为 1 以上的整数，得到“{got}”",
    "minutes: expected a whole number from 1 up; got {got!r}",
)
NOT_A_TIME: Final = Text(
    "应为 09:00、09:00:00 或“2026-03-21 09:00:00”，得到“{got}”",
    "expected 09:00, 09:00:00 or '2026-03-21 09:00:00'; got {got!r}",
)
PAST_BY_MINUTES: Final = Text(
    "{start} 已过去 {ago} 分钟；应为还没有到的时刻，立即开考写 start=now",
    "{start} is {ago} minute(s) ago; expected a moment to come, or start=now",
)
PAST_BY_SECONDS: Final = Text(
    "{start} 已过去 {ago} 秒；应为还没有到的时刻，立即开考写 start=now",
    "{start} is {ago} s ago; expected a moment to come, or start=now",
)
NO_SUBJECT: Final = Text(
    "本场次的科目都已收场；请用 subject= 写明科目",
    "every subject of this sitting is closed; name one by subject=",
)
NO_SUCH_SEAT: Final = Text(
    "本场没有座位“{got}”；座位有：{seats}", "this hall has no seat {got!r}; its seats: {seats}"
)
NO_SUCH_CANDIDATE: Final = Text(
    "没有考生“{got}”：请写座位号、姓名或身份证号，全场写 all",
    "no candidate {got!r}: give a seat's label, a name or an ID number, or all for everybody",
)
SEVERAL_CANDIDATES: Final = Text(
    "有几位考生都叫“{got}”，座位分别为 {seats}：请写座位号",
    "several candidates are called {got!r}, at seats {seats}: give the seat's label",
)
UNLOCKED: Final = Text("试卷已解锁", "paper unlocked")
LOCKED: Final = Text("试卷未解锁", "paper locked")
PAIRING_CODE: Final = Text("配对码 {code}（座位 {seats}）", "Pairing code {code} for {seats}")
DONE: Final = Text("✓ 已执行并记录（第 {n} 号决定）", "✓ done and on record as decision {n}")
ARMED: Final = Text(
    "开考已预备：{start} 开考，还有 {seconds} 秒", "armed: starts at {start}, in {seconds} s"
)
DONE_WITHOUT: Final = Text("✓ 已执行", "✓ done")
REFUSED: Final = Text("✗ 没有执行：{why}（{detail}）", "✗ not done: {why} ({detail})")
SECOND_HOW: Final = Text(
    "第二人请用 --second 名字 一同签名", "let the second person sign too: --second NAME"
)

# --- install, import, the stick ------------------------------------------------------------------
INSTALLATION_CODE: Final = Text("安装码：", "installation code: ")
INSTALLED: Final = Text(
    "本主机是考点 {centre} 的 {appliance}", "this box is {appliance} of centre {centre}"
)
OTHER_BOX: Final = Text(
    "{state} 属于 {there}，送来的身份文件是 {came} 的。什么也没有改变；请给新主机一个空目录",
    "{state} belongs to {there}; got the identity of {came}. Nothing was changed: give the new box "
    "an empty folder",
)
NO_DISK: Final = Text(
    "{folder} 应已存在（加密磁盘应已挂载），实际没有。什么也没有写入",
    "expected {folder} to exist (the encrypted disk, mounted), it does not; nothing was written",
)
NO_STICK: Final = Text(
    "{folder} 应是一个已存在的目录（U 盘应已挂载），实际不是",
    "expected {folder} to be a folder that exists (a stick, mounted), it is none",
)
ON_OWN_DISK: Final = Text(
    "注意：{folder} 与 {state} 在同一个磁盘上，不是 U 盘；U 盘挂载了吗？",
    "mind: {folder} is on the same disk as {state}, not on a stick; is the stick mounted?",
)
NOT_INSTALLED: Final = Text(
    "{state} 里没有本主机的身份。请先安装：exam-appliance install ID.identity.json",
    "{state}: expected the identity of this box, there is none; install it: "
    "exam-appliance install ID.identity.json",
)
NO_BUNDLE: Final = Text(
    "{bundles} 里没有考试包。请先收入：exam-appliance import 目录",
    "{bundles}: expected a bundle, there is none; take one: exam-appliance import FOLDER",
)
CHECKED: Final = Text("  已核对：{what}", "  checked: {what}")
TAKEN: Final = Text("已收入：{title}，第 {revision} 版", "taken: {title}, revision {revision}")
ON_STICK: Final = Text(
    "{folder} 上有 {files} 个上报包，{size} 字节，已读回核对",
    "{files} parcel(s), {size} bytes on {folder}, read back and sound",
)
RECEIPTS: Final = Text(
    "从 {folder} 收入 {files} 份新的机构回执",
    "{files} new office receipt(s) taken from {folder}",
)
