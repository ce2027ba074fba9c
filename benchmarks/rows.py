"""What a benchmark gives: rows, as a table for people and as JSON for programs."""

from pathlib import Path
from typing import Any

import msgspec


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure beside its baseline, measured in the same run.

    ``ratio`` is ``value / baseline_value``; ``least`` is what it must reach, None where
    the row only informs.
    """

    name: str
    value: float
    unit: str
    baseline: str
    baseline_value: float
    ratio: float
    parameters: dict[str, Any]
    least: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the ratio is what it must be."""
        return self.least is None or self.ratio >= self.least


def table(rows: list[Row]) -> str:
    """Return the rows as lines for people."""
    lines = [f"{'':36} {'value':>9} {'baseline':>9} {'ratio':>7}"]
    for row in rows:
        must = "" if row.least is None else f"  (at least {row.least:g})"
        mark = "" if row.holds else "  FAILS"
        lines.append(
            f"{row.name:36} {row.value:>9.1f} {row.baseline_value:>9.1f} {row.ratio:>7.2f}"
            f"  {row.unit}{must}{mark}"
        )
        lines.append(f"{'':4}beside {row.baseline}")
    return "\n".join(lines)


def write(rows: list[Row], path: Path) -> None:
    """Write the rows as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
