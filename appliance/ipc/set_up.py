"""What a person has to do before a process of the box can work: install it, give it a bundle.

Each process looks only where it may (``systemd/``): at its own folder, and at the bundles.
Under systemd it waits, so that a box comes up by itself whenever it is given what it lacks,
and the log says once what that is. From a shell it ends at once (`appliance.commands`).
"""

import asyncio
import contextlib
import enum
import logging
from collections.abc import Callable
from typing import Final

from appliance.ipc.bundle import in_place
from appliance.ipc.identity import has_identity
from appliance.ipc.settings import Settings
from runtime.service import Service
from runtime.systemd import notify

_NEED_A_BUNDLE: Final = frozenset({"core", "recordings", "courier"})
_LOOK_S: Final = 2.0
_log = logging.getLogger(__name__)


class Lacking(enum.Enum):
    """What is not there yet."""

    IDENTITY = "identity"
    BUNDLE = "bundle"


def lacking(settings: Settings, process: str) -> Lacking | None:
    """Return what a process still has to be given, None where it can work."""
    if not has_identity(settings.state_folder, process):
        return Lacking.IDENTITY
    if process in _NEED_A_BUNDLE and not in_place(settings):
        return Lacking.BUNDLE
    return None


async def set_up_or_ended(
    service: Service, settings: Settings, process: str, say: Callable[[Lacking], str]
) -> bool:
    """Wait until the process can work: True; False where it is told to end before that."""
    said: Lacking | None = None
    while (what := await asyncio.to_thread(lacking, settings, process)) is not None:
        if what is not said:
            said, words = what, f"waiting: {say(what)}"
            _log.warning("%s", words)
            notify("READY=1", f"STATUS={words}")  # it has come up; what it lacks, a person brings
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(service.ended(), _LOOK_S)
            return False
    return True
