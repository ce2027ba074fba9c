"""Forms: acts that need a few fields. What a form asks for and what comes of it, as data. Pure.

`form_of` says for each action which fields there are and which act they make; `FormDialog`
in `appliance.console.dialogs.form` draws any of them.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from appliance.console import accounts
from appliance.console import messages as m
from appliance.console.actions import Action
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.messages import Language, Text
from appliance.console.places import in_order, label_of, labels
from appliance.console.view import HallView
from exam.session import State
from protocol import staff_api as api
from protocol.staff_api import Act, HallStatus, SeatStatus, TaskKind

Values = Mapping[str, str]
Made = Wanted | Problem


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One line to fill in; ``usual`` are entries that a key goes through."""

    id: str
    label: str
    value: str = ""
    usual: tuple[str, ...] = ()
    is_check: bool = False


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """What is said, what is asked for, and what comes of it."""

    title: str
    tell: str
    fields: tuple[Field, ...]
    make: Callable[[Values], Made]


class _Ask(msgspec.Struct, frozen=True, kw_only=True):
    """What the makers of forms are given: whom it concerns, and the hall."""

    hall: HallStatus
    seat: SeatStatus | None
    language: Language

    def say(self, text: Text, /, **values: object) -> str:
        return text.say(self.language, **values)

    @property
    def candidate(self) -> str | None:
        """The candidate at the seat; None for all."""
        if self.seat is None or self.seat.occupant is None:
            return None
        return self.seat.occupant.candidate

    @property
    def one(self) -> str:
        """The candidate, for an act that never concerns all."""
        if self.candidate is None:
            raise ValueError("this act is about one candidate: expected a seat with somebody")
        return self.candidate

    @property
    def who(self) -> str:
        if self.seat is None or self.seat.occupant is None:
            return self.say(d.WHOM_ALL)
        return f"{label_of(self.hall, self.seat.seat)} {self.seat.occupant.name}"


def form_of(action: Action, view: HallView, seat: SeatStatus | None) -> Form | None:
    """Return the form of an action, for the candidate at a seat or (None) for all."""
    maker = _FORMS.get(action)
    if maker is None or view.hall is None:
        return None
    return maker(_Ask(hall=view.hall, seat=seat, language=view.language))


# --- the fields that return ----------------------------------------------------------------------


def _reason(ask: _Ask, usual: Sequence[Text] = d.REASONS) -> Field:
    return Field(
        id="reason", label=ask.say(m.REASON), usual=tuple(text.say(ask.language) for text in usual)
    )


def _with_reason(
    ask: _Ask, title: Text, tell: Text, act: Callable[[str], Act], sure: Text | None = None
) -> Form:
    """Return a form of a reason alone; ``sure``: the act is grave and is asked for again."""
    told = ask.say(tell, who=ask.who)

    def make(values: Values) -> Made:
        if not values["reason"].strip():
            return Problem(text=ask.say(m.REASON_NEEDED), field="reason")
        question = "" if sure is None else f"{told}\n{ask.say(sure)}"
        return Wanted(act=act(values["reason"].strip()), sure=question)

    return Form(title=ask.say(title), tell=told, fields=(_reason(ask),), make=make)


def _without_fields(ask: _Ask, title: Text, tell: str, act: Act, sure: str = "") -> Form:
    return Form(
        title=ask.say(title), tell=tell, fields=(), make=lambda _: Wanted(act=act, sure=sure)
    )


# --- the forms -----------------------------------------------------------------------------------


def _pause(ask: _Ask) -> Form:
    title = d.PAUSE if ask.candidate else d.PAUSE_ALL
    return _with_reason(
        ask, title, d.PAUSE_TELL, lambda why: api.Pause(candidate=ask.candidate, reason=why)
    )


def _resume(ask: _Ask) -> Form:
    title = d.RESUME if ask.candidate else d.RESUME_ALL
    return _with_reason(
        ask, title, d.RESUME_TELL, lambda why: api.Resume(candidate=ask.candidate, reason=why)
    )


def _collect(ask: _Ask) -> Form:
    return _with_reason(
        ask,
        d.COLLECT if ask.candidate else d.COLLECT_ALL,
        d.COLLECT_TELL,
        lambda why: api.Collect(candidate=ask.candidate, reason=why),
        sure=d.CHANGES_NOTHING,
    )


def _absent(ask: _Ask) -> Form:
    return _with_reason(
        ask,
        d.MARK_ABSENT,
        d.ABSENT_TELL,
        lambda why: api.MarkAbsent(candidate=ask.one, reason=why),
        sure=d.CHANGES_NOTHING,
    )


def _reopen(ask: _Ask) -> Form:
    return _with_reason(
        ask, d.REOPEN, d.REOPEN_TELL, lambda why: api.Reopen(candidate=ask.one, reason=why)
    )


def _extend(ask: _Ask) -> Form:
    def make(values: Values) -> Made:
        minutes = whole_number(values["minutes"], 1, _LONGEST_EXTENSION)
        if minutes is None:
            text = ask.say(d.EXTEND_NOT_NUMBER, text=values["minutes"])
            return Problem(text=text, field="minutes")
        if not values["reason"].strip():
            return Problem(text=ask.say(m.REASON_NEEDED), field="reason")
        reason = values["reason"].strip()
        return Wanted(act=api.Extend(candidate=ask.candidate, ms=minutes * 60_000, reason=reason))

    return Form(
        title=ask.say(d.EXTEND if ask.candidate else d.EXTEND_ALL),
        tell=ask.say(d.EXTEND_TELL, who=ask.who),
        fields=(
            Field(id="minutes", label=ask.say(d.EXTEND_MINUTES), usual=("5", "10", "15", "30")),
            _reason(ask),
        ),
        make=make,
    )


_LONGEST_EXTENSION = 240


def _message(ask: _Ask) -> Form:
    def make(values: Values) -> Made:
        text = values["text"].strip()
        if not text:
            return Problem(text=ask.say(d.MESSAGE_EMPTY), field="text")
        must_confirm = values["confirm"] == CHECKED
        return Wanted(
            act=api.Message(candidate=ask.candidate, text=text, must_confirm=must_confirm)
        )

    return Form(
        title=ask.say(d.MESSAGE if ask.candidate else d.MESSAGE_ALL),
        tell=ask.say(d.MESSAGE_TELL, who=ask.who),
        fields=(
            Field(id="text", label=ask.say(d.MESSAGE_TEXT)),
            Field(id="confirm", label=ask.say(d.MESSAGE_CONFIRM), is_check=True),
        ),
        make=make,
    )


CHECKED = "yes"
"""The value of a field with a check in it."""


def _void(ask: _Ask) -> Form:
    told = ask.say(d.VOID_TELL, who=ask.who)

    def make(values: Values) -> Made:
        article, reason = values["article"].strip(), values["reason"].strip()
        if not article:
            return Problem(text=ask.say(d.VOID_NO_ARTICLE), field="article")
        if not reason:
            return Problem(text=ask.say(m.REASON_NEEDED), field="reason")
        return Wanted(
            act=api.Void(candidate=ask.one, article=article, reason=reason),
            sure=f"{told}\n{ask.say(d.CHANGES_NOTHING)}",
        )

    return Form(
        title=ask.say(d.VOID),
        tell=told,
        fields=(Field(id="article", label=ask.say(d.VOID_ARTICLE)), _reason(ask, ())),
        make=make,
    )


def free_seats(hall: HallStatus) -> dict[str, str]:
    """Return the seats that can be moved to, identifier by label: empty ones first.

    A seat whose candidate is absent or was refused is free too.
    """
    seats = in_order(hall.seats)
    empty = [seat for seat in seats if seat.occupant is None]
    left = [
        seat
        for seat in seats
        if seat.occupant is not None and seat.occupant.state in {State.ABSENT, State.REFUSED}
    ]
    called = labels(hall)
    return {called[seat.seat]: seat.seat for seat in (*empty, *left)}


def _move(ask: _Ask) -> Form:
    free = free_seats(ask.hall)

    def make(values: Values) -> Made:
        label, reason = values["seat"].strip(), values["reason"].strip()
        seat = free.get(label)
        if seat is None:
            return Problem(text=ask.say(d.MOVE_NO_SUCH, labels=" ".join(free)), field="seat")
        if not reason:
            return Problem(text=ask.say(m.REASON_NEEDED), field="reason")
        return Wanted(act=api.Move(candidate=ask.one, seat=seat, reason=reason))

    return Form(
        title=ask.say(d.MOVE),
        tell=ask.say(d.MOVE_TELL, who=ask.who),
        fields=(
            Field(
                id="seat",
                label=ask.say(d.MOVE_SEAT),
                value=next(iter(free), ""),
                usual=tuple(free),
            ),
            _reason(ask),
        ),
        make=make,
    )


def _grant_leave(ask: _Ask) -> Form:
    tell = ask.say(d.LEAVE_TELL, who=ask.who)
    return _without_fields(ask, d.GRANT_LEAVE, tell, api.GrantLeave(candidate=ask.one))


def _end_leave(ask: _Ask) -> Form:
    tell = ask.say(d.BACK_TELL, who=ask.who)
    return _without_fields(ask, d.END_LEAVE, tell, api.EndLeave(candidate=ask.one))


def _lower_hand(ask: _Ask) -> Form:
    words = next(
        (
            task.text
            for task in ask.hall.tasks
            if task.kind is TaskKind.HAND and task.candidate == ask.candidate
        ),
        "",
    )
    raised = ask.say(d.HAND_TELL, who=ask.who, text=words or ask.say(d.HAND_NO_WORDS))
    tell = f"{raised}\n\n{ask.say(d.HAND_SURE)}"
    return _without_fields(ask, d.LOWER_HAND, tell, api.LowerHand(candidate=ask.one))


def _note_stray(ask: _Ask) -> Form:
    tell = ask.say(d.STRAY_TELL, who=ask.who)
    return _without_fields(ask, d.NOTE_STRAY, tell, api.NoteStray(candidate=ask.one))


def _close(ask: _Ask) -> Form | None:
    if ask.hall.subject is None:
        return None
    tell = ask.say(d.CLOSE_TELL, account=accounts.account(ask.hall, ask.language))
    act = api.CloseSubject(subject=ask.hall.subject.id)
    return _without_fields(ask, d.CLOSE_SUBJECT, tell, act, sure=ask.say(d.CHANGES_NOTHING))


def _disarm(ask: _Ask) -> Form | None:
    if ask.hall.subject is None:
        return None
    act = api.Disarm(subject=ask.hall.subject.id)
    return _without_fields(ask, d.DISARM, ask.say(d.DISARM_SURE), act)


def whole_number(text: str, least: int, most: int) -> int | None:
    """Return the number that was typed, full-width digits included; None outside the bounds."""
    cleaned = text.strip()
    if not cleaned.isdecimal():
        return None
    number = int(cleaned)
    return number if least <= number <= most else None


_A = Action
_FORMS: dict[Action, Callable[[_Ask], Form | None]] = {
    _A.PAUSE: _pause,
    _A.PAUSE_ALL: _pause,
    _A.RESUME: _resume,
    _A.RESUME_ALL: _resume,
    _A.EXTEND: _extend,
    _A.EXTEND_ALL: _extend,
    _A.MESSAGE: _message,
    _A.MESSAGE_ALL: _message,
    _A.COLLECT: _collect,
    _A.COLLECT_ALL: _collect,
    _A.REOPEN: _reopen,
    _A.VOID: _void,
    _A.MARK_ABSENT: _absent,
    _A.MOVE: _move,
    _A.GRANT_LEAVE: _grant_leave,
    _A.END_LEAVE: _end_leave,
    _A.LOWER_HAND: _lower_hand,
    _A.NOTE_STRAY: _note_stray,
    _A.CLOSE_SUBJECT: _close,
    _A.DISARM: _disarm,
}
