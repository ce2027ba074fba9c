"""docs/settings.md shows every setting there is, and its samples are read by the programs."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from appliance.ipc.settings import Settings as BoxSettings
from appliance.ipc.settings import read_settings as read_box
from exam.identifiers import parse
from provisioning.plan import Plan, read_plan, read_rule_book_text
from terminal_agent.settings import Settings as SeatSettings
from terminal_agent.settings import options
from terminal_agent.settings import read_settings as read_seat
from tests.source_tree import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
PLAN, BOX, SEAT = SAMPLES


def keys(table: dict[str, Any], at: str = "") -> set[str]:
    """Return the path of every key, those in tables and lists of tables included."""
    found = set()
    for key, value in table.items():
        found.add(at + key)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                found |= keys(inner, f"{at}{key}.")
    return found


def fields(structure: type[msgspec.Struct], at: str = "") -> set[str]:
    """Return the path of every field of a structure, those of inner structures included."""
    found = set()
    for field in msgspec.structs.fields(structure):
        found.add(at + field.encode_name)
        for inner in (field.type, *get_args(field.type)):
            if isinstance(inner, type) and issubclass(inner, msgspec.Struct):
                found |= fields(inner, f"{at}{field.encode_name}.")
    return found


@pytest.mark.parametrize(
    ("sample", "structure"),
    [(PLAN, Plan), (BOX, BoxSettings), (SEAT, SeatSettings)],
    ids=["plan", "appliance", "seat"],
)
def test_a_sample_has_every_key(sample: str, structure: type[msgspec.Struct]) -> None:
    """Each setting that a program reads stands in the sample of its file, and no other does."""
    assert keys(tomllib.loads(sample)) == fields(structure)


def test_every_key_is_explained() -> None:
    """Beside each key stands what it means, but for the two whose meaning is their name."""
    bare = [
        line
        for sample in SAMPLES
        for line in sample.splitlines()
        if re.match(r"\w+ = ", line) and "#" not in line
    ]
    assert {line.partition(" ")[0] for line in bare} <= {"id", "title"}


def test_the_sample_of_a_plan_is_a_plan(tmp_path: Path) -> None:
    """The plan is taken, its seats are named, and what is called a default is one."""
    plan = read_plan(PLAN)
    sitting = plan.sitting("beijing-01", read_rule_book_text(plan.rule_book, tmp_path))
    assert [seat.label for seat in sitting.seats][-2:] == ["A30", "B01"]
    for structure, value in ((Plan, plan), (type(plan.subjects[0]), plan.subjects[0])):
        for field in msgspec.structs.fields(structure):
            if not field.required:
                assert getattr(value, field.name) == field.default, field.name


def test_the_sample_of_a_box_is_its_defaults(tmp_path: Path) -> None:
    """The sample is read, and every value in it is what holds without it."""
    path = tmp_path / "appliance.toml"
    path.write_text(BOX, encoding="utf-8")
    assert read_box(path) == BoxSettings(state="/var/lib/examhall", run="/run/examhall")


def test_the_sample_of_a_seat_is_its_defaults(tmp_path: Path) -> None:
    """The sample is read, every value in it is what holds without it, and its label would do."""
    path = tmp_path / "seat.toml"
    path.write_text(SEAT, encoding="utf-8")
    read = read_seat(path, {})
    assert read == SeatSettings()
    assert options(read_seat(path, {"seat": "A07"})).seat == parse("seat", "a07")
