"""Arming the start: at the plan's moment, in so many seconds, or at another time."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.console import accounts, wording
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.base import ActDialog, CyclingInput, labelled
from appliance.console.dialogs.forms import whole_number
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.view import Desk
from exam.session import State
from protocol.staff_api import Arm, HallStatus, SubjectStatus

_SOONEST_S = 3
_LATEST_S = 3600


class ArmDialog(ActDialog):
    """Chooses the moment, and asks once more before it is sent."""

    def __init__(self, desk: Desk, hall: HallStatus, subject: SubjectStatus) -> None:
        super().__init__(desk)
        self._hall = hall
        self._subject = subject

    def title_text(self) -> str:
        """Return the title."""
        return f"{self.say(d.ARM)} · {self._subject.title}"

    def keys_text(self) -> str:
        """Return the keys."""
        return self.say(d.ARM_KEYS)

    def body(self) -> Iterable[Widget]:
        """Yield how the hall stands, the choices, and the field of the chosen one."""
        yield Static(self._readiness(), classes="tell", markup=False)
        planned = wording.clock_minutes(self._subject.opens, self._hall.time_zone)
        options = [
            Option(self.say(d.ARM_SECONDS), id="seconds"),
            Option(self.say(d.ARM_CLOCK), id="clock"),
        ]
        if self.desk.now() < self._subject.opens:
            options.insert(0, Option(self.say(d.ARM_PLANNED, at=planned), id="planned"))
        yield OptionList(*options, id="moment", compact=True)
        usual = ("10", "30", "60", "120")
        yield from labelled("", CyclingInput("10", usual, name="amount"))

    def on_mount(self) -> None:
        """Begin with the harmless choice under the cursor."""
        self.query_one("#moment", OptionList).focus()
        self._show_field()

    def on_option_list_option_highlighted(self, _event: OptionList.OptionHighlighted) -> None:
        """Show the field that the choice needs."""
        self._show_field()

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Go on to the field, or send what needs none."""
        if self._choice() == "planned":
            self.action_submit()
        else:
            self.query_one("#amount").focus()

    def wanted(self) -> Wanted | Problem:
        """Return the armed start; the moment is asked for again in words."""
        start = self._start()
        if isinstance(start, Problem):
            return start
        at = wording.clock(start, self._hall.time_zone)
        sure = self.say(d.ARM_SURE, at=at)
        if start < self._subject.opens:
            planned = wording.clock_minutes(self._subject.opens, self._hall.time_zone)
            sure = f"{self.say(d.ARM_TOO_EARLY, at=at, planned=planned)}\n{sure}"
        if self._choice() == "planned":
            start = 0
        return Wanted(act=Arm(subject=self._subject.id, start=start), sure=sure)

    def _start(self) -> int | Problem:
        text = self.query_one("#amount", CyclingInput).value
        now = self.desk.now()
        match self._choice():
            case "planned":
                return self._subject.opens
            case "seconds":
                seconds = whole_number(text, _SOONEST_S, _LATEST_S)
                if seconds is None:
                    return Problem(text=self.say(d.ARM_NOT_NUMBER, text=text), field="amount")
                return now + seconds * 1000
            case _:
                typed = wording.typed_moment(text, now, self._hall.time_zone)
                if typed is None or typed <= now:
                    return Problem(text=self.say(d.ARM_NOT_TIME, text=text), field="amount")
                return typed

    def _choice(self) -> str:
        option = self.query_one("#moment", OptionList).highlighted_option
        return "" if option is None else option.id or ""

    def _show_field(self) -> None:
        choice = self._choice()
        label = d.ARM_CLOCK_FIELD if choice == "clock" else d.ARM_SECONDS_FIELD
        field = self.query_one("#amount", CyclingInput)
        field.display = choice != "planned"
        self.query_one(".label", Static).update("" if choice == "planned" else self.say(label))
        if choice == "clock" and field.value.isdecimal():
            field.value = ""
        elif choice == "seconds" and not field.value.isdecimal():
            field.value = "10"

    def _readiness(self) -> str:
        seats, hall = self._hall.seats, self._hall
        return self.say(
            d.ARM_READY,
            ready=sum(seat.ready for seat in seats),
            all=len(seats),
            waiting=accounts.count(hall, State.WAITING),
            doing=accounts.count(hall, State.SEATED, State.IDENTIFIED),
            missing=accounts.count(hall, State.EXPECTED),
            out=accounts.count(hall, State.REFUSED),
        )
