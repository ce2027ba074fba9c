"""All that the seat knows at one moment, in memory.

No I/O; changed by those only who are given the `terminal_agent.desk`.
"""

from dataclasses import dataclass, field
from typing import Protocol

from exam.session import State
from exam.sitting import Subject
from protocol.seat_api import FaceSaid, LoginRefused
from terminal_agent.link import Proven
from terminal_agent.papers import OpenPaper
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent
from terminal_agent.trust import TrustedHall
from terminal_agent.view import HallLink, Language, LetterSize, Reason


class Watched(Protocol):
    """The seat as its cameras see it: `terminal_agent.desk.Desk`."""

    @property
    def state(self) -> "SeatState":
        """The seat at this moment."""

    def now(self) -> int | None:
        """Return hall time."""

    def changed(self) -> None:
        """Let the page see that something changed."""

    async def wait_change(self, seen: int) -> None:
        """Return once the seat's version differs from ``seen``."""

    def event(self, kind: type, **fields: object) -> MakeEvent:
        """Return a maker of an event that happens now."""


class Eyes(Protocol):
    """The seat's cameras as the seat sees them."""

    @property
    def is_wanted(self) -> bool:
        """Whether this seat is to have a camera at all."""

    @property
    def cameras(self) -> int:
        """How many cameras deliver pictures."""

    @property
    def recording_since(self) -> int | None:
        """Hall time since when they record, None where they do not."""

    async def newest(self) -> bytes | None:
        """Return the newest picture as JPEG."""

    def missing(self, seat: Watched) -> list[MakeEvent]:
        """Return what the journal must hold of the recording before it ends."""


@dataclass
class SeatState:
    """The seat at one moment."""

    version: int = 1
    paired: bool = False
    appliance_seen: bool = False
    """Something on the network that may be the appliance: pairing makes sense."""
    reached: HallLink = HallLink.SEARCHING
    hall: TrustedHall | None = None
    proven: Proven | None = None
    subject: str | None = None
    """The subject whose turn it is, as the hall last said."""
    armed: dict[str, int] = field(default_factory=dict)
    """Armed starts by subject, hall time."""
    consent: bool | None = None
    login_refused: LoginRefused | None = None
    own_data_wrong: bool = False
    """The candidate before the log-in has called the own data wrong: staff were told."""
    session: SeatSession | None = None
    papers_here: set[str] = field(default_factory=set)
    """Digests of the sealed papers that lie here, checked."""
    paper: OpenPaper | None = None
    face: FaceSaid | None = None
    fault: Reason | None = None
    """What staff must look at: a forked journal, a damaged paper."""
    trouble: Reason | None = None
    """What this seat cannot do now and tries again by itself: a full disk, a box not believed."""
    left: bool = False
    """The candidate has pressed "leave the hall"."""
    language: Language = Language.ZH
    letter_size: LetterSize = LetterSize.NORMAL
    seat: str = ""

    def current_subject(self) -> Subject | None:
        """Return the subject of the open session, else the one whose turn it is."""
        if self.hall is None:
            return None
        if self.session is not None:
            return self.hall.subject(self.session.grant.subject)
        return self.hall.subject(self.subject)

    def state(self) -> State:
        """Return where the candidate stands."""
        if self.session is None:
            return State.EXPECTED
        return self.session.progress.session.state

    def armed_start(self) -> int | None:
        """Return the armed start of the current subject."""
        subject = self.current_subject()
        return None if subject is None else self.armed.get(subject.id)
