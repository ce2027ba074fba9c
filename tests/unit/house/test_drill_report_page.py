"""The page about the drill's report names the fields that the report has, and no others."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect

from drill.report import Report
from drill.storm import Storm
from tests.source_tree import ROOT

PAGE = "docs/drill_report.md"


def fields(kind: inspect.Type, path: str = "") -> Iterator[str]:
    """Yield each leaf: `a.b`, `list[].c`, `map.*.d`."""
    match kind:
        case inspect.StructType():
            for field in kind.fields:
                yield from fields(field.type, f"{path}.{field.encode_name}".lstrip("."))
        case inspect.VarTupleType():
            yield from fields(kind.item_type, f"{path}[]")
        case inspect.DictType() if isinstance(kind.value_type, inspect.StructType):
            yield from fields(kind.value_type, f"{path}.*")
        case _:
            yield path


def documented() -> list[str]:
    rows = re.findall(r"(?m)^\| (`[^|]+) \|", (ROOT / PAGE).read_text("utf-8"))
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_each_field_stands_there_once() -> None:
    """Documented names and the report's structure are the same."""
    assert sorted(documented()) == sorted(fields(inspect.type_info(Report)))


def test_each_fault_stands_there() -> None:
    """What chaos does is named as the report names it."""
    page = (ROOT / PAGE).read_text("utf-8")
    storm = Storm(_NO_HALL, seed="1", seconds=0, say=print, cut=_no_cut, small_disk=True)
    turns = storm._turns()
    assert {
        what for what in (next(turns)[0] for _ in range(10)) if f"`{what}`" not in page
    } == set()


@pytest.mark.parametrize("page", ["README.md", "docs/README.md"])
def test_a_reader_finds_it(page: str) -> None:
    """README and the index of the documents lead to it."""
    assert Path(PAGE).name in (ROOT / page).read_text("utf-8")


class _NoHall:
    office = box = seats = None


_NO_HALL: Any = _NoHall()


def _no_cut() -> Any:
    raise AssertionError("nothing is cut here")
