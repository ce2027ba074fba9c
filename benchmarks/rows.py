"""What a benchmark gives: rows, as a table for people and as JSON for programs."""

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside its baseline, measured in the same run.

    ``ratio`` is ``value / baseline_value``. ``least``: what the ratio must reach; ``most``:
    what the value may be. A row with neither only informs.
    """

    name: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float
    parameters: dict[str, Any]
    least: float | None = None
    most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether ratio and value are what they must be."""
        enough = self.least is None or self.ratio >= self.least
        return enough and (self.most is None or self.value <= self.most)

    @property
    def must(self) -> str:
        """The limit in words; empty where there is none."""
        if self.least is not None:
            return f"  (ratio at least {self.least:g})"
        return "" if self.most is None else f"  (at most {self.most:g})"


def table(rows: list[Row]) -> str:
    """Return the rows as lines for people."""
    lines = [f"{'':48} {'value':>9} {'baseline':>9} {'ratio':>7}"]
    for row in rows:
        mark = "" if row.holds else "  FAILS"
        lines.append(
            f"{row.name:48} {row.value:>9.1f} {row.baseline_value:>9.1f} {row.ratio:>7.2f}"
            f"  {row.unit}{row.must}{mark}"
        )
        lines.append(f"{'':4}beside {row.baseline}")
    return "\n".join(lines)


def write(rows: list[Row], path: Path) -> None:
    """Write the rows as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")


def report(
    about: str | None,
    measure: Callable[[], Coroutine[Any, Any, list[Row]]],
    arguments: list[str] | None,
) -> int:
    """Measure, print a table, write the file; return 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args(arguments)
    rows = asyncio.run(measure())
    print(table(rows))
    write(rows, options.json)
    return int(not all(row.holds for row in rows))
