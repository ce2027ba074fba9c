"""The order in which a candidate sees items and options, drawn from a recorded seed.

The box draws it at log-in, when the paper is still sealed: it knows the paper's
`outline` only, which names items and options and shows nothing of their content. The
drawing is SHA-256 over seed and identifiers, sorted, so that no library's generator
is part of the evidence; the same seed and outline give the same order everywhere.
"""

import hashlib
from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from exam.identifiers import Label
from exam.paper import Item, ItemOrder, MultipleChoice, Paper, SingleChoice, TrueFalse
from exam.quantities import Count


class OutlineItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item without its content; ``movable`` are the options that may change places.

    Items of the same ``group`` may change places with one another; those of group 0 stay.
    """

    item: Label
    options: tuple[Label, ...] = ()
    movable: tuple[Label, ...] = ()
    group: Count = 0


class OrderError(ValueError):
    """An order that is not one of this paper."""


def outline(paper: Paper) -> tuple[OutlineItem, ...]:
    """Return the paper's items and options by name, in the order of the paper."""
    return tuple(
        replace(_outlined(item), group=number if part.shuffle else 0)
        for number, part in enumerate(paper.parts, start=1)
        for item in part.items
    )


def draw_order(items: Iterable[OutlineItem], seed: str) -> tuple[ItemOrder, ...]:
    """Return the items in the order drawn, each with its options in theirs."""
    listed = list(items)
    shuffled = {
        group: iter(sorted(members, key=lambda item: _draw(seed, item.item, "")))
        for group, members in _groups(listed).items()
    }
    placed = [next(shuffled[item.group]) if item.group else item for item in listed]
    return tuple(ItemOrder(item=item.item, options=_drawn(item, seed)) for item in placed)


def check_order(paper: Paper, order: Iterable[ItemOrder]) -> None:
    """Raise `OrderError` unless ``order`` names just this paper's items and options."""
    named = {entry.item: sorted(entry.options) for entry in order}
    there = {item.item: sorted(item.options) for item in outline(paper)}
    if named != there:
        differing = sorted(set(named) ^ set(there)) or [k for k in there if there[k] != named[k]]
        raise OrderError(f"the granted order is of another paper: see {', '.join(differing[:5])}")


def _outlined(item: Item) -> OutlineItem:
    match item:
        case SingleChoice() | MultipleChoice():
            options = tuple(option.id for option in item.options)
            free = tuple(option.id for option in item.options if not option.fixed)
            return OutlineItem(item=item.id, options=options, movable=free if item.shuffle else ())
        case TrueFalse():
            return OutlineItem(item=item.id, options=tuple(option.id for option in item.options))
        case _:
            return OutlineItem(item=item.id)


def _groups(items: Iterable[OutlineItem]) -> dict[int, list[OutlineItem]]:
    groups: dict[int, list[OutlineItem]] = {}
    for item in items:
        groups.setdefault(item.group, []).append(item)
    return groups


def _drawn(item: OutlineItem, seed: str) -> tuple[str, ...]:
    free = set(item.movable)
    shuffled = iter(sorted(item.movable, key=lambda option: _draw(seed, item.item, option)))
    return tuple(next(shuffled) if option in free else option for option in item.options)


def _draw(seed: str, item: str, option: str) -> str:
    return hashlib.sha256(f"examhall order 1\n{seed}\n{item}\n{option}".encode()).hexdigest()
