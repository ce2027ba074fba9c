"""Photographs of real people for the demo, the drill and the tests.

Owns where they come from and that they are the right ones. Three people, five pictures:

* an astronaut, by NASA: in the wheel of PyPI's ``scikit-image``;
* two men, by the White House: among the tests in the source archive of PyPI's
  ``face_recognition`` 1.3.0, three pictures of the one and one of the other.

All are in the public domain. The two archives are fetched once by pip, digests pinned, and
the five pictures are kept in the cache (``$XDG_CACHE_HOME/examhall/faces``); nothing of
the archives is installed or imported. A picture with another digest is refused.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import msgspec
import numpy as np

from devices.picture import Picture

_ATTEMPTS = 3


class SampleFaceError(RuntimeError):
    """A sample picture cannot be had, or is not the picture that is expected."""


class SampleFace(msgspec.Struct, frozen=True, kw_only=True):
    """One photograph. The face's box is in pixels of the photograph."""

    name: str
    person: str
    sha256: str
    left: int
    top: int
    width: int


ASTRONAUT = SampleFace(
    name="astronaut.png",
    person="astronaut",
    sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    left=179,
    top=83,
    width=88,
)
PRESIDENT = SampleFace(
    name="obama.jpg",
    person="president",
    sha256="0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    left=366,
    top=136,
    width=259,
)
PRESIDENT_SPEAKING = SampleFace(
    name="obama2.jpg",
    person="president",
    sha256="a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    left=164,
    top=302,
    width=311,
)
PRESIDENT_EARLIER = SampleFace(
    name="obama3.jpg",
    person="president",
    sha256="76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    left=646,
    top=302,
    width=310,
)
VICE_PRESIDENT = SampleFace(
    name="biden.jpg",
    person="vice-president",
    sha256="3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    left=439,
    top=233,
    width=311,
)
ALL = (ASTRONAUT, PRESIDENT, PRESIDENT_SPEAKING, PRESIDENT_EARLIER, VICE_PRESIDENT)


class _Archive(msgspec.Struct, frozen=True, kw_only=True):
    """A package file that carries pictures. ``options`` make pip choose that very file."""

    requirement: str
    sha256: str
    options: tuple[str, ...]
    folder: str
    faces: tuple[SampleFace, ...]


_ARCHIVES = (
    _Archive(
        requirement="scikit-image==0.26.0",
        sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        options=(
            *("--only-binary", ":all:", "--platform", "manylinux_2_28_x86_64"),
            *("--implementation", "cp", "--python-version", "3.11", "--abi", "cp311"),
        ),
        folder="skimage/data",
        faces=(ASTRONAUT,),
    ),
    _Archive(
        requirement="face_recognition==1.3.0",
        sha256="5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        options=("--no-binary", ":all:"),
        folder="face_recognition-1.3.0/tests/test_images",
        faces=(PRESIDENT, PRESIDENT_SPEAKING, PRESIDENT_EARLIER, VICE_PRESIDENT),
    ),
)


def cache_folder() -> Path:
    """Return ``$XDG_CACHE_HOME/examhall``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "examhall"


def photograph(face: SampleFace) -> bytes:
    """Return the file of ``face``, fetched if it is not in the cache; blocks.

    Raise `SampleFaceError` if it cannot be had or has another digest.
    """
    path = cache_folder() / "faces" / face.name
    if not path.exists():
        _fetch(next(archive for archive in _ARCHIVES if face in archive.faces), path.parent)
    data = path.read_bytes()
    _check(face, data)
    return data


def picture(face: SampleFace) -> Picture:
    """Return ``face`` decoded, blue green red."""
    decoded = cv2.imdecode(np.frombuffer(photograph(face), np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise SampleFaceError(f"{face.name} has the right digest and cannot be decoded")
    return np.asarray(decoded, dtype=np.uint8)


def _check(face: SampleFace, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != face.sha256:
        raise SampleFaceError(
            f"{face.name}: expected SHA-256 {face.sha256}, got {digest}; "
            f"remove {cache_folder() / 'faces'} and try again"
        )


def _fetch(archive: _Archive, folder: Path) -> None:
    """Put the archive's pictures into ``folder``, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), tempfile.TemporaryDirectory(dir=folder) as work:
        if all((folder / face.name).exists() for face in archive.faces):
            return
        file = _download(archive, Path(work))
        for face in archive.faces:
            data = _member(file, f"{archive.folder}/{face.name}")
            _check(face, data)
            whole = Path(work) / face.name
            whole.write_bytes(data)
            whole.replace(folder / face.name)


def _member(file: Path, name: str) -> bytes:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as wheel:
            return wheel.read(name)
    with tarfile.open(file) as tar:
        member = tar.extractfile(name)
        return member.read() if member else b""


def _download(archive: _Archive, work: Path) -> Path:
    lock, goal = work / "lock.txt", work / "archive"
    lock.write_text(f"{archive.requirement} --hash=sha256:{archive.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", *archive.options, "--require-hashes", "-r", str(lock)]
    said: list[str] = []
    for _ in range(_ATTEMPTS):
        run = subprocess.run(
            [*command, "-d", str(goal)], capture_output=True, text=True, check=False, timeout=300
        )
        if run.returncode == 0:
            return next(goal.iterdir())
        said = run.stderr.strip().splitlines()
    raise SampleFaceError(
        f"the sample faces are fetched once, {archive.requirement} from the package index, and "
        f"{_ATTEMPTS} attempts failed. The first time needs a line to it: check the line and try "
        f"again. pip's last line: {said[-1] if said else '-'}"
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process fetch while others wait for it."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
