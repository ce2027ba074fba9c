"""Where a candidate stands after the events of earlier epochs: one reading, for box and office.

The events that carry content are followed here; what becomes of the session's state is the
session table's matter.
"""

from collections.abc import Iterable

from exam.paper import Response
from exam.session import Session
from protocol.journal import Answered, Event, Marked, OwnData, Placed
from protocol.seat_api import Standing


def standing_after(session: Session, events: Iterable[Event], decisions: int) -> Standing:
    """Return the content of ``events`` in their order, beside the session's state.

    ``decisions`` is the number of the last decision whose effect is in that state.
    """
    responses: dict[str, Response] = {}
    marked: set[str] = set()
    current: str | None = None
    right: bool | None = None
    for event in events:
        match event:
            case Answered(item=item, response=response):
                responses[item] = response
            case Marked(item=item, on=on):
                (marked.add if on else marked.discard)(item)
            case Placed(item=item):
                current = item
            case OwnData(right=said):
                right = said
            case _:
                continue
    return Standing(
        session=session,
        responses=responses,
        marked=tuple(sorted(marked)),
        current=current,
        own_data_right=right,
        decisions=decisions,
    )
