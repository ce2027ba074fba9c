"""Whatever write fails, a seat is paired or it is not, and the next try ends paired."""

from pathlib import Path

import pytest

from protocol.enrolment import make_request
from runtime.errors import DiskError
from runtime.faults import FaultyDisk
from terminal_agent.identity import Identity, keep, keys_for, load
from tests.authority import make_authority

AUTHORITY = make_authority()


def pair_on_disk(folder: Path) -> Identity:
    """All that pairing writes, with the appliance left out."""
    keys = keys_for(folder, "a-01")
    issued = AUTHORITY.issue(
        seat="a-01",
        tls_request=make_request(keys.tls, "a-01"),
        seat_request=make_request(keys.signer, "a-01"),
    )
    return keep(folder, keys, issued)


def write_points(folder: Path) -> int:
    disk = FaultyDisk()
    with disk.installed():
        pair_on_disk(folder)
    return disk.points


@pytest.mark.parametrize("fault", ["full", "broken", "hiccup"])
def test_every_write_of_pairing_may_fail(tmp_path: Path, fault: str) -> None:
    """At each write point in turn: no half identity, keys kept, and a second try is whole."""
    points = write_points(tmp_path / "counted")
    assert points > 10
    for point in range(points):
        folder = tmp_path / f"{fault}-{point}"
        disk = FaultyDisk()
        getattr(disk, fault)(after=point)
        with disk.installed(), pytest.raises(DiskError):
            pair_on_disk(folder)
        before = load(folder)
        paired = pair_on_disk(folder)
        if before is not None:
            assert before.signing_key.public == paired.signing_key.public
        loaded = load(folder)
        assert loaded is not None
        assert loaded.issued == paired.issued
    print(f"{points} write points visited")  # noqa: T201 - the sweep's extent is part of its result


def test_a_torn_key_file_is_told_apart(tmp_path: Path) -> None:
    """A key file that does not decode is an error with the file's form, not a new identity."""
    pair_on_disk(tmp_path)
    (tmp_path / "key.json").write_bytes(b"{")
    with pytest.raises(Exception, match="_StoredKeys"):
        load(tmp_path)
