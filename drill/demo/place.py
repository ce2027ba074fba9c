"""The demo's own folder, and that nothing of a demo outlasts it.

All that a demo makes lies in one folder: state, sockets, logs, temporary files. Each of its
programs carries the folder's path in its environment (`TAG`), by which a guard finds them.
The guard is a process that reads from a pipe to the demo; when the demo is gone without a
word, killed or crashed, it waits for the programs, which the kernel tells to end, ends what
is left of them, and removes the folder.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from drill.demo import guard
from runtime import logs
from runtime.files import make_folder

TAG: Final = guard.TAG


@contextlib.contextmanager
def place(*, keep: Path | None) -> Iterator[Path]:
    """Give the folder, and have everything logged into it; remove it at the end.

    ``keep``: a folder that is kept instead. Temporary files of this process and of all that it
    starts lie in the folder meanwhile.
    """
    with contextlib.ExitStack() as stack:
        if keep is None:
            folder = Path(tempfile.mkdtemp(prefix="examhall-demo-"))
        else:
            folder = keep.absolute()
        stack.enter_context(_guarded(folder, remove=keep is None))
        stack.enter_context(_surroundings(folder))
        make_folder(folder / "logs")
        stream = stack.enter_context((folder / "logs" / "demo.log").open("a", encoding="utf-8"))
        logs.setup("demo", stream=stream)
        yield folder


@contextlib.contextmanager
def _guarded(folder: Path, *, remove: bool) -> Iterator[None]:
    """Let the guard see to the end of what is here, whatever becomes of this process."""
    command = [sys.executable, "-I", "-S", guard.__file__, str(folder), *(["--remove"] * remove)]
    environment = {name: value for name, value in os.environ.items() if name != TAG}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, start_new_session=True):
        yield  # leaving closes the pipe, and waits: the guard ends what is left


@contextlib.contextmanager
def _surroundings(folder: Path) -> Iterator[None]:
    """Tag what is started here; keep temporary files in the folder."""
    temporary = folder / "tmp"
    make_folder(temporary)
    before = {name: os.environ.get(name) for name in (TAG, "TMPDIR")}
    os.environ.update({TAG: str(folder), "TMPDIR": str(temporary)})
    tempfile.tempdir = None  # asked for anew
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        tempfile.tempdir = None


def last_errors(folder: Path, count: int = 6) -> list[str]:
    """Return the last lines of the logs that say of an error. Blocks."""
    found = [
        f"{path.stem}: {line.strip()}"
        for path in sorted((folder / "logs").glob("*.log"))
        for line in path.read_text("utf-8", "replace").splitlines()
        if "CRITICAL" in line or '"ERROR"' in line or " ERROR " in line
    ]
    return found[-count:]


def box_address(folder: Path) -> str:
    """Return where the demo's box listens to seats; "-" before it was set up. Blocks."""
    try:
        listen = tomllib.loads((folder / "appliance.toml").read_text("utf-8"))["listen"]
    except FileNotFoundError:
        return "-"
    return f"{listen['host']}:{listen['seats']}"
