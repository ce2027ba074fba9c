"""Things to tick: the tick itself is the sign, so that no colour is needed to read it."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Checkbox, OptionList
from textual.widgets.option_list import Option

_TICKED = "[✓]"
_OPEN = "[ ]"


class Tick(Checkbox):
    """One thing to tick, with Space."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_button", show=False),
        Binding("enter", "screen.submit", show=False),
    ]

    def __init__(self, label: str, *, name: str) -> None:
        super().__init__(label, id=name, compact=True)
        self._say(self.value)

    def watch_value(self) -> None:
        """Show the tick, or none."""
        self._say(self.value)
        super().watch_value()

    def _say(self, is_ticked: bool) -> None:  # noqa: FBT001 - a fact, not a mode
        sign = _TICKED if is_ticked else _OPEN
        self.BUTTON_LEFT, self.BUTTON_INNER, self.BUTTON_RIGHT = sign[0], sign[1], sign[2]
        self.refresh()


class TickList(OptionList):
    """Many things to tick: Space for one, `tick_all_or_none` for all."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "tick", show=False)]

    def __init__(self, entries: Sequence[tuple[str, str, bool]], *, name: str) -> None:
        self._labels = {key: label for key, label, _ in entries}
        self.ticked = {key for key, _, is_ticked in entries if is_ticked}
        """The keys of what is ticked."""
        super().__init__(*(self._option(key) for key in self._labels), id=name, compact=True)

    def _option(self, key: str) -> Option:
        return Option(self._prompt(key), id=key)

    def _prompt(self, key: str) -> str:
        sign = _TICKED if key in self.ticked else _OPEN
        return f"{sign} {self._labels[key]}"

    def action_tick(self) -> None:
        """Tick what is under the cursor, or take the tick off."""
        option = self.highlighted_option
        if option is not None and option.id is not None:
            self.ticked ^= {option.id}
            self._redraw()

    def tick_all_or_none(self) -> None:
        """Tick everything, or take all ticks off where everything is ticked."""
        every = set(self._labels)
        self.ticked = set() if self.ticked == every else every
        self._redraw()

    def _redraw(self) -> None:
        for key in self._labels:
            self.replace_option_prompt(key, self._prompt(key))
