"""The day without a person: performed by itself, told in plain lines.

The phases are the drill's (`drill.day`); what is added is that a newcomer is told what
happens and why, in Chinese or English.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from drill.day import Day, DayPlan, open_day
from drill.demo import messages as m
from drill.demo.messages import Language
from drill.demo.narrator import Narrator
from drill.hall import Hall, HallPlan
from drill.office_store import account_sentences

SEATS: Final = 6
IMPOSTOR: Final = 2
"""The seat, from 0, whose sitter is not its candidate."""
WRITING_S: Final = 24
_CALM_S: Final = 7
"""Before the line is cut; and how long it is gone."""


async def perform(folder: Path, say: Narrator) -> bool:
    """Perform the day; return whether all that was typed is verified, digest for digest."""
    say(m.ALONE)
    say(m.OPENING)
    async with _open(folder) as day:
        say(m.OPEN)
        await _before_the_exam(day, say)
        await _exam(day, say)
        await day.close()
        return await _account(day, say)


@asynccontextmanager
async def _open(folder: Path) -> AsyncIterator[Day]:
    hall = HallPlan(
        folder=folder,
        seats=SEATS,
        minutes=30,
        cameras=SEATS,
        impostors=frozenset({IMPOSTOR}),
    )
    plan = DayPlan(hall=hall, writing_s=WRITING_S, leave_to_the_end=0)
    async with open_day(plan, say=lambda _: None) as day:
        yield day


async def _before_the_exam(day: Day, say: Narrator) -> None:
    await day.wake_up()
    say(m.FOUND, n=SEATS)
    await day.pair()
    say(m.PAIRED, n=SEATS)
    await day.log_in()
    say(m.LOGGED_IN)
    await day.identify()
    for one in day.candidates:
        if one.is_out:
            say(m.IMPOSTOR, seat=one.seated.person.seat, name=one.seated.person.name)
    say(m.ADMITTED, n=sum(not one.is_out for one in day.candidates))
    await day.unlock()
    say(m.UNLOCKED)
    await day.start()
    say(m.STARTED)


async def _exam(day: Day, say: Narrator) -> None:
    say(m.WRITING, seconds=WRITING_S)
    await day.write_during(_cut_the_line(day, say))
    say(m.TYPED, n=_typed(day))
    await day.hand_in()
    receipts = [one.record.receipt for one in day.candidates if one.record.receipt]
    say(m.HANDED_IN, n=len(receipts), receipt=receipts[0] if receipts else "-")
    say(m.CLOSED)


async def _cut_the_line(day: Day, say: Narrator) -> None:
    await asyncio.sleep(_CALM_S)
    before = _typed(day)
    await day.hall.line.cut()
    say(m.CUT)
    await asyncio.sleep(_CALM_S)
    await day.hall.line.restore()
    say(m.RESTORED, n=_typed(day) - before)
    await asyncio.sleep(WRITING_S - 2 * _CALM_S)


def _typed(day: Day) -> int:
    return sum(len(one.record.answers) for one in day.candidates)


async def _account(day: Day, say: Narrator) -> bool:
    """Compare seat by seat, and let the office have the last word."""
    report = await day.account()
    if report.typed == report.verified:
        say(m.SAME, events=report.typed.events, digest=report.typed.digest[:16])
    for mismatch in report.mismatches:
        say(m.NOT_SAME, what=mismatch)
    for sentence in await asyncio.to_thread(office_says, day.hall, say.language):
        say.plain(sentence)
    return report.ok


def office_says(hall: Hall, language: Language) -> list[str]:
    """Return the office's own account of the day, from its store. Blocks."""
    return account_sentences(hall.layout, "zh" if language is Language.ZH else "en")
