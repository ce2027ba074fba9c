"""The rows of the seat table: order, search, signs, and that everything fits its column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from appliance.console import seat_rows
from appliance.console.messages import Language
from appliance.console.places import in_order, label_of
from appliance.console.seat_rows import COLUMNS, Tone, rows
from exam.session import State
from protocol.staff_api import TaskKind
from tests import sample_halls as halls

COLUMN = {column.title.en: number for number, column in enumerate(COLUMNS)}
LONGEST = {"answered": 200, "acknowledged": 12345, "leaves": 9, "distance": 1234}


def cell(hall, seat, title, language=Language.EN):
    """Return one cell of a seat's row."""
    row = next(row for row in rows(hall, language) if row.seat == seat)
    return row.cells[COLUMN[title]]


def one(changes, **at_seat):
    """Return a hall of one seat."""
    made = halls.seat(1, halls.occupant(1, **changes), **{**halls.LINKED, **at_seat})
    return halls.hall((made,), halls.NINE)


@pytest.mark.parametrize("language", list(Language))
def test_the_columns_fit_into_eighty_cells(language):
    """All columns together leave room for the margins and the scroll bar."""
    assert sum(column.width(language) for column in COLUMNS) <= 78
    for column in COLUMNS:
        assert cell_len(column.title.say(language)) < column.width(language) + 1


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("state", list(State))
def test_every_state_fits_its_column(state, language):
    """Nothing but a long name or many signs at once is ever cut off."""
    who = {**LONGEST, "state": state, "session": "ab" * 16, "own_end": halls.NINE + 5 * halls.HOUR}
    hall = replace(one(who), tasks=(halls.task(TaskKind.IDENTITY, 1),))
    for column, each in zip(COLUMNS, rows(hall, language)[0].cells, strict=True):
        if column.title.en not in {"Name", "Signs"}:
            assert cell_len(each.text) < column.width(language), (column.title, each.text)


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_sign(state):
    """The state can be read without colour: a sign stands before its word."""
    text = seat_rows.state_cell(state, Language.ZH).text
    sign, _, word = text.partition(" ")
    assert sign in set("✓✗!-+=>")
    assert word


def test_the_four_signs_are_four_things():
    """Found, reachable, paired and ready are told apart."""
    assert cell(one({}), "a-01", "F L P R").text == "✓ ✓ ✓ ✓"
    found = halls.hall((halls.seat(1, halls.occupant(1), **halls.FOUND),), halls.NINE)
    assert cell(found, "a-01", "F L P R").text == "✓ ✓ - -"
    away = halls.hall((halls.seat(1, halls.occupant(1), paired=True),), halls.NINE)
    assert cell(away, "a-01", "F L P R").text == "- - ✓ -"


def test_what_the_box_does_not_have_yet_shows():
    """Events that are only at the seat stand behind those on the box, in another tone."""
    saved = cell(one({"acknowledged": 88}, spooled=7), "a-01", "Saved")
    assert (saved.text, saved.tone) == ("88+7", Tone.LOOK)
    verified = cell(one({"acknowledged": 88, "office_verified": True}), "a-01", "Saved")
    assert (verified.text, verified.tone) == ("88✓", Tone.GOOD)


def test_a_lost_seat_is_the_first_sign():
    """A candidate whose seat is no longer heard of is lost, and that is the cell's tone."""
    who = {"state": State.ANSWERING, "session": "ab" * 16, "hand_raised": True}
    signs = cell(one(who, linked=False), "a-01", "Signs")
    assert (signs.text, signs.tone) == ("lost hand", Tone.BAD)


def test_a_seat_where_nobody_has_sat_yet_is_not_lost():
    """An unlinked seat without a session needs nobody."""
    assert cell(one({}, linked=False), "a-01", "Signs").text == ""


def test_who_has_ended_has_no_time_left():
    """The time left is gone once the paper is in."""
    who = {"state": State.HANDED_IN, "own_end": halls.NINE + halls.HOUR, "session": "ab" * 16}
    assert cell(one(who), "a-01", "Left").text == ""


def test_a_face_in_doubt_asks():
    """The face that waits for a person has a question mark, whatever the candidate does."""
    assert cell(halls.in_the_exam(), "a-02", "Face").text == "? 0.56"
    assert cell(halls.in_the_exam(), "a-01", "Face").text == "✓ 0.31"


def test_seats_are_counted_as_a_person_counts():
    """Seat 2 comes before seat 10, and rooms stay together."""
    seats = [
        replace(halls.seat(n, None), label=label, room=room)
        for n, (room, label) in enumerate([("b", "1"), ("a", "10"), ("a", "2"), ("a", "A-7")], 1)
    ]
    assert [(s.room, s.label) for s in in_order(seats)] == [
        ("a", "2"), ("a", "10"), ("a", "A-7"), ("b", "1"),
    ]  # fmt: skip


def test_two_rooms_are_told_apart():
    """Where the hall has several rooms, a seat is called by room and label."""
    seats = (halls.seat(1, None), replace(halls.seat(2, None), label="01", room="b"))
    hall = halls.hall(seats, halls.NINE)
    assert [row.cells[0].text for row in rows(hall, Language.ZH)] == ["a 01", "b 01"]
    assert label_of(hall, "a-02") == "b 01"


@pytest.mark.parametrize(
    ("search", "found"),
    [("张伟", ["a-04"]), ("03", ["a-03"]), ("C-02", ["a-02"]), ("1010 0573x", ["a-05"])],
)
def test_the_search_finds_by_whatever_a_person_knows(search, found):
    """Seat, name, candidate's and ID number, in any case, all words of it."""
    hall = halls.in_the_exam()
    seats = [replace(s, address="") for s in hall.seats]
    hall = replace(hall, seats=tuple(seats))
    got = [row.seat for row in rows(hall, Language.ZH, search)]
    assert got == found


@given(st.integers(0, 3))
def test_an_empty_seat_is_a_row_too(missing):
    """A seat without a candidate has all its cells."""
    seats = tuple(halls.seat(n, None if n > missing else halls.occupant(n)) for n in range(1, 4))
    for row in rows(halls.hall(seats, halls.NINE), Language.EN):
        assert len(row.cells) == len(COLUMNS)
