"""A skipped test fails the run where `CI` is set, and only there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).resolve().parents[2] / "conftest.py"
SKIPS = {
    "call": "import pytest\n\ndef test_it():\n    pytest.skip('no camera')\n",
    "mark": "import pytest\n\n@pytest.mark.skip('no camera')\ndef test_it(): ...\n",
    "module": "import pytest\npytest.skip('no camera', allow_module_level=True)\n",
    "import": "import pytest\npytest.importorskip('no_camera')\n\ndef test_it(): ...\n",
}


def run_pytest(folder: Path, source: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one test file under the real conftest in a process of its own."""
    tests = folder / "tests"
    tests.mkdir()
    shutil.copy(CONFTEST, tests)
    (tests / "test_it.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", "-c", "/dev/null"]
    keep = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [*command, f"--rootdir={folder}", str(tests)],
        env={**keep, **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("way", SKIPS)
def test_a_skip_fails_in_ci_with_its_reason(tmp_path: Path, way: str) -> None:
    """In CI each way to skip fails the run and shows why the test wanted to skip."""
    ran = run_pytest(tmp_path, SKIPS[way], CI="true")
    assert ran.returncode != 0
    assert "in CI every test must run" in ran.stdout
    assert "camera" in ran.stdout


def test_a_skip_passes_outside_ci(tmp_path: Path) -> None:
    """On a person's machine a skip stays a skip."""
    ran = run_pytest(tmp_path, SKIPS["call"])
    assert ran.returncode == 0
    assert "1 skipped" in ran.stdout


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    """A test marked as an expected failure does not fail CI."""
    source = "import pytest\n\n@pytest.mark.xfail\ndef test_it():\n    raise ValueError\n"
    assert run_pytest(tmp_path, source, CI="true").returncode == 0
