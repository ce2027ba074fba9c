"""Pairing: choose seats, show nine digits large, watch them come."""

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Digits, OptionList, Static

from appliance.console import wording
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.base import ActDialog
from appliance.console.dialogs.ticks import TickList
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.places import in_order, label_of
from appliance.console.view import Desk, HallView
from appliance.console.wording import fitted
from protocol.staff_api import ActDone, ClosePairing, HallStatus, OpenPairing, SeatStatus

_FEW = 12
"""So many labels of seats are shown by name."""


class PairingDialog(ActDialog):
    """First the choice of seats; then, while a window is open, the code."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,A", "all_or_none", show=False),
        Binding("c,C", "close_window", show=False),
        Binding("enter", "go_on", show=False),
    ]

    def __init__(self, desk: Desk, hall: HallStatus, chosen: str = "") -> None:
        super().__init__(desk)
        self._hall = hall
        self._chosen = chosen
        self._is_done = False

    def title_text(self) -> str:
        """Return the title."""
        return self.say(d.PAIR)

    def body(self) -> Iterable[Widget]:
        """Yield the list of seats, and the code; one of the two is shown."""
        yield Static(self.say(d.PAIR_CHOOSE), id="choose", classes="tell", markup=False)
        yield TickList(self._entries(), name="seats-to-pair")
        yield Static(self.say(d.PAIR_OPEN), id="told", classes="tell", markup=False)
        yield Digits("", id="code")
        yield Static("", id="left", markup=False)
        yield Static("", id="failures", markup=False)

    def _entries(self) -> list[tuple[str, str, bool]]:
        return [
            (
                seat.seat,
                f"{fitted(label_of(self._hall, seat.seat), 8)}{self._state(seat)}",
                self._is_wanted(seat),
            )
            for seat in in_order(self._hall.seats)
        ]

    def _is_wanted(self, seat: SeatStatus) -> bool:
        return seat.seat == self._chosen if self._chosen else not seat.paired

    def _state(self, seat: SeatStatus) -> str:
        if seat.paired:
            return self.say(d.PAIR_IS_PAIRED)
        return self.say(d.PAIR_IS_FOUND if seat.found else d.PAIR_IS_AWAY)

    def on_mount(self) -> None:
        """Show what the status says; an open window is shown at once."""
        self.show_hall(self.desk.view)

    def show_hall(self, view: HallView) -> None:
        """Show the code while the window is open, the choice otherwise."""
        hall = view.hall
        if hall is None:
            return
        is_open = self._is_open(hall)
        for name in ("#choose", "#seats-to-pair"):
            self.query_one(name).display = not is_open
        for name in ("#told", "#code", "#left", "#failures"):
            self.query_one(name).display = is_open
        keys = d.PAIR_OPEN_KEYS if is_open else d.PAIR_KEYS
        self.query_one("#dialog-keys", Static).update(self.say(keys))
        if is_open:
            self._show_window(hall)
        elif not self.query_one(TickList).has_focus:
            self.query_one(TickList).focus()

    def _is_open(self, hall: HallStatus) -> bool:
        """Say whether a code is out, and for the seat that was asked for where one was."""
        opened_here = self._chosen in {"", *hall.pairing.seats} or self._is_done
        return bool(hall.pairing.code) and opened_here

    def _show_window(self, hall: HallStatus) -> None:
        window = hall.pairing
        self.query_one("#code", Digits).update(wording.grouped_digits(window.code))
        left = self.query_one("#left", Static)
        if not window.seats:
            left.update(self.say(d.PAIR_COMPLETE))
            left.set_classes("tone-good")
        else:
            labels = " ".join(label_of(hall, seat) for seat in window.seats[:_FEW])
            more = " ..." if len(window.seats) > _FEW else ""
            until = wording.span(window.until - self.desk.now())
            left.update(
                self.say(d.PAIR_LEFT, n=len(window.seats), until=until, seats=labels + more)
            )
            left.set_classes("")
        failures = self.query_one("#failures", Static)
        failures.set_classes("tone-look" if window.failures else "tone-calm")
        if window.failures:
            text = self.say(d.PAIR_FAILURES, n=window.failures, last=window.last_failure)
        else:
            text = self.say(d.PAIR_NO_FAILURES)
        failures.update(text)

    def _chosen_seats(self) -> list[str]:
        chosen = self.query_one(TickList).ticked
        return [seat.seat for seat in in_order(self._hall.seats) if seat.seat in chosen]

    def wanted(self) -> Wanted | Problem:
        """Return the opening of a window for the chosen seats."""
        seats = self._chosen_seats()
        if not seats:
            return Problem(text=self.say(d.PAIR_NONE), field="seats-to-pair")
        taken = [s.label for s in in_order(self._hall.seats) if s.paired and s.seat in seats]
        sure = self.say(d.PAIR_REPLACES, seats=" ".join(taken)) if taken else ""
        return Wanted(act=OpenPairing(seats=tuple(seats), replace=bool(taken)), sure=sure)

    def done(self, _done: ActDone) -> None:
        """Stay: the code comes with the next status."""
        self._is_done = True
        self.trouble("")

    def action_all_or_none(self) -> None:
        """Choose all seats, or none where all are chosen."""
        self.query_one(TickList).tick_all_or_none()

    def on_option_list_option_selected(self, _event: OptionList.OptionSelected) -> None:
        """Take Enter in the list for the whole dialog's."""
        self.action_go_on()

    def action_go_on(self) -> None:
        """Show the code; leave where it is shown already."""
        hall = self.desk.view.hall
        if hall is not None and self._is_open(hall):
            self.action_leave()
        else:
            self.action_submit()

    @work(exclusive=True, group="act")
    async def action_close_window(self) -> None:
        """Let the code count no more."""
        await self._ask(Wanted(act=ClosePairing()))
