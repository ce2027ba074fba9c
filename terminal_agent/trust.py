"""What a seat believes of the hall, and why. Pure.

The seat pinned the office root at its pairing. From it follow, each signed by the one
before: the office's signing certificate, the bundle's manifest, and in that the box's
keys, the sealed papers with their digests, and the rule book. A box that says anything
else is not believed, whoever answers on the line.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from exam.rulebook import RuleBook, read_rule_book
from exam.sitting import Room, Seat, Sitting, Subject
from protocol.bundle import Appliance, BundleManifest, open_bundle
from protocol.certificates import Role, role_key
from protocol.checkpoint import origin
from protocol.envelope import Envelope
from protocol.errors import UntrustedError
from protocol.keys import VerifyKey
from protocol.sealed_paper import SealedPaper
from protocol.seat_api import HallInfo
from protocol.values import sha256_hex


@dataclass(frozen=True, kw_only=True)
class Log:
    """One box's record of one sitting: decisions count from 1 within it."""

    sitting: str
    appliance: str
    generation: int


@dataclass(frozen=True, kw_only=True)
class TrustedHall:
    """The hall as the office signed it."""

    info: HallInfo
    manifest: BundleManifest
    rules: RuleBook
    appliance: Appliance
    box_key: VerifyKey
    log_key: VerifyKey
    receipts_key: VerifyKey
    seat: Seat
    room: Room

    @property
    def sitting(self) -> Sitting:
        """The plan."""
        return self.manifest.sitting

    @property
    def box_keys(self) -> tuple[VerifyKey, ...]:
        """The keys of all boxes of the bundle, this one's first: for what is kept of them."""
        others = (VerifyKey.from_hex(a.box_key) for a in self.manifest.appliances)
        return tuple(dict.fromkeys((self.box_key, *others)))

    @property
    def log(self) -> Log:
        """Whose decisions this box makes."""
        return Log(
            sitting=self.sitting.id,
            appliance=self.appliance.id,
            generation=self.info.generation,
        )

    @property
    def log_origin(self) -> str:
        """The name of the box's log."""
        return origin(
            self.manifest.centre, self.sitting.id, self.appliance.id, self.info.generation
        )

    @property
    def logs(self) -> str:
        """How the names of all logs of this sitting begin."""
        return self.log_origin.rsplit("/", 2)[0] + "/"

    def subject(self, subject: str | None) -> Subject | None:
        """Return a subject of the plan."""
        return next((s for s in self.sitting.subjects if s.id == subject), None)

    @property
    def papers(self) -> tuple[SealedPaper, ...]:
        """The sealed papers of all subjects, each in its newest revision."""
        newest = (self.paper(subject.id) for subject in self.sitting.subjects)
        return tuple(paper for paper in newest if paper is not None)

    def paper(self, subject: str) -> SealedPaper | None:
        """Return what the bundle says of the subject's sealed paper, newest revision."""
        papers = [p for p in self.manifest.papers if p.subject == subject]
        return max(papers, key=lambda p: p.revision, default=None)


T = TypeVar("T")


def opened_by_any(
    read: Callable[[Envelope, VerifyKey], T], envelope: Envelope, keys: Sequence[VerifyKey]
) -> T:
    """Return what ``read`` makes of a kept envelope under the key that signed it.

    Raises `UntrustedError` where it is none of ``keys``.
    """
    for key in keys[:-1]:
        with contextlib.suppress(UntrustedError):
            return read(envelope, key)
    return read(envelope, keys[-1])


def trust(info: HallInfo, root_pem: str, seat: str, in_place: TrustedHall | None) -> TrustedHall:
    """Return the hall that ``info`` proves.

    1. The office's certificate is of the pinned root. 2. It signed the manifest. 3. It is no
    older than the one before. 4. The box that answers is among its appliances. 5. The rule
    book is the one that it names. 6. This seat is among its seats. Raises `UntrustedError`.
    """
    # 1, 2
    office = role_key(info.office_certificate, root_pem, Role.OFFICE, info.hall_time)
    manifest = open_bundle(info.bundle, office)
    # 3
    seen = in_place.manifest if in_place is not None else manifest
    if seen.sitting.id == manifest.sitting.id and manifest.revision < seen.revision:
        raise UntrustedError(
            f"the appliance shows revision {manifest.revision} of the bundle, "
            f"this seat has seen {seen.revision}"
        )
    # 4
    box = next((a for a in manifest.appliances if a.id == info.appliance), None)
    if box is None:
        raise UntrustedError(f"the appliance calls itself {info.appliance}, the bundle knows none")
    # 5
    if sha256_hex(info.rule_book.encode()) != manifest.sitting.rule_book_digest:
        raise UntrustedError("the rule book is not the one that the office signed")
    # 6
    place = next((s for s in manifest.sitting.seats if s.id == seat), None)
    room = next((r for r in manifest.sitting.rooms if place and r.id == place.room), None)
    if place is None or room is None:
        raise UntrustedError(f"this is seat {seat}, which the bundle does not know")
    return TrustedHall(
        info=info,
        manifest=manifest,
        rules=read_rule_book(info.rule_book),
        appliance=box,
        box_key=VerifyKey.from_hex(box.box_key),
        log_key=VerifyKey.from_hex(box.log_key),
        receipts_key=VerifyKey.from_hex(manifest.office.receipts_key),
        seat=place,
        room=room,
    )
