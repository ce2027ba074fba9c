"""A bundle that does not hold: what was expected, what came, what to do, and nothing is lost."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.core.building import receiver_of
from appliance.core.bundle_words import BundleRefusedError
from appliance.core.intake import Receiver, bundle_in_place, take_bundle
from appliance.ipc.words import Language
from drill.sample_office import PASSPHRASE, SampleOffice
from drill.sample_sitting import CENTRE
from protocol.bundle import MANIFEST
from protocol.sealing import SealingIdentity
from provisioning.office import Office
from provisioning.pack import make_bundle
from provisioning.sittings import SittingFolder
from tests.core_hall import PACKED, make_office

Harm = Callable[[Path], None]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> SampleOffice:
    """Return the office whose bundle the box has."""
    return make_office(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="module")
def newer(office: SampleOffice) -> Path:
    """Return the second revision of the same sitting."""
    with Office(office.office_folder, PASSPHRASE) as opened:
        held = SittingFolder(opened, office.manifest.sitting.id)
        return make_bundle(held, CENTRE, PACKED, codes=1).folder


@pytest.fixture
def stick(office: SampleOffice, tmp_path: Path) -> Path:
    """Return the first revision on a stick, to be harmed."""
    return Path(shutil.copytree(office.bundle, tmp_path / "stick"))


@pytest.fixture
def bundles(office: SampleOffice, tmp_path: Path) -> Path:
    """Return a box's bundles, the first revision in place."""
    take_bundle(office.bundle, tmp_path / "bundles", receiver_of(office.boxes[0]))
    return tmp_path / "bundles"


def refusal(stick: Path, bundles: Path, receiver: Receiver) -> str:
    """Return why it is refused, in English; in Chinese it is said too, and nothing changes."""
    before = {path: path.stat().st_size for path in sorted(bundles.rglob("*"))}
    with pytest.raises(BundleRefusedError) as caught:
        take_bundle(stick, bundles, receiver)
    assert {path: path.stat().st_size for path in sorted(bundles.rglob("*"))} == before
    assert any("\u4e00" <= c <= "\u9fff" for c in caught.value.show(Language.ZH))
    return str(caught.value)


def cut_short(name: str) -> Harm:
    """Cut a file's last byte off."""
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-1])


def altered(name: str) -> Harm:
    """Turn one bit in the middle of a file."""

    def harm(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(bytes(data))

    return harm


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (cut_short("roster.age"), ["roster.age: expected", "bytes", "got", "copy it again"]),
        (altered("roster.age"), ["roster.age: expected", "SHA-256", "altered; copy it again"]),
        (altered("rule_book.toml"), ["rule_book.toml: expected", "altered; copy it again"]),
        (altered(MANIFEST), ["nothing was taken", "fetch the bundle again"]),
        (cut_short(MANIFEST), ["nothing was taken", "fetch the bundle again"]),
        (lambda f: (f / "roster.age").unlink(), ["missing: ", "roster.age", "copy the whole"]),
        (lambda f: (f / "more").write_text("x"), ["not named: ", "more", "copy the whole"]),
        (lambda f: (f / MANIFEST).unlink(), [MANIFEST, "is the bundle whole?"]),
    ],
)
def test_a_harmed_bundle_says_what_is_wrong_with_which_file(
    harm: Harm, said: list[str], stick: Path, bundles: Path, office: SampleOffice
) -> None:
    """The file, what was expected of it, what came, what to do; the one in place stays whole."""
    box = receiver_of(office.boxes[0])
    harm(stick)
    text = refusal(stick, bundles, box)
    assert [words for words in said if words not in text] == []
    in_place = bundle_in_place(bundles, box)
    assert in_place is not None
    assert in_place.manifest == office.manifest


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"centre": "shanghai-07"}, [CENTRE, "shanghai-07", "fetch the bundle of this centre"]),
        ({"appliance": "third"}, ["main, spare", "third", "ask the office to add this box"]),
        ({"age": SealingIdentity.generate()}, ["other keys for main", "of this installation"]),
    ],
)
def test_a_bundle_for_another_place_says_for_which(
    changes: dict[str, object], said: list[str], stick: Path, tmp_path: Path, office: SampleOffice
) -> None:
    """For another centre, another box, or another installation of this box."""
    box = dataclasses.replace(receiver_of(office.boxes[0]), **changes)  # type: ignore[arg-type]
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    text = refusal(stick, bundles, box)
    assert [words for words in said if words not in text] == []


def test_a_bundle_of_another_office_is_not_believed(
    stick: Path, bundles: Path, tmp_path: Path
) -> None:
    """The box was given one root at its installation; a bundle under another is refused."""
    other = make_office(tmp_path / "other")
    text = refusal(stick, bundles, receiver_of(other.boxes[0]))
    assert "expected" in text
    assert "root" in text


def test_an_older_bundle_than_the_one_in_place_is_refused(
    stick: Path, newer: Path, bundles: Path, office: SampleOffice
) -> None:
    """Both revisions are named; the newer one stays."""
    box = receiver_of(office.boxes[0])
    take_bundle(newer, bundles, box)
    text = refusal(stick, bundles, box)
    assert "revision 1, revision 2 is in place" in text
    assert "fetch the newest" in text
    in_place = bundle_in_place(bundles, box)
    assert in_place is not None
    assert in_place.manifest.revision == 2


def test_the_same_bundle_again_is_taken_and_changes_nothing(
    stick: Path, bundles: Path, office: SampleOffice
) -> None:
    """A person who is not sure takes it once more."""
    names = sorted(path.name for path in bundles.iterdir())
    take_bundle(stick, bundles, receiver_of(office.boxes[0]))
    assert sorted(path.name for path in bundles.iterdir()) == names
