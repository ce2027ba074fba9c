"""Everything that `faces` remembers, in memory only: templates, sessions, running checks.

Rules:

* A frame counts for a session only from the seat that core named for it.
* A check takes frames until it can be judged, or until its time is up; then it is told
  once and is over. Its time begins with the first frame: who still reads, or has not asked
  for another try yet, loses none. A new check of the session takes the place of a running
  one, untold.
* Of the pictures of a session one is kept: the best of its last check, else the newest.
* Nothing here is written anywhere; `Memory.dismiss` and `forget` drop pictures at once.

No I/O, no clock: times are milliseconds of the caller's steady clock.
"""

from dataclasses import dataclass, field
from typing import Final

from appliance.faces.judgement import (
    Evidence,
    FrameLimits,
    Judgement,
    evidence_of,
    hints_of,
    judge,
    most_frequent,
)
from appliance.faces.look import Descriptor, Look
from appliance.ipc.faces import Admit, BeginCheck, CheckEnded, Verdict
from protocol.faces_api import FaceHint

CHECK_MS: Final = 20_000
"""How long a check waits for usable frames."""


class UnknownSessionError(LookupError):
    """The session was not admitted, or not at this seat."""

    code = "faces_not_admitted"


@dataclass(frozen=True, kw_only=True)
class Template:
    """A candidate's face. ``photo``: SHA-256 of the roster photo it was made from."""

    descriptor: Descriptor
    photo: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A frame that is kept for the person who decides."""

    taken: int
    jpeg: bytes
    rank: tuple[int, float]
    """1 and the sharpness for a usable frame; 0 for others, which give way to newer ones."""


@dataclass(kw_only=True)
class RunningCheck:
    """A check and what it has gathered."""

    asked: BeginCheck
    since: int
    """Frames before this belong to the look before."""
    until: int
    used: list[Evidence] = field(default_factory=list)
    hints: list[FaceHint] = field(default_factory=list)
    frames: int = 0


@dataclass(kw_only=True)
class AdmittedSession:
    """A session whose frames are taken."""

    candidate: str
    seat_certificate: str
    check: RunningCheck | None = None
    checked: bool = False
    """Whether a check has begun; from then on the kept picture is that of a check."""
    accepted: bool = False
    """Whether the last check said that it is the candidate."""
    kept: Kept | None = None


class Memory:
    """The state of the process, changed by core's requests and by looks."""

    def __init__(self, *, build: str, limits: FrameLimits | None = None) -> None:
        self._build = build
        self._limits = limits or FrameLimits()
        self.templates: dict[str, Template] = {}
        self._faces: dict[str, Descriptor] = {}
        self.sessions: dict[str, AdmittedSession] = {}

    # --- what core asks -----------------------------------------------------------------

    def enrol(self, candidate: str, template: Template | None) -> None:
        """Note a candidate's template; None where the photo gives none."""
        self.templates.pop(candidate, None)
        self._faces.pop(candidate, None)
        if template is not None:
            self.templates[candidate] = template
            self._faces[candidate] = template.descriptor

    def admit(self, asked: Admit) -> None:
        """Take frames of a session from now on; a known one keeps its check and picture."""
        known = self.sessions.get(asked.session)
        if known is not None and known.candidate == asked.candidate:
            known.seat_certificate = asked.seat_certificate
            return
        self.sessions[asked.session] = AdmittedSession(
            candidate=asked.candidate, seat_certificate=asked.seat_certificate
        )

    def dismiss(self, session: str) -> None:
        """Forget a session."""
        self.sessions.pop(session, None)

    def forget(self) -> None:
        """Forget everything."""
        self.sessions.clear()
        self.templates.clear()
        self._faces.clear()

    def begin(self, asked: BeginCheck, now: int) -> CheckEnded | None:
        """Begin a check; return its end at once where there is nothing to compare with."""
        session = self.sessions.get(asked.session)
        if session is None:
            raise UnknownSessionError(f"expected an admitted session, got {asked.session}")
        since = now + asked.pause_ms
        session.check = RunningCheck(
            asked=asked, since=since, until=since + asked.wait_ms + CHECK_MS
        )
        session.checked, session.kept = True, None
        return self._end_without_template(session)

    # --- what frames bring --------------------------------------------------------------

    def session_at(self, session: str, seat_certificate: str | None) -> AdmittedSession:
        """Return the session if it is admitted at this seat, else raise."""
        known = self.sessions.get(session)
        if known is None or known.seat_certificate != seat_certificate:
            raise UnknownSessionError(
                f"expected a session that is admitted at this seat, got {session}; log in first"
            )
        return known

    def seen(
        self, session: AdmittedSession, look: Look, taken: int, jpeg: bytes, *, now: int
    ) -> tuple[tuple[FaceHint, ...], CheckEnded | None]:
        """Take in one look; return its hints, and the check's end if this was the last."""
        hints = hints_of(look, self._limits)
        sharpness = look.faces[0].sharpness if look.faces else 0.0
        self._keep(session, Kept(taken=taken, jpeg=jpeg, rank=(int(not hints), sharpness)))
        check = session.check
        if check is None or now < check.since:
            return hints, None
        if not check.frames:
            check.until = min(check.until, now + CHECK_MS)
        check.frames += 1
        check.hints.extend(hints)
        if hints or look.faces[0].descriptor is None:
            return hints, None
        if session.candidate not in self.templates:
            return hints, self._end_without_template(session)
        check.used.append(evidence_of(look, session.candidate, self._faces))
        judgement = self._judge(session, check, time_is_up=False)
        if judgement is None:
            return (FaceHint.HOLD_STILL,), None
        return (), self._end(session, judgement)

    def expire(self, now: int) -> list[CheckEnded]:
        """End the checks whose time is up."""
        ended = []
        for session in self.sessions.values():
            check = session.check
            if check is None or now < check.until:
                continue
            judgement = self._judge(session, check, time_is_up=True)
            assert judgement is not None  # when the time is up there is always one
            ended.append(self._end(session, judgement))
        return ended

    def _judge(
        self, session: AdmittedSession, check: RunningCheck, *, time_is_up: bool
    ) -> Judgement | None:
        return judge(
            session.candidate,
            check.used,
            accept_below=check.asked.accept_below,
            refuse_above=check.asked.refuse_above,
            time_is_up=time_is_up,
        )

    def _keep(self, session: AdmittedSession, frame: Kept) -> None:
        kept = session.kept
        if kept is None or session.check is not None:
            better = kept is None or not kept.rank[0] or frame.rank >= kept.rank
            session.kept = frame if better else kept
        elif not session.checked:
            session.kept = frame

    def _end_without_template(self, session: AdmittedSession) -> CheckEnded | None:
        if session.candidate in self.templates:
            return None
        nothing = Judgement(
            verdict=Verdict.NO_TEMPLATE, distance=-1, nearest=None, nearest_distance=-1
        )
        return self._end(session, nothing)

    def _end(self, session: AdmittedSession, judgement: Judgement) -> CheckEnded:
        check = session.check
        assert check is not None  # only running checks are ended
        session.check, session.accepted = None, judgement.verdict is Verdict.ACCEPTED
        template = self.templates.get(session.candidate)
        return CheckEnded(
            check=check.asked.check,
            session=check.asked.session,
            candidate=session.candidate,
            verdict=judgement.verdict,
            distance=judgement.distance,
            distances=tuple(frame.own for frame in check.used),
            nearest=judgement.nearest,
            nearest_distance=judgement.nearest_distance,
            frames=check.frames,
            hints=most_frequent(check.hints),
            accept_below=check.asked.accept_below,
            refuse_above=check.asked.refuse_above,
            photo=template.photo if template else None,
            build=self._build,
        )
