"""What an invigilator reads of a refusal is in their language, whole."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.core import messages as m
from appliance.core.refusals import RefusedError
from appliance.ipc.staff_client import StaffKeyError, read_staff_key
from appliance.ipc.words import Language
from protocol.errors import MalformedError
from protocol.staff_api import ActRefusal
from provisioning.keyfiles import encrypted_pem
from runtime.errors import DiskFullError
from runtime.secret import Secret
from tests.scripted_desk import KEY


def test_what_the_machine_raises_is_told_without_its_english() -> None:
    """A full disk, an act that cannot be read: Chinese has no English behind it."""
    full = DiskFullError("core.db: expected room to write")
    disk = RefusedError(ActRefusal.DISK, m.DISK, detail=full).reply()
    odd = RefusedError(
        ActRefusal.MALFORMED, m.MALFORMED, detail=MalformedError("expected Act")
    ).reply()
    for reply in (disk, odd):
        assert not re.search("[A-Za-z]{3}", reply.text_zh)
    assert "磁盘已满" in disk.text_zh
    assert disk.text == f"the disk could not be written: {full}"


@pytest.mark.parametrize("passphrase", ["mistyped", ""])
def test_a_mistyped_passphrase_is_told_in_both_languages(tmp_path: Path, passphrase: str) -> None:
    """Who mistypes the own passphrase reads so, and what to do."""
    key = Ed25519PrivateKey.from_private_bytes(KEY.dangerous_seed())
    path = tmp_path / "wang.staff.pem"
    path.write_bytes(encrypted_pem(key, Secret("passphrase of wang")))
    with pytest.raises(StaffKeyError) as refused:
        read_staff_key(path, passphrase)
    assert "口令不对" in refused.value.show(Language.ZH)
    assert "type the passphrase again" in refused.value.show(Language.EN)
