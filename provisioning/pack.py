"""Packing a bundle: everything that one centre needs for one sitting, in one signed folder.

A folder, not an archive: a stick shows a person what is on it, one damaged file is known
by its name, boxes serve the sealed paper from where it lies, and nothing has to be
unpacked by paths from a stranger. It is written beside its place, read back from the
medium, and only then renamed, so that a folder of this name is always whole.

The steps of `make_bundle`:

1. Gather: plan, roster, newest paper of each subject, boxes, staff; refuse where one lacks.
2. Wrap each P for this centre's boxes under fresh codes.
3. Write the files; sign the digests of all of them, and of the plain text of sealed ones.
4. Write the revision and the sealed codes into the catalogue: the number is used up now.
5. Read everything back from the medium, and rename.
"""

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from exam.candidates import Roster
from exam.sitting import Sitting
from protocol import bundle as format_
from protocol.bundle import MANIFEST, Appliance, BundleFile, BundleManifest, StaffMember
from protocol.certificates import Role, role_key
from protocol.envelope import Envelope
from protocol.errors import ProtocolError
from protocol.sealed_paper import SealedPaper
from protocol.sealing import seal
from protocol.values import decode, encode, sha256_hex
from provisioning import messages
from provisioning.authority import milliseconds
from provisioning.errors import AlreadyThereError, BundleError
from provisioning.office import Office
from provisioning.seal import WrappedKey, wrap_key
from provisioning.sittings import SittingFolder
from runtime.files import make_folder, rename_durably, sync_folder, write_atomic

OFFICE_CERTIFICATE: Final = "office.crt"
"""Beside the manifest and not in it: the manifest is believed by it, and it by the root."""
RULE_BOOK: Final = "rule_book.toml"
ROSTER: Final = "roster.age"


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that was written and read back."""

    folder: Path
    manifest: BundleManifest
    digest: str
    """Of the signed manifest."""
    files: int
    size: int
    """Bytes of all files."""


class _Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What step 1 gathers."""

    sitting: Sitting
    roster: Roster
    papers: tuple[tuple[SealedPaper, bytes], ...]
    boxes: tuple[Appliance, ...]
    staff: tuple[StaffMember, ...]


def bundle_name(sitting: str, centre: str, revision: int) -> str:
    """Return the name of a bundle's folder."""
    return f"{sitting}.{centre}.r{revision:03d}"


def make_bundle(
    held: SittingFolder,
    centre: str,
    now: dt.datetime,
    *,
    target: Path | None = None,
    codes: int = 1,
) -> Packed:
    """Make the next revision of a centre's bundle in the folder ``target`` (the office's own).

    ``codes`` is 2 where two invigilators hold an unlock code each.
    Raises `BundleError` and `AlreadyThereError`.
    """
    office = held.office
    # 1
    parts = _gather(held, centre)
    revision = office.catalogue.last_bundle(centre, parts.sitting.id) + 1
    into = target or office.folder / "bundles"
    if target is None:
        make_folder(into)
    # 2
    boxes = [box.age_recipient for box in parts.boxes]
    wrapped = [
        wrap_key(
            record,
            held.office_paper(record.subject, record.revision).paper_key,
            boxes,
            codes=codes,
        )
        for record, _ in parts.papers
    ]
    with _whole_folder(into / bundle_name(parts.sitting.id, centre, revision)) as part:
        # 3
        writer = _Writer(part)
        _write_parts(writer, held, parts, wrapped)
        manifest = _manifest(office, parts, wrapped, writer, revision, now)
        envelope = format_.sign_bundle(manifest, office.signing_key())
        writer.write_unsigned(OFFICE_CERTIFICATE, office.signing_pem.encode())
        writer.write_unsigned(MANIFEST, encode(envelope))
        # 4
        _use_up(office, manifest, envelope.digest, len(parts.roster.candidates), wrapped)
        # 5
        _read_all_back(part, office.root_pem)
    return _packed(into / bundle_name(parts.sitting.id, centre, revision), manifest, envelope)


def copy_bundle(source: Path, target: Path, root_pem: str) -> Path:
    """Copy a bundle into the folder ``target`` (a stick), read it back; return where it lies.

    Raises `BundleError` where the stick has no room or does not read back.
    """
    if not target.is_dir():
        raise BundleError(messages.TARGET_MISSING, path=target)
    expect_bundle(source)
    check_written(source, root_pem)
    files = sorted(path for path in source.rglob("*") if path.is_file())
    needed = sum(path.stat().st_size + 65536 for path in files)
    free = shutil.disk_usage(target).free
    if free < needed:
        raise BundleError(
            messages.NO_ROOM, path=target, expected=needed // 10**6 + 1, came=free // 10**6
        )
    with _whole_folder(target / source.name) as part:
        for path in files:
            place = part / path.relative_to(source)
            make_folder(place.parent)
            write_atomic(place, path.read_bytes())
        _read_all_back(part, root_pem)
    return target / source.name


def expect_bundle(folder: Path) -> None:
    """Raise `BundleError` where ``folder`` is no bundle at all; name those that lie in it."""
    if (folder / MANIFEST).exists() or (folder / OFFICE_CERTIFICATE).exists():
        return
    below = ", ".join(str(path.parent) for path in sorted(folder.glob(f"*/{MANIFEST}")))
    text = messages.NO_BUNDLE if below else messages.NO_BUNDLE_BELOW
    raise BundleError(text, path=folder, found=below)


def check_written(folder: Path, root_pem: str) -> BundleManifest:
    """Read a bundle back from the medium, not from memory, and return its manifest.

    1. The office's certificate is of the root, the manifest is signed by it.
    2. Every file that it names is there with its digest, and no other.

    What is sealed to the boxes is compared by its digest: the office cannot open it.
    Raises `BundleError` naming the file that differs.
    """
    try:
        certificate = _read_back(folder / OFFICE_CERTIFICATE).decode("ascii", "replace")
        key = role_key(certificate, root_pem, Role.OFFICE, None)
        envelope = decode(_read_back(folder / MANIFEST), Envelope)
        manifest = format_.open_bundle(envelope, key)
    except (ProtocolError, OSError) as error:
        raise _harmed(folder, MANIFEST, error) from error
    for file in manifest.files:
        _check_file(folder, file)
    named = {file.name for file in manifest.files} | {MANIFEST, OFFICE_CERTIFICATE}
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    if there != named:
        differing = ", ".join(sorted(there ^ named)[:3])
        raise _harmed(folder, differing, "missing, or not of the bundle")
    return manifest


# --- 1 ---------------------------------------------------------------------------------


def _gather(held: SittingFolder, centre: str) -> _Parts:
    sitting = held.sitting(centre)
    catalogue = held.office.catalogue
    catalogue.check_centre(centre)
    boxes, staff = catalogue.appliances(centre), catalogue.staff(centre)
    main_rooms = {box.room for box in boxes if not box.spare}
    for room in sitting.rooms:
        if room.id not in main_rooms:
            raise BundleError(messages.NO_APPLIANCE, name=room.id)
    if not staff:
        raise BundleError(messages.NO_STAFF, name=centre)
    return _Parts(
        sitting=sitting,
        roster=held.roster(centre),
        papers=tuple(held.paper(subject.id) for subject in sitting.subjects),
        boxes=boxes,
        staff=staff,
    )


# --- 3 ---------------------------------------------------------------------------------


class _Writer:
    """Writes files below one folder and remembers what the manifest says of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: list[BundleFile] = []

    def write(self, name: str, content: bytes, plain_sha256: str | None = None) -> None:
        """Write one file of the manifest."""
        self.write_unsigned(name, content)
        self.files.append(
            BundleFile(
                name=name,
                size=len(content),
                sha256=sha256_hex(content),
                plain_sha256=plain_sha256,
            )
        )

    def write_sealed(self, name: str, plain: bytes, recipients: list[str]) -> None:
        """Seal and write one file."""
        self.write(name, seal(plain, recipients), sha256_hex(plain))

    def write_unsigned(self, name: str, content: bytes) -> None:
        """Write the manifest or the certificate beside it."""
        make_folder((self._folder / name).parent)
        write_atomic(self._folder / name, content)


def _write_parts(
    writer: _Writer, held: SittingFolder, parts: _Parts, wrapped: list[WrappedKey]
) -> None:
    boxes = [box.age_recipient for box in parts.boxes]
    writer.write(RULE_BOOK, held.rule_book.encode())
    for (record, content), key in zip(parts.papers, wrapped, strict=True):
        writer.write(record.file, content, record.plain_sha256)
        writer.write(record.key_file, key.content)
    writer.write_sealed(ROSTER, encode(parts.roster), boxes)
    for digest in _photos(parts.roster):
        photo = held.photo(parts.sitting.centre, digest)
        writer.write_sealed(_photo_file(digest), photo, boxes)


def _photos(roster: Roster) -> list[str]:
    return sorted({candidate.photo for candidate in roster.candidates})


def _photo_file(digest: str) -> str:
    return f"photos/{digest[:32]}.age"


def _manifest(
    office: Office,
    parts: _Parts,
    wrapped: list[WrappedKey],
    writer: _Writer,
    revision: int,
    now: dt.datetime,
) -> BundleManifest:
    return BundleManifest(
        centre=parts.sitting.centre,
        sitting=parts.sitting,
        revision=revision,
        made_at=milliseconds(now),
        office=format_.Office(
            id=office.record.id,
            addresses=office.record.addresses,
            opening_recipient=office.opening_recipient,
            receipts_key=office.receipts_key,
        ),
        root_certificate=office.root_pem,
        centre_certificate=office.centre_pem(parts.sitting.centre),
        appliances=parts.boxes,
        staff=parts.staff,
        revocations=office.catalogue.revocations(),
        papers=tuple(key.record for key in wrapped),
        rule_book_file=RULE_BOOK,
        roster_file=ROSTER,
        photos={digest: _photo_file(digest) for digest in _photos(parts.roster)},
        files=tuple(writer.files),
    )


# --- 4 ---------------------------------------------------------------------------------


def _use_up(
    office: Office,
    manifest: BundleManifest,
    digest: str,
    candidates: int,
    wrapped: list[WrappedKey],
) -> None:
    key = {
        "centre": manifest.centre,
        "sitting": manifest.sitting.id,
        "revision": manifest.revision,
    }
    with office.catalogue.transaction():
        office.catalogue.add_bundle(
            **key, made_at=manifest.made_at, manifest=digest, candidates=candidates
        )
        for paper in wrapped:
            for number, code in enumerate(paper.codes, start=1):
                sealed = seal(code.encode(), [office.vault_recipient])
                office.catalogue.add_code(
                    **key, subject=paper.record.subject, number=number, sealed=sealed
                )


# --- 5 ---------------------------------------------------------------------------------


@contextmanager
def _whole_folder(target: Path) -> Iterator[Path]:
    """Give a folder to fill; it takes its name when the block ends well, else it goes."""
    if not target.parent.is_dir():
        raise BundleError(messages.TARGET_MISSING, path=target.parent)
    if target.exists():
        raise AlreadyThereError(messages.TARGET_THERE, path=target)
    part = target.with_name(f".{target.name}.part")
    if part.exists():
        shutil.rmtree(part)
    try:
        make_folder(part)
        yield part
        for folder in [p for p in part.rglob("*") if p.is_dir()]:
            sync_folder(folder)
        rename_durably(part, target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _check_file(folder: Path, file: BundleFile) -> None:
    try:
        content = _read_back(folder / file.name)
    except OSError as error:
        raise _harmed(folder, file.name, error) from error
    if len(content) != file.size or sha256_hex(content) != file.sha256:
        came = f"{len(content)} bytes, SHA-256 {sha256_hex(content)[:16]}"
        raise _harmed(folder, file.name, came)


def _harmed(folder: Path, name: str, came: object) -> BundleError:
    return BundleError(messages.BUNDLE_HARMED, path=folder.name, name=name, came=came)


def _read_all_back(folder: Path, root_pem: str) -> None:
    """Check what was just written: what differs was harmed by the medium."""
    try:
        check_written(folder, root_pem)
    except BundleError as error:
        raise BundleError(messages.READ_BACK, name=error.values["name"]) from error


def _read_back(path: Path) -> bytes:
    """Read a file after asking the system to forget what it holds of it in memory."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file.read()


def _packed(folder: Path, manifest: BundleManifest, envelope: Envelope) -> Packed:
    return Packed(
        folder=folder,
        manifest=manifest,
        digest=envelope.digest,
        files=len(manifest.files),
        size=sum(file.size for file in manifest.files),
    )
