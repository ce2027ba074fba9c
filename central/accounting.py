"""Is everything here? Pure: closings and what is held in, the account of a subject out.

A subject is complete when every position that its closings name is held with the same
head, every epoch before reaches where the next one says that it ended, each lane has
said that nothing more of it follows, every grant and decision stands in the box's log,
no parcel is missing, waiting or refused, and all that came agrees with itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from central.messages import Language, say
from protocol.closing import Accounted, Closing, Ending
from protocol.grant import Position
from protocol.parcel import Lane

LaneOfBox = tuple[str, int, Lane]
"""Appliance, generation, lane."""
ALWAYS: Final = (Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS)


@dataclass(frozen=True, kw_only=True)
class HeldSession:
    """Where a session's journal stands at the office: every position that it must reach.

    ``links`` gives for each demanded (epoch, n) the link that is held there, None where
    the journal does not reach so far.
    """

    demanded: tuple[Position, ...]
    held: Mapping[int, Position]
    links: Mapping[tuple[int, int], str | None]
    late_answers: int = 0
    """Answers held from after the position that the closing names."""


@dataclass(frozen=True, kw_only=True)
class HeldLane:
    """One lane of one box's generation at the office. Parcels."""

    appliance: str
    generation: int
    lane: Lane
    highest: int
    verified: int
    refused: int
    waiting: int
    reason: str = ""
    """Of the first that is refused, or what the next one waits for."""

    @property
    def gap(self) -> int:
        """Parcels missing below the highest."""
        return self.highest - self.verified - self.refused - self.waiting


@dataclass(frozen=True, kw_only=True)
class Shortfall:
    """Something that is not here; ``text`` and its values are for `central.messages`."""

    text: str
    values: Mapping[str, object]

    def show(self, language: Language) -> str:
        """Return the sentence."""
        return say(self.text, language, **self.values)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account of one subject."""

    subject: str
    endings: Mapping[Ending, int]
    shortfalls: tuple[Shortfall, ...]

    @property
    def people(self) -> int:
        """How many are accounted for."""
        return sum(self.endings.values())

    @property
    def is_complete(self) -> bool:
        """Whether all was received and verified."""
        return not self.shortfalls

    def show(self, language: Language) -> str:
        """Return the sentence that the hall waits for."""
        count = self.endings
        parts = [
            say(
                "accounted",
                language,
                people=self.people,
                handed_in=count.get(Ending.HANDED_IN, 0),
                away=count.get(Ending.REFUSED, 0) + count.get(Ending.ABSENT, 0),
            )
        ]
        parts += [
            say(ending.value, language, count=count[ending])
            for ending in (Ending.COLLECTED, Ending.VOIDED)
            if count.get(ending)
        ]
        return "".join(parts) + self._tail(language)

    def _tail(self, language: Language) -> str:
        if self.is_complete:
            return say("complete", language)
        missing = "; ".join(shortfall.show(language) for shortfall in self.shortfalls)
        return say("incomplete", language, missing=missing)


def account(
    closings: Iterable[Closing],
    held: Mapping[str, HeldSession],
    lanes: Iterable[HeldLane],
    ends: Mapping[LaneOfBox, int],
    unlogged: Mapping[str, int],
    found: Iterable[Shortfall] = (),
) -> Account:
    """Return the account of one subject from its closings (one a box), and what is held.

    ``ends`` names the lanes that have ended for this subject, each with the number of
    segments that were made and never came; ``unlogged`` counts by box the grants and
    decisions that do not stand in its log; ``found`` is what does not agree in the whole
    (`central.agreement`).
    """
    listed, known = tuple(closings), tuple(lanes)
    people = [accounted for closing in listed for accounted in closing.candidates]
    shortfalls = [short for person in people for short in _of_person(person, held)]
    shortfalls += [short for lane in known for short in _of_lane(lane)]
    for closing in listed:
        shortfalls += _of_ends(closing, known, ends)
    shortfalls += [
        Shortfall(text="unlogged", values={"box": box, "count": count})
        for box, count in unlogged.items()
        if count
    ]
    shortfalls += found
    return Account(
        subject=listed[0].subject if listed else "",
        endings=Counter(person.ending for person in people),
        shortfalls=tuple(shortfalls),
    )


def _of_person(person: Accounted, held: Mapping[str, HeldSession]) -> list[Shortfall]:
    if person.session is None:
        return []
    session = held.get(person.session)
    if session is None or person.position is None:
        return [_short(person, 0, person.position)]
    found = [
        short
        for position in (*session.demanded, person.position)
        if (short := _of_position(person, session, position)) is not None
    ]
    if session.late_answers:
        values = {"who": person.candidate, "count": session.late_answers}
        found.append(Shortfall(text="answers_late", values=values))
    return found


def _of_position(person: Accounted, session: HeldSession, position: Position) -> Shortfall | None:
    reached = session.held.get(position.epoch)
    if reached is None or reached.n < position.n:
        return _short(person, 0 if reached is None else reached.n, position)
    if session.links.get((position.epoch, position.n)) != position.head:
        return Shortfall(text="journal_other", values={"who": person.candidate})
    return None


def _short(person: Accounted, held: int, position: Position | None) -> Shortfall:
    expected = 0 if position is None else position.n
    values = {"who": person.candidate, "held": held, "expected": expected}
    return Shortfall(text="journal_short", values=values)


def _of_ends(
    closing: Closing, lanes: Iterable[HeldLane], ends: Mapping[LaneOfBox, int]
) -> list[Shortfall]:
    """Every hall has answers, evidence and incidents; the other lanes end where they began."""
    box = (closing.appliance, closing.generation)
    expected = set(ALWAYS) | {
        lane.lane for lane in lanes if (lane.appliance, lane.generation) == box
    }
    open_ended = [lane for lane in Lane if lane in expected and (*box, lane) not in ends]
    never_came = sum(count for lane, count in ends.items() if lane[:2] == box)
    found = [Shortfall(text="lane_open", values={"lane": lane.value}) for lane in open_ended]
    if never_came:
        found.append(Shortfall(text="segments_missing", values={"count": never_came}))
    return found


def _of_lane(lane: HeldLane) -> list[Shortfall]:
    found = {
        "parcels_refused": lane.refused,
        "parcels_waiting": lane.waiting,
        "parcels_gap": lane.gap,
    }
    return [
        Shortfall(text=text, values={"lane": lane.lane.value, "count": count})
        for text, count in found.items()
        if count
    ]
