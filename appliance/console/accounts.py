"""Who is accounted for, and what has reached the office: sentences over the status. Pure."""

from typing import Final

from appliance.console import messages as m
from appliance.console.messages import Language, Text
from appliance.console.places import in_order, label_of
from exam.session import ENDED, State
from protocol.parcel import Lane
from protocol.staff_api import HallStatus, LaneStatus

_KINDS: Final[tuple[tuple[frozenset[State], Text], ...]] = (
    (frozenset({State.COLLECTED}), m.PART_COLLECTED),
    (frozenset({State.VOIDED}), m.PART_VOIDED),
)
_NOT_THERE: Final = frozenset({State.REFUSED, State.ABSENT})


def count(hall: HallStatus, *states: State) -> int:
    """Return how many candidates of the subject are in these states."""
    return sum(hall.standing.get(state, 0) for state in states)


def everybody(hall: HallStatus) -> int:
    """Return how many candidates the subject has."""
    return sum(hall.standing.values())


def accounted(hall: HallStatus) -> int:
    """Return how many candidates have ended, one way or another."""
    return count(hall, *ENDED)


def account(hall: HallStatus, language: Language) -> str:
    """Return the account of a closed subject: "6 accounted for: n handed in, ..."."""
    parts = [m.PART_HANDED_IN.say(language, n=count(hall, State.HANDED_IN))]
    parts += [
        text.say(language, n=count(hall, *states))
        for states, text in _KINDS
        if count(hall, *states)
    ]
    parts.append(m.PART_NOT_THERE.say(language, n=count(hall, *_NOT_THERE)))
    return m.ACCOUNT.say(language, all=accounted(hall), parts=m.COMMA.say(language).join(parts))


def final_sentence(hall: HallStatus, language: Language) -> str | None:
    """Return the sentence that ends the day; None before everything is with the office."""
    if hall.closing is None or not hall.office_verified_all:
        return None
    return m.FINAL.say(language, account=account(hall, language))


def waiting_sentence(hall: HallStatus, language: Language) -> str | None:
    """Return what of a closed subject the office has not verified; None where there is nothing."""
    if hall.closing is None or hall.office_verified_all:
        return None
    parts = [
        m.PARCELS_OF.say(
            language, n=lane.sealed - lane.verified, lane=lane_name(lane.lane, language)
        )
        for lane in hall.lanes
        if lane.verified < lane.sealed
    ]
    what = m.COMMA.say(language).join(parts) or m.LAST_PARCELS.say(language)
    return m.NOT_ALL_YET.say(language, account=account(hall, language), what=what)


def awaited_seats(hall: HallStatus, language: Language, most: int) -> str:
    """Return the labels of the seats whose recordings are awaited, ``most`` of them by name."""
    wanted = [seat for seat in in_order(hall.seats) if seat.seat in hall.awaited_seats]
    found = [label_of(hall, seat.seat) for seat in wanted]
    some = m.SEATS_COMMA.say(language).join(found[:most])
    return some if len(found) <= most else m.AND_MORE.say(language, some=some, all=len(found))


def lane_sentence(lane: LaneStatus, language: Language) -> str:
    """Return how far one lane is: "412 sealed, 412 received, 412 verified"."""
    return m.LANE_WORDS.say(
        language, sealed=lane.sealed, received=lane.received, verified=lane.verified
    )


def parcels(hall: HallStatus) -> tuple[int, int]:
    """Return how many parcels of all lanes are (verified by the office, sealed here)."""
    return sum(lane.verified for lane in hall.lanes), sum(lane.sealed for lane in hall.lanes)


def lane_name(lane: Lane, language: Language) -> str:
    """Return what travels in a lane."""
    return m.LANE[lane].say(language)
