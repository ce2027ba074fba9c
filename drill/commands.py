"""What each ``exam-drill`` command does. The thin `cli` names them."""

import argparse
import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from drill import report as reports
from drill.day import DayPlan, Say, open_day
from drill.errors import DrillError
from drill.faces import SampleFaceError
from drill.hall import HallPlan
from drill.report import Answers, Report
from drill.small_disk import small_disk
from drill.storm import Storm
from protocol.errors import ProtocolError
from runtime import logs
from runtime.errors import MachineryError
from runtime.files import make_folder

Options = argparse.Namespace
COMMAND_ERRORS: Final = (DrillError, SampleFaceError, ProtocolError, MachineryError, OSError)
MOST_CAMERAS: Final = 20
DISK_MB, SEAT_MB = 160, 16
"""The small disk that chaos fills; what a day without cameras needs is far less."""


def day(options: Options) -> int:
    """Perform a day; return 0 only when all that was typed is verified, digest for digest."""
    with _folder(options.folder) as folder:
        plan = _plan(options, folder)
        report = asyncio.run(_day(plan, _say_from(time.monotonic())))
    if options.report is not None:
        reports.write(report, options.report)
    for line in summary(report):
        print(line)
    return 0 if report.ok else 1


def _plan(options: Options, folder: Path) -> DayPlan:
    seats = options.seats
    cameras = min(seats, MOST_CAMERAS) if options.cameras is None else min(seats, options.cameras)
    if not 0 <= options.impostors <= cameras:
        raise DrillError(
            f"--impostors: expected 0 to {cameras}, the seats with a camera; "
            f"got {options.impostors}"
        )
    return DayPlan(
        hall=HallPlan(
            folder=folder,
            seats=seats,
            minutes=options.minutes,
            cameras=cameras,
            impostors=frozenset(range(options.impostors)),
        ),
        seed=options.seed,
        cut_line=options.cut_line,
    )


async def _day(plan: DayPlan, say: Say) -> Report:
    async with open_day(plan, say) as performed:
        return await performed.perform()


def chaos(options: Options) -> int:
    """Perform a day in which everything goes wrong; return 0 only when nothing was lost."""
    seed = options.seed or str(random.SystemRandom().randrange(1_000_000))
    say = _say_from(time.monotonic())
    say(f"seed {seed}; the same again: exam-drill chaos --seed {seed} --seats {options.seats}")
    with contextlib.ExitStack() as stack:
        disk = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="examhall-")))
        has_small_disk = stack.enter_context(small_disk(disk, DISK_MB + options.seats * SEAT_MB))
        if not has_small_disk:
            say("the disk is not filled: only root may mount a small one")
        folder = stack.enter_context(_folder(disk / "hall"))
        report, done = asyncio.run(_chaos(options, seed, folder, say))
        if not report.ok:
            kept = Path(tempfile.mkdtemp(prefix="examhall-chaos-"))
            shutil.copytree(folder / "logs", kept / "logs")
            say(f"the programs' logs are kept in {kept}")
    if options.report is not None:
        reports.write(report, options.report)
    print("faults           " + ", ".join(f"{n} x {name}" for name, n in sorted(done.items())))
    for line in summary(report):
        print(line)
    return 0 if report.ok else 1


async def _chaos(
    options: Options, seed: str, folder: Path, say: Say
) -> tuple[Report, Mapping[str, int]]:
    seconds = options.minutes * 60
    minutes = max(10, round(2 * options.minutes) + 5)
    hall = HallPlan(folder=folder, seats=options.seats, minutes=minutes, apart=True)
    plan = DayPlan(
        hall=hall, seed=seed, pause_s=0.4, leave_to_the_end=0, asked_minutes=options.minutes
    )
    async with open_day(plan, say) as day:
        for phase in (day.wake_up, day.pair, day.log_in, day.identify, day.unlock, day.start):
            await day.timed(phase)
        fills = folder.parent.is_mount()
        storm = Storm(
            day.hall, seed=seed, seconds=seconds, say=say, cut=day.line_cut, small_disk=fills
        )
        await day.noted("write", day.write_during(storm.run()))
        for phase in (day.hand_in, day.close):
            await day.timed(phase)
        return await day.account(storm.faults), storm.done


def summary(report: Report) -> list[str]:
    """Return the report in a few lines for a person."""
    save, back = report.save_to_disk_ms, report.save_to_acknowledgement_ms
    lines = [
        f"typed            {_in_words(report.typed)}",
        f"verified         {_in_words(report.verified)}",
        f"saved on disk    p50 {save.p50} ms, p95 {save.p95}, p99 {save.p99}, max {save.max}",
        f"acknowledged     p50 {back.p50} ms, p95 {back.p95}, p99 {back.p99}, max {back.max}",
        f"paper key spread {report.release.spread_ms} ms over {report.release.seats} seats",
        f"faces            {report.face_checks} checks, {report.dlib}",
    ]
    lines += [f"not done: {text}" for text in report.skipped]
    lines += [f"MISMATCH {text}" for text in report.mismatches]
    return [*lines, "all that was typed is verified" if report.ok else "NOT ALL IS VERIFIED"]


def _in_words(answers: Answers) -> str:
    return f"{answers.events} answers, {answers.standing} stand, digest {answers.digest[:16]}"


@contextlib.contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Give the hall's folder, one for this run where none is wanted; log into it."""
    with contextlib.ExitStack() as stack:
        if wanted is None:
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="examhall-"))
            folder = Path(made)
        else:
            folder = wanted.absolute()
            if folder.exists() and any(folder.iterdir()):
                raise DrillError(f"--folder: expected a new or empty folder; {folder} is not")
        make_folder(folder / "logs")
        logs.setup("drill", stream=stack.enter_context((folder / "logs" / "drill.log").open("a")))
        yield folder


def _say_from(began: float) -> Say:
    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)

    return say
