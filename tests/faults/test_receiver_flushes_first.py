"""The order of the receiver's system calls: durable first, then catalogued, then answered."""

from pathlib import Path

from tests.source_tree import ROOT
from tests.tracing import first, flushed_between, trace


def test_the_last_patch_is_answered_after_every_flush(tmp_path: Path) -> None:
    """Bytes, then the catalogue's commit, then the rename and its folder: all before the answer."""
    program = [str(ROOT / "tests" / "faults" / "one_upload.py"), str(tmp_path)]
    calls = trace(program, tmp_path / "trace")
    answered = first(calls, "write", "answered 204")
    uploads = "/receiving/uploads/"
    written = [c for c in calls if c.name == "write" and uploads in c.arguments][-1]
    moved = first(calls, "rename|renameat|renameat2", uploads)
    assert flushed_between(calls, uploads, written, moved)
    assert flushed_between(calls, "catalogue.db-wal>", written, moved)
    assert flushed_between(calls, "/receiving/parcels/", moved, answered)
