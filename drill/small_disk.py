"""A small disk below a folder, which can be filled: a tmpfs, where root may mount one."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from drill.errors import DrillError


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount it over an empty folder; give whether there is one: only root may. Blocks."""
    if os.geteuid() != 0:
        yield False
        return
    options = ("-o", f"size={megabytes}m,mode=0700")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", *options, "examhall-drill", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise DrillError(f"a small disk at {folder}: {mounted.stderr.strip()}")
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
