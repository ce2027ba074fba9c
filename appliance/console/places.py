"""What seats are called on the screen, and in which order a person counts them. Pure."""

import re
from collections.abc import Iterable

from protocol.staff_api import HallStatus, SeatStatus


def in_order(seats: Iterable[SeatStatus]) -> list[SeatStatus]:
    """Return the seats as a person counts them: room by room, 2 before 10."""
    return sorted(seats, key=lambda seat: (seat.room, _counted(seat.label), seat.seat))


def _counted(label: str) -> list[tuple[bool, int, str]]:
    parts = re.findall(r"\d+|\D+", label)
    return [(False, int(part), "") if part.isdecimal() else (True, 0, part) for part in parts]


def labels(hall: HallStatus) -> dict[str, str]:
    """Return what is painted on each desk, by seat; behind its room's where there are several."""
    rooms = {seat.room for seat in hall.seats}
    if len(rooms) == 1:
        return {seat.seat: seat.label for seat in hall.seats}
    return {seat.seat: f"{seat.room} {seat.label}" for seat in hall.seats}


def label_of(hall: HallStatus, seat: str) -> str:
    """Return one seat's label; the identifier where the seat is not known."""
    return labels(hall).get(seat, seat)
