"""The script that builds the fast dlib, as far as it goes without building for six minutes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[4] / "appliance" / "faces" / "build_dlib.sh"
TAG = f"cp{sys.version_info.major}{sys.version_info.minor}"


def run(cache: Path, *arguments: str, path: str | None = None):
    return subprocess.run(
        ["/bin/bash", str(SCRIPT), "--python", sys.executable, *arguments],
        env=os.environ | {"XDG_CACHE_HOME": str(cache)} | ({"PATH": path} if path else {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_wheel_that_is_there_is_not_built_again(tmp_path):
    """Its path is the last line, and nothing is fetched."""
    wheels = tmp_path / "examhall" / "wheels"
    wheels.mkdir(parents=True)
    wheel = wheels / f"dlib-20.0.1-{TAG}-{TAG}-manylinux_2_35_x86_64.whl"
    wheel.touch()
    (wheels / "dlib-20.0.1-cp39-cp39-manylinux_2_35_x86_64.whl").touch()
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(wheel)]
    assert "already built" in done.stderr


def test_an_unknown_option_is_named(tmp_path):
    """The message says what was expected and what came."""
    done = run(tmp_path, "--fast")
    assert done.returncode == 2
    assert "expected --python PYTHON or --force; got --fast" in done.stderr


@pytest.mark.parametrize("missing", ["g++", "make", "dpkg-deb", "apt-get"])
def test_a_missing_tool_is_said_before_any_work(tmp_path, missing):
    """Nothing is fetched; the message names the tool and how to get it."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("g++", "make", "dpkg-deb", "apt-get"):
        if name != missing:
            (tools / name).symlink_to("/bin/true")
    for name in ("dirname", "mkdir", "flock", "find", "sort", "tail", "uname", "grep"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    done = run(tmp_path, path=str(tools))
    assert done.returncode == 1
    assert f"expected {missing} on this machine" in done.stderr
    assert "apt-get install build-essential" in done.stderr
