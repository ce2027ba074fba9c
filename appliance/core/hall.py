"""The hall as core knows it: the plan, the roster, and where every candidate stands.

Owns the picture in memory. It is changed only after the record of the change has been
committed, by the module that committed it; after a restart it is read from the record.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from appliance.core.records import SeatingRow
from exam.candidates import Candidate, Roster
from exam.rulebook import RuleBook
from exam.session import ENDED, Session
from exam.sitting import Seat, Subject
from protocol.bundle import BundleManifest
from protocol.envelope import Envelope
from protocol.grant import Grant, Position
from protocol.sealed_paper import SealedPaper
from protocol.sealing import SealingIdentity


@dataclass
class Seating:
    """One candidate in one subject."""

    candidate: Candidate
    subject: str
    seat: str
    id: str | None = None
    epoch: int = 0
    session: Session = field(default_factory=Session)
    distance: int = -1
    grant: Grant | None = None
    position: Position | None = None
    logged: int = 0
    office: int = 0
    answered: set[str] = field(default_factory=set)
    stray_since: int = 0
    """Since when a tail of an old epoch waits for a person; 0: there is none."""
    hand_text: str | None = None
    hand_since: int = 0
    face_tries: int = 0
    consents: bool | None = None
    """To the comparison of faces, as the journal says; None: nothing has come yet."""
    needs_person: str = ""
    """Why a person must look at the face; empty where none must."""
    needs_person_since: int = 0
    since: int = 0
    """Hall time of the first grant."""
    kept_bytes: int = 0
    """What this session has on the disk, as `appliance.core.quota` counts."""
    over_quota_since: int = 0
    """Since when its seat wants to write more than it may; 0: it does not."""
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever moves this journal on or opens an epoch; taken before `Hall.changes`."""

    @property
    def extra_ms(self) -> int:
        """Accommodation, in ms."""
        return self.candidate.extra_minutes * 60_000

    def row(self, session: Session | None = None) -> SeatingRow:
        """Return what is written of it, with another session where given."""
        return SeatingRow(
            candidate=self.candidate.id,
            subject=self.subject,
            id=self.id,
            epoch=self.epoch,
            seat=self.seat,
            session=self.session if session is None else session,
            distance=self.distance,
        )


@dataclass
class SubjectState:
    """What has been decided of one subject."""

    armed_start: int | None = None
    paper_key: SealingIdentity | None = None
    """P, from the unlocking on; memory only."""
    released: bool = False
    closing: Envelope | None = None


class Hall:
    """The plan and everybody in it."""

    def __init__(
        self, manifest: BundleManifest, envelope: Envelope, rules: RuleBook, roster: Roster
    ) -> None:
        self.manifest: Final = manifest
        self.bundle: Final = envelope
        self.rules: Final = rules
        self.sitting: Final = manifest.sitting
        self.seats: Final[dict[str, Seat]] = {seat.id: seat for seat in self.sitting.seats}
        self.candidates: Final = {c.id: c for c in roster.candidates}
        self.subjects: Final[dict[str, SubjectState]] = {
            subject.id: SubjectState() for subject in self.sitting.subjects
        }
        self._seatings: dict[tuple[str, str], Seating] = {
            (c.id, subject): Seating(candidate=c, subject=subject, seat=c.seat)
            for c in roster.candidates
            for subject in c.subjects
        }
        self._by_session: dict[str, Seating] = {}
        self.clock_confirmed_by = ""
        self.changes: Final = asyncio.Lock()
        """Held by whoever changes where a candidate stands, from the look to the commit."""

    def current(self) -> Subject | None:
        """Return the subject whose turn it is: the first that is not closed."""
        for subject in self.sitting.subjects:
            if self.subjects[subject.id].closing is None:
                return subject
        return None

    def subject(self, subject_id: str) -> Subject:
        """Return a subject of the plan; raise KeyError."""
        return next(s for s in self.sitting.subjects if s.id == subject_id)

    def paper(self, subject_id: str) -> SealedPaper | None:
        """Return what the bundle says of the subject's sealed paper, newest revision."""
        papers = [p for p in self.manifest.papers if p.subject == subject_id]
        return max(papers, key=lambda p: p.revision, default=None)

    def seating(self, candidate: str | None, subject: str) -> Seating | None:
        """Return the candidate's place in a subject."""
        return None if candidate is None else self._seatings.get((candidate, subject))

    def seatings(self, subject: str | None = None) -> Iterator[Seating]:
        """Return everybody, or everybody in one subject."""
        return (s for s in self._seatings.values() if subject is None or s.subject == subject)

    def by_session(self, session: str) -> Seating | None:
        """Return whose session it is."""
        return self._by_session.get(session)

    def at_seat(self, seat: str, subject: str) -> Seating | None:
        """Return who is logged in at this seat, else who is expected there."""
        return self.at_seats(subject).get(seat)

    def at_seats(self, subject: str) -> dict[str, Seating]:
        """Return by seat who is logged in there, else who is expected."""
        here: dict[str, Seating] = {}
        for seating in self.seatings(subject):
            is_open = seating.id is not None and seating.session.state not in ENDED
            if seating.seat not in here or is_open:
                here[seating.seat] = seating
        return here

    def opened(self, seating: Seating, grant: Grant, position: Position) -> None:
        """Note a grant that has been committed."""
        seating.id, seating.epoch, seating.seat = grant.session, grant.epoch, grant.seat
        seating.grant, seating.position = grant, position
        seating.since = seating.since or grant.granted_at
        seating.logged = seating.office = 0
        self._by_session[grant.session] = seating
