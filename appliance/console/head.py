"""The head of the screen: sitting, subject, the hall's time large, how things stand.

`countdown` and `signs` are pure; the widget draws what they say.
"""

from typing import Final

from rich.text import Text as Styled
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Digits, Static

from appliance.console import messages as m
from appliance.console import wording
from appliance.console.drawing import put
from appliance.console.messages import Language
from appliance.console.palette import COLOURS
from appliance.console.seat_rows import Cell, Tone
from appliance.console.view import HallView
from protocol.staff_api import HallStatus, LineStatus

LOW_DISK: Final = 2 * 1024**3
"""Bytes; the same as core's own limit."""
_NO_TIME: Final = "--:--:--"


def countdown(hall: HallStatus, language: Language) -> Cell:
    """Return how long it is to the start or to the end of the subject."""
    subject, now = hall.subject, hall.hall_time
    if subject is None:
        return Cell("")
    if hall.closing is not None:
        return Cell(m.CLOSED.say(language), Tone.CALM)
    start = subject.armed_start
    if start is None:
        at = wording.clock_minutes(subject.opens, hall.time_zone)
        return Cell(m.TO_PLANNED.say(language, at=at), Tone.LOOK)
    if now < start:
        at = wording.clock_minutes(start, hall.time_zone)
        text = m.TO_START.say(language, left=wording.span(start - now + 999), at=at)
        return Cell(text, Tone.GOOD)
    at = wording.clock_minutes(subject.closes, hall.time_zone)
    if now > subject.closes:
        return Cell(m.OVER.say(language, at=at), Tone.LOOK)
    return Cell(m.TO_END.say(language, left=wording.span(subject.closes - now + 999), at=at))


def signs(hall: HallStatus, language: Language) -> list[Cell]:
    """Return clock, line and disk, each with sign and tone; then what else is wrong."""
    found = [_clock(hall, language), _line(hall.line, hall.time_zone, language)]
    free = wording.size(hall.disk_free)
    if hall.disk_free < LOW_DISK:
        found.append(Cell(m.DISK_LOW.say(language, free=free), Tone.BAD))
    else:
        found.append(Cell(m.DISK_GOOD.say(language, free=free), Tone.GOOD))
    away = [process.name for process in hall.processes if not process.connected]
    if away:
        found.append(Cell(m.PROCESS_AWAY.say(language, names=" ".join(away)), Tone.LOOK))
    return found


def _clock(hall: HallStatus, language: Language) -> Cell:
    by = hall.clock_confirmed_by
    if not by:
        return Cell(m.CLOCK_OPEN.say(language), Tone.LOOK)
    return Cell(m.CLOCK_GOOD.say(language, by=hall.staff.get(by, by)), Tone.GOOD)


def _line(line: LineStatus, zone: str, language: Language) -> Cell:
    if line.state == "up":
        return Cell(m.LINE_UP.say(language), Tone.GOOD)
    if line.state == "down":
        since = wording.clock_minutes(line.since, zone)
        return Cell(m.LINE_DOWN.say(language, since=since), Tone.BAD)
    return Cell(m.LINE_UNTRIED.say(language), Tone.CALM)


def line_to_core(view: HallView, socket: str) -> str:
    """Return what is wrong between console and core; empty where nothing is."""
    hall = view.hall
    if view.trouble:
        return m.CORE_OTHER.say(view.language, detail=view.trouble)
    if hall is None:
        return m.CORE_AWAITED.say(view.language, socket=socket)
    if not view.connected:
        at = wording.clock(hall.hall_time, hall.time_zone)
        return m.CORE_LOST.say(view.language, at=at)
    if view.staff not in hall.staff:
        return m.STRANGER.say(view.language, staff=view.staff)
    return ""


class Head(Horizontal):
    """Three lines: what, when, how it stands; the time large at the right."""

    def compose(self) -> ComposeResult:
        """Draw the places."""
        with Vertical(id="head-words"):
            yield Static("", id="head-title", markup=False)
            yield Static("", id="head-countdown", markup=False)
            yield Static("", id="head-signs", markup=False)
        yield Digits(_NO_TIME, id="head-clock")

    def show_hall(self, view: HallView) -> None:
        """Draw the status."""
        hall = view.hall
        if hall is None:
            return
        title = hall.title if hall.subject is None else f"{hall.title} · {hall.subject.title}"
        put(self, "#head-title", title, grows=False)
        left = countdown(hall, view.language)
        put(self, "#head-countdown", _styled([left]), grows=False)
        put(self, "#head-signs", _styled(signs(hall, view.language)), grows=False)
        self.query_one("#head-clock", Digits).update(wording.clock(hall.hall_time, hall.time_zone))


def _styled(cells: list[Cell]) -> Styled:
    parts = [(cell.text, COLOURS[cell.tone]) for cell in cells if cell.text]
    return Styled("   ").join(Styled(text, style) for text, style in parts)
