"""A sample sitting as an office would be given it: plan, roster, photos, papers.

The persons are invented. Their ID numbers are right by GB 11643 but of an area (99) that
was never assigned, so that no real person's number is among them. The roster has the
habits of real ones: a merged title row, full-width digits, padded names, blanks, a total
below. Photos are handed in by the caller.
"""

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import openpyxl
from openpyxl.styles import Alignment, Font

import exam.rulebook
from drill.sample_qti import VERSIONS, paper_package
from exam.candidates import id_number_check_character

SITTING: Final = "cim-sample"
CENTRE: Final = "beijing-01"
ROOM: Final = "r1"
SUBJECT: Final = "theory"
ROSTER_FILE: Final = "考生名单.xlsx"
DRILL_RULES: Final = "ksj-drill.toml"
"""The file of `drill_rule_book`, beside the plan."""
PHOTO_FOLDER: Final = "照片"

_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN: Final = (
    *"伟芳娜敏静丽强磊洋艳勇杰娟涛明超霞平刚",
    *("桂英", "子涵", "欣怡", "浩然", "宇轩", "诗涵", "雨桐", "思远", "文博", "若曦", "嘉懿"),
    *("俊熙", "梓萱"),
)
_FULL_WIDTH: Final = str.maketrans("0123456789AX", "０１２３４５６７８９ＡＸ")
_OLDEST: Final = dt.date(1980, 1, 1)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """An invented candidate. ``seat`` is the label painted on the desk."""

    name: str
    id_number: str
    ticket_number: str
    mobile: str
    seat: str

    @property
    def photo_file(self) -> str:
        """The photo's name by the filing rule."""
        return f"{self.name}+{self.id_number}.jpg"


def people(count: int) -> tuple[Person, ...]:
    """Return ``count`` persons (at most 600), always the same ones."""
    return tuple(_person(number) for number in range(1, count + 1))


def seat_labels(count: int) -> list[str]:
    """Return the labels of ``count`` seats: A01 ..."""
    return [f"A{number:02d}" for number in range(1, count + 1)]


def _person(number: int) -> Person:
    surname = _SURNAMES[number % len(_SURNAMES)]
    given = _GIVEN[number * 7 % len(_GIVEN)]
    birth = _OLDEST + dt.timedelta(days=number * 97 % 9000)
    first = f"99{number % 90 + 10:02d}01{birth:%Y%m%d}{number:03d}"
    return Person(
        name=surname + given,
        id_number=first + id_number_check_character(first),
        ticket_number=f"2026{number:06d}",
        mobile=f"199{number:08d}",
        seat=f"A{number:02d}",
    )


# --- the spreadsheet -------------------------------------------------------------------

_HEADER: Final = [
    "序号",
    "姓名",
    "身份证号码（必填）",
    "准考证号",
    "手机",
    "报考级别",
    "座位号",
    "备注",
]


def roster_xlsx(persons: Sequence[Person]) -> bytes:
    """Return a roster as an office clerk makes it, with every habit that is still right."""
    rows: list[list[object]] = []
    for number, person in enumerate(persons, start=1):
        rows.append(_row(number, person))
        if number == 3:  # noqa: PLR2004 - a blank row somewhere, as happens
            rows.append([None, "  ", None])
    rows.append([f"合计：{len(persons)} 人"])
    return _workbook("2026 年城市信息模型应用工程师（中级）考生名单", rows)


def _row(number: int, person: Person) -> list[object]:
    """Return a row with one of five habits, in turn."""
    name, id_number, seat = person.name, person.id_number, person.seat
    ticket: object = person.ticket_number
    match number % 5:
        case 0:
            name = "　".join(name) if len(name) == 2 else f"{name} "  # noqa: PLR2004 - padded
        case 1:
            id_number = id_number.translate(_FULL_WIDTH)
        case 2:
            id_number, seat = f"{id_number.lower()} ", f" {seat.lower()}"
        case 3:
            ticket = int(person.ticket_number)
        case _:
            seat = seat.translate(_FULL_WIDTH)
    return [number, name, id_number, ticket, person.mobile, "中级", seat, None]


def bad_roster_xlsx(persons: Sequence[Person]) -> bytes:
    """Return a roster (of four persons or more) in which every row has a fault of its own.

    In turn: a wrong check digit, an ID number stored as a number, a seat that the plan has
    not, and from the fourth row the ID number of the first person again.
    """
    rows = [_row(number, person) for number, person in enumerate(persons, start=1)]
    wrong = persons[0].id_number
    rows[0][2] = wrong[:-1] + ("0" if wrong[-1] != "0" else "1")
    rows[1][2] = int(persons[1].id_number[:17]) * 10
    rows[2][6] = "Z99"
    for row in rows[3:]:
        row[2] = persons[0].id_number
    return _workbook("有错误的名单", rows)


def _workbook(title: str, rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = "名单"
    page.append([title])
    page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(_HEADER))
    page["A1"].font, page["A1"].alignment = Font(bold=True, size=16), Alignment("center")
    page.append(["填报单位：某培训机构（盖章）", None, None, None, "填报日期：2026 年 3 月"])
    page.append(_HEADER)
    for row in rows:
        page.append(row)
    for column in ("C", "D", "E"):
        page.column_dimensions[column].width = 24
    book.create_sheet("填写说明").append(["身份证号请以文本格式填写。"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


# --- the rules -------------------------------------------------------------------------


def drill_rule_book() -> str:
    """Return rule book ``ksj`` under a name of its own, with hand-in allowed from the start.

    A drill lasts minutes; ksj allows no hand-in before thirty of them.
    """
    ksj = (Path(exam.rulebook.__file__).parent / "rulebooks" / "ksj.toml").read_text("utf-8")
    changed = ksj
    for line, instead in (
        ('name = "ksj"', 'name = "ksj-drill"'),
        ("earliest_theory_s = 1800", "earliest_theory_s = 0"),
    ):
        if changed.count(line) != 1:
            raise ValueError(f"ksj.toml: expected {line!r} once, got {changed.count(line)}")
        changed = changed.replace(line, instead)
    return changed


# --- the plan --------------------------------------------------------------------------


def plan_toml(
    *,
    seats: Sequence[str],
    opens: dt.datetime,
    minutes: int = 120,
    addresses: Sequence[str] = (),
    rule_book: str = "ksj",
) -> str:
    """Return the plan: one subject from ``opens`` (with zone) for ``minutes``, one room."""
    shown = opens.astimezone(dt.timezone(dt.timedelta(hours=8))).replace(tzinfo=None)
    closes = shown + dt.timedelta(minutes=minutes)
    return f"""# 场次计划（样例）
id = "{SITTING}"
title = "城市信息模型应用工程师（中级）· 样例场次"
project = "CIM 工程师"
issuer = "样例考试机构"
time_zone = "Asia/Shanghai"
rule_book = "{rule_book}"
kind = "formal"

[[subjects]]
id = "{SUBJECT}"
title = "理论知识"
opens = {shown.isoformat(timespec="seconds")}
closes = {closes.isoformat(timespec="seconds")}
minutes = {minutes}
total_points = 100
pass_points = 60

[[centres]]
id = "{CENTRE}"

[[centres.rooms]]
id = "{ROOM}"
title = "一号考场"
addresses = [{", ".join(f'"{address}"' for address in addresses)}]
seats = [{", ".join(f'"{seat}"' for seat in seats)}]
"""


def write_sample(
    folder: Path, persons: Sequence[Person], photos: Sequence[bytes], plan: str
) -> None:
    """Write plan, roster, photos (repeated in turn) and the three packages into ``folder``."""
    (folder / PHOTO_FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / "plan.toml").write_text(plan, "utf-8")
    (folder / DRILL_RULES).write_text(drill_rule_book(), "utf-8")
    (folder / ROSTER_FILE).write_bytes(roster_xlsx(persons))
    for number, person in enumerate(persons):
        photo = photos[number % len(photos)]
        (folder / PHOTO_FOLDER / person.photo_file).write_bytes(photo)
    for version in VERSIONS:
        (folder / f"paper-qti-{version}.zip").write_bytes(paper_package(version))
