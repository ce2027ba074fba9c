"""A clerk's spreadsheet and folder of photos, which a test edits and then imports."""

import csv
import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest
from PIL import Image

import exam.rulebook
from exam.candidates import id_number_check_character
from exam.rulebook import read_rule_book
from exam.sitting import Room, Seat, Sitting, Subject
from provisioning.problems import InputRefusedError
from provisioning.roster import import_roster

RULES = (Path(exam.rulebook.__file__).parent / "rulebooks" / "ksj.toml").read_text("utf-8")
TODAY = dt.date(2026, 3, 1)
KEY = bytes(32)


def id_number(order: int, birth: str = "19950301") -> str:
    first = f"990101{birth}{order:03d}"  # 99: an area that was never assigned
    return first + id_number_check_character(first)


def sitting(seats: int = 4) -> Sitting:
    return Sitting(
        id="s-1",
        title="CIM 工程师（中级）",
        project="CIM",
        issuer="中心",
        centre="beijing-01",
        time_zone="Asia/Shanghai",
        rule_book="ksj",
        rule_book_digest="0" * 64,
        subjects=(
            Subject(id="theory", title="理论知识", opens=0, closes=1, duration_s=1),
            Subject(id="practical", title="实操技能", opens=0, closes=1, duration_s=1),
        ),
        rooms=(Room(id="r1", title="一号机房"),),
        seats=tuple(
            Seat(id=f"a-{n:02d}", room="r1", label=f"A{n:02d}") for n in range(1, seats + 1)
        ),
    )


def portrait(colour=(200, 120, 90), size=(350, 490), kind="JPEG") -> bytes:
    picture = Image.effect_noise(size, 60).convert("RGB")
    picture.paste((255, 255, 255), (0, 0, size[0], size[1] // 3))
    picture.paste(colour, (size[0] // 3, size[1] // 3, 2 * size[0] // 3, size[1]))
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


class Office:
    """A clerk's folder that a test edits, then imports."""

    def __init__(self) -> None:
        self.header: list[object] = ["序号", "姓名", "身份证号码（必填）", "准考证号", "座位"]
        self.rows: list[list[object]] = [
            [1, "张　三", id_number(1), "２０２６０００１", "Ａ０１ "],
            [2, "李小明", id_number(2).lower(), "20260002 ", "a02"],
        ]
        self.photos = {
            f"张三+{id_number(1)}.jpg": portrait(),
            f"李小明{id_number(2)}.JPEG": portrait(),
            f"李小明+{id_number(2)}+报名表.jpg": b"a scan, not looked at",
        }
        self.faces = 1

    def xlsx(self, title: str = "2026 年第一季度考生名单") -> bytes:
        book = openpyxl.Workbook()
        page = book.active
        page.append([title])
        page.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(self.header))
        page.append([])
        page.append(self.header)
        for row in self.rows:
            page.append(row)
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def csv(self, encoding: str, delimiter: str = ",") -> bytes:
        stream = io.StringIO()
        csv.writer(stream, delimiter=delimiter).writerows([self.header, *self.rows])
        return stream.getvalue().encode(encoding)

    def take(self, data: bytes | None = None, **changes):
        options = {
            "file": "名单.xlsx",
            "photos": {name: lambda c=content: c for name, content in self.photos.items()},
            "sitting": sitting(),
            "rules": read_rule_book(RULES),
            "count_faces": lambda _: self.faces,
            "today": TODAY,
            "pseudonym_key": KEY,
        }
        return import_roster(self.xlsx() if data is None else data, **(options | changes))

    def refused(self, data: bytes | None = None, **changes):
        with pytest.raises(InputRefusedError) as caught:
            self.take(data, **changes)
        return caught.value.problems
