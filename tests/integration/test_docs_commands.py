"""Commands that the documents mark as tested are run as they stand.

In a document, the line `<!-- tested -->` before a block of `sh` makes the block part of the
document's script: its blocks run in order, in one shell, in one empty folder, each command having
to succeed. `<!-- tested in the checkout -->` runs a block in the checkout instead. What a script
needs and a reader does not, such as waiting for what a person would see, stands in a comment that
begins with `<!-- tested unseen`. A document that starts servers in the background need not end
them: its whole process group is ended afterwards.

The chapters are one day, so their blocks are one script, in a network of its own.
"""

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from drill import cast
from tests.source_tree import ROOT, pyproject, tracked

MARKER = re.compile(
    r"^<!-- tested(?P<where> in the checkout)? -->\n+```sh\n(?P<commands>.*?)^```"
    r"|^<!-- tested unseen\n(?P<unseen>.*?)^-->",
    re.MULTILINE | re.DOTALL,
)
CHAPTER = re.compile(r"docs/\d_\w+\.md")
SECONDS = 100
SECONDS_OF_A_DAY = 280
IN_A_NETWORK_OF_ITS_OWN = (
    *("unshare", "--net", "--"),
    *("sh", "-c", 'ip link set lo up && exec "$@"', "sh"),
)


class Block(NamedTuple):
    """Commands to run, where they stand, and whether in the checkout."""

    document: str
    line: int
    commands: str
    in_checkout: bool


def blocks(text: str, document: str = "") -> list[Block]:
    """Return the tested blocks of a document."""
    return [
        Block(
            document=document,
            line=text.count("\n", 0, found.start(found.lastgroup or 0)) + 1,
            commands=found["commands"] or found["unseen"],
            in_checkout=bool(found["where"]),
        )
        for found in MARKER.finditer(text)
    ]


def script(found: Sequence[Block]) -> str:
    """Join tested blocks into one shell script that says where it failed."""
    lines = ["set -Eeuo pipefail", "work=$PWD"]
    for block in found:
        folder = '"$CHECKOUT"' if block.in_checkout else '"$work"'
        where = f"failed in the block at line {block.line} of {block.document}"
        lines += [f"trap 'echo {where} >&2' ERR", f"cd {folder}", block.commands]
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


def run(
    found: Sequence[Block], folder: Path, *, within: Sequence[str] = (), seconds: int = SECONDS
) -> tuple[int, str]:
    """Run a script; return its exit status and all that it printed."""
    work = folder / "work"
    work.mkdir()
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    paths = [str(give_commands(folder)), str(Path(sys.executable).parent), os.environ["PATH"]]
    process = subprocess.Popen(
        [*within, "bash", "-c", script(found)],
        cwd=work,
        env={
            **os.environ,
            "PATH": ":".join(paths),
            "HOME": str(work),
            "XDG_CACHE_HOME": cache,
            "CHECKOUT": str(ROOT),
        },
        stdin=subprocess.DEVNULL,
        stdout=(folder / "output").open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        status = process.wait(timeout=seconds)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return status, (folder / "output").read_text(encoding="utf-8")


def documents() -> dict[str, list[Block]]:
    """Return the tested blocks of every document that has any."""
    found = {
        str(path): blocks((ROOT / path).read_text(encoding="utf-8"), str(path))
        for path in tracked()
        if path.suffix == ".md"
    }
    return {path: tested for path, tested in sorted(found.items()) if tested}


DOCUMENTS = documents()
CHAPTERS = [path for path in DOCUMENTS if CHAPTER.fullmatch(path)]
OTHERS = [path for path in DOCUMENTS if path not in CHAPTERS]


@pytest.mark.parametrize("document", OTHERS)
def test_the_commands_of_a_document_work(document: str, tmp_path: Path) -> None:
    """Every command that a document marks as tested succeeds, in the order of the document."""
    status, output = run(DOCUMENTS[document], tmp_path)
    assert status == 0, f"{document}: exit status {status}\n{output}"


@pytest.mark.slow
@pytest.mark.netns
@pytest.mark.timeout(SECONDS_OF_A_DAY + 20)
def test_the_chapters_are_an_exam_day(tmp_path: Path) -> None:
    """The commands of the chapters, from the office's keys to the office's word, make a day."""
    for role in cast.cast(2):  # made or fetched here, since the day has no network
        cast.roster_photo(role)
        cast.clip(role)
    day = [block for chapter in CHAPTERS for block in DOCUMENTS[chapter]]
    status, output = run(day, tmp_path, within=IN_A_NETWORK_OF_ITS_OWN, seconds=SECONDS_OF_A_DAY)
    assert status == 0, f"exit status {status}\n{output}"


def test_a_wrong_command_is_found_with_its_place(tmp_path: Path) -> None:
    """A failing command fails its document and its block is named; unmarked blocks do not run."""
    unmarked = "```sh\nfalse\n```\n"
    first = "<!-- tested -->\n```sh\ntouch made\n```\n"
    second = "<!-- tested -->\n\n```sh\ntest -e made\nls no-such-file\n```\n"
    text = unmarked + first + second
    status, output = run(blocks(text, "page.md"), tmp_path)
    assert status != 0
    assert "no-such-file" in output
    assert "failed in the block at line 11 of page.md" in output


def test_what_is_unseen_is_run_and_can_fail(tmp_path: Path) -> None:
    """What stands in a comment is part of the script, in its place."""
    text = "<!-- tested unseen\nmade() { touch made; }\n-->\n\n<!-- tested -->\n```sh\nmade\n```\n"
    assert run(blocks(text), tmp_path)[0] == 0
    assert (tmp_path / "work" / "made").exists()
    assert "line 2" in script(blocks("<!-- tested unseen\nfalse\n-->\n"))


def test_a_server_left_running_is_ended(tmp_path: Path) -> None:
    """What a document starts in the background is gone when its script is."""
    text = "<!-- tested -->\n```sh\nsleep 1000 & echo $! > pid\n```\n"
    assert run(blocks(text), tmp_path)[0] == 0
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
