"""What has changed at the seats since the console was opened: for the seat's page. Pure.

The record is core's; this is only what this console happened to see.
"""

import msgspec

from appliance.console import messages as m
from appliance.console import wording
from appliance.console.messages import Language, Text
from appliance.console.seat_rows import is_lost
from exam.session import State
from protocol.staff_api import HallStatus, Occupant, SeatStatus


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that changed, at a hall time in ms."""

    at: int
    seat: str
    text: Text
    states: tuple[State, ...] = ()
    values: tuple[tuple[str, str], ...] = ()

    def say(self, language: Language) -> str:
        """Return the change in words."""
        values = dict(self.values)
        if self.states:
            before, after = (m.STATE[state].say(language) for state in self.states)
            values |= {"before": before, "after": after}
        return self.text.say(language, **values)


def changes(before: HallStatus, after: HallStatus) -> list[Change]:
    """Return what changed between two statuses, seat by seat."""
    old = {seat.seat: seat for seat in before.seats}
    return [
        change
        for seat in after.seats
        if seat.seat in old
        for change in _at_seat(old[seat.seat], seat, after.hall_time)
    ]


def _at_seat(old: SeatStatus, new: SeatStatus, at: int) -> list[Change]:
    found = []
    if new.paired and not old.paired:
        found.append(Change(at=at, seat=new.seat, text=m.EVENT_PAIRED))
    if new.occupant is not None and old.occupant is not None:
        if old.occupant.candidate == new.occupant.candidate:
            found += _of_candidate(old.occupant, new.occupant, new.seat, at)
        else:
            named = (("name", new.occupant.name),)
            found.append(Change(at=at, seat=new.seat, text=m.EVENT_SEATED, values=named))
    if is_lost(new) != is_lost(old):
        text = m.EVENT_LOST if is_lost(new) else m.EVENT_BACK
        found.append(Change(at=at, seat=new.seat, text=text))
    return found


def _of_candidate(old: Occupant, new: Occupant, seat: str, at: int) -> list[Change]:
    found = []
    if new.state is not old.state:
        found.append(Change(at=at, seat=seat, text=m.EVENT_STATE, states=(old.state, new.state)))
    if new.hand_raised != old.hand_raised:
        text = m.EVENT_HAND if new.hand_raised else m.EVENT_HAND_DOWN
        found.append(Change(at=at, seat=seat, text=text))
    if new.given_ms > old.given_ms:
        given = (("span", wording.span(new.given_ms - old.given_ms)),)
        found.append(Change(at=at, seat=seat, text=m.EVENT_GIVEN, values=given))
    if new.leaves > old.leaves:
        left = (("n", str(new.leaves)),)
        found.append(Change(at=at, seat=seat, text=m.EVENT_LEFT, values=left))
    return found
