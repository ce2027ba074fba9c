"""The two tables of the hall's screen: seats, and what needs a person.

A table is drawn anew only where a cell has changed, so that two hundred seats cost little.
"""

from collections.abc import Sequence
from typing import Any, Final

from rich.text import Text as Styled
from textual.widgets import DataTable

from appliance.console import messages as m
from appliance.console import seat_rows, wording
from appliance.console.messages import Language
from appliance.console.palette import COLOURS
from appliance.console.places import label_of
from appliance.console.seat_rows import COLUMNS, Cell, SeatRow, Tone
from appliance.console.view import HallView
from protocol.staff_api import HallStatus, Task, TaskKind

_URGENT: Final = frozenset({TaskKind.LOST, TaskKind.HAND, TaskKind.DISK})
_NAME: Final = 1
"""The column of names: it takes what room is left over."""


class RowTable(DataTable[Styled]):
    """A table of rows with a name each; keeps its cursor on the same row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            cursor_type="row", cell_padding=0, cursor_foreground_priority="renderable", **kwargs
        )
        self._shown: dict[str, tuple[Cell, ...]] = {}
        self._columns: tuple[tuple[str, int], ...] = ()

    def set_columns(self, titles: Sequence[str], widths: Sequence[int]) -> None:
        """Set titles and widths in cells; rows are taken out where they change."""
        columns = tuple(zip(titles, widths, strict=True))
        if columns == self._columns:
            return
        self._columns = columns
        self._shown = {}
        self.clear(columns=True)
        for number, (title, width) in enumerate(columns):
            self.add_column(title, width=width, key=str(number))

    @property
    def chosen(self) -> str:
        """The name of the row under the cursor; empty where there is none."""
        if not self.is_valid_row_index(self.cursor_row):
            return ""
        return self.ordered_rows[self.cursor_row].key.value or ""

    def choose(self, name: str) -> None:
        """Put the cursor on a row, where there is such a row."""
        if name in self._shown:
            self.move_cursor(row=self.get_row_index(name))

    def show(self, rows: Sequence[tuple[str, tuple[Cell, ...]]]) -> None:
        """Show these rows in this order."""
        names = [name for name, _ in rows]
        if names != list(self._shown):
            chosen = self.chosen
            self.clear()
            self._shown = {}
            for name, cells in rows:
                self.add_row(*self._drawn(cells), key=name)
                self._shown[name] = cells
            self.choose(chosen)
            return
        for name, cells in rows:
            self._update(name, cells)

    def _update(self, name: str, cells: tuple[Cell, ...]) -> None:
        before = self._shown[name]
        for number, (old, new) in enumerate(zip(before, cells, strict=True)):
            if old != new:
                self.update_cell(name, str(number), self._one(number, new))
        self._shown[name] = cells

    def _drawn(self, cells: tuple[Cell, ...]) -> list[Styled]:
        return [self._one(number, cell) for number, cell in enumerate(cells)]

    def _one(self, number: int, cell: Cell) -> Styled:
        width = self.ordered_columns[number].width - 1
        return Styled(wording.fitted(cell.text, width), COLOURS[cell.tone])


class SeatTable(RowTable):
    """All seats, by their labels."""

    def show_hall(self, view: HallView, search: str) -> int:
        """Draw the seats that fit the search; return how many there are."""
        if view.hall is None:
            return 0
        self._fit(view.language)
        rows: list[SeatRow] = seat_rows.rows(view.hall, view.language, search)
        self.show([(row.seat, row.cells) for row in rows])
        return len(rows)

    def _fit(self, language: Language) -> None:
        widths = [column.width(language) for column in COLUMNS]
        widths[_NAME] += max(0, min(12, self.size.width - sum(widths) - 2))
        titles = [column.title.say(language) for column in COLUMNS]
        self.set_columns(titles, widths)


class TaskTable(RowTable):
    """What needs a person, most urgent first."""

    def show_hall(self, view: HallView) -> None:
        """Draw the tasks."""
        hall = view.hall
        if hall is None:
            return
        width = max(30, self.size.width - 1)
        self.set_columns(("",), (width,))
        self.show([(task.id, (task_cell(task, hall, view.language),)) for task in hall.tasks])


def task_cell(task: Task, hall: HallStatus, language: Language) -> Cell:
    """Return a task in one line: sign, what, where, who, since when, words."""
    sign = "!" if task.kind in _URGENT else "?"
    tone = Tone.BAD if task.kind in {TaskKind.LOST, TaskKind.DISK} else Tone.LOOK
    where = label_of(hall, task.seat) if task.seat else ""
    since = wording.span(hall.hall_time - task.since) if task.since and task.candidate else ""
    parts = [sign, where, task.name, m.TASK[task.kind].say(language), since]
    words = m.REASON_CODE[task.text].say(language) if task.text in m.REASON_CODE else task.text
    if task.kind is not TaskKind.DISK or task.text in m.REASON_CODE:
        parts.append(words)
    return Cell(" ".join(part for part in parts if part), tone)
