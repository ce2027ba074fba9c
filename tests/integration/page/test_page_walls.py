"""What the page does not let in: foreign code, strangers, a second page."""

from typing import Any

import pytest
from playwright.async_api import expect

from exam.paper import Blank, ExtendedText, Option, Paper, Part, SingleChoice, TextEntry
from provisioning.qti import html
from terminal_agent.actions import SetLanguage
from terminal_agent.view import Language, Screen
from tests.integration.page.conftest import Desk
from tests.unit.terminal_agent.sample_paper import CHART_NAME

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PWN = "window.pwned=(window.pwned||0)+1"
NASTY = (
    f"<script>{PWN}</script>",
    f'<img src="x" onerror="{PWN}">',
    f'<svg><script>{PWN}</script></svg><svg onload="{PWN}"></svg>',
    f'<iframe srcdoc="<script>parent.{PWN}</script>"></iframe>',
    f'<a href="javascript:{PWN}">链接</a>',
    f'<math><maction actiontype="statusline" xlink:href="javascript:{PWN}">x</maction></math>',
    f'<form action="javascript:{PWN}"><button formaction="javascript:{PWN}">提交</button></form>',
    '<style>body { display: none !important; }</style><link rel="stylesheet" href="//x.test/a">',
    '<meta http-equiv="refresh" content="0;url=https://x.test/">',
    '<base href="https://x.test/"><object data="https://x.test/"></object>',
    f'<p style="position:fixed;inset:0" onclick="{PWN}" onmouseover="{PWN}">文字</p>',
    f'<math><annotation-xml><img src=x onerror="{PWN}"></annotation-xml></math>',
    f'<noscript><p title="</noscript><img src=x onerror={PWN}>"></noscript>',
    f'<template><img src="x" onerror="{PWN}"></template>',
    '<img src="https://x.test/spy.png"><img src="../api/picture"><img src="assets/../../api">',
    '<input name="choice" autofocus onfocus="' + PWN + '">',
    f'<details open ontoggle="{PWN}"><summary>摘要</summary></details>',
)


def nasty_paper() -> Paper:
    """Every nasty piece as a question and as an option, with plain text around."""
    items = tuple(
        SingleChoice(
            id=f"x{number}",
            points=100,
            body=f"<p>题干{number}前</p>{piece}<p>题干{number}后</p>",
            options=(
                Option(id="a", content=f"选项前{piece}选项后"),
                Option(id="b", content="<p>另一项</p>"),
            ),
        )
        for number, piece in enumerate(NASTY)
    )
    return Paper(
        subject="theory",
        revision=1,
        title=f"<script>{PWN}</script>",
        language="zh-CN",
        parts=(Part(title=f'<img src=x onerror="{PWN}">', items=items),),
    )


async def test_foreign_code_in_a_paper_does_nothing(empty_desk: Desk) -> None:
    """Whatever stands in items and options, no script runs, nothing is fetched, the text stays."""
    empty_desk.seat.take(nasty_paper())
    empty_desk.seat.open_paper()
    asked: list[str] = []
    desk = await empty_desk.sit()
    desk.page.on("request", lambda request: asked.append(request.url))
    for number in range(1, len(NASTY) + 1):
        await desk.go_to(number)
        content = desk.page.locator(".question-content")
        await expect(content).to_contain_text("后")
        await content.locator(".option").nth(0).click()
    await desk.saved("saved_hall")
    desk.policy_held()
    assert await desk.page.evaluate("window.pwned") is None
    assert len(desk.seat.responses) == len(NASTY)
    assert not [url for url in asked if not url.startswith(f"http://{desk.loopback.host}/api/")]
    assert not [url for url in asked if "/api/picture" in url]


async def test_nothing_dangerous_is_left_in_the_document(empty_desk: Desk) -> None:
    """Of nasty content only allowed elements and attributes stand in the page."""
    empty_desk.seat.take(nasty_paper())
    empty_desk.seat.open_paper()
    desk = await empty_desk.sit()
    for number in range(1, len(NASTY) + 1):
        await desk.go_to(number)
        found = await desk.page.evaluate(
            """() => [...document.querySelectorAll(".item-body *, .option-content *")]
                .flatMap(e => [e.localName, ...[...e.attributes].map(a => a.name)])"""
        )
        assert set(found) <= {"p", "math", "title"}, NASTY[number - 1]
    desk.policy_held()


async def test_good_content_survives_the_wall(desk: Desk) -> None:
    """Tables, formulas, lists, ruby and the paper's own pictures pass unharmed."""
    kept = (
        '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        '<ol start="3"><li>x</li></ol>',
        '<math display="block"><mfrac><mn>1</mn><mi>x</mi></mfrac></math>',
        "<p>H<sub>2</sub>O, <ruby>碳<rt>tàn</rt></ruby>, <em>e</em></p>",
        f'<img src="paper/assets/{CHART_NAME}" alt="图" width="10">',
    )
    for content in kept:
        given = content.replace("paper/assets/", "assets/")
        shown = await desk.page.evaluate(
            """async (html) => {
                const { clean } = await import("/clean.js");
                const box = document.createElement("div");
                box.append(clean(html));
                return box.innerHTML;
            }""",
            given,
        )
        assert shown == content


async def test_the_wall_lets_through_what_provisioning_writes(desk: Desk) -> None:
    """Each element and attribute that a cleaned paper may hold is shown at the seat."""
    lists: dict[str, Any] = await desk.page.evaluate(
        """async () => {
            const wall = await import("/clean.js");
            const attributes = Object.entries(wall.ATTRIBUTES).map(([tag, set]) => [tag, [...set]]);
            return { html: [...wall.ELEMENTS], math: [...wall.MATH],
                everywhere: [...wall.EVERYWHERE], mathAttributes: [...wall.MATH_ATTRIBUTES],
                attributes: Object.fromEntries(attributes) };
        }"""
    )
    assert html.HTML_TAGS - set(lists["html"]) == set()
    assert html.MATHML_TAGS - set(lists["math"]) == set()
    handled = {"img": {"src", "alt", "width", "height"}}
    for tag, names in html.ATTRIBUTES.items():
        kept = {*lists["everywhere"], *lists["attributes"].get(tag, ()), *handled.get(tag, ())}
        if tag in html.MATHML_TAGS:
            kept |= set(lists["mathAttributes"])
        assert names - kept == set(), tag


async def test_blanks_only_where_the_item_has_them(empty_desk: Desk) -> None:
    """A gap that the item does not name is no field; a named one without a gap is added."""
    item = TextEntry(
        id="b",
        points=100,
        body='<p>甲<span data-blank="one"></span>乙<span data-blank="ghost"></span>丙</p>',
        blanks=(Blank(id="one"), Blank(id="two")),
    )
    essay = ExtendedText(id="e", points=100, body="<p>题</p>")
    paper = Paper(
        subject="theory",
        revision=1,
        title="t",
        language="zh-CN",
        parts=(Part(title="填空题", items=(essay, item)),),
    )
    empty_desk.seat.take(paper)
    empty_desk.seat.open_paper()
    desk = await empty_desk.sit()
    await expect(desk.page.locator(".blank")).to_have_count(2)
    await desk.page.locator(".blank").nth(1).fill("二")
    await desk.saved("saved_hall")
    assert desk.seat.responses["b"].blanks == {"two": "二"}


async def test_a_page_without_the_token_shows_nothing(empty_desk: Desk) -> None:
    """A browser that was not opened by the seat's program is told so, and no more."""
    page = await empty_desk.context.new_page()
    await page.goto(f"http://{empty_desk.loopback.host}/")
    await expect(page.locator("h1")).to_have_text("请从考试程序打开本页面")
    await page.goto(f"http://{empty_desk.loopback.host}/#{'a' * 43}")
    await page.reload()
    await expect(page.locator("h1")).to_have_text("请从考试程序打开本页面")


async def test_the_token_does_not_stay_in_the_address(desk: Desk) -> None:
    """After the exchange neither the address nor scripts hold token or cookie."""
    assert desk.page.url == f"http://{desk.loopback.host}/"
    assert await desk.page.evaluate("document.cookie") == ""


async def test_a_page_of_another_origin_reaches_nothing(exam: Desk) -> None:
    """A foreign page in the same browser can neither read the paper nor act."""
    foreign = await exam.context.new_page()
    await foreign.route(
        "http://foreign.test/",
        lambda route: route.fulfill(body="<p>x</p>", content_type="text/html"),
    )
    await foreign.goto("http://foreign.test/")
    before = len(exam.seat.acts)
    outcome = await foreign.evaluate(
        """async (host) => {
            const ask = (path, options) => fetch(`http://${host}${path}`, options)
                .then(r => r.text().then(t => `${r.type} ${t.length}`), () => "failed");
            return [
                await ask("/api/paper", { credentials: "include" }),
                await ask("/api/paper", { credentials: "include", mode: "no-cors" }),
                await ask("/api/act", { method: "POST", credentials: "include", mode: "no-cors",
                    body: JSON.stringify({ do: "hand_in" }) }),
            ];
        }""",
        exam.loopback.host,
    )
    assert outcome[0] == "failed"
    assert all(one in {"failed", "opaque 0"} for one in outcome[1:])
    assert len(exam.seat.acts) == before
    assert exam.seat.shown.screen is Screen.ANSWERING


async def test_the_newest_page_takes_over(exam: Desk) -> None:
    """A second page takes over; the first is told, does nothing, and may take over again."""
    await exam.page.locator(".option").nth(0).click()
    await exam.saved("saved_hall")
    first = exam.page
    exam.page = await exam.context.new_page()
    await exam.page.goto(f"http://{exam.loopback.host}/")
    await expect(exam.page.locator(".option input").nth(0)).to_be_checked()
    await expect(first.locator("h1")).to_have_text("考试已在另一个窗口中打开")
    await exam.page.locator(".option").nth(1).click()
    await exam.saved("saved_hall")
    await first.get_by_role("button", name="在这里继续").click()
    await expect(first.locator(".option input").nth(1)).to_be_checked()
    await expect(exam.page.locator("h1")).to_have_text("考试已在另一个窗口中打开")


async def test_chords_that_lead_out_are_held(exam: Desk) -> None:
    """Ctrl+N and the like are stopped; typing, copying and Ctrl+0 are not led out of the page."""
    held = await exam.page.evaluate(
        """() => [["n", true], ["t", true], ["w", true], ["p", true], ["s", true], ["o", true],
                  ["F1", false], ["F12", false], ["c", true], ["v", true], ["a", false]]
            .map(([key, ctrlKey]) => !document.body.dispatchEvent(new KeyboardEvent("keydown",
                { key, ctrlKey, bubbles: true, cancelable: true })))"""
    )
    assert held == [True] * 8 + [False] * 3


async def test_the_choice_of_language_reaches_the_seat(desk: Desk) -> None:
    """Switching the language is told to the seat, which keeps it."""
    await desk.page.get_by_role("radio", name="English").check()
    await expect(desk.page.locator("h1")).to_have_text("Consent to face comparison and recording")
    await desk.acted(SetLanguage(language=Language.EN))
    await desk.page.reload()
    await expect(desk.page.get_by_role("button", name="I consent")).to_be_visible()
    await expect(desk.page.locator("html")).to_have_attribute("lang", "en")
