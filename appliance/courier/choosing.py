"""What to send next, how much at once, and how long to pause. Pure: time is an argument."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from appliance.courier.ledger import Carried, Parcel

PIECE_S: Final = 2.0
SMALLEST: Final = 64 * 1024
LARGEST: Final = 32 * 1024 * 1024
FIRST_PIECE: Final = 256 * 1024
GROWTH: Final = 4
"""A piece is at most so many times the one before: one lucky piece is no measurement."""
RESEND_MS: Final = 10 * 60_000
"""What was sent, and not signed for by then, is asked about again."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 15.0
JUMP_MS: Final = 10 * 60_000
"""By so much the calendar must run ahead of the steady clock to have been set."""
REFUSED_PAUSE_S: Final = 60.0
"""A parcel that the office's receiver refuses is tried again so much later."""


def choose(
    parcels: Iterable[Parcel],
    taken: Collection[str],
    not_before: Mapping[str, float],
    *,
    now_s: float,
    now_ms: int,
) -> Parcel | None:
    """Return the first parcel, in the order given, that may be sent now by another hand.

    ``taken`` are in the hands of others; ``not_before`` holds back single ones; ``now_s``
    is steady, ``now_ms`` of the calendar that the ledger knows; what was sent in the future (the
    calendar was set back) is asked about again.
    """
    for parcel in parcels:
        waits = parcel.stage is Carried.SEALED or (
            parcel.stage is Carried.SENT and not 0 <= now_ms - parcel.changed_at < RESEND_MS
        )
        if waits and parcel.name not in taken and not_before.get(parcel.name, 0.0) <= now_s:
            return parcel
    return None


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The same moment by the steady clock (s) and by the calendar (ms)."""

    steady_s: float
    calendar_ms: int


def set_forward_ms(before: Moment, after: Moment) -> int:
    """Return by how much the calendar was set forward between two moments, 0 where it ran on.

    A box whose battery is dead begins in 2000 and is put right later: what was kept for a
    minute by then has not been kept for years.
    """
    passed = int((after.steady_s - before.steady_s) * 1000)
    ahead = after.calendar_ms - before.calendar_ms - passed
    return ahead if ahead > JUMP_MS else 0


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How large the next piece is: about `PIECE_S` seconds at the measured rate."""

    piece: int = FIRST_PIECE

    def after(self, sent: int, seconds: float) -> "Pace":
        """Return the pace after ``sent`` bytes went over whole in ``seconds``."""
        if sent < self.piece // 2:  # a last, short piece says little
            return self
        fitting = int(sent / max(seconds, 0.001) * PIECE_S)
        return Pace(piece=_within(min(fitting, sent * GROWTH)))

    def after_break(self) -> "Pace":
        """Return the pace after the line broke: less to lose next time."""
        return Pace(piece=_within(self.piece // 2))


def _within(size: int) -> int:
    return max(SMALLEST, min(LARGEST, size))


def pause_s(failures: int, spread: float) -> float:
    """Return how long to wait after so many failures in a row; ``spread`` in 0..1 is random."""
    longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16))
    return longest * (0.5 + spread / 2)
