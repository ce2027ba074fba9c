"""The line at the foot: only the keys that matter now, and of them those that fit. Pure."""

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.text import Text as Styled

from appliance.console import messages as m
from appliance.console.next_step import Step, next_step
from appliance.console.view import HallView, Surroundings

_WITH_N: Final = frozenset(Step) - {Step.NO_SUBJECT, Step.WAIT_START, Step.WATCH, Step.DONE}
"""The steps that the key N does something about."""
_GAP: Final = 2
_GIVEN_UP: Final = ("/", "Q", "O", "L")
"""What is left out first where there is no room; the page of help has them all."""

Key = tuple[str, str]


def keys_now(view: HallView, surroundings: Surroundings) -> list[Key]:
    """Return the keys that matter now, each with its words."""
    hall, language = view.hall, view.language
    found: list[Key] = []
    if hall is not None:
        if next_step(hall).step in _WITH_N:
            found.append(("N", m.NEXT.say(language)))
        found.append(("A", m.KEY_ACTIONS.say(language)))
        if hall.tasks:
            found.append(("Tab", m.KEY_TASKS.say(language)))
        found += [("/", m.KEY_FIND.say(language)), ("O", m.KEY_OFFICE.say(language))]
    extra = [(each.key.upper(), each.label(language)) for each in surroundings.keys]
    found += [(key, label) for key, label in extra if label]
    last = (("?", m.KEY_HELP), ("L", m.KEY_LANGUAGE), ("Q", m.KEY_QUIT))
    return found + [(key, text.say(language)) for key, text in last]


def fitting(keys: Sequence[Key], width: int) -> list[Key]:
    """Return the keys that fit into so many cells."""
    kept = list(keys)
    for given_up in _GIVEN_UP:
        if _cells(kept) <= width:
            break
        kept = [key for key in kept if key[0] != given_up]
    return kept


def _cells(keys: Sequence[Key]) -> int:
    return sum(len(key) + 1 + cell_len(words) + _GAP for key, words in keys) - _GAP


def key_line(view: HallView, surroundings: Surroundings, width: int) -> Styled:
    """Return the foot of the screen."""
    return Styled(" " * _GAP).join(
        Styled.assemble((key, "bold #6db3f2"), " ", words)
        for key, words in fitting(keys_now(view, surroundings), width)
    )
