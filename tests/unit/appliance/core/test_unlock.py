"""The unlocking of a paper: on record, whatever the disk does."""

from pathlib import Path

import pytest

from appliance.core import release
from appliance.core.refusals import RefusedError
from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from protocol.log_entries import CodeTried, decode_entry
from protocol.sealing import SealingIdentity
from protocol.staff_api import ActRefusal
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from tests.core_hall import CoreHall, core_hall


def tried(hall: CoreHall) -> list[CodeTried]:
    """Return the tries that stand in the log."""
    leaves = [decode_entry(body) for (body,) in hall.rows("SELECT body FROM leaves ORDER BY i")]
    return [leaf for leaf in leaves if isinstance(leaf, CodeTried)]


def wrapped(folder: Path) -> list[Path]:
    """Return the files in which P lies wrapped."""
    return list(folder.rglob("*.wrapped.age"))


async def test_no_key_outlives_a_restart_off_the_record(
    office: SampleOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk at each write point of the unlocking: where P lies wrapped, a leaf says so."""
    derived: dict[str, SealingIdentity] = {}

    def once(code: str, salt: str, n: int) -> SealingIdentity:
        if code not in derived:
            derived[code] = original(code, salt, n)
        return derived[code]

    original = release.derive_code_identity
    monkeypatch.setattr(release, "derive_code_identity", once)
    codes = [code.reveal() for code in office.codes]
    async with core_hall(tmp_path, office) as hall:
        after = 0
        while True:
            with FaultyDisk().installed() as disk:
                disk.full(after=after)
                try:
                    await hall.core.release.unlock(SUBJECT, codes, "wang")
                    break
                except DiskFullError:
                    assert not wrapped(tmp_path) or tried(hall)
            after += 1
        assert after >= 5
        assert tried(hall)[-1].opened


async def test_wrong_codes_wait_and_stand_in_the_log(office: SampleOffice, tmp_path: Path) -> None:
    """After the third somebody has to wait; all are written down, none as one that opened."""
    wrong = "00000-00001-00002"
    async with core_hall(tmp_path, office) as hall:
        for _ in range(3):
            with pytest.raises(RefusedError) as refused:
                await hall.core.release.unlock(SUBJECT, [wrong] * len(office.codes), "wang")
            assert refused.value.code is ActRefusal.WRONG_CODE
        with pytest.raises(RefusedError) as refused:
            await hall.core.release.unlock(SUBJECT, [wrong] * len(office.codes), "wang")
        assert refused.value.code is ActRefusal.WAIT
        assert [leaf.wrong_so_far for leaf in tried(hall)] == [1, 2, 3]
        assert not any(leaf.opened for leaf in tried(hall))
