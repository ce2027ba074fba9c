"""The simulated candidates of the demo: each looks at the page and does what stands next.

Unlike the drill's they have no timetable: they follow the person who is the invigilator,
from whatever screen they find, so that one can also take the person's own place.
"""

import asyncio
import contextlib
import logging
from typing import Final

from drill.candidate import Candidate
from drill.errors import DrillError, NotInTimeError
from drill.page import SeatPage
from drill.staff import Staff
from protocol.staff_api import HallStatus
from terminal_agent import actions as do
from terminal_agent.view import FaceStage, LoginFieldName, Screen, View

log = logging.getLogger(__name__)

A_DAY_S: Final = 24 * 3600.0
"""However long the person takes, nobody gives up."""
_AGAIN_S: Final = 1.0
OVER: Final = {Screen.HANDED_IN, Screen.COLLECTED, Screen.VOIDED, Screen.REFUSED, Screen.ENDED}
_ASKS: Final = OVER | {
    Screen.PAIRING,
    Screen.CONSENT,
    Screen.LOGIN,
    Screen.OWN_DATA,
    Screen.RULES,
    Screen.ANSWERING,
}


class Sitter:
    """One simulated candidate; writes until it is ``enough``, then hands in."""

    def __init__(self, candidate: Candidate, staff: Staff, enough: asyncio.Event) -> None:
        self._candidate = candidate
        self._page: Final[SeatPage] = candidate.page
        self._staff = staff
        self._enough = enough

    async def run(self) -> None:
        """Sit the exam to its end; what goes wrong is tried again from what the page shows."""
        while True:
            view = await self._page.until(_asks_something, "something to do", A_DAY_S)
            if view.screen in OVER:
                return
            try:
                await self._do(view)
                await self._page.until(lambda now, had=view: now != had, "a change")  # type: ignore[misc]
            except DrillError as error:
                log.warning("seat %s: tried again: %s", self._page.seat, error)
                await asyncio.sleep(_AGAIN_S)

    async def _do(self, view: View) -> None:
        """Do what the screen asks for."""
        match view.screen:
            case Screen.PAIRING:
                await self._pair()
            case Screen.CONSENT:
                given = self._candidate.seated.camera is not None
                await self._page.act(do.Consent(given=given))
            case Screen.LOGIN:
                await self._log_in()
            case Screen.OWN_DATA:
                await self._page.act(do.ConfirmOwnData(right=True))
            case Screen.FACE:
                await self._page.act(do.RetryFace())
            case Screen.RULES:
                await self._page.act(do.RulesRead())
            case Screen.ANSWERING:
                await self._write()
            case _:
                return

    async def _pair(self) -> None:
        """Type the nine digits once the invigilator shows them."""
        seat = self._page.seat

        def shown(hall: HallStatus) -> bool:
            return hall.pairing.code != "" and seat in hall.pairing.seats

        while (view := self._page.view) is None or view.screen is Screen.PAIRING:
            with contextlib.suppress(NotInTimeError):  # a try that came late may have paired it
                hall = await self._staff.until(shown, "a pairing code", _AGAIN_S)
                await self._candidate.pair(hall.pairing.code)
                return

    async def _log_in(self) -> None:
        number = self._candidate.seated.person.id_number
        fields = {
            LoginFieldName.ID_NUMBER: number,
            LoginFieldName.ID_NUMBER_LAST4: number[-4:],
        }
        await self._page.act(do.LogIn(fields=fields))

    async def _write(self) -> None:
        """Write until it is enough, then hand in."""
        await self._candidate.write(self._enough)
        if self._enough.is_set():
            await self._candidate.hand_in()


def _asks_something(view: View) -> bool:
    if view.screen is Screen.FACE:
        return view.face is not None and view.face.stage is FaceStage.FAILED
    return view.screen in _ASKS
