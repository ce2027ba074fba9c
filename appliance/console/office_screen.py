"""How far everything is on its way to the office, lane by lane; and the day's last sentence."""

from typing import ClassVar

from rich.text import Text as Styled
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from appliance.console import accounts, wording
from appliance.console import messages as m
from appliance.console.drawing import put
from appliance.console.head import Head, signs
from appliance.console.messages import Language
from appliance.console.palette import COLOURS
from appliance.console.seat_rows import Cell, Tone
from appliance.console.view import Desk, HallView
from protocol.staff_api import HallStatus, LaneStatus, ProcessStatus

_LANE: int = 12
_ALL: int = 60
"""Seats named on this page."""


class OfficeScreen(Screen[None]):
    """Lanes, line, box."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,o,O,enter", "leave", show=False)]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def compose(self) -> ComposeResult:
        """Draw the places."""
        yield Head(id="head")
        title = m.OFFICE_TITLE.say(self._desk.view.language)
        yield Static(title, id="office-title", markup=False)
        with VerticalScroll(id="office-body"):
            yield Static("", id="lanes", markup=False)
        yield Static(m.KEY_BACK.say(self._desk.view.language), id="keys", markup=False)

    def on_mount(self) -> None:
        """Show what is known."""
        self.show_hall(self._desk.view)

    def show_hall(self, view: HallView) -> None:
        """Draw what has changed."""
        self.set_class(not view.connected, "stale")
        self.query_one(Head).show_hall(view)
        if view.hall is not None:
            put(self, "#lanes", _styled(office_lines(view.hall, view.language)))

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss(None)


def office_lines(hall: HallStatus, language: Language) -> list[list[Cell]]:
    """Return the page line by line. Pure."""
    lines = [_lane(lane, language) for lane in hall.lanes]
    lines += [[], signs(hall, language)[1:2]]
    if seats := accounts.awaited_seats(hall, language, _ALL):
        until = wording.clock_minutes(hall.awaited_until, hall.time_zone)
        lines.append([Cell(m.AWAITED.say(language, seats=seats, until=until), Tone.LOOK)])
    if hall.line.error:
        lines.append([Cell(m.LINE_ERROR.say(language, error=hall.line.error), Tone.CALM)])
    sentence = accounts.final_sentence(hall, language)
    if sentence is not None:
        lines += [[], [Cell(f"✓ {sentence}", Tone.GOOD)]]
    else:
        lines.append([Cell(m.LINE_CALM.say(language), Tone.CALM)])
    lines += [[], [Cell(m.PROCESSES.say(language), Tone.CALM)]]
    lines.append([_process(process, language) for process in hall.processes])
    return [*lines, [], [Cell(_box(hall, language), Tone.CALM)]]


def _process(process: ProcessStatus, language: Language) -> Cell:
    name = m.PROCESS[process.name].say(language) if process.name in m.PROCESS else process.name
    if process.connected:
        return Cell(f"✓ {name}", Tone.GOOD)
    return Cell(f"✗ {name}", Tone.BAD)


def _lane(lane: LaneStatus, language: Language) -> list[Cell]:
    complete = lane.verified == lane.sealed
    cells = [
        Cell("-" if not lane.sealed else "✓" if complete else "!", _tone(lane)),
        Cell(wording.fitted(accounts.lane_name(lane.lane, language), _LANE)),
        Cell(accounts.lane_sentence(lane, language), _tone(lane)),
    ]
    if lane.waiting_bytes:
        waiting = wording.size(lane.waiting_bytes)
        cells.append(Cell(m.LANE_WAITING.say(language, size=waiting), Tone.LOOK))
    if lane.refused:
        cells.append(Cell(f"✗ {m.LANE_REFUSED.say(language, n=lane.refused)}", Tone.BAD))
    return cells


def _tone(lane: LaneStatus) -> Tone:
    if not lane.sealed:
        return Tone.CALM
    return Tone.GOOD if lane.verified == lane.sealed else Tone.PLAIN


def _box(hall: HallStatus, language: Language) -> str:
    return m.BOX_WORDS.say(
        language,
        appliance=hall.appliance,
        generation=hall.generation,
        revision=hall.bundle_revision,
        rules=hall.rule_book,
        log=hall.log_size,
    )


def _styled(lines: list[list[Cell]]) -> Styled:
    drawn = [
        Styled("  ").join(Styled(cell.text, COLOURS[cell.tone]) for cell in line) for line in lines
    ]
    return Styled("\n").join(drawn)
