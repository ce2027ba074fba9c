"""One seat: who sits there, both pictures, how it stands, what changed, what can be done."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Final

from rich.text import Text as Styled
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from appliance.console import messages as m
from appliance.console import wording
from appliance.console.actions import Action, Choice, seat_choices
from appliance.console.drawing import put, put_if_any
from appliance.console.events import Change
from appliance.console.messages import Language, Text
from appliance.console.palette import COLOURS
from appliance.console.places import label_of
from appliance.console.portraits import Portraits
from appliance.console.seat_rows import Cell, Tone, is_lost, readiness, state_cell
from appliance.console.view import BREAKPOINTS, Desk, HallView
from exam.session import ENDED
from protocol.staff_api import HallStatus, Occupant, SeatStatus, TaskKind

Do = Callable[[Action, SeatStatus], None]
_LATEST: Final = 6
_LABEL: Final = 10
"""Cells of the labels before the facts."""


class SeatPage(Screen[None]):
    """The page of one seat."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("n,N", "show_number", show=False),
        Binding("z,Z", "closer", show=False),
    ]

    def __init__(self, desk: Desk, seat: str, do: Do, seen: Callable[[], Sequence[Change]]) -> None:
        super().__init__()
        self._desk = desk
        self._seat = seat
        self._do = do
        self._seen = seen
        self._choices: list[Choice] = []
        self._shows_number = False

    def compose(self) -> ComposeResult:
        """Draw the places."""
        yield Static("", id="seat-title", markup=False)
        yield Static("", id="trouble", markup=False)
        with Horizontal(id="seat-body"):
            with Vertical(id="seat-left"):
                yield Portraits(self._desk)
                yield Static("", id="facts", markup=False)
            with VerticalScroll(id="seat-right", can_focus=False):
                yield OptionList(id="actions", compact=True)
                yield Static("", id="advice", markup=False)
                yield Static("", id="events", markup=False)
        yield Static(m.SEAT_KEYS.say(self._desk.view.language), id="keys", markup=False)

    def on_mount(self) -> None:
        """Show what is known."""
        self.query_one("#actions").focus()
        self.show_hall(self._desk.view)

    def show_hall(self, view: HallView) -> None:
        """Draw what has changed."""
        seat = view.seat(self._seat)
        if view.hall is None or seat is None:
            return
        self.set_class(not view.connected, "stale")
        at = wording.clock(view.hall.hall_time, view.hall.time_zone)
        lost = "" if view.connected else m.CORE_LOST.say(view.language, at=at)
        put_if_any(self, "#trouble", lost)
        self.query_one(Portraits).show_candidate(
            None if seat.occupant is None else seat.occupant.candidate
        )
        name = m.EMPTY_SEAT.say(view.language) if seat.occupant is None else seat.occupant.name
        title = m.SEAT_TITLE.say(view.language, seat=label_of(view.hall, seat.seat))
        put(self, "#seat-title", f"{title}  {name}")
        facts = seat_facts(view.hall, seat, view.language, whole_number=self._shows_number)
        put(self, "#facts", _lines(facts))
        advice = m.TASK_HELP[TaskKind.LOST].say(view.language) if is_lost(seat) else ""
        put_if_any(self, "#advice", advice)
        self._show_choices(seat_choices(view.hall, seat), view.language)
        self._show_events(view.hall, view.language)

    def _show_choices(self, choices: list[Choice], language: Language) -> None:
        if choices == self._choices:
            return
        self._choices = choices
        menu = self.query_one("#actions", OptionList)
        chosen = None if menu.highlighted_option is None else menu.highlighted_option.id
        menu.clear_options()
        menu.add_options(
            Option(f"{choice.key.upper()}  {choice.title.say(language)}", id=choice.action.value)
            for choice in choices
        )
        kept = [n for n, choice in enumerate(choices) if choice.action.value == chosen]
        menu.highlighted = kept[0] if kept else 0

    def _show_events(self, hall: HallStatus, language: Language) -> None:
        seen = [change for change in self._seen() if change.seat == self._seat][-_LATEST:]
        lines = [m.EVENTS.say(language)]
        lines += [
            f"{wording.clock(change.at, hall.time_zone)} {change.say(language)}"
            for change in reversed(seen)
        ] or [m.NO_EVENTS.say(language)]
        put(self, "#events", "\n".join(lines))

    # --- keys --------------------------------------------------------------------------------

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Do what is under the cursor."""
        self._choose(Action(event.option_id or ""))

    def on_key(self, event: events.Key) -> None:
        """Do what a key stands for."""
        for choice in self._choices:
            if choice.key == (event.character or "").lower():
                event.stop()
                self._choose(choice.action)

    def _choose(self, action: Action) -> None:
        seat = self._desk.view.seat(self._seat)
        if seat is not None:
            self._do(action, seat)

    def action_leave(self) -> None:
        """Go back to the hall."""
        self.dismiss(None)

    def action_show_number(self) -> None:
        """Show the ID number, or hide it again."""
        self._shows_number = not self._shows_number
        self.show_hall(self._desk.view)

    def action_closer(self) -> None:
        """Look closer at both pictures, or at the whole again."""
        self.query_one(Portraits).toggle_closer()


# --- the facts: pure -----------------------------------------------------------------------------

Fact = tuple[Text, Cell]


def seat_facts(
    hall: HallStatus, seat: SeatStatus, language: Language, *, whole_number: bool
) -> list[tuple[str, Cell]]:
    """Return what is known of a seat: labels, and words with a tone."""
    facts = list(_terminal(seat, language))
    if seat.occupant is not None:
        facts = [*_person(hall, seat.occupant, language, whole=whole_number), *facts]
        facts[1:1] = _marks(seat, seat.occupant, language)
    return [(label.say(language), cell) for label, cell in facts]


def _person(
    hall: HallStatus, occupant: Occupant, language: Language, *, whole: bool
) -> Iterable[Fact]:
    yield m.FACT_STATE, state_cell(occupant.state, language)
    number = occupant.id_number if whole else wording.masked(occupant.id_number)
    yield m.ID_NUMBER, Cell(number)
    distance = wording.distance(occupant.distance)
    text = m.DISTANCE.say(language, distance=distance) if distance else m.NO_DISTANCE.say(language)
    yield m.COLUMN_FACE, Cell(text, Tone.PLAIN if distance else Tone.CALM)
    yield m.FACT_TIME, _time(hall, occupant, language)


def _time(hall: HallStatus, occupant: Occupant, language: Language) -> Cell:
    end = occupant.own_end
    if end is None:
        return Cell(m.TIME_NOT_YET.say(language), Tone.CALM)
    left = "-" if occupant.state in ENDED else wording.span(end - hall.hall_time)
    words = m.TIME_WORDS.say(language, left=left, end=wording.clock(end, hall.time_zone))
    if occupant.given_ms:
        words += m.TIME_GIVEN.say(language, given=wording.span(occupant.given_ms))
    return Cell(words)


def _marks(seat: SeatStatus, occupant: Occupant, language: Language) -> Iterable[Fact]:
    if is_lost(seat):
        yield m.COLUMN_SIGNS, Cell(f"✗ {m.EVENT_LOST.say(language)}", Tone.BAD)
    if occupant.withheld:
        yield m.COLUMN_SIGNS, Cell(f"! {m.WITHHELD.say(language)}", Tone.LOOK)
    if occupant.hand_raised:
        yield m.COLUMN_SIGNS, Cell(f"! {m.EVENT_HAND.say(language)}", Tone.LOOK)
    if occupant.leaves:
        yield m.COLUMN_SIGNS, Cell(m.LEAVES.say(language, n=occupant.leaves), Tone.LOOK)


def _terminal(seat: SeatStatus, language: Language) -> Iterable[Fact]:
    occupant = seat.occupant
    if occupant is not None:
        words = m.SAVED_WORDS.say(
            language,
            answered=occupant.answered,
            acknowledged=occupant.acknowledged,
            spooled=seat.spooled,
        )
        yield m.FACT_SAVED, Cell(words, Tone.LOOK if seat.spooled else Tone.PLAIN)
        if occupant.office_verified:
            yield m.FACT_SAVED, Cell(m.OFFICE_HAS_IT.say(language), Tone.GOOD)
    names = ("found", "reachable", "paired", "ready")
    four = {name: "✓" if getattr(seat, name) else "-" for name in names}
    yield m.FACT_TERMINAL, Cell(m.READY_WORDS.say(language, **four), readiness(seat).tone)
    if seat.address:
        about = m.TERMINAL_WORDS.say(
            language, address=seat.address, offset=seat.clock_offset, cameras=seat.cameras
        )
        yield m.FACT_TERMINAL, Cell(about, Tone.CALM)


def _lines(facts: list[tuple[str, Cell]]) -> Styled:
    lines = []
    before = ""
    for label, cell in facts:
        shown = "" if label == before else label
        before = label
        lines.append(
            Styled.assemble(
                (wording.fitted(shown, _LABEL), COLOURS[Tone.CALM]),
                (cell.text, COLOURS[cell.tone]),
            )
        )
    return Styled("\n").join(lines)
