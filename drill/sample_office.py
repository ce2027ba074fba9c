"""An office that has done its work for the sample sitting: real keys, real files, real bundle.

What a person would do with ``exam-provision`` in an afternoon, in a few seconds, through the
same functions: authority, centre, boxes, staff, plan, paper, roster, bundle.
"""

import datetime as dt
from pathlib import Path
from typing import Final

import msgspec

from drill.sample_qti import Version, paper_package
from drill.sample_sitting import (
    CENTRE,
    PHOTO_FOLDER,
    ROOM,
    ROSTER_FILE,
    SUBJECT,
    Person,
    plan_toml,
    seat_labels,
    write_sample,
)
from protocol.bundle import BundleManifest
from protocol.identities import BoxIdentity, OfficeIdentity
from protocol.keys import SigningKey
from provisioning import authority
from provisioning.authority import StaffRole, milliseconds
from provisioning.office import Office, OfficeRecord
from provisioning.pack import make_bundle
from provisioning.qti import convert
from provisioning.roster import FaceCounter, import_roster
from provisioning.sittings import SittingFolder
from provisioning.unlock import give_codes
from runtime.secret import Secret

PASSPHRASE: Final = Secret("sample office passphrase")
ROOT_PASSPHRASE: Final = Secret("sample root passphrase")
STAFF_PASSPHRASE: Final = Secret("sample staff passphrase")
STAFF: Final[tuple[tuple[str, str, StaffRole], ...]] = (
    ("wang-fang", "王芳", "invigilator"),
    ("li-na", "李娜", "chief"),
)


class SampleOffice(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the other machines are given, and the codes."""

    office_folder: Path
    bundle: Path
    manifest: BundleManifest
    boxes: tuple[BoxIdentity, ...]
    """The main box, then the spare."""
    server: OfficeIdentity
    staff_keys: dict[str, SigningKey]
    staff_files: dict[str, bytes]
    """Their key files, under `STAFF_PASSPHRASE`."""
    codes: tuple[Secret[str], ...]
    """Unlock codes of the one subject, outermost first."""


class SampleHall(msgspec.Struct, frozen=True, kw_only=True):
    """What the sample sitting is to be like. ``photos`` repeat in turn over ``persons``."""

    persons: tuple[Person, ...]
    photos: tuple[bytes, ...]
    opens: dt.datetime
    """Planned start, with its zone."""
    minutes: int = 120
    office_address: str = "https://127.0.0.1:8450"
    box_addresses: tuple[str, ...] = ()
    version: Version = "2.1"
    """Of QTI, from which the paper is taken."""
    package: bytes = b""
    """Another QTI package than the sample paper's."""
    codes: int = 1
    """Unlock codes: 2 where two invigilators hold one each."""
    rule_book: str = "ksj"
    """One of ours by name, or a file beside the plan, such as `DRILL_RULES`."""
    boxes: tuple[str, str] = ("main", "spare")
    """Their names, by which they are announced on the network."""


def make_sample_office(
    folder: Path,
    hall: SampleHall,
    now: dt.datetime,
    *,
    count_faces: FaceCounter = lambda _: 1,
) -> SampleOffice:
    """Do the office's work in ``folder``; blocks for about two seconds.

    ``count_faces`` looks at each photo.
    """
    plan = plan_toml(
        seats=seat_labels(len(hall.persons)),
        opens=hall.opens,
        minutes=hall.minutes,
        addresses=hall.box_addresses,
        rule_book=hall.rule_book,
    )
    input_folder = folder / "input"
    write_sample(input_folder, hall.persons, hall.photos, plan)
    record = OfficeRecord(
        id="sample-office",
        name="样例考试机构",
        addresses=(hall.office_address,),
        created_at=milliseconds(now),
    )
    with Office.create(
        folder / "office", record, passphrase=PASSPHRASE, root_passphrase=ROOT_PASSPHRASE
    ) as office:
        authority.add_centre(office, CENTRE, "样例考点", ROOT_PASSPHRASE, now)
        main, spare = hall.boxes
        boxes = (
            authority.add_appliance(office, CENTRE, main, ROOM, now),
            authority.add_appliance(office, CENTRE, spare, ROOM, now, spare=True),
        )
        staff_files = {member: _add_staff(office, member, now) for member, _, _ in STAFF}
        held = SittingFolder.add(office, input_folder / "plan.toml")
        package = hall.package or paper_package(hall.version)
        held.keep_paper(convert(package, subject=SUBJECT), now)
        _take_roster(held, input_folder, count_faces, now)
        packed = make_bundle(held, CENTRE, now, codes=hall.codes)
        given = give_codes(held, CENTRE, SUBJECT, to="sample", now=now, early="样例：随包交付")
        return SampleOffice(
            office_folder=office.folder,
            bundle=packed.folder,
            manifest=packed.manifest,
            boxes=boxes,
            server=office.server_identity(),
            staff_keys={
                member: SigningKey.from_encrypted_pem(data, STAFF_PASSPHRASE.reveal())
                for member, data in staff_files.items()
            },
            staff_files=staff_files,
            codes=given,
        )


def _add_staff(office: Office, member: str, now: dt.datetime) -> bytes:
    name, role = next((name, role) for known, name, role in STAFF if known == member)
    return authority.add_staff(
        office,
        CENTRE,
        member=member,
        name=name,
        role=role,
        passphrase=STAFF_PASSPHRASE,
        now=now,
    )


def _take_roster(
    held: SittingFolder, folder: Path, count_faces: FaceCounter, now: dt.datetime
) -> None:
    photos = {path.name: path.read_bytes for path in (folder / PHOTO_FOLDER).iterdir()}
    imported = import_roster(
        (folder / ROSTER_FILE).read_bytes(),
        file=ROSTER_FILE,
        photos=photos,
        sitting=held.sitting(CENTRE),
        rules=held.rules,
        count_faces=count_faces,
        today=now.date(),
        pseudonym_key=held.office.pseudonym_key(),
    )
    held.keep_roster(CENTRE, imported)
