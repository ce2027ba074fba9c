"""What every dialog is made of: title, fields, one line for trouble, one for the keys.

A dialog that acts stays open until the act is done or the person leaves it: a refusal is
shown in it, and nothing that was typed is lost. A dialog's result is its type parameter.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final, TypeVar

from textual import work
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from appliance.console import messages as m
from appliance.console.dialogs.wanted import Problem, Wanted
from appliance.console.link import LinkLostError
from appliance.console.messages import Language, Text
from appliance.console.view import Desk, HallView
from appliance.ipc.staff_client import StaffKeyError
from protocol.keys import SigningKey
from protocol.staff_api import ActDone, ActRefusal, ActRefused, StaffAct

R = TypeVar("R")


class Dialog(ModalScreen[R]):
    """A framed box in the middle of the screen."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk: Final = desk
        self.language: Final = desk.view.language
        self._ends_with: list[R | None] = []
        """The result, where it came while another dialog stood above this one."""

    def say(self, text: Text, /, **values: object) -> str:
        """Return a message in the language that the dialog was opened in."""
        return text.say(self.language, **values)

    def compose(self) -> ComposeResult:
        """Draw title, body, trouble, keys."""
        with Vertical(classes="dialog"):
            yield Static(self.title_text(), classes="dialog-title", markup=False)
            with VerticalScroll(classes="dialog-body", can_focus=False):
                yield from self.body()
            yield hidden("problem")
            yield Static(self.keys_text(), id="dialog-keys", markup=False)

    def title_text(self) -> str:
        """Return the title."""
        raise NotImplementedError

    def body(self) -> Iterable[Widget]:
        """Yield what stands between title and keys."""
        return ()

    def keys_text(self) -> str:
        """Return the line that says which keys do what."""
        return self.say(m.KEY_BACK)

    def trouble(self, text: str, tone: str = "bad") -> None:
        """Show a line of trouble, or of progress; nothing where the dialog has gone meanwhile."""
        for line in self.query("#problem").results(Static):
            line.update(text)
            line.set_classes(f"tone-{tone}")
            line.display = bool(text)

    def dismiss(self, result: R | None = None) -> AwaitComplete:
        """End, once: what comes when this dialog has gone takes no other screen away.

        Where another dialog stands above it (the question whether to quit), it ends after that.
        """
        if self.app.screen is self:
            return super().dismiss(result)
        if self in self.app.screen_stack:
            self._ends_with.append(result)
        return AwaitComplete()

    def show_hall(self, view: HallView) -> None:
        """Draw what has changed; most dialogs show nothing that does."""

    def on_screen_suspend(self) -> None:
        """Give way to the dialog above this one: two frames would run into one another."""
        self.query(".dialog").set(visible=False)

    def on_screen_resume(self) -> None:
        """Show this dialog again, or end it where that was only waited for."""
        self.query(".dialog").set(visible=True)
        if self._ends_with:
            self.dismiss(self._ends_with.pop())


class ActDialog(Dialog[ActDone | None]):
    """Asks for what an act needs, and has it carried out."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("enter", "submit", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._unanswered: StaffAct | None = None

    def keys_text(self) -> str:
        """Return the line that says which keys do what."""
        return self.say(m.KEY_HINT)

    def wanted(self) -> Wanted | Problem:
        """Return the act that the fields make, or what is wrong with them."""
        raise NotImplementedError

    def refused(self, refused: ActRefused) -> None:
        """Show why core refused."""
        self.trouble(refusal_text(self, refused))

    def done(self, done: ActDone) -> None:
        """End the dialog; the act is on record."""
        self.dismiss(done)

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Take Enter in a field for the whole dialog's."""
        self.action_submit()

    def action_leave(self) -> None:
        """Leave without acting."""
        self.dismiss(None)

    @work(exclusive=True, group="act")
    async def action_submit(self) -> None:
        """Check, have it confirmed where it is grave, ask core, show what came of it."""
        wanted = self.wanted()
        if isinstance(wanted, Problem):
            self._show(wanted)
            return
        if wanted.sure:
            sure = ConfirmDialog(self.desk, self.title_text(), wanted.sure)
            if not await self.app.push_screen_wait(sure):
                return
        self.trouble(self.say(m.SENDING), "calm")
        await self._ask(wanted)

    async def _ask(self, wanted: Wanted) -> None:
        asked = self._unanswered
        if asked is None or asked.act != wanted.act:
            asked = self.desk.asked(wanted.act)
        if asked is None:
            self.trouble(self.say(m.NOT_SENT))
            return
        self._unanswered = asked
        try:
            reply = await self.desk.ask(asked, wanted.codes)
            if isinstance(reply, ActRefused) and reply.code is ActRefusal.SECOND_PERSON:
                second = SecondDialog(self.desk, self.title_text(), refusal_text(self, reply))
                key = await self.app.push_screen_wait(second)
                if key is not None:
                    reply = await self.desk.ask(asked, wanted.codes, key)
        except LinkLostError:
            self.trouble(self.say(m.NOT_SENT))
            return
        self._unanswered = None
        if isinstance(reply, ActRefused):
            self.refused(reply)
        else:
            self.done(reply)

    def _show(self, problem: Problem) -> None:
        self.trouble(problem.text)
        if problem.field:
            self.query_one(f"#{problem.field}").focus()


def refusal_text(dialog: Dialog[R], refused: ActRefused) -> str:
    """Return a refusal in our words, then in core's own."""
    detail = refused.text_zh if dialog.language is Language.ZH else ""
    return f"{dialog.say(m.REFUSED[refused.code])}\n{detail or refused.text}"


class ConfirmDialog(Dialog[bool]):
    """Two choices; the harmless one is under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n,N", "answer(False)", show=False),
        Binding("y,Y", "answer(True)", show=False),
    ]

    def __init__(self, desk: Desk, title: str, question: str, yes: Text = m.YES) -> None:
        super().__init__(desk)
        self._title = title
        self._question = question
        self._yes = yes

    def title_text(self) -> str:
        """Return the title of the dialog that asks."""
        return self._title

    def body(self) -> Iterable[Widget]:
        """Yield the question and the two answers."""
        yield Static(self._question, classes="question", markup=False)
        yield OptionList(
            Option(f"N  {self.say(m.NO)}", id="no"),
            Option(f"Y  {self.say(self._yes)}", id="yes"),
            compact=True,
        )

    def keys_text(self) -> str:
        """Return the keys."""
        return self.say(m.KEY_CHOOSE)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Answer with the entry under the cursor."""
        self.dismiss(event.option.id == "yes")

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 - textual's actions
        """Answer by key."""
        self.dismiss(answer)


class SecondDialog(Dialog[SigningKey | None]):
    """A second person signs at this console: their name, and the passphrase of their key."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("enter", "sign", show=False),
    ]

    def __init__(self, desk: Desk, title: str, why: str) -> None:
        super().__init__(desk)
        self._title = title
        self._why = why
        staff = {} if desk.view.hall is None else desk.view.hall.staff
        self._others = {name: one for one, name in staff.items() if one != desk.staff}

    def title_text(self) -> str:
        """Return the title of the act."""
        return self._title

    def body(self) -> Iterable[Widget]:
        """Yield why, the name, the passphrase."""
        yield Static(self._why, classes="tell", markup=False)
        names = tuple(self._others)
        name = CyclingInput(names[0] if names else "", names, name="second")
        yield from labelled(self.say(m.SECOND_NAME), name)
        yield from labelled(
            self.say(m.SECOND_PASSPHRASE), Input(password=True, id="passphrase", compact=True)
        )

    def keys_text(self) -> str:
        """Return the keys."""
        return self.say(m.KEY_HINT)

    def on_mount(self) -> None:
        """Begin with the passphrase where there is but one other person."""
        if len(self._others) == 1:
            self.query_one("#passphrase").focus()

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Take Enter in a field for the whole dialog's."""
        self.action_sign()

    def action_leave(self) -> None:
        """Leave without a second signature."""
        self.dismiss(None)

    @work(exclusive=True, group="second")
    async def action_sign(self) -> None:
        """Open the key; a wrong passphrase is said, and can be typed again."""
        typed = self.query_one("#second", CyclingInput).value.strip()
        passphrase = self.query_one("#passphrase", Input).value
        try:
            key = await self.desk.second_key(self._others.get(typed, typed), passphrase)
        except (StaffKeyError, OSError):
            self.trouble(self.say(m.SECOND_WRONG, name=typed))
            return
        self.dismiss(key)


class CyclingInput(Input):
    """A field with usual entries that Down and Up go through.

    A number that stands there is a proposal: what is typed takes its place.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cycle(1)", show=False),
        Binding("up", "cycle(-1)", show=False),
    ]

    def __init__(self, value: str, usual: Sequence[str], *, name: str) -> None:
        super().__init__(value, id=name, compact=True, select_on_focus=value.isdecimal())
        self.cursor_blink = False
        self._usual = tuple(usual)

    def action_cycle(self, by: int) -> None:
        """Put the next usual entry into the field; what was typed becomes one of them."""
        if not self._usual:
            return
        if self.value and self.value not in self._usual:
            self._usual = (self.value, *self._usual)
        place = self._usual.index(self.value) + by if self.value in self._usual else min(by, 0)
        self.value = self._usual[place % len(self._usual)]
        self.cursor_position = len(self.value)


def hidden(name: str) -> Static:
    """Return a line that is not there until it has something to say."""
    line = Static("", id=name, markup=False)
    line.display = False
    return line


def labelled(label: str, field: Widget) -> Iterable[Widget]:
    """Yield a field under its label."""
    yield Static(label, classes="label", markup=False)
    yield field
