"""What the page looks like and says: sizes, languages, contrast, names for screen readers."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from terminal_agent import page as page_package
from terminal_agent.view import (
    DataName,
    FaceHint,
    FaceShown,
    FaceStage,
    HallLink,
    Language,
    LetterSize,
    LoginFieldName,
    PairingShown,
    ReasonCode,
    Screen,
)
from tests.integration.page.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCREENS: dict[Screen, dict[str, Any]] = {
    Screen.SEARCHING: {"hall_link": HallLink.SEARCHING},
    Screen.PAIRING: {"pairing": PairingShown(asks_seat=True, hint="3f9c", appliance="hall-1")},
    Screen.CLOSED: {},
    Screen.CONSENT: {},
    Screen.LOGIN: {},
    Screen.OWN_DATA: {},
    Screen.FACE: {"face": FaceShown(stage=FaceStage.FAILED, hints=tuple(FaceHint), tries_left=1)},
    Screen.RULES: {},
    Screen.WAITING: {"hall_link": HallLink.LOST},
    Screen.ANSWERING: {"hall_link": HallLink.LOST},
    Screen.REFUSED: {},
    Screen.COLLECTED: {},
    Screen.VOIDED: {},
    Screen.ENDED: {},
}

LOW_CONTRAST = """() => {
    const light = (c) => { const l = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92
        : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2]; };
    const rgba = (text) => text.match(/[\\d.]+/g).map(Number);
    const ground = (e) => { for (; e; e = e.parentElement) {
        const [r, g, b, a = 1] = rgba(getComputedStyle(e).backgroundColor);
        if (a > 0) return [r, g, b]; } return [255, 255, 255]; };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const bad = [];
    for (let node; (node = walker.nextNode()); ) {
        const e = node.parentElement;
        if (!node.data.trim() || !e.checkVisibility({ opacityProperty: true })) continue;
        if (e.closest(".unseen")) continue;
        const a = light(rgba(getComputedStyle(e).color)), b = light(ground(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) bad.push([node.data.trim(), ratio]);
    }
    return bad;
}"""

NAMELESS = """() => [...document.querySelectorAll("button, input, select, textarea, img")]
    .filter(e => e.checkVisibility())
    .filter(e => !(e.getAttribute("aria-label") || e.textContent.trim() || e.alt
        || [...(e.labels ?? [])].some(l => l.textContent.trim())))
    .map(e => e.outerHTML)"""

SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("language", list(Language))
async def test_every_screen_is_readable(desk: Desk, language: Language) -> None:
    """On each screen text stands out 4.5:1, each control has a name, one heading leads."""
    desk.seat.change(language=language, letter_size=LetterSize.LARGER)
    for screen, fields in SCREENS.items():
        desk.seat.seat_candidate(screen, **({"hall_link": HallLink.REACHED} | fields))
        await desk.screen(screen)
        await expect(desk.page.locator("h1")).to_have_count(1)
        assert await desk.page.evaluate(LOW_CONTRAST) == [], screen
        assert await desk.page.evaluate(NAMELESS) == [], screen
        assert await desk.page.evaluate(SIDEWAYS) <= 0, screen


@pytest.mark.parametrize("zoom", [100, 150, 200])
async def test_nothing_is_cut_off_sideways(exam: Desk, zoom: int) -> None:
    """At the largest letters and any zoom the exam needs no scrolling sideways."""
    exam.seat.change(letter_size=LetterSize.LARGER, language=Language.EN)
    await expect(exam.page.locator("html")).to_have_attribute("data-letter", "larger")
    steps = {100: 0, 150: 3, 200: 5}[zoom]
    for _ in range(steps):
        await exam.page.keyboard.press("Control+=")
    for number in (1, 2, 3, 31, 41, 43):
        await exam.go_to(number)
        assert await exam.page.evaluate(SIDEWAYS) <= 0, number


async def letter_height(desk: Desk) -> float:
    return float(
        await desk.page.locator(".item-body").evaluate(
            "e => parseFloat(getComputedStyle(e).fontSize)"
        )
    )


async def test_three_letter_sizes(exam: Desk) -> None:
    """标准, 大 and 特大 grow the question's letters, and a reload keeps the choice."""
    heights = []
    for name in ("标准", "大", "特大"):
        await exam.page.get_by_role("radio", name=name, exact=True).check()
        heights.append(await letter_height(exam))
    assert heights[0] >= 18
    assert heights[1] > 1.2 * heights[0]
    assert heights[2] > 1.2 * heights[1]
    await exam.until(lambda: exam.seat.shown.letter_size is LetterSize.LARGER)
    await exam.page.reload()
    await expect(exam.page.locator("html")).to_have_attribute("data-letter", "larger")
    await expect(exam.page.locator(".item-body")).to_be_visible()
    assert await letter_height(exam) == heights[2]


async def test_zoom_and_back_to_normal(exam: Desk) -> None:
    """Ctrl with plus, minus or the wheel zooms the page's own way; Ctrl+0 sets it back."""
    normal = await letter_height(exam)
    await exam.page.keyboard.press("Control+=")
    await exam.page.keyboard.press("Control+=")
    assert await letter_height(exam) == pytest.approx(normal * 1.25, rel=0.001)
    await expect(exam.page.get_by_role("button", name="按 Ctrl+0 复原")).to_be_visible()
    await exam.page.keyboard.press("Control+0")
    assert await letter_height(exam) == pytest.approx(normal, rel=0.001)
    await exam.page.keyboard.press("Control+-")
    assert await letter_height(exam) == pytest.approx(normal * 0.9, rel=0.001)
    await exam.page.get_by_role("button", name="按 Ctrl+0 复原").click()
    assert await letter_height(exam) == pytest.approx(normal, rel=0.001)


async def test_the_language_changes_in_mid_exam_and_disturbs_nothing(exam: Desk) -> None:
    """Switching the language keeps the question, the text being typed and the numbers."""
    page = exam.page
    await exam.go_to(43)
    await page.get_by_label("您的回答").fill("未完")
    await page.get_by_role("radio", name="English").check()
    await expect(page.get_by_label("Your answer")).to_have_value("未完")
    await expect(page.locator(".question-heading .number")).to_have_text("Question 43")
    await expect(page.locator(".count-total dt")).to_have_text("Questions")
    await expect(page.locator(".question-content")).to_have_attribute("lang", "zh-CN")
    await expect(page.get_by_role("button", name="Hand in")).to_be_visible()
    await exam.saved("saved_hall")


async def test_the_list_by_type(exam: Desk) -> None:
    """The drop-down shows one type's numbers and goes to the first of them."""
    chooser = exam.page.get_by_label("选择题型")
    await expect(chooser.locator("option")).to_have_text(
        [
            "全部题型（43）",
            "单选题（30）",
            "多选题（6）",
            "判断题（4）",
            "填空题（2）",
            "简答题（1）",
        ]
    )
    await chooser.select_option(label="判断题（4）")
    await expect(exam.page.locator(".cell:visible:not(.sample)")).to_have_text(
        ["37", "38", "39", "40"]
    )
    await expect(exam.page.locator(".question-heading .number")).to_have_text("第 37 题")
    await chooser.select_option(label="全部题型（43）")
    await expect(exam.page.locator(".cell:visible:not(.sample)")).to_have_count(43)


async def test_walking_out_of_a_chosen_type_shows_all_again(exam: Desk) -> None:
    """“Next” leads past the chosen type's last question, and the list follows."""
    await exam.page.get_by_label("选择题型").select_option(label="简答题（1）")
    await exam.page.get_by_role("button", name="上一题").click()
    await expect(exam.page.locator(".question-heading .number")).to_have_text("第 42 题")
    await expect(exam.page.locator(".cell:visible:not(.sample)")).to_have_count(43)


async def test_numbers_are_named_for_screen_readers(exam: Desk) -> None:
    """A number says whether it is answered and marked, and which one is current."""
    await exam.page.locator(".option").nth(0).click()
    await exam.page.get_by_role("button", name="标记疑问").click()
    cell = exam.page.get_by_role("button", name="第 1 题，已答，有疑问")
    await expect(cell).to_have_attribute("aria-current", "true")
    await expect(exam.page.get_by_role("button", name="第 2 题，未答", exact=True)).to_be_visible()


async def test_the_shuffled_order_is_that_of_the_grant(exam: Desk) -> None:
    """Questions and options stand in the order of the grant; letters go by place."""
    await expect(exam.page.locator(".option .letter")).to_have_text(["A", "B", "C", "D"])
    values = await exam.page.locator(".option input").evaluate_all("all => all.map(e => e.value)")
    assert values == ["o4", "o3", "o2", "o1"]
    await expect(exam.page.locator(".item-body math")).to_have_count(2)


async def test_the_badge_shows_the_candidates_own_picture(exam: Desk) -> None:
    """“Monitored” opens the camera's picture with the advice, and closes it again."""
    badge = exam.page.get_by_role("button", name="正在监控中")
    await expect(badge).to_contain_text("00:55:")
    await badge.click()
    picture = exam.page.get_by_role("img", name="摄像头画面")
    await expect(picture).to_be_visible()
    await exam.page.wait_for_function(
        "() => document.querySelector('.own-picture')?.naturalWidth === 640"
    )
    await expect(exam.page.locator(".picture-panel")).to_contain_text("尽量保持人脸在框内")
    await badge.click()
    await expect(picture).to_have_count(0)


async def test_a_picture_of_the_paper_is_shown(exam: Desk) -> None:
    """The paper's own picture comes from the seat and has its description."""
    await exam.go_to(3)
    await exam.page.wait_for_function(
        "() => document.querySelector('.item-body img')?.naturalWidth === 360"
    )
    await expect(exam.page.get_by_role("img", name="四年的排放量")).to_be_visible()


async def test_every_code_has_its_sentence_in_both_languages(desk: Desk) -> None:
    """No code of the view, and no key in the sources, is without a text; placeholders agree."""
    texts: dict[str, list[str]] = await desk.page.evaluate(
        'async () => (await import("/messages.js")).MESSAGES'
    )
    wanted = {key for source in sources() for key in spoken(source)}
    families: dict[str, type[StrEnum]] = {"reason": ReasonCode, "hint": FaceHint}
    wanted |= {f"{family}_{code}" for family, codes in families.items() for code in codes}
    wanted |= {f"field_{name}" for name in (*LoginFieldName, *DataName)}
    wanted |= {f"hall_{link}" for link in HallLink} | {f"face_{stage}" for stage in FaceStage}
    assert wanted - set(texts) == set()
    for key, pair in texts.items():
        assert len(pair) == 2, key
        assert all(pair), key
        zh, en = (set(re.findall(r"\{\w+(?::\w+)?\}", text)) for text in pair)
        assert zh == en, key


def sources() -> list[str]:
    folder = Path(next(iter(page_package.__path__)))
    texts = [path.read_text("utf-8") for path in folder.rglob("*.js") if path.name != "messages.js"]
    return [re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE) for text in texts]


def spoken(source: str) -> list[str]:
    """Keys that a source names outright."""
    return re.findall(r'(?:say|heading|announce)\("(\w+)"', source) + re.findall(
        r'(?:tell|label)\([\w.]+, (?:"aria-label", |"title", )?"(\w+)"', source
    )
