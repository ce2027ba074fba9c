"""Taking a bundle: whole or not at all, never an older one than the one in place.

The steps of `check_bundle`, in which nothing is written:

1. The office's certificate is of the pinned root and for bundles.
2. The manifest is signed by that office.
3. It is for this centre, and this box is among its appliances with its own keys.
4. Its revision is not below the one in place for the same sitting.
5. Every file that it names is there, whole and unaltered, and no other; none is a link, a
   pipe or a device, and none is read that is larger than was signed.
6. Roster and photos open with this box's key, have the digests of their plain text, and fit
   each other; the rule book is sound and is the one that the sitting names.

`take_bundle` then copies the folder durably beside the others, checks the copy (a stick may
give other bytes the second time) and changes ``current``, one small file, last. A bundle that
was taken once keeps older ones of its sitting out for good, also when another sitting's was
taken in between. What becomes of the sitting before: `appliance.core.sittings`.
"""

import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.core import bundle_words as w
from appliance.core.bundle_words import BundleRefusedError, Said
from exam.candidates import Roster
from exam.rulebook import RuleBook, RuleBookError, read_rule_book
from protocol.bundle import MANIFEST, BundleFile, BundleManifest, open_bundle
from protocol.certificates import Role, role_key
from protocol.envelope import Envelope
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey
from protocol.sealing import SealingIdentity
from protocol.values import decode, sha256_hex
from runtime.files import make_folder, sync_file, sync_folder, write_atomic

OFFICE_CERTIFICATE: Final = "office.crt"
_CURRENT: Final = "current"
_MOST_MANIFEST: Final = 16 * 1024 * 1024
_MOST_CERTIFICATE: Final = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A bundle that holds: checked, and opened as far as the hall needs it."""

    folder: Path
    manifest: BundleManifest
    envelope: Envelope
    office_certificate: str
    rules: RuleBook
    rule_book_text: str
    roster: Roster
    checked: tuple[Said, ...]
    """What was checked, one line each, for the person who brought it."""


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """Whose intake this is."""

    appliance: str
    centre: str
    root_pem: str
    age: SealingIdentity
    box_key: VerifyKey
    log_key: VerifyKey


def find_bundle(medium: Path, centre: str) -> Path:
    """Return a bundle's folder: ``medium`` itself, or the newest for this centre on it.

    Raises `BundleRefusedError` where there is none, or bundles of several sittings.
    """
    if (medium / MANIFEST).exists() or not medium.is_dir():
        return medium
    there = sorted(path.parent for path in medium.glob(f"*/{MANIFEST}"))
    ours = [path for path in there if path.name.split(".")[1:2] == [centre]]
    if len({path.name.split(".")[0] for path in ours}) != 1:
        names = ", ".join(path.name for path in there)
        text = w.NOT_ONE_BUNDLE if there else w.NO_BUNDLE
        raise BundleRefusedError(text, medium=medium, centre=centre, found=names)
    return ours[-1]


def check_bundle(folder: Path, receiver: Receiver, in_place: BundleManifest | None) -> Bundle:
    """Return the bundle in ``folder`` if it holds; raise `BundleRefusedError`. Writes nothing."""
    try:
        return _check(folder, receiver, in_place)
    except (ProtocolError, RuleBookError, UnicodeDecodeError) as error:
        raise BundleRefusedError(w.NOT_SOUND, folder=folder, error=error) from error
    except OSError as error:
        place = error.filename or folder
        raise BundleRefusedError(w.NOT_READABLE, place=place, error=error) from error


def _check(folder: Path, receiver: Receiver, in_place: BundleManifest | None) -> Bundle:
    # 1
    certificate = _limited(folder / OFFICE_CERTIFICATE, _MOST_CERTIFICATE).decode("ascii")
    office = role_key(certificate, receiver.root_pem, Role.OFFICE, None)
    # 2
    envelope = decode(_limited(folder / MANIFEST, _MOST_MANIFEST), Envelope)
    manifest = open_bundle(envelope, office)
    # 3
    _check_address(manifest, receiver)
    # 4
    if in_place is not None and manifest.sitting.id == in_place.sitting.id:
        _check_revision(manifest, in_place)
    # 5
    _check_files(folder, manifest)
    # 6
    roster = _open_roster(folder, manifest, receiver.age)
    text = (folder / manifest.rule_book_file).read_text("utf-8")
    if sha256_hex(text.encode()) != manifest.sitting.rule_book_digest:
        raise BundleRefusedError(w.OTHER_RULES)
    return Bundle(
        folder=folder,
        manifest=manifest,
        envelope=envelope,
        office_certificate=certificate,
        rules=read_rule_book(text),
        rule_book_text=text,
        roster=roster,
        checked=_checked(manifest, receiver, roster),
    )


def _checked(manifest: BundleManifest, receiver: Receiver, roster: Roster) -> tuple[Said, ...]:
    size = sum(file.size for file in manifest.files)
    people, photos = len(roster.candidates), len(manifest.photos)
    rules = manifest.sitting.rule_book
    return (
        Said(w.SIGNED, {"office": manifest.office.id, "revision": manifest.revision}),
        Said(w.ADDRESSED, {"centre": manifest.centre, "appliance": receiver.appliance}),
        Said(w.FILES, {"count": len(manifest.files), "size": size}),
        Said(w.PEOPLE, {"count": people, "photos": photos}),
        Said(w.PAPERS, {"count": len(manifest.papers), "rules": rules}),
    )


def _check_address(manifest: BundleManifest, receiver: Receiver) -> None:
    if manifest.centre != receiver.centre:
        raise BundleRefusedError(w.OTHER_CENTRE, there=manifest.centre, here=receiver.centre)
    mine = [a for a in manifest.appliances if a.id == receiver.appliance]
    if not mine:
        named = ", ".join(a.id for a in manifest.appliances)
        raise BundleRefusedError(w.OTHER_BOX, named=named, here=receiver.appliance)
    box = mine[0]
    keys = (box.box_key, box.log_key, box.age_recipient)
    if keys != (receiver.box_key.hex, receiver.log_key.hex, receiver.age.recipient):
        raise BundleRefusedError(w.OTHER_KEYS, here=receiver.appliance)


def _check_revision(manifest: BundleManifest, in_place: BundleManifest) -> None:
    if manifest.revision < in_place.revision:
        raise BundleRefusedError(w.OLDER, came=manifest.revision, here=in_place.revision)


def _check_files(folder: Path, manifest: BundleManifest) -> None:
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir()}
    named = {file.name for file in manifest.files} | {MANIFEST, OFFICE_CERTIFICATE}
    if there != named:
        missing, extra = sorted(named - there), sorted(there - named)
        raise BundleRefusedError(
            w.OTHER_FILES,
            count=len(named),
            missing=", ".join(missing[:5]) or "-",
            extra=", ".join(extra[:5]) or "-",
        )
    for file in manifest.files:
        _check_file(folder / file.name, file)


def _check_file(path: Path, file: BundleFile) -> None:
    data = _limited(path, file.size)
    if len(data) != file.size or sha256_hex(data) != file.sha256:
        raise BundleRefusedError(
            w.OTHER_BYTES,
            name=file.name,
            size=file.size,
            wanted=file.sha256[:16],
            came=len(data),
            got=sha256_hex(data)[:16],
        )


def _open_roster(folder: Path, manifest: BundleManifest, age: SealingIdentity) -> Roster:
    roster = decode(open_sealed(folder, manifest, manifest.roster_file, age), Roster)
    if (roster.sitting, roster.centre) != (manifest.sitting.id, manifest.centre):
        raise BundleRefusedError(w.OTHER_ROSTER)
    lost = [c.id for c in roster.candidates if c.photo not in manifest.photos]
    if lost:
        raise BundleRefusedError(w.NO_PHOTO, candidates=", ".join(lost[:5]))
    for digest, name in manifest.photos.items():
        if sha256_hex(open_sealed(folder, manifest, name, age)) != digest:
            raise BundleRefusedError(w.OTHER_PHOTO, name=name)
    return roster


def open_sealed(folder: Path, manifest: BundleManifest, name: str, age: SealingIdentity) -> bytes:
    """Return the plain bytes of a sealed file of the bundle, checked by their digest."""
    wanted = next((f.plain_sha256 for f in manifest.files if f.name == name), None)
    plain = age.open((folder / name).read_bytes())
    if wanted is None or sha256_hex(plain) != wanted:
        raise BundleRefusedError(w.OTHER_PLAIN, name=name)
    return plain


def _limited(path: Path, most: int) -> bytes:
    """Read a plain file of at most ``most`` bytes; whatever a stick may call a file."""
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise BundleRefusedError(w.NO_PLAIN_FILE, name=path.name)
    if found.st_size > most:
        raise BundleRefusedError(w.TOO_LARGE, name=path.name, most=most, came=found.st_size)
    with path.open("rb") as file:
        return file.read(most + 1)


# --- taking it -----------------------------------------------------------------------------------


def bundle_in_place(folder: Path, receiver: Receiver) -> Bundle | None:
    """Return the bundle in use, checked again; None where none was taken yet."""
    pointer = folder / _CURRENT
    if not pointer.exists():
        return None
    return check_bundle(folder / pointer.read_text("ascii").strip(), receiver, None)


def newest_of(folder: Path, receiver: Receiver, sitting: str) -> Bundle:
    """Return the newest bundle of a sitting that was taken, checked again."""
    taken = sorted(folder.glob(f"{sitting}.*.*"))
    if not taken:
        raise BundleRefusedError(w.NONE_OF, folder=folder, sitting=sitting)
    return check_bundle(taken[-1], receiver, None)


def take_bundle(
    source: Path,
    folder: Path,
    receiver: Receiver,
    *,
    may_leave: Callable[[BundleManifest], None] = lambda _present: None,
) -> Bundle:
    """Check the bundle at ``source``, copy it durably, make it the current one.

    Where it is of another sitting, ``may_leave`` hears which is left, and may refuse.
    """
    in_place = bundle_in_place(folder, receiver)
    bundle = check_bundle(source, receiver, None if in_place is None else in_place.manifest)
    _check_taken_before(folder, bundle.manifest)
    if in_place is not None and in_place.manifest.sitting.id != bundle.manifest.sitting.id:
        may_leave(in_place.manifest)
    sitting, revision = bundle.manifest.sitting.id, bundle.manifest.revision
    target = folder / f"{sitting}.{revision:04d}.{bundle.envelope.digest[:12]}"
    if not target.exists():
        make_folder(folder)
        part = folder / f".{target.name}.part"
        if part.exists():
            shutil.rmtree(part)
        shutil.copytree(source, part, symlinks=True)
        check_bundle(part, receiver, None)
        _sync_tree(part)
        part.rename(target)
        sync_folder(folder)
    taken = check_bundle(target, receiver, None)
    write_atomic(folder / _CURRENT, target.name.encode())
    return taken


def _check_taken_before(folder: Path, manifest: BundleManifest) -> None:
    """Refuse what is older than any bundle of this sitting that was ever taken."""
    sitting = manifest.sitting.id
    taken = [path.name.split(".") for path in folder.glob(f"{sitting}.*.*")]
    newest = max((int(number) for name, number, _ in taken if name == sitting), default=0)
    if manifest.revision < newest:
        raise BundleRefusedError(w.OLDER_THAN_BEFORE, came=manifest.revision, here=newest)


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            sync_file(path)
        else:
            sync_folder(path)
    sync_folder(folder)
