"""Sample faces that cannot be fetched are called that in a whole sentence."""

import subprocess
from pathlib import Path

import pytest

from drill import faces


def test_without_a_line_it_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is fetched, that it needs a line, and pip's last line whole."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    last = "ERROR: No matching distribution found for " + "x" * 600

    def fails(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, 1, "", f"WARNING: Retrying\n{last}\n")

    monkeypatch.setattr(faces.subprocess, "run", fails)
    with pytest.raises(faces.SampleFaceError) as raised:
        faces.photograph(faces.ASTRONAUT)
    said = str(raised.value)
    assert said.startswith("the sample faces are fetched once")
    assert "The first time needs a line" in said
    assert said.endswith(last)
    assert "Retrying" not in said
