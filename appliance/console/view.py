"""What every screen is given to show, and what every screen can rely on.

The app hands a new `HallView` to each screen at most twice a second.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, runtime_checkable

import msgspec

from appliance.console.messages import Language, Text
from protocol.keys import SigningKey
from protocol.staff_api import Act, ActReply, HallStatus, SeatStatus, StaffAct

BREAKPOINTS: Final = [(0, "-narrow"), (110, "-wide")]
"""From how many cells on a screen is drawn wide."""


class HallView(msgspec.Struct, frozen=True, kw_only=True):
    """The last status that came, and whether the line it came by still stands."""

    hall: HallStatus | None = None
    connected: bool = False
    trouble: str = ""
    """Why core's words cannot be read; empty where that is not the trouble."""
    language: Language = Language.ZH
    staff: str = ""

    def seat(self, seat: str) -> SeatStatus | None:
        """Return a seat by its identifier."""
        if self.hall is None:
            return None
        return next((each for each in self.hall.seats if each.seat == seat), None)

    def seat_of(self, candidate: str) -> SeatStatus | None:
        """Return the seat where a candidate sits or is expected."""
        if self.hall is None:
            return None
        return next(
            (
                each
                for each in self.hall.seats
                if each.occupant is not None and each.occupant.candidate == candidate
            ),
            None,
        )


@runtime_checkable
class ShowsHall(Protocol):
    """A screen that shows the hall."""

    def show_hall(self, view: HallView) -> None:
        """Draw what has changed."""


class Desk(Protocol):
    """What a dialog may ask of the app."""

    @property
    def view(self) -> HallView:
        """What is shown now."""

    def now(self) -> int:
        """Return the hall time in ms, counted on from the last status."""

    def asked(self, act: Act) -> StaffAct | None:
        """Return an act of this moment to sign; None before the first status came."""

    @property
    def staff(self) -> str:
        """Who acts here."""

    async def second_key(self, staff: str, passphrase: str) -> SigningKey:
        """Open a second person's key; raise `StaffKeyError` or `OSError`."""

    async def ask(
        self, asked: StaffAct, codes: tuple[str, ...] = (), second: SigningKey | None = None
    ) -> ActReply:
        """Have it carried out; raise `LinkLostError`."""

    async def picture(self, candidate: str, which: str) -> bytes | None:
        """Return a picture of a candidate: ``roster`` or ``camera``."""


class ExtraKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that the program around the console adds, such as a drill's."""

    key: str
    label: Callable[[Language], str]
    """Empty while the key is of no use."""
    press: Callable[[], Awaitable[None]]


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What the program around the console adds: keys, lines of its own under the next step.

    ``leaving``: what it means to close the console, where that ends more than the console.
    """

    keys: Sequence[ExtraKey] = ()
    note: Callable[[HallView], str] = lambda _view: ""
    leaving: Text | None = None
