"""The plan of a sitting, from the TOML file that the office writes.

One file for all centres of a sitting; times are the sitting's own zone's, as people say
them. Seats are listed, or given as a range::

    id = "cim-2026-03"
    title = "城市信息模型集成与应用工程师（中级）"
    project = "CIM 工程师"
    issuer = "工业和信息化部教育与考试中心"
    rule_book = "ksj"                        # one of ours, or a path beside this file

    [[subjects]]
    id = "theory"
    title = "理论知识"
    opens = 2026-03-21T09:00:00
    closes = 2026-03-21T11:00:00
    minutes = 120
    total_points = 100
    pass_points = 60

    [[centres]]
    id = "beijing-01"
    [[centres.rooms]]
    id = "r1"
    title = "一号机房"
    addresses = ["192.168.1.10:8440"]
    seats = ["A01-A30", "B01"]
"""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

import exam.rulebook
from exam.identifiers import IdentifierError, Label, parse
from exam.rulebook import RuleBookError, read_rule_book
from exam.sitting import Room, Seat, Sitting, Subject
from protocol.discovery import read_address
from protocol.errors import MalformedError
from protocol.values import decode, encode, sha256_hex
from provisioning import messages
from provisioning.errors import PlanError

OWN_RULE_BOOKS: Final = Path(exam.rulebook.__file__).parent / "rulebooks"
_RANGE: Final = re.compile(r"([^\d]*)(\d+)\s*[-~—–]\s*\1(\d+)")
_MOST_SEATS: Final = 2000
_MOST_POINTS: Final = 1_000_000


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class SubjectPlan(_Table, frozen=True, kw_only=True):
    """One subject. Points as people say them; ``minutes`` of working time."""

    id: Label
    title: str
    opens: dt.datetime
    closes: dt.datetime
    minutes: int
    practical: bool = False
    total_points: Decimal = Decimal(100)
    pass_points: Decimal = Decimal(60)


class RoomPlan(_Table, frozen=True, kw_only=True):
    """One room; ``addresses`` as in `exam.sitting.Room`."""

    id: Label
    title: str
    seats: tuple[str, ...]
    addresses: tuple[str, ...] = ()


class CentrePlan(_Table, frozen=True, kw_only=True):
    """One centre's rooms."""

    id: Label
    rooms: tuple[RoomPlan, ...]


class Plan(_Table, frozen=True, kw_only=True):
    """A sitting at all its centres."""

    id: Label
    title: str
    project: str
    issuer: str
    rule_book: str
    subjects: tuple[SubjectPlan, ...]
    centres: tuple[CentrePlan, ...]
    time_zone: str = "Asia/Shanghai"
    kind: Literal["mock", "formal", "makeup"] = "formal"

    def subject(self, subject: str) -> SubjectPlan:
        """Return a subject by name; raise `PlanError`."""
        for one in self.subjects:
            if one.id == subject:
                return one
        known = ", ".join(one.id for one in self.subjects)
        raise PlanError(messages.NAME_UNKNOWN, kind="subject", name=subject, known=known)

    def centre(self, centre: str) -> CentrePlan:
        """Return a centre by name; raise `PlanError`."""
        for one in self.centres:
            if one.id == centre:
                return one
        known = ", ".join(one.id for one in self.centres)
        raise PlanError(messages.NAME_UNKNOWN, kind="centre", name=centre, known=known)

    def sitting(self, centre: str, rule_book: str) -> Sitting:
        """Return the sitting at one centre; ``rule_book`` is the rule book's text.

        Raises `PlanError` where a number is beyond what the bundle can hold.
        """
        rooms = self.centre(centre).rooms
        sitting = Sitting(
            id=self.id,
            title=self.title,
            project=self.project,
            issuer=self.issuer,
            centre=centre,
            time_zone=self.time_zone,
            rule_book=read_rule_book(rule_book).name,
            rule_book_digest=sha256_hex(rule_book.encode()),
            subjects=tuple(_subject(one, self.time_zone) for one in self.subjects),
            rooms=tuple(Room(id=r.id, title=r.title, addresses=r.addresses) for r in rooms),
            seats=tuple(seat for room in rooms for seat in _seats(room)),
            kind=self.kind,
        )
        try:
            return decode(encode(sitting), Sitting)
        except MalformedError as error:
            raise PlanError(messages.PLAN_FORM, came=error) from error


def read_plan(text: str) -> Plan:
    """Return the plan; raise `PlanError` with the place that does not fit."""
    try:
        plan = msgspec.convert(tomllib.loads(text), Plan)
    except tomllib.TOMLDecodeError as error:
        raise PlanError(messages.PLAN_TOML, came=error) from error
    except msgspec.ValidationError as error:
        raise PlanError(messages.PLAN_FORM, came=error) from error
    _check(plan)
    return plan


def read_rule_book_text(name: str, beside: Path) -> str:
    """Return the text of a rule book, ours by name or a file ``beside`` the plan."""
    own = OWN_RULE_BOOKS / f"{name}.toml"
    path = own if own.exists() else beside / name
    try:
        text = path.read_text("utf-8")
        read_rule_book(text)
    except (OSError, UnicodeDecodeError, RuleBookError) as error:
        known = ", ".join(sorted(p.stem for p in OWN_RULE_BOOKS.glob("*.toml")))
        raise PlanError(messages.PLAN_RULE_BOOK, name=name, known=known, came=error) from error
    return text


def _check(plan: Plan) -> None:
    try:
        zone = ZoneInfo(plan.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PlanError(messages.PLAN_ZONE, came=plan.time_zone) from error
    if not plan.subjects or not plan.centres:
        raise PlanError(messages.PLAN_EMPTY)
    for subject in plan.subjects:
        _check_subject(subject, zone)
    _check_distinct("subject", [subject.id for subject in plan.subjects])
    _check_distinct("centre", [centre.id for centre in plan.centres])
    for centre in plan.centres:
        _check_distinct("room", [room.id for room in centre.rooms])
        for room in centre.rooms:
            _check_addresses(room)
        _check_distinct("seat", [seat.id for room in centre.rooms for seat in _seats(room)])


def _check_subject(subject: SubjectPlan, zone: ZoneInfo) -> None:
    opens, closes = _moment(subject.opens, zone), _moment(subject.closes, zone)
    window = (closes - opens) // 60_000
    if not 0 < subject.minutes <= window:
        raise PlanError(messages.PLAN_WINDOW, name=subject.id, came=subject.minutes, window=window)
    for points in (subject.total_points, subject.pass_points):
        is_sane = points.is_finite() and 0 < points <= _MOST_POINTS
        if not is_sane or points * 100 != int(points * 100):
            raise PlanError(messages.PLAN_POINTS, name=subject.id, came=points)
    if subject.pass_points > subject.total_points:
        raise PlanError(messages.PLAN_POINTS, name=subject.id, came=subject.pass_points)


def _check_addresses(room: RoomPlan) -> None:
    for address in room.addresses:
        try:
            read_address(address)
        except MalformedError as error:
            raise PlanError(messages.PLAN_ADDRESS, name=room.id, came=repr(address)) from error


def _check_distinct(kind: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise PlanError(messages.NAME_TAKEN, kind=kind, name=name)


def _subject(plan: SubjectPlan, zone: str) -> Subject:
    return Subject(
        id=plan.id,
        title=plan.title,
        opens=_moment(plan.opens, ZoneInfo(zone)),
        closes=_moment(plan.closes, ZoneInfo(zone)),
        duration_s=plan.minutes * 60,
        practical=plan.practical,
        total_points=int(plan.total_points * 100),
        pass_points=int(plan.pass_points * 100),
    )


def _moment(when: dt.datetime, zone: ZoneInfo) -> int:
    """Return hall time in ms of a moment; one without an offset is the zone's own."""
    aware = when if when.tzinfo else when.replace(tzinfo=zone)
    return int(aware.timestamp() * 1000)


def _seats(room: RoomPlan) -> Iterator[Seat]:
    for written in room.seats:
        for label in _labels(written):
            identifier = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
            try:
                yield Seat(id=parse("seat", identifier), room=room.id, label=label)
            except IdentifierError as error:
                raise PlanError(messages.PLAN_SEAT, came=repr(written)) from error


def _labels(written: str) -> list[str]:
    """Return the labels of ``A01-A30``, or the one label that it is."""
    found = _RANGE.fullmatch(written.strip())
    if found is None:
        return [written.strip()]
    prefix, first, last = found.group(1), found.group(2), found.group(3)
    numbers = range(int(first), int(last) + 1)
    if not 0 < len(numbers) <= _MOST_SEATS:
        raise PlanError(messages.PLAN_SEAT, came=repr(written))
    return [f"{prefix}{number:0{len(first)}d}" for number in numbers]
