"""A response fits its item, or says in which way it does not."""

import pytest

from exam.candidates import id_number_check_character
from exam.order import OrderError, OutlineItem, check_order, draw_order, outline
from exam.paper import (
    Blank,
    Chosen,
    ExtendedText,
    Filled,
    Item,
    ItemOrder,
    MismatchError,
    MultipleChoice,
    Option,
    Paper,
    Part,
    Response,
    SingleChoice,
    TextEntry,
    TrueFalse,
    Written,
    check_fits,
    is_empty,
)


def option(name: str, *, fixed: bool = False) -> Option:
    return Option(id=name, content=name, fixed=fixed)


A, B, C, ALL = option("a"), option("b"), option("c"), option("all", fixed=True)
SINGLE = SingleChoice(id="q1", points=100, body="", options=(A, B, C, ALL), shuffle=True)
MULTIPLE = MultipleChoice(id="q2", points=100, body="", options=(A, B, C))
JUDGED = TrueFalse(id="q3", points=100, body="", options=(option("true"), option("false")))
GAPS = TextEntry(id="q4", points=100, body="", blanks=(Blank(id="x"), Blank(id="y")))
ESSAY = ExtendedText(id="q5", points=100, body="")
ITEMS: tuple[Item, ...] = (SINGLE, MULTIPLE, JUDGED, GAPS, ESSAY)
PAPER = Paper(
    subject="theory",
    revision=1,
    title="",
    language="zh-CN",
    parts=(Part(title="", items=ITEMS[:2]), Part(title="", items=ITEMS[2:])),
)


@pytest.mark.parametrize(
    ("item", "response"),
    [
        (SINGLE, Chosen(options=("b",))),
        (SINGLE, Chosen(options=())),
        (MULTIPLE, Chosen(options=("a", "c"))),
        (JUDGED, Chosen(options=("false",))),
        (GAPS, Filled(blanks={"x": "二氧化碳"})),
        (GAPS, Filled(blanks={})),
        (ESSAY, Written(text="")),
    ],
)
def test_responses_that_fit(item: Item, response: Response) -> None:
    """An item takes responses of its own kind that name its own parts, or none."""
    check_fits(item, response)


@pytest.mark.parametrize(
    ("item", "response", "message"),
    [
        (SINGLE, Chosen(options=("a", "b")), "expected one option, got 2"),
        (JUDGED, Chosen(options=("true", "false")), "expected one option, got 2"),
        (SINGLE, Chosen(options=("d",)), "unknown d; known"),
        (MULTIPLE, Chosen(options=("a", "a")), "the same identifier twice"),
        (GAPS, Filled(blanks={"z": "1"}), "unknown z"),
        (GAPS, Written(text="1"), "is a TextEntry; got a response of type Written"),
        (ESSAY, Chosen(options=()), "is a ExtendedText; got a response of type Chosen"),
        (SINGLE, Filled(blanks={"a": "1"}), "is a SingleChoice; got a response of type Filled"),
    ],
)
def test_responses_that_do_not_fit(item: Item, response: Response, message: str) -> None:
    """The refusal names the item, and what was expected of it."""
    with pytest.raises(MismatchError, match=message) as caught:
        check_fits(item, response)
    assert item.id in str(caught.value)


@pytest.mark.parametrize(
    ("response", "empty"),
    [
        (Chosen(options=()), True),
        (Chosen(options=("a",)), False),
        (Written(text=" \n\u3000"), True),
        (Written(text="x"), False),
        (Filled(blanks={}), True),
        (Filled(blanks={"x": " ", "y": ""}), True),
        (Filled(blanks={"x": "", "y": "0"}), False),
    ],
)
def test_what_counts_as_unanswered(response: Response, *, empty: bool) -> None:
    """White space, full width too, is no answer; a nought is one."""
    assert is_empty(response) is empty


def test_an_outline_names_and_shows_nothing() -> None:
    """The outline has items and options by name; only what may move is movable."""
    assert outline(PAPER) == (
        OutlineItem(item="q1", options=("a", "b", "c", "all"), movable=("a", "b", "c")),
        OutlineItem(item="q2", options=("a", "b", "c")),
        OutlineItem(item="q3", options=("true", "false")),
        OutlineItem(item="q4"),
        OutlineItem(item="q5"),
    )


def test_orders_differ_by_seed_and_keep_what_is_fixed() -> None:
    """Of many seeds all six orders come up; "all of the above" stays last, other items unmoved."""
    drawn = [draw_order(outline(PAPER), f"{seed:032x}") for seed in range(100)]
    assert len({order[0].options for order in drawn}) == 6
    for order in drawn:
        check_order(PAPER, order)
        assert order[0].options[3] == "all"
        assert order[1:] == drawn[0][1:]


def test_items_move_within_their_part_only() -> None:
    """A part that permits it gives every order of its items; the others keep their places."""
    items = (
        OutlineItem(item="q1"),
        *(OutlineItem(item=f"q{n}", group=2) for n in (2, 3, 4)),
        OutlineItem(item="q5"),
    )
    drawn = [[o.item for o in draw_order(items, f"{seed:032x}")] for seed in range(100)]
    assert len({tuple(order) for order in drawn}) == 6
    for order in drawn:
        assert (order[0], sorted(order[1:4]), order[4]) == ("q1", ["q2", "q3", "q4"], "q5")


@pytest.mark.parametrize(
    "order",
    [
        (),
        (*draw_order(outline(PAPER), "0" * 32)[:-1], ItemOrder(item="q9")),
        (ItemOrder(item="q1", options=("a", "b", "c")), *draw_order(outline(PAPER), "0")[1:]),
    ],
    ids=["nothing", "another item", "an option less"],
)
def test_an_order_of_another_paper(order: tuple[ItemOrder, ...]) -> None:
    """An order that names other items or options is refused, with the first that differ."""
    with pytest.raises(OrderError, match="of another paper: see q"):
        check_order(PAPER, order)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_check_characters_of_id_numbers(number: str) -> None:
    """The two examples of GB 11643-1999 have the check characters that it gives."""
    assert id_number_check_character(number[:17]) == number[17]
