"""Spreadsheets as offices write them: xlsx and csv, to rows of cells with their row numbers.

A cell says whether it was a number, since spreadsheets keep 15 digits of one: who reads
an ID number must know. Formulas count by the value that was last computed. Only visible
sheets are read.
"""

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import msgspec
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from provisioning.archive import read_archive
from provisioning.problems import Place, Problems
from provisioning.roster import messages
from provisioning.roster.text import clean

_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP: Final = b"PK\x03\x04"
_MAX_ROWS: Final = 20_000
_MAX_COLUMNS: Final = 100
_ZEROS: Final = re.compile(r"0+")
_DOCTYPE: Final = re.compile(rb"<\0?!\0?D\0?O\0?C\0?T\0?Y\0?P\0?E")
"""In UTF-8 and in UTF-16. No spreadsheet program writes one, and its entities could grow."""
_FAULTS: Final = (
    InvalidFileException,
    zipfile.BadZipFile,
    KeyError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
)
"""What openpyxl raises, by experience, on workbooks that are none."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One cell as text; ``is_number`` where the file holds a number."""

    text: str
    is_number: bool = False


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row; ``number`` is the one that the clerk sees, from 1."""

    number: int
    cells: tuple[Cell, ...]

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything that can be seen."""
        return not any(clean(cell.text) for cell in self.cells)


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet by its name ("" for a csv)."""

    name: str
    rows: tuple[Row, ...]


def read_sheets(data: bytes, file: str, problems: Problems) -> tuple[Sheet, ...]:
    """Return the visible sheets of an xlsx or csv; what cannot be read is a problem."""
    place = Place(file=file)
    if data.startswith(_OLE):
        problems.add(messages.NOT_A_SHEET, place, came="xls / password")
        return ()
    if data.startswith(_ZIP):
        return _read_xlsx(data, place, problems)
    text = _decode(data)
    if text is None:
        problems.add(messages.UNKNOWN_ENCODING, place)
        return ()
    if "\0" in text:
        problems.add(messages.NOT_A_SHEET, place, came=repr(data[:16]))
        return ()
    try:
        return (Sheet(name="", rows=_limited(_read_csv(text), place, problems)),)
    except csv.Error as error:
        problems.add(messages.BAD_CSV, place, came=error)
        return ()


def _limited(rows: Iterator[Row], place: Place, problems: Problems) -> tuple[Row, ...]:
    """Return the rows; those beyond the limit may be blank, else none of them is passed over."""
    taken = tuple(islice(rows, _MAX_ROWS))
    beyond = next((row for row in rows if not row.is_blank), None)
    if beyond is not None:
        problems.add(messages.TOO_MANY_ROWS, place, limit=_MAX_ROWS, came=beyond.number)
    return taken


def _read_xlsx(data: bytes, place: Place, problems: Problems) -> tuple[Sheet, ...]:
    before = len(problems)
    members = read_archive(data, problems, place.file)
    if any(_DOCTYPE.search(content) for content in members.values()):
        problems.add(messages.NOT_A_SHEET, place, came="DOCTYPE")
    if len(problems) > before:
        return ()
    try:
        with warnings.catch_warnings():  # openpyxl prints what it leaves out: nobody's formats
            warnings.simplefilter("ignore")
            return tuple(_visible_sheets(data, place, problems))
    except _FAULTS as error:
        problems.add(messages.NOT_A_SHEET, place, came=f"{type(error).__name__}: {error}")
        return ()


def _visible_sheets(data: bytes, place: Place, problems: Problems) -> Iterator[Sheet]:
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            yield Sheet(name=sheet.title, rows=_limited(_xlsx_rows(sheet), place, problems))


def _xlsx_rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_col=_MAX_COLUMNS)
    for number, cells in enumerate(rows, start=1):
        yield Row(number=number, cells=tuple(_xlsx_cell(cell) for cell in cells))


def _xlsx_cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return Cell(text="")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Cell(text=str(value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if _ZEROS.fullmatch(cell.number_format or ""):
        text = text.zfill(len(cell.number_format))
    return Cell(text=text, is_number=True)


def _decode(data: bytes) -> str | None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _read_csv(text: str) -> Iterator[Row]:
    sample = "\n".join(text.splitlines()[:20])
    delimiter = max(",\t;", key=sample.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for number, fields in enumerate(reader, start=1):
        yield Row(number=number, cells=tuple(Cell(text=f) for f in fields[:_MAX_COLUMNS]))
