"""The open links to the seats: who is linked, what each last said, and telling them things.

Nothing here is durable, and nothing needs to be: whatever is told is signed and asked for
again by number when a link comes back. A slow seat never holds up another: each link has
a queue and a task of its own, and a queue that overflows ends its link.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Final

from protocol.seat_api import Beat, HallSays, Hello
from protocol.values import encode

MOST_WAITING: Final = 2_000


class Link:
    """One seat's open link."""

    def __init__(self, seat: str, certificate: str, address: str, at: int) -> None:
        self.seat: Final = seat
        self.certificate: Final = certificate
        self.address: Final = address
        self.since: Final = at
        self.last_beat = at
        self.hello: Hello | None = None
        self.beat: Beat | None = None
        self.clock_offset = 0
        self.has_ended = False
        self.outgoing: Final[asyncio.Queue[bytes | None]] = asyncio.Queue(MOST_WAITING)

    def tell(self, said: HallSays | bytes) -> None:
        """Queue a message; a link that does not drain is ended, and takes nothing more."""
        if self.has_ended:
            return
        data = said if isinstance(said, bytes) else encode(said)
        try:
            self.outgoing.put_nowait(data)
        except asyncio.QueueFull:
            self.end()

    def end(self) -> None:
        """Let the link close after what waits; one that does not drain sends nothing more.

        Never a part of what waits: a seat that has heard a later decision asks for no earlier.
        """
        if self.has_ended:
            return
        self.has_ended = True
        if self.outgoing.full():
            while not self.outgoing.empty():
                self.outgoing.get_nowait()
        self.outgoing.put_nowait(None)


class Links:
    """All open links, one a seat: a newer one takes the older one's place."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}

    def add(self, link: Link) -> None:
        """Open a link; the seat's older one ends."""
        older = self._links.get(link.seat)
        if older is not None and older is not link:
            older.end()
        self._links[link.seat] = link

    def remove(self, link: Link) -> None:
        """Forget a link that has closed."""
        if self._links.get(link.seat) is link:
            del self._links[link.seat]

    def of(self, seat: str) -> Link | None:
        """Return the seat's open link."""
        return self._links.get(seat)

    def says_no_camera(self, seat: str) -> bool:
        """Say whether the seat's last beat counts no camera; False where none has come yet."""
        link = self.of(seat)
        return link is not None and link.beat is not None and link.beat.cameras == 0

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._links.values()))

    def __len__(self) -> int:
        return len(self._links)

    def tell(self, said: HallSays, seats: Iterable[str] | None = None) -> None:
        """Tell all, or the named seats; encoded once."""
        data = encode(said)
        for link in self:
            if seats is None or link.seat in seats:
                link.tell(data)

    def end_certificate(self, certificate: str) -> None:
        """End the links of a certificate that was revoked."""
        for link in self:
            if link.certificate == certificate:
                link.end()
