"""A desk: a scripted seat, its server on loopback, and a page in a real Chromium."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    CDPSession,
    ConsoleMessage,
    Page,
    WebError,
    async_playwright,
    expect,
)

from terminal_agent.actions import Action
from terminal_agent.loopback import Loopback
from tests.unit.terminal_agent.scripted_seat import ScriptedSeat

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=5000)


class Desk:
    """What a test holds: the seat behind the page, and the page."""

    def __init__(self, seat: ScriptedSeat, context: BrowserContext, loopback: Loopback) -> None:
        self.seat = seat
        self.context = context
        self.loopback = loopback
        self.page: Page
        self.complaints: list[str] = []
        """Errors of scripts and breaches of the page's policy: a test ends with none."""

    async def sit(self, page: Page | None = None) -> "Desk":
        """Open the page as the seat's program would, in the window at hand or in ``page``."""
        self.page = page or next(iter(self.context.pages), None) or await self.context.new_page()
        await self.page.goto(self.loopback.address)
        await self.screen(self.seat.shown.screen)
        return self

    async def get_up(self, *, spoiled: bool) -> None:
        """Leave one empty window behind, none where the test ``spoiled`` it."""
        first, *more = self.context.pages or [None]
        for page in [*more, *([first] if spoiled and first else [])]:
            await page.close()
        if first and not spoiled:
            await first.goto("about:blank")

    def hear_console(self, message: ConsoleMessage) -> None:
        if "violates the following" in message.text or "Trusted" in message.text:
            self.complaints.append(message.text)

    def hear_error(self, error: WebError) -> None:
        self.complaints.append(str(error.error))

    async def screen(self, name: str) -> None:
        await self.page.wait_for_selector(f'html[data-screen="{name}"]')

    async def go_to(self, number: int) -> None:
        await self.page.locator(".cell:not(.sample)").nth(number - 1).click()
        await expect(self.page.locator(".question-heading .number")).to_contain_text(str(number))

    async def saved(self, state: str) -> None:
        await expect(self.page.locator(".saved")).to_have_attribute("data-state", state)

    def policy_held(self) -> None:
        """Take note that the browser's policy stopped what the paper brought along.

        The document that content is parsed in inherits the policy, so that inline
        handlers are complained about there already.
        """
        self.complaints = [text for text in self.complaints if "has been blocked" not in text]

    async def until(self, what: Callable[[], object]) -> None:
        """Wait for ``what()`` to be true of the seat, looking at each change."""
        async with asyncio.timeout(5):
            while not what():
                await self.seat.wait_change(self.seat.shown.version)

    async def acted(self, action: Action) -> None:
        """Wait for the page to have done this."""
        await self.until(lambda: action in self.seat.acts)

    async def cdp(self) -> CDPSession:
        return await self.context.new_cdp_session(self.page)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@pytest.fixture
def seat() -> ScriptedSeat:
    return ScriptedSeat()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """One window for all tests: each has a server, a port and a cookie of its own."""
    context = await browser.new_context(viewport={"width": 1366, "height": 768})
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def empty_desk(
    context: BrowserContext, seat: ScriptedSeat, request: pytest.FixtureRequest
) -> AsyncIterator[Desk]:
    """A desk whose page is not open yet."""
    async with Loopback(seat) as loopback:
        desk = Desk(seat, context, loopback)
        context.on("console", desk.hear_console)
        context.on("weberror", desk.hear_error)
        yield desk
        await desk.get_up(spoiled="spoils_the_window" in request.fixturenames)
        context.remove_listener("console", desk.hear_console)
        context.remove_listener("weberror", desk.hear_error)
    assert desk.complaints == []


@pytest.fixture
def spoils_the_window() -> None:
    """Asked for by a test that crashes its window or changes what pages in it can do."""


@pytest_asyncio.fixture(loop_scope="session")
async def desk(empty_desk: Desk) -> Desk:
    """A desk at the beginning of the way: consent."""
    return await empty_desk.sit()


@pytest_asyncio.fixture(loop_scope="session")
async def exam(empty_desk: Desk) -> Desk:
    """A desk with the open paper, question 1."""
    empty_desk.seat.open_paper()
    await empty_desk.sit()
    await expect(empty_desk.page.locator(".question-heading .number")).to_have_text("第 1 题")
    return empty_desk
