"""The account of a subject: everybody accounted for, or what is missing, in both languages."""

import msgspec

from central.accounting import HeldLane, HeldSession, account
from protocol.closing import Accounted, Closing, Ending
from protocol.grant import Position
from protocol.parcel import Lane

REPLACE = msgspec.structs.replace
ENDS = {("box-1", 1, lane): 0 for lane in (Lane.ANSWERS, Lane.EVIDENCE, Lane.INCIDENTS)}


def person(number: int, ending: Ending, *, n: int = 3) -> Accounted:
    """Return a candidate's line; who was refused or absent has no session."""
    sat = ending in {Ending.HANDED_IN, Ending.COLLECTED, Ending.VOIDED}
    return Accounted(
        candidate=f"c-{number}",
        seat=f"a-{number}",
        ending=ending,
        withheld=False,
        session=f"{number:032x}" if sat else None,
        position=Position(epoch=1, n=n, head="a" * 64) if sat else None,
        answers=0,
    )


def closing(*people: Accounted) -> Closing:
    """Return a closing."""
    return Closing(
        appliance="box-1",
        generation=1,
        centre="c",
        sitting="s",
        subject="theory",
        at=0,
        candidates=people,
    )


def held(n: int = 3, head: str = "a" * 64, previous: Position | None = None) -> HeldSession:
    """Return a session whose epoch 1 is held to event ``n``."""
    links = {(1, n): head}
    if previous is not None:
        links[previous.epoch, previous.n] = previous.head
    return HeldSession(
        demanded=() if previous is None else (previous,),
        held={1: Position(epoch=1, n=n, head=head)},
        links=links,
    )


def lane(highest: int, **counts: int) -> HeldLane:
    """Return lane answers."""
    stands = {"verified": highest, "refused": 0, "waiting": 0} | counts
    return HeldLane(appliance="box-1", generation=1, lane=Lane.ANSWERS, highest=highest, **stands)


SIX = [
    *(person(number, Ending.HANDED_IN) for number in (1, 2, 3)),
    person(4, Ending.COLLECTED),
    person(5, Ending.REFUSED),
    person(6, Ending.ABSENT),
]
HELD = {f"{number:032x}": held() for number in (1, 2, 3, 4)}


def test_the_sentence_of_the_day() -> None:
    """Six accounted for, all here: the sentence that the demo waits for, in both languages."""
    found = account([closing(*SIX)], HELD, [lane(9)], ENDS, {})
    assert found.is_complete
    assert found.show("en") == (
        "6 accounted for: 3 handed in, 2 refused or absent, 1 collected; "
        "all received and verified by the office"
    )
    assert found.show("zh") == (
        "6 人均有结果：交卷 3 人，拒绝入场或缺考 2 人，强制收卷 1 人；机构已全部收到并核验"
    )


def test_a_journal_that_does_not_reach_is_named() -> None:
    """Too few events, none at all, and another history are three different things."""
    sessions = HELD | {
        f"{1:032x}": held(2),
        f"{2:032x}": held(3, "b" * 64),
    }
    del sessions[f"{3:032x}"]
    found = account([closing(*SIX)], sessions, [lane(9)], ENDS, {})
    assert not found.is_complete
    assert [short.show("en") for short in found.shortfalls] == [
        "c-1: events to 2 of 3",
        "c-2: another history than the hall signed",
        "c-3: events to 0 of 3",
    ]


def test_an_earlier_epoch_must_reach_where_the_next_began() -> None:
    """A session that moved: epoch 1 is wanted up to the position that epoch 2 names."""
    moved = REPLACE(person(1, Ending.HANDED_IN), position=Position(epoch=2, n=1, head="c" * 64))
    session = HeldSession(
        demanded=(Position(epoch=1, n=5, head="a" * 64),),
        held={
            1: Position(epoch=1, n=4, head="b" * 64),
            2: Position(epoch=2, n=1, head="c" * 64),
        },
        links={(2, 1): "c" * 64},
    )
    found = account([closing(moved)], {f"{1:032x}": session}, [lane(1)], ENDS, {})
    assert [short.show("zh") for short in found.shortfalls] == ["c-1：已有事件 4，应有 5"]


def test_lanes_must_be_whole_and_ended() -> None:
    """Waiting, refused and missing parcels, and lanes without an end, are all said."""
    found = account(
        [closing(person(1, Ending.ABSENT))],
        {},
        [lane(9, verified=3, refused=1, waiting=2)],
        {("box-1", 1, Lane.ANSWERS): 0, ("box-1", 1, Lane.INCIDENTS): 0},
        {"box-1.1": 2, "box-2.2": 0},
    )
    assert [short.show("en") for short in found.shortfalls] == [
        "lane answers: 1 parcel(s) refused, a person must look",
        "lane answers: 2 parcel(s) not verified yet",
        "lane answers: 3 parcel(s) missing in between",
        "lane evidence: its end has not come yet",
        "2 grant(s) or decision(s) do not stand in the log of box-1.1",
    ]


def test_segments_that_never_came_are_said() -> None:
    """Where recordings gave way to answers, the account does not say that all is here."""
    ends = ENDS | {("box-1", 1, Lane.RECORDINGS): 2}
    found = account([closing(person(1, Ending.ABSENT))], {}, [lane(9)], ends, {})
    assert [short.show("en") for short in found.shortfalls] == [
        "recordings: 2 segment(s) were never delivered"
    ]
