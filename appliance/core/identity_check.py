"""Is it the candidate who sits there: from the log-in to a decision on record.

The faces process looks and measures; the rule book's thresholds say what is clear. What
is clear the machine may accept; it never turns anybody away: after the rule book's tries,
without consent, or without a camera, a person looks.
"""

import logging
from collections.abc import Callable

from appliance.core.decisions import Decider
from appliance.core.hall import Hall, Seating
from appliance.core.links import Links
from appliance.core.refusals import NotPossibleError
from exam.rulebook import IdentityFailure
from exam.session import State
from protocol.decisions import Decision, IdentityDecided, Scope
from protocol.seat_api import FaceSaid, FaceStage

_log = logging.getLogger(__name__)


class IdentityCheck:
    """Follows each candidate's look at the face."""

    def __init__(self, hall: Hall, decider: Decider, links: Links, now: Callable[[], int]) -> None:
        self._hall = hall
        self._decider = decider
        self._links = links
        self._now = now
        decider.listen(self._decided)

    def needs_a_person(self, seating: Seating, why: str) -> None:
        """Put the candidate before the invigilator, and tell the seat."""
        if not seating.needs_person:
            seating.needs_person, seating.needs_person_since = why, self._now()
        self._tell(seating, FaceStage.STAFF, ())

    def hint(self, seating: Seating, hints: tuple[str, ...]) -> None:
        """Pass on what keeps the camera from a good look."""
        if seating.session.state is State.SEATED and not seating.needs_person:
            self._tell(seating, FaceStage.LOOKING, hints)

    async def measured(self, seating: Seating, distance: int, *, is_closest: bool) -> None:
        """Follow a whole check: ``distance`` in thousandths, the median of its frames.

        ``is_closest``: nobody else on the roster is nearer than this candidate.
        """
        if seating.session.state is not State.SEATED:
            return
        if seating.needs_person:
            await self._let_sit(seating, seating.distance)
            return
        rules = self._hall.rules.identity
        seating.distance = distance
        if distance <= rules.accept_below and is_closest:
            await self._decide(seating, distance, withheld=False, reason="the face is clear")
            return
        seating.face_tries += 1
        left = max(0, rules.tries - seating.face_tries)
        if left:
            self._tell(seating, FaceStage.FAILED, ())
            return
        clear = distance >= rules.refuse_above or not is_closest
        self.needs_a_person(seating, "other_face" if clear else "unsure_face")
        await self._let_sit(seating, distance)

    async def ask_staff(self, seating: Seating, why: str) -> None:
        """Let a person look at once: no consent, no camera, or the candidate's wish."""
        self.needs_a_person(seating, why)
        await self._let_sit(seating, -1)

    async def _let_sit(self, seating: Seating, distance: int) -> None:
        """Let who waits for a person sit meanwhile, where the rule book says so."""
        allowed = self._hall.rules.identity.on_failure is IdentityFailure.SIT_WITHHELD
        if allowed and seating.session.state is State.SEATED:
            await self._decide(
                seating, distance, withheld=True, reason="a person decides; the result waits"
            )

    def resume(self, seating: Seating) -> None:
        """After a restart: who sits withheld still needs a person."""
        if seating.session.withheld:
            seating.needs_person = seating.needs_person or "unsure_face"
            seating.needs_person_since = seating.needs_person_since or self._now()

    async def _decide(
        self, seating: Seating, distance: int, *, withheld: bool, reason: str
    ) -> None:
        what = IdentityDecided(
            method="face", accepted=True, withheld=withheld, distance=distance, reason=reason
        )
        try:
            await self._decider.decide(what, seating.subject, [seating], scope=Scope.ONE)
        except NotPossibleError as error:
            _log.warning("identity of %s: %s", seating.candidate.id, error)

    def _decided(self, decision: Decision, _envelope: object) -> None:
        if isinstance(decision.what, IdentityDecided) and not decision.what.withheld:
            seating = self._hall.seating(decision.candidate, decision.subject)
            if seating is not None:
                seating.needs_person = ""

    def _tell(self, seating: Seating, stage: FaceStage, hints: tuple[str, ...]) -> None:
        link = self._links.of(seating.seat)
        if link is None or seating.id is None:
            return
        left = max(0, self._hall.rules.identity.tries - seating.face_tries)
        link.tell(FaceSaid(session=seating.id, stage=stage, hints=hints, tries_left=left))
