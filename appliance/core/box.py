"""Who this box is: named in everything that it signs."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.keys import SigningKey


@dataclass(frozen=True, kw_only=True)
class Box:
    """The appliance, the generation of its record, its signing key, and the hall's time."""

    appliance: str
    generation: int
    key: SigningKey
    now: Callable[[], int]
    """Hall time in ms."""
