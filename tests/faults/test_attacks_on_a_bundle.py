"""A thief or forger who has the stick with the bundle on its way to the hall."""

import datetime as dt
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from appliance.core import intake
from appliance.core.building import receiver_of
from appliance.core.intake import BundleRefusedError, Receiver, take_bundle
from drill.sample_office import SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import people
from protocol.errors import ProtocolError
from protocol.sealed_paper import derive_code_identity, open_paper_key
from protocol.sealing import SealingIdentity
from tests.attacked_hall import noise_photo


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> SampleOffice:
    """Return an office with a bundle of one candidate."""
    now = dt.datetime.now(dt.UTC)
    hall = SampleHall(persons=people(1), photos=(noise_photo(),), opens=now)
    return make_sample_office(tmp_path_factory.mktemp("office"), hall, now)


@pytest.fixture
def receiver(office: SampleOffice) -> Receiver:
    """Return the main box."""
    return receiver_of(office.boxes[0])


@pytest.fixture
def stick(office: SampleOffice, tmp_path: Path) -> Path:
    """Return a stick with the bundle, to be tampered with."""
    return Path(shutil.copytree(office.bundle, tmp_path / "stick"))


def a_paper(office: SampleOffice) -> str:
    """Return the name of a sealed paper in the bundle."""
    return office.manifest.papers[0].file


def test_a_file_swollen_on_the_stick_is_not_read(
    office: SampleOffice, receiver: Receiver, stick: Path, tmp_path: Path
) -> None:
    """A sealed paper of a thousand gigabytes, all holes, is refused by its size."""
    os.truncate(stick / a_paper(office), 1_000 * 2**30)
    with pytest.raises(BundleRefusedError, match="expected at most"):
        take_bundle(stick, tmp_path / "bundles", receiver)


@pytest.mark.parametrize("name", ["office.crt", "paper"])
def test_a_link_or_a_device_is_no_file(
    office: SampleOffice, receiver: Receiver, stick: Path, tmp_path: Path, name: str
) -> None:
    """Names on the stick that lead elsewhere, to an endless device at that, are not followed."""
    path = stick / (a_paper(office) if name == "paper" else name)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(BundleRefusedError, match="plain file"):
        take_bundle(stick, tmp_path / "bundles", receiver)


def test_a_stick_that_changes_its_mind_leaves_nothing_behind(
    office: SampleOffice,
    receiver: Receiver,
    stick: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Other bytes at the second reading are refused, and the good bundle is taken afterwards."""
    copy = shutil.copytree

    def deceitful(source: Path, target: Path, **how: bool) -> None:
        copy(source, target, **how)
        (target / a_paper(office)).write_bytes(b"another paper")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "shutil", SimpleNamespace(copytree=deceitful))
        with pytest.raises(BundleRefusedError):
            take_bundle(stick, tmp_path / "bundles", receiver)
    assert take_bundle(stick, tmp_path / "bundles", receiver).manifest.revision == 1


def test_an_older_revision_does_not_come_back_by_a_detour(
    receiver: Receiver, stick: Path, tmp_path: Path
) -> None:
    """A newer bundle of this sitting that was taken once keeps the older one out for good."""
    bundles = tmp_path / "bundles"
    (bundles / "cim-sample.0002.0123456789ab").mkdir(parents=True)
    with pytest.raises(BundleRefusedError, match="never taken"):
        take_bundle(stick, bundles, receiver)


def test_a_stolen_stick_shows_no_name_no_face_and_no_question(
    office: SampleOffice, stick: Path
) -> None:
    """Nothing of roster, photos or paper can be read in the bundle's files."""
    everything = b"".join(path.read_bytes() for path in stick.rglob("*") if path.is_file())
    person = people(1)[0]
    secrets = [person.name, person.id_number, person.ticket_number, person.mobile, "题"]
    assert [text for text in secrets if text.encode() in everything] == []
    assert b"\xff\xd8\xff" + noise_photo()[3:40] not in everything
    assert office.codes[0].reveal().encode() not in everything


def test_the_code_without_a_box_opens_nothing(office: SampleOffice, stick: Path) -> None:
    """The unlock code and the stick together lack the box's key."""
    paper = office.manifest.papers[0]
    code = derive_code_identity(office.codes[0].reveal(), paper.code_salts[0], paper.scrypt_n)
    sealed = (stick / paper.key_file).read_bytes()
    with pytest.raises(ProtocolError):
        open_paper_key(sealed, SealingIdentity.generate(), [code], paper.recipient)
