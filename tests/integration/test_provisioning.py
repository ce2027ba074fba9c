"""From an office clerk's files to a bundle that a box takes, and a paper that its code opens."""

import datetime as dt
import hashlib
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from appliance.core.intake import BundleRefusedError, Receiver, check_bundle, take_bundle
from drill.sample_office import PASSPHRASE, SampleHall, make_sample_office
from drill.sample_qti import VERSIONS, paper_package
from drill.sample_sitting import (
    CENTRE,
    SUBJECT,
    bad_roster_xlsx,
    people,
    plan_toml,
    roster_xlsx,
    seat_labels,
)
from exam import paper as papers
from exam.rulebook import read_rule_book
from protocol.errors import MalformedError, WrongCodeError
from protocol.paper_file import read_paper_file
from protocol.sealed_paper import derive_code_identity, open_paper_key
from protocol.values import encode
from provisioning import authority, pack
from provisioning.errors import AlreadyThereError, BundleError
from provisioning.office import Office
from provisioning.pack import check_written, copy_bundle, make_bundle
from provisioning.plan import read_plan, read_rule_book_text
from provisioning.problems import InputRefusedError
from provisioning.qti import convert
from provisioning.roster import import_roster
from provisioning.sittings import SittingFolder
from provisioning.unlock import give_codes

NOW = dt.datetime(2026, 3, 20, 9, tzinfo=dt.UTC)
OPENS = NOW + dt.timedelta(days=1)


def portrait(seed: int) -> bytes:
    picture = Image.effect_noise((295, 413), 60 + seed).convert("RGB")
    picture.paste((255, 255, 255), (0, 0, 295, 140))
    picture.paste((200, 120 + seed, 90), (100, 140, 200, 413))
    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return make_sample_office(
        tmp_path_factory.mktemp("sample"),
        SampleHall(
            persons=people(6),
            photos=tuple(portrait(n) for n in range(3)),
            opens=OPENS,
            codes=2,
        ),
        NOW,
    )


def receiver(box) -> Receiver:
    return Receiver(
        appliance=box.appliance,
        centre=box.centre,
        root_pem=box.root_certificate,
        age=box.sealing_identity(),
        box_key=box.signing_key().public,
        log_key=box.log_signing_key().public,
    )


@pytest.fixture
def office(sample, tmp_path):
    """Return a copy of the sample's office, to work in."""
    shutil.copytree(sample.office_folder, tmp_path / "office")
    with Office(tmp_path / "office", PASSPHRASE) as opened:
        yield opened


@pytest.mark.parametrize("version", VERSIONS)
def test_the_sample_paper_is_the_same_in_all_versions(version):
    """The three packages give one paper: 13 items of all five kinds, 100 points, two pictures."""
    converted = convert(paper_package(version), subject=SUBJECT)
    first = convert(paper_package("2.1"), subject=SUBJECT)
    assert converted.paper == first.paper
    assert converted.keys == first.keys
    made = converted.paper
    kinds = {type(item) for item in made.items}
    assert kinds == {
        papers.SingleChoice,
        papers.MultipleChoice,
        papers.TrueFalse,
        papers.TextEntry,
        papers.ExtendedText,
    }
    assert len(made.items) == 13
    assert sum(item.points for item in made.items) == 10000
    assert sum(key.points for key in converted.keys.items) == 10000
    assert len(made.assets) == 2
    shown = encode(made).decode()
    assert "<table>" in shown
    assert "<msqrt>" in shown
    assert "管线建立城市信息模型" in shown
    assert "多源核对" not in shown


def test_both_boxes_take_the_bundle(sample, tmp_path):
    """Main and spare check it by their own keys, and find roster and photos whole."""
    for box in sample.boxes:
        taken = take_bundle(sample.bundle, tmp_path / box.appliance, receiver(box))
        assert [c.name for c in taken.roster.candidates] == [p.name for p in people(6)]
        assert taken.manifest.revision == 1


def test_the_code_and_a_box_open_the_paper_and_neither_alone(sample):
    """Box and both codes give P; a wrong code, codes exchanged, or another's key do not."""
    (record,) = sample.manifest.papers
    sealed = (sample.bundle / record.key_file).read_bytes()
    codes = [code.reveal() for code in sample.codes]
    identities = [derive_code_identity(c, s) for c, s in zip(codes, record.code_salts, strict=True)]
    for box in sample.boxes:
        key = open_paper_key(sealed, box.sealing_identity(), identities, record.recipient)
        plain = key.open((sample.bundle / record.file).read_bytes())
        assert hashlib.sha256(plain).hexdigest() == record.plain_sha256
        paper, assets = read_paper_file(plain)
        assert paper.subject == SUBJECT
        assert len(assets) == 2
    box = sample.boxes[0].sealing_identity()
    with pytest.raises(WrongCodeError):
        open_paper_key(sealed, box, identities[::-1], record.recipient)
    with pytest.raises((WrongCodeError, MalformedError)):
        open_paper_key(sealed, box, identities[:1], record.recipient)


def test_the_age_program_opens_what_we_sealed(sample, tmp_path):
    """An outside program decrypts the roster with the box's identity."""
    identity = tmp_path / "identity"
    identity.write_text(sample.boxes[0].age_identity)
    shown = subprocess.run(
        ["age", "-d", "-i", identity, sample.bundle / "roster.age"],
        capture_output=True,
        check=True,
    )
    assert people(1)[0].id_number in shown.stdout.decode()


def test_no_secret_stands_open_in_the_bundle(sample):
    """Names, ID numbers, questions, answer keys and codes are in no file of the bundle."""
    words = [people(1)[0].id_number, people(1)[0].name, "物联网", "多源核对"]
    words += [code.reveal() for code in sample.codes]
    for path in sample.bundle.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(word.encode() in content for word in words), path


def altered(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: altered(folder / "roster.age"),
        lambda folder: altered(folder / "papers" / f"{SUBJECT}.paper.age"),
        lambda folder: altered(folder / "manifest.dsse.json"),
        lambda folder: altered(next((folder / "photos").iterdir())),
        lambda folder: (folder / "roster.age").write_bytes(
            (folder / "roster.age").read_bytes()[:-1]
        ),
        lambda folder: (folder / "rule_book.toml").unlink(),
        lambda folder: (folder / "extra").write_text("x"),
    ],
)
def test_a_harmed_bundle_is_refused_by_office_and_box(harm, sample, tmp_path):
    """One byte altered, a file cut, missing or added: reading back finds it, the box refuses it."""
    copy = tmp_path / "copy"
    shutil.copytree(sample.bundle, copy)
    harm(copy)
    with pytest.raises(BundleError) as caught:
        check_written(copy, sample.boxes[0].root_certificate)
    assert caught.value.text.code == "bundle-harmed"
    with pytest.raises(BundleRefusedError):
        check_bundle(copy, receiver(sample.boxes[0]), None)


def test_a_box_takes_no_bundle_of_another_office(sample, tmp_path):
    """An office of the same name and plan, but with another root, is not believed."""
    other = make_sample_office(
        tmp_path, SampleHall(persons=people(2), photos=(portrait(1),), opens=OPENS), NOW
    )
    with pytest.raises(BundleRefusedError):
        check_bundle(other.bundle, receiver(sample.boxes[0]), None)


def test_a_second_bundle_has_the_next_revision_and_its_own_codes(sample, office, tmp_path):
    """A new revision is taken over the old one, the old one not over the new; codes differ."""
    held = SittingFolder(office, sample.manifest.sitting.id)
    second = make_bundle(held, CENTRE, NOW, codes=2)
    assert second.manifest.revision == 2
    box = receiver(sample.boxes[0])
    take_bundle(sample.bundle, tmp_path / "box", box)
    take_bundle(second.folder, tmp_path / "box", box)
    with pytest.raises(BundleRefusedError):
        take_bundle(sample.bundle, tmp_path / "box", box)
    codes = give_codes(held, CENTRE, SUBJECT, to="王芳", now=OPENS)
    assert codes != sample.codes
    assert give_codes(held, CENTRE, SUBJECT, to="王芳", now=OPENS, revision=1) == sample.codes


def test_papers_are_the_same_ciphertext_in_every_bundle(sample, office):
    """A paper is sealed once: a later bundle carries the same bytes, so it need not be fetched."""
    held = SittingFolder(office, sample.manifest.sitting.id)
    second = make_bundle(held, CENTRE, NOW)
    assert second.manifest.papers[0].sealed_sha256 == sample.manifest.papers[0].sealed_sha256


def test_codes_are_given_late_and_on_record(sample, office):
    """Sooner than 15 minutes before the start takes a reason; every giving is written down."""
    held = SittingFolder(office, sample.manifest.sitting.id)
    with pytest.raises(BundleError) as caught:
        give_codes(held, CENTRE, SUBJECT, to="王芳", now=NOW)
    assert "15" in caught.value.show("zh")
    early = OPENS - dt.timedelta(minutes=15, seconds=1)
    with pytest.raises(BundleError, match="16 minutes"):
        give_codes(held, CENTRE, SUBJECT, to="王芳", now=early)
    at = OPENS - dt.timedelta(minutes=15)
    assert give_codes(held, CENTRE, SUBJECT, to="王芳", now=at) == sample.codes
    *_, last = office.catalogue._db["given_codes"].rows_where(order_by="id")
    assert (last["given_to"], last["given_at"]) == ("王芳", int(at.timestamp() * 1000))


def test_a_stick_is_read_back_and_never_overwritten(sample, tmp_path):
    """A copy on a stick equals the bundle; a second copy does not overwrite the first."""
    root = sample.boxes[0].root_certificate
    written = copy_bundle(sample.bundle, tmp_path, root)
    assert check_written(written, root) == sample.manifest
    with pytest.raises(AlreadyThereError):
        copy_bundle(sample.bundle, tmp_path, root)
    with pytest.raises(BundleError):
        copy_bundle(sample.bundle, tmp_path / "not mounted", root)


def test_a_stick_that_alters_bytes_is_found(sample, tmp_path, monkeypatch):
    """Where a medium gives back other bytes, the copy is removed and the file named."""
    real = pack.write_atomic

    def failing(path, data, **options):
        real(path, data, **options)
        if path.name == "roster.age":
            altered(path)

    monkeypatch.setattr(pack, "write_atomic", failing)
    with pytest.raises(BundleError) as caught:
        copy_bundle(sample.bundle, tmp_path, sample.boxes[0].root_certificate)
    assert "roster.age" in caught.value.show("zh")
    assert list(tmp_path.iterdir()) == []


def test_a_revoked_box_is_in_no_later_bundle(sample, office):
    """After a box is stolen, the next bundle is sealed to the others only, and names it."""
    mark = authority.revoke(office, "appliance", "spare", CENTRE, "被盗", NOW)
    held = SittingFolder(office, sample.manifest.sitting.id)
    packed = make_bundle(held, CENTRE, NOW)
    assert [box.id for box in packed.manifest.appliances] == ["main"]
    assert [one.certificate for one in packed.manifest.revocations] == [mark]
    with pytest.raises(BundleRefusedError):
        check_bundle(packed.folder, receiver(sample.boxes[1]), None)


def test_a_bundle_with_a_part_missing_is_not_made(sample, office):
    """Without the main box of a room nothing is made and no revision is used up."""
    authority.revoke(office, "appliance", "main", CENTRE, "坏", NOW)
    held = SittingFolder(office, sample.manifest.sitting.id)
    with pytest.raises(BundleError) as caught:
        make_bundle(held, CENTRE, NOW)
    assert "appliance add" in caught.value.show("zh")
    assert office.catalogue.last_bundle(CENTRE, held.plan.id) == 1


def test_a_failed_signing_leaves_nothing_behind(sample, office, monkeypatch):
    """When packing breaks in the middle, no half bundle lies in the folder."""
    held = SittingFolder(office, sample.manifest.sitting.id)
    before = sorted(p.name for p in (office.folder / "bundles").iterdir())

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("provisioning.pack._Writer.write_sealed", broken)
    with pytest.raises(OSError, match="No space"):
        make_bundle(held, CENTRE, NOW)
    assert sorted(p.name for p in (office.folder / "bundles").iterdir()) == before


def sample_import(data: bytes, count: int = 6):
    plan = read_plan(plan_toml(seats=seat_labels(count), opens=OPENS))
    rules = read_rule_book_text("ksj", Path())
    photo = portrait(1)
    return import_roster(
        data,
        file="名单.xlsx",
        photos={person.photo_file: lambda: photo for person in people(count)},
        sitting=plan.sitting(CENTRE, rules),
        rules=read_rule_book(rules),
        count_faces=lambda _: 1,
        today=NOW.date(),
        pseudonym_key=bytes(32),
    )


def test_the_sample_roster_is_taken_with_all_its_habits():
    """Full-width digits, padded names, numbers as numbers: all come out as the person's own."""
    taken = sample_import(roster_xlsx(people(6))).roster.candidates
    expected = [(p.name, p.id_number, p.ticket_number, p.seat.lower()) for p in people(6)]
    assert [(c.name, c.id_number, c.ticket_number, c.seat) for c in taken] == expected


def test_the_bad_sample_roster_names_every_row():
    """Every row of the bad roster is reported with its own fault, and none is taken."""
    with pytest.raises(InputRefusedError) as caught:
        sample_import(bad_roster_xlsx(people(6)))
    found = {(p.place.row, p.code) for p in caught.value.problems if p.code.startswith("roster")}
    assert {
        (4, "roster-id-check"),
        (5, "roster-digits-lost"),
        (6, "roster-seat"),
        (8, "roster-double"),
        (9, "roster-double"),
    } <= found
