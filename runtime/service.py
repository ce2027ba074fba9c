"""The life of a program of ours: begin, ready, end in timed stages.

A program is one composition root, a coroutine that stacks its parts visibly; the tasks
stand innermost, so that they end before what they use::

    async def main(service: Service) -> None:
        async with (
            Database(folder / "core.db", SCHEMA) as database,
            Listener(app(database), context, host=host, port=port),
            Tasks("core") as tasks,
        ):
            tasks.start("watch the writer", database.writer.watch())
            service.ready("listening")
            await service.ended()

    sys.exit(run(main, name="core"))

Stages of the end, begun by SIGTERM, SIGINT or `Service.end`:

1. `Service.ended` returns and the root leaves its blocks. It has ``grace`` seconds.
2. What is not done by then, or at a second signal, is cancelled. It has `CANCEL_S` seconds.
3. What still runs then is named in the log, and the process exits with `STUCK`.
"""

import asyncio
import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final, NoReturn

from runtime import logs
from runtime.errors import MachineryError, ServiceError
from runtime.memory import forbid_core_dumps, forbid_swap
from runtime.systemd import notify, watchdog_interval

log = logging.getLogger(__name__)

CANCEL_S: Final = 5.0
CRASHED: Final = 1
STUCK: Final = 75
"""Exit code of a program that had to be cut off (EX_TEMPFAIL of sysexits.h)."""


class Service:
    """What a composition root is given: how to say that it works, and word of when to end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._end = asyncio.Event()
        self._hurry = asyncio.Event()

    def ready(self, status: str) -> None:
        """Tell systemd and the log that the program now does its work."""
        log.info("ready: %s", status)
        notify("READY=1", f"STATUS={status}")

    def end(self, why: str) -> None:
        """Begin the end; a second call skips what remains of the first stage."""
        if self._end.is_set():
            log.warning("ending at once: %s", why)
            self._hurry.set()
            return
        log.info("ending: %s", why)
        notify("STOPPING=1", f"STATUS=ending: {why}")
        self._end.set()

    async def ended(self) -> None:
        """Return when the end has begun."""
        await self._end.wait()

    async def hurried(self) -> None:
        """Return when the end was asked for a second time."""
        await self._hurry.wait()


Main = Callable[[Service], Coroutine[Any, Any, None]]


def run(main: Main, *, name: str, grace: float = 20.0, protect: bool = True) -> int:
    """Run ``main`` to its end; return the exit code: 0, `CRASHED`, or by exiting `STUCK`.

    ``protect`` forbids core dumps and swap, for programs that hold plain text.
    """
    logs.setup(name)
    faulthandler.enable()
    if protect:
        protect_memory()
    cut_off = threading.Timer(CANCEL_S, _cut_off, [name])
    cut_off.daemon = True
    try:
        asyncio.run(_life(main, name, grace, cut_off))
    except MachineryError as error:
        log.critical("%s ended by a fault (%s): %s", name, error.code, error, exc_info=True)
        return CRASHED
    except Exception:
        log.critical("%s crashed", name, exc_info=True)
        return CRASHED
    finally:
        cut_off.cancel()
    log.info("ended")
    return 0


def protect_memory() -> None:
    """Forbid core dumps and swap; say in the log where that is not allowed."""
    forbid_core_dumps()
    if reason := forbid_swap():
        log.warning("memory is not locked: %s", reason)


async def _life(main: Main, name: str, grace: float, cut_off: threading.Timer) -> None:
    """Run the root through its stages; then give what it left behind a last deadline."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_log_unhandled)
    service = Service(name)
    root = loop.create_task(main(service), name=f"{name}: root")
    with _signals(loop, service):
        await _stages(service, root, grace)
    cut_off.start()
    root.result()


async def _stages(service: Service, root: asyncio.Task[None], grace: float) -> None:
    loop = asyncio.get_running_loop()
    ended = loop.create_task(service.ended(), name="end of stage 0")
    hurried = loop.create_task(service.hurried(), name="end of stage 1")
    watchdog = loop.create_task(_watchdog(), name="systemd's watchdog")
    first = asyncio.FIRST_COMPLETED
    try:
        await asyncio.wait({root, ended}, return_when=first)
        if not root.done():
            await asyncio.wait({root, hurried}, timeout=grace, return_when=first)
        if not root.done():
            await _cancel(service, root, grace)
    finally:
        for task in (ended, hurried, watchdog):
            task.cancel()


async def _cancel(service: Service, root: asyncio.Task[None], grace: float) -> None:
    log.error("%s did not end within %.0f s: it is cancelled", service.name, grace)
    root.cancel()
    await asyncio.wait({root}, timeout=CANCEL_S)
    if not root.done():
        _cut_off(service.name)
    if root.cancelled():
        raise ServiceError(f"{service.name}: expected to end within {grace:.0f} s; was cancelled")


@contextlib.contextmanager
def _signals(loop: asyncio.AbstractEventLoop, service: Service) -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, service.end, f"told by {number.name}")
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


async def _watchdog() -> None:
    """Tell systemd that the loop turns, as often as it wants to hear it."""
    interval = watchdog_interval()
    while interval is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(interval)


def _cut_off(name: str) -> NoReturn:
    """End the process with what it was doing in the log."""
    log.critical("%s is stuck and is cut off; its threads were at:\n%s", name, _stacks())
    logging.shutdown()
    os._exit(STUCK)


def _stacks() -> str:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return "\n".join(
        f"{names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()  # noqa: SLF001 - the documented way
    )


def _log_unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what asyncio could hand to nobody else."""
    error = context.get("exception")
    log.error("asyncio: %s", context.get("message"), exc_info=error)
