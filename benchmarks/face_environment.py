"""The environment of the baseline: PyPI's ``face_recognition`` as pip installs it.

Owns ``$XDG_CACHE_HOME/examhall/bench``: a virtual environment, and the dlib wheel that
pip built for it from the source archive (six minutes on two cores, once). A BLAS of this
machine is kept out of that build, as on a plain Debian, so that the baseline is the same
everywhere.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

from drill.faces import cache_folder

LOCK = Path(__file__).with_name("face_recognition.lock")
_WITHOUT_BLAS = {"DLIB_USE_BLAS": "0", "DLIB_USE_LAPACK": "0"}


class BaselineError(RuntimeError):
    """The baseline's environment cannot be made."""


def baseline_python() -> Path:
    """Return the Python of the baseline's environment, made if it is not there; blocks."""
    folder = cache_folder() / "bench"
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}"
    python = folder / f"face_recognition-{tag}" / "bin" / "python"
    stamp = python.parent.parent / "ready"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return python
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    venv.create(python.parent.parent, with_pip=True, clear=True)
    if not list(wheels.glob(f"dlib-*-{tag}-*.whl")):
        print("faces: building dlib as pip does, once; six minutes on two cores", flush=True)
        _pip(python, "wheel", "--no-deps", "dlib==20.0.1", "-w", str(wheels))
    _install(python, wheels)
    stamp.write_text(LOCK.read_text())
    return python


def _install(python: Path, wheels: Path) -> None:
    """Install what the lock names; dlib from the wheel that pip built from that archive."""
    others = wheels / "others.lock"
    others.write_text(
        "".join(line for line in LOCK.read_text().splitlines(keepends=True) if "dlib==" not in line)
    )
    _pip(python, "install", "--require-hashes", "--no-deps", "-r", str(others))
    found = sorted(wheels.glob("dlib-*.whl"))
    _pip(python, "install", "--no-deps", "--no-index", str(found[-1]))


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    run = subprocess.run(
        command, env=os.environ | _WITHOUT_BLAS, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise BaselineError(
            f"expected pip {arguments[0]} to make the baseline's environment; it failed. Check the "
            f"line, build-essential and python3-dev, then try again. pip said: {run.stderr[-800:]}"
        )
