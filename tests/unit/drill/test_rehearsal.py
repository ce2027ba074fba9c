"""A rehearsed candidate at a seat whose program is not there."""

from pathlib import Path

import pytest

from drill import rehearsal
from drill.cli import main


def test_a_page_file_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody waits for hours at a seat that was never started."""
    monkeypatch.setattr(rehearsal, "PAGE_S", 0.1)
    assert main(["sit", str(tmp_path / "nix.page"), "--seat", "A01"]) == 1
    said = capsys.readouterr().err
    assert "nix.page; is exam-terminal running?" in said


def test_a_page_file_of_an_earlier_run_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor at a seat that has ended and left its file, which is said in one line."""
    monkeypatch.setattr(rehearsal, "MOST_TRIES", 2)
    page = tmp_path / "a01.page"
    page.write_text("http://127.0.0.1:1/#token\n", "ascii")
    assert main(["sit", str(page), "--seat", "A01"]) == 1
    said = capsys.readouterr().err
    assert "a01.page does not open; the file is of an earlier run" in said
    assert said.count("\n") == 1
