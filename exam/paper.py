"""Papers, their items, and what a candidate answers.

The paper that travels to a seat carries no answer key: `Paper` has no field for
one, and `AnswerKeys` never leaves the office. Content is HTML that provisioning
has cleaned; pictures are named ``assets/<sha256>.<ext>`` within it, and a gap to
fill in stands as ``<span data-blank="BLANK_ID"></span>``.

A response names items, options and blanks by identifier, never by position.
"""

import msgspec

from exam.identifiers import Digest, Label
from exam.quantities import Count, Offset, Ordinal


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen value whose unknown fields are refused."""


class Option(_Value, frozen=True, kw_only=True):
    """One choice of a question; ``content`` is clean HTML.

    A ``fixed`` option keeps its place when the others are shuffled ("all of the above").
    """

    id: Label
    content: str
    fixed: bool = False


class Blank(_Value, frozen=True, kw_only=True):
    """A gap to fill in; ``expected_length`` in characters sets the width of its field."""

    id: Label
    expected_length: Count = 12


class _Item(_Value, frozen=True, kw_only=True, tag_field="type"):
    id: Label
    points: Count
    """Most points that the item gives, in hundredths of a point (2.5 points = 250)."""
    body: str
    """The question, as clean HTML."""


class SingleChoice(_Item, frozen=True, kw_only=True, tag="single_choice"):
    """单选题: exactly one option."""

    options: tuple[Option, ...]
    shuffle: bool = False


class MultipleChoice(_Item, frozen=True, kw_only=True, tag="multiple_choice"):
    """多选题: between ``min_choices`` and ``max_choices`` options (0 = no upper limit)."""

    options: tuple[Option, ...]
    shuffle: bool = False
    min_choices: Count = 0
    max_choices: Count = 0


class TrueFalse(_Item, frozen=True, kw_only=True, tag="true_false"):
    """判断题: two options, the first of which says that it is true."""

    options: tuple[Option, Option]


class TextEntry(_Item, frozen=True, kw_only=True, tag="text_entry"):
    """填空题: one or more blanks within the body."""

    blanks: tuple[Blank, ...]


class ExtendedText(_Item, frozen=True, kw_only=True, tag="extended_text"):
    """简答题: a longer text; ``expected_length`` in characters, 0 where none is given."""

    expected_length: Count = 0


Item = SingleChoice | MultipleChoice | TrueFalse | TextEntry | ExtendedText


class Part(_Value, frozen=True, kw_only=True):
    """Items under one heading, in the order of the paper; ``shuffle`` permits another order."""

    title: str
    items: tuple[Item, ...]
    shuffle: bool = False
    instructions: str = ""
    """What stands below the heading, as clean HTML."""


class Asset(_Value, frozen=True, kw_only=True):
    """A picture of the paper. ``name`` is ``<sha256>.<ext>``; ``size`` in bytes."""

    name: str
    media_type: str
    size: Count
    sha256: Digest


class Paper(_Value, frozen=True, kw_only=True):
    """What the candidates of one subject see.

    ``revision`` counts from 1 and grows when a paper is replaced before its release.
    """

    subject: Label
    revision: Ordinal
    title: str
    language: str
    """BCP 47 tag of the content, such as ``zh-CN``."""
    parts: tuple[Part, ...]
    assets: tuple[Asset, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        """All items in the order of the paper."""
        return tuple(item for part in self.parts for item in part.items)


class ItemOrder(_Value, frozen=True, kw_only=True):
    """The order in which one candidate sees one item's options."""

    item: Label
    options: tuple[Label, ...] = ()


# --- what the office keeps -------------------------------------------------------------


class AcceptedText(_Value, frozen=True, kw_only=True):
    """A text that earns ``points`` (hundredths) when it stands in its blank."""

    text: str
    points: Offset
    case_sensitive: bool = True


class ItemKey(_Value, frozen=True, kw_only=True):
    """What earns the points of one item.

    Choices: ``options`` is the right set, and earns all points when it is chosen exactly
    (QTI ``match_correct``); where ``option_points`` is given, the sum over the chosen options
    counts instead, kept within 0 and ``points`` (QTI ``map_response``).
    Blanks: ``texts`` by blank, each with all that is accepted; a blank earns its best match.
    All empty where a marker decides; ``guidance`` (clean HTML) is for markers.
    """

    item: Label
    points: Count
    options: tuple[Label, ...] = ()
    option_points: dict[Label, Offset] = msgspec.field(default_factory=dict)
    texts: dict[Label, tuple[AcceptedText, ...]] = msgspec.field(default_factory=dict)
    guidance: str = ""


class AnswerKeys(_Value, frozen=True, kw_only=True):
    """The keys of one paper. They stay at the office."""

    subject: Label
    revision: Ordinal
    items: tuple[ItemKey, ...]


# --- what a candidate answers ----------------------------------------------------------


class _Response(_Value, frozen=True, kw_only=True, tag_field="type"):
    pass


class Chosen(_Response, frozen=True, kw_only=True, tag="chosen"):
    """The options chosen, in the order of their identifiers; none is an answer taken back."""

    options: tuple[Label, ...]


class Written(_Response, frozen=True, kw_only=True, tag="written"):
    """A longer text."""

    text: str


class Filled(_Response, frozen=True, kw_only=True, tag="filled"):
    """The blanks that hold something."""

    blanks: dict[Label, str]


Response = Chosen | Written | Filled


def is_empty(response: Response) -> bool:
    """Say whether the response leaves its item unanswered."""
    match response:
        case Chosen(options=options):
            return not options
        case Written(text=text):
            return not text.strip()
        case Filled(blanks=blanks):
            return not any(text.strip() for text in blanks.values())


class MismatchError(ValueError):
    """A response that does not fit its item."""


def check_fits(item: Item, response: Response) -> None:
    """Raise `MismatchError` unless ``response`` is of ``item``'s kind and names only its parts."""
    match item, response:
        case ((SingleChoice() | TrueFalse()), Chosen(options=chosen)):
            _check_known(item.id, chosen, {option.id for option in item.options})
            if len(chosen) > 1:
                raise MismatchError(f"item {item.id}: expected one option, got {len(chosen)}")
        case MultipleChoice(), Chosen(options=chosen):
            _check_known(item.id, chosen, {option.id for option in item.options})
        case TextEntry(), Filled(blanks=blanks):
            _check_known(item.id, tuple(blanks), {blank.id for blank in item.blanks})
        case ExtendedText(), Written():
            pass
        case _:
            raise MismatchError(
                f"item {item.id} is a {type(item).__name__}; "
                f"got a response of type {type(response).__name__}"
            )


def _check_known(item: str, named: tuple[str, ...], known: set[str]) -> None:
    unknown = sorted(set(named) - known)
    if unknown:
        raise MismatchError(f"item {item}: unknown {', '.join(unknown)}; known: {sorted(known)}")
    if len(set(named)) != len(named):
        raise MismatchError(f"item {item}: the same identifier twice in {named}")
