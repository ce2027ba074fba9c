"""The unlock code: three groups of five, each looked at while it is typed."""

from collections.abc import Iterable
from typing import Final

from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from appliance.console import messages as m
from appliance.console import wording
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.base import ActDialog, hidden
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.next_step import CODE_BEFORE_MS
from appliance.console.view import Desk, HallView
from protocol.codes import GROUP, UNLOCK_GROUPS, CodeError, read_group
from protocol.staff_api import ActRefused, HallStatus, SubjectStatus, Unlock

REST_S: Final = 0.15
"""So long nothing is typed before the cursor goes on to the next group."""


class GroupInput(Input):
    """One group; a full one lets the next have the cursor, a whole code is spread over all."""

    def __init__(self, number: int) -> None:
        super().__init__(id=f"group-{number}", compact=True, select_on_focus=False)
        self.cursor_blink = False
        self.number = number
        """From 0, over all codes."""

    @property
    def group(self) -> int:
        """The number of the group within its code, from 1."""
        return self.number % UNLOCK_GROUPS + 1

    def key_backspace(self) -> None:
        """Go back to the group before where this one is empty."""
        if not self.value and self.number:
            self.screen.query_one(f"#group-{self.number - 1}", GroupInput).focus()


class UnlockDialog(ActDialog):
    """Takes one code, or one of each person where the paper asks for two."""

    def __init__(self, desk: Desk, subject: SubjectStatus) -> None:
        super().__init__(desk)
        self._subject = subject
        self._codes = max(1, subject.codes)
        self._rest: Timer | None = None

    def title_text(self) -> str:
        """Return the title."""
        return f"{self.say(d.UNLOCK)} · {self._subject.title}"

    def body(self) -> Iterable[Widget]:
        """Yield a row of groups for each code."""
        early = hidden("early")
        early.add_class("tone-look")
        yield early
        for code in range(self._codes):
            text = self.say(d.UNLOCK_ASK)
            if self._codes > 1:
                text = f"{self.say(d.UNLOCK_ASK_N, n=code + 1)}  {text}"
            yield Static(text, classes="label", markup=False)
            groups = range(code * UNLOCK_GROUPS, (code + 1) * UNLOCK_GROUPS)
            yield Horizontal(*(self._group(number) for number in groups), classes="groups")
        yield Static("", id="wrong", markup=False)

    def _group(self, number: int) -> Widget:
        return Vertical(
            GroupInput(number), Static("", id=f"sign-{number}", markup=False), classes="group"
        )

    def on_mount(self) -> None:
        """Show how the groups stand."""
        self.show_hall(self.desk.view)
        for field in self.query(GroupInput):
            self._sign(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Look at the group, and let the next have the cursor when it is full."""
        field = event.input
        if not isinstance(field, GroupInput):
            return
        typed = _typed_in(field)
        if len(typed) > GROUP:
            self._spread(field.number, typed)
            return
        self._sign(field)
        if all(_is_good(each) for each in self.query(GroupInput)):
            self.trouble("")
        if len(typed) == GROUP and field.has_focus and _is_good(field):
            self._go_on_from(field)

    def _spread(self, first: int, typed: str) -> None:
        """Leave one group's letters there; the rest fills what is open in those after it.

        A whole code, as it is pasted, replaces all that stands there.
        """
        replaces = len(typed) >= UNLOCK_GROUPS * GROUP
        rest = typed
        for field in [field for field in self.query(GroupInput) if field.number >= first]:
            keeps = "" if replaces or field.number == first else _typed_in(field)
            part = rest[: GROUP - len(keeps)]
            rest = rest[len(part) :]
            field.value = keeps + part
            field.cursor_position = len(field.value)
            self._sign(field)

    def _go_on_from(self, field: GroupInput) -> None:
        """Give the next open group the cursor, once the fingers rest.

        Keys wait in the queue of the field that had the cursor when they came: while they
        come fast, all go to one field, and none is overtaken.
        """
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST_S, lambda: self._focus_open(field))

    def _focus_open(self, left: GroupInput) -> None:
        after = [field for field in self.query(GroupInput) if field.number > left.number]
        if not left.has_focus or not after:
            return
        field = next((each for each in after if len(_typed_in(each)) < GROUP), after[-1])
        field.focus()
        field.cursor_position = len(field.value)

    def _sign(self, field: GroupInput) -> None:
        sign = self.query_one(f"#sign-{field.number}", Static)
        if len(_typed_in(field)) < GROUP:
            text, tone = d.UNLOCK_GROUP_OPEN, "calm"
        elif _is_good(field):
            text, tone = d.UNLOCK_GROUP_GOOD, "good"
        else:
            text, tone = d.UNLOCK_GROUP_BAD, "bad"
        sign.update(self.say(text, n=field.group))
        sign.set_classes(f"tone-{tone}")

    def wanted(self) -> Wanted | Problem:
        """Return the act with the codes, or the group to look at again."""
        fields = list(self.query(GroupInput))
        for field in fields:
            if len(_typed_in(field)) < GROUP:
                return Problem(text=self.say(d.UNLOCK_SHORT), field=f"group-{field.number}")
        for field in fields:
            if not _is_good(field):
                return Problem(text=self.say(d.UNLOCK_LOOK), field=f"group-{field.number}")
        groups = [read_group(field.value, field.group) for field in fields]
        codes = tuple(
            "-".join(groups[i : i + UNLOCK_GROUPS]) for i in range(0, len(groups), UNLOCK_GROUPS)
        )
        return Wanted(act=Unlock(subject=self._subject.id), codes=codes)

    def refused(self, refused: ActRefused) -> None:
        """Say it in our words: the codes are right in form, so there is nothing to add."""
        self.trouble(self.say(m.REFUSED[refused.code]))

    def show_hall(self, view: HallView) -> None:
        """Count down what wrong codes cost."""
        if view.hall is None:
            return
        early = self.query_one("#early", Static)
        early.update(self._early(view.hall))
        early.display = bool(self._early(view.hall))
        self.query_one("#wrong", Static).update(self._wrong(view.hall))

    def _early(self, hall: HallStatus) -> str:
        given_out = self._subject.opens - CODE_BEFORE_MS
        if self.desk.now() >= given_out:
            return ""
        return self.say(d.UNLOCK_EARLY, at=wording.clock_minutes(given_out, hall.time_zone))

    def _wrong(self, hall: HallStatus) -> str:
        if not hall.wrong_codes:
            return ""
        left = hall.next_code_at - self.desk.now()
        if left > 0:
            return self.say(d.UNLOCK_WAIT, n=hall.wrong_codes, left=wording.span(left + 999))
        return self.say(d.UNLOCK_WRONG, n=hall.wrong_codes)


def _typed_in(field: GroupInput) -> str:
    return wording.without_separators(field.value)


def _is_good(field: GroupInput) -> bool:
    try:
        read_group(field.value, field.group)
    except CodeError:
        return False
    return True
