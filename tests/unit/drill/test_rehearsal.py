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
