"""Whether the person at the seat is the candidate: two pictures, a distance, a decision.

Two steps, so that no slip of a finger decides: first which way, then the reason and Enter.
"""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from appliance.console import messages as m
from appliance.console import wording
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.base import ActDialog, CyclingInput, hidden
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.portraits import Portraits
from appliance.console.view import Desk
from protocol.staff_api import DecideIdentity, Occupant


class IdentityDialog(ActDialog):
    """Shows both pictures; takes the decision of the person who looks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "choose(True)", show=False),
        Binding("n,N", "choose(False)", show=False),
        Binding("v,V", "show_number", show=False),
        Binding("z,Z", "closer", show=False),
    ]

    def __init__(self, desk: Desk, label: str, occupant: Occupant, why: str) -> None:
        super().__init__(desk)
        self._label = label
        self._occupant = occupant
        self._why = why
        self._accepted: bool | None = None
        self._shows_number = False

    def compose(self) -> ComposeResult:
        """Draw over the whole screen: the pictures need the room."""
        with Vertical(classes="dialog whole"):
            yield Static(self.title_text(), classes="dialog-title", markup=False)
            yield Static(self._facts(), id="facts", markup=False)
            yield Portraits(self.desk, self._occupant.candidate)
            yield Static("", id="decided", markup=False)
            yield hidden("problem")
            yield Static(self.say(d.IDENTITY_KEYS), id="dialog-keys", markup=False)

    def title_text(self) -> str:
        """Return the title."""
        title = self.say(d.IDENTITY_TITLE, who=f"{self._label} {self._occupant.name}")
        return f"{title}   ! {self._why}" if self._why else title

    def _facts(self) -> str:
        number = self._occupant.id_number
        shown = number if self._shows_number else wording.masked(number)
        distance = wording.distance(self._occupant.distance)
        parts = [f"{self.say(m.ID_NUMBER)} {shown}"]
        parts.append(
            self.say(m.DISTANCE, distance=distance) if distance else self.say(m.NO_DISTANCE)
        )
        return "   ".join(parts)

    def action_show_number(self) -> None:
        """Show the ID number, or hide it again."""
        self._shows_number = not self._shows_number
        self.query_one("#facts", Static).update(self._facts())

    def action_closer(self) -> None:
        """Look closer at both pictures, or at the whole again."""
        self.query_one(Portraits).toggle_closer()

    async def action_choose(self, accepted: bool) -> None:  # noqa: FBT001 - textual's actions
        """Take which way it goes; ask for the reason."""
        if self._accepted is not None:
            return
        self._accepted = accepted
        tell = d.IDENTITY_YES_TELL if accepted else d.IDENTITY_NO_TELL
        line = self.query_one("#decided", Static)
        line.update(self.say(tell))
        line.set_classes("tone-good" if accepted else "tone-bad")
        reasons = d.IDENTITY_YES_REASONS if accepted else d.IDENTITY_NO_REASONS
        usual = [text.say(self.language) for text in reasons]
        field = CyclingInput(usual[0], usual, name="reason")
        await self.query_one(".whole").mount(field, before="#problem")
        field.focus()
        self.query_one("#dialog-keys", Static).update(self.say(d.IDENTITY_KEYS_DECIDED))

    async def _think_again(self) -> None:
        self._accepted = None
        await self.query_one("#reason").remove()
        self.query_one("#decided", Static).update("")
        self.trouble("")
        self.query_one("#dialog-keys", Static).update(self.say(d.IDENTITY_KEYS))

    async def action_leave(self) -> None:  # type: ignore[override] # textual awaits either
        """Think again where a way was chosen; else leave it for later."""
        if self._accepted is None:
            self.dismiss(None)
        else:
            await self._think_again()

    def wanted(self) -> Wanted | Problem:
        """Return the decision with its reason."""
        if self._accepted is None:
            return Problem(text=self.say(d.IDENTITY_CHOOSE))
        reason = self.query_one("#reason", CyclingInput).value.strip()
        if not reason:
            return Problem(text=self.say(m.REASON_NEEDED), field="reason")
        act = DecideIdentity(
            candidate=self._occupant.candidate, accepted=self._accepted, reason=reason
        )
        return Wanted(act=act)

    def body(self) -> Iterable[Widget]:
        """Yield nothing: this dialog draws itself."""
        return ()
