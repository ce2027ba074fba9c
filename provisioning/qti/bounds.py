"""What a ``mapping`` says beside its entries: what all else earns, and the least and the most.

An `exam.paper.ItemKey` counts a choice's options together, within 0 and the item's points,
and a blank's best match. So ``defaultValue`` and ``upperBound`` of a choice, and both bounds
of a blank, are written into the key; a bound that it cannot hold is refused by name. A
choice that could fall below 0 and has no ``lowerBound`` counts 0 then, which is noted.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal

from provisioning.problems import Problems
from provisioning.qti import messages, xml
from provisioning.qti.counting import Counting
from provisioning.qti.keys import Declaration


def option_values(declared: Declaration, labels: dict[str, str]) -> dict[str, Decimal]:
    """Return what each option earns by the mapping, by its label in the paper."""
    named = {labels[entry.key]: entry.value for entry in declared.entries if entry.key in labels}
    if declared.default == 0:
        return named
    return dict.fromkeys(labels.values(), declared.default) | named


def best_choice(declared: Declaration, values: Collection[Decimal], most: int) -> Decimal:
    """Return the most that ``most`` options (0: any number) earn together."""
    best = _together((value for value in values if value > 0), most, highest=True)
    return best if declared.upper is None else min(best, declared.upper)


def check_choice_bounds(
    element: xml.Element,
    declared: Declaration,
    values: Collection[Decimal],
    counting: Counting,
    notes: Problems,
    *,
    most: int,
) -> None:
    """Refuse bounds that the key of a choice cannot hold; note what is counted as 0."""
    worst = _together((value for value in values if value < 0), most, highest=False)
    lower, upper = declared.lower, declared.upper
    if upper is not None and upper <= max(lower or Decimal(0), Decimal(0)):
        counting.add(messages.MAPPING_BOUND, element, name="upperBound", came=upper)
    if lower is None and worst < 0:
        notes.add(messages.BELOW_NOTHING, counting.place, came=worst)
    elif lower is not None and (lower > 0 or (lower < 0 and worst < 0)):
        counting.add(messages.MAPPING_BOUND, element, name="lowerBound", came=lower)


def _together(values: Iterable[Decimal], most: int, *, highest: bool) -> Decimal:
    return sum(sorted(values, reverse=highest)[: most or None], Decimal(0))


def text_value(declared: Declaration, value: Decimal) -> Decimal:
    """Return what a text of a blank earns, within the mapping's bounds."""
    if declared.lower is not None:
        value = max(value, declared.lower)
    return value if declared.upper is None else min(value, declared.upper)


def check_text_bounds(element: xml.Element, declared: Declaration, counting: Counting) -> None:
    """Refuse a mapping by which a text that is nowhere in it would earn something."""
    other = text_value(declared, declared.default)
    if declared.default != 0:
        came = f"mapping defaultValue={declared.default}"
        counting.add(messages.PROCESSING, element, came=came)
    elif other != 0:
        name = "lowerBound" if other > 0 else "upperBound"
        counting.add(messages.MAPPING_BOUND, element, name=name, came=other)
