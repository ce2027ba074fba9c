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
    """The time stands still."""


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
    """A provisional hand-in was taken back."""


class Collected(_Happening, frozen=True, kw_only=True):
    """The paper was taken in by force."""


class Voided(_Happening, frozen=True, kw_only=True):
    """The subject counts nothing."""


class MissedIt(_Happening, frozen=True, kw_only=True):
    """Not there when the log-in closed."""


Happening = (
    LoggedIn
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
_OPEN: Final = (_S.SEATED, _S.IDENTIFIED, _S.WAITING, _S.ANSWERING, _S.PAUSED, _S.AWAY)
_WRITTEN: Final = (_S.HANDED_IN, _S.HANDED_IN_PROVISIONALLY, _S.COLLECTED)

TABLE: Final[dict[type, dict[State, State]]] = {
    LoggedIn: {_S.EXPECTED: _S.SEATED, **{s: s for s in _OPEN}},
    IdentityAccepted: {_S.SEATED: _S.IDENTIFIED, **{s: s for s in (*_OPEN[1:], *_WRITTEN)}},
    TurnedAway: {**dict.fromkeys(_OPEN, _S.REFUSED), **dict.fromkeys(_WRITTEN, _S.VOIDED)},
    RulesRead: {_S.IDENTIFIED: _S.WAITING, _S.WAITING: _S.WAITING},
    Entered: {_S.WAITING: _S.ANSWERING, _S.ANSWERING: _S.ANSWERING},
    Paused: {_S.ANSWERING: _S.PAUSED, _S.AWAY: _S.PAUSED, _S.PAUSED: _S.PAUSED},
    Resumed: {_S.PAUSED: _S.ANSWERING},
    TimeGiven: {
        **{s: s for s in _OPEN},
        _S.HANDED_IN_PROVISIONALLY: _S.HANDED_IN_PROVISIONALLY,
    },
    WentAway: {_S.ANSWERING: _S.AWAY},
    CameBack: {_S.AWAY: _S.ANSWERING},
    LeftScreen: {_S.ANSWERING: _S.ANSWERING, _S.AWAY: _S.AWAY},
    HandedIn: dict.fromkeys((_S.ANSWERING, _S.AWAY, _S.PAUSED), _S.HANDED_IN),
    Reconciled: {_S.HANDED_IN_PROVISIONALLY: _S.HANDED_IN},
    Reopened: {_S.HANDED_IN_PROVISIONALLY: _S.ANSWERING},
    Collected: dict.fromkeys((*_OPEN, _S.HANDED_IN_PROVISIONALLY), _S.COLLECTED),
    Voided: dict.fromkeys((*_OPEN, *_WRITTEN), _S.VOIDED),
    MissedIt: {_S.EXPECTED: _S.ABSENT},
}
"""For each happening: the states it may find, and the state that follows."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate's subject. Times are hall time in ms, None where it has not come to that."""

    state: State = State.EXPECTED
    entered_at: int | None = None
    given_ms: int = 0
    paused_ms: int = 0
    """Sum of the pauses that have ended."""
    paused_since: int | None = None
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
            return replace(new, entered_at=at if old.entered_at is None else old.entered_at)
        case Paused(at=at):
            return replace(new, paused_since=at if old.paused_since is None else old.paused_since)
        case Resumed(at=at):
            return _resumed(new, at)
        case TimeGiven(ms=ms):
            return replace(new, given_ms=old.given_ms + ms)
        case WentAway(back_by=back_by):
            return replace(new, back_by=back_by)
        case CameBack() | Reopened():
            return replace(new, back_by=None, ended_at=None)
        case LeftScreen():
            return replace(new, leaves=old.leaves + 1)
        case HandedIn(at=at, automatic=automatic, provisional=provisional):
            state = State.HANDED_IN_PROVISIONALLY if provisional else State.HANDED_IN
            return replace(_resumed(new, at), state=state, ended_at=at, automatic=automatic)
        case Collected(at=at) | Voided(at=at) | TurnedAway(at=at) | MissedIt(at=at):
            return replace(_resumed(new, at), ended_at=old.ended_at or at)
        case LoggedIn() | RulesRead() | Reconciled():
            return new


def _resumed(session: Session, at: int) -> Session:
    if session.paused_since is None:
        return session
    lasted = max(0, at - session.paused_since)
    return replace(session, paused_since=None, paused_ms=session.paused_ms + lasted)
