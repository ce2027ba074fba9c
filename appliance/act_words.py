"""An act in words, as people type it: ``pause candidate=A07 reason=停电``. Pure.

Rules:

1. Seats and candidates go by what a person sees: the label on the desk, the name, the ID
   number. ``all`` is said, never implied.
2. What is left out has a default only where that is harmless: the subject whose turn it is,
   the planned start, the time as the box has it.
3. A field that an act does not have is refused, with those that it has.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from appliance import messages as m
from appliance.console import wording
from appliance.console.messages import Language, Text
from protocol import staff_api as api
from protocol.staff_api import Act, HallStatus, SeatStatus

ALL: Final = "all"
_EVERYBODY: Final = frozenset({ALL, "全部", "全场"})
_YES: Final = frozenset({"yes", "true", "1", "是"})
_NO: Final = frozenset({"no", "false", "0", "否"})
_CANDIDATE_PREFIX: Final = "c-"
_MS_IN_MINUTE: Final = 60_000


class ActWordsError(Exception):
    """Words that make no act; says what was expected, what came, what to do."""

    def __init__(self, text: Text, **values: object) -> None:
        super().__init__(text.say(Language.EN, **values))
        self._text = text
        self._values = values

    def show(self, language: Language) -> str:
        """Return the message in a language."""
        return self._text.say(language, **self._values)


class Words:
    """The fields that were typed, read against the hall as it stands."""

    def __init__(self, act: str, fields: Mapping[str, str], hall: HallStatus) -> None:
        self._act: Final = act
        self._fields: Final = fields
        self._hall: Final = hall

    def text(self, name: str) -> str:
        """Return what must be said in words."""
        found = self._fields.get(name, "").strip()
        if not found:
            raise ActWordsError(m.FIELD_MISSING, act=self._act, field=name, form=form(self._act))
        return found

    def is_yes(self, name: str) -> bool:
        """Return a yes or no; no where nothing was typed."""
        found = _narrow(self._fields.get(name, "no"))
        if found not in _YES | _NO:
            raise ActWordsError(m.NOT_YES_OR_NO, field=name, got=found)
        return found in _YES

    def minutes(self) -> int:
        """Return a number of minutes, one or more, in milliseconds."""
        found = _narrow(self.text("minutes"))
        if not found.isdecimal() or int(found) == 0:
            raise ActWordsError(m.NOT_MINUTES, got=found)
        return int(found) * _MS_IN_MINUTE

    def subject(self) -> str:
        """Return the subject that was named, else the one whose turn it is."""
        turn = self._hall.subject
        named = self._fields.get("subject") or (turn.id if turn is not None else "")
        if not named:
            raise ActWordsError(m.NO_SUBJECT)
        return named

    def start(self) -> int:
        """Return when to start: 0 for the planned moment; ``now``; or a time of day."""
        found = _narrow(self._fields.get("start", ""))
        if found == "now":
            return api.AT_ONCE
        turn = self._hall.subject
        start = self._moment(found) if found else 0
        if turn is not None and not turn.released:
            self._check_to_come(start or turn.opens)
        return start

    def _check_to_come(self, start: int) -> None:
        """Refuse a moment gone by: the start would come at once, and there is no way back."""
        gone = self._hall.hall_time - start
        shown = wording.clock_minutes(start, self._hall.time_zone)
        if gone >= _MS_IN_MINUTE:
            raise ActWordsError(m.PAST_BY_MINUTES, start=shown, ago=gone // _MS_IN_MINUTE)
        if gone > 0:
            raise ActWordsError(m.PAST_BY_SECONDS, start=shown, ago=-(-gone // 1000))

    def correction(self) -> int:
        """Return what the box's clock is off by the time that was typed; 0 for none."""
        found = self._fields.get("time", "")
        return self._moment(found) - self._hall.hall_time if found else 0

    def candidate(self) -> str:
        """Return one candidate."""
        return self._candidate(self.text("candidate"))

    def candidate_or_all(self) -> str | None:
        """Return one candidate, None for everybody."""
        found = self.text("candidate")
        return None if _narrow(found) in _EVERYBODY else self._candidate(found)

    def seat(self) -> str:
        """Return one seat."""
        return self._seat(self.text("seat"))

    def seats(self) -> tuple[str, ...]:
        """Return seats, separated by commas, or all of them."""
        found = self.text("seats")
        if _narrow(found) in _EVERYBODY:
            return tuple(seat.seat for seat in self._hall.seats)
        return tuple(self._seat(each) for each in _narrow(found).split(",") if each.strip())

    def _moment(self, typed: str) -> int:
        found = wording.typed_moment(typed, self._hall.hall_time, self._hall.time_zone)
        if found is None:
            raise ActWordsError(m.NOT_A_TIME, got=typed)
        return found

    def _seat(self, typed: str) -> str:
        found = next((seat.seat for seat in self._hall.seats if _is_seat(typed, seat)), None)
        if found is None:
            labels = ", ".join(seat.label for seat in self._hall.seats)
            raise ActWordsError(m.NO_SUCH_SEAT, got=typed, seats=labels)
        return found

    def _candidate(self, typed: str) -> str:
        found = [
            (seat.label, seat.occupant.candidate)
            for seat in self._hall.seats
            if seat.occupant is not None and _is_who(typed, seat)
        ]
        if len(found) > 1:
            seats = ", ".join(label for label, _ in found)
            raise ActWordsError(m.SEVERAL_CANDIDATES, got=typed, seats=seats)
        if found:
            return found[0][1]
        if typed.startswith(_CANDIDATE_PREFIX):  # not at a seat of this hall: core knows
            return typed
        raise ActWordsError(m.NO_SUCH_CANDIDATE, got=typed)


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _is_seat(typed: str, seat: SeatStatus) -> bool:
    return _narrow(typed) in {_narrow(seat.label), seat.seat}


def _is_who(typed: str, seat: SeatStatus) -> bool:
    who = seat.occupant
    return who is not None and (
        _is_seat(typed, seat)
        or _narrow(typed) in {_narrow(who.name), who.id_number.casefold(), who.candidate}
    )


# --- the acts there are --------------------------------------------------------------------------


class Form(NamedTuple):
    """How one act is typed: its fields, those in brackets with a default, and what it does."""

    fields: tuple[str, ...]
    about: str
    make: Callable[[Words], Act]


_ONE: Final = "candidate"
_WHO: Final = "candidate|all"
_REASON: Final = "reason"

ACTS: Final[dict[str, Form]] = {
    "open-doors": Form(
        ("[time=HH:MM:SS]",),
        "confirm the hall's clock, or correct it; log-in is possible as the rule book says",
        lambda w: api.OpenDoors(correction=w.correction()),
    ),
    "open-pairing": Form(
        ("seats|all", "[replace=yes]"),
        "open a window in which these seats can be paired",
        lambda w: api.OpenPairing(seats=w.seats(), replace=w.is_yes("replace")),
    ),
    "close-pairing": Form((), "close it", lambda _: api.ClosePairing()),
    "unlock": Form(
        ("[subject]",),
        "open the paper's key; the codes are asked for, or given by --code",
        lambda w: api.Unlock(subject=w.subject()),
    ),
    "arm": Form(
        ("[start=now|HH:MM:SS]", "[subject]"),
        "start at the planned moment, at one to come, or now",
        lambda w: api.Arm(subject=w.subject(), start=w.start()),
    ),
    "disarm": Form(
        ("[subject]",),
        "take the start back before it comes",
        lambda w: api.Disarm(subject=w.subject()),
    ),
    "admit": Form(
        (_ONE, _REASON),
        "this is the candidate",
        lambda w: api.DecideIdentity(
            candidate=w.candidate(), accepted=True, reason=w.text(_REASON)
        ),
    ),
    "refuse": Form(
        (_ONE, _REASON),
        "this is not the candidate",
        lambda w: api.DecideIdentity(
            candidate=w.candidate(), accepted=False, reason=w.text(_REASON)
        ),
    ),
    "pause": Form(
        (_WHO, _REASON),
        "let the time stand still",
        lambda w: api.Pause(candidate=w.candidate_or_all(), reason=w.text(_REASON)),
    ),
    "resume": Form(
        (_WHO, _REASON),
        "let it run again",
        lambda w: api.Resume(candidate=w.candidate_or_all(), reason=w.text(_REASON)),
    ),
    "extend": Form(
        (_WHO, "minutes", _REASON),
        "give time",
        lambda w: api.Extend(
            candidate=w.candidate_or_all(), ms=w.minutes(), reason=w.text(_REASON)
        ),
    ),
    "message": Form(
        (_WHO, "text", "[must_confirm=yes]"),
        "tell them; with must_confirm until they say that they have read it",
        lambda w: api.Message(
            candidate=w.candidate_or_all(),
            text=w.text("text"),
            must_confirm=w.is_yes("must_confirm"),
        ),
    ),
    "move": Form(
        (_ONE, "seat", _REASON),
        "let the candidate go on at another seat",
        lambda w: api.Move(candidate=w.candidate(), seat=w.seat(), reason=w.text(_REASON)),
    ),
    "grant-leave": Form(
        (_ONE,),
        "let the candidate leave the seat",
        lambda w: api.GrantLeave(candidate=w.candidate()),
    ),
    "end-leave": Form(
        (_ONE,), "the candidate is back", lambda w: api.EndLeave(candidate=w.candidate())
    ),
    "lower-hand": Form(
        (_ONE,), "the candidate was helped", lambda w: api.LowerHand(candidate=w.candidate())
    ),
    "note-stray": Form(
        (_ONE,),
        "staff have seen the unmerged answers",
        lambda w: api.NoteStray(candidate=w.candidate()),
    ),
    "collect": Form(
        (_WHO, _REASON),
        "take in the paper; no way back",
        lambda w: api.Collect(candidate=w.candidate_or_all(), reason=w.text(_REASON)),
    ),
    "reopen": Form(
        (_ONE, _REASON),
        "take back a hand-in that was made while cut off",
        lambda w: api.Reopen(candidate=w.candidate(), reason=w.text(_REASON)),
    ),
    "void": Form(
        (_ONE, "article", _REASON),
        "the subject does not count for the candidate",
        lambda w: api.Void(
            candidate=w.candidate(), article=w.text("article"), reason=w.text(_REASON)
        ),
    ),
    "mark-absent": Form(
        (_ONE, _REASON),
        "the candidate did not come",
        lambda w: api.MarkAbsent(candidate=w.candidate(), reason=w.text(_REASON)),
    ),
    "close-subject": Form(
        ("[subject]",),
        "close it; everybody must be accounted for",
        lambda w: api.CloseSubject(subject=w.subject()),
    ),
}


def form(name: str) -> str:
    """Return how an act is typed: ``pause candidate=...|all reason=...``."""
    return " ".join([name, *(_shown(field) for field in ACTS[name].fields)])


def _shown(field: str) -> str:
    bare, _, rest = field.partition("|")
    if field.startswith("["):
        return field if "=" in field else f"{field[:-1]}=...]"
    return f"{bare}=...{'|' if rest else ''}{rest}"


def table() -> str:
    """Return every act with its fields and what it does, for a page of help."""
    return "\n".join(f"  {form(name)}\n      {found.about}" for name, found in ACTS.items())


def read_act(name: str, fields: Sequence[str], hall: HallStatus) -> Act:
    """Return the act of a name and NAME=VALUE fields; raise `ActWordsError`."""
    known = _narrow(name).replace("_", "-")
    if known not in ACTS:
        raise ActWordsError(m.NO_SUCH_ACT, got=name, acts=", ".join(ACTS))
    return ACTS[known].make(Words(known, _fields(known, fields), hall))


def _fields(act: str, typed: Sequence[str]) -> dict[str, str]:
    names = {field.strip("[]").partition("=")[0].partition("|")[0] for field in ACTS[act].fields}
    found: dict[str, str] = {}
    for each in typed:
        name, sign, value = each.partition("=")
        if not sign or name not in names or name in found:
            raise ActWordsError(m.NO_SUCH_FIELD, got=each, form=form(act))
        found[name] = value
    return found
