"""What becomes of the five kinds of item, and of their keys."""

import hashlib

import pytest

from exam import paper
from provisioning.problems import InputRefusedError
from provisioning.qti import convert

TEXT_ENTRY = """
<responseDeclaration identifier="R_1" cardinality="single" baseType="string">
  <mapping defaultValue="0"><mapEntry mapKey="地理信息系统" mappedValue="1"/>
    <mapEntry mapKey="GIS" mappedValue="1" caseSensitive="false"/></mapping>
</responseDeclaration>
<responseDeclaration identifier="R_2" cardinality="single" baseType="string">
  <mapping defaultValue="0"><mapEntry mapKey="物联网" mappedValue="2"/></mapping>
</responseDeclaration>
<itemBody><p>二者是<textEntryInteraction responseIdentifier="R_1" expectedLength="8"/>和
<textEntryInteraction responseIdentifier="R_2"/>。</p></itemBody>
<responseProcessing><setOutcomeValue identifier="SCORE"><sum>
  <mapResponse identifier="R_1"/><mapResponse identifier="R_2"/>
</sum></setOutcomeValue></responseProcessing>
"""
EXTENDED = """
<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="string">
  <correctResponse><value>先摸底 &lt;再建模</value></correctResponse></responseDeclaration>
<outcomeDeclaration identifier="MAXSCORE" cardinality="single" baseType="float">
  <defaultValue><value>10</value></defaultValue></outcomeDeclaration>
<itemBody><rubricBlock view="scorer"><p>每点 2 分</p></rubricBlock>
<extendedTextInteraction responseIdentifier="RESPONSE" expectedLength="300">
<prompt>简述建设步骤。</prompt></extendedTextInteraction></itemBody>
"""
MAPPING = """<mapping defaultValue="0"><mapEntry mapKey="A" mappedValue="2"/>
<mapEntry mapKey="B" mappedValue="1"/><mapEntry mapKey="C" mappedValue="-1"/></mapping>"""
V3 = """<?xml version="1.0" encoding="UTF-8"?>
<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="Q1"
  title="t" time-dependent="false" xml:lang="zh-CN">
  <qti-response-declaration identifier="RESPONSE" cardinality="multiple" base-type="identifier">
    <qti-correct-response><qti-value>A</qti-value><qti-value>C</qti-value></qti-correct-response>
    <qti-mapping lower-bound="0" upper-bound="2" default-value="0">
      <qti-map-entry map-key="A" mapped-value="1"/><qti-map-entry map-key="C" mapped-value="1"/>
      <qti-map-entry map-key="B" mapped-value="-1"/>
    </qti-mapping>
  </qti-response-declaration>
  <qti-item-body>
    <qti-choice-interaction response-identifier="RESPONSE" max-choices="0" min-choices="1">
      <qti-prompt>哪些属于 CIM？</qti-prompt>
      <qti-simple-choice identifier="A">BIM</qti-simple-choice>
      <qti-simple-choice identifier="B">算盘</qti-simple-choice>
      <qti-simple-choice identifier="C" fixed="true">GIS</qti-simple-choice>
    </qti-choice-interaction>
  </qti-item-body>
  <qti-response-processing
    template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/map_response.xml"/>
</qti-assessment-item>"""


def only_item(data):
    converted = convert(data, subject="theory")
    (item,) = converted.paper.items
    (key,) = converted.keys.items
    return item, key, converted


@pytest.mark.parametrize("version", ["2.1", "2.2"])
def test_single_choice_and_its_key_part(version, package, make_choice):
    """A single choice keeps its text and options; the right one stands in the key only."""
    package.version = version
    package.add_item("Q_1", make_choice())
    item, key, converted = only_item(package.build())
    assert item == paper.SingleChoice(
        id="q-1",
        points=100,
        body="<div>CIM 的基础是什么？</div>",
        options=(
            paper.Option(id="a", content="纸质图纸"),
            paper.Option(id="b", content="BIM、GIS 与 IoT"),
            paper.Option(id="c", content="传真"),
        ),
        shuffle=True,
    )
    assert key == paper.ItemKey(item="q-1", points=100, options=("b",))
    assert converted.identifiers == {"Q_1": "q-1"}


def test_qti_3_multiple_choice_with_partial_credit(package):
    """QTI 3.0's names are read as 2.x's; a mapping becomes points by option."""
    package.version = "3.0"
    package.add_raw("q1.xml", V3)
    item, key, _ = only_item(package.build())
    assert isinstance(item, paper.MultipleChoice)
    assert (item.min_choices, item.max_choices, item.points) == (1, 0, 200)
    assert [option.fixed for option in item.options] == [False, False, True]
    assert key.options == ("a", "c")
    assert key.option_points == {"a": 100, "b": -100, "c": 100}


def test_true_false_puts_the_true_option_first(package, make_choice):
    """Two options that say wrong and right make a true/false item, true first."""
    package.add_item("Q1", make_choice(options={"F": "错误", "T": "正确"}, key=("T",)))
    item, key, _ = only_item(package.build())
    assert isinstance(item, paper.TrueFalse)
    assert [option.id for option in item.options] == ["t", "f"]
    assert key.options == ("t",)


def test_several_blanks_inline(package):
    """Blanks stand as spans where the interactions stood; each has its texts and points."""
    package.add_item("Q1", TEXT_ENTRY)
    item, key, _ = only_item(package.build())
    assert isinstance(item, paper.TextEntry)
    assert item.points == 300
    assert item.body == (
        '<p>二者是<span data-blank="r-1"></span>和\n<span data-blank="r-2"></span>。</p>'
    )
    assert item.blanks == (
        paper.Blank(id="r-1", expected_length=8),
        paper.Blank(id="r-2", expected_length=12),
    )
    assert key.texts["r-1"] == (
        paper.AcceptedText(text="地理信息系统", points=100),
        paper.AcceptedText(text="GIS", points=100, case_sensitive=False),
    )
    assert key.texts["r-2"] == (paper.AcceptedText(text="物联网", points=200),)


def test_extended_text_keeps_guidance_at_the_office(package):
    """Model answer and scorer's rubric go to the markers, not into the paper."""
    package.add_item("Q1", EXTENDED)
    item, key, _ = only_item(package.build())
    assert item == paper.ExtendedText(
        id="q1", points=1000, body="<div>简述建设步骤。</div>", expected_length=300
    )
    assert "先摸底" in key.guidance
    assert "&lt;再建模" in key.guidance
    assert "每点 2 分" in key.guidance


def test_test_gives_order_headings_and_weights(package, make_choice):
    """The assessment test decides order, headings, instructions, shuffling and points."""
    first = package.add_item("Q1", make_choice())
    second = package.add_item("Q2", make_choice())
    package.add_test(
        '<assessmentSection identifier="s" title="一、单选题" visible="true">'
        '<ordering shuffle="true"/><rubricBlock view="candidate"><p>每题 2.5 分</p></rubricBlock>'
        f'<assessmentItemRef identifier="Q2" href="{second}">'
        '<weight identifier="WEIGHT" value="2.5"/></assessmentItemRef>'
        f'<assessmentItemRef identifier="Q1" href="{first}"/></assessmentSection>'
    )
    made = convert(package.build(), subject="theory").paper
    (part,) = made.parts
    assert made.title == "模拟试卷"
    assert made.language == "zh-CN"
    assert (part.title, part.instructions, part.shuffle) == (
        "一、单选题",
        "<p>每题 2.5 分</p>",
        True,
    )
    assert [(item.id, item.points) for item in part.items] == [("q2", 250), ("q1", 100)]


def test_pictures_are_named_by_digest_once(package, make_choice):
    """A picture used twice is one asset, named by its digest, its bytes unchanged."""
    content = package.add_picture("images/图 1.png")
    digest = hashlib.sha256(content).hexdigest()
    picture = '<p><img src="../images/%E5%9B%BE%201.png" alt="总体架构"/></p>'
    package.add_item("Q1", make_choice(body=picture))
    package.add_item("Q2", make_choice(body=picture))
    converted = convert(package.build(), subject="theory")
    (asset,) = converted.paper.assets
    assert asset == paper.Asset(
        name=f"{digest}.png", media_type="image/png", size=len(content), sha256=digest
    )
    assert converted.assets == {f"{digest}.png": content}
    assert f'src="assets/{digest}.png"' in converted.paper.items[0].body


def test_tables_and_formulas_survive_cleaning(package, make_choice):
    """Tables keep their spans, MathML its structure; second forms of a formula are dropped."""
    body = (
        '<table onclick="x()" style="color:red"><tr><th colspan="2">层级</th></tr>'
        "<tr><td>省</td><td>市</td></tr></table>"
        '<p><m:math xmlns:m="http://www.w3.org/1998/Math/MathML" display="block"><m:semantics>'
        "<m:mfrac><m:mi>a</m:mi><m:mn>2</m:mn></m:mfrac>"
        '<m:annotation encoding="application/x-tex">\\frac a2</m:annotation></m:semantics>'
        "</m:math></p>"
    )
    package.add_item("Q1", make_choice(body=body))
    item, _, _ = only_item(package.build())
    assert '<th colspan="2">层级</th>' in item.body
    assert (
        '<math display="block"><semantics><mfrac><mi>a</mi><mn>2</mn></mfrac></semantics></math>'
        in item.body
    )
    assert "onclick" not in item.body
    assert "style" not in item.body
    assert "frac a2" not in item.body


def test_feedback_never_reaches_the_paper(package, make_choice):
    """Feedback in the body would tell the answer: left out, and said so in a note."""
    body = (
        '<feedbackBlock outcomeIdentifier="F" identifier="ok" showHide="show">'
        "<p>正确答案是 B</p></feedbackBlock>"
    )
    package.add_item("Q1", make_choice(body=body))
    item, _, converted = only_item(package.build())
    assert "正确答案" not in item.body
    assert [note.code for note in converted.notes] == ["qti-note-feedback"]


def test_an_authors_blank_marker_is_no_blank(package, make_choice):
    """Only a text entry interaction makes a blank: the author's data-blank is dropped."""
    package.add_item("Q1", make_choice(body='<p><span data-blank="x">甲</span></p>'))
    item, _, _ = only_item(package.build())
    assert "data-blank" not in item.body


def test_no_answer_in_the_encoded_paper(package):
    """The paper as it will be sealed contains none of the accepted texts."""
    package.add_item("Q1", TEXT_ENTRY)
    made = convert(package.build(), subject="theory").paper
    assert "GIS" not in str(made)
    assert "物联网" not in str(made)


def refused(package):
    with pytest.raises(InputRefusedError) as caught:
        convert(package.build(), subject="theory")
    return caught.value.problems


@pytest.mark.parametrize(
    "name",
    ["hotspotInteraction", "orderInteraction", "inlineChoiceInteraction", "sliderInteraction"],
)
def test_other_interactions_are_refused_by_name(name, package):
    """An interaction that we do not have is refused with its name, item, file and line."""
    package.add_item("Q7", f'<itemBody>\n<{name} responseIdentifier="R"/></itemBody>')
    (problem,) = refused(package)
    assert problem.code == "qti-interaction"
    assert problem.values["name"] == name
    assert (problem.place.file, problem.place.item, problem.place.line) == ("items/Q7.xml", "Q7", 4)
    assert name in problem.show("zh")
    assert name in problem.show("en")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": ("Z",)}, "qti-key-option"),
        ({"key": ()}, "qti-no-key"),
        ({"key": ("A", "B")}, "qti-key-count"),
        ({"key": ("A", "B", "C"), "most": 2}, "qti-key-count"),
        ({"key": (), "extra": MAPPING}, "qti-no-key"),
        ({"options": {"A": "甲"}, "key": ("A",)}, "qti-few-options"),
        ({"template": "http://example.org/own"}, "qti-processing"),
        ({"body": "<script>alert(1)</script>"}, "qti-element"),
        ({"body": '<p><a href="http://x">x</a></p>'}, "qti-element"),
        ({"body": '<p><img src="http://x/y.png" alt=""/></p>'}, "qti-outside"),
        ({"body": '<p><img src="data:image/png;base64,AA" alt=""/></p>'}, "qti-outside"),
        ({"body": '<p><img src="../../../etc/passwd" alt=""/></p>'}, "zip-path"),
        ({"body": '<p><img src="missing.png" alt=""/></p>'}, "qti-missing-file"),
        ({"body": '<p><printedVariable identifier="x"/></p>'}, "qti-adaptive"),
    ],
)
def test_a_bad_item_is_refused(changes, code, package, make_choice):
    """Each fault of an item has its own code."""
    package.add_item("Q1", make_choice(**changes))
    assert [problem.code for problem in refused(package)] == [code]


@pytest.mark.parametrize("name", ["assessmentStimulusRef", "companionMaterialsInfo"])
def test_parts_that_would_be_lost_are_refused(name, package, make_choice):
    """A shared passage or companion material is no small print: refused by its name."""
    package.add_item("Q1", f'<{name} identifier="s" href="s.xml"/>' + make_choice())
    (problem,) = refused(package)
    assert (problem.code, problem.values["name"]) == ("qti-element", name)


def test_modal_feedback_is_left_out_and_noted(package, make_choice):
    """Feedback after the item never reaches the paper."""
    feedback = (
        '<modalFeedback outcomeIdentifier="F" identifier="x" showHide="show">选 B</modalFeedback>'
    )
    package.add_item("Q1", make_choice() + feedback)
    _, _, converted = only_item(package.build())
    assert "选 B" not in str(converted.paper)
    assert [note.code for note in converted.notes] == ["qti-note-feedback"]


def test_a_blank_in_feedback_is_refused(package):
    """A blank that nobody can see would count against everybody."""
    inner = TEXT_ENTRY.replace(
        '和\n<textEntryInteraction responseIdentifier="R_2"/>',
        '<feedbackInline outcomeIdentifier="F" identifier="x" showHide="show">'
        '<textEntryInteraction responseIdentifier="R_2"/></feedbackInline>',
    )
    package.add_item("Q1", inner)
    assert [problem.code for problem in refused(package)] == ["qti-hidden-blank"]


@pytest.mark.parametrize("length", ["-1", "2.5", "1e9999", "many"])
def test_numbers_out_of_reason_are_refused(length, package):
    """A length that is no whole number, or beyond reason, is reported with its place."""
    package.add_item("Q1", EXTENDED.replace('"300"', f'"{length}"'))
    assert [problem.code for problem in refused(package)] == ["qti-number"]


def test_two_kinds_in_one_item_are_refused(package):
    """A choice and a text in one item cannot be answered as one response."""
    inner = """<itemBody><extendedTextInteraction responseIdentifier="A"/>
    <choiceInteraction responseIdentifier="B" maxChoices="1"/></itemBody>"""
    package.add_item("Q1", inner)
    assert [problem.code for problem in refused(package)] == ["qti-mixed"]


def test_points_that_the_key_cannot_give_are_refused(package, make_choice):
    """MAXSCORE 3 under match_correct, which gives 1, would rob every candidate of 2."""
    maximum = (
        '<outcomeDeclaration identifier="MAXSCORE" cardinality="single" baseType="float">'
        "<defaultValue><value>3</value></defaultValue></outcomeDeclaration>"
    )
    package.add_item("Q1", maximum + make_choice())
    assert [problem.code for problem in refused(package)] == ["qti-points"]


def test_points_are_those_of_the_best_choice_that_is_allowed(package, templates):
    """With two options to choose at most, the third good one adds nothing to what is reachable."""
    text = (
        '<responseDeclaration identifier="R" cardinality="multiple" baseType="identifier">'
        + MAPPING.replace('"-1"', '"0.5"')
        + '</responseDeclaration><itemBody><choiceInteraction responseIdentifier="R" '
        'maxChoices="2" minChoices="{fewest}"><simpleChoice identifier="A">甲</simpleChoice>'
        '<simpleChoice identifier="B">乙</simpleChoice><simpleChoice identifier="C">丙'
        "</simpleChoice></choiceInteraction></itemBody>"
        f'<responseProcessing template="{templates["map"]}"/>'
    )
    package.add_item("Q1", text.replace("{fewest}", "1"))
    item, *_ = only_item(package.build())
    assert item.points == 300
    package.add_item("Q2", text.replace("{fewest}", "3"))
    assert [problem.code for problem in refused(package)] == ["qti-min-choices"]


def test_written_out_processing_is_read(package, make_choice):
    """The match template written out, with the points in it, counts as the template."""
    template = '<responseProcessing template="t"/>'
    inner = make_choice(template="t").replace(
        template,
        """<responseProcessing><responseCondition><responseIf><match>
        <variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></match>
        <setOutcomeValue identifier="SCORE"><baseValue baseType="float">2</baseValue>
        </setOutcomeValue></responseIf><responseElse><setOutcomeValue identifier="SCORE">
        <baseValue baseType="float">0</baseValue></setOutcomeValue></responseElse>
        </responseCondition></responseProcessing>""",
    )
    package.add_item("Q1", inner)
    _, key, _ = only_item(package.build())
    assert (key.points, key.options) == (200, ("b",))


def test_all_problems_of_a_package_come_at_once(package, make_choice):
    """A clerk hears of every bad item in one go, and nothing is taken."""
    package.add_item("Q1", make_choice(key=("Z",)))
    package.add_item("Q2", make_choice())
    package.add_item("Q3", '<itemBody><matchInteraction responseIdentifier="R"/></itemBody>')
    problems = refused(package)
    assert [(problem.place.item, problem.code) for problem in problems] == [
        ("Q1", "qti-key-option"),
        ("Q3", "qti-interaction"),
    ]
