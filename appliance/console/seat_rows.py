"""One row a seat: what stands in each column, in words and with a tone. Pure.

Every state has a sign and a colour: ``✓`` good, ``!`` look, ``✗`` bad, ``-`` not yet. The signs
are one cell wide in every terminal; the widths of the columns are fixed here.
"""

from enum import StrEnum
from typing import Final

import msgspec

from appliance.console import messages as m
from appliance.console import wording
from appliance.console.messages import Language, Text
from appliance.console.places import in_order, labels
from exam.session import ENDED, State
from protocol.staff_api import HallStatus, Occupant, SeatStatus, TaskKind

_WARN_LEFT_MS: Final = 5 * 60_000
_LONG_WORD: Final = 4


class Tone(StrEnum):
    """How a thing stands; the colour is the style sheet's."""

    PLAIN = "plain"
    GOOD = "good"
    LOOK = "look"
    BAD = "bad"
    CALM = "calm"


class Cell(msgspec.Struct, frozen=True):
    """Text and tone of one place in the table."""

    text: str
    tone: Tone = Tone.PLAIN


class SeatRow(msgspec.Struct, frozen=True, kw_only=True):
    """One seat."""

    seat: str
    cells: tuple[Cell, ...]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column; ``widths`` in cells, for Chinese and for English."""

    title: Text
    widths: tuple[int, int]

    def width(self, language: Language) -> int:
        """Return the width in cells."""
        return self.widths[0 if language is Language.ZH else 1]


COLUMNS: Final = (
    Column(title=m.COLUMN_SEAT, widths=(7, 6)),
    Column(title=m.COLUMN_NAME, widths=(12, 11)),
    Column(title=m.COLUMN_READY, widths=(9, 9)),
    Column(title=m.COLUMN_STATE, widths=(11, 14)),
    Column(title=m.COLUMN_ANSWERED, widths=(5, 5)),
    Column(title=m.COLUMN_SAVED, widths=(8, 8)),
    Column(title=m.COLUMN_LEFT, widths=(8, 8)),
    Column(title=m.COLUMN_FACE, widths=(7, 7)),
    Column(title=m.COLUMN_SIGNS, widths=(10, 10)),
)
"""78 cells together: 80 less the scroll bar."""

_STATE_CELLS: Final[dict[State, tuple[str, Tone]]] = {
    State.EXPECTED: ("-", Tone.CALM),
    State.SEATED: ("!", Tone.LOOK),
    State.IDENTIFIED: ("+", Tone.PLAIN),
    State.WAITING: ("✓", Tone.GOOD),
    State.ANSWERING: ("✓", Tone.GOOD),
    State.PAUSED: ("=", Tone.LOOK),
    State.AWAY: (">", Tone.LOOK),
    State.HANDED_IN: ("✓", Tone.CALM),
    State.HANDED_IN_PROVISIONALLY: ("!", Tone.LOOK),
    State.COLLECTED: ("✓", Tone.CALM),
    State.VOIDED: ("✗", Tone.BAD),
    State.REFUSED: ("✗", Tone.BAD),
    State.ABSENT: ("-", Tone.CALM),
}


def rows(hall: HallStatus, language: Language, search: str = "") -> list[SeatRow]:
    """Return the rows of the seats that fit the search, by the seats' labels."""
    doubtful = {task.candidate for task in hall.tasks if task.kind is TaskKind.IDENTITY}
    called = labels(hall)
    return [
        SeatRow(
            seat=seat.seat,
            cells=(Cell(called[seat.seat]), *_cells(seat, hall.hall_time, doubtful, language)),
        )
        for seat in in_order(hall.seats)
        if fits(seat, search)
    ]


def fits(seat: SeatStatus, search: str) -> bool:
    """Say whether every word of the search is found at this seat.

    Short words are not looked for in ID numbers and addresses: every "03" would be there.
    """
    occupant = seat.occupant
    about, numbers = [seat.seat, seat.label, seat.room], [seat.address]
    if occupant is not None:
        about += [occupant.name, occupant.candidate]
        numbers.append(occupant.id_number)
    short = " ".join(about).casefold()
    long = " ".join([short, *numbers]).casefold()
    words = search.casefold().split()
    return all(word in (long if len(word) >= _LONG_WORD else short) for word in words)


def _cells(seat: SeatStatus, now: int, doubtful: set[str], language: Language) -> tuple[Cell, ...]:
    occupant = seat.occupant
    head = (_name(occupant, language), readiness(seat))
    if occupant is None:
        return (*head, *(Cell("") for _ in COLUMNS[1 + len(head) :]))
    return (
        *head,
        state_cell(occupant.state, language),
        Cell(str(occupant.answered) if occupant.answered else ""),
        _saved(seat, occupant),
        _left(occupant, now),
        _face(occupant, occupant.candidate in doubtful),
        _signs(seat, occupant, language),
    )


def _name(occupant: Occupant | None, language: Language) -> Cell:
    if occupant is None:
        return Cell(m.EMPTY_SEAT.say(language), Tone.CALM)
    tone = Tone.CALM if occupant.state in ENDED else Tone.PLAIN
    return Cell(occupant.name, tone)


def readiness(seat: SeatStatus) -> Cell:
    """Return the four signs: found, reachable, paired, ready."""
    four = (seat.found, seat.reachable, seat.paired, seat.ready)
    text = " ".join("✓" if each else "-" for each in four)
    if seat.ready:
        return Cell(text, Tone.GOOD)
    return Cell(text, Tone.LOOK if seat.found or seat.paired else Tone.CALM)


def state_cell(state: State, language: Language) -> Cell:
    """Return a state with its sign."""
    sign, tone = _STATE_CELLS[state]
    return Cell(f"{sign} {m.STATE[state].say(language)}", tone)


def _saved(seat: SeatStatus, occupant: Occupant) -> Cell:
    if seat.spooled:
        return Cell(f"{occupant.acknowledged}+{seat.spooled}", Tone.LOOK)
    if not occupant.acknowledged:
        return Cell("")
    sign = "✓" if occupant.office_verified else ""
    return Cell(f"{occupant.acknowledged}{sign}", Tone.GOOD)


def _left(occupant: Occupant, now: int) -> Cell:
    if occupant.own_end is None or occupant.state in ENDED:
        return Cell("")
    left = occupant.own_end - now
    return Cell(wording.span(left), Tone.LOOK if left < _WARN_LEFT_MS else Tone.PLAIN)


def _face(occupant: Occupant, is_doubtful: bool) -> Cell:  # noqa: FBT001 - a fact, not a mode
    text = wording.distance(occupant.distance)
    if is_doubtful:
        return Cell(f"? {text}".rstrip(), Tone.LOOK)
    if occupant.state in {State.EXPECTED, State.ABSENT}:
        return Cell("")
    if occupant.state is State.REFUSED:
        return Cell(f"✗ {text}".rstrip(), Tone.BAD)
    if occupant.state is State.SEATED:
        return Cell(f"- {text}".rstrip(), Tone.CALM)
    return Cell(f"✓ {text}".rstrip(), Tone.GOOD)


def _signs(seat: SeatStatus, occupant: Occupant, language: Language) -> Cell:
    there = [
        (is_lost(seat), m.SIGN_LOST, Tone.BAD),
        (occupant.hand_raised and occupant.state not in ENDED, m.SIGN_HAND, Tone.LOOK),
        (occupant.withheld, m.SIGN_WITHHELD, Tone.LOOK),
        (occupant.leaves > 0, m.SIGN_LEAVES, Tone.PLAIN),
    ]
    found = [(text.say(language, n=occupant.leaves), tone) for is_so, text, tone in there if is_so]
    tone = found[0][1] if found else Tone.PLAIN
    return Cell(" ".join(text for text, _ in found), tone)


def is_lost(seat: SeatStatus) -> bool:
    """Say whether a candidate sits, or sat, at a seat that is no longer heard of."""
    occupant = seat.occupant
    return (
        occupant is not None
        and occupant.session is not None
        and occupant.state not in ENDED
        and not seat.linked
    )
