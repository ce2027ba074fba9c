"""What the reader of QTI packages says to people, in Chinese and English."""

from provisioning.problems import Text

# --- XML -------------------------------------------------------------------------------
BAD_XML = Text(
    code="qti-xml",
    zh="应为格式良好的 XML，实际：{came}；请在该处更正。",
    en="expected well-formed XML, got: {came}; mend it at this place.",
)
EXTERNAL_ENTITY = Text(
    code="qti-external-entity",
    zh="XML 引用了外部实体 {name}（{came}）；为防泄密一律不读取外部文件，整包拒收。"
    "请删除 DOCTYPE。",
    en="the XML names an external entity {name} ({came}); nothing outside the package is ever "
    "read and the package is refused. Remove the DOCTYPE.",
)
DOCTYPE = Text(
    code="qti-doctype",
    zh="QTI 文件不应有 DOCTYPE 或实体声明，实际有 {came}；请删除。",
    en="expected no DOCTYPE and no entity declarations in QTI, got {came}; remove it.",
)
UNKNOWN_ROOT = Text(
    code="qti-root",
    zh="应为 QTI 2.1、2.2 或 3.0 的 {expected}，实际根元素为 {came}；请按这三个版本之一导出。",
    en="expected {expected} of QTI 2.1, 2.2 or 3.0, got {came}; export as one of these versions.",
)
# --- manifest and test -----------------------------------------------------------------
NO_MANIFEST = Text(
    code="qti-no-manifest",
    zh="包的最上层应有 imsmanifest.xml，实际没有；请把清单文件放在 zip 的最上层，不要外套文件夹。",
    en="expected imsmanifest.xml at the top of the package, found none; put it at the top of "
    "the zip, not inside a folder.",
)
NO_ITEMS = Text(
    code="qti-no-items",
    zh="清单中应至少列出一道 QTI 试题，实际没有；请检查导出内容。",
    en="expected at least one QTI item in the manifest, found none; check what was exported.",
)
SEVERAL_TESTS = Text(
    code="qti-several-tests",
    zh="一个包应只有一份试卷（assessmentTest），实际有 {came} 份；请分开导出。",
    en="expected one assessmentTest in a package, got {came}; export them apart.",
)
MISSING_FILE = Text(
    code="qti-missing-file",
    zh="引用了 {name}，包内没有这个文件；请补上或删除引用。",
    en="{name} is named here but is not in the package; add it or remove the reference.",
)
OUTSIDE_REFERENCE = Text(
    code="qti-outside",
    zh="只能引用包内文件，实际引用 {came}；考场不上网，请把文件放进包内。",
    en="expected a file of the package, got {came}; halls have no internet: put the file into "
    "the package.",
)
ITEM_TWICE = Text(
    code="qti-item-twice",
    zh="试题标识 {name} 出现两次（另见 {came}）；每题标识必须唯一，请更改其一。",
    en="the identifier {name} is used twice (also in {came}); rename one of the items.",
)
TEST_FEATURE = Text(
    code="qti-test-feature",
    zh="试卷使用了 {name}（随机抽题、条件跳转或外部分节），不支持；请导出一份固定试卷。",
    en="the test uses {name} (drawing, branching or sections in other files), which is not "
    "supported; export one fixed paper.",
)
BAD_WEIGHT = Text(
    code="qti-weight",
    zh="分值应为大于 0、至多两位小数的数，实际为 {came}；请更正。",
    en="expected points above 0 with at most two decimals, got {came}; correct it.",
)
# --- items -----------------------------------------------------------------------------
INTERACTION = Text(
    code="qti-interaction",
    zh="题型 {name} 不支持；可用：单选、多选、判断（choiceInteraction）、"
    "填空（textEntryInteraction）、简答（extendedTextInteraction）。请改换题型。",
    en="the interaction {name} is not supported; expected choiceInteraction, "
    "textEntryInteraction or extendedTextInteraction. Change the kind of question.",
)
NO_INTERACTION = Text(
    code="qti-no-interaction",
    zh="该题没有作答部分；应含一个作答题型，请补上，或把说明文字并入所属的题。",
    en="the item has nothing to answer; expected an interaction: add one, or move the text "
    "into the question that it belongs to.",
)
MIXED_INTERACTIONS = Text(
    code="qti-mixed",
    zh="一题应为一个选择题、一个简答，或若干填空，实际为 {came}；请拆成几道题。",
    en="expected one choice, one extended text, or several text entries in an item, got "
    "{came}; split it into several items.",
)
ADAPTIVE = Text(
    code="qti-adaptive",
    zh="该题使用 {name}（自适应或随机题），不支持；请导出固定题目。",
    en="the item uses {name} (adaptive or randomised), which is not supported; export a fixed "
    "item.",
)
UNKNOWN_ELEMENT = Text(
    code="qti-element",
    zh="题面中的元素 {name} 不支持；为免丢失内容不作删减，请改用普通段落、表格、图片或 MathML。",
    en="the element {name} is not supported in a question; nothing is dropped silently: use "
    "paragraphs, tables, pictures or MathML.",
)
NO_DECLARATION = Text(
    code="qti-no-declaration",
    zh="应有标识为 {name} 的 responseDeclaration，实际没有；请补上。",
    en="expected a responseDeclaration {name}, found none; add it.",
)
CARDINALITY = Text(
    code="qti-cardinality",
    zh="该作答的 cardinality 应为 {expected}，实际为 {came}；请更正。",
    en="expected cardinality {expected} for this interaction, got {came}; correct it.",
)
BAD_NUMBER = Text(
    code="qti-number",
    zh="{name} 应为数字，实际为 {came}；请更正。",
    en="expected a number for {name}, got {came}; correct it.",
)
FEW_OPTIONS = Text(
    code="qti-few-options",
    zh="选择题至少应有两个选项，实际有 {came} 个；请补上。",
    en="expected at least two options, got {came}; add what is missing.",
)
OPTION_TWICE = Text(
    code="qti-option-twice",
    zh="选项标识 {came} 出现两次；请更改其一。",
    en="the option identifier {came} is used twice; rename one.",
)
BLANK_TWICE = Text(
    code="qti-blank-twice",
    zh="两个空使用同一个 responseIdentifier {came}；每空应各有一个。",
    en="two blanks share the responseIdentifier {came}; give each its own.",
)
HIDDEN_BLANK = Text(
    code="qti-hidden-blank",
    zh="空 {name} 位于考生看不到的部分（如反馈），无法作答；请移到题面中。",
    en="the blank {name} stands where candidates cannot see it (such as feedback); move it into "
    "the question.",
)
NO_KEY = Text(
    code="qti-no-key",
    zh="{name} 没有标准答案；按 match_correct 计分应有 correctResponse，按 map_response 计分应有 "
    "mapping，请补上。",
    en="{name} has no key; expected a correctResponse where match_correct counts, a mapping where "
    "map_response does: add it.",
)
KEY_UNKNOWN_OPTION = Text(
    code="qti-key-option",
    zh="标准答案为 {came}，但没有这个选项；应为 {expected} 之一，请更正。",
    en="the key is {came}, which is no option; expected one of {expected}: correct it.",
)
KEY_COUNT = Text(
    code="qti-key-count",
    zh="标准答案至多应有 {expected} 个选项，实际有 {came} 个；请更正。",
    en="expected at most {expected} option(s) in the key, got {came}; correct it.",
)
MIN_CHOICES = Text(
    code="qti-min-choices",
    zh="至少选择数（minChoices）应不超过 {expected}，实际为 {came}；请更正。",
    en="expected minChoices of at most {expected}, got {came}; correct it.",
)
PROCESSING = Text(
    code="qti-processing",
    zh="计分方式应为模板 match_correct 或 map_response（或其直接写法），实际为 {came}；"
    "为免计分走样不作猜测，请改用模板。",
    en="expected the response processing template match_correct or map_response (or the same "
    "written out), got {came}; scores are not guessed: use a template.",
)
MAPPING_BOUND = Text(
    code="qti-mapping-bound",
    zh="mapping 的 {name} 为 {came}，无法照此计分：一题最低 0 分，未列出的答案不得分；"
    '请改为 lowerBound="0"，upperBound 应大于 0 且不低于 lowerBound。',
    en="the mapping's {name} is {came}, by which no item can be counted here: an item earns no "
    'less than 0, and an answer that is not listed earns nothing; expected lowerBound="0" and an '
    "upperBound above 0.",
)
POINTS_UNREACHABLE = Text(
    code="qti-points",
    zh="按标准答案最多得 {came} 分，与该题分值 {expected} 分不符；请更正 mapping 或 MAXSCORE。",
    en="the key gives at most {came} points, but the item is worth {expected}; correct the "
    "mapping or MAXSCORE.",
)
# --- pictures --------------------------------------------------------------------------
NOT_A_PICTURE = Text(
    code="qti-picture",
    zh="{name} 应为 PNG、JPEG、GIF 或 WebP 图片，实际为 {came}；请转换格式后重新导出。",
    en="expected {name} to be a PNG, JPEG, GIF or WebP picture, got {came}; convert it and "
    "export again.",
)
# --- notes: taken, but worth knowing ---------------------------------------------------
FEEDBACK_LEFT_OUT = Text(
    code="qti-note-feedback",
    zh="{name} 会在考试中提示答案，已从考生试卷中去除。",
    en="{name} would tell the answer during the exam and was left out of the paper.",
)
BELOW_NOTHING = Text(
    code="qti-note-below-nothing",
    zh="mapping 没有 lowerBound，所选选项合计最低可为 {came} 分；低于 0 时按 0 分计。",
    en="the mapping has no lowerBound and the options chosen can come to {came}; below 0 it counts "
    "as 0.",
)
