"""A hall set up by hand, rehearsed: sample data for an office, and a candidate at one seat.

``exam-drill sample`` writes what an office is given (plan, roster, photos, papers) and films
for seats without a camera. ``exam-drill sit`` is the sample candidate of one seat, at the page
of an ``exam-terminal`` on this machine. Everything between is done by people, as on the day.
"""

import argparse
import asyncio
import datetime as dt
import shutil
from pathlib import Path
from typing import Any, Final

from drill import cast
from drill.candidate import Candidate
from drill.errors import DrillError, PageError
from drill.hall import Seated
from drill.page import SeatPage
from drill.sample_sitting import DRILL_RULES, Person, people, plan_toml, seat_labels, write_sample
from drill.waiting import until
from runtime.tasks import Tasks
from terminal_agent.view import Screen

MOST_SEATS: Final = 600
FILMS: Final = "films"
PATIENT_S: Final = 6 * 3600.0
"""A rehearsed candidate waits for people."""
PAGE_S: Final = 10.0
"""Within this a seat that is being started has written its page file."""
MOST_TRIES: Final = 50
"""So often, a tenth of a second apart at least, a page is tried that does not open."""
ENDED: Final = (Screen.HANDED_IN, Screen.COLLECTED, Screen.VOIDED, Screen.REFUSED, Screen.ENDED)

Options = argparse.Namespace


def add_to(parsers: Any) -> None:
    """Add the two commands to ``exam-drill``."""
    sample = parsers.add_parser(
        "sample",
        help="write a sample sitting's plan, roster and papers",
        description="Write a sample sitting's plan, roster and papers. The first time needs a line "
        "to the package index: the sample faces are fetched from it, once.",
    )
    sample.add_argument("folder", type=Path, help="a new folder")
    sample.add_argument("--seats", type=int, default=5)
    sample.add_argument("--opens-in", type=int, default=10, metavar="MINUTES")
    sample.add_argument("--minutes", type=int, default=120, help="the candidates' own time")
    sample.add_argument(
        "--rules", default=DRILL_RULES, help="rule book (%(default)s: ksj, with hand-in at once)"
    )
    sample.set_defaults(run=write)

    sit = parsers.add_parser("sit", help="be the sample candidate at a seat of this machine")
    sit.add_argument("page", type=Path, help="the file that exam-terminal --address-file wrote")
    sit.add_argument("--seat", required=True, help="its label, such as A01")
    sit.add_argument("--pair", metavar="CODE", help="the nine digits, where it is not paired yet")
    sit.add_argument("--seconds", type=float, default=60.0, help="how long to write")
    sit.add_argument("--no-consent", action="store_true", help="refuse the comparison of faces")
    sit.set_defaults(run=sit_down)


def write(options: Options) -> int:
    """Write a sample sitting into a folder."""
    if not 1 <= options.seats <= MOST_SEATS:
        raise DrillError(f"--seats: expected 1 to {MOST_SEATS}, got {options.seats}")
    opens = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=options.opens_in)
    plan = plan_toml(
        seats=seat_labels(options.seats),
        opens=opens.replace(second=0, microsecond=0),
        minutes=options.minutes,
        rule_book=options.rules,
    )
    roles = cast.cast(options.seats)
    persons = people(options.seats)
    write_sample(options.folder, persons, [cast.roster_photo(role) for role in roles], plan)
    films = options.folder / FILMS
    films.mkdir(exist_ok=True)
    for person, role in zip(persons, roles, strict=True):
        shutil.copy(cast.clip(role), films / f"{person.seat.lower()}.avi")
    print(f"{options.folder}: plan.toml, roster, photos, papers and films of {options.seats} seats")
    return 0


def sit_down(options: Options) -> int:
    """Go the whole way of one candidate; print the receipt."""
    asyncio.run(_sit(options, _person(options.seat)))
    return 0


def _person(label: str) -> Person:
    wanted = label.strip().upper()
    found = next((person for person in people(MOST_SEATS) if person.seat == wanted), None)
    if found is None:
        raise DrillError(
            f"--seat: expected a label of the sample sitting, such as A01; got {label}"
        )
    return found


async def _sit(options: Options, person: Person) -> None:
    seat = person.seat.lower()
    file: Path = options.page
    await until(file.exists, f"a page file at {file}; is exam-terminal running?", PAGE_S)
    face = cast.cast(1)[0]
    seated = Seated(seat=seat, person=person, role=face, camera=None)
    async with SeatPage(seat, options.page, patience_s=PATIENT_S) as page, Tasks("sit") as tasks:
        tasks.start("page", page.run())
        await until(lambda: page.view is not None or page.failed >= MOST_TRIES, "a page", PATIENT_S)
        if page.view is None:
            raise PageError(_stale(file))
        candidate = Candidate(seated, page, seed=seat)
        await _go(candidate, options)


def _stale(file: Path) -> str:
    return (
        f"the page whose address stands in {file} does not open; the file is of an earlier run, or "
        "exam-terminal has ended: start it, or name the file that it writes"
    )


async def _go(candidate: Candidate, options: Options) -> None:
    view = await candidate.page.screen(*set(Screen) - {Screen.SEARCHING})
    if view.screen is Screen.PAIRING:
        if options.pair is None:
            raise PageError(f"seat {options.seat} asks to be paired: say --pair CODE")
        await candidate.pair(options.pair)
    await candidate.log_in(consents=not options.no_consent)
    _say(candidate, "logged in")
    await candidate.show_face()
    await candidate.read_rules()
    _say(candidate, "waits for the start")
    await _write(candidate, float(options.seconds))
    await candidate.hand_in()
    await candidate.take_receipt(PATIENT_S)
    record = candidate.record
    if record.problems:
        raise DrillError("; ".join(record.problems))
    _say(candidate, f"{record.ending}, {len(record.answers)} answers, receipt {record.receipt}")


async def _write(candidate: Candidate, seconds: float) -> None:
    """Write for so long from the moment at which the paper lies open."""
    await candidate.page.screen(Screen.ANSWERING, *ENDED)
    enough = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, enough.set)
    await candidate.write(enough)


def _say(candidate: Candidate, text: str) -> None:
    print(f"{candidate.seated.person.seat} {candidate.seated.person.name}: {text}", flush=True)
