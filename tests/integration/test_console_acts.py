"""The console's dialogs, key by key, against the real staff server on a real Unix socket."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from textual import events
from textual.widgets import Digits, Input, OptionList

from appliance.console.dialogs.identity import IdentityDialog
from appliance.console.main_screen import MainScreen
from appliance.console.messages import Language
from appliance.console.pictures import Picture
from appliance.console.tables import SeatTable
from appliance.console.view import ExtraKey, Surroundings
from protocol import staff_api as api
from protocol.codes import unlock_code_from
from protocol.staff_api import ActRefusal, PairingStatus, TaskKind
from provisioning.keyfiles import encrypted_pem
from runtime.secret import Secret
from tests import sample_halls as halls
from tests.consoles import Console, console
from tests.sample_halls import MINUTE, NINE
from tests.scripted_desk import portrait

CODE = unlock_code_from(b"examhall")
GROUPS = CODE.split("-")


async def acted(c: Console, *, times: int = 1) -> api.Act:
    """Wait until the desk has been asked so often; return the last act."""
    await c.until(lambda: len(c.desk.asked) == times)
    return c.desk.asked[-1].act


async def at_the_hall(c: Console) -> None:
    """Wait until no dialog is open."""
    await c.until(lambda: isinstance(c.app.screen, MainScreen))


# --- the clock -----------------------------------------------------------------------------------


async def test_the_next_key_opens_the_doors(tmp_path: Path) -> None:
    """N, Enter in the morning confirms the clock in the person's name; the next step follows."""
    async with console(halls.morning(), tmp_path) as c:
        c.desk.follows = lambda _act: replace(halls.morning(), clock_confirmed_by="wang", tasks=())
        await c.press("n", "enter")
        assert await acted(c) == api.OpenDoors(correction=0)
        assert c.desk.asked[0].staff == "wang"
        assert c.desk.asked[0].sitting == "s-2026-03"
        await c.until(c.has("等待配对"))


async def test_a_wrong_clock_is_corrected_after_a_second_look(tmp_path: Path) -> None:
    """A typed moment becomes a correction; the person confirms the difference in words."""
    async with console(halls.morning(), tmp_path, language=Language.EN) as c:
        await c.press("n")
        await c.type("08:33:00")
        await c.press("enter")
        await c.until(c.has("+03:00"))
        assert not c.desk.asked
        await c.press("y")
        assert await acted(c) == api.OpenDoors(correction=3 * MINUTE)


async def test_what_is_no_time_is_said_and_kept(tmp_path: Path) -> None:
    """A moment that cannot be read sends nothing, and stays in the field."""
    async with console(halls.morning(), tmp_path, language=Language.EN) as c:
        await c.press("n")
        await c.type("8.33")
        await c.press("enter")
        await c.until(c.has("“8.33” is no time"))
        assert c.app.screen.query_one("#moment", Input).value == "8.33"
        assert not c.desk.asked


# --- pairing -------------------------------------------------------------------------------------


async def test_pairing_shows_nine_digits_and_who_is_left(tmp_path: Path) -> None:
    """The chosen seats get a window; its code is shown large, in threes, until all have come."""
    chosen = replace(halls.pairing(), pairing=PairingStatus(
        code="", seats=(), until=0, failures=0, last_failure="",
    ))  # fmt: skip
    async with console(chosen, tmp_path) as c:
        c.desk.follows = lambda _act: halls.pairing()
        await c.press("n", "enter")
        assert await acted(c) == api.OpenPairing(seats=("a-04", "a-05", "a-06"))
        await c.until(c.has("483 920 175"))
        assert "04 05 06" in c.text()
        assert "输错 1 次" in c.text()
        complete = replace(halls.pairing().pairing, seats=())
        await c.shows(replace(halls.pairing(), pairing=complete))
        await c.until(c.has("都已配对"))


async def test_single_seats_are_ticked_with_space(tmp_path: Path) -> None:
    """Space and A choose; nothing chosen asks for a seat."""
    async with console(replace(halls.morning(), clock_confirmed_by="wang"), tmp_path) as c:
        await c.press("n", "a", "enter")
        await c.until(c.has("至少选一个座位"))
        await c.press("down", "space", "enter")
        assert await acted(c) == api.OpenPairing(seats=("a-02",))


async def test_replacing_a_machine_is_asked_for_twice(tmp_path: Path) -> None:
    """A seat that is paired takes another machine only after the person has confirmed it."""
    async with console(halls.before_the_code(), tmp_path, language=Language.EN) as c:
        await c.press("enter", "k", "enter")
        await c.until(c.has("already paired"))
        await c.press("y")
        assert await acted(c) == api.OpenPairing(seats=("a-01",), replace=True)


async def test_the_window_can_be_closed(tmp_path: Path) -> None:
    """C takes the code back, and the choice of seats is there again."""
    async with console(halls.pairing(), tmp_path) as c:
        shut = PairingStatus(code="", seats=(), until=0, failures=1, last_failure="")
        c.desk.follows = lambda _act: replace(halls.pairing(), pairing=shut)
        await c.press("n", "c")
        assert await acted(c) == api.ClosePairing()
        await c.until(lambda: not c.app.screen.query_one("#code", Digits).display)


# --- the unlock code -----------------------------------------------------------------------------


async def test_the_code_is_typed_group_by_group(tmp_path: Path) -> None:
    """A full good group passes the cursor on; the code travels beside the act."""
    async with console(halls.before_the_code(), tmp_path) as c:
        await c.press("n")
        await c.type("".join(GROUPS).lower())
        await c.until(c.has("✓ 第 3 组"))
        await c.press("enter")
        assert await acted(c) == api.Unlock(subject="theory")
        assert c.desk.codes == [(CODE,)]
        await at_the_hall(c)


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_the_mistyped_group_is_named(tmp_path: Path, number: int) -> None:
    """A wrong character is shown at its group, and the code is not sent."""
    groups = list(GROUPS)
    first = groups[number - 1][0]
    groups[number - 1] = ("2" if first != "2" else "3") + groups[number - 1][1:]
    async with console(halls.before_the_code(), tmp_path) as c:
        await c.press("n")
        for each in range(3):
            c.app.screen.query_one(f"#group-{each}", Input).value = groups[each]
        await c.until(c.has(f"✗ 第 {number} 组有误"))
        await c.press("enter")
        await c.until(c.has("请核对标 ✗ 的那一组"))
        assert not c.desk.asked


async def test_a_whole_code_is_spread_over_its_groups(tmp_path: Path) -> None:
    """A code that comes in one piece, with hyphens or without, fills all groups."""
    async with console(halls.before_the_code(), tmp_path) as c:
        await c.press("n")
        c.app.screen.query_one("#group-0", Input).value = CODE
        await c.until(c.has("✓ 第 3 组"))
        values = [c.app.screen.query_one(f"#group-{n}", Input).value for n in range(3)]
        assert values == GROUPS


async def test_a_key_that_comes_to_a_full_group_takes_nothing_away(tmp_path: Path) -> None:
    """Fast fingers are ahead of the cursor: what a full group gets goes behind what came before."""
    async with console(halls.before_the_code(), tmp_path) as c:
        await c.press("n")
        first, second = (c.app.screen.query_one(f"#group-{n}", Input) for n in range(2))
        await c.type(GROUPS[0])
        await c.until(lambda: second.has_focus)
        await c.type(GROUPS[1][0])
        for letter in GROUPS[1][1:]:
            first.post_message(events.Key(letter, letter))
        await c.until(c.has("✓ 第 2 组"))
        assert (first.value, second.value) == (GROUPS[0], GROUPS[1])


async def test_a_wrong_code_keeps_what_was_typed_and_tells_the_wait(tmp_path: Path) -> None:
    """The refusal is shown in the dialog, the code stays, the wait counts down."""
    async with console(halls.before_the_code(), tmp_path, language=Language.EN) as c:
        c.desk.refuse(ActRefusal.WRONG_CODE, "the code does not open the key")
        await c.press("n")
        await c.type("".join(GROUPS))
        await c.press("enter")
        await c.until(c.has("The code is wrong"))
        assert c.app.screen.query_one("#group-1", Input).value == GROUPS[1]
        now = halls.before_the_code().hall_time
        await c.shows(replace(halls.before_the_code(), wrong_codes=4, next_code_at=now + 10_000))
        await c.until(c.has("Wrong codes: 4; the next try in 00:10"))


async def test_two_people_give_a_code_each(tmp_path: Path) -> None:
    """Where the paper asks for two codes there are two rows, and both travel."""
    hall = replace(halls.before_the_code(), subject=halls.subject(codes=2))
    second = unlock_code_from(b"two eyes")
    async with console(hall, tmp_path) as c:
        await c.press("n")
        await c.type("".join(GROUPS) + second.replace("-", ""))
        await c.press("enter")
        await acted(c)
        assert c.desk.codes == [(CODE, second)]


async def test_before_its_time_a_code_is_doubted(tmp_path: Path) -> None:
    """Earlier than fifteen minutes before the start the dialog says that it is early."""
    early = replace(halls.before_the_code(), hall_time=NINE - 20 * MINUTE)
    async with console(early, tmp_path) as c:
        await c.press("n")
        await c.until(c.has("早于 08:45"))


# --- the start -----------------------------------------------------------------------------------


async def test_the_planned_start_is_armed(tmp_path: Path) -> None:
    """Enter on the planned time, then yes: core takes the plan's own moment."""
    async with console(halls.unlocked(), tmp_path) as c:
        await c.press("n")
        await c.until(c.has("6/6 个座位就绪"))
        await c.press("enter")
        await c.until(c.has("09:00:00 全场同时发卷"))
        await c.press("y")
        assert await acted(c) == api.Arm(subject="theory", start=0)


async def test_the_harmless_answer_is_under_the_cursor(tmp_path: Path) -> None:
    """Enter twice arms nothing: the second Enter goes back."""
    async with console(halls.unlocked(), tmp_path) as c:
        await c.press("n", "enter")
        await c.until(c.has("全场同时发卷"))
        await c.press("enter")
        await c.until(c.has("个座位就绪"))
        assert not c.desk.asked


async def test_what_is_typed_takes_the_place_of_a_proposed_number(tmp_path: Path) -> None:
    """Going into the field of the ten proposed seconds and typing 20 means twenty, not 1020."""
    status = replace(halls.unlocked(), hall_time=NINE + MINUTE)
    async with console(status, tmp_path) as c:
        await c.press("n", "enter")
        await c.type("20")
        await c.press("enter", "y")
        assert await acted(c) == api.Arm(subject="theory", start=NINE + MINUTE + 20_000)


async def test_after_the_plan_the_start_is_in_seconds(tmp_path: Path) -> None:
    """Past the planned time the first choice is so many seconds from now."""
    late = replace(halls.unlocked(), hall_time=NINE + MINUTE)
    async with console(late, tmp_path) as c:
        await c.press("n", "enter", "backspace", "backspace")
        await c.type("30")
        await c.press("enter")
        await c.until(c.has("09:01:30 全场同时发卷"))
        await c.press("y")
        assert await acted(c) == api.Arm(subject="theory", start=NINE + MINUTE + 30_000)


async def test_a_start_before_the_plan_is_pointed_out(tmp_path: Path) -> None:
    """Another time is taken as typed; one before the plan is said to be so."""
    async with console(halls.unlocked(), tmp_path, language=Language.EN) as c:
        await c.press("n", "down", "down", "enter")
        await c.type("08:58")
        await c.press("enter")
        await c.until(c.has("before the planned 09:00"))
        await c.press("y")
        assert await acted(c) == api.Arm(subject="theory", start=NINE - 2 * MINUTE)


async def test_the_start_is_taken_back(tmp_path: Path) -> None:
    """The menu offers to disarm while the start is armed."""
    async with console(halls.armed(), tmp_path) as c:
        await c.press("a", "5", "enter")
        assert await acted(c) == api.Disarm(subject="theory")


# --- identity ------------------------------------------------------------------------------------


async def doubtful(c: Console) -> None:
    """Open the identity dialog of seat 02 from the list, with both pictures."""
    await c.press("tab", "down", "down", "enter")
    await c.until(lambda: isinstance(c.app.screen, IdentityDialog))


async def test_both_pictures_stand_side_by_side(tmp_path: Path) -> None:
    """Roster photo and camera picture are fetched and shown; the number is masked until asked."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        c.desk.pictures["c-02", "roster"] = portrait("#335577", "#221100")
        c.desk.pictures["c-02", "camera"] = portrait("#883333", "#442200")
        await doubtful(c)
        roster, camera = c.app.screen.query(Picture)
        await c.until(lambda: roster.is_shown and camera.is_shown)
        assert roster.region.right <= camera.region.x
        assert roster.region.y == camera.region.y
        assert "110***********273X" in c.text()
        assert "0.56" in c.text()
        await c.press("v")
        await c.until(c.has("11010119900300273X"))


@pytest.mark.parametrize(("key", "accepted"), [("y", True), ("n", False)])
async def test_identity_is_decided_with_a_reason(
    tmp_path: Path, *, key: str, accepted: bool
) -> None:
    """The way, a reason that can be changed, Enter: the decision names both."""
    async with console(halls.in_the_exam(), tmp_path, language=Language.EN) as c:
        await doubtful(c)
        await c.press(key, "down", "enter")
        act = await acted(c)
        assert isinstance(act, api.DecideIdentity)
        assert (act.candidate, act.accepted) == ("c-02", accepted)
        assert act.reason
        await at_the_hall(c)


async def test_identity_can_wait(tmp_path: Path) -> None:
    """Escape thinks again first, then leaves it for later; nothing is sent."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await doubtful(c)
        await c.press("enter")
        await c.until(c.has("请先按 Y 或 N"))
        await c.press("n", "escape", "escape")
        await at_the_hall(c)
        assert not c.desk.asked


async def test_a_missing_picture_is_said(tmp_path: Path) -> None:
    """Where the seat has no camera the place says so, and the person can decide all the same."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await doubtful(c)
        assert not any(picture.is_shown for picture in c.app.screen.query(Picture))
        assert "没有画面" in c.text()


async def test_what_is_no_picture_does_no_harm(tmp_path: Path) -> None:
    """Bytes that do not decode count as no picture."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        c.desk.pictures["c-02", "camera"] = b"\xff\xd8 no picture"
        c.desk.pictures["c-02", "roster"] = portrait("#335577", "#221100")
        await doubtful(c)
        roster, camera = c.app.screen.query(Picture)
        await c.until(lambda: roster.is_shown)
        assert not camera.is_shown


# --- one candidate, and all ----------------------------------------------------------------------


async def test_a_hand_is_answered_from_the_list(tmp_path: Path) -> None:
    """The words of the hand are read, then it is lowered."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("tab", "down", "enter")
        await c.until(c.has("键盘有一个键不灵"))
        await c.press("h", "enter")
        assert await acted(c) == api.LowerHand(candidate="c-03")


async def test_a_provisional_hand_in_is_reopened_or_collected(tmp_path: Path) -> None:
    """The list offers both, with what it means."""
    hall = halls.in_the_exam()
    who = replace(hall.seats[3].occupant, state=api.State.HANDED_IN_PROVISIONALLY)
    seats = (*hall.seats[:3], replace(hall.seats[3], occupant=who), *hall.seats[4:])
    hall = replace(hall, seats=seats, tasks=(halls.task(TaskKind.PROVISIONAL, 4),))
    async with console(hall, tmp_path) as c:
        await c.press("n")
        await c.until(lambda: c.app.screen.query_one(OptionList).option_count == 2)
        await c.press("o", "down", "enter")
        act = await acted(c)
        assert isinstance(act, api.Reopen)
        assert act.candidate == "c-04"


async def test_time_is_given_from_a_seats_page(tmp_path: Path) -> None:
    """Enter opens the seat's page, E the form; the usual reasons are a key away."""
    async with console(halls.in_the_exam(), tmp_path, language=Language.EN) as c:
        await c.press("enter", "e")
        await c.type("10")
        await c.press("tab", "down", "down", "enter")
        assert await acted(c) == api.Extend(
            candidate="c-01", ms=10 * MINUTE, reason="network fault"
        )


async def test_a_message_to_all_is_to_be_confirmed(tmp_path: Path) -> None:
    """Chinese text goes out as typed; the tick asks for a confirmation."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("a", "m")
        await c.type("请保持安静")
        await c.press("tab", "space", "enter")
        assert await acted(c) == api.Message(candidate=None, text="请保持安静", must_confirm=True)


async def test_a_refusal_is_shown_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    """Core's refusal stands in the dialog in both wordings; a second try is a new act."""
    async with console(halls.in_the_exam(), tmp_path, language=Language.EN) as c:
        c.desk.refuse(ActRefusal.NOT_NOW, "Paused: possible when answering")
        await c.press("enter", "p")
        await c.type("fire drill")
        await c.press("enter")
        await c.until(c.has("This cannot be done now."))
        assert "possible when answering" in c.text()
        assert c.app.screen.query_one("#reason", Input).value == "fire drill"
        await c.press("enter")
        await acted(c, times=2)
        assert c.desk.asked[0].nonce != c.desk.asked[1].nonce


async def test_a_grave_act_is_confirmed(tmp_path: Path) -> None:
    """Voiding asks for article and reason, then once more; no means nothing is sent."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("enter", "w")
        await c.type("2(3)")
        await c.press("tab")
        await c.type("x")
        await c.press("enter")
        await c.until(c.has("不可撤回"))
        await c.press("n")
        assert not c.desk.asked
        await c.press("enter")
        await c.until(c.has("不可撤回"))
        await c.press("y")
        assert await acted(c) == api.Void(candidate="c-01", article="2(3)", reason="x")


async def test_a_second_person_signs_at_the_console(tmp_path: Path) -> None:
    """Name and passphrase of a colleague; a wrong one is said, the same act is sent again."""
    key = Ed25519PrivateKey.generate()
    (tmp_path / "li.staff.pem").write_bytes(encrypted_pem(key, Secret("passphrase of li")))
    async with console(halls.in_the_exam(), tmp_path) as c:
        c.desk.refuse(ActRefusal.SECOND_PERSON, "two people", zh="要主考同意")
        await c.press("enter", "w")
        await c.type("5")
        await c.press("tab")
        await c.type("x")
        await c.press("enter")
        await c.until(c.has("不可撤回"))
        await c.press("y")
        await c.until(c.has("要主考同意"))
        await c.type("wrong")
        await c.press("enter")
        await c.until(c.has("请核对姓名和口令"))
        for _ in "wrong":
            await c.press("backspace")
        await c.type("passphrase of li")
        await c.press("enter")
        await c.until(lambda: len(c.desk.asked) == 2)
        assert c.desk.asked[0] == c.desk.asked[1]
        assert c.desk.signers == [1, 2]


async def test_a_candidate_moves_to_a_free_seat(tmp_path: Path) -> None:
    """The first free seat is proposed; the reason is asked for."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("enter", "v", "tab", "down", "enter")
        act = await acted(c)
        assert isinstance(act, api.Move)
        assert (act.candidate, act.seat) == ("c-01", "a-06")


async def test_the_subject_is_closed_with_its_account(tmp_path: Path) -> None:
    """N at the end shows the account, asks once more, and closes."""
    async with console(halls.accounted_for(), tmp_path, language=Language.EN) as c:
        c.desk.follows = lambda _act: halls.delivered()
        await c.press("n")
        await c.until(c.has("6 accounted for: 3 handed in, 1 collected, 2 refused or absent"))
        await c.press("enter", "y")
        assert await acted(c) == api.CloseSubject(subject="theory")
        await c.until(c.has("all received and verified by the office"))


# --- looking around ------------------------------------------------------------------------------


async def test_search_narrows_the_seats_and_escape_shows_all(tmp_path: Path) -> None:
    """Slash, a name, Enter: the cursor is on who was found."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("slash")
        await c.type("欧阳")
        table = c.app.screen.query_one(SeatTable)
        await c.until(lambda: table.row_count == 1)
        assert table.chosen == "a-03"
        await c.press("escape")
        await c.until(lambda: table.row_count == 6)


async def test_the_language_switches_at_once(tmp_path: Path) -> None:
    """L speaks the other language, column titles included, and back."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("l")
        await c.until(c.has("3 things need a person"))
        table = c.app.screen.query_one(SeatTable)
        assert [str(column.label) for column in table.ordered_columns][:2] == ["Seat", "Name"]
        await c.press("l")
        await c.until(c.has("有 3 件事等人处理"))


async def test_the_cursor_stays_on_its_seat(tmp_path: Path) -> None:
    """News redraw the rows and leave the person where they were."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("down", "down")
        table = c.app.screen.query_one(SeatTable)
        more = (*halls.in_the_exam().seats, halls.seat(0, None))
        await c.shows(replace(halls.in_the_exam(), seats=more))
        await c.until(lambda: table.row_count == 7)
        assert table.chosen == "a-03"


async def test_a_seats_page_tells_what_changed(tmp_path: Path) -> None:
    """What happens while the console is open stands on the seat's page, newest first."""
    async with console(halls.armed(), tmp_path) as c:
        await c.press("enter")
        await c.shows(replace(halls.in_the_exam(), tasks=()))
        await c.until(c.has("09:40:00 候考 → 答题中"))


async def test_quitting_is_asked_for(tmp_path: Path) -> None:
    """Q, then Enter on the harmless answer stays; Q, Y ends the console."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("q", "enter")
        await at_the_hall(c)
        assert c.app.is_running
        await c.press("q", "y")
        await c.until(lambda: not c.app.is_running)


async def test_a_program_around_the_console_adds_a_key_and_a_line(tmp_path: Path) -> None:
    """What a drill adds stands at the foot and under the next step, and its key is pressed."""
    pressed: list[str] = []

    async def press() -> None:
        pressed.append("x")

    around = Surroundings(
        keys=(ExtraKey(key="x", label=lambda language: f"cut {language}", press=press),),
        note=lambda view: f"the drill of {view.staff}",
    )
    async with console(
        halls.in_the_exam(), tmp_path, language=Language.EN, surroundings=around
    ) as c:
        assert "X cut en" in c.text()
        assert "the drill of wang" in c.text()
        await c.press("x")
        assert pressed == ["x"]
        await c.press("slash", "x")
        assert pressed == ["x"]


async def test_a_seats_page_follows_who_sits_there(tmp_path: Path) -> None:
    """When another candidate is moved to the seat, the pictures are theirs."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        c.desk.pictures["c-01", "roster"] = portrait("#335577", "#221100")
        await c.press("enter")
        roster = next(iter(c.app.screen.query(Picture)))
        await c.until(lambda: roster.is_shown)
        seats = halls.in_the_exam().seats
        moved = replace(seats[0], occupant=seats[1].occupant)
        await c.shows(replace(halls.in_the_exam(), seats=(moved, *seats[1:])))
        await c.until(lambda: not roster.is_shown)
        await c.until(c.has("没有画面"))


async def test_the_choice_stays_under_the_cursor(tmp_path: Path) -> None:
    """When a seat's choices change, the cursor stays on the choice, not on the line."""
    async with console(halls.in_the_exam(), tmp_path) as c:
        await c.press("enter", "down", "down")
        menu = c.app.screen.query_one("#actions", OptionList)
        chosen = menu.highlighted_option.id
        seats = halls.in_the_exam().seats
        raised = replace(seats[0], occupant=replace(seats[0].occupant, hand_raised=True))
        await c.shows(replace(halls.in_the_exam(), seats=(raised, *seats[1:])))
        await c.until(lambda: menu.get_option_at_index(1).id == "lower_hand")
        assert menu.highlighted_option.id == chosen
