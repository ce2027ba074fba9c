"""No answer is lost between the keyboard and the seat's disk, and the page says what is true."""

import asyncio
import itertools
import time

import pytest
from playwright.async_api import CDPSession, expect

from exam.paper import Chosen, Filled, Written
from terminal_agent.actions import Answer, GoTo, Mark, ScreenLeft
from terminal_agent.loopback import Loopback
from terminal_agent.view import LeaveShown, Notice, Screen
from tests.integration.page.conftest import Desk
from tests.unit.terminal_agent.scripted_seat import MINUTE, NINE, ScriptedSeat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ESSAY, BLANKS = 43, 41


def written(seat: ScriptedSeat) -> list[str]:
    """Every text of the essay that reached the disk, in order."""
    responses = [action.response for action in seat.events if isinstance(action, Answer)]
    return [response.text for response in responses if isinstance(response, Written)]


async def compose(client: CDPSession, text: str) -> None:
    """Show ``text`` as what an input method is composing."""
    await client.send(
        "Input.imeSetComposition",
        {"text": text, "selectionStart": len(text), "selectionEnd": len(text)},
    )


# --- input methods -------------------------------------------------------------------------


async def test_composed_text_arrives_whole(exam: Desk) -> None:
    """Of a composition only what was chosen is saved, however the views change meanwhile."""
    client = await exam.cdp()
    await exam.go_to(ESSAY)
    await exam.page.get_by_label("您的回答").click()
    for word, pinyin in (("碳达峰", "tan'da'feng"), ("与", "yu"), ("碳中和", "tan'zhong'he")):
        for end in range(1, len(pinyin) + 1):
            await compose(client, pinyin[:end])
            exam.seat.change(hand_raised=end % 2 == 0)
        await client.send("Input.insertText", {"text": word})
    await exam.page.keyboard.type("。")
    await exam.saved("saved_hall")
    assert exam.seat.responses["e1"] == Written(text="碳达峰与碳中和。")
    assert not any(letter.isascii() for part in written(exam.seat) for letter in part)


async def test_a_composition_between_blanks_stays_in_its_blank(exam: Desk) -> None:
    """What is composed in one blank is saved for that blank when the next one is clicked."""
    client = await exam.cdp()
    await exam.go_to(BLANKS)
    await exam.page.get_by_label("第 3 空").click()
    await compose(client, "碳中和")
    await exam.page.get_by_label("第 1 空").click()
    await exam.page.keyboard.type("2030")
    await exam.saved("saved_hall")
    assert exam.seat.responses["b1"] == Filled(blanks={"peak": "2030", "word": "碳中和"})


async def test_leaving_the_question_in_mid_composition_keeps_the_text(exam: Desk) -> None:
    """Going to another question while composing saves what stood in the field."""
    client = await exam.cdp()
    await exam.go_to(ESSAY)
    await exam.page.get_by_label("您的回答").click()
    await exam.page.keyboard.type("一、")
    await compose(client, "边界")
    await exam.go_to(1)
    await exam.saved("saved_hall")
    assert exam.seat.responses["e1"] == Written(text="一、边界")
    await exam.go_to(ESSAY)
    await expect(exam.page.get_by_label("您的回答")).to_have_value("一、边界")


async def test_a_notice_in_mid_composition_costs_no_text(exam: Desk) -> None:
    """A notice takes the focus, loses no text, and is not confirmed by keys meant for the text."""
    client = await exam.cdp()
    await exam.go_to(ESSAY)
    await exam.page.get_by_label("您的回答").click()
    await compose(client, "核算")
    exam.seat.notify("n1", "请注意时间")
    await expect(exam.page.get_by_role("alertdialog")).to_contain_text("请注意时间")
    await exam.page.keyboard.press("Enter")
    await exam.page.keyboard.press("Space")
    assert [notice.id for notice in exam.seat.shown.notices] == ["n1"]
    await exam.page.get_by_role("button", name="我已知悉").click()
    await expect(exam.page.get_by_role("alertdialog")).to_have_count(0)
    await exam.page.keyboard.type("边界")
    await exam.saved("saved_hall")
    assert exam.seat.responses["e1"] == Written(text="核算边界")


async def test_the_end_takes_over_what_is_being_composed(exam: Desk) -> None:
    """Just before the own end, text in composition becomes an answer."""
    client = await exam.cdp()
    await exam.go_to(ESSAY)
    await exam.page.get_by_label("您的回答").click()
    await compose(client, "边界")
    await exam.page.evaluate(
        """() => addEventListener("compositionend", () => {
            window.left = document.querySelector(".digits").textContent; })"""
    )
    exam.seat.set_hall_time(NINE + 90 * MINUTE - 1500)
    await exam.until(lambda: "e1" in exam.seat.responses)
    assert exam.seat.responses["e1"] == Written(text="边界")
    assert await exam.page.evaluate("window.left") == "00:00:01"  # rounded up: not over yet


# --- saving --------------------------------------------------------------------------------


async def test_steady_typing_is_saved_while_it_goes_on(exam: Desk) -> None:
    """Typing without a pause reaches the disk again and again, in gathered steps."""
    await exam.go_to(ESSAY)
    await exam.page.get_by_label("您的回答").click()
    text = "abcdefghij" * 5
    began = time.monotonic()
    await exam.page.keyboard.type(text, delay=30)
    await exam.saved("saved_hall")
    pauses = (time.monotonic() - began) / 0.3
    steps = written(exam.seat)
    assert steps[-1] == text
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(steps))
    assert 3 <= len(steps) <= pauses + 2


async def test_no_change_is_left_behind_by_quick_hands(exam: Desk) -> None:
    """Thirty choices with a step to the next each, as fast as clicks come, are all on disk."""
    await exam.page.evaluate(
        """() => { for (let n = 0; n < 30; n += 1) {
            document.querySelector('.option input').click();
            document.querySelector('.button.next').click(); } }"""
    )
    await exam.saved("saved_hall")
    assert len(exam.seat.responses) == 30
    assert exam.seat.current == "m1"


async def test_a_choice_made_while_another_is_on_its_way_follows_it(exam: Desk) -> None:
    """On a slow disk the newest choice wins, and the older one never comes after it."""
    exam.seat.gate.clear()
    await exam.page.locator(".option").nth(0).click()
    await exam.page.locator(".option").nth(1).click()
    await exam.page.locator(".option").nth(2).click()
    await exam.saved("saving")
    exam.seat.gate.set()
    await exam.saved("saved_hall")
    chosen = [action.response for action in exam.seat.events if isinstance(action, Answer)]
    assert chosen == [Chosen(options=("o4",)), Chosen(options=("o2",))]


async def test_the_sign_never_says_more_than_is_true(exam: Desk) -> None:
    """Saving, saved here, received by the hall: each when it is so; before: nothing."""
    await expect(exam.page.locator(".saved")).to_be_hidden()
    exam.seat.cut()
    exam.seat.gate.clear()
    await exam.page.locator(".option").nth(0).click()
    await exam.saved("saving")
    exam.seat.gate.set()
    await exam.saved("saved_here")
    exam.seat.restore()
    await exam.saved("saved_hall")
    await expect(exam.page.locator(".saved")).to_be_visible()
    exam.seat.cut()
    await exam.page.get_by_role("button", name="标记疑问").click()
    await exam.saved("saved_here")


async def test_a_full_disk_is_said_and_retried(exam: Desk) -> None:
    """What the disk did not take is shown as not saved, kept, and saved when there is room."""
    exam.seat.disk_full = True
    await exam.page.locator(".option").nth(0).click()
    await exam.saved("saved_not")
    assert exam.seat.events == []
    exam.seat.disk_full = False
    await exam.saved("saved_hall")
    assert exam.seat.responses == {"s2": Chosen(options=("o4",))}


async def test_a_hand_in_with_unsaved_answers_says_so(exam: Desk) -> None:
    """Nothing is handed in over the head of an answer that is not on disk."""
    exam.seat.disk_full = True
    await exam.page.locator(".option").nth(0).click()
    await exam.page.get_by_role("button", name="交卷").click()
    await exam.page.get_by_role("button", name="提交试卷").click()
    await expect(exam.page.get_by_role("alert").last).to_contain_text("还有答案没有保存")
    assert exam.seat.shown.screen is Screen.ANSWERING
    exam.seat.disk_full = False
    await exam.saved("saved_hall")
    await exam.page.get_by_role("button", name="提交试卷").click()
    await exam.screen("handed_in")


async def test_an_answer_caught_by_a_pause_is_saved_after_it(exam: Desk) -> None:
    """What was on its way when the exam was paused is kept, and saved when it goes on."""
    exam.seat.gate.clear()
    await exam.page.locator(".option").nth(1).click()
    exam.seat.pause()
    await expect(exam.page.get_by_role("dialog")).to_contain_text("请听从监考员安排")
    exam.seat.gate.set()
    await exam.page.keyboard.press("Escape")
    await expect(exam.page.get_by_role("dialog")).to_be_visible()
    assert exam.seat.events == []
    exam.seat.change(screen=Screen.ANSWERING, paused=None)
    await exam.until(lambda: exam.seat.events)
    assert exam.seat.responses == {"s2": Chosen(options=("o3",))}
    await expect(exam.page.get_by_role("dialog")).to_have_count(0)


async def test_an_answer_too_late_is_said_to_be_lost(exam: Desk) -> None:
    """An answer that the seat refuses for good is named as not saved."""
    exam.seat.gate.clear()
    await exam.page.locator(".option").nth(1).click()
    exam.seat.hand_in_now()
    exam.seat.gate.set()
    await exam.screen("handed_in")
    await expect(exam.page.get_by_role("dialog")).to_contain_text("这个答案没有被保存")


async def test_nothing_is_left_over_for_the_next_candidate(exam: Desk) -> None:
    """What the disk never took is said to be lost, and never sent into another session."""
    exam.seat.disk_full = True
    await exam.page.locator(".option").nth(1).click()
    await exam.saved("saved_not")
    exam.seat.hand_in_now()
    await expect(exam.page.get_by_role("dialog")).to_contain_text("这个答案没有被保存")
    exam.seat.disk_full = False
    exam.seat.open_paper()
    await exam.page.get_by_role("button", name="关闭").click()
    await exam.go_to(2)
    await exam.saved("saved_hall")
    assert exam.seat.responses == {}


@pytest.mark.parametrize("meanwhile", [Screen.SEARCHING, Screen.WAITING])
async def test_a_seat_that_must_find_itself_again_loses_nothing(
    exam: Desk, meanwhile: Screen
) -> None:
    """While the seat looks for the hall or for the paper's key, unsaved text is held."""
    await exam.go_to(ESSAY)
    exam.seat.disk_full = True
    await exam.page.get_by_label("您的回答").fill("未保存")
    await exam.saved("saved_not")
    exam.seat.change(screen=meanwhile)
    await exam.screen(meanwhile)
    exam.seat.disk_full = False
    exam.seat.change(screen=Screen.ANSWERING)
    await exam.saved("saved_hall")
    await expect(exam.page.get_by_label("您的回答")).to_have_value("未保存")
    assert exam.seat.responses["e1"] == Written(text="未保存")


async def test_a_silent_program_is_not_said_to_have_delivered(empty_desk: Desk) -> None:
    """While the program is away no green sign stands beside the call for help."""
    empty_desk.seat.open_paper()
    async with Loopback(empty_desk.seat) as first:
        empty_desk.loopback = first
        desk = await empty_desk.sit()
        await desk.page.locator(".option").nth(0).click()
        await desk.saved("saved_hall")
        await expect(desk.page.locator(".saved")).to_be_visible()
    await expect(desk.page.locator(".banner")).to_contain_text("请举起手臂示意监考员")
    await expect(desk.page.locator(".saved")).to_be_hidden()


async def test_a_restart_of_the_seats_program_loses_nothing(empty_desk: Desk) -> None:
    """While the program is away the page keeps what is typed; after its restart it is saved."""
    seat = empty_desk.seat
    seat.open_paper()
    async with Loopback(seat) as first:
        empty_desk.loopback = first
        desk = await empty_desk.sit()
        await desk.go_to(ESSAY)
    await expect(desk.page.locator(".banner")).to_contain_text("没有响应")
    await desk.page.get_by_label("您的回答").fill("断开时所写")
    await desk.saved("saved_not")
    port = int(first.host.partition(":")[2])
    async with Loopback(seat, port=port, token=first.token):
        await desk.saved("saved_hall")
        await expect(desk.page.locator(".banner")).to_be_hidden()
    assert seat.responses["e1"] == Written(text="断开时所写")


# --- coming back ---------------------------------------------------------------------------


async def test_a_reload_goes_on_where_the_candidate_was(exam: Desk) -> None:
    """After a reload the item, the answers and the marks are those of before."""
    page = exam.page
    await page.locator(".option").nth(1).click()
    await exam.go_to(31)
    await page.locator(".option").nth(0).click()
    await page.locator(".option").nth(2).click()
    await page.get_by_role("button", name="标记疑问").click()
    await exam.go_to(ESSAY)
    await page.get_by_label("您的回答").fill("第一行\n第二行 <b>&amp;")
    await exam.go_to(BLANKS)
    await page.get_by_label("第 2 空").fill("2060")
    await exam.saved("saved_hall")
    await page.reload()
    await expect(page.locator(".question-heading .number")).to_have_text("第 41 题")
    await expect(page.get_by_label("第 2 空")).to_have_value("2060")
    await expect(page.locator(".count-answered dd")).to_have_text("4")
    await expect(page.locator(".cell.answered:not(.sample)")).to_have_text(["1", "31", "41", "43"])
    await expect(page.locator(".cell.marked:not(.sample)")).to_have_text(["31"])
    await exam.go_to(ESSAY)
    await expect(page.get_by_label("您的回答")).to_have_value("第一行\n第二行 <b>&amp;")
    await exam.go_to(1)
    await expect(page.locator(".option input").nth(1)).to_be_checked()
    await exam.saved("saved_hall")


async def test_a_reload_in_mid_typing_loses_nothing(exam: Desk) -> None:
    """What was typed in the last moment before the page goes is sent after it."""
    await exam.go_to(ESSAY)
    await exam.page.get_by_label("您的回答").fill("最后一刻")
    await exam.page.reload()
    await exam.until(lambda: "e1" in exam.seat.responses)
    assert exam.seat.responses["e1"] == Written(text="最后一刻")


async def test_a_crash_of_the_page_costs_at_most_the_pause(
    exam: Desk, spoils_the_window: None
) -> None:
    """When the page's process dies, what was typed before the pause is there afterwards."""
    await exam.go_to(ESSAY)
    await exam.page.get_by_label("您的回答").fill("崩溃之前")
    await exam.until(lambda: "e1" in exam.seat.responses)
    client = await exam.cdp()
    crash = asyncio.ensure_future(client.send("Page.crash"))
    await exam.page.wait_for_event("crash")
    crash.cancel()
    await exam.sit(await exam.context.new_page())
    await expect(exam.page.get_by_label("您的回答")).to_have_value("崩溃之前")


async def test_an_answer_can_be_taken_back(exam: Desk) -> None:
    """Clearing an answer leaves the item unanswered, on disk as well."""
    page = exam.page
    await page.locator(".option").nth(1).click()
    await expect(page.locator(".count-answered dd")).to_have_text("1")
    await page.get_by_role("button", name="清除本题答案").click()
    await expect(page.locator(".count-answered dd")).to_have_text("0")
    await exam.saved("saved_hall")
    assert exam.seat.responses == {"s2": Chosen(options=())}


async def test_looking_at_questions_answers_none(exam: Desk) -> None:
    """Going through all questions writes places, no answers."""
    for number in (BLANKS, ESSAY, 31, 37, 2):
        await exam.go_to(number)
    await exam.saved("saved_hall")
    assert {type(action) for action in exam.seat.events} == {GoTo}
    assert exam.seat.current == "s1"


async def test_one_choice_too_many_is_not_taken(exam: Desk) -> None:
    """Where an item allows two choices, a third is not ticked and not saved."""
    await exam.go_to(36)
    await expect(exam.page.locator(".instruction")).to_have_text("多选题，最多选择 2 项")
    for place in range(3):
        await exam.page.locator(".option").nth(place).click()
    await expect(exam.page.locator(".option input:checked")).to_have_count(2)
    await exam.saved("saved_hall")
    assert exam.seat.responses == {"m6": Chosen(options=("o3", "o4"))}


async def test_the_last_mark_counts(exam: Desk) -> None:
    """Marks and unmarks are kept in their order, and the last one counts."""
    for _ in range(3):
        await exam.page.locator(".mark").click()
    await exam.saved("saved_hall")
    marks = [action.marked for action in exam.seat.events if isinstance(action, Mark)]
    assert marks[-1] is True
    assert exam.seat.marked == {"s2"}


# --- the hall speaks -----------------------------------------------------------------------


async def test_the_line_is_down_and_the_exam_goes_on(exam: Desk) -> None:
    """Cut off in the exam, the page says that answers are kept here, and takes them."""
    exam.seat.cut()
    await expect(exam.page.locator(".banner")).to_contain_text("您可以继续答题")
    await exam.page.locator(".option").nth(0).click()
    await exam.saved("saved_here")
    exam.seat.restore()
    await expect(exam.page.locator(".banner")).to_be_hidden()
    await exam.saved("saved_hall")


async def test_notices_are_confirmed_one_by_one(exam: Desk) -> None:
    """Each message is shown as plain text and waits for its own confirmation."""
    exam.seat.change(
        notices=(
            Notice(id="n1", text="<img src=x onerror=alert(1)>", at=NINE, must_confirm=True),
            Notice(id="n2", text="还有三十分钟", at=NINE + 60 * MINUTE, must_confirm=True),
        )
    )
    dialog = exam.page.get_by_role("alertdialog")
    await expect(dialog).to_contain_text("<img src=x onerror=alert(1)>")
    await exam.page.keyboard.press("Escape")
    await dialog.get_by_role("button").click()
    await expect(dialog).to_contain_text("还有三十分钟")
    await expect(dialog).to_contain_text("10:00")
    await dialog.get_by_role("button").click()
    await expect(dialog).to_have_count(0)
    assert exam.seat.shown.notices == ()


async def test_a_plain_message_covers_no_question(exam: Desk) -> None:
    """It is a strip above the question, which can be answered meanwhile, until it is closed."""
    exam.seat.notify("n1", "还有三十分钟", must_confirm=False)
    strip = exam.page.locator(".strip")
    await expect(strip).to_contain_text("还有三十分钟")
    await expect(exam.page.get_by_role("alertdialog")).to_have_count(0)
    await exam.page.locator(".option").nth(0).click()
    await exam.saved("saved_hall")
    await strip.get_by_role("button", name="关闭这条通知").click()
    await expect(strip).to_have_count(0)
    assert exam.seat.shown.notices == ()


@pytest.mark.parametrize("must_confirm", [True, False])
async def test_a_message_is_read_during_a_pause(exam: Desk, *, must_confirm: bool) -> None:
    """It stands in the pause's own dialog; afterwards it is confirmed or closed as ever."""
    exam.seat.pause()
    dialog = exam.page.locator("dialog.paused")
    await expect(dialog).to_be_visible()
    exam.seat.notify("n1", "请从东门离开", must_confirm=must_confirm)
    await expect(dialog).to_contain_text("请从东门离开")
    exam.seat.change(screen=Screen.ANSWERING, paused=None)
    after = exam.page.locator("dialog.notice-dialog" if must_confirm else ".strip")
    await expect(after).to_contain_text("请从东门离开")


async def test_time_given_moves_the_countdown(exam: Desk) -> None:
    """An extension shows in the countdown at once."""
    await expect(exam.page.locator(".digits")).to_contain_text("00:4")
    longer = exam.seat.shown.targets.ends + 60 * MINUTE
    exam.seat.move_end(longer)
    await expect(exam.page.locator(".digits")).to_contain_text("01:4")


async def test_leaving_the_screen_is_told_and_counted_down(exam: Desk) -> None:
    """The page tells the seat that it lost the screen; the countdown is the seat's."""
    lose = "() => { document.hasFocus = () => false; dispatchEvent(new Event('blur')); }"
    regain = "() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')); }"
    await exam.page.evaluate(lose)
    await exam.page.evaluate(regain)  # too short to be a leave
    await exam.page.locator(".option").nth(0).click()
    await exam.saved("saved_hall")
    await exam.page.evaluate(lose)
    await exam.acted(ScreenLeft(away=True))
    await exam.page.evaluate(regain)
    await exam.acted(ScreenLeft(away=False))
    assert sum(isinstance(action, ScreenLeft) for action in exam.seat.acts) == 2
    exam.seat.change(leaves=LeaveShown(count=1, limit=10, back_by=exam.seat.hall_time() + 5000))
    await expect(exam.page.get_by_role("dialog")).to_contain_text("切屏已记录 1 次，上限 10 次")
    await expect(exam.page.get_by_role("dialog")).to_contain_text("剩余")
    exam.seat.change(leaves=LeaveShown(count=1, limit=10))
    await expect(exam.page.get_by_role("dialog")).to_have_count(0)


async def test_a_jump_of_the_computers_clock_moves_no_countdown(
    empty_desk: Desk, spoils_the_window: None
) -> None:
    """The countdown follows hall time, whatever the computer's own clock says or does."""
    page = await empty_desk.context.new_page()
    await page.add_init_script(
        "let shift = -8e11; const real = Date.now; Date.now = () => real() + shift;"
        "setInterval(() => { shift = -shift * 1.1; }, 50);"
    )
    empty_desk.seat.open_paper()
    desk = await empty_desk.sit(page)
    digits = desk.page.locator(".digits")
    await expect(digits).to_contain_text("00:44:5")
    await expect(digits).to_have_text("00:44:58")
    assert abs(desk.seat.hall_time() - (NINE + 45 * MINUTE + 2000)) < 1000
