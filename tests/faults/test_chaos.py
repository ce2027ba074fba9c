"""`exam-drill chaos` in short: a day in which everything goes wrong loses nothing."""

import json
import tempfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from drill.cli import main
from drill.storm import Storm

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hall"), pytest.mark.timeout(400)]


def test_a_short_day_gone_wrong_loses_nothing(tmp_path: Path, capsys, monkeypatch) -> None:
    """All that was typed is verified, the seed is said, no mount and no folder is left."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    path = tmp_path / "report.json"
    words = ["--minutes", "0.3", "--seats", "2", "--seed", "7", "--report", str(path)]
    code = main(["chaos", *words])
    said = capsys.readouterr().out
    assert code == 0, said
    assert "exam-drill chaos --seed 7 --seats 2" in said
    report = json.loads(path.read_text())
    assert report["mismatches"] == []
    assert report["typed"] == report["verified"]
    assert report["typed"]["events"] > 0
    assert report["minutes"] == 0.3
    assert report["seed"] == "7"
    assert report["phases_s"]["write"] > 0.3 * 60
    cuts = [one for one in report["faults"] if one["what"] == "cut the line"]
    assert report["line"]["cuts"] == len(cuts)
    assert (report["line"]["cut_s"] > 0) == bool(cuts)
    assert str(folder) not in Path("/proc/mounts").read_text()
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_one_seed_is_one_storm() -> None:
    """The same seed draws the same faults in the same order; every kind has its turn."""

    def drawn(seed: str) -> list[str]:
        storm = Storm(_NO_HALL, seed=seed, seconds=0, say=print, cut=nullcontext, small_disk=True)
        turns = storm._turns()
        return [next(turns)[0] for _ in range(60)]

    assert drawn("7") == drawn("7") != drawn("8")
    kinds = {"kill", "freeze", "cut the line", "break uploads", "stall the line", "sick office"}
    assert set(drawn("7")[:10]) == kinds | {"forget what was sent", "fill the disk"}


class _NoHall:
    office = box = seats = None


_NO_HALL = _NoHall()
