"""What each ``exam-provision`` command does. The thin `cli` names them.

A command returns what it did as a `Done`: a message for people and values for machines.
"""

import argparse
import datetime as dt
import getpass
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from protocol.codes import unlock_code_from
from protocol.identities import BoxIdentity, OfficeIdentity, seal_identity
from protocol.values import encode
from provisioning import authority, messages, pack, results
from provisioning.archive import MAX_ARCHIVE
from provisioning.authority import milliseconds
from provisioning.errors import AlreadyThereError, PassphraseError
from provisioning.input_files import MAX_PHOTO, MAX_SHEET, read_input, read_text
from provisioning.keyfiles import Passphrase, check_passphrase
from provisioning.office import Office, OfficeRecord
from provisioning.problems import Problem, Text
from provisioning.qti import Converted, convert
from provisioning.roster import import_roster
from provisioning.roster.face_finder import FaceFinder
from provisioning.sittings import SittingFolder
from provisioning.turns import taking_turn
from provisioning.unlock import give_codes
from runtime.files import make_folder, write_atomic
from runtime.secret import Secret

Options = argparse.Namespace


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What a command did: ``values`` fill the text and are printed by ``--json``."""

    text: Text
    values: dict[str, Any]
    notes: tuple[Problem, ...] = ()
    lines: tuple[str, ...] = ()


def make_authority(options: Options) -> Done:
    """Make an office with its root and keys."""
    record = OfficeRecord(
        id=options.id,
        name=options.name,
        addresses=tuple(options.address),
        created_at=milliseconds(_now()),
    )
    root = options.root or options.office / "root"
    with Office.create(
        options.office,
        record,
        passphrase=_new_passphrase(options.passphrase_file, "office"),
        root_passphrase=_new_passphrase(options.root_passphrase_file, "root"),
        root=root,
    ):
        values = {"office": record.id, "folder": options.office, "root": root}
        return Done(text=results.AUTHORITY_MADE, values=values)


def add_centre(options: Options) -> Done:
    """Make a centre's CA from the root."""
    with _office(options) as office:
        root_passphrase = _passphrase(options.root_passphrase_file, "root")
        authority.add_centre(office, options.id, options.title, root_passphrase, _now())
    return Done(text=results.CENTRE_MADE, values={"centre": options.id})


def add_appliance(options: Options) -> Done:
    """Make a box and write its sealed identity."""
    path = _free(
        options.out, f"{options.id}.{options.centre}.identity.json", messages.IDENTITY_THERE
    )
    code = unlock_code_from(secrets.token_bytes(8))
    with _office(options) as office:
        authority.add_appliance(
            office,
            options.centre,
            options.id,
            options.room,
            _now(),
            spare=options.spare,
            keep=lambda identity: _write_identity(identity, path, code),
        )
    return Done(text=results.IDENTITY_MADE, values={"path": path, "code": code})


def server_identity(options: Options) -> Done:
    """Write the sealed identity of the central office's server."""
    with _office(options) as office:
        path = _free(
            options.out, f"{office.record.id}.server.identity.json", messages.IDENTITY_THERE
        )
        code = unlock_code_from(secrets.token_bytes(8))
        _write_identity(office.server_identity(), path, code)
    return Done(text=results.IDENTITY_MADE, values={"path": path, "code": code})


def add_staff(options: Options) -> Done:
    """Make a staff key and write its file."""
    path = _free(options.out, f"{options.id}.staff.pem", messages.STAFF_KEY_THERE)
    with _office(options) as office:
        authority.add_staff(
            office,
            options.centre,
            member=options.id,
            name=options.name,
            role=options.role,
            passphrase=_new_passphrase(options.staff_passphrase_file, options.id),
            now=_now(),
            keep=lambda data: write_atomic(path, data),
        )
    return Done(text=results.STAFF_MADE, values={"name": options.name, "path": path})


def add_sitting(options: Options) -> Done:
    """Take the plan of a sitting."""
    with _office(options) as office:
        plan = SittingFolder.add(office, options.plan).plan
    values = {
        "sitting": plan.id,
        "subjects": len(plan.subjects),
        "centres": len(plan.centres),
    }
    return Done(text=results.SITTING_TAKEN, values=values)


def check_paper(options: Options) -> Done:
    """Read a package and say whether it can be used; nothing is kept."""
    package: Path = options.package
    content = read_input(package, MAX_ARCHIVE)
    converted = convert(content, subject=options.subject, file=package.name)
    return Done(text=results.PAPER_FINE, values=_paper_values(converted), notes=converted.notes)


def seal_paper(options: Options) -> Done:
    """Read a package, seal its paper, keep its answer keys."""
    with _office(options) as office:
        held = SittingFolder(office, options.sitting)
        subject = held.plan.subject(options.subject)
        converted = convert(
            read_input(options.package, MAX_ARCHIVE),
            subject=subject.id,
            revision=held.next_revision(subject.id),
            title=subject.title,
            file=options.package.name,
        )
        record = held.keep_paper(converted, _now())
    values = _paper_values(converted) | {
        "subject": record.subject,
        "revision": record.revision,
        "size": _megabytes(record.size),
        "sealed_sha256": record.sealed_sha256,
    }
    return Done(text=results.PAPER_SEALED, values=values, notes=converted.notes)


def take_roster(options: Options) -> Done:
    """Take a roster with its photos."""
    files = [path for path in options.photos.iterdir() if path.is_file()]
    photos = {path.name: partial(read_input, path, MAX_PHOTO) for path in files}
    now = _now()
    with _office(options) as office:
        held = SittingFolder(office, options.sitting)
        imported = import_roster(
            read_input(options.roster, MAX_SHEET),
            file=options.roster.name,
            photos=photos,
            sitting=held.sitting(options.centre),
            rules=held.rules,
            count_faces=FaceFinder(),
            today=now.date(),
            pseudonym_key=office.pseudonym_key(),
        )
        held.keep_roster(options.centre, imported)
    values = {"centre": options.centre, "candidates": len(imported.roster.candidates)}
    return Done(text=results.ROSTER_TAKEN, values=values, notes=imported.notes)


def make_bundle(options: Options) -> Done:
    """Make the next revision of a centre's bundle."""
    with _office(options) as office:
        held = SittingFolder(office, options.sitting)
        packed = pack.make_bundle(
            held, options.centre, _now(), target=options.to, codes=options.codes
        )
    values = {
        "centre": options.centre,
        "path": packed.folder,
        "revision": packed.manifest.revision,
        "files": packed.files,
        "size": _megabytes(packed.size),
        "manifest": packed.digest,
    }
    return Done(text=results.BUNDLE_MADE, values=values)


def write_bundle(options: Options) -> Done:
    """Copy a bundle onto a stick and read it back."""
    root_pem = (options.office / "keys" / "root.pem").read_text("ascii")
    return _bundle_done(pack.copy_bundle(options.bundle, options.to, root_pem), root_pem)


def check_bundle(options: Options) -> Done:
    """Read a bundle back and say whether it is whole and ours."""
    root_pem = (options.office / "keys" / "root.pem").read_text("ascii")
    pack.expect_bundle(options.bundle)
    return _bundle_done(options.bundle, root_pem)


def give_code(options: Options) -> Done:
    """Show the unlock codes of a subject, and write down who got them."""
    with _office(options) as office:
        held = SittingFolder(office, options.sitting)
        codes = give_codes(
            held,
            options.centre,
            options.subject,
            to=options.to,
            now=_now(),
            revision=options.revision,
            early=options.early,
        )
    values = {
        "centre": options.centre,
        "subject": options.subject,
        "to": options.to,
        "codes": "  ".join(code.reveal() for code in codes),
    }
    return Done(text=results.CODE_GIVEN, values=values)


def revoke(options: Options) -> Done:
    """Take back a certificate or staff key."""
    with _office(options) as office:
        mark = authority.revoke(
            office, options.kind, options.name, options.centre, options.reason, _now()
        )
    values = {"kind": options.kind, "name": options.name, "fingerprint": mark}
    return Done(text=results.REVOKED, values=values)


def write_revocations(options: Options) -> Done:
    """Sign the list of everything that was revoked."""
    with _office(options) as office:
        count = len(office.catalogue.revocations())
        write_atomic(options.out, encode(authority.revocation_list(office, _now())), mode=0o644)
    return Done(text=results.LIST_WRITTEN, values={"count": count, "path": options.out})


_LIST_HEAD = "  kind/种类  centre/考点    name/名称         fingerprint/指纹"


def show_issued(options: Options) -> Done:
    """List what the office has issued; takes no passphrase."""
    with Office(options.office, Secret("")) as office:
        rows = office.catalogue.issued()
        values = {"office": office.record.id, "count": len(rows), "issued": rows}
    lines = tuple(
        f"  {row['kind']:<10} {row['centre'] or '-':<14} {row['name']:<16} "
        f"{row['fingerprint'][:16]}  {_revoked(row)}".rstrip()
        for row in rows
    )
    return Done(text=results.LISTED, values=values, lines=(_LIST_HEAD, *lines) if lines else ())


# --- helpers ---------------------------------------------------------------------------


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextmanager
def _office(options: Options) -> Iterator[Office]:
    passphrase = _passphrase(options.passphrase_file, "office")
    with (
        taking_turn(options.office),
        Office(options.office, passphrase, options.root) as office,
    ):
        yield office


def _passphrase(file: Path | None, whose: str) -> Passphrase:
    if file is not None:
        return Secret(read_text(file).rstrip("\r\n"))
    try:
        return Secret(getpass.getpass(f"passphrase / 口令 ({whose}): "))
    except EOFError as error:
        raise PassphraseError(messages.PASSPHRASE_NONE, name=whose) from error


def _new_passphrase(file: Path | None, whose: str) -> Passphrase:
    """Ask twice, since nobody can mend a passphrase that was mistyped once."""
    first = _passphrase(file, whose)
    check_passphrase(first)
    if file is None and first != _passphrase(None, f"{whose}, again / 再次输入"):
        raise PassphraseError(messages.PASSPHRASES_DIFFER)
    return first


def _free(folder: Path, name: str, taken: Text) -> Path:
    """Return the path of a file that is not there yet: no key is overwritten; or say ``taken``."""
    make_folder(folder)
    if (folder / name).exists():
        raise AlreadyThereError(taken, path=folder / name)
    return folder / name


def _write_identity(identity: BoxIdentity | OfficeIdentity, path: Path, code: str) -> None:
    write_atomic(path, encode(seal_identity(identity, code, secrets.token_hex(16))))


def _paper_values(converted: Converted) -> dict[str, Any]:
    paper = converted.paper
    return {
        "title": paper.title,
        "items": len(paper.items),
        "points": sum(item.points for item in paper.items) / 100,
        "pictures": len(paper.assets),
    }


def _bundle_done(folder: Path, root_pem: str) -> Done:
    manifest = pack.check_written(folder, root_pem)
    values = {
        "path": folder,
        "sitting": manifest.sitting.title,
        "centre": manifest.centre,
        "revision": manifest.revision,
    }
    return Done(text=results.BUNDLE_FINE, values=values)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


def _revoked(row: dict[str, Any]) -> str:
    return f"revoked / 已吊销: {row['reason']}" if row["revoked_at"] else ""
