"""From what the seat knows to what the page shows, step by step of a candidate's way."""

import dataclasses
from pathlib import Path

import msgspec

from protocol.decisions import Collected, Paused, Refused, Told, Voided
from terminal_agent import actions as do
from terminal_agent.view import HallLink, ReasonCode, Screen
from tests.seat_hall import DOORS, MINUTE, START, SampleHall, answering, desk


async def test_without_the_hall_the_page_looks_for_it(tmp_path: Path) -> None:
    """A paired machine that has heard nothing yet shows no door and no time."""
    async with desk(tmp_path, SampleHall(), meets=False) as at:
        view = at.seat.view()
        assert (view.screen, view.hall_link) == (Screen.SEARCHING, HallLink.SEARCHING)
        assert (view.hall_time, view.sitting, view.rules) == (None, None, ())


async def test_a_machine_without_a_seat_is_to_be_paired_once_a_box_is_seen(tmp_path: Path) -> None:
    """Before that there is nothing to type a code for."""
    async with desk(tmp_path, SampleHall(), meets=False) as at:
        at.desk.state.paired, at.desk.state.seat = False, ""
        assert at.seat.view().screen is Screen.SEARCHING
        at.desk.state.appliance_seen = True
        view = at.seat.view()
        assert view.screen is Screen.PAIRING
        assert view.pairing is not None
        assert view.pairing.asks_seat


async def test_the_seat_is_spelled_as_on_its_desk_before_it_is_paired(tmp_path: Path) -> None:
    """Until the hall is known, only the name is: it is in small letters."""
    async with desk(tmp_path, SampleHall(), meets=False) as at:
        at.desk.state.paired, at.desk.state.seat = False, "a-06"
        assert at.seat.view().place.seat == "A-06"


async def test_the_doors_are_closed_then_open_then_closed_again(tmp_path: Path) -> None:
    """By the hall's time; the reason names the moment."""
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        await at.tell_time(START - 31 * MINUTE)
        view = at.seat.view()
        assert view.screen is Screen.CLOSED
        assert view.reason is not None
        assert view.reason.parameters == {"at": START - 30 * MINUTE}
        await at.tell_time(DOORS)
        assert at.seat.view().screen is Screen.CONSENT
        await at.seat.act(do.Consent(given=False))
        assert at.seat.view().screen is Screen.LOGIN
        at.desk.state.armed[hall.paper.subject] = START
        await at.tell_time(START + 31 * MINUTE)
        view = at.seat.view()
        assert view.screen is Screen.REFUSED
        assert view.reason is not None
        assert view.reason.code is ReasonCode.LOGIN_LATE


async def test_log_in_is_not_shown_to_close_after_the_window(tmp_path: Path) -> None:
    """Where a rule book lets in late, the end of the window comes first."""
    async with desk(tmp_path, SampleHall()) as at:
        assert at.seat.view().targets.login_closes == START + 30 * MINUTE
        hall = at.desk.state.hall
        assert hall is not None
        late = msgspec.structs.replace(hall.rules.doors, late_after_s=3 * 3600)
        rules = msgspec.structs.replace(hall.rules, doors=late)
        at.desk.state.hall = dataclasses.replace(hall, rules=rules)
        assert at.seat.view().targets.login_closes == START + 120 * MINUTE


async def test_whether_staff_have_set_the_start_is_told(tmp_path: Path) -> None:
    """Until they have, the moment to begin is only planned."""
    hall = SampleHall()
    async with desk(tmp_path, hall) as at:
        assert not at.seat.view().targets.armed
        at.desk.state.armed[hall.paper.subject] = START
        assert at.seat.view().targets.armed


async def test_each_step_to_the_paper_has_its_screen(tmp_path: Path) -> None:
    """Own data, face, rules, waiting, answering: one after the other."""
    async with answering(tmp_path, SampleHall()) as at:
        view = at.seat.view()
        assert view.screen is Screen.ANSWERING
        assert view.candidate is not None
        assert (view.candidate.name, view.candidate.cameras) == ("王芳", 0)
        assert view.targets.ends == START + 90 * MINUTE
        assert view.targets.earliest_hand_in == START + 30 * MINUTE
        assert (view.saved.on_disk, view.saved.acknowledged) == (at.session.n, 0)


async def test_what_staff_do_is_shown_with_their_words(tmp_path: Path) -> None:
    """A message, a collection: the candidate reads why."""
    async with answering(tmp_path, SampleHall()) as at:
        await at.decide(Told(text="还有十分钟", must_confirm=True))
        (notice,) = at.seat.view().notices
        assert (notice.text, notice.must_confirm) == ("还有十分钟", True)
        await at.decide(Collected(reason="时间到"), one=True)
        view = at.seat.view()
        assert view.screen is Screen.COLLECTED
        assert view.reason is not None
        assert (view.reason.code, view.reason.words) == (ReasonCode.COLLECTED_BY_STAFF, "时间到")


async def test_why_staff_paused_is_not_for_the_page(tmp_path: Path) -> None:
    """The reason of a pause goes on record; nothing that the page is sent holds it."""
    async with answering(tmp_path, SampleHall()) as at:
        await at.decide(Paused(reason="suspected cheating"))
        view = at.seat.view()
        assert view.screen is Screen.PAUSED
        assert b"suspected" not in msgspec.json.encode(view)


async def test_a_voided_subject_says_so(tmp_path: Path) -> None:
    """With the reason on record."""
    async with answering(tmp_path, SampleHall()) as at:
        await at.decide(Voided(article="3.1", reason="phone"), one=True)
        view = at.seat.view()
        assert (view.screen, at.seat.paper() is None) == (Screen.VOIDED, False)
        assert view.reason is not None
        assert view.reason.code is ReasonCode.VOIDED_BY_STAFF


async def test_who_is_turned_away_goes_no_further(tmp_path: Path) -> None:
    """The way is closed, and the page says whom to ask."""
    async with desk(tmp_path, SampleHall()) as at:
        await at.log_in()
        await at.decide(Refused(reason="another person"), one=True)
        view = at.seat.view()
        assert view.screen is Screen.REFUSED
        assert view.reason is not None
        assert view.reason.code is ReasonCode.FACE_REFUSED


async def test_the_pictures_of_the_current_question_are_named_with_the_open_paper(
    tmp_path: Path,
) -> None:
    """The page fetches them beside the paper: of the question that stands there, and no other."""
    async with desk(tmp_path / "waiting", SampleHall()) as at:
        await at.come_to_the_waiting_room()
        assert at.seat.view().ahead == ()
    async with answering(tmp_path / "exam", SampleHall()) as at:
        await at.seat.act(do.GoTo(item="s2"))
        assert at.seat.view().ahead == ()
        await at.seat.act(do.GoTo(item="s3"))
        (name,) = at.seat.view().ahead
        assert at.seat.asset(name) is not None
