"""The hall's status as text."""

from msgspec.structs import replace

from appliance.console.messages import Language
from appliance.status_text import status_lines
from protocol.parcel import Lane
from protocol.staff_api import HallStatus
from tests import sample_halls as halls


def shown(hall: HallStatus, language: Language = Language.EN) -> str:
    return "\n".join(status_lines(hall, language))


def test_the_pairing_code_is_shown_with_its_seats() -> None:
    """Who pairs from a shell reads the nine digits there."""
    assert "Pairing code 483 920 175 for 04, 05, 06" in shown(halls.pairing())


def test_every_seat_and_every_task_has_its_line() -> None:
    """Nobody in the hall is left out, and what needs a person is named with the seat."""
    hall = halls.in_the_exam()
    lines = shown(hall, Language.ZH).splitlines()
    for seat in hall.seats:
        assert any(line.startswith(seat.label) for line in lines)
    assert f"待办 {len(hall.tasks)}" in lines
    assert all(any(task.name in line for line in lines) for task in hall.tasks)


def test_the_end_of_the_day_is_one_sentence() -> None:
    """When the office has verified all, the account is the last line."""
    assert shown(halls.delivered()).splitlines()[-1].endswith("verified by the office")
    assert "verified by the office" not in shown(halls.accounted_for())


def test_a_closed_subject_says_what_waits_for_the_office() -> None:
    """While a parcel of any lane waits, the last line names the lane and how many."""
    lanes = tuple(
        halls.lane(each, 111, 109, 109) if each is Lane.EVIDENCE else halls.lane(each, 9, 9, 9)
        for each in Lane
    )
    hall = replace(halls.delivered(), office_verified_all=False, lanes=lanes)
    said = shown(hall).splitlines()[-1]
    assert said.endswith("; not all is verified yet: 2 of evidence wait")
    assert shown(hall, Language.ZH).endswith("；机构尚未全部核验，还差：证据 2 包")
    hall = replace(halls.delivered(), office_verified_all=False)
    assert shown(hall).endswith("not all is verified yet: the last parcels are not sealed yet")
