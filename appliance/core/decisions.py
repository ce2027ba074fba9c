"""Decisions: one place makes them, durable and in the log, before anybody hears of them.

The steps of `Decider.decide`:

1. Look what follows for whom, by the session table; refuse what the table does not have,
   and whatever concerns a closed subject.
2. In one transaction: number and sign the decision, keep it with the act that asked for
   it, add its leaf to the log, and write where each session then stands.
3. Change the hall in memory.
4. Tell whoever listens (the links to the seats, the console).
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from appliance.core import messages as m
from appliance.core import records
from appliance.core.box import Box
from appliance.core.hall import Hall, Seating
from appliance.core.refusals import NotPossibleError, not_now
from exam.session import NotNow, Session, happen
from protocol.decisions import MACHINE, Decision, Moved, Scope, What, sign_decision
from protocol.envelope import Envelope
from protocol.log_entries import Decided
from protocol.meaning import happening_of
from runtime.database import Database

Listener = Callable[[Decision, Envelope], None]

Write = Callable[[records.Connection], None]
Also = Callable[[int], Write]
"""Called with the decision's time while nobody else can decide; what it returns is written in
the decision's own transaction. What it raises refuses the decision."""


class Decider:
    """Makes decisions, one at a time."""

    def __init__(
        self,
        database: Database,
        hall: Hall,
        box: Box,
    ) -> None:
        self._database = database
        self._hall = hall
        self._box: Final = box
        self._listeners: list[Listener] = []
        self.made: Final[list[tuple[Decision, Envelope]]] = []
        """All decisions of this generation in their order: a seat that joins asks for them."""

    @property
    def generation(self) -> int:
        """The generation of the record, within which decisions count."""
        return self._box.generation

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` after each decision that has been committed."""
        self._listeners.append(listener)

    async def decide(
        self,
        what: What,
        subject: str,
        concerned: Sequence[Seating],
        *,
        scope: Scope,
        by: str = MACHINE,
        act: Envelope | None = None,
        also: Also | None = None,
    ) -> Decision:
        """Decide; return the decision once it is durable. Raises `NotPossibleError`."""
        async with self._hall.changes:
            at = self._box.now()
            # 1
            self._check_open(subject)
            following = self._following(what, concerned, at, scope)
            more = None if also is None else also(at)
            one = concerned[0] if scope is Scope.ONE else None
            draft = Decision(
                appliance=self._box.appliance,
                generation=self._box.generation,
                n=0,
                sitting=self._hall.sitting.id,
                subject=subject,
                scope=scope,
                candidate=None if one is None else one.candidate.id,
                session=None if one is None else one.id,
                at=at,
                by=by,
                act=None if act is None else act.digest,
                what=what,
            )
            # 2
            decision, envelope = await self._database.write(
                lambda c: self._record(c, draft, act, following, more)
            )
            # 3
            for seating, session in following:
                seating.session = session
                if isinstance(what, Moved):
                    seating.seat = what.seat
            self.made.append((decision, envelope))
        # 4
        for listener in self._listeners:
            listener(decision, envelope)
        return decision

    def _check_open(self, subject: str) -> None:
        """Raise `NotPossibleError` for a closed subject: its account is signed."""
        if self._hall.subjects[subject].closing is not None:
            raise NotPossibleError(m.CLOSED, subject=subject)

    def _following(
        self, what: What, concerned: Sequence[Seating], at: int, scope: Scope
    ) -> list[tuple[Seating, Session]]:
        happening = happening_of(what, at)
        if happening is None:
            return []
        following: list[tuple[Seating, Session]] = []
        for seating in concerned:
            after = happen(seating.session, happening)
            if isinstance(after, NotNow):
                if scope is Scope.ALL:  # a decision for all concerns those whom it can
                    continue
                raise not_now(seating.candidate.name, after)
            following.append((seating, after))
        return following

    def _record(
        self,
        connection: records.Connection,
        draft: Decision,
        act: Envelope | None,
        following: Sequence[tuple[Seating, Session]],
        more: Write | None,
    ) -> tuple[Decision, Envelope]:
        decision = replace(draft, n=records.next_decision(connection))
        envelope = sign_decision(decision, self._box.key)
        records.insert_decision(connection, decision, envelope, act)
        records.append_leaf(connection, Decided(at=decision.at, decision=envelope.digest))
        for seating, session in following:
            row = seating.row(session)
            if isinstance(draft.what, Moved):
                row = replace(row, seat=draft.what.seat)
            records.put_seating(connection, row)
        if more is not None:
            more(connection)
        return decision, envelope
