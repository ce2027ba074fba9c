"""Declarations, rules and points of one item, for whichever kind of item it is."""

from decimal import Decimal

import msgspec

from provisioning.problems import Place, Problems, Text
from provisioning.qti import messages, xml
from provisioning.qti.keys import (
    Declaration,
    Rule,
    read_declarations,
    read_maximum,
    read_rules,
)
from provisioning.qti.outline import decimal


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """An item as read from the package, with what the test says of it."""

    root: xml.Element
    file: str
    identifier: str
    label: str
    weight: Decimal


class Counting:
    """Declarations, rules and points of one item."""

    def __init__(self, source: Source, interactions: list[xml.Element], problems: Problems) -> None:
        self.place = Place(file=source.file, item=source.identifier, line=xml.line_of(source.root))
        self._problems = problems
        self._weight = source.weight
        declared = read_declarations(source.root, self.place, problems)
        self.declarations = self._of_interactions(interactions, declared)
        self.maximum = read_maximum(source.root, self.place, problems)
        by_marker = xml.name(interactions[0]) == "extendedTextInteraction"
        self.rules: dict[str, Rule] = (
            {}
            if by_marker
            else read_rules(source.root, self.declarations, self.maximum, self.place, problems)
        )

    def _of_interactions(
        self, interactions: list[xml.Element], declared: dict[str, Declaration]
    ) -> dict[str, Declaration]:
        used: dict[str, Declaration] = {}
        for element in interactions:
            identifier = xml.attribute(element, "responseIdentifier")
            if identifier in used:
                self.add(messages.BLANK_TWICE, element, came=identifier)
            elif identifier in declared:
                used[identifier] = declared[identifier]
            else:
                self.add(messages.NO_DECLARATION, element, name=repr(identifier))
        return used

    def add(self, text: Text, element: xml.Element, **values: object) -> None:
        """Write down a problem at ``element``."""
        place = Place(file=self.place.file, item=self.place.item, line=xml.line_of(element))
        self._problems.add(text, place, **values)

    def points(self, reachable: Decimal | None) -> int:
        """Return the item's points in hundredths; ``reachable`` is the most that its key gives."""
        whole = self.maximum if self.maximum is not None else reachable
        if reachable is not None and whole is not None and reachable < whole:
            self._problems.add(
                messages.POINTS_UNREACHABLE,
                self.place,
                came=reachable * self._weight,
                expected=whole * self._weight,
            )
        return self.hundredths(Decimal(1) if whole is None else whole, positive=True)

    def hundredths(self, value: Decimal, *, positive: bool = False) -> int:
        """Return weighted points in hundredths."""
        weighted = value * self._weight * 100
        if weighted != weighted.to_integral_value() or (positive and weighted <= 0):
            self._problems.add(messages.BAD_WEIGHT, self.place, came=value * self._weight)
        return int(weighted)

    def number(self, element: xml.Element, name: str, default: int) -> int:
        """Return a whole number of 0 or more from an attribute."""
        written = xml.attribute(element, name) or str(default)
        value = decimal(written)
        if value is None or value < 0 or value != value.to_integral_value():
            self.add(messages.BAD_NUMBER, element, name=name, came=repr(written))
            return default
        return int(value)
