"""Who this box is: named in everything that it signs."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.envelope import Envelope, sign
from protocol.grant import Position
from protocol.journal import Acknowledgement
from protocol.keys import SigningKey
from protocol.payload_types import PayloadType


@dataclass(frozen=True, kw_only=True)
class Box:
    """Where and what it serves, the generation of its record, its key, and the hall's time."""

    centre: str
    sitting: str
    appliance: str
    generation: int
    key: SigningKey
    now: Callable[[], int]
    """Hall time in ms."""

    def acknowledge(self, session: str, position: Position, at: int) -> Envelope:
        """Return the acknowledgement of a journal that stands at ``position`` on the disk.

        The same words always give the same bytes, so it need not be kept.
        """
        word = Acknowledgement(
            appliance=self.appliance,
            generation=self.generation,
            session=session,
            epoch=position.epoch,
            n=position.n,
            head=position.head,
            at=at,
        )
        return sign(PayloadType.ACKNOWLEDGEMENT, word, self.key)
