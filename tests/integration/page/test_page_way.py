"""The candidate's way through `ksj`, in a real browser."""

import re

import pytest
from playwright.async_api import Page, expect

from exam.paper import Chosen, Filled, Written
from terminal_agent.actions import Pair
from terminal_agent.view import (
    FaceShown,
    FaceStage,
    HallLink,
    PairingShown,
    Reason,
    ReasonCode,
    Screen,
    Targets,
)
from tests.integration.page.conftest import Desk
from tests.unit.terminal_agent.scripted_seat import ID_NUMBER, MINUTE, NINE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def reach_the_waiting_room(desk: Desk) -> None:
    page = desk.page
    await page.get_by_role("button", name="同意", exact=True).click()
    await desk.screen("login")
    await page.get_by_label("身份证号").fill(ID_NUMBER)
    await page.get_by_label("校验码").fill("0000")
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert")).to_contain_text("信息不正确")
    await expect(page.locator("body")).to_contain_text("还可以尝试 4 次")
    await page.get_by_label("校验码").fill("002x")  # small x, as people type it
    await page.get_by_role("button", name="登录").click()
    await desk.screen("own_data")
    await expect(page.locator(".facts")).to_contain_text(ID_NUMBER)
    await page.get_by_role("button", name="信息无误，继续").click()
    await desk.screen("face")
    await expect(page.locator(".hints")).to_contain_text("光线太暗")
    await expect(page.locator(".face-side")).to_contain_text("摄像设备数：1")
    await page.get_by_role("button", name="再试一次").click()
    await desk.screen("rules")
    await page.get_by_role("button", name="我已阅读").click()
    await desk.screen("waiting")
    await expect(page.locator(".count")).to_contain_text("00:19:")
    await expect(page.locator(".facts")).to_contain_text("2026-01-01 09:00 至 2026-01-01 11:00")
    await expect(page.locator(".facts")).to_contain_text("90 分钟")


async def answer_one_of_each_type(desk: Desk) -> None:
    page = desk.page
    await page.locator(".option", has_text="排放因子").click()
    await page.get_by_role("button", name="标记疑问").click()
    await desk.go_to(31)
    await page.locator(".option", has_text="甲烷").click()
    await page.locator(".option", has_text="六氟化硫").click()
    await desk.go_to(37)
    await page.locator(".option", has_text="正确").click()
    await desk.go_to(41)
    await page.get_by_label("第 1 空").fill("2030")
    await page.get_by_label("第 3 空").fill("碳中和")
    await desk.go_to(43)
    await page.get_by_label("您的回答").fill("核算边界为园区。")
    await desk.saved("saved_hall")


async def test_the_whole_way_by_mouse(desk: Desk) -> None:
    """A candidate comes from consent to the receipt, and all that was done is on disk."""
    page, seat = desk.page, desk.seat
    await reach_the_waiting_room(desk)
    seat.open_paper()  # the start: the exam opens by itself
    await desk.screen("answering")
    await expect(page.locator(".digits")).to_contain_text("00:4")
    await answer_one_of_each_type(desk)
    for name, number in {"total": 43, "answered": 5, "marked": 1, "unanswered": 38}.items():
        await expect(page.locator(f".count-{name} dd")).to_have_text(str(number))
    await page.get_by_role("button", name="交卷").click()
    await expect(page.locator(".tile").nth(0)).to_contain_text("1")
    await expect(page.locator(".tile").nth(1)).to_contain_text("38")
    await page.get_by_role("button", name="继续答题").click()
    await page.get_by_role("button", name="交卷").click()
    await page.get_by_role("button", name="提交试卷").click()
    await desk.screen("handed_in")
    await expect(page.locator(".receipt-code span")).to_have_text(
        ["K7QF3", "MZP9X", "W2RT4", "HB8ND"]
    )
    await expect(page.locator(".facts")).to_contain_text("5 / 43")
    assert seat.responses == {
        "s2": Chosen(options=("o1",)),
        "m1": Chosen(options=("o2", "o4")),
        "j1": Chosen(options=("t",)),
        "b1": Filled(blanks={"peak": "2030", "word": "碳中和"}),
        "e1": Written(text="核算边界为园区。"),
    }
    assert seat.marked == {"s2"}
    await page.get_by_role("button", name="离开考场").click()
    await desk.screen("ended")


async def focused(page: Page, selector: str) -> bool:
    return bool(await page.evaluate("s => document.activeElement?.matches(s) ?? false", selector))


async def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press ``key`` until the focus stands on ``selector``; at most sixty times."""
    for _ in range(60):
        if await focused(page, selector):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"the keyboard does not reach {selector}")


async def press_on(page: Page, selector: str, key: str = "Tab") -> None:
    await tab_to(page, selector, key)
    await page.keyboard.press("Enter")


async def shows_question(page: Page, number: int) -> None:
    heading = page.locator(".question-heading .number")
    await expect(heading).to_have_text(f"第 {number} 题")


async def reach_the_waiting_room_by_keys(desk: Desk) -> None:
    page, keys = desk.page, desk.page.keyboard
    await press_on(page, ".choices .primary")
    await desk.screen("login")
    await tab_to(page, "#field-id_number")
    await keys.type(ID_NUMBER)
    await keys.press("Tab")
    await keys.type(ID_NUMBER[-4:])
    await keys.press("Enter")
    for screen, after in (("own_data", "face"), ("face", "rules"), ("rules", "waiting")):
        await desk.screen(screen)
        await press_on(page, ".choices .primary")
        await desk.screen(after)


async def answer_by_keys(desk: Desk) -> None:
    page, keys = desk.page, desk.page.keyboard
    await tab_to(page, ".option input")
    await keys.press("ArrowDown")  # of a group of radio buttons
    await tab_to(page, ".mark")
    await keys.press("Space")
    await press_on(page, ".next")
    await shows_question(page, 2)
    await tab_to(page, ".cell", "Shift+Tab")
    await keys.press("End")
    await keys.press("Enter")
    await shows_question(page, 43)
    await tab_to(page, ".essay")
    await keys.type("abc")
    await tab_to(page, ".cell", "Shift+Tab")
    for _ in range(12):
        await keys.press("ArrowLeft")
    await keys.press("Enter")
    await shows_question(page, 31)
    await tab_to(page, ".option input")
    await keys.press("Space")
    await desk.saved("saved_hall")


async def test_the_whole_way_by_keyboard(desk: Desk) -> None:
    """The same way without a mouse: every step is reached and done by keys."""
    page, seat, keys = desk.page, desk.seat, desk.page.keyboard
    await reach_the_waiting_room_by_keys(desk)
    seat.open_paper()
    await desk.screen("answering")
    await page.wait_for_selector(".option")
    await answer_by_keys(desk)
    await press_on(page, ".hand-in", "Shift+Tab")
    await page.wait_for_selector(".hand-in-dialog")
    await keys.press("Escape")  # back to the paper
    await expect(page.locator("dialog")).to_have_count(0)
    assert await focused(page, ".hand-in")
    await keys.press("Enter")
    await press_on(page, ".hand-in-dialog .primary")
    await desk.screen("handed_in")
    assert seat.responses == {
        "s2": Chosen(options=("o3",)),
        "e1": Written(text="abc"),
        "m1": Chosen(options=("o4",)),
    }
    assert seat.marked == {"s2"}
    await press_on(page, ".choices .primary")
    await desk.screen("ended")


async def test_staff_pair_the_seat(desk: Desk) -> None:
    """Staff type seat and code as they stand on desk and console; a wrong code is said."""
    desk.seat.change(screen=Screen.PAIRING, pairing=PairingShown(asks_seat=True))
    page = desk.page
    await expect(page.locator(".link")).to_have_text("等待配对")
    await page.get_by_label("座位号").fill("A-07")
    await page.get_by_label("配对码").fill("111 22")
    await page.get_by_role("button", name="配对").click()
    await expect(page.get_by_role("alert")).to_have_text("配对码应为 9 位数字，现为 5 位")
    assert desk.seat.acts == []
    await page.get_by_label("配对码").fill("111 222 333")
    await page.get_by_role("button", name="配对").click()
    await expect(page.get_by_role("alert")).to_have_text("配对码不正确")
    await page.get_by_label("配对码").fill("１２３－４５６－７８９")
    await page.keyboard.press("Enter")
    await desk.screen("closed")
    assert desk.seat.acts[-1] == Pair(code="123456789", seat="A-07")


async def test_wrong_own_data_goes_back_to_the_log_in(desk: Desk) -> None:
    """“It is wrong” leads to an empty log-in form, where the seat goes back."""
    desk.seat.seat_candidate(Screen.OWN_DATA)
    await desk.page.get_by_role("button", name="信息有误").click()
    await desk.screen("login")
    await expect(desk.page.get_by_label("身份证号")).to_have_value("")


async def test_wrong_own_data_is_told_to_staff(desk: Desk) -> None:
    """Where the seat stays, the page says that the invigilator has been told."""
    desk.seat.seat_candidate(Screen.OWN_DATA)
    desk.seat.goes_back = False
    await desk.page.get_by_role("button", name="信息有误").click()
    await expect(desk.page.locator(".notice")).to_contain_text("已通知监考员")


async def test_a_slip_of_the_finger_costs_no_try(desk: Desk) -> None:
    """A field of the wrong length is not sent; full-width digits are taken as digits."""
    desk.seat.seat_candidate(Screen.LOGIN, candidate=None)
    page = desk.page
    await page.get_by_label("身份证号").fill("１１０１０５１９４９１２３１００２ｘ")
    await page.get_by_label("校验码").fill("02X")
    await page.get_by_role("button", name="登录").click()
    await expect(page.locator(".field-problem:visible")).to_have_text("应为 4 位，现为 3 位")
    assert desk.seat.acts == []
    await page.get_by_label("校验码").fill("00 2x")
    await page.get_by_role("button", name="登录").click()
    await desk.screen("own_data")


async def test_refused_consent_is_told_to_the_seat(desk: Desk) -> None:
    """Refusing face comparison is a choice beside consenting, and is recorded as such."""
    await desk.page.get_by_role("button", name="不同意").click()
    await desk.screen("refused")
    assert [action.given for action in desk.seat.acts] == [False]


async def test_staff_are_asked_where_the_face_fails(desk: Desk) -> None:
    """Without tries only the invigilator can be asked, and the screen says who decides."""
    failed = FaceShown(stage=FaceStage.FAILED, tries_left=0)
    desk.seat.seat_candidate(Screen.FACE, face=failed)
    await expect(desk.page.get_by_role("button", name="再试一次")).to_be_hidden()
    await desk.page.get_by_role("button", name="请监考员核验").click()
    await expect(desk.page.locator(".stage")).to_have_text("监考员正在核验")


async def test_who_has_asked_for_a_person_is_told_to_wait(desk: Desk) -> None:
    """After asking, the face check no longer tells the candidate to try again."""
    failed = FaceShown(stage=FaceStage.FAILED, tries_left=1)
    desk.seat.seat_candidate(Screen.FACE, face=failed)
    await expect(desk.page.locator(".face-side")).to_contain_text("调整后再试一次")
    desk.seat.change(hand_raised=True)
    await expect(desk.page.locator(".face-side")).to_contain_text("监考员马上过来")
    await expect(desk.page.get_by_text("调整后再试一次")).to_have_count(0)
    await expect(desk.page.get_by_role("button", name="请监考员核验")).to_be_hidden()


async def test_a_number_in_use_names_no_seat(desk: Desk) -> None:
    """Whoever typed it may be another person: the page says neither who nor where."""
    used = Reason(code=ReasonCode.ALREADY_IN, parameters={"seat": "A01"})
    desk.seat.seat_candidate(Screen.LOGIN, candidate=None, reason=used)
    await expect(desk.page.get_by_role("alert")).to_contain_text("已在别的座位登录")
    await expect(desk.page.get_by_role("alert")).not_to_contain_text("A01")


async def test_a_dead_appliance_before_the_start_costs_no_time(desk: Desk) -> None:
    """While the appliance is gone before the start, the page says that no time runs."""
    desk.seat.seat_candidate(Screen.WAITING)
    await desk.screen("waiting")
    desk.seat.cut()
    await expect(desk.page.locator(".banner")).to_contain_text("您的考试时间没有开始计算")
    desk.seat.restore()
    await expect(desk.page.locator(".banner")).to_be_hidden()


async def test_an_unknown_hall_time_is_said(desk: Desk) -> None:
    """Without hall time the waiting room shows no countdown, and says what it waits for."""
    desk.seat.hall_time = lambda: None
    desk.seat.seat_candidate(Screen.WAITING, hall_link=HallLink.SEARCHING)
    await expect(desk.page.locator(".count-label")).to_have_text("正在等待考场时间")
    await expect(desk.page.locator(".count")).to_be_hidden()


async def test_a_start_that_is_late_does_not_frighten(desk: Desk) -> None:
    """When the countdown has ended and the key has not come, the page says that no time runs."""
    desk.seat.seat_candidate(Screen.WAITING)
    desk.seat.set_hall_time(NINE + 2000)
    await expect(desk.page.locator(".count-label")).to_have_text("即将开始，请稍候")
    await expect(desk.page.locator(".count-note")).to_contain_text("不计算您的考试时间")


async def test_a_start_that_staff_have_not_set_promises_nothing(desk: Desk) -> None:
    """After the planned start, with nothing armed, the page says who is waited for."""
    desk.seat.seat_candidate(Screen.WAITING, targets=Targets(opens=NINE))
    await expect(desk.page.locator("main")).to_contain_text("倒计时结束后自动进入考试")
    desk.seat.set_hall_time(NINE + 2000)
    await expect(desk.page.locator(".count-label")).to_have_text("监考员尚未开考，请等待")
    await expect(desk.page.get_by_text("倒计时结束后自动进入考试")).to_be_hidden()


async def test_a_start_by_click_where_the_rule_book_wants_it(desk: Desk) -> None:
    """The button to begin appears at the start, not before."""
    desk.seat.seat_candidate(Screen.WAITING, begins_by_click=True)
    begin = desk.page.get_by_role("button", name="开始考试")
    await expect(desk.page.locator(".count")).to_be_visible()
    await expect(begin).to_be_hidden()
    desk.seat.set_hall_time(NINE)
    await begin.click()
    await desk.screen("answering")


async def test_lateness_is_said_with_the_time(desk: Desk) -> None:
    """Who comes too late reads when log-in closed, in the sitting's own time zone."""
    late = Reason(code=ReasonCode.LOGIN_LATE, parameters={"at": NINE + 30 * MINUTE})
    desk.seat.change(screen=Screen.REFUSED, reason=late)
    await expect(desk.page.locator(".notice")).to_contain_text("09:30 已停止登录")


async def test_too_early_a_hand_in_is_explained(exam: Desk) -> None:
    """Before the earliest hand-in the button says from when on, and hands nothing in."""
    exam.seat.set_hall_time(NINE + 10 * MINUTE)
    await expect(exam.page.locator(".digits")).to_contain_text("01:")
    await exam.page.get_by_role("button", name="交卷").click()
    await expect(exam.page.get_by_role("dialog")).to_contain_text("09:30 之后才能交卷")
    await exam.page.get_by_role("button", name="关闭").click()
    assert exam.seat.shown.screen is Screen.ANSWERING


async def test_a_hand_in_while_cut_off_waits_for_its_receipt(exam: Desk) -> None:
    """Cut off, the paper is handed in on this computer; the receipt follows later."""
    exam.seat.cut()
    await exam.page.get_by_role("button", name="交卷").click()
    await exam.page.get_by_role("button", name="提交试卷").click()
    await desk_heading(exam, "已交卷，保存在本机")
    await expect(exam.page.get_by_role("button", name="离开考场")).to_be_hidden()
    exam.seat.restore()
    exam.seat.confirm_hand_in()
    await expect(exam.page.locator(".receipt-code span")).to_have_count(4)
    await expect(exam.page.get_by_role("button", name="离开考场")).to_be_visible()


async def desk_heading(desk: Desk, text: str) -> None:
    await expect(desk.page.locator("h1")).to_have_text(text)


async def test_the_page_leaves_the_hall_by_itself(exam: Desk) -> None:
    """When the countdown of the end page is over, the page leaves without a click."""
    exam.seat.hand_in_now(leave_in=20_000)
    await desk_heading(exam, "考试结束，已交卷")
    await expect(exam.page.locator("button.primary")).to_have_text(re.compile(r"离开考场 \d+$"))
    exam.seat.set_hall_time(exam.seat.hall_time() + 61_000)
    await exam.screen("ended")


async def test_a_late_receipt_is_not_snatched_away(exam: Desk) -> None:
    """A receipt that comes after the planned leaving stands for a minute all the same."""
    exam.seat.hand_in_now(leave_in=-60_000)
    await exam.screen("handed_in")
    await expect(exam.page.locator("button.primary")).to_have_text(
        re.compile("离开考场 (60|59|58|57)$")
    )
    await expect(exam.page.locator(".receipt-code")).to_be_visible()


async def test_code_countdown_and_way_out_are_seen_at_once(exam: Desk) -> None:
    """On the smallest screen nobody scrolls to copy the code or to stop the countdown."""
    await exam.page.set_viewport_size({"width": 1024, "height": 600})
    try:
        exam.seat.hand_in_now()
        await exam.screen("handed_in")
        for seen in (".receipt-code", "button.primary", ".receipt .secondary"):
            await expect(exam.page.locator(seen)).to_be_in_viewport(ratio=1)
        await expect(exam.page.locator(".receipt .choices button:visible")).to_have_count(2)
    finally:
        await exam.page.set_viewport_size({"width": 1366, "height": 768})


async def test_a_seat_without_a_camera_speaks_of_no_face(desk: Desk) -> None:
    """Neither its steps nor the title of the check say that a face is compared."""
    desk.seat.change(has_camera=False)
    desk.seat.seat_candidate(Screen.FACE, face=FaceShown(stage=FaceStage.STAFF))
    await desk.screen("face")
    await desk_heading(desk, "身份核验")
    await expect(desk.page.locator(".steps .now")).to_contain_text("身份核验")


async def test_a_short_page_does_not_scroll(desk: Desk) -> None:
    """What is there for screen readers only makes no page longer than its window."""
    desk.seat.change(screen=Screen.SEARCHING)
    await desk.screen("searching")
    root = "document.documentElement"
    assert await desk.page.evaluate(f"{root}.scrollHeight <= {root}.clientHeight")


async def test_a_collected_paper_without_details(exam: Desk) -> None:
    """A paper collected by staff says so, with their words, and that the answers are kept."""
    why = Reason(code=ReasonCode.COLLECTED_BY_STAFF, words="设备更换")
    exam.seat.change(screen=Screen.COLLECTED, reason=why)
    await desk_heading(exam, "试卷已收回")
    await expect(exam.page.locator("main")).to_contain_text("由监考员收卷")
    await expect(exam.page.locator("main")).to_contain_text("设备更换")
    await expect(exam.page.locator("main")).to_contain_text("您的答案已经保存")


async def test_who_copies_the_receipt_is_not_hurried(exam: Desk) -> None:
    """Saying so stops the end page's countdown; the way out stays open."""
    exam.seat.hand_in_now(leave_in=60_000)
    await exam.page.get_by_role("button", name="我还在抄写回执号").click()
    await expect(exam.page.get_by_role("button", name="离开考场", exact=True)).to_be_visible()
    exam.seat.set_hall_time(exam.seat.hall_time() + 90_000)
    await expect(exam.page.locator(".wall-clock")).to_contain_text("09:46:3")
    await expect(exam.page.locator(".receipt-code")).to_be_visible()
    await exam.page.get_by_role("button", name="离开考场").click()
    await exam.screen("ended")


async def test_a_hand_is_raised_with_a_word_and_taken_down(desk: Desk) -> None:
    """The candidate asks for the invigilator in words, and may take the hand down."""
    desk.seat.seat_candidate(Screen.WAITING)
    page = desk.page
    await page.get_by_role("button", name="举手").click()
    await page.get_by_label("说明").fill("耳机没有声音")
    await page.get_by_role("dialog").get_by_role("button", name="举手").click()
    await expect(page.get_by_role("button", name="已举手")).to_be_visible()
    assert desk.seat.acts[-1].words == "耳机没有声音"
    await page.get_by_role("button", name="已举手").click()
    await page.get_by_role("button", name="放下").click()
    await expect(page.get_by_role("button", name="举手", exact=True)).to_be_visible()
