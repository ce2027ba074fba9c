"""Each benchmark runs, on few seats, and writes what the tables and programs read."""

import json
from collections.abc import Awaitable, Callable

import pytest

from benchmarks import answers, memory, release
from benchmarks.rows import Row, table, write

FIELDS = {"name", "value", "unit", "baseline", "baseline_value", "ratio", "parameters"}

SMALL: dict[str, Callable[[], Awaitable[list[Row]]]] = {
    "answers": lambda: answers.measure(seats=2, rounds=1, each=3, seconds=0.1),
    "release": lambda: release.measure(seats=2, paper=100_000, halls=1),
    "memory": lambda: memory.measure(seats=2, beats=1, segments=1, size=100_000),
}


@pytest.mark.browser
@pytest.mark.parametrize("name", SMALL)
async def test_a_benchmark_writes_its_rows(name, tmp_path):
    """Every row has the fields, a figure above nothing, and the ratio of its two figures."""
    rows = await SMALL[name]()
    write(rows, tmp_path / "rows.json")
    written = json.loads((tmp_path / "rows.json").read_bytes())
    assert len(written) == len(rows) > 0
    for row in written:
        assert set(row) >= FIELDS
        assert row["name"].startswith(name)
        assert row["value"] > 0
        assert row["ratio"] == pytest.approx(row["value"] / row["baseline_value"], rel=1e-3)
    assert all(row.name in table(rows) for row in rows)
