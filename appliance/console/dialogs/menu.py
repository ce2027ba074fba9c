"""A list to choose an action from, with a key for each; and plain pages of text."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.text import Text as Styled
from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.console import messages as m
from appliance.console.actions import Action, Choice
from appliance.console.dialogs.base import Dialog
from appliance.console.view import Desk


class MenuDialog(Dialog[Action | None]):
    """What can be done now; what cannot stands there with the reason."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]

    def __init__(self, desk: Desk, title: str, choices: Sequence[Choice], tell: str = "") -> None:
        super().__init__(desk)
        self._title = title
        self._choices = choices
        self._tell = tell

    def title_text(self) -> str:
        """Return the title."""
        return self._title

    def body(self) -> Iterable[Widget]:
        """Yield what is told, and the list."""
        if self._tell:
            yield Static(self._tell, classes="tell", markup=False)
        yield OptionList(*(self._option(choice) for choice in self._choices), compact=True)

    def _option(self, choice: Choice) -> Option:
        line = Styled(f"{choice.key.upper()}  {self.say(choice.title)}")
        if choice.why_not is not None:
            line.append(f"  ({self.say(choice.why_not)})")
        return Option(line, id=choice.action.value, disabled=choice.why_not is not None)

    def keys_text(self) -> str:
        """Return the keys."""
        return self.say(m.KEY_CHOOSE)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """End with the entry under the cursor."""
        self.dismiss(Action(event.option_id or ""))

    def on_key(self, event: events.Key) -> None:
        """End with the entry of a key."""
        for choice in self._choices:
            if choice.key == (event.character or "").lower() and choice.why_not is None:
                event.stop()
                self.dismiss(choice.action)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


class PageDialog(Dialog[None]):
    """Text to read."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter", "leave", show=False)]

    def __init__(self, desk: Desk, title: str, text: str) -> None:
        super().__init__(desk)
        self._title = title
        self._text = text

    def title_text(self) -> str:
        """Return the title."""
        return self._title

    def body(self) -> Iterable[Widget]:
        """Yield the text."""
        yield Static(self._text, markup=False)

    def action_leave(self) -> None:
        """End."""
        self.dismiss(None)
