"""Log-in: who is let in, who is not and why, and what a grant says."""

import asyncio

import pytest
from msgspec.structs import replace

from appliance.core.sessions import GrantGiven
from drill.sample_office import SampleOffice
from drill.sample_sitting import SUBJECT
from exam.rulebook import LoginField
from exam.session import State
from protocol import decisions as d
from protocol.envelope import Envelope
from protocol.grant import open_grant
from protocol.log_entries import Granted, decode_entry
from protocol.seat_api import Acknowledged, LoginRefusal, LoginRefused
from protocol.values import decode
from tests.core_hall import DOORS, MINUTE, PERSONS, START, CoreHall, core_hall

LOCK_MS = 60_000
"""What the rule book `ksj` lets a seat wait after five wrong tries."""

WRONG = {LoginField.ID_NUMBER: "110101199003072316", LoginField.ID_NUMBER_LAST4: "2316"}


async def refused(hall: CoreHall, person: int, **how) -> LoginRefused:
    given, _, _ = await hall.ask(person, **how)
    assert isinstance(given, LoginRefused), given
    return given


async def test_who_is_on_the_roster_at_their_own_seat_gets_a_grant(hall: CoreHall) -> None:
    """The grant binds candidate, seat, certificate and key, and is a leaf of the log."""
    seat = await hall.log_in(0)
    grant, seating = seat.grant, hall.seating(0)
    assert (grant.candidate, grant.seat) == (seating.candidate.id, seating.seat)
    assert (grant.session_key, grant.epoch, grant.previous) == (seat.key.public.hex, 1, None)
    assert grant.granted_at == DOORS
    assert seating.session.state is State.SEATED
    (stored,) = hall.row("SELECT envelope FROM grants")
    assert decode(stored.encode(), Envelope) == seat.envelope
    (leaf,) = hall.row("SELECT body FROM leaves ORDER BY i DESC")
    assert decode_entry(leaf) == Granted(at=DOORS, grant=seat.envelope.digest)


async def test_numbers_are_read_as_people_type_them(hall: CoreHall) -> None:
    """Blanks around a number and a small x are no mistake."""
    number = PERSONS[0].id_number
    fields = {
        LoginField.ID_NUMBER: f"  {number.lower()} ",
        LoginField.ID_NUMBER_LAST4: number[-4:].lower(),
    }
    given, _, _ = await hall.ask(0, fields=fields)
    assert isinstance(given, GrantGiven)


@pytest.mark.parametrize(
    "fields",
    [
        WRONG,
        {**WRONG, LoginField.ID_NUMBER: PERSONS[0].id_number},
        {LoginField.ID_NUMBER: PERSONS[0].id_number},
        {LoginField.ID_NUMBER: "", LoginField.ID_NUMBER_LAST4: ""},
        {LoginField.TICKET_NUMBER: PERSONS[0].ticket_number},
        {},
    ],
    ids=["nobody", "another's end", "one field", "empty", "another field", "none"],
)
async def test_fields_that_fit_nobody_are_a_wrong_try(hall: CoreHall, fields) -> None:
    """What fits no candidate is refused with the tries that are left; nothing is written."""
    said = await refused(hall, 0, fields=fields)
    assert (said.code, said.tries_left) == (LoginRefusal.WRONG, 4)
    assert hall.rows("SELECT * FROM grants") == []


async def test_wrong_tries_cost_time_and_never_lock_out(hall: CoreHall) -> None:
    """After five wrong tries the seat waits a minute, however often; then the right one is in."""
    for _ in range(3):
        said = [await refused(hall, 0, fields=WRONG) for _ in range(5)]
        assert [one.tries_left for one in said] == [4, 3, 2, 1, 0]
        assert (said[-1].code, said[-1].at) == (LoginRefusal.LOCKED, hall.now() + LOCK_MS)
        early = await refused(hall, 0)
        assert (early.code, early.at) == (LoginRefusal.LOCKED, hall.now() + LOCK_MS)
        hall.steady.advance(LOCK_MS)
    assert (await hall.log_in(0)).grant.epoch == 1


async def test_wrong_tries_are_counted_by_seat(hall: CoreHall) -> None:
    """One seat's wrong tries hold up nobody else."""
    for _ in range(5):
        await refused(hall, 0, fields=WRONG)
    assert (await hall.log_in(1)).grant.epoch == 1


async def test_the_doors(hall: CoreHall) -> None:
    """Too early says from when; too late, once the start is armed, says since when."""
    hall.core.clock.confirm(START - 31 * MINUTE, not_before=0)
    early = await refused(hall, 0)
    assert (early.code, early.at) == (LoginRefusal.TOO_EARLY, START - 30 * MINUTE)
    hall.steady.advance(MINUTE)
    await hall.log_in(0)
    hall.hall.subjects[SUBJECT].armed_start = START
    hall.until(START + 30 * MINUTE)
    await hall.log_in(1)
    hall.steady.advance(1)
    late = await refused(hall, 2)
    assert (late.code, late.at) == (LoginRefusal.TOO_LATE, START + 30 * MINUTE)


async def test_a_late_start_holds_the_doors_open(hall: CoreHall) -> None:
    """While the start is not armed, nobody is too late."""
    hall.until(START + 45 * MINUTE)
    assert (await hall.log_in(0)).grant.epoch == 1


async def test_another_seat_names_the_right_one(hall: CoreHall) -> None:
    """At another seat the candidate is told which desk is theirs, also when in already."""
    mine, other = hall.seating(0).seat, hall.seating(1).seat
    said = await refused(hall, 0, seat=other)
    assert (said.code, said.seat) == (LoginRefusal.OTHER_SEAT, hall.hall.seats[mine].label)
    await hall.log_in(0)
    again = await refused(hall, 0, seat=other)
    assert (again.code, again.seat) == (LoginRefusal.ALREADY_IN, hall.hall.seats[mine].label)


async def test_another_subject_or_exam(hall: CoreHall) -> None:
    """A subject whose turn it is not is no exam; one that the candidate does not sit another's."""
    _, _, request = await hall.ask(0)
    other = await hall.sessions.log_in(replace(request, subject="practical"), "a01", "1" * 64)
    assert isinstance(other, LoginRefused)
    assert other.code is LoginRefusal.NO_EXAM
    seating = hall.seating(1)
    del hall.hall._seatings[(seating.candidate.id, SUBJECT)]
    given = await hall.sessions.log_in(
        replace(
            request,
            fields={
                LoginField.ID_NUMBER: PERSONS[1].id_number,
                LoginField.ID_NUMBER_LAST4: PERSONS[1].id_number[-4:],
            },
        ),
        seating.seat,
        "1" * 64,
    )
    assert isinstance(given, LoginRefused)
    assert given.code is LoginRefusal.OTHER_EXAM


@pytest.mark.parametrize(
    "end", [d.Collected(reason="fire"), d.Voided(article="3", reason="phone"), d.Refused(reason="")]
)
async def test_who_has_ended_is_not_let_in_again(hall: CoreHall, end) -> None:
    """After the end there is no way back in."""
    await hall.answering(0)
    await hall.decide(end, 0)
    assert (await refused(hall, 0)).code is LoginRefusal.ENDED


async def test_who_handed_in_provisionally_is_not_let_in_again(hall: CoreHall) -> None:
    """A provisional hand-in is the invigilator's matter, not the log-in's."""
    seat = await hall.answering(0)
    await hall.decide(d.TimeGiven(ms=MINUTE, reason="noise"), 0)
    seat.hand_in(automatic=True, provisional=True, hall=hall.now() + 1)
    await hall.deliver(seat)
    assert hall.seating(0).session.state is State.HANDED_IN_PROVISIONALLY
    assert (await refused(hall, 0)).code is LoginRefusal.ENDED


async def test_a_second_log_in_goes_on_where_the_first_stood(hall: CoreHall) -> None:
    """After a crash the next epoch opens on the acknowledged head, with the same order."""
    first = await hall.answering(0)
    first.answer("q-01", "a")
    await hall.deliver(first)
    second = await hall.log_in(0)
    assert (second.grant.session, second.grant.epoch) == (first.grant.session, 2)
    assert second.grant.previous == first.position()
    assert second.grant.order == first.grant.order
    assert hall.seating(0).session.state is State.ANSWERING
    second.answer("q-02", "b")
    await hall.deliver(second)


async def test_the_door_is_no_matter_for_who_was_in(hall: CoreHall) -> None:
    """Whoever was in comes back also after the log-in has closed."""
    await hall.answering(0)
    hall.hall.subjects[SUBJECT].armed_start = START
    hall.until(START + 40 * MINUTE)
    assert (await hall.log_in(0)).grant.epoch == 2


async def test_the_standing_of_a_second_log_in_holds_what_was_answered(hall: CoreHall) -> None:
    """Answers, marks, place and own data come from the epochs before, decisions beside them."""
    first = await hall.answering(0)
    first.answer("q-01", "a")
    first.answer("q-01", "b")
    await hall.deliver(first)
    await hall.decide(d.TimeGiven(ms=MINUTE, reason="noise"))
    given, _, request = await hall.ask(0)
    assert isinstance(given, GrantGiven)
    reply = await hall.following.logged_in(given, request)
    assert {i: r.options for i, r in reply.standing.responses.items()} == {"q-01": ("b",)}
    assert reply.standing.session == hall.seating(0).session
    assert reply.standing.decisions == len(hall.core.decider.made)
    assert reply.decisions[-1] == hall.core.decider.made[-1][1]


async def test_a_batch_in_flight_is_before_the_new_epoch_or_refused(hall: CoreHall) -> None:
    """However a log-in and a batch meet, all that was acknowledged is in `previous`."""
    for round_ in range(20):
        seat = await hall.log_in(0)
        seat.answer("q-01", "a")
        (reply, (given, _key, _)) = await asyncio.gather(hall.accept(seat), hall.ask(0))
        assert isinstance(given, GrantGiven)
        grant = open_grant(given.grant, hall.core.box.key.public)
        assert grant.previous is not None
        expected = 1 if isinstance(reply, Acknowledged) else 0
        assert grant.previous.n == expected, f"round {round_}"
        assert grant.previous == seat.position(expected)
        position = hall.seating(0).position
        assert position is not None
        assert (position.epoch, position.n) == (grant.epoch, 0)


async def test_a_moved_candidate_logs_in_at_the_new_seat_only(hall: CoreHall) -> None:
    """After a move the old seat names the new one, and the new seat opens the next epoch."""
    await hall.answering(0)
    there = hall.seating(5).seat
    await hall.decide(d.AbsentMarked(reason="ill"), 5)
    await hall.decide(d.Moved(seat=there, epoch=2, reason="keyboard"), 0)
    old = PERSONS[0].seat.lower()
    said = await refused(hall, 0, seat=old)
    assert (said.code, said.seat) == (LoginRefusal.ALREADY_IN, hall.hall.seats[there].label)
    moved = await hall.log_in(0, seat=there)
    assert (moved.grant.epoch, moved.grant.seat) == (2, there)


async def test_a_move_before_the_log_in_lets_nobody_in_by_itself(hall: CoreHall) -> None:
    """Who is moved before coming is still expected, and may still be absent."""
    there = hall.seating(5).seat
    await hall.decide(d.AbsentMarked(reason="ill"), 5)
    await hall.decide(d.Moved(seat=there, epoch=1, reason="keyboard"), 0)
    assert hall.seating(0).session.state is State.EXPECTED
    hall.hall.subjects[SUBJECT].armed_start = START
    hall.until(START + 31 * MINUTE)
    assert (await refused(hall, 0, seat=there)).code is LoginRefusal.TOO_LATE


async def test_a_grant_that_the_disk_refuses_was_never_given(
    office: SampleOffice, tmp_path, hall: CoreHall
) -> None:
    """Where the commit fails nobody is in, in memory or on the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hall.database, "write", _fails)
        with pytest.raises(OSError, match="no room"):
            await hall.ask(0)
    assert hall.seating(0).id is None
    assert hall.seating(0).session.state is State.EXPECTED
    await hall.log_in(0)


def _fails(_job):
    raise OSError("no room")


async def test_grants_outlast_a_restart(office: SampleOffice, tmp_path) -> None:
    """The hall that is opened again knows who is in, and goes on with the next epoch."""
    async with core_hall(tmp_path, office) as hall:
        seat = await hall.answering(0)
        before = hall.seating(0)
    async with core_hall(tmp_path, office, steady=hall.steady) as again:
        after = again.seating(0)
        assert (after.id, after.epoch, after.session) == (before.id, 1, before.session)
        assert after.position == seat.position()
        assert (await again.log_in(0)).grant.epoch == 2


async def test_a_password_of_the_roster_lets_in(hall: CoreHall) -> None:
    """Where the rule book asks for one: the roster's, whatever its case; none fits an empty one."""
    fields = (LoginField.TICKET_NUMBER, LoginField.PASSWORD)
    rules = hall.hall.rules
    hall.hall.rules = replace(rules, login=replace(rules.login, fields=fields))
    seating = hall.seating(0)
    with_one = replace(seating.candidate, password="7K2M")
    hall.hall.candidates[with_one.id] = with_one
    _, _, request = await hall.ask(0)
    for typed, is_in in (("", False), ("7k2n", False), ("7k2m", True)):
        said = {
            LoginField.TICKET_NUMBER: with_one.ticket_number,
            LoginField.PASSWORD: typed,
        }
        given = await hall.sessions.log_in(replace(request, fields=said), seating.seat, "1" * 64)
        assert isinstance(given, LoginRefused) is not is_in
