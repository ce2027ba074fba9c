"""Who this box is: named in everything that it signs."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.keys import SigningKey


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
