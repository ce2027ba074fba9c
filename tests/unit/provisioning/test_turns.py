"""One command at a time works on an office's folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.errors import NotAnOfficeError, OfficeBusyError
from provisioning.turns import LOCK, taking_turn


def test_the_second_is_told_who_is_first_and_comes_later(tmp_path: Path) -> None:
    """While one works the other is refused by process number; afterwards it has its turn."""
    with taking_turn(tmp_path):
        with pytest.raises(OfficeBusyError) as refused, taking_turn(tmp_path):
            pass
        assert f", {os.getpid()}," in refused.value.show("zh")
        assert "give this command again" in refused.value.show("en")
    with taking_turn(tmp_path):
        assert (tmp_path / LOCK).exists()
    assert list(tmp_path.iterdir()) == []


def test_who_was_killed_holds_nobody_up(tmp_path: Path) -> None:
    """A file that a killed command left behind is no lock."""
    dies = (
        "import os, pathlib, sys\n"
        "from provisioning.turns import taking_turn\n"
        "with taking_turn(pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", dies, str(tmp_path)], check=False)
    assert died.returncode == -9
    assert (tmp_path / LOCK).exists()
    with taking_turn(tmp_path):
        assert (tmp_path / LOCK).read_text("utf-8").count(f", {os.getpid()},") == 1


def test_a_lock_that_its_holder_removes_meanwhile_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has opened the file that the one before removes ends with the lock that counts."""
    real, removed = os.open, []

    def opened(path, *rest):
        fd = real(path, *rest)
        if not removed:
            removed.append(path)
            Path(path).unlink()
        return fd

    monkeypatch.setattr("provisioning.turns.os.open", opened)
    with taking_turn(tmp_path), pytest.raises(OfficeBusyError), taking_turn(tmp_path):
        pass
    assert removed


def test_where_there_is_no_folder_there_is_no_office(tmp_path: Path) -> None:
    """A folder that is mistyped is called what it is, and is not made."""
    with pytest.raises(NotAnOfficeError), taking_turn(tmp_path / "ofice"):
        pass
    assert not (tmp_path / "ofice").exists()
