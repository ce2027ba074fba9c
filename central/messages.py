"""What the office says to people, in Chinese and English."""

from typing import Final, Literal

Language = Literal["zh", "en"]

_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "accounted": {
        "en": "{people} accounted for: {handed_in} handed in, {away} refused or absent",
        "zh": "{people} 人均有结果：交卷 {handed_in} 人，拒绝入场或缺考 {away} 人",
    },
    "collected": {"en": ", {count} collected", "zh": "，强制收卷 {count} 人"},
    "voided": {"en": ", {count} voided", "zh": "，作废 {count} 人"},
    "complete": {
        "en": "; all received and verified by the office",
        "zh": "；机构已全部收到并核验",
    },
    "incomplete": {
        "en": "; not all is here yet: {missing}",
        "zh": "；尚未齐全：{missing}",
    },
    "journal_short": {
        "en": "{who}: events to {held} of {expected}",
        "zh": "{who}：已有事件 {held}，应有 {expected}",
    },
    "answers_late": {
        "en": "{who}: {count} answer(s) came after the closing, a person decides",
        "zh": "{who}：{count} 个作答在关闭之后送达，需人工决定",
    },
    "journal_other": {
        "en": "{who}: another history than the hall signed",
        "zh": "{who}：与考场签名的记录不一致",
    },
    "parcels_waiting": {
        "en": "lane {lane}: {count} parcel(s) not verified yet",
        "zh": "通道 {lane}：{count} 个上报包尚未核验",
    },
    "parcels_gap": {
        "en": "lane {lane}: {count} parcel(s) missing in between",
        "zh": "通道 {lane}：中间缺 {count} 个上报包",
    },
    "lane_open": {
        "en": "lane {lane}: its end has not come yet",
        "zh": "通道 {lane}：尚未收到结束标记",
    },
    "segments_missing": {
        "en": "recordings: {count} segment(s) were never delivered",
        "zh": "录像：{count} 个片段未送达",
    },
    "unlogged": {
        "en": "{count} grant(s) or decision(s) do not stand in the log of {box}",
        "zh": "{count} 项授权或决定不在 {box} 的日志中",
    },
    "parcels_refused": {
        "en": "lane {lane}: {count} parcel(s) refused, a person must look",
        "zh": "通道 {lane}：{count} 个上报包被拒，需人工处理",
    },
    # --- what does not agree: a person must look ---
    "closing_undecided": {
        "en": "{box}: the subject was closed without a decision of staff",
        "zh": "{box}：科目关闭没有工作人员的决定",
    },
    "ending_other": {
        "en": "{who}: accounted for as {ending}, which neither decisions nor journal bear out",
        "zh": "{who}：结果记为 {ending}，决定和作答记录都不支持",
    },
    "withheld_other": {
        "en": "{who}: whether the result waits for a person is not what was decided",
        "zh": "{who}：成绩是否待人工确认与决定不符",
    },
    "decision_other": {
        "en": "decision {n} of {box} is about somebody, or a session, that was not granted so",
        "zh": "{box} 的第 {n} 项决定所涉考生或会话与授权不符",
    },
    "decisions_withheld": {
        "en": "{who}: the seat was told {count} decision(s) that the box has not delivered",
        "zh": "{who}：座位机收到 {count} 项决定，主机没有上报",
    },
    "answers_after_end": {
        "en": "{who}: {count} answer(s) after the hand-in",
        "zh": "{who}：交卷之后仍有 {count} 个作答",
    },
    "sessions_two": {
        "en": "{who}: {count} sessions in one subject",
        "zh": "{who}：同一科目有 {count} 个会话",
    },
    "seat_unmoved": {
        "en": "{who}: went on at seat {seat} without a decision",
        "zh": "{who}：没有换座决定，却在座位 {seat} 继续作答",
    },
    "collected_uncaused": {
        "en": "{who}: collected by the machine, the journal shows {count} leave(s) of the screen",
        "zh": "{who}：由机器强制收卷，而作答记录中只有 {count} 次离屏",
    },
    "login_outside": {
        "en": "{who}: logged in outside of the doors",
        "zh": "{who}：登录时间不在允许入场的时段内",
    },
    "released_early": {
        "en": "subject {subject}: the paper's key was given out before an armed start",
        "zh": "科目 {subject}：试卷密钥在设定的开考时间之前发出",
    },
    "times_outside": {
        "en": "{box}: {count} grant(s) or decision(s) dated outside of the sitting",
        "zh": "{box}：{count} 项授权或决定的时间不在本场次期间",
    },
    "undelivered": {
        "en": "{count} grant(s) or decision(s) stand in the log of {box} and have not come",
        "zh": "{box} 的日志中有 {count} 项授权或决定没有上报",
    },
    "log_other": {
        "en": "{who}: the box's log, which the seats have seen, stands at another event {n}",
        "zh": "{who}：座位机见证过的日志与第 {n} 个事件不一致",
    },
    "receipt_unlogged": {
        "en": "{who}: receipt {code} does not stand in the box's log",
        "zh": "{who}：交卷回执 {code} 不在主机的日志中",
    },
    # --- refused ---
    "office_there": {
        "en": "{home}: expected an empty place; an office is there already",
        "zh": "{home}：应为空目录，这里已经是一个机构服务器；请换一个目录",
    },
    "no_office": {
        "en": "{home}: expected an office's folder (with {config}), found none; nothing was taken: "
        "name the folder that exam-central init made, or make one with it",
        "zh": "{home}：应为机构服务器的目录（内有 {config}），实际没有；什么都没有做。"
        "请指明 exam-central init 建立的目录，或先运行它",
    },
    "office_part": {
        "en": "{path}: expected this file of the office, got nothing; put it back from a copy, or "
        "make a new office with exam-central init in an empty folder",
        "zh": "{path}：机构服务器缺少这个文件；请从备份放回，"
        "或在空目录中用 exam-central init 另建一个",
    },
    "no_bundle": {
        "en": "{bundle}: expected a bundle's folder with {manifest}; got none",
        "zh": "{bundle}：应为考务包的目录（内有 {manifest}），实际没有",
    },
    "no_rules": {
        "en": "{path}: expected the rule book that the manifest signs; got none, or another: "
        "enrol the bundle's whole folder",
        "zh": "{path}：应为清单所签的规则文件，实际没有或内容不同；请登记完整的考务包目录",
    },
    "several_bundles": {
        "en": "{bundle}: expected one bundle, or bundles of one sitting of one centre; found "
        "{found}: name the bundle's own folder",
        "zh": "{bundle}：应只有一个考点一个场次的考务包，实有：{found}；请直接指明考务包的目录",
    },
    "same_revision": {
        "en": "{name}: expected the manifest that is enrolled under this revision; got another "
        "one: give the new bundle a new revision",
        "zh": "{name}：这一版已登记过，内容与这次的不同；请给新的考务包一个新版次",
    },
    "other_key": {
        "en": "box {box} of {centre}: expected the box key that is enrolled, got another; a new "
        "box takes a new name",
        "zh": "考点 {centre} 的主机 {box}：密钥与登记的不同；新主机请另起名称",
    },
    "older_revocations": {
        "en": "{path}: expected a list with all {here} revocations that are in place; got number "
        "{came} without some: write the newest with exam-provision revocations",
        "zh": "{path}：应包含已生效的全部 {here} 项吊销，这份（编号 {came}）缺少其中一些；"
        "请用 exam-provision revocations 写出最新的名单",
    },
    "no_stick": {
        "en": "{folder}: expected the folder of a stick; got none",
        "zh": "{folder}：应为 U 盘的目录，实际没有",
    },
    "no_parcels": {
        "en": "{folder}: expected parcels (*.parcel) in it or in a folder of it, found none; "
        "nothing was taken: if the box said that it wrote any, name the folder that it wrote to",
        "zh": "{folder}：该目录及其下各级目录中都没有上报包（*.parcel），什么都没有收入；"
        "若考场主机说写出过上报包，请指明它写入的目录",
    },
    "bad_stick": {
        "en": "{path}: expected to read back what was written; use another stick",
        "zh": "{path}：读回的内容与写入的不同；请换一个 U 盘",
    },
    "service_runs": {
        "en": "{error}; the service verifies by itself while it runs",
        "zh": "{error}；服务运行时会自行核验",
    },
    "bad_receipt": {
        "en": "{path}: expected a receipt that this office signed; {error}: put back the file as "
        "it was published, or move it away with all that follow it",
        "zh": "{path}：应为本机构签名的回执；{error}。请恢复发布时的原文件，或将它及其后的全部移开",
    },
    "other_receipt": {
        "en": "receipt {number} for {box} of {centre}: expected the one in the store; another one "
        "is published: put back the store or the receipts of the same time",
        "zh": "考点 {centre} 主机 {box} 的第 {number} 份回执：已发布的与库中的不同；"
        "请恢复同一时间的库或回执",
    },
    # --- done ---
    "installation_code": {"en": "installation code: ", "zh": "安装码："},
    "office_made": {
        "en": "this is the office {office}, to listen at {listen}",
        "zh": "这里是考试机构 {office} 的服务器，将监听 {listen}",
    },
    "enrolled": {
        "en": "enrolled: centre {centre}, sitting {sitting}, revision {revision}, boxes {boxes}",
        "zh": "已登记：考点 {centre}，场次 {sitting}，第 {revision} 版，主机 {boxes}",
    },
    "revoked": {
        "en": "{count} revocation(s) of office {office} in force",
        "zh": "考试机构 {office} 的 {count} 项吊销已生效",
    },
    "decided": {
        "en": "{decided} parcel(s) decided, {refused} of them were refused before",
        "zh": "已判定 {decided} 个上报包，其中 {refused} 个先前被拒",
    },
    "taken": {
        "en": "{new} new parcel(s) taken from {folder}, {again} were here already "
        "({size} bytes read)",
        "zh": "从 {folder} 收入 {new} 个新的上报包，另有 {again} 个早已在此（共读取 {size} 字节）",
    },
    "passed_over": {
        "en": "{name}: passed over, expected a plain file of a parcel's size",
        "zh": "{name}：已跳过，它不是普通文件，或大于任何上报包",
    },
    "written": {
        "en": "{files} file(s) of receipts, {size} bytes written to {folder}",
        "zh": "已将 {files} 个回执文件（{size} 字节）写入 {folder}",
    },
    "no_receipt": {
        "en": "{code}: no receipt with this code has come",
        "zh": "{code}：没有收到这个编号的交卷回执",
    },
    "lane": {
        "en": "  {appliance}.{generation} {lane:<10} {verified} of {highest} verified",
        "zh": "  {appliance}.{generation} {lane:<10} 已核验 {verified}/{highest}",
    },
    "lane_refused": {"en": ", {count} refused", "zh": "，拒收 {count}"},
    "look": {
        "en": "a person must look: {fault} {message}",
        "zh": "需人工处理：{fault} {why}（{message}）",
    },
    "C410": {"en": "", "zh": "收到的不是上报包"},
    "C420": {"en": "", "zh": "不认识送来的主机：请先登记它的考务包（enrol），再重新上报"},
    "C430": {"en": "", "zh": "签名不是那台主机的"},
    "C440": {"en": "", "zh": "内容与签名不符：不完整或被改动过，请重新上报"},
    "C450": {"en": "", "zh": "同一编号来了两个不同的上报包：两个都保留，请查明原因"},
}


def say(text: str, language: Language, **values: object) -> str:
    """Return one text with its values."""
    return _TEXTS[text][language].format(**values)
