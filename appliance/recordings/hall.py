"""What `recordings` knows of the hall: whose box this is, and hall time, as core said last."""

from sqlite3 import Connection
from typing import Final

from appliance.ipc.recordings import HallStands
from protocol.parcel import Lane, ParcelKey
from protocol.values import decode, encode
from runtime.clock import Anchor, HallClock, SteadyClock
from runtime.database import Database
from runtime.facts import fact, put_fact

_GENERATION: Final = "generation"
_ANCHOR: Final = "anchor"


class Hall:
    """Names the parcels, and tells hall time."""

    def __init__(self, *, centre: str, sitting: str, appliance: str, steady: SteadyClock) -> None:
        self._centre = centre
        self._sitting = sitting
        self._appliance = appliance
        self._clock = HallClock(steady)
        self._steady = steady
        self.generation = 0
        """0: core has never said; no parcel can be made."""

    async def resume(self, database: Database) -> None:
        """Go on with what core said before this process was restarted."""
        generation, anchor = await database.read(lambda c: (fact(c, _GENERATION), fact(c, _ANCHOR)))
        self.generation = int(generation or "0")
        if anchor is not None:
            self._clock = HallClock(self._steady, anchor=decode(anchor.encode(), Anchor))

    async def hear(self, stands: HallStands, database: Database) -> None:
        """Take core's word, and keep it."""

        def record(connection: Connection) -> None:
            put_fact(connection, _GENERATION, str(stands.generation))
            put_fact(connection, _ANCHOR, encode(stands.anchor).decode())

        await database.write(record)
        self.generation = stands.generation
        self._clock = HallClock(self._steady, anchor=stands.anchor)

    def now(self) -> int:
        """Return hall time, or before core has said it the machine's own guess."""
        return self._clock.now()

    def parcel_key(self, generation: int, n: int) -> ParcelKey:
        """Return the key of a parcel of this box."""
        return ParcelKey(
            centre=self._centre,
            sitting=self._sitting,
            appliance=self._appliance,
            generation=generation,
            lane=Lane.RECORDINGS,
            n=n,
        )
