"""What provisioning says of files in general; each part has its own beside it."""

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
# --- the office ------------------------------------------------------------------------
NOT_AN_OFFICE = Text(
    code="office-none",
    zh="{path} 应是一个机构目录（内有 office.json），实际不是；"
    "请先运行 exam-provision authority create。",
    en="expected {path} to be an office's folder (with office.json), it is none; run "
    "exam-provision authority create first.",
)
PART_MISSING = Text(
    code="office-part",
    zh="缺少 {path}；如果根密钥存放在别处，请插上并用 --root 指明。",
    en="{path} is missing; where the root is kept elsewhere, plug it in and name it by --root.",
)
OFFICE_THERE = Text(
    code="office-there",
    zh="{path} 已经是一个机构目录；不会覆盖其密钥，请换一个空目录。",
    en="{path} is an office's folder already and its keys are not overwritten; name an empty one.",
)
NAME_TAKEN = Text(
    code="name-taken",
    zh="{kind} {name} 已经存在；请换一个名称，或先吊销原来的。",
    en="{kind} {name} exists already; choose another name, or revoke the old one first.",
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
    zh="机构地址应形如 https://主机:端口，实际为 {came}；请更正。",
    en="expected an address of the form https://host:port, got {came}; correct it.",
)
