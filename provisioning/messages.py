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
