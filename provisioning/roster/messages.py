"""What the reader of rosters and photos says to people, in Chinese and English."""

from provisioning.problems import Text

# --- the file --------------------------------------------------------------------------
NOT_A_SHEET = Text(
    code="roster-file",
    zh="应为 .xlsx 或 .csv 表格，实际为 {came}；请在表格软件中另存为 .xlsx。",
    en="expected an .xlsx or .csv spreadsheet, got {came}; save it as .xlsx.",
)
UNKNOWN_ENCODING = Text(
    code="roster-encoding",
    zh="csv 应为 UTF-8 或 GB18030 编码，实际都不是；请另存为 .xlsx。",
    en="expected a csv in UTF-8 or GB18030, got neither; save it as .xlsx.",
)
BAD_CSV = Text(
    code="roster-csv",
    zh="csv 应每行一名考生、引号成对，实际读不下去（{came}）；请另存为 .xlsx。",
    en="expected a csv of one candidate a line with quotes in pairs, it cannot be read on "
    "({came}); save it as .xlsx.",
)
TOO_MANY_ROWS = Text(
    code="roster-rows",
    zh="表格上限为 {limit} 行，第 {came} 行仍有内容；请按考点分成几个文件。",
    en="the limit of a sheet is {limit} rows, row {came} still holds something; give each centre "
    "a file of its own.",
)
NO_HEADER = Text(
    code="roster-no-header",
    zh="前 {limit} 行内应有含「姓名」和「身份证号」的表头，实际没有；"
    "见到的文字有：{came}。请更正表头。",
    en="expected a heading row with name and ID number within the first {limit} rows, found "
    "none; found: {came}. Correct the headings.",
)
SEVERAL_SHEETS = Text(
    code="roster-several-sheets",
    zh="应只有一张含考生的工作表，实际有 {came}；请合并或删去多余的。",
    en="expected one sheet with candidates, got {came}; merge them or delete the others.",
)
HEADER_TWICE = Text(
    code="roster-header-twice",
    zh="「{name}」有两列（{came}）；请删去一列。",
    en="two columns are headed {name} ({came}); delete one.",
)
NO_COLUMN = Text(
    code="roster-no-column",
    zh="本场考试需要「{name}」列，表头中没有；请补上。",
    en="this sitting needs a column {name}, which the headings lack; add it.",
)
NO_ROWS = Text(
    code="roster-no-rows",
    zh="表头下应至少有一名考生，实际没有。",
    en="expected at least one candidate below the headings, found none.",
)
# --- rows ------------------------------------------------------------------------------
EMPTY = Text(
    code="roster-empty",
    zh="「{name}」不能为空；请补填。",
    en="{name} must not be empty; fill it in.",
)
BAD_NAME = Text(
    code="roster-name",
    zh="姓名应为文字（可含间隔号），实际为 {came}；请更正。",
    en="expected a name in letters, got {came}; correct it.",
)
DIGITS_LOST = Text(
    code="roster-digits-lost",
    zh="{came} 被存成了数字，表格软件只保留 15 位，后几位已经丢失；"
    "请把该列设为「文本」格式后按证件重新录入。",
    en="{came} was stored as a number, of which spreadsheets keep 15 digits: the last ones are "
    "lost. Set the column to text and type it again from the document.",
)
ID_FORM = Text(
    code="roster-id-form",
    zh="身份证号应为 18 位（17 位数字加校验码），实际为 {came}（{count} 位）；请按证件更正。",
    en="expected an ID number of 17 digits and a check character, got {came} ({count} "
    "characters); correct it from the document.",
)
ID_BIRTH_DATE = Text(
    code="roster-id-birth",
    zh="身份证号第 7 至 14 位应为出生日期，实际为 {came}，不是可能的日期；请按证件更正。",
    en="expected a date of birth in characters 7 to 14 of the ID number, got {came}, which "
    "cannot be; correct it from the document.",
)
ID_CHECK = Text(
    code="roster-id-check",
    zh="身份证号校验不符（GB 11643）：按前 17 位末位应为 {expected}，实际为 {came}；"
    "必有一位抄错，请按证件更正。",
    en="the ID number fails its check (GB 11643): after its first 17 digits the last should be "
    "{expected}, got {came}; one of them was miscopied: correct it from the document.",
)
BAD_TICKET = Text(
    code="roster-ticket",
    zh="准考证号应为 1 至 32 位字母、数字或连字符，实际为 {came}；请更正。",
    en="expected a ticket number of 1 to 32 letters, digits and hyphens, got {came}; correct it.",
)
BAD_MOBILE = Text(
    code="roster-mobile",
    zh="手机号应为以 1 开头的 11 位数字，实际为 {came}；请更正。",
    en="expected a mobile number of 11 digits beginning with 1, got {came}; correct it.",
)
BAD_MINUTES = Text(
    code="roster-minutes",
    zh="加时应为 0 至 600 的整数（分钟），实际为 {came}；请更正。",
    en="expected extra time of 0 to 600 whole minutes, got {came}; correct it.",
)
UNKNOWN_SEAT = Text(
    code="roster-seat",
    zh="考试计划中没有座位 {came}；已有：{expected}。请更正表格或计划。",
    en="the plan has no seat {came}; it has {expected}. Correct the roster or the plan.",
)
UNKNOWN_SUBJECT = Text(
    code="roster-subject",
    zh="考试计划中没有科目 {came}；已有：{expected}。请更正表格或计划。",
    en="the plan has no subject {came}; it has {expected}. Correct the roster or the plan.",
)
MORE_THAN_SEATS = Text(
    code="roster-more-than-seats",
    zh="名册有 {came} 人，计划只有 {expected} 个座位；请增加座位或另开考场。",
    en="{came} candidates for {expected} seats of the plan; add seats or open another room.",
)
DOUBLE = Text(
    code="roster-double",
    zh="「{name}」{came} 与第 {row} 行重复；请删去一行或更正。",
    en="{name} {came} stands in row {row} too; delete one row or correct it.",
)
# --- photos ----------------------------------------------------------------------------
NO_PHOTO = Text(
    code="photo-missing",
    zh="缺少照片：应有文件「{expected}」（姓名+身份证号，.jpg、.jpeg 或 .png），没有找到；请补交。",
    en="no photo: expected a file {expected} (name+ID number; .jpg, .jpeg or .png), found "
    "none; ask for it.",
)
PHOTO_OTHER_NAME = Text(
    code="photo-name",
    zh="照片「{came}」的身份证号属于 {expected}，姓名却不同；请核对是谁的照片后改名。",
    en="the photo {came} carries the ID number of {expected} but another name; find out whose "
    "it is and rename it.",
)
PHOTO_TWICE = Text(
    code="photo-twice",
    zh="应有一张照片，实际有 {came}；请只留一张。",
    en="expected one photo, got {came}; keep one.",
)
PHOTO_UNREADABLE = Text(
    code="photo-unreadable",
    zh="照片 {name} 应为 {expected} 图片，实际为 {came}；请重新导出。",
    en="expected the photo {name} to be a {expected} picture, got {came}; export it again.",
)
PHOTO_SIZE = Text(
    code="photo-size",
    zh="照片 {name} 的尺寸应为 {expected}，实际为 {came} 像素；请重新裁剪。",
    en="expected the photo {name} to measure {expected}, got {came} pixels; crop it again.",
)
PHOTO_BYTES = Text(
    code="photo-bytes",
    zh="照片 {name} 的文件大小应为 {expected}，实际为 {came}；请重新导出。",
    en="expected the photo {name} to take {expected}, got {came}; export it again.",
)
PHOTO_GREY = Text(
    code="photo-grey",
    zh="照片 {name} 应为彩色，实际为黑白；请补交彩色照片。",
    en="expected the photo {name} in colour, got black and white; ask for one in colour.",
)
NO_FACE = Text(
    code="photo-no-face",
    zh="照片 {name} 中应有一张脸，实际没有找到；请换一张正面免冠照片。",
    en="expected one face in the photo {name}, found none; ask for a frontal photo, bareheaded.",
)
SEVERAL_FACES = Text(
    code="photo-several-faces",
    zh="照片 {name} 中应有一张脸，实际有 {came} 张；请换一张单人照片。",
    en="expected one face in the photo {name}, found {came}; ask for a photo of one person.",
)
# --- notes: taken, but worth knowing ---------------------------------------------------
COLUMN_IGNORED = Text(
    code="roster-note-column",
    zh="未使用的列：{came}。",
    en="columns that are not used: {came}.",
)
FOOTER_IGNORED = Text(
    code="roster-note-footer",
    zh="表尾说明行未作考生处理：{came}。",
    en="taken as a note below the table, not as a candidate: {came}.",
)
GROUND_NOT_WHITE = Text(
    code="photo-note-ground",
    zh="照片 {name} 的底色似乎不是白色，请人工看一眼。",
    en="the ground of the photo {name} does not seem white: have a look.",
)
FILE_OF_NOBODY = Text(
    code="photo-note-nobody",
    zh="文件 {came} 不属于名册上的任何人。",
    en="the file {came} belongs to nobody on the roster.",
)
