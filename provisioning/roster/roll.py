"""A roster from a spreadsheet and a folder of photos: whole, or every reason why not."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Mapping

import msgspec

from exam.candidates import Candidate, Roster
from exam.rulebook import LoginField, RuleBook
from exam.sitting import Sitting
from provisioning.problems import Place, Problem, Problems
from provisioning.roster import messages
from provisioning.roster.columns import Column, Table, find_table
from provisioning.roster.photos import FaceCounter, Photo, check_photo, find_photos
from provisioning.roster.rows import Entry, RowReader
from provisioning.roster.sheet import read_sheets
from provisioning.roster.text import clean


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken. ``photos`` are the bytes by digest; ``notes`` are worth a look."""

    roster: Roster
    photos: dict[str, bytes]
    notes: tuple[Problem, ...]


def import_roster(
    data: bytes,
    *,
    file: str,
    photos: Mapping[str, Callable[[], bytes]],
    sitting: Sitting,
    rules: RuleBook,
    count_faces: FaceCounter,
    today: dt.date,
    pseudonym_key: bytes,
) -> Imported:
    """Return the roster in the spreadsheet ``data`` for ``sitting``.

    ``photos`` gives by file name a way to read each file of the photo folder; files that
    are no photos may lie among them. ``pseudonym_key`` (32 secret bytes of the office)
    makes the candidates' identifiers: the same person keeps theirs in a later revision,
    and nobody without the key can tell whose it is.
    Raises `InputRefusedError` with every problem of spreadsheet and photos.
    """
    problems, notes = Problems(), Problems()
    sheets = read_sheets(data, file, problems)
    problems.refuse_if_any()
    table = find_table(sheets, file, problems)
    problems.refuse_if_any()
    assert table is not None
    _check_columns(table, file, rules, problems)
    if table.ignored:
        notes.add(messages.COLUMN_IGNORED, Place(file=file), came="、".join(table.ignored))
    reader = RowReader(table, file, today, problems, notes)
    entries = reader.read()
    _check_log_in(entries, table, rules, reader, problems)
    placing = _Placing(sitting, table, reader, problems)
    placed = [(e, placing.seat(e), placing.subjects(e)) for e in entries]
    placing.check_room(len(entries))
    taken = _take_photos(entries, photos, rules, count_faces, problems, notes)
    problems.refuse_if_any()
    candidates = tuple(
        _candidate(entry, seat, subjects, taken[entry.row].sha256, sitting, pseudonym_key)
        for entry, seat, subjects in placed
    )
    return Imported(
        roster=Roster(sitting=sitting.id, centre=sitting.centre, candidates=candidates),
        photos={photo.sha256: photo.content for photo in taken.values()},
        notes=notes.found(),
    )


def _check_columns(table: Table, file: str, rules: RuleBook, problems: Problems) -> None:
    """Report a column that the rule book's log-in needs; a mobile may stand for a ticket."""
    for column, standing_in, _ in _needed(rules):
        if not {column, standing_in} & set(table.columns):
            problems.add(messages.NO_COLUMN, Place(file=file), name=column.value)


def _check_log_in(
    entries: tuple[Entry, ...],
    table: Table,
    rules: RuleBook,
    reader: RowReader,
    problems: Problems,
) -> None:
    """Report rows that could not log in, and two that would by one ticket number."""
    for column, standing_in, value_of in _needed(rules):
        is_there = {column, standing_in} & set(table.columns)
        for entry in entries:
            if is_there and not value_of(entry):
                place = reader.place(entry.row, column)
                problems.add(messages.EMPTY, place, name=column.value)
    if LoginField.TICKET_NUMBER not in rules.login.fields:
        return
    seen: dict[str, Entry] = {}
    for entry in entries:
        first = seen.setdefault(_ticket(entry), entry)
        both_written = entry.ticket_number and first.ticket_number  # the reader told those
        if first is not entry and _ticket(entry) and not both_written:
            problems.add(
                messages.DOUBLE,
                reader.place(entry.row, Column.TICKET),
                name=Column.TICKET.value,
                came=_ticket(entry),
                row=first.row,
            )


def _needed(rules: RuleBook) -> list[tuple[Column, Column, Callable[[Entry], str]]]:
    """Return what the log-in needs: its column, one that may stand for it, and the value."""
    needed = {
        LoginField.TICKET_NUMBER: (Column.TICKET, Column.MOBILE, _ticket),
        LoginField.PASSWORD: (Column.PASSWORD, Column.PASSWORD, lambda entry: entry.password),
    }
    return [needed[field] for field in rules.login.fields if field in needed]


def _ticket(entry: Entry) -> str:
    return entry.ticket_number or entry.mobile


class _Placing:
    """Seats and subjects of the plan, by what clerks call them."""

    def __init__(
        self, sitting: Sitting, table: Table, reader: RowReader, problems: Problems
    ) -> None:
        self._seats = {_fold(s): seat.id for seat in sitting.seats for s in (seat.label, seat.id)}
        self._subjects = {_fold(w): s.id for s in sitting.subjects for w in (s.title, s.id)}
        self._sitting = sitting
        self._given = iter(seat.id for seat in sitting.seats)
        self._has_seats = Column.SEAT in table.columns
        self._taken: dict[str, Entry] = {}
        self._reader = reader
        self._problems = problems

    def seat(self, entry: Entry) -> str:
        """Return the seat that the row names; without a seat column the next of the plan."""
        if not self._has_seats:
            return next(self._given, "")
        place = self._reader.place(entry.row, Column.SEAT)
        if not entry.seat:
            self._problems.add(messages.EMPTY, place, name=Column.SEAT.value)
        elif _fold(entry.seat) not in self._seats:
            expected = "、".join(seat.label for seat in self._sitting.seats[:8])
            self._problems.add(
                messages.UNKNOWN_SEAT, place, came=repr(entry.seat), expected=expected
            )
        seat = self._seats.get(_fold(entry.seat), "")
        first = self._taken.setdefault(seat, entry)
        if seat and first is not entry and _fold(first.seat) != _fold(entry.seat):
            self._problems.add(
                messages.DOUBLE, place, name=Column.SEAT.value, came=entry.seat, row=first.row
            )
        return seat

    def subjects(self, entry: Entry) -> tuple[str, ...]:
        """Return the subjects that the row names, all of the plan where it names none."""
        named = []
        for written in entry.subjects:
            subject = self._subjects.get(_fold(written))
            if subject is None:
                place = self._reader.place(entry.row, Column.SUBJECTS)
                expected = "、".join(s.title for s in self._sitting.subjects)
                self._problems.add(
                    messages.UNKNOWN_SUBJECT, place, came=repr(written), expected=expected
                )
            else:
                named.append(subject)
        return tuple(dict.fromkeys(named)) or tuple(s.id for s in self._sitting.subjects)

    def check_room(self, count: int) -> None:
        """Report where there are more candidates than seats."""
        if count > len(self._sitting.seats):
            seats = len(self._sitting.seats)
            self._problems.add(messages.MORE_THAN_SEATS, Place(), came=count, expected=seats)


def _fold(text: str) -> str:
    return clean(text).replace(" ", "").casefold()


def _take_photos(
    entries: tuple[Entry, ...],
    photos: Mapping[str, Callable[[], bytes]],
    rules: RuleBook,
    count_faces: FaceCounter,
    problems: Problems,
    notes: Problems,
) -> dict[int, Photo]:
    found = find_photos(entries, photos, problems, notes)
    taken = {row: Photo(file=name, content=photos[name]()) for row, name in found.items()}
    for row, photo in taken.items():
        place = Place(file=photo.file, row=row)
        check_photo(photo, rules.photo, count_faces, place, problems, notes)
    return taken


def _candidate(
    entry: Entry,
    seat: str,
    subjects: tuple[str, ...],
    photo: str,
    sitting: Sitting,
    pseudonym_key: bytes,
) -> Candidate:
    return Candidate(
        id=pseudonym(entry.id_number, sitting.id, pseudonym_key),
        name=entry.name,
        id_number=entry.id_number,
        subjects=subjects,
        seat=seat,
        ticket_number=_ticket(entry),
        mobile=entry.mobile,
        level=entry.level,
        photo=photo,
        extra_minutes=entry.extra_minutes,
        password=entry.password,
    )


def pseudonym(id_number: str, sitting: str, key: bytes) -> str:
    """Return a candidate's identifier: 80 bits of HMAC-SHA256, which only the key links."""
    mac = hmac.new(key, f"{sitting}\n{id_number}".encode(), hashlib.sha256).digest()
    return "c-" + base64.b32encode(mac[:10]).decode().lower()
