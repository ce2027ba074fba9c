"""The hall's status as lines of text, for ``exam-appliance status``. Pure.

The words are the console's; what is one screen there is one page here.
"""

from collections.abc import Iterator

from appliance import messages as own
from appliance.console import accounts, head, wording
from appliance.console import messages as m
from appliance.console.messages import Language
from appliance.console.places import label_of
from appliance.console.seat_rows import COLUMNS, rows
from protocol.staff_api import HallStatus, Task


def status_lines(hall: HallStatus, language: Language) -> list[str]:
    """Return the whole status."""
    return [
        *_head(hall, language),
        "",
        *_seats(hall, language),
        "",
        *_tasks(hall, language),
        "",
        *_office(hall, language),
    ]


def _head(hall: HallStatus, language: Language) -> Iterator[str]:
    yield f"{hall.title}  {hall.centre}  {hall.appliance}"
    now = wording.day_and_clock(hall.hall_time, hall.time_zone)
    if hall.subject is not None:
        lock = own.UNLOCKED if hall.subject.unlocked else own.LOCKED
        about = f"{head.countdown(hall, language).text}, {lock.say(language)}"
        yield f"{now}  {hall.subject.title}: {about}"
    else:
        yield f"{now}  {m.NEXT_NO_SUBJECT.say(language)}"
    yield "  ".join(cell.text for cell in head.signs(hall, language))
    if hall.pairing.code and hall.pairing.seats:
        seats = ", ".join(label_of(hall, seat) for seat in hall.pairing.seats)
        code = wording.grouped_digits(hall.pairing.code.replace(" ", ""))
        yield own.PAIRING_CODE.say(language, code=code, seats=seats)


def _seats(hall: HallStatus, language: Language) -> Iterator[str]:
    widths = [column.width(language) for column in COLUMNS]
    titles = [column.title.say(language) for column in COLUMNS]
    listed = [[cell.text for cell in row.cells] for row in rows(hall, language)]
    for texts in (titles, *listed):
        fitted = (wording.fitted(text, width) for text, width in zip(texts, widths, strict=True))
        yield " ".join(fitted).rstrip()


def _tasks(hall: HallStatus, language: Language) -> Iterator[str]:
    if not hall.tasks:
        yield m.NO_TASKS.say(language)
        return
    yield m.TASKS.say(language, n=len(hall.tasks))
    for task in hall.tasks:
        yield f"  {_task(hall, task, language)}".rstrip()


def _task(hall: HallStatus, task: Task, language: Language) -> str:
    reason = m.REASON_CODE.get(task.text)
    text = task.text if reason is None else reason.say(language)
    what = m.TASK[task.kind].say(language)
    return "  ".join(part for part in (label_of(hall, task.seat), task.name, what, text) if part)


def _office(hall: HallStatus, language: Language) -> Iterator[str]:
    yield m.OFFICE_TITLE.say(language)
    for lane in hall.lanes:
        name = wording.fitted(accounts.lane_name(lane.lane, language), 12)
        refused = m.LANE_REFUSED.say(language, n=lane.refused) if lane.refused else ""
        yield f"  {name}{accounts.lane_sentence(lane, language)}  {refused}".rstrip()
    if seats := accounts.awaited_seats(hall, language, 60):
        until = wording.clock_minutes(hall.awaited_until, hall.time_zone)
        yield f"  {m.AWAITED.say(language, seats=seats, until=until)}"
    final = accounts.final_sentence(hall, language) or accounts.waiting_sentence(hall, language)
    if final is not None:
        yield final
