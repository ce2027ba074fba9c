"""What the demo adds to the invigilator's console: three keys, and what to do next.

====  =====================================================================
E     opens the sealed envelope, in which the unlock code is
C     cuts the centre's line to the office, and puts it back
S     lets a simulated candidate take the person's place at the sixth seat
====  =====================================================================

A key shows where it is of use. Presses only note what is wished, set an event, or turn the
line: whoever waits for it acts.
"""

import asyncio
from typing import Final

from msgspec.structs import replace

from appliance.console.app import ConsoleApp
from appliance.console.link import HallLink
from appliance.console.next_step import Step, next_step
from appliance.console.view import ExtraKey, HallView, Surroundings
from appliance.ipc import staff_client
from drill.demo import messages as m
from drill.demo import prompts
from drill.demo.messages import Language
from drill.demo.prompts import Facts
from drill.hall import Hall
from drill.sample_office import STAFF_PASSPHRASE
from protocol.staff_api import HallStatus

_WANT_CODE: Final = {Step.WAIT_CODE, Step.UNLOCK}
_COPIED_S: Final = 4.0
"""So long it is said that the code was copied; the code itself stands in the note."""


class Desk:
    """What the person has done that the hall does not know, and the console around it."""

    def __init__(self, hall: Hall, facts: Facts) -> None:
        self._hall = hall
        self.facts = facts
        self.stood_in: Final = asyncio.Event()
        self.was_restored: Final = asyncio.Event()
        self._seen: HallStatus | None = None
        self._app: ConsoleApp | None = None

    def console(self, language: Language) -> ConsoleApp:
        """Return the console, in the name of the invigilator; not running yet."""
        places, staff = self._hall.places, self._hall.staff.member
        path = places.folder / f"{staff}.key"
        key = staff_client.read_staff_key(path, STAFF_PASSPHRASE.reveal())
        link = HallLink(places.run / "staff.sock", staff, key)
        keys = (
            ExtraKey(key="e", label=self._envelope_label, press=self._open_envelope),
            ExtraKey(key="c", label=self._line_label, press=self._turn_line),
            ExtraKey(key="s", label=self._stand_in_label, press=self._stand_in),
        )
        around = Surroundings(keys=keys, note=self._note, leaving=m.LEAVING)
        self._app = ConsoleApp(link, language=language, surroundings=around)
        return self._app

    def _note(self, view: HallView) -> str:
        self._seen = view.hall
        return prompts.note(view, self.facts)

    # --- the envelope -----------------------------------------------------------------------

    @property
    def _wants_code(self) -> bool:
        return self._seen is not None and next_step(self._seen).step in _WANT_CODE

    def _envelope_label(self, language: Language) -> str:
        return m.KEY_ENVELOPE.say(language) if self._wants_code else ""

    async def _open_envelope(self) -> None:
        if self._app is None or not self._wants_code:
            return
        code = self._hall.sample.codes[0].reveal()
        self.facts = replace(self.facts, code=code)
        title = m.ENVELOPE.say(self._app.view.language)
        self._app.copy_to_clipboard(code)
        self._app.notify(code, title=title, timeout=_COPIED_S)

    # --- the line ---------------------------------------------------------------------------

    def _line_label(self, language: Language) -> str:
        subject = None if self._seen is None else self._seen.subject
        if self.facts.line_is_up and (subject is None or not subject.released):
            return ""
        text = m.KEY_CUT if self.facts.line_is_up else m.KEY_RESTORE
        return text.say(language)

    async def _turn_line(self) -> None:
        if self.facts.line_is_up:
            await self._hall.line.cut()
            self.facts = replace(self.facts, line_is_up=False)
            return
        await self._hall.line.restore()
        self.facts = replace(self.facts, line_is_up=True, was_cut=True)
        self.was_restored.set()

    # --- the person's place -----------------------------------------------------------------

    def _stand_in_label(self, language: Language) -> str:
        seen = self._seen
        if seen is None or self.facts.stand_in or prompts.has_ended(seen, self.facts):
            return ""
        return m.KEY_STAND_IN.say(language)

    async def _stand_in(self) -> None:
        if self._stand_in_label(Language.EN):
            self.facts = replace(self.facts, stand_in=True)
            self.stood_in.set()
