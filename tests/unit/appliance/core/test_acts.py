"""Acts of staff: who may ask for what, when, and what is said to who may not."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from exam.rulebook import GraveAct, StaffRole
from exam.session import State
from protocol import decisions as d
from protocol import staff_api as api
from protocol.journal import HandRaised
from protocol.keys import SigningKey
from protocol.sealing import SealingIdentity
from protocol.second_signature import countersign
from protocol.staff_api import ActDone, ActRefusal, ActRefused, ActRequest
from runtime.faults import FaultyDisk
from tests.core_hall import DOORS, MINUTE, PERSONS, START, CoreHall, core_hall

CHIEF = "li-na"
PAUSE = api.Pause(candidate=None, reason="noise")
DAY = 24 * 60 * MINUTE


def void(hall: CoreHall) -> api.Void:
    """Return a grave act."""
    return api.Void(candidate=hall.seating(0).candidate.id, article="5", reason="notes")


def refused(reply: api.ActReply, code: ActRefusal) -> ActRefused:
    """Return the refusal; it says its reason in both languages."""
    assert isinstance(reply, ActRefused), reply
    assert reply.code is code, reply.text
    assert any("\u4e00" <= c <= "\u9fff" for c in reply.text_zh), reply.text_zh
    assert any(" " <= c <= "z" for c in reply.text), reply.text
    assert reply.text != reply.text_zh
    return reply


def by_two(hall: CoreHall, act: Any, second: SigningKey | None = None) -> ActRequest:
    """Return an act that the invigilator and the chief have signed."""
    request = hall.request(act)
    key = hall.office.staff_keys[CHIEF] if second is None else second
    return replace(request, act=countersign(request.act, key))


def with_rules(hall: CoreHall, **changes: Any) -> None:
    """Let another rule book stand for staff."""
    rules = hall.hall.rules
    hall.hall.rules = replace(rules, staff=replace(rules.staff, **changes))  # type: ignore[misc]


# --- who -----------------------------------------------------------------------------------------


async def test_a_grave_act_needs_a_second_person(hall: CoreHall) -> None:
    """One person alone is told what is missing, and nothing happens; with the chief it is done."""
    await hall.answering(0)
    reply = refused(await hall.act(void(hall)), ActRefusal.SECOND_PERSON)
    assert ("王芳" in reply.text_zh, "主考" in reply.text_zh) == (True, True)
    assert hall.seating(0).session.state is State.ANSWERING
    assert isinstance(await hall.acts.perform(by_two(hall, void(hall))), ActDone)
    assert hall.seating(0).session.state is State.VOIDED


async def test_the_decision_keeps_both_signatures(hall: CoreHall) -> None:
    """What goes to the office is the act as two people signed it; the first one asked."""
    await hall.answering(0)
    request = by_two(hall, void(hall))
    await hall.acts.perform(request)
    decision, _ = hall.core.decider.made[-1]
    assert (decision.by, decision.act) == ("wang-fang", request.act.digest)
    (stored,) = hall.row("SELECT act FROM decisions ORDER BY n DESC LIMIT 1")
    assert stored.count('"keyid"') == 2


@pytest.mark.parametrize("who", ["the same person", "a stranger", "an invigilator"])
async def test_who_is_no_second_person(hall: CoreHall, who: str) -> None:
    """Not oneself, not a key that is not on the list, not somebody without the role."""
    await hall.answering(0)
    own = hall.office.staff_keys["wang-fang"]
    key = {
        "the same person": own,
        "a stranger": SigningKey.generate(),
        "an invigilator": hall.office.staff_keys[CHIEF],
    }[who]
    if who == "an invigilator":
        with_rules(hall, one_of=(StaffRole.QUALITY,))
    refused(await hall.acts.perform(by_two(hall, void(hall), key)), ActRefusal.SECOND_PERSON)
    assert hall.seating(0).session.state is State.ANSWERING


async def test_a_second_signature_over_other_bytes_counts_nothing(hall: CoreHall) -> None:
    """A signature is taken for the act that it was made over, and no other."""
    await hall.answering(0)
    one, other = hall.request(void(hall)), by_two(hall, void(hall))
    mixed = replace(one.act, signatures=(*one.act.signatures, other.act.signatures[1]))
    refused(await hall.acts.perform(ActRequest(act=mixed)), ActRefusal.SECOND_PERSON)


@pytest.mark.parametrize(
    ("grave", "act"),
    [
        (GraveAct.COLLECT_ALL, api.Collect(candidate=None, reason="fire")),
        (GraveAct.TURN_AWAY, None),
    ],
)
async def test_the_rule_book_says_what_is_grave(
    hall: CoreHall, grave: GraveAct, act: api.Act | None
) -> None:
    """The same act is one person's or two people's, as the rule book has it."""
    await hall.waiting(0)
    if act is None:
        who = hall.seating(0).candidate.id
        act = api.DecideIdentity(candidate=who, accepted=False, reason="another man")
    with_rules(hall, two_people=(grave,))
    refused(await hall.act(act), ActRefusal.SECOND_PERSON)
    with_rules(hall, two_people=())
    assert isinstance(await hall.act(act), ActDone)


async def test_collecting_one_paper_is_one_persons_act(hall: CoreHall) -> None:
    """Only everybody's at once is grave."""
    await hall.answering(0)
    who = hall.seating(0).candidate.id
    assert isinstance(await hall.act(api.Collect(candidate=who, reason="ill")), ActDone)


async def test_a_role_that_may_not_ask_is_told_who_may(hall: CoreHall) -> None:
    """A role outside the rule book's list asks for nothing by itself, and may sign second."""
    await hall.answering(0)
    with_rules(hall, may_act=(StaffRole.INVIGILATOR,))
    chief = hall.request(PAUSE, key=hall.office.staff_keys[CHIEF], staff=CHIEF)
    reply = refused(await hall.acts.perform(chief), ActRefusal.NOT_ALLOWED)
    assert ("主考" in reply.text_zh, "监考员" in reply.text_zh) == (True, True)
    assert isinstance(await hall.acts.perform(by_two(hall, void(hall))), ActDone)


async def test_the_one_who_asks_is_found_whatever_the_order_of_signatures(hall: CoreHall) -> None:
    """The act names who asks; the other signature is the second person's."""
    await hall.answering(0)
    request = by_two(hall, void(hall))
    turned = replace(request.act, signatures=tuple(reversed(request.act.signatures)))
    assert isinstance(await hall.acts.perform(ActRequest(act=turned)), ActDone)
    assert hall.core.decider.made[-1][0].by == "wang-fang"


# --- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("off", [-11 * MINUTE, 11 * MINUTE, -DAY])
async def test_an_act_of_another_time_is_refused(hall: CoreHall, off: int) -> None:
    """What was captured, and refused or never sent, cannot be asked for later."""
    request = hall.request(PAUSE, at=hall.now() + off)
    reply = refused(await hall.acts.perform(request), ActRefusal.STALE)
    assert "ask again" in reply.text
    assert hall.core.decider.made == []


async def test_a_reply_that_was_lost_is_given_again_however_late(hall: CoreHall) -> None:
    """An act on record is answered from the record: its time does not matter any more."""
    request = hall.request(PAUSE)
    done = await hall.acts.perform(request)
    hall.steady.advance(60 * MINUTE)
    assert await hall.acts.perform(request) == done
    await hall.database.write(lambda c: c.execute("DELETE FROM acts"))
    assert await hall.acts.perform(request) == done
    assert len(hall.core.decider.made) == 1


# --- the clock -----------------------------------------------------------------------------------


async def test_a_wrong_correction_is_taken_back(hall: CoreHall) -> None:
    """An hour too far, and back again: nothing on record stands in the way before the start."""
    with_rules(hall, two_people=())
    assert isinstance(await hall.act(api.OpenDoors(correction=60 * MINUTE)), ActDone)
    assert hall.now() == DOORS + 60 * MINUTE
    await hall.decide(d.Told(text="hello", must_confirm=False))
    assert isinstance(await hall.act(api.OpenDoors(correction=-60 * MINUTE)), ActDone)
    assert hall.now() == DOORS


async def test_going_back_before_a_decision_needs_two_people(hall: CoreHall) -> None:
    """The second person looks at the date as well."""
    await hall.act(api.OpenDoors(correction=5 * MINUTE))
    await hall.decide(d.Told(text="hello", must_confirm=False))
    back = api.OpenDoors(correction=-5 * MINUTE)
    refused(await hall.act(back), ActRefusal.SECOND_PERSON)
    assert isinstance(await hall.acts.perform(by_two(hall, back)), ActDone)
    assert hall.now() == DOORS


async def test_a_correction_that_would_make_everybody_absent_needs_two_people(
    hall: CoreHall,
) -> None:
    """A wrong day typed by one person does not close the log-in over the whole hall."""
    hall.hall.subjects[SUBJECT].armed_start = START
    refused(await hall.act(api.OpenDoors(correction=DAY)), ActRefusal.SECOND_PERSON)
    await hall.rounds.look_at_the_doors()
    assert hall.seating(0).session.state is State.EXPECTED


async def test_after_the_start_hall_time_never_goes_back_before_the_record(
    hall: CoreHall,
) -> None:
    """Times of entry bind; the refusal names both moments in the hall's zone."""
    await hall.answering(0)
    request = by_two(hall, api.OpenDoors(correction=-DAY))
    reply = refused(await hall.acts.perform(request), ActRefusal.NOT_NOW)
    assert "2026-03-20" in reply.text_zh
    assert hall.now() >= START


async def test_a_decision_that_the_disk_refuses_moves_no_clock(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The clock goes by a correction only once the decision about it is on record."""
    with FaultyDisk().installed() as disk:
        async with core_hall(tmp_path, office) as hall:
            disk.full()
            refused(await hall.act(api.OpenDoors(correction=5 * MINUTE)), ActRefusal.DISK)
            disk.room()
            assert hall.now() == DOORS
            assert hall.hall.clock_confirmed_by == ""
            await hall.act(api.OpenDoors(correction=5 * MINUTE))
        async with core_hall(tmp_path, office, steady=hall.steady) as again:
            assert again.now() == DOORS + 5 * MINUTE
            assert again.status().clock_confirmed_by == "wang-fang"


async def test_after_a_reboot_the_time_is_guessed_and_nobody_stands_for_it(
    office: SampleOffice, tmp_path: Path
) -> None:
    """The name of who confirmed goes with the boot; somebody is asked to look again."""
    async with core_hall(tmp_path, office) as hall:
        await hall.act(api.OpenDoors(correction=0))
        assert hall.status().clock_confirmed_by == "wang-fang"
    hall.steady.reboot()
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        status = again.status()
        assert status.clock_confirmed_by == ""
        assert api.TaskKind.CLOCK in {task.kind for task in status.tasks}


# --- hands ---------------------------------------------------------------------------------------


async def test_a_hand_that_was_lowered_stays_down_over_a_restart(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Who was helped is not called for again; a hand raised since then is."""
    async with core_hall(tmp_path, office) as hall:
        seats = [await hall.waiting(person) for person in (0, 1)]
        for seat in seats:
            seat.write(HandRaised, text="water")
        await hall.deliver(*seats)
        for person in (0, 1):
            who = hall.seating(person).candidate.id
            assert isinstance(await hall.act(api.LowerHand(candidate=who)), ActDone)
        seats[1].write(HandRaised, text="again")
        await hall.deliver(seats[1])
    async with core_hall(tmp_path, office) as again:
        hands = [task for task in again.status().tasks if task.kind is api.TaskKind.HAND]
        assert [task.text for task in hands] == ["again"]


async def test_a_tail_that_staff_have_seen_is_shown_no_more_but_a_later_one_is(
    office: SampleOffice, tmp_path: Path
) -> None:
    """Noted for good, over a restart too; what the old seat still brings then is news."""
    async with core_hall(tmp_path, office) as hall:
        old = await hall.answering(0)
        await hall.log_in(0)
        note = api.NoteStray(candidate=hall.seating(0).candidate.id)
        for item in ("q-01", "q-02"):
            old.answer(item, "a")
            await hall.accept(old)
            assert strays(hall) == [PERSONS[0].name]
            if item == "q-01":
                assert isinstance(await hall.act(note), ActDone)
                assert strays(hall) == []
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        assert strays(again) == [PERSONS[0].name]
        assert isinstance(await again.act(note), ActDone)
    async with core_hall(tmp_path, office, steady=hall.steady) as third:
        assert strays(third) == []
        assert third.row("SELECT count(*) FROM strays") == (2,)


def strays(hall: CoreHall) -> list[str]:
    """Return for whom the console shows unmerged answers."""
    return [task.name for task in hall.status().tasks if task.kind is api.TaskKind.STRAY]


# --- the start -----------------------------------------------------------------------------------


async def test_a_start_gone_by_is_refused_and_now_is_said(hall: CoreHall) -> None:
    """The box starts nothing by a past moment; in words it starts at once, or as planned."""
    hall.unlocked(SealingIdentity.generate())
    past = api.Arm(subject=SUBJECT, start=hall.now() - 14 * MINUTE)
    reply = refused(await hall.act(past), ActRefusal.NOT_NOW)
    assert "is 14 minute(s) ago; expected a moment to come, or start=now" in reply.text
    assert hall.hall.subjects[SUBJECT].armed_start is None
    assert isinstance(await hall.act(api.Arm(subject=SUBJECT, start=api.AT_ONCE)), ActDone)
    armed = hall.hall.subjects[SUBJECT].armed_start
    assert armed is not None
    assert hall.now() < armed <= hall.now() + 3_000


async def test_a_start_that_passed_while_it_was_confirmed_comes_at_once(hall: CoreHall) -> None:
    """Whoever read the console's question for some seconds is not asked again."""
    hall.unlocked(SealingIdentity.generate())
    act = api.Arm(subject=SUBJECT, start=hall.now() - 5_000)
    assert isinstance(await hall.act(act), ActDone)


# --- what else is refused, in both languages ----------------------------------------------------


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (api.Arm(subject=SUBJECT, start=0), ActRefusal.LOCKED),
        (api.CloseSubject(subject=SUBJECT), ActRefusal.NOT_NOW),
        (api.Unlock(subject="practical"), ActRefusal.NOT_NOW),
        (api.Unlock(subject=SUBJECT), ActRefusal.WRONG_CODE),
        (api.Pause(candidate="c-nobody", reason="x"), ActRefusal.UNKNOWN),
        (api.OpenPairing(seats=("z99",)), ActRefusal.UNKNOWN),
        (api.OpenPairing(seats=()), ActRefusal.NOT_NOW),
    ],
)
async def test_a_refusal_speaks_both_languages(
    hall: CoreHall, act: api.Act, code: ActRefusal
) -> None:
    """What was expected, what came, what to do: in Chinese and in English."""
    refused(await hall.act(act), code)


async def test_seats_that_a_code_is_open_for_are_named(hall: CoreHall) -> None:
    """Who opens a second code hears which seats have one, and what ends it."""
    seat = next(iter(hall.hall.seats.values()))
    await hall.act(api.OpenPairing(seats=(seat.id,)))
    reply = refused(await hall.act(api.OpenPairing(seats=(seat.id,))), ActRefusal.NOT_NOW)
    assert f"open already for {seat.label}; close-pairing ends it" in reply.text


async def test_what_the_session_table_has_not_is_named_with_what_would_do(hall: CoreHall) -> None:
    """Who, how they stand, and the states in which it could be done."""
    who = hall.seating(0).candidate
    reply = refused(await hall.act(api.EndLeave(candidate=who.id)), ActRefusal.NOT_NOW)
    assert (who.name in reply.text_zh, "未到" in reply.text_zh) == (True, True)
    assert "离座" in reply.text_zh


async def test_a_seat_that_somebody_has_is_no_place_to_move_to(hall: CoreHall) -> None:
    """The refusal names whose it is."""
    one, other = hall.seating(0), hall.seating(1)
    act = api.Move(candidate=one.candidate.id, seat=other.seat, reason="draught")
    reply = refused(await hall.act(act), ActRefusal.NOT_NOW)
    assert other.candidate.name in reply.text_zh


async def test_acts_signed_for_elsewhere_or_by_strangers(hall: CoreHall) -> None:
    """Another centre, sitting, box or generation; a stranger's key; a colleague's name."""
    wrong: list[dict[str, Any]] = [
        {"centre": "other"},
        {"sitting": "other"},
        {"appliance": "other"},
        {"generation": 2},
        {"key": SigningKey.generate()},
        {"staff": CHIEF},
    ]
    for change in wrong:
        reply = await hall.acts.perform(hall.request(PAUSE, **change))
        refused(reply, ActRefusal.UNTRUSTED)
    assert hall.core.decider.made == []
