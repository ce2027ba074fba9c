"""Which dialog an action or a task opens."""

from typing import Any, Final

from textual.screen import ModalScreen

from appliance.console import messages as m
from appliance.console import wording
from appliance.console.actions import Action, seat_choices
from appliance.console.dialogs import messages as d
from appliance.console.dialogs.doors import DoorsDialog
from appliance.console.dialogs.form import FormDialog
from appliance.console.dialogs.forms import form_of
from appliance.console.dialogs.identity import IdentityDialog
from appliance.console.dialogs.menu import MenuDialog, PageDialog
from appliance.console.dialogs.pairing import PairingDialog
from appliance.console.dialogs.start import ArmDialog
from appliance.console.dialogs.unlock import UnlockDialog
from appliance.console.messages import Language
from appliance.console.places import label_of
from appliance.console.view import Desk
from protocol.staff_api import HallStatus, SeatStatus, Task, TaskKind

_CHOICES_OF_TASK: Final[dict[TaskKind, tuple[Action, ...]]] = {
    TaskKind.HAND: (Action.LOWER_HAND, Action.MESSAGE),
    TaskKind.STRAY: (Action.NOTE_STRAY, Action.MESSAGE),
    TaskKind.PROVISIONAL: (Action.REOPEN, Action.COLLECT),
}


def dialog_of(desk: Desk, action: Action, seat: SeatStatus | None) -> ModalScreen[Any] | None:
    """Return the dialog of an action, for a seat or for the hall; None where it has gone."""
    hall = desk.view.hall
    if hall is None:
        return None
    match action:
        case Action.OPEN_DOORS:
            return DoorsDialog(desk)
        case Action.PAIR | Action.PAIR_SEAT:
            return PairingDialog(desk, hall, "" if seat is None else seat.seat)
        case Action.UNLOCK:
            return None if hall.subject is None else UnlockDialog(desk, hall.subject)
        case Action.ARM:
            return None if hall.subject is None else ArmDialog(desk, hall, hall.subject)
        case Action.IDENTITY:
            return _identity(desk, hall, seat)
        case _:
            form = form_of(action, desk.view, seat)
            return None if form is None else FormDialog(desk, form)


def _identity(desk: Desk, hall: HallStatus, seat: SeatStatus | None) -> ModalScreen[Any] | None:
    if seat is None or seat.occupant is None:
        return None
    code = next(
        (
            task.text
            for task in hall.tasks
            if task.kind is TaskKind.IDENTITY and task.candidate == seat.occupant.candidate
        ),
        "",
    )
    why = m.REASON_CODE[code].say(desk.view.language) if code in m.REASON_CODE else code
    return IdentityDialog(desk, label_of(hall, seat.seat), seat.occupant, why)


def dialog_of_task(desk: Desk, task: Task) -> ModalScreen[Any] | None:
    """Return the dialog that a task opens; None where the seat's page is the place for it."""
    seat = desk.view.seat_of(task.candidate)
    hall = desk.view.hall
    if hall is None:
        return None
    if task.kind is TaskKind.CLOCK:
        return DoorsDialog(desk)
    if task.kind is TaskKind.IDENTITY and seat is not None:
        return _identity(desk, hall, seat)
    if task.kind in {TaskKind.LOST, TaskKind.ALERT} and seat is not None:
        return None
    return PageDialog(desk, _title(hall, task, desk.view.language), _advice(hall, task, desk))


def menu_of_task(desk: Desk, task: Task, seat: SeatStatus) -> MenuDialog | None:
    """Return the choice that a task leaves to a person; None where it leaves none."""
    hall, wanted = desk.view.hall, _CHOICES_OF_TASK.get(task.kind)
    if hall is None or wanted is None:
        return None
    choices = [choice for choice in seat_choices(hall, seat) if choice.action in wanted]
    tell = task.text or m.TASK_HELP[task.kind].say(desk.view.language)
    return MenuDialog(desk, _title(hall, task, desk.view.language), choices, tell)


def _title(hall: HallStatus, task: Task, language: Language) -> str:
    words = (label_of(hall, task.seat), task.name, m.TASK[task.kind].say(language))
    return " ".join(word for word in words if word)


def _advice(hall: HallStatus, task: Task, desk: Desk) -> str:
    help_text = m.TASK_HELP.get(task.kind)
    lines = [] if help_text is None else [help_text.say(desk.view.language)]
    if task.text:
        is_size = task.kind is TaskKind.DISK and task.text.isdecimal()
        lines.append(wording.size(int(task.text)) if is_size else task.text)
    if task.since:
        lines.append(wording.clock(task.since, hall.time_zone))
    return "\n\n".join(lines)


def help_page(desk: Desk) -> PageDialog:
    """Return the page that explains signs and keys."""
    language = desk.view.language
    return PageDialog(desk, d.HELP.say(language), d.HELP_TEXT.say(language))
