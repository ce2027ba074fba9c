"""`make bench` runs every benchmark, and only those."""

import subprocess
import sys

from benchmarks.__main__ import names
from tests.source_tree import ROOT


def test_helpers_are_no_benchmarks() -> None:
    """What has no exit code to give, such as a baseline's worker, is not run as a benchmark."""
    found = names()
    assert "faces" in found
    assert not {"rows", "face_rounds", "face_recognition_rounds", "__init__"} & set(found)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    """A wrong name runs nothing and says which there are."""
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "faces" in ran.stderr
    assert "got speed" in ran.stderr
