"""Which column holds what: headings in the words that offices use, Chinese and English."""

import re
from enum import StrEnum
from typing import Final

import msgspec
from openpyxl.utils import get_column_letter

from provisioning.problems import Place, Problems
from provisioning.roster import messages
from provisioning.roster.sheet import Row, Sheet
from provisioning.roster.text import clean

HEADER_WITHIN: Final = 20
"""The heading row is looked for in this many rows."""


class Column(StrEnum):
    """What a roster may say of a candidate; the value is the heading shown to people."""

    NAME = "姓名"
    ID_NUMBER = "身份证号"
    TICKET = "准考证号"
    MOBILE = "手机号"
    LEVEL = "级别"
    SEAT = "座位号"
    SUBJECTS = "科目"
    MINUTES = "加时（分钟）"
    PASSWORD = "密码"  # noqa: S105 - a heading


_WORDS: Final[dict[Column, str]] = {
    Column.NAME: "姓名 考生姓名 学员姓名 真实姓名 名字 name fullname candidate candidatename",
    Column.ID_NUMBER: "身份证号 身份证 身份证号码 证件号 证件号码 居民身份证号 "
    "居民身份证号码 公民身份号码 idnumber idno id idcard idcardnumber nationalid",
    Column.TICKET: "准考证号 准考证 准考证号码 考号 考生号 考生标识 ticket ticketnumber ticketno "
    "admissionnumber",
    Column.MOBILE: "手机号 手机 手机号码 联系电话 电话 移动电话 联系方式 mobile mobilenumber phone "
    "phonenumber",
    Column.LEVEL: "级别 等级 报考级别 报考等级 考试级别 证书级别 level grade",
    Column.SEAT: "座位号 座位 座号 座次 机位 机位号 考位 seat seatnumber seatno",
    Column.SUBJECTS: "科目 考试科目 报考科目 subject subjects",
    Column.PASSWORD: "密码 口令 登录密码 考试密码 登录口令 password loginpassword",
    Column.MINUTES: "加时 延时 延长时间 加时分钟 延时分钟 extraminutes extratime",
}
_BY_WORD: Final = {word: column for column, words in _WORDS.items() for word in words.split()}
_NOISE: Final = re.compile(r"\(.*?\)|[\s*:：_.。、/-]+")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The rows below a heading row, and where each column stands (index from 0)."""

    sheet: str
    columns: dict[Column, int]
    headings: dict[Column, str]
    """What the clerk sees: letter and heading, such as ``C（身份证号码）``."""
    ignored: tuple[str, ...]
    rows: tuple[Row, ...]


def find_table(sheets: tuple[Sheet, ...], file: str, problems: Problems) -> Table | None:
    """Return the one table of candidates in the file, or None with the reason."""
    found = [(sheet, index) for sheet in sheets if (index := _header_index(sheet)) is not None]
    place = Place(file=file)
    if not found:
        seen = [c.text for s in sheets for r in s.rows[:HEADER_WITHIN] for c in r.cells if c.text]
        came = "、".join(seen[:12]) or "-"
        problems.add(messages.NO_HEADER, place, limit=HEADER_WITHIN, came=came)
        return None
    if len(found) > 1:
        names = "、".join(sheet.name for sheet, _ in found)
        problems.add(messages.SEVERAL_SHEETS, place, came=names)
        return None
    return _read_header(*found[0], file, problems)


def column_of(heading: str) -> Column | None:
    """Return which column a heading means: ``身份证号码（必填）*`` is the ID number."""
    return _BY_WORD.get(_NOISE.sub("", clean(heading)).lower())


def _header_index(sheet: Sheet) -> int | None:
    for index, row in enumerate(sheet.rows[:HEADER_WITHIN]):
        columns = {column_of(cell.text) for cell in row.cells}
        if {Column.NAME, Column.ID_NUMBER} <= columns:
            return index
    return None


def _read_header(sheet: Sheet, index: int, file: str, problems: Problems) -> Table:
    header = sheet.rows[index]
    columns: dict[Column, int] = {}
    headings: dict[Column, str] = {}
    ignored = []
    for position, cell in enumerate(header.cells):
        column = column_of(cell.text)
        shown = f"{get_column_letter(position + 1)}（{clean(cell.text)}）"
        if column is None:
            ignored += [shown] if clean(cell.text) else []
        elif column in columns:
            place = Place(file=file, row=header.number)
            came = f"{headings[column]}、{shown}"
            problems.add(messages.HEADER_TWICE, place, name=column.value, came=came)
        else:
            columns[column] = position
            headings[column] = shown
    return Table(
        sheet=sheet.name,
        columns=columns,
        headings=headings,
        ignored=tuple(ignored),
        rows=sheet.rows[index + 1 :],
    )
