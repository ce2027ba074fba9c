"""Seat and box read the same journal: whatever happens, both show the same candidate.

The seat's side is `terminal_agent.progress.Progress`, the box's is the journal's own following
in `appliance.core.journal` and the decider's use of the session table. One candidate's way is
drawn at random: decisions that the table allows, events that the seat would write.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.core.journal import Journal
from exam.paper import Chosen
from exam.session import WRITING, LoggedIn, NotNow, Session, State, happen
from protocol import decisions as d
from protocol import journal as j
from protocol.meaning import happening_of, happening_of_event
from protocol.seat_api import Standing
from protocol.standing import standing_after
from terminal_agent.progress import Progress
from tests.seat_hall import DOORS, RULES, START, SUBJECT, SampleHall

HALL = SampleHall()
MINUTE = 60_000
DECISIONS: list[d.What] = [
    d.IdentityDecided(method="person", accepted=True, withheld=False, distance=-1, reason="x"),
    d.IdentityDecided(method="person", accepted=True, withheld=True, distance=-1, reason="x"),
    d.IdentityDecided(method="person", accepted=False, withheld=False, distance=-1, reason="x"),
    d.Paused(reason="power"),
    d.Resumed(reason="light"),
    d.TimeGiven(ms=5 * MINUTE, reason="keyboard"),
    d.LeaveGranted(back_by=START + 60 * MINUTE),
    d.LeaveEnded(),
    d.Told(text="quiet", must_confirm=True),
    d.Warned(article="2.1", text="look ahead"),
    d.Collected(reason="time"),
    d.Voided(article="3.1", reason="phone"),
    d.Armed(start=START),
]
EVENTS: list[tuple[type, dict[str, Any]]] = [
    (j.OwnData, {"right": True}),
    (j.RulesRead, {"rules": "0" * 64}),
    (j.Entered, {"paper": "1" * 64}),
    (j.Answered, {"item": "s1", "response": Chosen(options=("o1",))}),
    (j.Answered, {"item": "s1", "response": Chosen(options=())}),
    (j.Answered, {"item": "s2", "response": Chosen(options=("o2",))}),
    (j.Marked, {"item": "s1", "on": True}),
    (j.Marked, {"item": "s1", "on": False}),
    (j.Placed, {"item": "s2"}),
    (j.Left, {"cause": "page"}),
    (j.Returned, {"away_ms": 1_000}),
    (j.Returned, {"away_ms": 60_000}),
    (j.HandRaised, {"text": ""}),
    (j.HandedIn, dict.fromkeys(("answered", "marked", "unanswered"), 0) | {"automatic": False}),
]
ALLOWED: dict[type, set[State]] = {
    j.RulesRead: {State.IDENTIFIED},
    j.Entered: {State.WAITING},
    j.HandedIn: set(WRITING),
    **{kind: set(WRITING) for kind in (j.Answered, j.Marked, j.Placed, j.Left, j.Returned)},
}
"""Where the seat writes an event at all: see `terminal_agent.doing`."""


def begun() -> Session:
    """Return a session right after its log-in."""
    session = happen(Session(), LoggedIn(at=DOORS))
    assert isinstance(session, Session)
    return session


@dataclass
class Box:
    """The box's side: its own journal's reading, on a hall that is only what it asks for."""

    session: Session = field(default_factory=begun)
    events: list[j.Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        subject = HALL.trusted().sitting.subjects[0]
        state = SimpleNamespace(released=True, armed_start=START)
        hall = SimpleNamespace(rules=RULES, subjects={SUBJECT: state}, subject=lambda _: subject)
        self.journal = Journal(cast("Any", None), cast("Any", hall), cast("Any", None))

    def decide(self, what: d.What, at: int) -> bool:
        """Make a decision, where the table allows it."""
        happening = happening_of(what, at)
        if happening is None:
            return True
        after = happen(self.session, happening)
        if isinstance(after, NotNow):
            return False
        self.session = after
        return True

    def take(self, event: j.Event, now: int) -> None:
        """Follow one event of a batch."""
        self.events.append(event)
        claimed = happening_of_event(event, RULES)
        if claimed is None:
            return
        seating = SimpleNamespace(
            session=self.session,
            subject=SUBJECT,
            extra_ms=0,
            seat="a01",
            candidate=SimpleNamespace(id="c-001"),
        )
        self.session = self.journal._after(cast("Any", seating), [claimed], now)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from(DECISIONS), st.sampled_from(EVENTS)),
            st.integers(0, 8 * MINUTE),
        ),
        max_size=40,
    ),
    st.booleans(),
)
def test_seat_and_box_show_the_same_candidate(
    way: list[tuple[Any, int]],
    sits: bool,  # noqa: FBT001 - drawn
) -> None:
    """State, times, leaves, answers, marks and place agree after every single step."""
    box = Box()
    seat = Progress(rules=RULES, box_keys=[HALL.keys.box.public])
    seat.begin(Standing(session=box.session))
    now, n, given_in = START, 0, False
    to_the_paper = [(DECISIONS[0], 1), (EVENTS[1], 1), (EVENTS[2], 1)]
    for step, later in [*(to_the_paper if sits else ()), *way]:
        now += later
        if isinstance(step, tuple):
            kind, fields = step
            if seat.session.state not in ALLOWED.get(kind, {seat.session.state}):
                continue
            if kind is j.HandedIn:
                fields = fields | {"provisional": False}
            event = kind(n=n + 1, hall=now, mono=now, **fields)
        elif box.decide(step, now):
            said = HALL.decision(step, one=True, at=now)
            event = j.DecisionReceived(n=n + 1, hall=now, mono=now, decision=said)
        else:
            continue
        n += 1
        seat.apply(event)
        box.take(event, now)
        if isinstance(event, j.HandedIn) and box.session.state is State.HANDED_IN:
            given_in = True
            seat.reconciled(now)  # the receipt
        assert seat.session == box.session
    standing = standing_after(box.session, box.events, 0)
    assert seat.responses == standing.responses
    assert tuple(sorted(seat.marked)) == standing.marked
    assert seat.current == standing.current
    assert seat.own_data_right == standing.own_data_right
    assert (seat.handed_in is not None) == given_in
