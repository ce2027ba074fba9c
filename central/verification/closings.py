"""Lane answers: closings, the box's signed account of a subject."""

from collections import Counter

from central.store import evidence, journals
from central.store.tables import BoxPlace
from central.verification.context import Context, ContradictionError, expect
from central.verification.grants import sitting_of
from exam.paper import is_empty
from protocol.closing import Accounted, Closing, Ending, open_closing
from protocol.errors import ForkError
from protocol.parcel import ClosingRecord


def take_closing(context: Context, record: ClosingRecord) -> None:
    """Check a closing against what is held, and keep it.

    1. The box that made the parcel signed it, for its own generation and sitting.
    2. Each candidate stands in it once, at a seat of the plan; who never logged in is absent,
       and nobody else; and whoever this box has given a session is in it.
    3. Where everything of a session came by this box's lanes: its position is held with the
       same head, and so many items had a response there. More may be held: a seat notes the
       closing itself, and one that was cut off may bring a tail, which the account shows.
    4. A subject is closed once.

    Sessions that another box or generation has begun are left to the account: their
    parcels come by other lanes, perhaps later.
    """
    # 1
    closing = open_closing(record.closing, context.box.key)
    named = BoxPlace(closing.centre, closing.sitting, closing.appliance, closing.generation)
    expect("closing: box, generation and sitting", context.box_place, named)
    # 2
    _check_people(context, closing)
    # 3
    for accounted in closing.candidates:
        if accounted.session is not None:
            _check_accounted(context, closing, accounted, accounted.session)
    # 4
    if not evidence.put_closing(context.store, context.box_place, closing, record.closing):
        raise ForkError(f"subject {closing.subject}: another closing is held")


def _check_people(context: Context, closing: Closing) -> None:
    names = Counter(accounted.candidate for accounted in closing.candidates)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise ContradictionError(f"closing: expected each candidate once; got {twice[0]} again")
    seats = {seat.id for one in context.box.revisions for seat in one.manifest.sitting.seats}
    for accounted in closing.candidates:
        if accounted.seat not in seats:
            raise ContradictionError(
                f"closing: expected {accounted.candidate} at a seat of the plan; "
                f"got {accounted.seat!r}"
            )
        if (accounted.session is None) != (accounted.ending is Ending.ABSENT):
            raise ContradictionError(
                f"closing: expected who has no session to be absent, and nobody else; got "
                f"{accounted.candidate} as {accounted.ending}"
            )
    listed = {accounted.session for accounted in closing.candidates}
    begun = journals.sessions_of(context.store, context.box_place, closing.subject)
    for session, candidate in begun.items():
        if session not in listed:
            raise ContradictionError(
                f"closing: expected session {session} of {candidate}, which this box has granted; "
                "got an account without it"
            )


def _check_accounted(
    context: Context, closing: Closing, accounted: Accounted, session: str
) -> None:
    epochs = journals.epochs_of(context.store, session)
    for epoch in epochs:
        expect("closing: sitting of the session", sitting_of(epoch.grant), context.place)
        expect("closing: subject of the session", closing.subject, epoch.grant.subject)
        expect("closing: candidate of the session", accounted.candidate, epoch.grant.candidate)
    ours = {(closing.appliance, closing.generation)}
    if {(epoch.grant.appliance, epoch.grant.generation) for epoch in epochs} - ours:
        return
    position = accounted.position
    held = {epoch.held.epoch: epoch for epoch in epochs}
    if position is None or position.epoch not in held:
        raise ContradictionError(
            f"closing: {accounted.candidate} has session {session}, but no such grant is held"
        )
    epoch = held[position.epoch]
    if epoch.held.n < position.n:
        raise ContradictionError(
            f"closing: {accounted.candidate} stands at event {position.n}; "
            f"held are {epoch.held.n}, and this box's lane has nothing more before the closing"
        )
    link = journals.link_at(context.store, epoch, position.n)
    expect(f"closing: position of {accounted.candidate}", position.head, link)
    answered = journals.answers_at(context.store, session, position)
    count = sum(not is_empty(response) for response in answered.values())
    expect(f"closing: answers of {accounted.candidate}", accounted.answers, count)
