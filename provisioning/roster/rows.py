"""Rows to candidates, each cell checked, every bad one named by row, column and reason."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

import msgspec

from exam.candidates import id_number_check_character
from provisioning.problems import Place, Problems, Text
from provisioning.roster import messages
from provisioning.roster.columns import Column, Table
from provisioning.roster.id_number import find_fault
from provisioning.roster.sheet import Cell, Row
from provisioning.roster.text import clean, clean_name, clean_number, is_name

_EXACT_DIGITS: Final = 15
"""Digits that a spreadsheet keeps of a number (IEEE 754 double)."""
_SCIENTIFIC: Final = re.compile(r"[0-9](?:\.[0-9]+E\+?|E\+)[0-9]+")
_TICKET: Final = re.compile(r"[0-9A-Z-]{1,32}")
_MOBILE: Final = re.compile(r"1[0-9]{10}")
_MAX_MINUTES: Final = 600
_FOOTERS: Final = ("合计", "总计", "共计", "备注", "说明", "注", "填表", "制表", "审核", "total")
_SEPARATORS: Final = re.compile(r"[、,;，；/|\n]+")
_UNIQUE: Final = (Column.ID_NUMBER, Column.TICKET, Column.SEAT)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was understood; seat and subjects still in the clerk's words."""

    row: int
    name: str
    id_number: str
    ticket_number: str
    mobile: str
    level: str
    seat: str
    subjects: tuple[str, ...]
    extra_minutes: int
    password: str


class RowReader:
    """Reads the rows of one table."""

    def __init__(
        self, table: Table, file: str, today: dt.date, problems: Problems, notes: Problems
    ) -> None:
        self._table = table
        self._file = file
        self._today = today
        self._problems = problems
        self._notes = notes

    def read(self) -> tuple[Entry, ...]:
        """Return the entries; rows with a problem are among them, so that doubles are found."""
        rows = [row for row in self._table.rows if not row.is_blank and not self._footer(row)]
        if not rows:
            self._problems.add(messages.NO_ROWS, Place(file=self._file))
        entries = tuple(self._entry(row) for row in rows)
        self._find_doubles(entries)
        return entries

    def place(self, row: int, column: Column) -> Place:
        """Return where a cell stands."""
        heading = self._table.headings.get(column, column.value)
        return Place(file=self._file, row=row, column=heading)

    def _footer(self, row: Row) -> bool:
        """Say whether a row is a clerk's note below the table (``合计：5 人``)."""
        said = [clean(cell.text) for cell in row.cells if clean(cell.text)]
        is_note = said[0].lower().startswith(_FOOTERS) and not self._text(row, Column.ID_NUMBER)
        if is_note:
            place = Place(file=self._file, row=row.number)
            self._notes.add(messages.FOOTER_IGNORED, place, came=said[0])
        return is_note

    def _entry(self, row: Row) -> Entry:
        subjects = _SEPARATORS.split(self._text(row, Column.SUBJECTS))
        return Entry(
            row=row.number,
            name=self._name(row),
            id_number=self._id_number(row),
            ticket_number=self._number(row, Column.TICKET, _TICKET, messages.BAD_TICKET),
            mobile=self._number(row, Column.MOBILE, _MOBILE, messages.BAD_MOBILE),
            level=self._text(row, Column.LEVEL),
            seat=self._text(row, Column.SEAT),
            subjects=tuple(clean(s) for s in subjects if clean(s)),
            extra_minutes=self._minutes(row),
            password=self._digits(row, Column.PASSWORD) or "",
        )

    def _cell(self, row: Row, column: Column) -> Cell:
        index = self._table.columns.get(column)
        if index is None or index >= len(row.cells):
            return Cell(text="")
        return row.cells[index]

    def _text(self, row: Row, column: Column) -> str:
        return clean(self._cell(row, column).text)

    def _add(self, text: Text, row: Row, column: Column, **values: object) -> None:
        self._problems.add(text, self.place(row.number, column), **values)

    def _name(self, row: Row) -> str:
        name = clean_name(self._cell(row, Column.NAME).text)
        if not name:
            self._add(messages.EMPTY, row, Column.NAME, name=Column.NAME.value)
        elif not is_name(name):
            self._add(messages.BAD_NAME, row, Column.NAME, came=repr(name))
        return name

    def _id_number(self, row: Row) -> str:
        """Return the ID number; every fault of its form, date and check is a problem."""
        number = self._digits(row, Column.ID_NUMBER)
        if number is None:
            return ""
        fault = find_fault(number, self._today) if number else None
        if not number:
            self._add(messages.EMPTY, row, Column.ID_NUMBER, name=Column.ID_NUMBER.value)
        elif fault == "form":
            self._add(messages.ID_FORM, row, Column.ID_NUMBER, came=number, count=len(number))
        elif fault == "birth":
            self._add(messages.ID_BIRTH_DATE, row, Column.ID_NUMBER, came=number[6:14])
        elif fault == "check":
            expected = id_number_check_character(number[:17])
            self._add(messages.ID_CHECK, row, Column.ID_NUMBER, expected=expected, came=number[17])
        return number

    def _number(self, row: Row, column: Column, form: re.Pattern[str], text: Text) -> str:
        """Return a ticket or mobile number, "" where there is none."""
        number = self._digits(row, column) or ""
        if number and not form.fullmatch(number):
            self._add(text, row, column, came=number)
        return number

    def _digits(self, row: Row, column: Column) -> str | None:
        """Return the characters of a number, None where a spreadsheet has lost some."""
        cell = self._cell(row, column)
        number = clean_number(cell.text)
        too_long = cell.is_number and len(number.lstrip("-")) > _EXACT_DIGITS
        if too_long or _SCIENTIFIC.fullmatch(number):
            self._add(messages.DIGITS_LOST, row, column, came=number)
            return None
        return number

    def _minutes(self, row: Row) -> int:
        written = clean_number(self._cell(row, Column.MINUTES).text).removesuffix("分钟")
        if not written:
            return 0
        if not (written.isascii() and written.isdigit() and int(written) <= _MAX_MINUTES):
            self._add(messages.BAD_MINUTES, row, Column.MINUTES, came=repr(written))
            return 0
        return int(written)

    def _find_doubles(self, entries: tuple[Entry, ...]) -> None:
        for column in _UNIQUE:
            seen: dict[str, int] = {}
            for entry in entries:
                value = _VALUES[column](entry)
                if value and value in seen:
                    self._problems.add(
                        messages.DOUBLE,
                        self.place(entry.row, column),
                        name=column.value,
                        came=value,
                        row=seen[value],
                    )
                seen.setdefault(value, entry.row)


_VALUES: Final[dict[Column, Callable[[Entry], str]]] = {
    Column.ID_NUMBER: lambda entry: entry.id_number,
    Column.TICKET: lambda entry: entry.ticket_number,
    Column.SEAT: lambda entry: entry.seat.replace(" ", "").casefold(),
}
