"""What provisioning says of files in general; each part has its own beside it."""

from typing import Final

from provisioning.problems import Text

# --- the zip ---------------------------------------------------------------------------
NOT_A_ZIP = Text(
    code="zip-none",
    zh="应为 zip 格式的文件，实际不是（{came}）；请重新导出。",
    en="expected a file in zip form, but this is none ({came}); export it again.",
)
PATH_CLIMBS = Text(
    code="zip-path",
    zh="包内文件名应是包内的相对路径，实际为 {came}，会指到包外；整包拒收，请查明来源。",
    en="expected a relative path that stays inside the package, got {came}; the package is "
    "refused whole: find out where it comes from.",
)
SPECIAL_FILE = Text(
    code="zip-special-file",
    zh="包内只应有普通文件，{came} 是符号链接或特殊文件；请重新打包。",
    en="expected regular files only; {came} is a symbolic link or special file; pack it again.",
)
ENCRYPTED = Text(
    code="zip-encrypted",
    zh="{came} 加了 zip 密码，无法读取；请导出不加密码的包。",
    en="{came} is encrypted with a zip password; export the package without one.",
)
PACKED_OTHERWISE = Text(
    code="zip-method",
    zh="{came} 应以 zip 通用的方式（存储或 Deflate）压缩，实际不是；请用通常的 zip 设置重新打包。",
    en="expected {came} to be stored or deflated, as zip packages are; it is packed in another "
    "way: pack it again with the usual settings.",
)
DOUBLE_FILE = Text(
    code="zip-double-file",
    zh="{came} 在包内出现不止一次（不分大小写），不能确定用哪一个；请重新打包。",
    en="{came} stands more than once in the package (case ignored); pack it again.",
)
TOO_LARGE = Text(
    code="zip-too-large",
    zh="{what}上限为 {limit}，实际为 {came}；请减小后重新导出。",
    en="the limit of {what} is {limit}, got {came}; make it smaller and export again.",
)
BOMB = Text(
    code="zip-bomb",
    zh="{name} 解压后膨胀 {came} 倍（上限 {limit} 倍），疑为压缩炸弹；整包拒收。",
    en="{name} grows {came} times when unpacked (limit {limit}), like a zip bomb; refused.",
)
DAMAGED = Text(
    code="zip-damaged",
    zh="{name} 已损坏（{came}）；请重新导出或重新拷贝。",
    en="{name} is damaged ({came}); export or copy the package again.",
)
# --- files that are handed in -----------------------------------------------------------
FILE_TROUBLE = Text(
    code="file",
    zh="{path} 应能读写，实际不能（{came}）；请检查路径、权限与介质。",
    en="expected to read or write {path}, which cannot be done ({came}); look at the path, its "
    "rights and the medium.",
)
FILE_LARGE = Text(
    code="file-large",
    zh="{path} 应不超过 {expected}，实际更大；请确认选对了文件。",
    en="expected {path} to hold at most {expected}, it holds more; is it the right file?",
)
NOT_UTF8 = Text(
    code="file-utf8",
    zh="{path} 应为 UTF-8 编码的文本文件，实际不是；请另存为 UTF-8。",
    en="expected {path} to be a text file in UTF-8, it is none; save it as UTF-8.",
)
BAD_IDENTIFIER = Text(
    code="identifier",
    zh="名称应为 1 至 63 个小写字母、数字或连字符，首尾为字母或数字（{came}）；请更正。",
    en="{came}; correct it.",
)
# --- the office ------------------------------------------------------------------------
NOT_AN_OFFICE = Text(
    code="office-none",
    zh="{path} 应是一个考试机构目录（内有 office.json），实际不是；"
    "请先运行 exam-provision authority create。",
    en="expected {path} to be an office's folder (with office.json), it is none; run "
    "exam-provision authority create first.",
)
PART_MISSING = Text(
    code="office-part",
    zh="缺少 {path}；如果根密钥存放在别处，请插上并用 --root 指明。",
    en="{path} is missing; where the root is kept elsewhere, plug it in and name it by --root.",
)
NONE: Final = "无 (none)"
"""What stands in a list of names that has none, in either language."""
OFFICE_THERE = Text(
    code="office-there",
    zh="{path} 已经是一个考试机构目录；不会覆盖其密钥，请换一个空目录。",
    en="{path} is an office's folder already and its keys are not overwritten; name an empty one.",
)
BUSY = Text(
    code="office-busy",
    zh="{path} 中正有另一条 exam-provision 命令在执行（{holder}：用户@机器、进程号、开始时间）；"
    "本命令什么也没有做，请等它结束后再执行一次。",
    en="another exam-provision is at work in {path} ({holder}: user@machine, process, since); "
    "nothing was done: wait until it has ended, then give this command again.",
)
NAME_TAKEN = Text(
    code="name-taken",
    zh="{kind} {name} 已经存在；请换一个名称，或先吊销原来的。",
    en="{kind} {name} exists already; choose another name, or revoke the old one first.",
)
NAME_LONG = Text(
    code="name-long",
    zh="{kind} 的名称应为 1 至 {expected} 个字符，实际为 {came} 个；请缩短或补上。",
    en="expected a name of 1 to {expected} characters for {kind}, got {came}; change it.",
)
NAME_KEPT = Text(
    code="name-kept",
    zh="{name} 留给考场主机自己的决定使用，不能作人员名称；请换一个。",
    en="{name} is kept for what the appliance decides by itself; choose another name.",
)
NAME_UNKNOWN = Text(
    code="name-unknown",
    zh="没有 {kind} {name}；已有：{known}。",
    en="there is no {kind} {name}; known: {known}.",
)
PASSPHRASE_SHORT = Text(
    code="passphrase-short",
    zh="口令应至少 {expected} 个字符，实际为 {came} 个；请用几个不相干的词组成。",
    en="expected a passphrase of at least {expected} characters, got {came}; take a few "
    "unrelated words.",
)
PASSPHRASE_NONE = Text(
    code="passphrase-none",
    zh="应输入 {name} 的口令，但没有可以输入的终端；请用 --passphrase-file 等选项指明口令文件。",
    en="expected a passphrase for {name}, there is no terminal to type it at; name its file by "
    "--passphrase-file or its like.",
)
PASSPHRASE_WRONG = Text(
    code="passphrase-wrong",
    zh="口令打不开 {path}；请重新输入该密钥的口令。",
    en="the passphrase does not open {path}; enter the one of this key.",
)
BAD_KEY_FILE = Text(
    code="key-file",
    zh="{path} 应是 {expected} 私钥文件，实际不是；请从备份恢复。",
    en="expected {path} to be a private key file ({expected}), it is none; restore it from the "
    "backup.",
)
BAD_ADDRESS = Text(
    code="office-address",
    zh="考试机构地址应形如 https://主机:端口，实际为 {came}；请更正。",
    en="expected an address of the form https://host:port, got {came}; correct it.",
)
# --- the plan --------------------------------------------------------------------------
PLAN_TOML = Text(
    code="plan-toml",
    zh="考试计划应为 TOML 文件，实际：{came}；请更正。",
    en="expected the plan to be a TOML file, got: {came}; correct it.",
)
PLAN_FORM = Text(
    code="plan-form",
    zh="考试计划的内容不符：{came}；请更正该处。",
    en="the plan does not fit: {came}; correct it there.",
)
PLAN_RULE_BOOK = Text(
    code="plan-rule-book",
    zh="没有可用的考试规则 {name}（{came}）；可用：{known}，或写明计划旁的 .toml 文件名。",
    en="no usable rule book {name} ({came}); known: {known}, or name a .toml file beside the plan.",
)
PLAN_ZONE = Text(
    code="plan-zone",
    zh="时区应为 IANA 名称（如 Asia/Shanghai），实际为 {came}；请更正。",
    en="expected an IANA time zone such as Asia/Shanghai, got {came}; correct it.",
)
PLAN_EMPTY = Text(
    code="plan-empty",
    zh="考试计划至少应有一个科目和一个考点；请补上。",
    en="expected at least one subject and one centre in the plan; add them.",
)
PLAN_WINDOW = Text(
    code="plan-window",
    zh="科目 {name} 的作答时间应大于 0 且不超过考试窗口的 {window} 分钟，"
    "实际为 {came} 分钟；请更正。",
    en="subject {name}: expected a working time above 0 and within the window of {window} "
    "minutes, got {came}; correct it.",
)
PLAN_POINTS = Text(
    code="plan-points",
    zh="科目 {name} 的分数应大于 0、至多两位小数，且及格分不高于总分，实际为 {came}；请更正。",
    en="subject {name}: expected points above 0 with at most two decimals and a pass mark within "
    "the total, got {came}; correct them.",
)
PLAN_ADDRESS = Text(
    code="plan-address",
    zh="考场 {name} 的主机地址应形如 192.168.1.10:8443，实际为 {came}；请更正。",
    en="room {name}: expected an address such as 192.168.1.10:8443, got {came}; correct it.",
)
PLAN_SEAT = Text(
    code="plan-seat",
    zh="座位应写作 A01 或 A01-A30（字母、数字），实际为 {came}；请更正。",
    en="expected a seat such as A01 or a range such as A01-A30, got {came}; correct it.",
)
# --- papers and bundles ----------------------------------------------------------------
PAPER_POINTS = Text(
    code="paper-points",
    zh="试卷各题共 {came} 分，计划中该科目为 {expected} 分；请更正试卷或计划。",
    en="the items give {came} points together, the plan says {expected} for this subject; "
    "correct the paper or the plan.",
)
NO_PAPER = Text(
    code="bundle-no-paper",
    zh="科目 {name} 还没有封存的试卷；请先运行 exam-provision paper seal。",
    en="subject {name} has no sealed paper yet; run exam-provision paper seal first.",
)
NO_ROSTER = Text(
    code="bundle-no-roster",
    zh="考点 {name} 还没有考生名册；请先运行 exam-provision roster import。",
    en="centre {name} has no roster yet; run exam-provision roster import first.",
)
NO_APPLIANCE = Text(
    code="bundle-no-appliance",
    zh="考场 {name} 没有考场主机；请先运行 exam-provision appliance add。",
    en="room {name} has no main appliance; run exam-provision appliance add first.",
)
NO_STAFF = Text(
    code="bundle-no-staff",
    zh="考点 {name} 没有考务人员；请先运行 exam-provision staff add。",
    en="centre {name} has no staff; run exam-provision staff add first.",
)
NO_SITTING = Text(
    code="sitting-unknown",
    zh="没有场次 {name}；已有：{known}。请先运行 exam-provision sitting add。",
    en="there is no sitting {name}; known: {known}. Run exam-provision sitting add first.",
)
SITTING_FIXED = Text(
    code="sitting-fixed",
    zh="场次 {name} 的计划已用于名册，考点 {came} 的座位或科目变了；请先重新导入该考点名册。",
    en="the plan of {name} is in use by rosters: seats or subjects of centre {came} changed; "
    "import that roster again.",
)
TARGET_THERE = Text(
    code="bundle-there",
    zh="{path} 已经存在；不会覆盖，请换一个位置或先移走它。",
    en="{path} exists already and is not overwritten; name another place or move it away.",
)
IDENTITY_THERE = Text(
    code="identity-there",
    zh="{path} 已经存在：这是先前制作的身份文件，不会覆盖；请使用它和当时的安装码，或先移走它。",
    en="{path} exists already, an identity made before, and is not overwritten: use it with the "
    "code given then, or move it away.",
)
STAFF_KEY_THERE = Text(
    code="staff-key-there",
    zh="{path} 已经存在：这是先前制作的密钥，不会覆盖；请保留它并交给本人，口令不变。",
    en="{path} exists already, a key made before, and is not overwritten: keep it and hand it to "
    "its owner, its passphrase is the one chosen then.",
)
STAFF_TAKEN = Text(
    code="staff-taken",
    zh="{kind} {name} 已有密钥，在当时写出的 {name}.staff.pem 中；请使用那个文件。"
    "文件遗失时，先吊销再重新制作。",
    en="{kind} {name} has a key already, in the {name}.staff.pem that was written then: use that "
    "file. Where it is lost, revoke it and make another.",
)
NO_BUNDLE = Text(
    code="bundle-none",
    zh="{path} 不是考务包，其中有：{found}；请直接指明考务包的目录。",
    en="no bundle at {path}; below it: {found}. Name the bundle's own folder.",
)
NO_BUNDLE_BELOW = Text(
    code="bundle-none-below",
    zh="{path} 不是考务包，其中也没有；请先运行 exam-provision bundle make。",
    en="no bundle at {path}, and none below it; exam-provision bundle make makes one.",
)
TARGET_MISSING = Text(
    code="bundle-target",
    zh="{path} 应是一个已存在的目录（U 盘应已挂载），实际不是。",
    en="expected {path} to be a folder that exists (a stick, mounted), it is none.",
)
NO_ROOM = Text(
    code="bundle-no-room",
    zh="{path} 需要 {expected} MB 空间，实际只有 {came} MB；请换一个 U 盘。",
    en="{path} needs room for {expected} MB and has {came} MB; take another stick.",
)
BUNDLE_HARMED = Text(
    code="bundle-harmed",
    zh="{path} 与考试机构签名的考务包不符：{name}（{came}）；请勿使用，重新制作或拷贝。",
    en="{path} is not the bundle that the office signed: {name} ({came}); do not use it, make or "
    "copy it again.",
)
READ_BACK = Text(
    code="bundle-read-back",
    zh="写入后读回 {name} 与原文不符；介质可能损坏，已删除，请换一个 U 盘再写。",
    en="{name} did not read back as it was written; the medium may be failing: it was removed, "
    "write to another stick.",
)
NO_CODE = Text(
    code="code-none",
    zh="没有 {name} 的解锁码；请检查考点、场次、科目与考务包的版本。",
    en="there is no unlock code for {name}; check centre, sitting, subject and revision.",
)
CODE_EARLY = Text(
    code="code-early",
    zh="解锁码最早在开考前 {minutes} 分钟给出，现在还有 {came} 分钟；"
    "确需提前请写明原因（--early 原因）。",
    en="unlock codes are given out at most {minutes} minutes before the start, which is in "
    "{came} minutes; where it must be earlier, say why (--early REASON).",
)
PASSPHRASES_DIFFER = Text(
    code="passphrases-differ",
    zh="两次输入的口令不同；请重新运行命令。",
    en="the two passphrases differ; run the command again.",
)
