"""What the office holds of a sitting before it is packed.

::

    sittings/ID/
        plan.toml rule_book.toml
        papers/SUBJECT.REVISION.age      the sealed paper, the same for every centre
        papers/SUBJECT.REVISION.json     its record: digests, outline
        papers/SUBJECT.REVISION.vault    P and answer keys, sealed to the vault
        centres/ID/roster.vault          sealed to the vault
        centres/ID/photos/DIGEST.vault   likewise, by the digest of the plain photo

Papers and rosters are replaced by newer ones, never changed: a paper gets a new revision.
"""

import datetime as dt
from pathlib import Path
from typing import Final

from exam.candidates import Roster
from exam.rulebook import RuleBook, read_rule_book
from exam.sitting import Sitting
from protocol.sealed_paper import SealedPaper
from protocol.sealing import seal
from protocol.values import decode, encode, sha256_hex
from provisioning import messages
from provisioning.authority import milliseconds
from provisioning.errors import BundleError, PlanError, UnknownNameError
from provisioning.input_files import read_text
from provisioning.office import Office
from provisioning.plan import Plan, read_plan, read_rule_book_text
from provisioning.qti import Converted
from provisioning.roster import Imported
from provisioning.seal import OfficePaper, seal_paper
from runtime.files import make_folder, write_atomic

_PLAN: Final = "plan.toml"
_RULES: Final = "rule_book.toml"


class SittingFolder:
    """One sitting in an office."""

    def __init__(self, office: Office, sitting: str) -> None:
        """Open a sitting that was added; raise `UnknownNameError`."""
        self.office: Final = office
        self.folder: Final = office.folder / "sittings" / sitting
        if not (self.folder / _PLAN).is_file():
            known = ", ".join(p.parent.name for p in self.folder.parent.glob(f"*/{_PLAN}"))
            known = known or messages.NONE
            raise UnknownNameError(messages.NO_SITTING, name=sitting, known=known)
        self.plan: Final[Plan] = read_plan((self.folder / _PLAN).read_text("utf-8"))
        self.rule_book: Final = (self.folder / _RULES).read_text("utf-8")

    @classmethod
    def add(cls, office: Office, plan: Path) -> "SittingFolder":
        """Take a plan, or a newer one of the same sitting; raise `PlanError`."""
        text = read_text(plan)
        read = read_plan(text)
        rule_book = read_rule_book_text(read.rule_book, plan.parent)
        for centre in read.centres:  # what a box could not read is refused here
            read.sitting(centre.id, rule_book)
        folder = office.folder / "sittings" / read.id
        make_folder(folder / "papers")
        write_atomic(folder / _RULES, rule_book.encode())
        write_atomic(folder / _PLAN, text.encode())
        return cls(office, read.id)

    @property
    def rules(self) -> RuleBook:
        """The rule book."""
        return read_rule_book(self.rule_book)

    def sitting(self, centre: str) -> Sitting:
        """Return the sitting at one centre."""
        return self.plan.sitting(centre, self.rule_book)

    # --- papers ------------------------------------------------------------------------

    def next_revision(self, subject: str) -> int:
        """Return the revision that the subject's next paper has."""
        return self.office.catalogue.last_paper(self.plan.id, subject) + 1

    def keep_paper(self, converted: Converted, now: dt.datetime) -> SealedPaper:
        """Seal a paper and keep it; raise `PlanError` where its points are not the plan's."""
        paper = converted.paper
        expected = int(self.plan.subject(paper.subject).total_points * 100)
        points = sum(item.points for item in paper.items)
        if points != expected:
            raise PlanError(messages.PAPER_POINTS, came=points / 100, expected=expected / 100)
        sealed = seal_paper(paper, converted.keys, converted.assets, converted.identifiers)
        stem = self._paper(paper.subject, paper.revision)
        make_folder(stem.parent)
        secret = seal(encode(sealed.secret), [self.office.vault_recipient])
        write_atomic(stem.with_name(f"{stem.name}.vault"), secret)
        write_atomic(stem.with_name(f"{stem.name}.age"), sealed.content)
        write_atomic(stem.with_name(f"{stem.name}.json"), encode(sealed.record))
        self.office.catalogue.put_paper(
            sitting=self.plan.id,
            subject=paper.subject,
            revision=paper.revision,
            title=paper.title,
            items=len(paper.items),
            points=points,
            sealed_sha256=sealed.record.sealed_sha256,
            sealed_at=milliseconds(now),
        )
        return sealed.record

    def paper(self, subject: str) -> tuple[SealedPaper, bytes]:
        """Return the newest sealed paper of a subject: its record and the file's bytes."""
        revision = self.office.catalogue.last_paper(self.plan.id, subject)
        if not revision:
            raise BundleError(messages.NO_PAPER, name=subject)
        stem = self._paper(subject, revision)
        record = decode(stem.with_name(f"{stem.name}.json").read_bytes(), SealedPaper)
        return record, stem.with_name(f"{stem.name}.age").read_bytes()

    def office_paper(self, subject: str, revision: int) -> OfficePaper:
        """Return P and the answer keys of a paper: needs the office's passphrase."""
        stem = self._paper(subject, revision)
        sealed = stem.with_name(f"{stem.name}.vault").read_bytes()
        return decode(self.office.vault().open(sealed), OfficePaper)

    def _paper(self, subject: str, revision: int) -> Path:
        return self.folder / "papers" / f"{subject}.{revision:03d}"

    # --- rosters -----------------------------------------------------------------------

    def keep_roster(self, centre: str, imported: Imported) -> None:
        """Keep a roster and its photos in place of earlier ones."""
        self.plan.centre(centre)
        folder = self.folder / "centres" / centre
        make_folder(folder / "photos")
        vault = [self.office.vault_recipient]
        for digest, content in imported.photos.items():
            write_atomic(folder / "photos" / f"{digest}.vault", seal(content, vault))
        write_atomic(folder / "roster.vault", seal(encode(imported.roster), vault))
        for path in (folder / "photos").iterdir():
            if path.stem not in imported.photos:
                path.unlink()

    def roster(self, centre: str) -> Roster:
        """Return a centre's roster; raise `BundleError` where there is none or it has aged."""
        path = self.folder / "centres" / centre / "roster.vault"
        if not path.is_file():
            raise BundleError(messages.NO_ROSTER, name=centre)
        roster = decode(self.office.vault().open(path.read_bytes()), Roster)
        sitting = self.sitting(centre)
        seats = {seat.id for seat in sitting.seats}
        subjects = {subject.id for subject in sitting.subjects}
        for candidate in roster.candidates:
            if candidate.seat not in seats or not set(candidate.subjects) <= subjects:
                raise BundleError(messages.SITTING_FIXED, name=sitting.id, came=centre)
        return roster

    def photo(self, centre: str, digest: str) -> bytes:
        """Return a photo by the digest of its bytes, which is checked."""
        path = self.folder / "centres" / centre / "photos" / f"{digest}.vault"
        content = self.office.vault().open(path.read_bytes())
        if sha256_hex(content) != digest:
            raise BundleError(messages.READ_BACK, name=path.name)
        return content
