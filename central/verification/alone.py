"""What a decision must be besides asked for: what the machine may decide, numbers, time, order.

The box decides by these rules (`appliance.core`); they are looked at again because the box may
be in wrong hands. By the rule book and the plan of one revision of the bundle that the centre
may have gone by:

1. It is about a subject of the plan that was not closed before.
2. Hall time does not run back, but where a person set it back.
3. The machine alone admits a face that is clear or lets its candidate sit withheld, takes in
   who left the screen too often, and marks absent who was not there when the log-in closed.
4. Numbers that no person signs are the plan's: the start, the time to be back.
"""

from typing import Final

from central.registry import Revision
from central.store import decided
from central.verification.asked import NO_RULES, lack_of, tag
from central.verification.context import Context, ContradictionError, WaitsError
from exam.rulebook import Consequence, GraveAct, IdentityFailure, RuleBook
from exam.sitting import Subject
from protocol import decisions as d
from protocol.decisions import MACHINE, Decision, Scope
from protocol.staff_api import Arm, StaffAct

_SOONEST_START_MS: Final = 3_000
"""A start that is past begins so much after it was asked for: `appliance.core.acts`."""


def check_decision(context: Context, decision: Decision, act: StaffAct | None) -> None:
    """Raise unless a decision can have been made; ``act`` is what asked for it."""
    # 1
    _check_open(context, decision)
    # 2
    _check_time(context, decision)
    # 3, 4
    faults = [_fault(context, decision, act, one) for one in context.box.revisions]
    if None not in faults:
        raise ContradictionError(f"decision {decision.n} ({tag(decision.what)}): {faults[0]}")


def _check_open(context: Context, decision: Decision) -> None:
    closed = decided.decisions(context.store, context.box_place, "subject_closed")
    before = [one.made.n for one in closed if one.made.subject == decision.subject]
    if before:
        raise ContradictionError(
            f"decision {decision.n}: expected nothing more in subject {decision.subject}, which "
            f"decision {before[0]} closed"
        )


def _check_time(context: Context, decision: Decision) -> None:
    last = decided.last_decision(context.store, context.box_place)
    if last is None:
        return
    moved = last.what.correction if isinstance(last.what, d.DoorsOpened) else 0
    if decision.at < last.at + moved:
        raise ContradictionError(
            f"decision {decision.n}: expected a time from {last.at + moved} on, as decision "
            f"{last.n} left the clock; got {decision.at}"
        )


# --- by one revision of the bundle ---------------------------------------------------------------


def _fault(
    context: Context, decision: Decision, act: StaffAct | None, revision: Revision
) -> str | None:
    """Return what is wrong with a decision by this revision's rule book and plan, or None."""
    subject = _subject(revision, decision.subject)
    if subject is None:
        return f"expected a subject of the plan; got {decision.subject!r}"
    rules = revision.rules
    if rules is None:
        raise WaitsError(NO_RULES)
    if decision.by == MACHINE:
        fault = _machine_fault(context, decision, rules, subject)
    else:
        fault = _number_fault(decision, act, rules, subject)
    if fault is None and isinstance(decision.what, d.AbsentMarked):
        return _crossing_fault(context, decision, rules, subject)
    return fault


def _subject(revision: Revision, name: str) -> Subject | None:
    subjects = revision.manifest.sitting.subjects
    return next((subject for subject in subjects if subject.id == name), None)


def _number_fault(
    decision: Decision, act: StaffAct | None, rules: RuleBook, subject: Subject
) -> str | None:
    match decision.what, None if act is None else act.act:
        case d.Armed(start=start), Arm(start=asked):
            wanted, soonest = asked or subject.opens, decision.at + _SOONEST_START_MS
            past = wanted < soonest and start <= soonest
            return None if past or start == wanted else f"expected {wanted}; got {start}"
        case d.LeaveGranted(back_by=back_by), _:
            most = decision.at + rules.away.minutes * 60_000
            return None if back_by <= most else f"expected leave until {most}; got {back_by}"
        case _:
            return None


def _machine_fault(
    context: Context, decision: Decision, rules: RuleBook, subject: Subject
) -> str | None:
    match decision.what:
        case _ if decision.scope is not Scope.ONE:
            return "expected an act of staff behind what concerns everybody; got none"
        case d.IdentityDecided() as identity:
            return _face_fault(identity, rules)
        case d.Collected() if rules.leaving_screen.consequence is Consequence.COLLECT:
            return None  # whether the screen was left so often, the journal says
        case d.AbsentMarked():
            closes = _log_in_closes(context, rules, subject)
            if closes is not None and decision.at > closes:
                return None
            return f"expected it after the log-in had closed ({closes}); got {decision.at}"
        case _:
            return "expected an act of staff behind it, the machine may not decide this; got none"


def _face_fault(identity: d.IdentityDecided, rules: RuleBook) -> str | None:
    if identity.method != "face" or not identity.accepted:
        return "expected a person behind what is not a clear face; got none"
    if identity.withheld:
        allowed = rules.identity.on_failure is IdentityFailure.SIT_WITHHELD
        return None if allowed else "expected nobody to sit before a person has decided"
    most = rules.identity.accept_below
    clear = 0 <= identity.distance <= most
    return None if clear else f"expected a distance of at most {most}; got {identity.distance}"


def _log_in_closes(context: Context, rules: RuleBook, subject: Subject) -> int | None:
    """Return when the log-in closed, by the start that was last armed; None without one."""
    start = None
    for one in decided.decisions(context.store, context.box_place, "armed", "disarmed"):
        if one.made.subject == subject.id:
            start = one.made.what.start if isinstance(one.made.what, d.Armed) else None
    return None if start is None else start + rules.doors.late_after_s * 1000


def _crossing_fault(
    context: Context, absent: Decision, rules: RuleBook, subject: Subject
) -> str | None:
    """Look who set the clock past the log-in, where that made somebody absent.

    Whoever is marked absent was expected until then: two people should have looked.
    """
    closes = _log_in_closes(context, rules, subject)
    for one in decided.decisions(context.store, context.box_place, "doors_opened"):
        made, act = one.made, one.act
        if closes is None or act is None or made.subject != absent.subject:
            continue
        correction = made.what.correction if isinstance(made.what, d.DoorsOpened) else 0
        crosses = made.at <= closes < made.at + correction
        if crosses and lack_of(context, made, act, GraveAct.CLOCK) is not None:
            return (
                f"expected two people behind decision {made.n}, which set the clock past the log-in"
            )
    return None
