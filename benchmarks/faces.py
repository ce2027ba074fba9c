"""How many faces one core checks a second, beside ``face_recognition`` on the same frames.

::

    python -m benchmarks.faces --json build/bench/faces.json

A *whole check* is: decode the JPEG, find the faces, five landmarks, descriptor. Looks
without a descriptor are other rows. Both sides run on one core, one thread each, in
turns, warm, and are counted in processor seconds, so that what else the machine does
counts little. The figure is the median of the rounds. Needs the fast build of dlib
(`make dlib`); on another build it fails and names it.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import cv2

from appliance.faces.build import BuildKind, inspect_build
from benchmarks.face_environment import BaselineError, baseline_python
from benchmarks.rows import Row, table, write
from drill import faces
from drill.clips import ClipSettings, cut_out, frames

LEAST_RATIO = 5.0
ROUNDS = 5
QUALITY = 85
_PEOPLE = (faces.ASTRONAUT, faces.PRESIDENT, faces.PRESIDENT_EARLIER, faces.VICE_PRESIDENT)
_FRAMES_EACH = 4
_BASELINE = "face_recognition 1.3.0 as pip installs it"


class Side:
    """A warmed-up process that runs rounds."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.build = self._answer()

    def round(self, mode: str) -> float:
        """Run all frames once; return frames for each second of processor time."""
        assert self._process.stdin is not None
        self._process.stdin.write(mode + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if answer["faces"] != answer["frames"]:
            raise RuntimeError(
                f"expected one face in each of {answer['frames']} frames, "
                f"{mode} found {answer['faces']} in all"
            )
        return float(answer["frames"] / answer["cpu_s"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running(command: list[str], folder: Path, path: str = "") -> Iterator[Side]:
    """Start one side on one core, one thread."""
    core = max(os.sched_getaffinity(0))
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": path,
        "PYTHONWARNINGS": "ignore",  # the baseline's models import pkg_resources
    }
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        yield Side(process)
    finally:
        process.kill()
        process.communicate()


def write_frames(folder: Path) -> None:
    """Write frames of four clips, 640x480, as a seat sends them."""
    for face in _PEOPLE:
        shown = frames(cut_out(face), ClipSettings(seconds=1, rate=_FRAMES_EACH))
        for n, picture in enumerate(shown):
            path = folder / f"{face.name}-{n}.jpg"
            cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def our_dlib(folder: Path) -> Path:
    """Return a folder with this environment's dlib and nothing else, for the baseline."""
    module = Path(str(importlib.import_module("_dlib_pybind11").__file__))
    place = module.parent
    folder.mkdir()
    for name in (module.name, "dlib", "dlib.libs"):
        if (place / name).exists():
            (folder / name).symlink_to(place / name)
    return folder


def measure() -> list[Row]:
    """Run everything; takes about a minute once the baseline's environment is there."""
    theirs = [str(baseline_python()), str(Path(__file__).with_name("face_recognition_rounds.py"))]
    ours = [sys.executable, "-m", "benchmarks.face_rounds"]
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with tempfile.TemporaryDirectory() as work, ExitStack() as stack:
        folder = Path(work) / "frames"
        folder.mkdir()
        write_frames(folder)
        us = stack.enter_context(running(ours, folder, path))
        them = stack.enter_context(running(theirs, folder))
        mixed_path = str(our_dlib(Path(work) / "dlib"))
        mixed = stack.enter_context(running(theirs, folder, mixed_path))
        rates = _rounds(
            {
                **{mode: (us, mode) for mode in ("full", "half", "full-look", "half-look")},
                "their check": (them, "check"),
                "their look": (them, "look"),
                "their check, our dlib": (mixed, "check"),
            }
        )
        return _rows(rates, us.build["build"], them.build["build"], mixed.build["build"])


def _rounds(sides: dict[str, tuple[Side, str]]) -> dict[str, float]:
    """Let every side run in turn, several times; return the median rate of each."""
    rates: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, (side, mode) in sides.items():
            rates[name].append(side.round(mode))
    return {name: statistics.median(values) for name, values in rates.items()}


def _rows(rates: dict[str, float], ours: str, theirs: str, mixed: str) -> list[Row]:
    parameters = {
        "frames": len(_PEOPLE) * _FRAMES_EACH,
        "picture": f"640x480 JPEG, quality {QUALITY}",
        "rounds": ROUNDS,
        "build": ours,
        "clock": "processor seconds of one core, one thread",
    }
    own = f"{_BASELINE} ({theirs}; a BLAS of this machine kept out)"
    rows = [
        ("faces: whole checks, full picture", "full", "their check", own, LEAST_RATIO),
        ("faces: whole checks, half size", "half", "their check", own, None),
        ("faces: looks, full picture", "full-look", "their look", own + ", face_locations", None),
        ("faces: looks, half size", "half-look", "their look", own + ", face_locations", None),
        (
            *("faces: whole checks, on one dlib", "full", "their check, our dlib"),
            *(f"face_recognition 1.3.0 on our build ({mixed})", None),
        ),
    ]
    return [
        Row(
            name=name,
            value=rates[value],
            unit="checks/s and core" if "check" in name else "looks/s and core",
            baseline=baseline,
            baseline_value=rates[beside],
            ratio=rates[value] / rates[beside],
            parameters=parameters,
            least=least,
        )
        for name, value, beside, baseline, least in rows
    ]


def main() -> int:
    """Measure, print, write; 1 where a ratio fails or the build is not the fast one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="where the rows are written")
    options = parser.parse_args()
    build = inspect_build()
    if build.kind is not BuildKind.FAST:
        print(
            f"faces: expected the fast build of dlib, this is {build}; run 'make dlib' first",
            file=sys.stderr,
        )
        return 1
    try:
        rows = measure()
    except BaselineError as error:
        print(f"faces: {error}", file=sys.stderr)
        return 1
    print(table(rows))
    if options.json:
        write(rows, options.json)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
