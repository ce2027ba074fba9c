"""The two pictures that a person compares: the roster photo and the last look of the camera.

The roster photo is opened from the sealed bundle for the moment of showing; neither picture
touches a disk in the clear.
"""

import asyncio
from collections.abc import Awaitable, Callable

from appliance.core import intake
from appliance.core.building import Core
from protocol.sealing import SealingIdentity


class Pictures:
    """Gives pictures of candidates to staff."""

    def __init__(self, core: Core, age: SealingIdentity) -> None:
        self._core = core
        self._age = age
        self.last_look: Callable[[str], Awaitable[bytes | None]] | None = None
        """Asks the faces process for the last look of a session."""

    async def roster(self, candidate: str) -> bytes | None:
        """Return the roster photo (JPEG), None for a candidate who is not on the roster."""
        found = self._core.hall.candidates.get(candidate)
        if found is None:
            return None
        bundle = self._core.bundle
        name = bundle.manifest.photos[found.photo]
        return await asyncio.to_thread(
            intake.open_sealed, bundle.folder, bundle.manifest, name, self._age
        )

    async def camera(self, candidate: str) -> bytes | None:
        """Return the last look at the candidate's face (JPEG), None where there is none."""
        subject = self._core.hall.current()
        seating = None if subject is None else self._core.hall.seating(candidate, subject.id)
        if seating is None or seating.id is None or self.last_look is None:
            return None
        return await self.last_look(seating.id)
