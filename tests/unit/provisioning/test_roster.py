"""Rosters as clerks make them, good and bad."""

import io
import unicodedata
import warnings
import zipfile

import openpyxl
import pytest
from PIL import Image

from exam.rulebook import read_rule_book
from provisioning.roster.face_finder import FaceFinder
from tests.unit.provisioning.clerks_office import RULES, Office, id_number, portrait, sitting


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_clerks_spreadsheet_is_taken(office):
    """Title row, blanks, full-width digits and padded names come out clean."""
    taken = office.take()
    first, second = taken.roster.candidates
    assert (first.name, first.id_number, first.ticket_number) == ("张三", id_number(1), "20260001")
    assert (first.seat, second.seat) == ("a-01", "a-02")
    assert second.id_number == id_number(2)
    assert first.subjects == ("theory", "practical")
    assert taken.photos[first.photo] == office.photos[f"张三+{id_number(1)}.jpg"]
    assert [note.code for note in taken.notes] == ["roster-note-column"]


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8-sig", ","), ("utf-8", ";"), ("gb18030", ","), ("utf-16", "\t")],
)
def test_csv_in_the_encodings_of_offices(encoding, delimiter, office):
    """A csv says the same in UTF-8 with or without mark, GB18030, and Excel's Unicode text."""
    office.rows[0][2] = f'="{id_number(1)}"'
    office.rows[1][2] = f"'{id_number(2)}"
    taken = office.take(office.csv(encoding, delimiter), file="名单.csv")
    assert [c.name for c in taken.roster.candidates] == ["张三", "李小明"]


def test_numbers_stored_as_numbers(office):
    """A short number stored as a number is read as its digits, zeros of its format kept."""
    office.rows[0][3] = 20260001
    book = openpyxl.load_workbook(io.BytesIO(office.xlsx()))
    cell = book.active["D5"]
    cell.value, cell.number_format = 2, "00000000"
    stream = io.BytesIO()
    book.save(stream)
    first, second = office.take(stream.getvalue()).roster.candidates
    assert (first.ticket_number, second.ticket_number) == ("20260001", "00000002")


@pytest.mark.parametrize("stored", [990101199503010019, 9.90101199503010e17, "9.90101E+17"])
def test_an_id_number_stored_as_a_number_is_refused(stored, office):
    """A spreadsheet keeps 15 digits of a number: the ID number is lost, and the clerk told why."""
    office.rows[0][2] = stored
    office.photos = {}
    problems = [p for p in office.refused() if p.code == "roster-digits-lost"]
    assert [(p.place.row, p.place.column) for p in problems] == [(4, "C（身份证号码(必填)）")]
    assert "文本" in problems[0].show("zh")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (id_number(1)[:17] + ("0" if id_number(1)[17] != "0" else "1"), "roster-id-check"),
        (id_number(1)[:16], "roster-id-form"),
        ("99010119950230001X", "roster-id-birth"),
        (id_number(1, "20270301"), "roster-id-birth"),
        ("", "roster-empty"),
        ("身份证遗失", "roster-id-form"),
    ],
)
def test_wrong_id_numbers_are_named_by_row_and_column(number, code, office):
    """Form, birth date and check digit of GB 11643 each have their own message."""
    office.rows[0][2] = number
    (problem,) = [p for p in office.refused() if p.code.startswith("roster")]
    assert problem.code == code
    assert (problem.place.row, problem.place.column) == (4, "C（身份证号码(必填)）")


@pytest.mark.parametrize(("column", "name"), [(2, "身份证号"), (3, "准考证号"), (4, "座位号")])
def test_doubles_name_both_rows(column, name, office):
    """The same ID number, ticket or seat twice is refused with the rows of both."""
    office.rows[1][column] = office.rows[0][column]
    (problem,) = [p for p in office.refused() if p.code == "roster-double"]
    assert (problem.place.row, problem.values["row"], problem.values["name"]) == (5, "4", name)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        (1, "", "roster-empty"),
        (1, "张3", "roster-name"),
        (3, "2026/01", "roster-ticket"),
        (4, "Z99", "roster-seat"),
        (4, None, "roster-empty"),
    ],
)
def test_other_bad_cells(column, value, code, office):
    """Each bad cell is a problem of its row."""
    office.rows[0][column] = value
    found = [(p.place.row, p.code) for p in office.refused() if p.code.startswith("roster")]
    assert found == [(4, code)]


def test_every_bad_row_is_reported_and_none_taken(office):
    """Two bad rows, two problems, in one go."""
    office.rows[0][2] = "1"
    office.rows[1][4] = "Z99"
    problems = [p for p in office.refused() if p.code.startswith("roster")]
    assert [(p.place.row, p.code) for p in problems] == [
        (4, "roster-id-form"),
        (5, "roster-seat"),
    ]


def test_optional_columns(office):
    """Mobile, level, subjects and extra time; a mobile stands for a missing ticket number."""
    office.header = ["姓名", "证件号", "联系电话", "报考级别", "报考科目", "加时(分钟)"]
    office.rows = [
        ["张三", id_number(1), "138 0013 8000", "中级", "理论知识", "30"],
        ["李小明", id_number(2), "", "中级", "理论知识、实操技能", None],
    ]
    first, second = office.take().roster.candidates
    assert (first.mobile, first.ticket_number, first.level) == ("13800138000",) * 2 + ("中级",)
    assert (first.subjects, first.extra_minutes, first.seat) == (("theory",), 30, "a-01")
    assert second.subjects == ("theory", "practical")


def test_more_candidates_than_seats(office):
    """A roster that does not fit the room is refused."""
    codes = [p.code for p in office.refused(sitting=sitting(seats=1))]
    assert "roster-more-than-seats" in codes


def test_blank_rows_and_footers_are_no_candidates(office):
    """Blank rows are passed over; a total below the table is noted, not imported."""
    office.rows = [office.rows[0], [None, "  "], office.rows[1], ["合计：2 人"]]
    taken = office.take()
    assert len(taken.roster.candidates) == 2
    assert "roster-note-footer" in [note.code for note in taken.notes]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "roster-file"),
        (b"PK\x03\x04 broken", "zip-none"),
        (b"\xff\xff\xff\x80\x81", "roster-encoding"),
        ("甲,乙\n1,2\n".encode(), "roster-no-header"),
        ("姓名,身份证号\n".encode(), "roster-no-rows"),
        ("姓名,身份证号,考生姓名\n张三,1,李四\n".encode(), "roster-header-twice"),
    ],
)
def test_files_that_are_no_roster(data, code, office):
    """What cannot be read as a roster is refused with what was found."""
    assert code in [problem.code for problem in office.refused(data)]


@pytest.mark.parametrize("unseen", ["\u200b", "'", "\ufeff \u3000", '=""'])
def test_a_row_of_what_cannot_be_seen_is_blank(unseen, office):
    """Zero-width characters and a lone apostrophe are no candidate and stop nothing."""
    office.rows.insert(1, [unseen])
    assert len(office.take(office.csv("utf-8"), file="a.csv").roster.candidates) == 2


def test_an_open_quote_in_a_large_csv_is_told(office):
    """What the csv reader gives up on is refused with a way out, and nothing else is said."""
    data = office.csv("utf-8") + b'"' + b"x" * 140_000
    assert [problem.code for problem in office.refused(data, file="a.csv")] == ["roster-csv"]


@pytest.mark.parametrize("data", [b"PK\x03\x04 cut", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"a\0b"])
def test_a_file_that_is_no_sheet_is_told_once_by_its_name(data, office):
    """No heading is asked for in a file that could not be read."""
    (problem,) = office.refused(data, file="名单.xlsx")
    assert problem.place.file == "名单.xlsx"


def test_a_workbook_without_its_workbook_is_refused(office):
    """A zip that is named and begun like one: openpyxl's own errors are told like the others."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(office.xlsx())) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode()
            new.writestr(name, text.replace("sheet.main+xml", "sheet.none+xml"))
    assert [p.code for p in office.refused(stream.getvalue())] == ["roster-file"]


def test_candidates_below_the_limit_of_rows_are_not_passed_over(office):
    """Blank rows may go on for ever; a candidate behind them is a problem, not left out."""
    far = [[""]] * 20_000
    blank = office.csv("utf-8") + b"\r\n" * 20_000
    assert len(office.take(blank, file="a.csv").roster.candidates) == 2
    office.rows += [*far, [3, "赵六", id_number(3), "3", "A03"]]
    assert [p.code for p in office.refused(office.csv("utf-8"), file="a.csv")] == ["roster-rows"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_in_a_workbook_are_refused_wherever_they_stand(encoding, office):
    """A DOCTYPE behind a long comment, or in UTF-16, is found too."""
    declared = f'<!--{"x" * 5000}--><!DOCTYPE s [<!ENTITY a "aaaa">]>'
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(office.xlsx())) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith("sheet1.xml"):
                text = (declared + text.decode().split("?>", 1)[-1]).encode(encoding)
            new.writestr(name, text)
    assert [p.code for p in office.refused(stream.getvalue())] == ["roster-file"]


def test_identifiers_are_stable_and_say_nothing(office):
    """The same person keeps an identifier over revisions; it holds no part of the ID number."""
    first = office.take().roster.candidates[0]
    office.rows.reverse()
    again = office.take().roster.candidates[1]
    assert first.id == again.id
    assert not any(part in first.id for part in ("990101", "1995"))
    assert office.take(pseudonym_key=b"x" * 32).roster.candidates[1].id != first.id


# --- photos ----------------------------------------------------------------------------


def test_photo_names_composed_and_decomposed(office):
    """A file name written by a Mac (NFD) is the same name."""
    office.header = ["Name", "ID Number"]
    office.rows = [["Zoë Müller", id_number(1)]]
    name = unicodedata.normalize("NFD", f"Zoë Müller+{id_number(1)}.png")
    office.photos = {name: portrait(kind="PNG")}
    assert len(office.take().photos) == 1


def test_a_missing_photo_says_what_file_was_expected(office):
    """The file that should be there is named; the other papers of a candidate do not count."""
    del office.photos[f"李小明{id_number(2)}.JPEG"]
    (problem,) = office.refused()
    assert problem.code == "photo-missing"
    assert f"李小明+{id_number(2)}.jpg" in problem.show("zh")
    assert problem.place.row == 5


def test_a_photo_under_another_name_is_not_taken(office):
    """The right ID number with another name is a question for a person."""
    office.photos[f"李晓明+{id_number(2)}.jpg"] = office.photos.pop(f"李小明{id_number(2)}.JPEG")
    assert [p.code for p in office.refused()] == ["photo-name"]


def test_two_photos_of_one_candidate(office):
    """Two photos of one candidate: which is right is for a person."""
    office.photos[f"张三{id_number(1)}.png"] = portrait(kind="PNG")
    assert [p.code for p in office.refused()] == ["photo-twice"]


@pytest.mark.parametrize(("faces", "code"), [(0, "photo-no-face"), (2, "photo-several-faces")])
def test_a_photo_shows_one_face(faces, code, office):
    """No face, or two, refuse the photo by name."""
    office.faces = faces
    problems = office.refused()
    assert {p.code for p in problems} == {code}
    assert f"张三+{id_number(1)}.jpg" in problems[0].show("en")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no picture at all", "photo-unreadable"),
        (portrait(kind="GIF"), "photo-unreadable"),
        (portrait(size=(600, 400)), "photo-size"),
        (portrait(size=(70, 98), kind="PNG"), "photo-size"),
    ],
)
def test_photos_that_break_the_rule_book(content, code, office):
    """Format and shape come from the rule book."""
    office.photos[f"张三+{id_number(1)}.jpg"] = content
    assert code in [p.code for p in office.refused()]


def test_what_pillow_only_warns_about_is_not_printed(office):
    """A broken EXIF part, or a picture just beyond what is drawn, is no line of Python's."""
    name = f"张三+{id_number(1)}.jpg"
    exif = b"Exif\0\0II*\0\xff\xff\xff\xff"
    part = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    office.photos[name] = portrait()[:2] + part + portrait()[2:]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        office.take(count_faces=lambda content: FaceFinder()(content) or 1)
        stream = io.BytesIO()
        Image.new("L", (10_000, 10_000)).save(stream, "PNG")
        office.photos[name] = stream.getvalue()
        assert [p.code for p in office.refused()] == ["photo-unreadable"]


def test_a_grey_photo_is_refused_and_a_dark_ground_noted(office):
    """Colour is asked for; a ground that is not white is shown to a person only."""
    stream = io.BytesIO()
    Image.effect_noise((350, 490), 40).convert("RGB").save(stream, "JPEG")
    office.photos[f"张三+{id_number(1)}.jpg"] = stream.getvalue()
    assert [p.code for p in office.refused()] == ["photo-grey"]
    dark = Image.open(io.BytesIO(portrait()))
    dark.paste((20, 40, 160), (0, 0, 350, 160))
    stream = io.BytesIO()
    dark.save(stream, "JPEG")
    office.photos[f"张三+{id_number(1)}.jpg"] = stream.getvalue()
    assert "photo-note-ground" in [note.code for note in office.take().notes]


def test_miit_photo_rule(office):
    """295x413 pixels, JPEG, 40 to 1000 KB: nothing else passes."""
    rules = RULES.replace('formats = ["jpeg", "png"]', 'formats = ["jpeg"]')
    for name, value in (
        ("min_width", 295),
        ("max_width", 295),
        ("min_height", 413),
        ("max_height", 413),
        ("min_bytes", 40000),
        ("max_bytes", 1000000),
    ):
        rules = "\n".join(
            f"{name} = {value}" if line.startswith(f"{name} ") else line
            for line in rules.splitlines()
        )
    book = read_rule_book(rules)
    good = io.BytesIO()
    noise = Image.effect_noise((295, 413), 90).convert("RGB")
    noise.paste((250, 10, 10), (50, 100, 150, 300))
    noise.save(good, "JPEG", quality=98)
    assert 40_000 <= len(good.getvalue()) <= 1_000_000
    office.photos = {n: good.getvalue() for n in office.photos if "报名表" not in n}
    assert len(office.take(rules=book).roster.candidates) == 2
    office.photos[f"张三+{id_number(1)}.jpg"] = portrait(size=(295, 414))
    codes = [p.code for p in office.refused(rules=book)]
    assert "photo-size" in codes
    assert "photo-bytes" in codes
