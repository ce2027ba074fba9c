"""From P to question 1 of a large paper: a real terminal, and a page in a real Chromium.

The terminal is its own process. A candidate comes through its page to the waiting room.
When P reaches the seat is taken from a second seat's link, which core tells in the same
loop; when the question stands on the screen, its pictures decoded, the browser says:

1. the question's heading is there, and all pictures of the question are decoded;
2. two frames later it was painted.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, async_playwright

from benchmarks.door import arm, lead_to_the_start
from benchmarks.hall import HallError, MeasuredHall, measured_hall
from benchmarks.large_paper import large_package
from benchmarks.links import Links, boot_ms
from benchmarks.seats import log_in, pair_seats
from drill.sample_sitting import SUBJECT, Person, people
from protocol.sealed_paper import SealedPaper
from protocol.sealing import SealingIdentity
from protocol.seat_api import PaperKeySaid, decode_hall_says
from terminal_agent.identity import Identity

CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ("--no-sandbox", "--disable-background-networking", "--no-first-run")
_WATCH = """() => {
  const frame = () => new Promise(requestAnimationFrame);
  const there = () => document.querySelector(".question-heading .number")?.textContent;
  const watch = async () => {
    while (!there()) await frame();
    const heading = performance.timeOrigin + performance.now();
    const pictures = [...document.querySelectorAll(".question-content img")];
    await Promise.all(pictures.map((picture) => picture.decode()));
    await frame();
    await frame();
    const painted = performance.timeOrigin + performance.now();
    return { heading, painted, pictures: pictures.length };
  };
  globalThis.watched = watch();
}"""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One opening of the paper; ms."""

    painted: float
    """From P at the seat to question 1 on the screen, its pictures included."""
    heading: float
    """From P at the seat to the question's text in the page."""
    decrypting: float
    """Opening the sealed paper in memory, and nothing else."""
    size: int
    """Of the sealed paper in bytes."""
    pictures: int
    """In question 1."""


async def measure_openings(size: int, rounds: int) -> list[Opening]:
    """Open a paper of at least ``size`` bytes in ``rounds`` halls, one after the other."""
    package = await asyncio.to_thread(large_package, size)
    return [await _measure_one(package) for _ in range(rounds)]


async def _measure_one(package: bytes) -> Opening:
    one, other = people(2)
    async with measured_hall(2, package=package) as hall:
        terminal, beside = await pair_seats(hall, 2)
        seat = await log_in(hall, beside, other)
        await lead_to_the_start(hall, [seat])
        async with _terminal(hall, terminal) as address, _page(address) as page:
            await _come_to_the_waiting_room(page, one)
            async with Links(hall, [seat]) as links:
                await page.evaluate(_WATCH)
                await arm(hall)
                async with asyncio.timeout(60):
                    await links.heard[0].key_came.wait()
                seen = await page.evaluate("() => watched")
                behind = await _browser_behind(page)
                heard = links.heard[0]
        sealed = next(p for p in hall.office.manifest.papers if p.subject == SUBJECT)
        return Opening(
            painted=seen["painted"] - behind - heard.key_at,
            heading=seen["heading"] - behind - heard.key_at,
            decrypting=await asyncio.to_thread(_decrypt, hall, sealed, heard.key),
            size=sealed.size,
            pictures=seen["pictures"],
        )


@contextlib.asynccontextmanager
async def _terminal(hall: MeasuredHall, identity: Identity) -> AsyncIterator[str]:
    """Run the terminal of a paired seat; yield the address of its page."""
    folder = hall.seat_folder(identity.seat)
    told = folder / "address"
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "terminal_agent.cli", "--folder", str(folder)),
        *("--appliance", f"127.0.0.1:{hall.port}", "--network", "loopback"),
        *("--camera", "none", "--address-file", str(told)),
        env=os.environ | {"EXAMHALL_LOG_LEVEL": "ERROR"},
    )
    try:
        yield await _written(told)
    finally:
        program.terminate()
        await program.wait()


async def _written(path: Path) -> str:
    for _ in range(600):
        if await asyncio.to_thread(path.exists):
            return (await asyncio.to_thread(path.read_text)).strip()
        await asyncio.sleep(0.05)
    raise HallError(f"{path}: the terminal did not come up within 30 s")


@contextlib.asynccontextmanager
async def _page(address: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(_ARGUMENTS), chromium_sandbox=False
        )
        try:
            page = await browser.new_page(viewport={"width": 1366, "height": 768})
            await page.goto(address)
            yield page
        finally:
            await browser.close()


async def _come_to_the_waiting_room(page: Page, person: Person) -> None:
    """Do what the candidate does, without consent to the look at the face."""
    await _screen(page, "consent")
    await page.locator(".choices button:visible >> nth=-1").click()
    await _screen(page, "login")
    await page.locator("#field-id_number").fill(person.id_number)
    await page.locator("#field-id_number_last4").fill(person.id_number[-4:])
    await page.locator(".choices .primary").click()
    await _screen(page, "own_data")
    await page.locator(".choices .primary").click()
    await _screen(page, "rules")  # without consent to the look at the face, staff look later
    await page.locator(".choices .primary").click()
    await _screen(page, "waiting")


async def _screen(page: Page, name: str) -> None:
    await page.wait_for_selector(f'html[data-screen="{name}"]')


async def _browser_behind(page: Page) -> float:
    """Return the browser's clock minus the boot clock, by the quickest of a few questions."""
    quickest, behind = float("inf"), 0.0
    for _ in range(20):
        asked = boot_ms()
        shown = await page.evaluate("() => performance.timeOrigin + performance.now()")
        took = boot_ms() - asked
        if took < quickest:
            quickest, behind = took, shown - (asked + took / 2)
    return behind


def _decrypt(hall: MeasuredHall, sealed: SealedPaper, key: bytes) -> float:
    said = decode_hall_says(key)
    assert isinstance(said, PaperKeySaid)
    identity = SealingIdentity.parse(said.key)
    data = (hall.office.bundle / sealed.file).read_bytes()
    begun = time.perf_counter()
    identity.open(data)
    return (time.perf_counter() - begun) * 1000
