"""Commands that the documents mark as tested are run as they stand.

In a document, the line `<!-- tested -->` before a block of `sh` makes the block part of the
document's script: its blocks run in order, in one shell, in one empty folder, each command having
to succeed. `<!-- tested in the checkout -->` runs a block in the checkout instead. A document that
starts servers in the background need not end them: its whole process group is ended afterwards.
"""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.source_tree import ROOT, pyproject, tracked

MARKER = re.compile(
    r"^<!-- tested(?P<where> in the checkout)? -->\n+```sh\n(?P<commands>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
SECONDS = 100


class Block(NamedTuple):
    """Commands to run, where they stand in the document, and whether in the checkout."""

    line: int
    commands: str
    in_checkout: bool


def blocks(text: str) -> list[Block]:
    """Return the tested blocks of a document."""
    return [
        Block(
            line=text.count("\n", 0, found.start("commands")) + 1,
            commands=found["commands"],
            in_checkout=bool(found["where"]),
        )
        for found in MARKER.finditer(text)
    ]


def script(text: str) -> str:
    """Join a document's tested blocks into one shell script that says where it failed."""
    lines = ["set -euo pipefail", "work=$PWD"]
    for block in blocks(text):
        folder = '"$CHECKOUT"' if block.in_checkout else '"$work"'
        lines += [f"trap 'echo failed in the block at line {block.line} >&2' ERR"]
        lines += [f"cd {folder}", block.commands]
    return "\n".join(lines)


def give_commands(folder: Path) -> Path:
    """Write the product's commands, each running this checkout, and return their folder."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, target in pyproject()["project"]["scripts"].items():
        module, function = target.split(":")
        command = bin_folder / name
        start = f"import sys; from {module} import {function}; sys.exit({function}())"
        command.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{start}' \"$@\"\n", "utf-8")
        command.chmod(0o755)
    return bin_folder


def run(text: str, folder: Path) -> tuple[int, str]:
    """Run a document's script and return its exit status and all that it printed."""
    work = folder / "work"
    work.mkdir()
    paths = [str(give_commands(folder)), str(Path(sys.executable).parent), os.environ["PATH"]]
    process = subprocess.Popen(
        ["bash", "-c", script(text)],
        cwd=work,
        env={**os.environ, "PATH": ":".join(paths), "HOME": str(work), "CHECKOUT": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=(folder / "output").open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        status = process.wait(timeout=SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return status, (folder / "output").read_text(encoding="utf-8")


DOCUMENTS = [
    path
    for path in tracked()
    if path.suffix == ".md" and blocks((ROOT / path).read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_the_commands_of_a_document_work(document: Path, tmp_path: Path) -> None:
    """Every command that a document marks as tested succeeds, in the order of the document."""
    status, output = run((ROOT / document).read_text(encoding="utf-8"), tmp_path)
    assert status == 0, f"{document}: exit status {status}\n{output}"


def test_a_wrong_command_is_found_with_its_place(tmp_path: Path) -> None:
    """A failing command fails its document and its block is named; unmarked blocks do not run."""
    unmarked = "```sh\nfalse\n```\n"
    first = "<!-- tested -->\n```sh\ntouch made\n```\n"
    second = "<!-- tested -->\n\n```sh\ntest -e made\nls no-such-file\n```\n"
    text = unmarked + first + second
    status, output = run(text, tmp_path)
    assert status != 0
    assert "no-such-file" in output
    assert "failed in the block at line 11" in output


def test_a_server_left_running_is_ended(tmp_path: Path) -> None:
    """What a document starts in the background is gone when its script is."""
    text = "<!-- tested -->\n```sh\nsleep 1000 & echo $! > pid\n```\n"
    assert run(text, tmp_path)[0] == 0
    pid = int((tmp_path / "work" / "pid").read_text())
    assert ends(pid)


def ends(pid: int) -> bool:
    """Wait until a process is gone, at most ten seconds."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)
