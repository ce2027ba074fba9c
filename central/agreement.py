"""Whether all that a box delivered of one subject agrees. Pure: the record in, findings out.

Each record holds by itself, or it would have been refused. A box in wrong hands can still write
records that no other record bears out: these are looked for here, when all lanes have ended.

1. The account was decided, and each ending in it is what decisions and journal say.
2. Decisions are about sessions as they were granted, and everything that a seat heard is held.
3. Log-ins fall within the doors; a session changes its seat by a decision only; a candidate has
   one session; nobody is collected for leaves that the journal does not show.
4. The paper was not released before the start; nothing is dated outside of the sitting.
5. What the log names is here, and is the same.

What is found hinders *complete*, as a parcel that was refused does: a person must look.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from central.accounting import Shortfall
from exam import times
from exam.rulebook import RuleBook
from exam.sitting import Subject
from protocol import decisions as d
from protocol.closing import Accounted, Closing, Ending
from protocol.decisions import MACHINE, Decision, Scope
from protocol.grant import Grant
from protocol.log_entries import Decided, Entry, Granted, Released

_DAY_MS: Final = 24 * 3600 * 1000
_LONGEST_AFTER_MS: Final = 7 * _DAY_MS
"""A hall that was left as it stood may be closed days later."""


@dataclass(frozen=True, kw_only=True)
class SatSession:
    """One candidate's session as it is held: grants by epoch, and what its journal says."""

    session: str
    grants: tuple[Grant, ...]
    handed_in: bool = False
    answers_after: int = 0
    """Answers behind the first hand-in."""
    away_ms: tuple[int, ...] = ()
    """How long each leave of the screen was."""
    unheard_of: int = 0
    """Decisions that a box signed for the seat and did not deliver."""

    @property
    def candidate(self) -> str:
        """Whose it is."""
        return self.grants[0].candidate


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one revision of the bundle says of the subject."""

    rules: RuleBook
    subject: Subject
    opens: int
    """When the sitting's first subject opens; its last one ends at ``closes``."""
    closes: int


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All that came of one subject: one box's closing and log, everybody's decisions."""

    closing: Closing
    decisions: tuple[Decision, ...]
    """Of the subject, by whatever box."""
    sessions: tuple[SatSession, ...]
    entries: tuple[Entry, ...]
    """The box's log."""
    documents: Mapping[str, Decision | Grant]
    """By digest, what this box's leaves can be about."""
    plans: tuple[Plan, ...]
    """The revisions that the centre may have gone by."""


def findings(whole: Whole) -> list[Shortfall]:
    """Return what does not agree; empty where everything does."""
    return [
        # 1
        *_closing(whole),
        *(found for person in whole.closing.candidates for found in _ending(whole, person)),
        # 2
        *_decisions(whole),
        *(found for session in whole.sessions for found in _journal(whole, session)),
        # 3
        *_twice(whole.sessions),
        *(found for session in whole.sessions for found in _seats(whole, session)),
        # 3, 4
        *_by_plan(whole),
    ]


def _found(text: str, **values: object) -> Shortfall:
    return Shortfall(text=text, values=values)


def _of(whole: Whole, candidate: str) -> list[d.What]:
    return [one.what for one in whole.decisions if one.candidate == candidate]


# --- 1 -------------------------------------------------------------------------------------------


def _closing(whole: Whole) -> Iterator[Shortfall]:
    closing = whole.closing
    own = (closing.appliance, closing.generation, closing.at)
    if not any(
        isinstance(one.what, d.SubjectClosed) and (one.appliance, one.generation, one.at) == own
        for one in whole.decisions
    ):
        yield _found("closing_undecided", box=f"{closing.appliance}.{closing.generation}")


def _ending(whole: Whole, person: Accounted) -> Iterator[Shortfall]:
    made = _of(whole, person.candidate)
    if person.ending not in _possible(whole, person, made):
        yield _found("ending_other", who=person.candidate, ending=person.ending.value)
    withheld = False
    for what in made:
        match what:
            case d.IdentityDecided(accepted=accepted, withheld=waits):
                withheld = accepted and waits
            case d.Refused():
                withheld = False
            case _:
                continue
    if withheld != person.withheld:
        yield _found("withheld_other", who=person.candidate)


def _possible(whole: Whole, person: Accounted, made: list[d.What]) -> set[Ending]:
    """Return the endings to which decisions and journal can have led; see `exam.session.TABLE`."""
    if any(isinstance(what, d.Voided) for what in made):
        return {Ending.VOIDED}
    if any(_turns_away(what) for what in made):
        return {Ending.REFUSED, Ending.VOIDED}
    if any(isinstance(what, d.AbsentMarked) for what in made):
        return {Ending.ABSENT}
    if any(isinstance(what, d.Collected) for what in made):
        return {Ending.COLLECTED}
    found = set()
    if any(one.handed_in for one in whole.sessions if one.session == person.session):
        found.add(Ending.HANDED_IN)
    if any(isinstance(one.what, d.Collected) and one.scope is Scope.ALL for one in whole.decisions):
        found.add(Ending.COLLECTED)
    return found


def _turns_away(what: d.What) -> bool:
    return isinstance(what, d.Refused) or (
        isinstance(what, d.IdentityDecided) and not what.accepted
    )


# --- 2 -------------------------------------------------------------------------------------------


def _decisions(whole: Whole) -> Iterator[Shortfall]:
    known = {one.session: one.candidate for one in whole.sessions}
    people = {person.candidate for person in whole.closing.candidates}
    for one in whole.decisions:
        stranger = one.candidate is not None and one.candidate not in people
        if stranger or (one.session is not None and known.get(one.session) != one.candidate):
            yield _found("decision_other", n=one.n, box=f"{one.appliance}.{one.generation}")


def _journal(whole: Whole, session: SatSession) -> Iterator[Shortfall]:
    who = session.candidate
    if session.unheard_of:
        yield _found("decisions_withheld", who=who, count=session.unheard_of)
    reopened = any(isinstance(what, d.Reopened) for what in _of(whole, who))
    if session.answers_after and not reopened:
        yield _found("answers_after_end", who=who, count=session.answers_after)


# --- 3 -------------------------------------------------------------------------------------------


def _twice(sessions: Iterable[SatSession]) -> Iterator[Shortfall]:
    for who, count in Counter(one.candidate for one in sessions).items():
        if count > 1:
            yield _found("sessions_two", who=who, count=count)


def _seats(whole: Whole, session: SatSession) -> Iterator[Shortfall]:
    moves = {what.seat for what in _of(whole, session.candidate) if isinstance(what, d.Moved)}
    seats = [grant.seat for grant in session.grants]
    for before, after in pairwise(seats):
        if after not in {before, *moves}:
            yield _found("seat_unmoved", who=session.candidate, seat=after)


def _by_plan(whole: Whole) -> list[Shortfall]:
    """Look by each plan that the centre may have gone by; the one that fits best counts."""
    return min(([*_under(whole, plan)] for plan in whole.plans), key=len, default=[])


def _under(whole: Whole, plan: Plan) -> Iterator[Shortfall]:
    yield from _leaves(whole, plan.rules)
    yield from _in_turn(whole, plan)


def _leaves(whole: Whole, rules: RuleBook) -> Iterator[Shortfall]:
    away = {one.candidate: one.away_ms for one in whole.sessions}
    for one in whole.decisions:
        if not isinstance(one.what, d.Collected) or one.by != MACHINE or one.candidate is None:
            continue
        grace = rules.leaving_screen.grace_s * 1000
        count = sum(ms > grace for ms in away.get(one.candidate, ()))
        if count <= rules.leaving_screen.limit:
            yield _found("collected_uncaused", who=one.candidate, count=count)


# --- 3, 4: in the order of the log ---------------------------------------------------------------


def _in_turn(whole: Whole, plan: Plan) -> Iterator[Shortfall]:
    start: int | None = None
    confirmed, outside = False, 0
    for entry in whole.entries:
        match entry:
            case Granted(grant=digest) | Decided(decision=digest):
                document = whole.documents.get(digest)
            case Released(subject=subject, at=at) if subject == plan.subject.id:
                if start is None or at < start:
                    yield _found("released_early", subject=subject)
                continue
            case _:
                continue
        if isinstance(document, Grant):
            outside += confirmed and _is_outside(document.granted_at, plan)
            yield from _log_in(document, plan, start)
        elif document is not None:
            is_doors = isinstance(document.what, d.DoorsOpened)
            confirmed = confirmed or is_doors
            outside += confirmed and not is_doors and _is_outside(document.at, plan)
            start = _armed(document.what, start)
    if outside:
        box = f"{whole.closing.appliance}.{whole.closing.generation}"
        yield _found("times_outside", box=box, count=outside)


def _armed(what: d.What, start: int | None) -> int | None:
    match what:
        case d.Armed(start=armed):
            return armed
        case d.Disarmed():
            return None
        case _:
            return start


def _log_in(grant: Grant, plan: Plan, start: int | None) -> Iterator[Shortfall]:
    if grant.epoch != 1:
        return
    verdict = times.doors(plan.rules, plan.subject, start, grant.granted_at)
    if not isinstance(verdict, times.Open):
        yield _found("login_outside", who=grant.candidate)


def _is_outside(at: int, plan: Plan) -> bool:
    return not plan.opens - _DAY_MS <= at <= plan.closes + _LONGEST_AFTER_MS
