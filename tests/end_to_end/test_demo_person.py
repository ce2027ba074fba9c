"""The demo with a person: its keys in a real terminal, its page in a real Chromium.

Nothing here knows more than the screen says: codes, address and numbers are read off it.
"""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from drill.demo import guard
from drill.demo.command import LEFT_EARLY
from tests.terminal import Terminal, large_digits
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("hall"), pytest.mark.timeout(600)]

CHROMIUM: Final = "/usr/bin/chromium"
UP_S: Final = 120
PATIENT_MS: Final = 120_000
"""On a busy machine; a quiet one needs a few seconds."""
NOT_WORDS: Final = r"https?://\S+|main-[0-9a-f]+|ksj-drill|\[exit"
CHINESE_TOO: Final = {"Enter", "Esc", "Tab", "English"}
"""Names of keys and things, and of the other language."""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A short path: sockets' names have 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="person-", dir="/tmp"))
    yield folder
    guard.end_all(str(folder / "tmp"), guard.END_S)  # a test that failed leaves a demo ending
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page(locale="zh-CN")
        page.set_default_timeout(PATIENT_MS)
        yield page
        await browser.close()


async def open_demo(terminal: Terminal, temporary: Path, language: str) -> None:
    """Start the demo as a person does who has no display."""
    work = temporary / "tmp"
    work.mkdir()
    environment = {"TMPDIR": str(work), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
    command = [sys.executable, "-m", "drill.cli", "demo", "--language", language]
    await terminal.start(command, {**environment, "PYTHONPATH": os.environ["PYTHONPATH"]})


def left_behind(temporary: Path) -> tuple[list[int], list[Path]]:
    work = temporary / "tmp"
    return guard.tagged(str(work)), list(work.iterdir())


def foreign_words(screens: "dict[str, None]") -> set[str]:
    """Return the words in Latin letters that a Chinese reader was shown."""
    plain = "\n".join(re.sub(NOT_WORDS, "", screen) for screen in screens)
    return set(re.findall(r"[A-Za-z]+[a-z][A-Za-z]*", plain)) - CHINESE_TOO


@pytest.mark.browser
async def test_a_person_goes_through_the_whole_day(temporary: Path, page: Page) -> None:
    """Doing what the screen says, a person comes to the account, and nothing is left behind."""
    expect.set_options(timeout=PATIENT_MS)
    async with Terminal(temporary, 80, 24) as terminal:
        await open_demo(terminal, temporary, "zh")
        await open_the_doors(terminal)
        await pair(terminal, page)
        await unlock(terminal)
        await sit_down(terminal, page)
        await arm_the_start(terminal)
        await decide_faces(terminal)
        await write_through_a_cut_line(terminal, page)
        await hand_in(page)
        await close(terminal)
        assert await terminal.ended(UP_S) == 0
        last = await terminal.screen()
        assert "6 人均有结果：交卷 5 人，拒绝入场或缺考 1 人；机构已全部收到并核验" in last
        assert "没有留下任何东西" in last
        assert left_behind(temporary) == ([], [])
        assert foreign_words(terminal.seen) == set()


async def open_the_doors(terminal: Terminal) -> None:
    await terminal.sees("核对考场时间.*按 N", UP_S)
    await terminal.press("n")
    await terminal.sees("相符就按 Enter")
    await terminal.press("Enter")


async def pair(terminal: Terminal, page: Page) -> None:
    """The address and nine digits stand on the screen together."""
    await terminal.sees("按 N 再按 Enter，出现九位配对码")
    await terminal.press("n")
    await terminal.sees("选择要配对的座位")
    await terminal.press("Enter")
    shown = await terminal.sees(r"A06：打开 (http://127\.0\.0\.1:\d+/#[\w-]+) 输入配对码")
    await page.goto(shown[1])
    await terminal.sees("还剩 1 个座位（")
    await page.get_by_label("配对码").fill(large_digits(await terminal.screen()))
    await page.get_by_role("button", name="配对").click()
    await terminal.sees("都已配对：按 Enter 返回")
    await terminal.press("Enter")


async def unlock(terminal: Terminal) -> None:
    await terminal.sees("按 E 拆开，然后按 N 输入")
    await terminal.press("e")
    code = (await terminal.sees("信封里的解锁码：([0-9A-Z-]{17})。"))[1]
    await terminal.press("n")
    await terminal.sees("第 1 组")
    await terminal.type(code)
    await terminal.sees("✓ 第 3 组")
    await terminal.press("Enter")


async def sit_down(terminal: Terminal, page: Page) -> None:
    """The console knows that the person does not sit yet, and says with what to log in."""
    await terminal.sees("请先在 A06 的网页上坐下")
    await terminal.sees("A06：没有摄像头，请在网页上点“知道了，请人工核验”")
    await page.get_by_role("button", name="知道了，请人工核验").click()
    number = (await terminal.sees(r"A06：以 黄勇 登录，身份证号 (\d{17}[\dX])，后四位"))[1]
    await page.get_by_label("身份证号").fill(number)
    await page.get_by_label("校验码").fill(number[-4:])
    await page.get_by_role("button", name="登录").click()
    await page.get_by_role("button", name="信息无误").click()
    await terminal.sees("A06：可以应考，身份由监考员（您）判断")
    await page.get_by_role("button", name="我已阅读").click()
    await page.wait_for_selector('html[data-screen="waiting"]')


async def arm_the_start(terminal: Terminal) -> None:
    await terminal.sees("选“若干秒后”，10 秒即可")
    await terminal.press("n")
    await terminal.sees("若干秒后开考")
    await terminal.press("Down", "Enter")
    await terminal.sees("秒数")
    await terminal.press("Enter")
    await terminal.sees("Y  确定")
    await terminal.press("y")
    await terminal.sees("距结束")


async def decide_faces(terminal: Terminal) -> None:
    """The impostor is turned away, the person accepted, in whatever order they came."""
    left = {"A03 刘欣怡": ("n", "不是同一人"), "A06 黄勇": ("y", "是同一人")}
    while left:
        one_of = "|".join(left)
        await terminal.sees(f"最急：({one_of}) 身份存疑。按 N")
        await terminal.sees(f"({one_of}).*按 N")
        await terminal.press("n")
        who = (await terminal.sees(f"身份裁定：({one_of})"))[1]
        key, decided = left.pop(who)
        await terminal.press(key)
        await terminal.sees(f"裁定：{decided}")
        await terminal.press("Enter")
    await terminal.sees("A03 .* 拒绝入场")


async def write_through_a_cut_line(terminal: Terminal, page: Page) -> None:
    """Answers arrive at the console, the line's state notwithstanding."""
    await terminal.sees("按 C 切断本考点通往机构的线路")
    await answer(page)
    await terminal.sees(r"A06 .*答题中 +1 ")
    await terminal.press("c")
    await terminal.sees("✗ 上报线路断")
    await terminal.sees("线路断了：座位毫无察觉")
    await page.get_by_role("button", name="下一题").click()
    await answer(page)
    await terminal.sees(r"A06 .*答题中 +2 ")
    await terminal.press("c")
    await terminal.sees("✓ 上报线路")
    await terminal.sees("线路恢复，积压的已自动补传")


async def answer(page: Page) -> None:
    await page.locator(".option").nth(1).click()
    await expect(page.locator(".saved")).to_have_attribute("data-state", "saved_hall")


async def hand_in(page: Page) -> None:
    await page.get_by_role("button", name="交卷").click()
    await page.get_by_role("button", name="提交试卷").click()
    receipt = page.locator(".receipt-code span")
    await expect(receipt).to_have_text([re.compile("^[0-9A-Z]{5}$")] * 4)


async def close(terminal: Terminal) -> None:
    await terminal.sees("人人均有结果：按 N")
    await terminal.press("n")
    await terminal.sees("6 人均有结果：交卷 5 人，拒绝入场或缺考 1 人。")
    await terminal.press("Enter")
    await terminal.sees("Y  确定")
    await terminal.press("y")
    await terminal.sees("已完成  6 人均有结果", 180)
    await terminal.press("o")
    await terminal.sees("上报考试机构")
    await terminal.press("Escape")
    await terminal.sees("按 Q 结束演示")
    await terminal.press("q")
    await terminal.sees("演示到此结束")
    await terminal.press("y")


async def test_ctrl_c_twice_ends_a_demo_that_is_under_way(temporary: Path) -> None:
    """It asks once, in the person's language; then all of it ends and nothing is left."""
    async with Terminal(temporary, 120, 40) as terminal:
        await open_demo(terminal, temporary, "en")
        await terminal.sees("Begin with N", UP_S)
        await terminal.press("n")
        await terminal.sees("Confirm the clock")
        await terminal.press("C-c")
        await terminal.sees("Close the console")
        await terminal.press("C-c")
        await terminal.sees("All programs are being ended", UP_S)
        assert await terminal.ended(UP_S) == LEFT_EARLY
        last = await terminal.screen()
        assert "before the day had come to its end" in last
        assert "nothing is left behind" in last
        assert left_behind(temporary) == ([], [])


async def test_a_closed_terminal_ends_the_demo(temporary: Path) -> None:
    """Who closes the window leaves no process and no folder behind."""
    async with Terminal(temporary, 80, 24) as terminal:
        await open_demo(terminal, temporary, "zh")
        await terminal.sees("核对考场时间", UP_S)
        assert len(guard.tagged(str(temporary / "tmp"))) > 10
        await terminal.hang_up()
        await until(lambda: left_behind(temporary) == ([], []), seconds=UP_S)
