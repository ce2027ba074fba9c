"""Lane answers: grants. Who sits where, in which order the questions stand, what went before.

A box grants with its own key, so a box in wrong hands grants what it likes. What plan and paper
say already is looked at again: seat, room and subject, and the order, which is drawn from the
seed that stands beside it. Whose seed it is, is the box's word.
"""

from collections.abc import Sequence

from central.registry import Revision
from central.store import journals
from central.store.journals import Epoch
from central.store.tables import BoxPlace, Place
from central.verification.context import Context, ContradictionError, expect
from exam.order import draw_order
from protocol.errors import ForkError
from protocol.grant import Grant, Position
from protocol.parcel import GrantRecord
from protocol.payload_types import PayloadType


def take_grant(context: Context, record: GrantRecord) -> None:
    """Check a grant and keep it.

    1. A box of this centre and sitting signed it.
    2. It is for this centre and sitting.
    3. The same epoch is granted once.
    4. Every epoch of a session is of one sitting, candidate, subject and seed, and a box begins
       one session a candidate and subject.
    5. What it names as the end of the epoch before fits what is held of it, and is its end.
    6. By a bundle that the centre may have gone by, seat and subject are of the plan, and the
       order is the one that the seed gives for this paper.
    """
    # 1
    grant = context.open_by_named_box(record.grant, PayloadType.GRANT, Grant)
    # 2
    expect("grant: sitting", context.place, sitting_of(grant))
    # 3
    known = context.epoch(grant.session, grant.epoch)
    if known is not None:
        if known.grant_digest != record.grant.digest:
            raise ForkError(f"session {grant.session}: two grants for epoch {grant.epoch}")
        return
    # 4
    for other in journals.epochs_of(context.store, grant.session):
        expect("grant: sitting of the session", sitting_of(other.grant), context.place)
        expect("grant: candidate of the session", other.grant.candidate, grant.candidate)
        expect("grant: subject of the session", other.grant.subject, grant.subject)
        expect("grant: seed of the order", other.grant.order_seed, grant.order_seed)
    _check_only_session(context, grant)
    # 5
    if grant.previous is not None:
        _check_previous(context, grant, grant.previous)
    # 6
    faults = [_fault(grant, one) for one in context.box.revisions]
    if None not in faults:
        raise ContradictionError(f"session {grant.session}: {faults[0]}")
    journals.put_grant(context.store, grant, record.grant)


def sitting_of(grant: Grant) -> Place:
    """Return the sitting of the centre that a grant is for."""
    return Place(grant.centre, grant.sitting)


def _check_only_session(context: Context, grant: Grant) -> None:
    if grant.epoch != 1:
        return
    place = BoxPlace(grant.centre, grant.sitting, grant.appliance, grant.generation)
    begun = journals.sessions_of(context.store, place, grant.subject)
    others = [session for session, candidate in begun.items() if candidate == grant.candidate]
    if others:
        raise ForkError(
            f"candidate {grant.candidate}: expected one session in subject {grant.subject}; "
            f"got {grant.session} beside {others[0]}"
        )


def _check_previous(context: Context, grant: Grant, previous: Position) -> None:
    """Refuse another history; a position that is not held yet is a matter of the account."""
    before = context.epoch(grant.session, previous.epoch)
    if before is None or before.held.n < previous.n:
        return
    held = journals.link_at(context.store, before, previous.n)
    if held != previous.head:
        raise ForkError(
            f"session {grant.session}: the next epoch begins after {previous.head[:16]} at event "
            f"{previous.n} of epoch {previous.epoch}; here it is {held[:16]}"
        )
    check_ended(before, grant, before.held.n)


def check_ended(before: Epoch, following: Grant, n: int) -> None:
    """Refuse an epoch that goes on to ``n`` after the same box has opened the next one.

    What an old seat still had is a stray: no box merges it by itself.
    """
    own = (before.grant.appliance, before.grant.generation)
    if following.previous is None or own != (following.appliance, following.generation):
        return
    if n > following.previous.n:
        raise ContradictionError(
            f"session {following.session}: expected epoch {before.grant.epoch} to end at event "
            f"{following.previous.n}, where epoch {following.epoch} was opened; got events to {n}: "
            "two open epochs"
        )


def _fault(grant: Grant, revision: Revision) -> str | None:
    """Return what is wrong with a grant by this revision of the bundle, or None."""
    sitting = revision.manifest.sitting
    outline = next(
        (one.outline for one in revision.manifest.papers if one.subject == grant.subject), None
    )
    if outline is None or grant.subject not in {subject.id for subject in sitting.subjects}:
        return f"expected a subject of the plan; got {grant.subject!r}"
    if (grant.room, grant.seat) not in {(seat.room, seat.id) for seat in sitting.seats}:
        return f"expected a seat of the plan; got {grant.seat!r} in {grant.room!r}"
    drawn = draw_order(outline, grant.order_seed)
    if drawn == grant.order:
        return None
    return (
        f"expected the order of {len(drawn)} items that seed {grant.order_seed} gives; "
        f"got another, from item {_first_other(drawn, grant.order)} on"
    )


def _first_other(drawn: Sequence[object], came: Sequence[object]) -> int:
    same = zip(drawn, came, strict=False)
    return next((i for i, (a, b) in enumerate(same, 1) if a != b), min(len(drawn), len(came)) + 1)
