"""Opening the doors: a person compares the box's time with a clock that can be trusted."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Digits, Static

from appliance.console import wording
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.base import ActDialog, CyclingInput, labelled
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.view import HallView
from protocol.staff_api import OpenDoors

_RIGHT_WITHIN_MS = 1_000
"""A typed moment this near to the box's time corrects nothing."""


class DoorsDialog(ActDialog):
    """Shows the time large; takes a correction."""

    def title_text(self) -> str:
        """Return the title."""
        return self.say(d.OPEN_DOORS)

    def body(self) -> Iterable[Widget]:
        """Yield the time, the question, and the field for a correction."""
        yield Digits(self._clock(), id="big-clock")
        yield Static(self._day(), id="day", markup=False)
        yield Static(self.say(d.DOORS_ASK), classes="tell", markup=False)
        yield from labelled(self.say(d.DOORS_FIELD), CyclingInput("", (), name="moment"))
        yield Static(self._before(), classes="calm", markup=False)

    def show_hall(self, view: HallView) -> None:
        """Let the time go on."""
        if view.connected:
            self.query_one("#big-clock", Digits).update(self._clock())
            self.query_one("#day", Static).update(self._day())

    def wanted(self) -> Wanted | Problem:
        """Return the confirmation, with the correction that was typed."""
        hall, now = self.desk.view.hall, self.desk.now()
        text = self.query_one("#moment", CyclingInput).value
        if not text.strip() or hall is None:
            return Wanted(act=OpenDoors(correction=0))
        typed = wording.typed_moment(text, now, hall.time_zone)
        if typed is None:
            return Problem(text=self.say(d.DOORS_NO_TIME, text=text), field="moment")
        correction = typed - now
        if abs(correction) < _RIGHT_WITHIN_MS:
            return Wanted(act=OpenDoors(correction=0))
        sure = self.say(
            d.DOORS_SURE,
            correction=wording.signed_span(correction),
            at=wording.day_and_clock(typed, hall.time_zone),
        )
        return Wanted(act=OpenDoors(correction=correction), sure=sure)

    def _clock(self) -> str:
        return wording.clock(self.desk.now(), self._zone())

    def _day(self) -> str:
        return wording.moment(self.desk.now(), self._zone()).strftime("%Y-%m-%d")

    def _zone(self) -> str:
        hall = self.desk.view.hall
        return "UTC" if hall is None else hall.time_zone

    def _before(self) -> str:
        hall = self.desk.view.hall
        if hall is None or not hall.clock_confirmed_by:
            return ""
        by = hall.staff.get(hall.clock_confirmed_by, hall.clock_confirmed_by)
        return self.say(d.DOORS_BEGUN, by=by)
