"""The session table: what may happen to a candidate's subject, and what follows.

One table, `TABLE`, holds every transition; what is not in it is refused. The box and
the seat use the same functions on the same happenings, so they agree. The picture in
``docs/sessions.md`` is made from the table::

    happen(Session(), LoggedIn(at=0))     -> Session(state=State.SEATED)
    happen(Session(), HandedIn(at=0, ...)) -> NotNow(state=State.EXPECTED, ...)
"""

from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace


class State(StrEnum):
    """Where a candidate stands in one subject."""

    EXPECTED = "expected"
    SEATED = "seated"
    IDENTIFIED = "identified"
    WAITING = "waiting"
    ANSWERING = "answering"
    PAUSED = "paused"
    AWAY = "away"
    HANDED_IN = "handed_in"
    HANDED_IN_PROVISIONALLY = "handed_in_provisionally"
    COLLECTED = "collected"
    VOIDED = "voided"
    REFUSED = "refused"
    ABSENT = "absent"


ENDED: Final = frozenset(
    {State.HANDED_IN, State.COLLECTED, State.VOIDED, State.REFUSED, State.ABSENT}
)
"""Accounted for: nothing more is expected of the candidate."""

WRITING: Final = frozenset({State.ANSWERING, State.AWAY})
"""The candidate's time runs."""


class _Happening(msgspec.Struct, frozen=True, kw_only=True):
    at: int
    """Hall time in ms."""


class LoggedIn(_Happening, frozen=True, kw_only=True):
    """A grant was given; again after a crash or at another seat."""


class Moved(_Happening, frozen=True, kw_only=True):
    """The candidate goes on, or begins, at another seat."""


class IdentityAccepted(_Happening, frozen=True, kw_only=True):
    """The face was the candidate's, or a person said so; ``withheld``: the result waits."""

    withheld: bool = False


class TurnedAway(_Happening, frozen=True, kw_only=True):
    """A person said that this is not the candidate."""


class RulesRead(_Happening, frozen=True, kw_only=True):
    """The rules were confirmed."""


class Entered(_Happening, frozen=True, kw_only=True):
    """The paper lies open before the candidate."""


class Paused(_Happening, frozen=True, kw_only=True):
    """The time stands still; whoever has not entered yet will find it so."""


class Resumed(_Happening, frozen=True, kw_only=True):
    """The time runs again."""


class TimeGiven(_Happening, frozen=True, kw_only=True):
    """``ms`` more, on somebody's word."""

    ms: int


class WentAway(_Happening, frozen=True, kw_only=True):
    """The candidate left the seat with leave until ``back_by``."""

    back_by: int


class CameBack(_Happening, frozen=True, kw_only=True):
    """The candidate sits again."""


class LeftScreen(_Happening, frozen=True, kw_only=True):
    """The exam's screen was left longer than the rule book's grace."""


class HandedIn(_Happening, frozen=True, kw_only=True):
    """The candidate, or the end of the own time, handed in."""

    automatic: bool
    provisional: bool


class Reconciled(_Happening, frozen=True, kw_only=True):
    """A provisional hand-in reached the box, and no time had been given meanwhile."""


class Reopened(_Happening, frozen=True, kw_only=True):
    """A provisional hand-in was taken back; the time since it is given back."""


class Collected(_Happening, frozen=True, kw_only=True):
    """The paper was taken in by force."""


class Voided(_Happening, frozen=True, kw_only=True):
    """The subject counts nothing."""


class MissedIt(_Happening, frozen=True, kw_only=True):
    """Not there when the log-in closed."""


Happening = (
    LoggedIn
    | Moved
    | IdentityAccepted
    | TurnedAway
    | RulesRead
    | Entered
    | Paused
    | Resumed
    | TimeGiven
    | WentAway
    | CameBack
    | LeftScreen
    | HandedIn
    | Reconciled
    | Reopened
    | Collected
    | Voided
    | MissedIt
)

_S: Final = State
_BEFORE: Final = (_S.EXPECTED, _S.SEATED, _S.IDENTIFIED, _S.WAITING)
_OPEN: Final = (*_BEFORE[1:], _S.ANSWERING, _S.PAUSED, _S.AWAY)
_WRITTEN: Final = (_S.HANDED_IN, _S.HANDED_IN_PROVISIONALLY, _S.COLLECTED)
_HELD: Final = (*_BEFORE, _S.HANDED_IN_PROVISIONALLY)
"""No time runs here, but a pause is remembered: who writes next is paused at once."""

TABLE: Final[dict[type, dict[State, State]]] = {
    LoggedIn: {_S.EXPECTED: _S.SEATED, **{s: s for s in _OPEN}},
    Moved: {s: s for s in (_S.EXPECTED, *_OPEN)},
    IdentityAccepted: {_S.SEATED: _S.IDENTIFIED, **{s: s for s in (*_OPEN[1:], *_WRITTEN)}},
    TurnedAway: {**dict.fromkeys(_OPEN, _S.REFUSED), **dict.fromkeys(_WRITTEN, _S.VOIDED)},
    RulesRead: {_S.IDENTIFIED: _S.WAITING, _S.WAITING: _S.WAITING},
    Entered: {_S.WAITING: _S.ANSWERING, _S.ANSWERING: _S.ANSWERING},
    Paused: {
        **dict.fromkeys((_S.ANSWERING, _S.AWAY, _S.PAUSED), _S.PAUSED),
        **{s: s for s in _HELD},
    },
    Resumed: {_S.PAUSED: _S.ANSWERING, **{s: s for s in _HELD}},
    TimeGiven: {
        **{s: s for s in _OPEN},
        _S.HANDED_IN_PROVISIONALLY: _S.HANDED_IN_PROVISIONALLY,
    },
    WentAway: {_S.ANSWERING: _S.AWAY},
    CameBack: {_S.AWAY: _S.ANSWERING, _S.PAUSED: _S.PAUSED},
    LeftScreen: {_S.ANSWERING: _S.ANSWERING, _S.AWAY: _S.AWAY},
    HandedIn: dict.fromkeys((_S.ANSWERING, _S.AWAY, _S.PAUSED), _S.HANDED_IN),
    Reconciled: {_S.HANDED_IN_PROVISIONALLY: _S.HANDED_IN},
    Reopened: {_S.HANDED_IN_PROVISIONALLY: _S.ANSWERING},
    Collected: dict.fromkeys((*_OPEN, _S.HANDED_IN_PROVISIONALLY), _S.COLLECTED),
    Voided: dict.fromkeys((*_OPEN, *_WRITTEN), _S.VOIDED),
    MissedIt: {_S.EXPECTED: _S.ABSENT},
}
"""For each happening: the states it may find, and the state that follows.

Three rows say more than the table can: a hand-in that is provisional leads to that state;
what leads to writing leads to `PAUSED` while a pause lasts; and a pause that ends leads
back to `AWAY` whoever was away with leave.
"""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate's subject. Times are hall time in ms, None where it has not come to that."""

    state: State = State.EXPECTED
    entered_at: int | None = None
    given_ms: int = 0
    stood_still: tuple[tuple[int, int], ...] = ()
    """From when to when: the pauses that have ended, and what a reopening gave back."""
    paused_since: int | None = None
    """Since when the time stands still; before the entry: since when it would."""
    leaves: int = 0
    back_by: int | None = None
    withheld: bool = False
    ended_at: int | None = None
    automatic: bool = False


class NotNow(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot happen in this state, and the states in which it could."""

    state: State
    happening: str
    possible_in: tuple[State, ...]

    def __str__(self) -> str:
        wanted = ", ".join(self.possible_in)
        return f"{self.happening}: possible when {wanted}; the session is {self.state}"


def happen(session: Session, happening: Happening) -> Session | NotNow:
    """Return the session after the happening, or why it cannot be."""
    row = TABLE[type(happening)]
    following = row.get(session.state)
    if following is None:
        return NotNow(
            state=session.state, happening=type(happening).__name__, possible_in=tuple(row)
        )
    return _noted(replace(session, state=following), session, happening)


def _noted(  # noqa: C901 - one line a happening is easier to read than a second table
    new: Session, old: Session, happening: Happening
) -> Session:
    """Return ``new`` with what the happening adds beside the state."""
    match happening:
        case IdentityAccepted(withheld=withheld):
            return replace(new, withheld=withheld)
        case Entered(at=at):
            entered = at if old.entered_at is None else old.entered_at
            return _held(replace(new, entered_at=entered))
        case Paused(at=at):
            return replace(new, paused_since=at if old.paused_since is None else old.paused_since)
        case Resumed(at=at):
            return _resumed(new, old, at)
        case TimeGiven(ms=ms):
            return replace(new, given_ms=old.given_ms + ms)
        case WentAway(back_by=back_by):
            return replace(new, back_by=back_by)
        case CameBack():
            return replace(new, back_by=None)
        case Reopened(at=at):
            return _reopened(new, old, at)
        case LeftScreen():
            return replace(new, leaves=old.leaves + 1)
        case HandedIn(at=at, automatic=automatic, provisional=provisional):
            ended = replace(new, ended_at=at, automatic=automatic, back_by=None)
            if provisional:  # a pause goes on: whoever handed in had not heard of it
                return replace(ended, state=State.HANDED_IN_PROVISIONALLY)
            return replace(ended, paused_since=None)
        case Reconciled():
            return replace(new, paused_since=None)
        case Collected(at=at) | Voided(at=at) | TurnedAway(at=at) | MissedIt(at=at):
            ended = replace(_closed(new, at), ended_at=old.ended_at or at, back_by=None)
            # Who is turned away has been decided about: nothing waits for it any more.
            return replace(ended, withheld=old.withheld and not isinstance(happening, TurnedAway))
        case LoggedIn() | Moved() | RulesRead():
            return new


def _held(session: Session) -> Session:
    """Return who begins or goes on writing: paused, while a pause lasts."""
    return session if session.paused_since is None else replace(session, state=State.PAUSED)


def _closed(session: Session, at: int) -> Session:
    """Return the session without an open pause, which is noted with its end."""
    if session.paused_since is None:
        return session
    pause = (session.paused_since, max(at, session.paused_since))
    return replace(session, paused_since=None, stood_still=(*session.stood_still, pause))


def _resumed(new: Session, old: Session, at: int) -> Session:
    """Return the session after a pause; a leave that it interrupted goes on by as much longer."""
    after = _closed(new, at)
    if old.state is not State.PAUSED or old.back_by is None or old.paused_since is None:
        return after
    lasted = max(0, at - old.paused_since)
    return replace(after, state=State.AWAY, back_by=old.back_by + lasted)


def _reopened(new: Session, old: Session, at: int) -> Session:
    """Return who writes again; the time since the hand-in is given back."""
    since = at if old.ended_at is None else old.ended_at
    given_back = (*old.stood_still, (since, max(at, since)))
    return _held(replace(new, stood_still=given_back, ended_at=None, automatic=False))


def stood_still_ms(session: Session, since: int, now: int) -> int:
    """Return how long (ms) the time has stood still after ``since``; what overlaps counts once.

    It is the same in whatever order box and seat have heard of pauses, entry and hand-in.
    """
    spans = list(session.stood_still)
    if session.paused_since is not None:
        spans.append((session.paused_since, max(now, session.paused_since)))
    total, reached = 0, since
    for begins, ends in sorted(spans):
        total += max(0, ends - max(begins, reached))
        reached = max(reached, ends)
    return total
