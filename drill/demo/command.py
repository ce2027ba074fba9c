"""``exam-drill demo``: opens the hall, for the person at this terminal or by itself."""

import argparse
import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from drill.demo import messages as m
from drill.demo.alone import perform
from drill.demo.messages import Language, language_of
from drill.demo.narrator import Narrator
from drill.demo.place import box_address, last_errors, place
from drill.errors import ActRefusedError, DrillError, NotInTimeError, PageError
from drill.faces import SampleFaceError
from protocol.errors import ProtocolError
from protocol.fault_words import say_fault
from runtime.errors import MachineryError

Options = argparse.Namespace
_ERRORS: Final = (DrillError, SampleFaceError, ProtocolError, MachineryError, OSError)
_ENDS: Final = (signal.SIGINT, signal.SIGTERM)
"""SIGHUP kills, and the guard ends all: a console whose terminal is gone blocks as it draws."""
LEFT_EARLY: Final = 3
"""Exit code where the person closed the console before the day had come to its end."""
STOPPED: Final = 130
"""Exit code after Ctrl+C or a signal, as shells have it."""


def demo(options: Options) -> int:
    """Run the demo; return 0 where the day came to its end, all received and verified."""
    language = Language(options.language) if options.language else language_of()
    say = Narrator(language, _lines(time.monotonic()))
    with place(keep=options.keep) as folder:
        code = _run(
            _with_person(folder, say, options) if _is_terminal() else _alone(folder, say),
            say,
            folder,
            kept=options.keep is not None,
        )
    if options.keep is not None:
        say(m.KEPT, folder=folder)
    elif code in (0, LEFT_EARLY):
        say(m.ENDED)
    return code


def _is_terminal() -> bool:
    """Say whether there is a person: the console reads from one end and draws on the other."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def _with_person(folder: Path, say: Narrator, options: Options) -> int:
    # Textual asks the terminal as it is imported.
    from drill.demo.with_person import sit  # noqa: PLC0415

    return 0 if await sit(folder, say, camera=options.camera) else LEFT_EARLY


async def _alone(folder: Path, say: Narrator) -> int:
    return 0 if await perform(folder, say) else 1


def _run(day: Coroutine[Any, Any, int], say: Narrator, folder: Path, *, kept: bool) -> int:
    try:
        return asyncio.run(_until_told(day, say))
    except asyncio.CancelledError:
        say(m.STOPPED)
        return STOPPED
    except _ERRORS as error:
        _tell_failure(folder, say, in_words(error, say.language), kept=kept)
    except ExceptionGroup as group:
        if group.split(_ERRORS)[1] is not None:
            raise
        _tell_failure(folder, say, in_words(group, say.language), kept=kept)
    return 1


def _tell_failure(folder: Path, say: Narrator, error: str, *, kept: bool) -> None:
    lines = last_errors(folder) or [m.NO_ERRORS.say(say.language)]
    keep = (m.KEPT if kept else m.KEEP_NEXT_TIME).say(say.language, folder=folder)
    say(m.FAILED, error=error, logs="\n".join(lines), box=box_address(folder), keep=keep)


async def _until_told(coroutine: Coroutine[Any, Any, int], say: Narrator) -> int:
    """Run to the end, or until a signal cancels it: then all is taken down in its order.

    Further signals change nothing: programs that do not end in time are killed anyway.
    """
    task = asyncio.current_task()
    assert task is not None

    def end() -> None:
        if not task.cancelling():
            task.cancel()
            say(m.ENDING)  # at once: taking all down takes seconds

    for told in _ENDS:
        asyncio.get_running_loop().add_signal_handler(told, end)
    return await coroutine


def in_words(error: Exception, language: m.Language) -> str:
    """Return why the demo could not be completed, in the person's language."""
    match error:
        case ExceptionGroup():
            return "; ".join(in_words(each, language) for each in error.exceptions)
        case NotInTimeError():
            return m.TOO_LATE.say(language, detail=error)
        case ActRefusedError():
            return m.ACT_REFUSED.say(language, why=error.text_zh, detail=error)
        case PageError():
            return m.PAGE_REFUSED.say(language, detail=error)
        case SampleFaceError():
            return m.NO_FACES.say(language, detail=error)
        case DrillError():
            return m.NOT_PERFORMED.say(language, detail=error)
        case _:
            return say_fault(error, language)


def _lines(began: float) -> Callable[[str], None]:
    def line(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)

    return line


def add_to(parsers: Any) -> None:
    """Add the command to ``exam-drill``'s."""
    parser = parsers.add_parser("demo", help="open an exam hall on this machine and sit in it")
    parser.add_argument("--language", choices=("zh", "en"), help="default: as the locale says")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep all files here")
    parser.add_argument(
        "--camera", action="store_true", help="look at you by this machine's camera"
    )
    parser.set_defaults(run=demo)
