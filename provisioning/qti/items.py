"""Turn one ``assessmentItem`` into an item of the paper and its key, apart.

The item that leaves here holds no key, no feedback and no scorer's rubric; those go into
the `ItemKey`. An item with any problem is not taken.
"""

from decimal import Decimal
from typing import Final

from exam import paper
from provisioning.problems import Problems
from provisioning.qti import bounds, html, messages, xml
from provisioning.qti.counting import Counting, Source
from provisioning.qti.html import Renderer
from provisioning.qti.keys import Declaration
from provisioning.qti.labels import make_labels

_KNOWN: Final = ("choiceInteraction", "textEntryInteraction", "extendedTextInteraction")
_PARTS: Final = frozenset(
    {
        "responseDeclaration", "outcomeDeclaration", "contextDeclaration", "itemBody",
        "responseProcessing", "stylesheet", "catalogInfo", "apipAccessibility",
    }
)  # fmt: skip
"""What an item may hold beside its body; looks and reading aids are the seat's own."""
_TRUE: Final = frozenset({"对", "正确", "是", "√", "✓", "true", "right", "correct", "yes", "t"})
_FALSE: Final = frozenset({"错", "错误", "否", "×", "✗", "false", "wrong", "incorrect", "no", "f"})
_DEFAULT_LENGTH: Final = 12


def convert_item(
    source: Source, renderer: Renderer, problems: Problems
) -> tuple[paper.Item, paper.ItemKey] | None:
    """Return the item and its key, or None with the reasons written to ``problems``."""
    before = len(problems)
    interactions = _interactions(source, renderer, problems)
    if len(problems) > before or not interactions:
        return None
    counting = Counting(source, interactions, problems)
    match xml.name(interactions[0]):
        case "choiceInteraction":
            made = _choice(source, interactions[0], counting, renderer)
        case "textEntryInteraction":
            made = _text_entry(source, interactions, counting, renderer)
        case _:
            made = _extended_text(source, interactions[0], counting, renderer)
    return made if len(problems) == before else None


def _interactions(source: Source, renderer: Renderer, problems: Problems) -> list[xml.Element]:
    """Return the item's interactions: one choice, one extended text, or text entries."""
    place = renderer.place(source.root)
    if xml.attribute(source.root, "adaptive") == "true":
        problems.add(messages.ADAPTIVE, place, name="adaptive")
    _check_children(source.root, renderer, problems)
    body = xml.child(source.root, "itemBody")
    everything = () if body is None else body.iterdescendants()
    found = [e for e in everything if xml.name(e).endswith("Interaction")]
    for element in found:
        if xml.name(element) not in _KNOWN:
            where = renderer.place(element)
            problems.add(messages.INTERACTION, where, name=xml.written_name(element))
    kinds = [xml.name(element) for element in found]
    if not found:
        problems.add(messages.NO_INTERACTION, place)
    elif len(found) > 1 and set(kinds) != {"textEntryInteraction"} and set(kinds) <= set(_KNOWN):
        problems.add(messages.MIXED_INTERACTIONS, place, came=", ".join(kinds))
    return found


def _check_children(root: xml.Element, renderer: Renderer, problems: Problems) -> None:
    """Refuse parts of an item that change what is asked and that we do not have."""
    for element in root:
        name, place = xml.name(element), renderer.place(element)
        if name in ("templateDeclaration", "templateProcessing"):
            problems.add(messages.ADAPTIVE, place, name=xml.written_name(element))
        elif name == "modalFeedback":
            renderer.notes.add(messages.FEEDBACK_LEFT_OUT, place, name=xml.written_name(element))
        elif name not in _PARTS:
            problems.add(messages.UNKNOWN_ELEMENT, place, name=xml.written_name(element))


# --- choices ---------------------------------------------------------------------------


def _choice(
    source: Source, element: xml.Element, counting: Counting, renderer: Renderer
) -> tuple[paper.Item, paper.ItemKey]:
    most = counting.number(element, "maxChoices", 1)
    options, labels = _options(element, counting, renderer)
    declared = counting.declarations.get(xml.attribute(element, "responseIdentifier"))
    key = _choice_key(source, element, declared, labels, counting, renderer, most=most)
    body = _body(source.root, renderer)
    item: paper.Item
    shuffle = xml.attribute(element, "shuffle") == "true"
    if most != 1:
        item = paper.MultipleChoice(
            id=source.label,
            points=key.points,
            body=body,
            options=options,
            shuffle=shuffle,
            min_choices=_fewest(element, counting, most or len(options)),
            max_choices=most,
        )
    elif (pair := _true_first(options)) is not None:
        item = paper.TrueFalse(id=source.label, points=key.points, body=body, options=pair)
    else:
        item = paper.SingleChoice(
            id=source.label, points=key.points, body=body, options=options, shuffle=shuffle
        )
    return item, key


def _options(
    element: xml.Element, counting: Counting, renderer: Renderer
) -> tuple[tuple[paper.Option, ...], dict[str, str]]:
    choices = list(xml.children(element, "simpleChoice"))
    written = [xml.attribute(choice, "identifier") for choice in choices]
    if len(choices) < 2:  # noqa: PLR2004 (a choice is between two)
        counting.add(messages.FEW_OPTIONS, element, came=len(choices))
    for choice, identifier in zip(choices, written, strict=True):
        if written.count(identifier) > 1:
            counting.add(messages.OPTION_TWICE, choice, came=repr(identifier))
    labels = make_labels(written, "option")
    options = tuple(
        paper.Option(
            id=labels[identifier],
            content=renderer.render(choice),
            fixed=xml.attribute(choice, "fixed") == "true",
        )
        for choice, identifier in zip(choices, written, strict=True)
    )
    return options, labels


def _fewest(element: xml.Element, counting: Counting, most: int) -> int:
    """Return ``minChoices``, which nobody could fulfil above ``most``."""
    fewest = counting.number(element, "minChoices", 0)
    if fewest > most:
        counting.add(messages.MIN_CHOICES, element, expected=most, came=fewest)
    return fewest


def _true_first(
    options: tuple[paper.Option, ...],
) -> tuple[paper.Option, paper.Option] | None:
    """Return the two options with the true one first, if they say true and false."""
    if len(options) != 2:  # noqa: PLR2004 (true and false)
        return None
    first, second = options
    said = tuple(html.plain(option.content).casefold().rstrip("。.") for option in options)
    if said[0] in _TRUE and said[1] in _FALSE:
        return first, second
    if said[0] in _FALSE and said[1] in _TRUE:
        return second, first
    return None


def _choice_key(
    source: Source,
    element: xml.Element,
    declared: Declaration | None,
    labels: dict[str, str],
    counting: Counting,
    renderer: Renderer,
    *,
    most: int,
) -> paper.ItemKey:
    nothing = paper.ItemKey(item=source.label, points=0)
    if declared is None:
        return nothing
    _check_choice(element, declared, labels, counting, most=most)
    rule = counting.rules.get(declared.identifier)
    if rule is None:
        return nothing
    if rule.kind == "match":
        if declared.entries and not declared.correct:  # choosing nothing would earn it
            counting.add(messages.NO_KEY, element, name=declared.identifier)
        return paper.ItemKey(
            item=source.label,
            points=counting.points(rule.value),
            options=tuple(sorted(labels[v] for v in declared.correct if v in labels)),
        )
    if not declared.entries:
        counting.add(messages.NO_KEY, element, name=declared.identifier)
        return nothing
    values = bounds.option_values(declared, labels)
    bounds.check_choice_bounds(
        element, declared, values.values(), counting, renderer.notes, most=most
    )
    return paper.ItemKey(
        item=source.label,
        points=counting.points(bounds.best_choice(declared, values.values(), most)),
        options=tuple(sorted(labels[v] for v in declared.correct if v in labels)),
        option_points={o: counting.hundredths(v) for o, v in sorted(values.items())},
    )


def _check_choice(
    element: xml.Element,
    declared: Declaration,
    labels: dict[str, str],
    counting: Counting,
    *,
    most: int,
) -> None:
    expected = "single" if most == 1 else "multiple"
    if declared.cardinality != expected:
        counting.add(
            messages.CARDINALITY, element, expected=expected, came=repr(declared.cardinality)
        )
    known = ", ".join(labels)
    for value in (*declared.correct, *(entry.key for entry in declared.entries)):
        if value not in labels:
            counting.add(messages.KEY_UNKNOWN_OPTION, element, came=repr(value), expected=known)
    if not declared.correct and not declared.entries:
        counting.add(messages.NO_KEY, element, name=declared.identifier)
    if most and len(declared.correct) > most:
        counting.add(messages.KEY_COUNT, element, expected=most, came=len(declared.correct))


# --- texts -----------------------------------------------------------------------------


def _text_entry(
    source: Source, elements: list[xml.Element], counting: Counting, renderer: Renderer
) -> tuple[paper.Item, paper.ItemKey]:
    renderer.blanks = make_labels(counting.declarations, "blank")
    texts: dict[str, tuple[paper.AcceptedText, ...]] = {}
    reachable = Decimal(0)
    blanks = []
    for element in elements:
        identifier = xml.attribute(element, "responseIdentifier")
        declared = counting.declarations.get(identifier)
        if declared is None:
            continue
        label = renderer.blanks[identifier]
        length = counting.number(element, "expectedLength", _DEFAULT_LENGTH)
        blanks.append(paper.Blank(id=label, expected_length=length))
        accepted, best = _accepted(element, declared, counting)
        texts[label] = accepted
        reachable += best
    points = counting.points(reachable)
    body = _body(source.root, renderer)
    for element in elements:
        own = renderer.blanks.get(xml.attribute(element, "responseIdentifier"))
        if own is not None and f'data-blank="{own}"' not in body:
            counting.add(messages.HIDDEN_BLANK, element, name=own)
    return (
        paper.TextEntry(id=source.label, points=points, body=body, blanks=tuple(blanks)),
        paper.ItemKey(item=source.label, points=points, texts=texts),
    )


def _accepted(
    element: xml.Element, declared: Declaration, counting: Counting
) -> tuple[tuple[paper.AcceptedText, ...], Decimal]:
    """Return what a blank accepts and the most that it earns before weighting."""
    if declared.cardinality != "single":
        counting.add(
            messages.CARDINALITY, element, expected="single", came=repr(declared.cardinality)
        )
    rule = counting.rules.get(declared.identifier)
    if rule is not None and rule.kind == "match":
        earned = counting.hundredths(rule.value)
        texts = tuple(paper.AcceptedText(text=t, points=earned) for t in declared.correct)
        best = rule.value
    else:
        bounds.check_text_bounds(element, declared, counting)
        earns = [bounds.text_value(declared, entry.value) for entry in declared.entries]
        texts = tuple(
            paper.AcceptedText(
                text=entry.key,
                points=counting.hundredths(value),
                case_sensitive=entry.case_sensitive,
            )
            for entry, value in zip(declared.entries, earns, strict=True)
        )
        best = max(earns, default=Decimal(0))
    if rule is not None and not texts:
        counting.add(messages.NO_KEY, element, name=declared.identifier)
    return texts, best


def _extended_text(
    source: Source, element: xml.Element, counting: Counting, renderer: Renderer
) -> tuple[paper.Item, paper.ItemKey]:
    points = counting.points(None)
    length = counting.number(element, "expectedLength", 0)
    guidance = [
        f"<p>{html.escape(value)}</p>"
        for declared in counting.declarations.values()
        for value in declared.correct
    ]
    guidance += [
        renderer.render(rubric)
        for rubric in xml.descendants(source.root, "rubricBlock")
        if not html.is_for_candidates(rubric)
    ]
    item = paper.ExtendedText(
        id=source.label, points=points, body=_body(source.root, renderer), expected_length=length
    )
    return item, paper.ItemKey(item=source.label, points=points, guidance="".join(guidance))


def _body(root: xml.Element, renderer: Renderer) -> str:
    body = xml.child(root, "itemBody")
    return "" if body is None else renderer.render(body)
