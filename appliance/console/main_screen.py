"""The hall at a glance: head, next step, seats, what needs a person, keys.

Narrow terminals show the list of tasks below the seats, wide ones beside them.
"""

from typing import ClassVar, Final

from rich.text import Text as Styled
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import DataTable, Input, Static

from appliance.console import accounts, wording
from appliance.console import messages as m
from appliance.console.drawing import put, put_if_any
from appliance.console.head import Head, line_to_core
from appliance.console.keys import key_line
from appliance.console.next_step import Step, next_step, say_next
from appliance.console.palette import CALM, GOOD
from appliance.console.tables import SeatTable, TaskTable
from appliance.console.view import BREAKPOINTS, Desk, HallView, Surroundings
from protocol.staff_api import HallStatus

_LANE_CELLS: Final = (12, 8, 9, 8)
"""The widths of the small table of lanes: name, sealed, received, verified."""


class MainScreen(Screen[None]):
    """The console's first screen."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    AUTO_FOCUS = "#seats"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other_table", show=False, priority=True),
        Binding("slash", "search", show=False),
        Binding("escape", "end_search", show=False),
    ]

    class SeatOpened(Message):
        """A person wants to see a seat."""

        def __init__(self, seat: str) -> None:
            super().__init__()
            self.seat = seat

    class TaskOpened(Message):
        """A person wants to see to a task."""

        def __init__(self, task: str) -> None:
            super().__init__()
            self.task = task

    def __init__(self, desk: Desk, surroundings: Surroundings, socket: str) -> None:
        super().__init__()
        self._desk = desk
        self._surroundings = surroundings
        self._socket = socket

    def compose(self) -> ComposeResult:
        """Draw the places."""
        yield Head(id="head")
        yield Static("", id="trouble", markup=False)
        yield Static("", id="next", markup=False)
        yield Static("", id="note", markup=False)
        with Horizontal(id="hall"):
            with Vertical(id="seats-side"):
                yield Input(id="search", compact=True)
                yield SeatTable(id="seats")
                yield Static("", id="nothing-found", markup=False)
            with Vertical(id="tasks-side"):
                yield Static("", id="tasks-title", markup=False)
                yield TaskTable(id="tasks", show_header=False)
                yield Static("", id="lanes", markup=False)
        yield Static("", id="keys", markup=False)

    def on_mount(self) -> None:
        """Show what is known."""
        search = self.query_one("#search", Input)
        search.display = search.cursor_blink = False
        self.query_one(SeatTable).focus()
        self.show_hall(self._desk.view)

    def on_resize(self) -> None:
        """Fit the columns to the new width, once the layout knows it."""
        self.call_after_refresh(lambda: self.show_hall(self._desk.view))

    def show_hall(self, view: HallView) -> None:
        """Draw what has changed."""
        line = put_if_any(self, "#trouble", line_to_core(view, self._socket))
        line.set_class(view.hall is None and not view.trouble, "waiting")
        self.set_class(view.hall is not None and not view.connected, "stale")
        keys = key_line(view, self._surroundings, self.size.width - 2)
        put(self, "#keys", keys, grows=False)
        self.query_one(Head).show_hall(view)
        if view.hall is not None:
            self._show(view, view.hall)

    def _show(self, view: HallView, hall: HallStatus) -> None:
        language = view.language
        is_done = next_step(hall).step is Step.DONE
        label = m.NEXT_DONE if is_done else m.NEXT
        style = f"bold {GOOD}" if is_done else ""
        following = Styled.assemble(
            (f" {label.say(language)} ", "reverse bold"), " ", (say_next(hall, language), style)
        )
        put(self, "#next", following)
        put_if_any(self, "#note", self._surroundings.note(view))
        self._show_seats(view)
        title = m.TASKS.say(language, n=len(hall.tasks)) if hall.tasks else m.NO_TASKS.say(language)
        put(self, "#tasks-title", title).set_class(not hall.tasks, "calm")
        tasks = self.query_one(TaskTable)
        tasks.display = bool(hall.tasks)
        if not hall.tasks and self.focused is tasks:
            self.query_one(SeatTable).focus()
        tasks.show_hall(view)
        put(self, "#lanes", _lanes(view, hall))

    def _show_seats(self, view: HallView) -> None:
        search = self.query_one("#search", Input)
        search.placeholder = m.SEARCH.say(view.language)
        found = self.query_one(SeatTable).show_hall(view, search.value)
        nothing = m.NOTHING_FOUND.say(view.language, text=search.value)
        put_if_any(self, "#nothing-found", "" if found else nothing)

    # --- keys --------------------------------------------------------------------------------

    def action_other_table(self) -> None:
        """Go from the seats to the tasks and back."""
        tasks, seats = self.query_one(TaskTable), self.query_one(SeatTable)
        (seats if tasks.has_focus or not tasks.display else tasks).focus()

    def action_search(self) -> None:
        """Open the search."""
        search = self.query_one("#search", Input)
        search.display = True
        search.focus()

    def action_end_search(self) -> None:
        """Show all seats again."""
        search = self.query_one("#search", Input)
        search.value = ""
        search.display = False
        self.query_one(SeatTable).focus()

    def on_input_changed(self, _event: Input.Changed) -> None:
        """Search while it is typed."""
        self._show_seats(self._desk.view)

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Go to the seats that were found; the search stays."""
        self.query_one(SeatTable).focus()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Open the seat or the task under the cursor."""
        name = event.row_key.value or ""
        if isinstance(event.data_table, SeatTable):
            self.post_message(self.SeatOpened(name))
        else:
            self.post_message(self.TaskOpened(name))


def _lanes(view: HallView, hall: HallStatus) -> Styled:
    """Return the lanes as a small table of numbers; the page of the office has the words."""
    language = view.language
    heads = (m.LANE_SEALED, m.LANE_RECEIVED, m.LANE_VERIFIED)
    rows = [(m.OFFICE_SHORT.say(language), *(head.say(language) for head in heads))]
    rows += [
        (
            accounts.lane_name(lane.lane, language),
            *(str(number) for number in (lane.sealed, lane.received, lane.verified)),
        )
        for lane in hall.lanes
    ]
    lines = (
        "".join(wording.fitted(*each) for each in zip(row, _LANE_CELLS, strict=True))
        for row in rows
    )
    return Styled("\n".join(lines), CALM)
