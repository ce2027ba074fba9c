"""The authority: what it issues, to whom, and what it takes back; openssl looks too."""

import datetime as dt
import ipaddress
import stat
import subprocess

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from exam.identifiers import IdentifierError
from protocol.certificates import Role, role_key
from protocol.decisions import MACHINE
from protocol.enrolment import CentreAuthority, make_request
from protocol.errors import MalformedError, UntrustedError
from protocol.keys import SigningKey, VerifyKey
from protocol.revocation import open_revocations
from provisioning import authority
from provisioning.certificates import pem
from provisioning.errors import (
    AlreadyThereError,
    NotAnOfficeError,
    PassphraseError,
    ProvisioningError,
    UnknownNameError,
)
from provisioning.office import Office, OfficeRecord
from runtime.errors import DiskFullError
from runtime.faults import FaultyDisk
from runtime.secret import Secret

NOW = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
AT = int(NOW.timestamp() * 1000)
OFFICE = Secret("office passphrase 甲乙丙")
ROOT = Secret("root passphrase 丁戊己")


def record(name: str = "miiteec") -> OfficeRecord:
    return OfficeRecord(
        id=name, name="考试中心", addresses=("https://127.0.0.1:8450",), created_at=AT
    )


@pytest.fixture
def office(tmp_path):
    with Office.create(
        tmp_path / "office", record(), passphrase=OFFICE, root_passphrase=ROOT
    ) as made:
        yield made


@pytest.fixture
def centre(office):
    authority.add_centre(office, "beijing-01", "北京一考点", ROOT, NOW)
    return "beijing-01"


def openssl(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["openssl", *arguments], capture_output=True, text=True, check=check, timeout=60
    )


def test_office_keys_are_certified_for_their_roles(office):
    """Each of the office's keys counts in its own role under the root, and in no other."""
    signing = role_key(office.signing_pem, office.root_pem, Role.OFFICE, AT)
    assert signing == office.signing_key().public
    receipts_pem = office.server_identity().receipts_certificate
    receipts = role_key(receipts_pem, office.root_pem, Role.RECEIPTS, AT)
    assert receipts == VerifyKey.from_hex(office.receipts_key)
    with pytest.raises(UntrustedError):
        role_key(office.signing_pem, office.root_pem, Role.RECEIPTS, AT)


def test_another_office_is_not_believed(office, tmp_path):
    """A certificate that another office's root signed does not count under this root."""
    with (
        Office.create(
            tmp_path / "other", record(), passphrase=OFFICE, root_passphrase=ROOT
        ) as other,
        pytest.raises(UntrustedError),
    ):
        role_key(other.signing_pem, office.root_pem, Role.OFFICE, AT)


def test_private_keys_are_encrypted_and_the_owners_alone(office):
    """Every key file is an encrypted PKCS#8 of mode 0600, which openssl opens."""
    keys = list(office.folder.rglob("*.key"))
    assert len(keys) == 6
    for path in keys:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
        secret = ROOT if path.name == "root.key" else OFFICE
        openssl("pkey", "-in", str(path), "-noout", "-passin", f"pass:{secret.reveal()}")
        wrong = openssl("pkey", "-in", str(path), "-noout", "-passin", "pass:another", check=False)
        assert wrong.returncode != 0


def test_openssl_accepts_the_boxes_chain(office, centre, tmp_path):
    """An outside program verifies the box's chain for its own name as server and as client."""
    identity = authority.add_appliance(office, centre, "main", "r1", NOW)
    (tmp_path / "root.pem").write_text(identity.root_certificate)
    (tmp_path / "ca.pem").write_text(identity.centre_certificate)
    (tmp_path / "box.pem").write_text(identity.tls_chain)
    command = [
        "verify", "-no_check_time", "-x509_strict", "-CAfile", str(tmp_path / "root.pem"),
        "-untrusted", str(tmp_path / "ca.pem"),
    ]  # fmt: skip
    for purpose in ("sslserver", "sslclient"):
        found = openssl(
            *command, "-purpose", purpose, "-verify_hostname",
            "main.beijing-01.examhall.internal", str(tmp_path / "box.pem"),
        )  # fmt: skip
        assert "OK" in found.stdout


@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("main.shanghai-02.examhall.internal"),
        x509.DNSName("example.com"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
    ],
)
def test_a_stolen_centre_ca_certifies_no_other_centre(name, office, centre, tmp_path):
    """The name constraint stops a thief of one box from speaking for another centre."""
    ca = office.centre_ca(centre)
    key = ec.generate_private_key(ec.SECP256R1())
    forged = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + dt.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        .sign(ca.key, hashes.SHA256())
    )
    (tmp_path / "root.pem").write_text(office.root_pem)
    (tmp_path / "ca.pem").write_text(office.centre_pem(centre))
    (tmp_path / "f.pem").write_text(pem(forged))
    found = openssl(
        "verify", "-no_check_time", "-CAfile", str(tmp_path / "root.pem"),
        "-untrusted", str(tmp_path / "ca.pem"), str(tmp_path / "f.pem"), check=False,
    )  # fmt: skip
    assert found.returncode != 0
    assert "permitted subtree" in found.stderr or "excluded subtree" in found.stderr


def test_a_box_can_enrol_seats_with_its_identity(office, centre):
    """What a box is given makes the centre's authority, which issues seats certificates."""
    identity = authority.add_appliance(office, centre, "main", "r1", NOW)
    read = x509.load_pem_x509_certificate
    made = CentreAuthority(
        centre=identity.centre,
        key=load_pem_private_key(identity.centre_key.encode(), None),
        chain=(
            read(identity.centre_certificate.encode()),
            read(identity.root_certificate.encode()),
        ),
    )
    tls = ec.generate_private_key(ec.SECP256R1())
    signer = SigningKey.generate()
    issued = made.issue(
        seat="a-01",
        tls_request=make_request(tls, "a-01"),
        seat_request=make_request(signer._key, "a-01"),
    )
    assert issued.centre == centre


def test_main_and_spare_share_the_ca_and_nothing_else(office, centre):
    """Each box has keys of its own; both are listed for the bundle, main first."""
    spare = authority.add_appliance(office, centre, "spare", "r1", NOW, spare=True)
    main = authority.add_appliance(office, centre, "main", "r1", NOW)
    assert main.centre_key == spare.centre_key
    own = {"box_key", "log_key", "age_identity", "tls_key"}
    assert all(getattr(main, field) != getattr(spare, field) for field in own)
    listed = office.catalogue.appliances(centre)
    assert [box.id for box in listed] == ["main", "spare"]
    assert listed[0].box_key == main.signing_key().public.hex
    assert listed[0].age_recipient == main.sealing_identity().recipient


def test_no_private_key_of_a_box_stays_at_the_office(office, centre):
    """After a box was made, none of its secrets is in any file of the office."""
    identity = authority.add_appliance(office, centre, "main", "r1", NOW)
    secrets = [identity.box_key, identity.log_key, identity.age_identity]
    for path in office.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


def test_staff_keys_open_with_their_own_passphrase(office, centre):
    """The person's passphrase opens the file; the office's does not."""
    secret = Secret("my own long passphrase")
    data = authority.add_staff(
        office, centre, member="wang", name="王监考", role="chief", passphrase=secret, now=NOW
    )
    key = SigningKey.from_encrypted_pem(data, secret.reveal())
    (member,) = office.catalogue.staff(centre)
    assert (member.id, member.role, member.key) == ("wang", "chief", key.public.hex)
    with pytest.raises(MalformedError):
        SigningKey.from_encrypted_pem(data, OFFICE.reveal())


def test_what_is_revoked_leaves_the_lists_and_stands_in_the_signed_list(office, centre):
    """A revoked box is in no further bundle; the signed list names it, and its name is free."""
    first = authority.add_appliance(office, centre, "main", "r1", NOW)
    mark = authority.revoke(office, "appliance", "main", centre, "被盗", NOW)
    assert office.catalogue.appliances(centre) == ()
    second = authority.add_appliance(office, centre, "main", "r1", NOW)
    assert second.box_key != first.box_key
    listed = open_revocations(authority.revocation_list(office, NOW), office.signing_key().public)
    assert [(r.certificate, r.reason) for r in listed.revocations] == [(mark, "被盗")]
    assert (
        mark
        == x509.load_pem_x509_certificate(first.tls_chain.encode())
        .fingerprint(hashes.SHA256())
        .hex()
    )


def test_names_are_taken_once(office, centre):
    """A second live centre or box of one name is refused; nothing is overwritten."""
    before = (office.folder / "centres" / centre / "ca.pem").read_bytes()
    with pytest.raises(AlreadyThereError):
        authority.add_centre(office, centre, "又一个", ROOT, NOW)
    assert (office.folder / "centres" / centre / "ca.pem").read_bytes() == before
    authority.add_appliance(office, centre, "main", "r1", NOW)
    with pytest.raises(AlreadyThereError):
        authority.add_appliance(office, centre, "main", "r1", NOW)


def test_an_office_is_never_overwritten(office):
    """Making an office where one is leaves its keys as they are."""
    before = (office.folder / "keys" / "signing.key").read_bytes()
    with pytest.raises(AlreadyThereError):
        Office.create(office.folder, record(), passphrase=OFFICE, root_passphrase=ROOT)
    assert (office.folder / "keys" / "signing.key").read_bytes() == before


def test_refusals_say_what_to_do(office, tmp_path):
    """Wrong or no passphrase, no office, unknown centre, short passphrase, bad address."""
    for words in ("not the root's words", ""):
        with pytest.raises(PassphraseError) as caught:
            authority.add_centre(office, "x", "x", Secret(words), NOW)
        assert "root.key" in caught.value.show("zh")
    with pytest.raises(NotAnOfficeError):
        Office(tmp_path, OFFICE)
    with pytest.raises(UnknownNameError):
        authority.add_appliance(office, "nowhere", "main", "r1", NOW)
    with pytest.raises(PassphraseError):
        Office.create(tmp_path / "b", record(), passphrase=Secret("short"), root_passphrase=ROOT)
    bad = OfficeRecord(id="b", name="b", addresses=("http://x",), created_at=AT)
    with pytest.raises(ProvisioningError):
        Office.create(tmp_path / "b", bad, passphrase=OFFICE, root_passphrase=ROOT)
    assert not (tmp_path / "b" / "office.json").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "No Label"},
        {"id": "o" * 58},
        {"name": ""},
        {"name": "机" * 65},
        {"addresses": ("https://考试.cn:8443",)},
    ],
)
def test_what_no_certificate_can_hold_leaves_no_half_office(changes, tmp_path):
    """Refused by name before anything is made; the next try in the same folder is the first."""
    bad = msgspec.structs.replace(record(), **changes)
    with pytest.raises((ProvisioningError, IdentifierError)):
        Office.create(tmp_path / "o", bad, passphrase=OFFICE, root_passphrase=ROOT)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_at_any_moment_leaves_no_half_office(tmp_path):
    """At each write point: nothing is left, what lay there before is, and then it works."""
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "note.txt").write_text("mine")
    after = 0
    while True:
        with FaultyDisk().installed() as disk:
            disk.full(after=after)
            try:
                Office.create(
                    tmp_path / "o", record(), passphrase=OFFICE, root_passphrase=ROOT
                ).close()
                break
            except DiskFullError:
                assert [path.name for path in tmp_path.rglob("*")] == ["o", "note.txt"]
        after += 1
    assert after > 60


def test_a_box_or_key_that_was_not_written_was_not_made(office, centre):
    """Where the stick is full, the name stays free and no bundle names the box."""

    def full(_: object) -> None:
        raise DiskFullError("no room")

    with pytest.raises(DiskFullError):
        authority.add_appliance(office, centre, "main", "r1", NOW, keep=full)
    with pytest.raises(DiskFullError):
        authority.add_staff(
            office,
            centre,
            member="wang",
            name="王芳",
            role="chief",
            passphrase=OFFICE,
            now=NOW,
            keep=full,
        )
    assert office.catalogue.appliances(centre) == ()
    assert office.catalogue.staff(centre) == ()
    authority.add_appliance(office, centre, "main", "r1", NOW)


def test_a_commit_that_finds_no_room_is_told_as_that(office, centre):
    """The catalogue speaks of the disk, not of SQLite, and goes on when there is room."""
    with FaultyDisk().installed() as disk:
        disk.full()
        with pytest.raises(DiskFullError):
            authority.add_appliance(office, centre, "main", "r1", NOW)
    assert office.catalogue.appliances(centre) == ()
    authority.add_appliance(office, centre, "main", "r1", NOW)


def test_a_revoked_centre_issues_nothing_until_it_is_made_anew(office, centre):
    """With its CA fall its boxes; a new CA takes the name, and new boxes hang under it."""
    authority.add_appliance(office, centre, "main", "r1", NOW)
    authority.revoke(office, "centre", centre, "", "被盗", NOW)
    assert office.catalogue.appliances(centre) == ()
    with pytest.raises(UnknownNameError):
        authority.add_appliance(office, centre, "main", "r1", NOW)
    authority.add_centre(office, centre, "新名称", ROOT, NOW)
    identity = authority.add_appliance(office, centre, "main", "r1", NOW)
    assert identity.centre_certificate == office.centre_pem(centre)


def test_nobody_is_called_as_the_machine_is(office, centre):
    """A person of that name would make decisions that look like the box's own."""
    with pytest.raises(ProvisioningError) as caught:
        authority.add_staff(
            office,
            centre,
            member=MACHINE,
            name="王",
            role="chief",
            passphrase=OFFICE,
            now=NOW,
        )
    assert caught.value.text.code == "name-kept"


def test_the_root_may_lie_elsewhere(tmp_path):
    """With the root on a stick, the office works without it and asks for it by name."""
    with Office.create(
        tmp_path / "o", record(), passphrase=OFFICE, root_passphrase=ROOT, root=tmp_path / "stick"
    ):
        assert (tmp_path / "stick" / "root.key").exists()
    with Office(tmp_path / "o", OFFICE) as again:
        assert again.signing_key().public
        with pytest.raises(NotAnOfficeError) as caught:
            authority.add_centre(again, "x", "x", ROOT, NOW)
        assert "--root" in caught.value.show("en")
    with Office(tmp_path / "o", OFFICE, tmp_path / "stick") as again:
        authority.add_centre(again, "x-1", "x", ROOT, NOW)
