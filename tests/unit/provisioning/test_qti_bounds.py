"""What a mapping says beside its entries counts, or is refused by its name."""

import pytest

from provisioning.problems import InputRefusedError
from provisioning.qti import convert

CHOICE = (
    '<responseDeclaration identifier="R" cardinality="multiple" baseType="identifier">'
    '<mapping {bounds}><mapEntry mapKey="A" mappedValue="2"/><mapEntry mapKey="B" '
    'mappedValue="1"/><mapEntry mapKey="C" mappedValue="{worst}"/></mapping>'
    '</responseDeclaration><itemBody><choiceInteraction responseIdentifier="R" maxChoices="0">'
    '<simpleChoice identifier="A">甲</simpleChoice><simpleChoice identifier="B">乙</simpleChoice>'
    '<simpleChoice identifier="C">丙</simpleChoice><simpleChoice identifier="D">丁</simpleChoice>'
    '</choiceInteraction></itemBody><responseProcessing template="{template}"/>'
)
BLANK = (
    '<responseDeclaration identifier="R" cardinality="single" baseType="string">'
    '<mapping {bounds}><mapEntry mapKey="地理信息系统" mappedValue="3"/>'
    '<mapEntry mapKey="地图" mappedValue="-1"/></mapping></responseDeclaration>'
    '<itemBody><p>全称是<textEntryInteraction responseIdentifier="R"/></p></itemBody>'
    '<responseProcessing template="{template}"/>'
)


@pytest.fixture
def converted(package, templates):
    """Return an item's key and the notes; what was refused raises."""

    def convert_one(text: str, bounds: str, worst: str = "-1"):
        filled = text.format(bounds=bounds, worst=worst, template=templates["map"])
        package.add_item("Q1", filled)
        done = convert(package.build(), subject="theory")
        return done.keys.items[0], [note.code for note in done.notes]

    return convert_one


@pytest.mark.parametrize(
    ("bounds", "points", "options"),
    [
        ('lowerBound="0"', 300, {"a": 200, "b": 100, "c": -100}),
        ('lowerBound="0" upperBound="2"', 200, {"a": 200, "b": 100, "c": -100}),
        ('lowerBound="0" upperBound="9"', 300, {"a": 200, "b": 100, "c": -100}),
        # the standard's own example of a multiple choice has all three
        (
            'lowerBound="0" upperBound="2" defaultValue="-2"',
            200,
            {"a": 200, "b": 100, "c": -100, "d": -200},
        ),
    ],
)
def test_the_bounds_of_a_choice_stand_in_its_key(converted, bounds, points, options):
    """The most is the item's points, the least is 0, and what is in no entry has the default."""
    key, notes = converted(CHOICE, bounds)
    assert (key.points, dict(key.option_points), notes) == (points, options, [])


@pytest.mark.parametrize(("worst", "said"), [("-1", ["qti-note-below-nothing"]), ("0", [])])
def test_a_sum_below_nothing_is_noted(converted, worst, said):
    """Without a lowerBound a choice could take points from others: it counts 0, and we say so."""
    _, notes = converted(CHOICE, 'upperBound="3"', worst)
    assert notes == said


@pytest.mark.parametrize(
    ("text", "bounds", "named"),
    [
        (CHOICE, 'lowerBound="1"', "lowerBound"),
        (CHOICE, 'lowerBound="-1"', "lowerBound"),
        (CHOICE, 'lowerBound="0" upperBound="0"', "upperBound"),
        (BLANK, 'lowerBound="1"', "lowerBound"),
        (BLANK, 'upperBound="-1"', "upperBound"),
    ],
)
def test_a_bound_that_no_key_can_hold_is_refused_by_name(converted, text, bounds, named):
    """What would be counted otherwise than the author wrote is not taken."""
    with pytest.raises(InputRefusedError) as refused:
        converted(text, bounds)
    first = refused.value.problems[0]
    assert (first.code, first.values["name"]) == ("qti-mapping-bound", named)
    assert named in first.show("zh")


def test_the_bounds_of_a_blank_are_in_what_each_text_earns(converted):
    """A text earns no more and no less than the bounds say."""
    key, _ = converted(BLANK, 'lowerBound="0" upperBound="2"')
    assert [text.points for text in key.texts["r"]] == [200, 0]
    assert key.points == 200


def test_a_default_for_a_blank_is_refused(converted):
    """Any wrong text would earn it: there is no list of those."""
    with pytest.raises(InputRefusedError) as refused:
        converted(BLANK, 'defaultValue="1"')
    assert [problem.code for problem in refused.value.problems] == ["qti-processing"]
