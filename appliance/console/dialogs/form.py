"""Draws any form of `appliance.console.dialogs.forms`, and sends what comes of it."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from appliance.console import messages as m
from appliance.console.dialogs.base import ActDialog, CyclingInput, labelled
from appliance.console.dialogs.forms import CHECKED, Field, Form
from appliance.console.dialogs.ticks import Tick
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.view import Desk


class FormDialog(ActDialog):
    """A few fields, Enter, done."""

    def __init__(self, desk: Desk, form: Form) -> None:
        super().__init__(desk)
        self._form = form

    def title_text(self) -> str:
        """Return the form's title."""
        return self._form.title

    def keys_text(self) -> str:
        """Return the line that says which keys do what."""
        return self.say(m.KEY_HINT_TAB if len(self._form.fields) > 1 else m.KEY_HINT)

    def body(self) -> Iterable[Widget]:
        """Yield what is told, and the fields."""
        yield Static(self._form.tell, classes="tell", markup=False)
        for field in self._form.fields:
            if field.is_check:
                yield Tick(field.label, name=field.id)
            else:
                entry = CyclingInput(field.value, field.usual, name=field.id)
                yield from labelled(field.label, entry)

    def wanted(self) -> Wanted | Problem:
        """Return the act that the fields make."""
        return self._form.make({field.id: self._value(field) for field in self._form.fields})

    def _value(self, field: Field) -> str:
        if field.is_check:
            return CHECKED if self.query_one(f"#{field.id}", Tick).value else ""
        return self.query_one(f"#{field.id}", CyclingInput).value
