"""What an item declares and how it counts points: the part that stays at the office.

Two ways of counting are read, as the standard's templates or written out: a response that
equals its ``correctResponse`` earns a value (match_correct), or each of its values earns
what the ``mapping`` says (map_response). Several responses count each on its own and are
added. Any other counting is refused: a score must not rest on a guess.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

import msgspec

from provisioning.problems import Place, Problems
from provisioning.qti import messages, xml
from provisioning.qti.outline import decimal

_TEMPLATE: Final = re.compile(r"(?:^|/)(match_correct|map_response)(?:\.xml)?$")


class MapEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What one value earns."""

    key: str
    value: Decimal
    case_sensitive: bool = True


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """One ``responseDeclaration``."""

    identifier: str
    cardinality: str
    correct: tuple[str, ...] = ()
    entries: tuple[MapEntry, ...] = ()
    default: Decimal = Decimal(0)
    """What a value earns that is in no entry."""
    lower: Decimal | None = None
    upper: Decimal | None = None
    """Within these the response counts, whatever its values earn together."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """How one response counts; ``value`` is what the whole right answer earns (``match``)."""

    kind: Literal["match", "map"]
    value: Decimal = Decimal(1)


def read_declarations(
    root: xml.Element, place: Place, problems: Problems
) -> dict[str, Declaration]:
    """Return the item's response declarations by identifier."""
    found = (
        _read_declaration(element, place, problems)
        for element in xml.children(root, "responseDeclaration")
    )
    return {declaration.identifier: declaration for declaration in found}


def _read_declaration(element: xml.Element, place: Place, problems: Problems) -> Declaration:
    correct = xml.child(element, "correctResponse")
    values = () if correct is None else tuple(xml.text(v) for v in xml.children(correct, "value"))
    declared = Declaration(
        identifier=xml.attribute(element, "identifier"),
        cardinality=xml.attribute(element, "cardinality"),
        correct=values,
    )
    mapping = xml.child(element, "mapping")
    if mapping is None:
        return declared
    return msgspec.structs.replace(
        declared,
        entries=_entries(mapping, place, problems),
        default=_number(mapping, "defaultValue", place, problems, "0"),
        lower=_bound(mapping, "lowerBound", place, problems),
        upper=_bound(mapping, "upperBound", place, problems),
    )


def _bound(mapping: xml.Element, name: str, place: Place, problems: Problems) -> Decimal | None:
    return _number(mapping, name, place, problems) if xml.attribute(mapping, name) else None


def _entries(mapping: xml.Element, place: Place, problems: Problems) -> tuple[MapEntry, ...]:
    return tuple(
        MapEntry(
            key=xml.attribute(entry, "mapKey"),
            value=_number(entry, "mappedValue", place, problems),
            case_sensitive=xml.attribute(entry, "caseSensitive", "true") != "false",
        )
        for entry in xml.children(mapping, "mapEntry")
    )


def _number(
    element: xml.Element, name: str, place: Place, problems: Problems, default: str = ""
) -> Decimal:
    written = xml.attribute(element, name, default)
    value = decimal(written)
    if value is None:
        line = Place(file=place.file, item=place.item, line=xml.line_of(element))
        problems.add(messages.BAD_NUMBER, line, name=name, came=repr(written))
    return Decimal(0) if value is None else value


def read_maximum(root: xml.Element, place: Place, problems: Problems) -> Decimal | None:
    """Return what the item declares as its most points before weighting, if it does."""
    for outcome in xml.children(root, "outcomeDeclaration"):
        identifier = xml.attribute(outcome, "identifier")
        default = xml.child(outcome, "defaultValue")
        value = None if default is None else xml.child(default, "value")
        if identifier == "MAXSCORE" and value is not None:
            number = decimal(xml.text(value))
            if number is None:
                problems.add(messages.BAD_NUMBER, place, name=identifier, came=xml.text(value))
            return number
        if identifier == "SCORE" and xml.attribute(outcome, "normalMaximum"):
            return _number(outcome, "normalMaximum", place, problems)
    return None


# --- counting --------------------------------------------------------------------------


class _UnknownCountingError(Exception):
    """Response processing that is neither of the two ways."""


def read_rules(
    root: xml.Element,
    declarations: dict[str, Declaration],
    maximum: Decimal | None,
    place: Place,
    problems: Problems,
) -> dict[str, Rule]:
    """Return the rule of each response in ``declarations``, or write what was not understood."""
    processing = xml.child(root, "responseProcessing")
    template = "" if processing is None else xml.attribute(processing, "template")
    try:
        if template:
            return _by_template(template, declarations)
        if processing is None or not len(processing):
            return _by_declaration(declarations, maximum)
        return _by_statements(processing, declarations)
    except _UnknownCountingError as error:
        line = xml.line_of(root if processing is None else processing)
        where = Place(file=place.file, item=place.item, line=line)
        problems.add(messages.PROCESSING, where, came=error)
        return {}


def _by_template(template: str, declarations: dict[str, Declaration]) -> dict[str, Rule]:
    known = _TEMPLATE.search(template)
    if known is None:
        raise _UnknownCountingError(template)
    if len(declarations) > 1:
        raise _UnknownCountingError(f"{known.group(1)} over {len(declarations)} responses")
    kind: Literal["match", "map"] = "match" if known.group(1) == "match_correct" else "map"
    return {identifier: Rule(kind=kind) for identifier in declarations}


def _by_declaration(
    declarations: dict[str, Declaration], maximum: Decimal | None
) -> dict[str, Rule]:
    """No processing: a mapping counts as one, a right answer its share of the item's points."""
    whole = Decimal(len(declarations)) if maximum is None else maximum
    share = whole / max(1, len(declarations))
    return {
        identifier: Rule(kind="map") if declared.entries else Rule(kind="match", value=share)
        for identifier, declared in declarations.items()
    }


def _by_statements(
    processing: xml.Element, declarations: dict[str, Declaration]
) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for statement in processing:
        name = xml.name(statement)
        if rules and _overwrites(statement):
            raise _UnknownCountingError("SCORE set again without adding to it")
        if name == "responseCondition":
            rules |= _read_condition(statement)
        elif name == "setOutcomeValue":
            rules |= _read_outcome(statement)
        else:
            raise _UnknownCountingError(xml.written_name(statement))
    missing = sorted(set(declarations) - set(rules))
    if missing:
        raise _UnknownCountingError(f"nothing for {', '.join(missing)}")
    return {identifier: rules[identifier] for identifier in declarations}


def _read_condition(condition: xml.Element) -> dict[str, Rule]:
    """Read ``if R matches its correct response, add a value`` or ``if R is given, map it``."""
    branches = {xml.name(branch): list(branch) for branch in condition}
    if set(branches) - {"responseIf", "responseElse"} or len(branches) != len(condition):
        raise _UnknownCountingError("responseElseIf")
    test, *then = branches.get("responseIf", []) or [condition]
    otherwise = branches.get("responseElse", [])
    if xml.name(test) == "isNull" and all(_sets_nothing(s) for s in then):
        return _merge(_read_outcome(statement) for statement in otherwise)
    if xml.name(test) != "match" or not all(_sets_nothing(s) for s in otherwise):
        raise _UnknownCountingError(f"responseIf/{xml.written_name(test)}")
    identifier = _matched_response(test)
    scores = [value for statement in then if (value := _set_value(statement)) is not None]
    if len(scores) != 1:
        raise _UnknownCountingError("match without one SCORE")
    return {identifier: Rule(kind="match", value=scores[0])}


def _overwrites(statement: xml.Element) -> bool:
    """Say whether a statement replaces SCORE, so that earlier responses would not count."""
    setters = [s for s in statement.iter() if xml.name(s) == "setOutcomeValue" and _is_score(s)]
    return any(not any(_is_own_score(term) for term in _terms(setter)) for setter in setters)


def _merge(parts: Iterable[dict[str, Rule]]) -> dict[str, Rule]:
    return {identifier: rule for part in parts for identifier, rule in part.items()}


def _matched_response(test: xml.Element) -> str:
    kinds = {xml.name(side): xml.attribute(side, "identifier") for side in test}
    if set(kinds) != {"variable", "correct"} or kinds["variable"] != kinds["correct"]:
        raise _UnknownCountingError("match of other than a response with its correct one")
    return kinds["variable"]


def _is_score(statement: xml.Element) -> bool:
    if xml.name(statement) != "setOutcomeValue":
        raise _UnknownCountingError(xml.written_name(statement))
    return xml.attribute(statement, "identifier") == "SCORE"


def _sets_nothing(statement: xml.Element) -> bool:
    """Say whether a statement leaves SCORE alone or sets it to 0."""
    return not _is_score(statement) or [_constant(term) for term in _terms(statement)] == [0]


def _set_value(statement: xml.Element) -> Decimal | None:
    """Return what a statement adds to SCORE, None where it sets another outcome."""
    if not _is_score(statement):
        return None
    values = [_constant(term) for term in _terms(statement) if not _is_own_score(term)]
    if len(values) != 1 or values[0] is None:
        raise _UnknownCountingError("SCORE set to other than a fixed value")
    return values[0]


def _read_outcome(statement: xml.Element) -> dict[str, Rule]:
    """Read ``SCORE = mapResponse(R)`` or ``SCORE = sum of them``."""
    if not _is_score(statement):
        return {}
    mapped = [t for t in _terms(statement) if not _is_own_score(t) and _constant(t) != 0]
    for term in mapped:
        if xml.name(term) != "mapResponse":
            raise _UnknownCountingError(f"setOutcomeValue/{xml.written_name(term)}")
    return {xml.attribute(term, "identifier"): Rule(kind="map") for term in mapped}


def _terms(statement: xml.Element) -> list[xml.Element]:
    """Return what a statement adds together: the terms of a sum, or its one expression."""
    if len(statement) != 1:
        raise _UnknownCountingError(f"{xml.written_name(statement)} without one expression")
    expression = statement[0]
    return list(expression) if xml.name(expression) == "sum" else [expression]


def _is_own_score(term: xml.Element) -> bool:
    return xml.name(term) == "variable" and xml.attribute(term, "identifier") == "SCORE"


def _constant(term: xml.Element) -> Decimal | None:
    return decimal(xml.text(term)) if xml.name(term) == "baseValue" else None
