"""Office receipts as the receiver hands them out: it reads what the inner worker wrote."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from central.layout import Layout
from protocol.envelope import Envelope
from protocol.upload import MAX_PAGE, NumberedReceipt, ReceiptsPage
from protocol.values import decode

LOOK_EVERY_S: Final = 1.0
"""How often a waiting request looks by itself, should a nudge be lost."""


def receipt_path(folder: Path, number: int) -> Path:
    """Return where the receipt with this number lies."""
    return folder / f"{number:08d}.json"


def read_receipts(folder: Path, after: int, limit: int = MAX_PAGE) -> ReceiptsPage:
    """Return the receipts after number ``after``, in turn, up to the first that is missing."""
    found: list[NumberedReceipt] = []
    for number in range(after + 1, after + 1 + limit):
        path = receipt_path(folder, number)
        if not path.exists():
            break
        receipt = decode(path.read_bytes(), Envelope)
        found.append(NumberedReceipt(number=number, receipt=receipt))
    return ReceiptsPage(receipts=tuple(found), series=_series(folder))


def _series(folder: Path) -> str:
    """Return which list this is; see `ReceiptsPage`."""
    first = receipt_path(folder, 1)
    return decode(first.read_bytes(), Envelope).digest if first.exists() else ""


@dataclass
class ReceiptDesk:
    """Answers requests for receipts, letting them wait until there is one."""

    layout: Layout

    def __post_init__(self) -> None:
        self._news = asyncio.Event()
        self._closing = False

    def close(self) -> None:
        """Answer all who wait, now and from now on at once: the server is ending."""
        self._closing = True
        self.look_again()

    def look_again(self) -> None:
        """Wake all who wait: the inner worker has written something."""
        self._news.set()
        self._news = asyncio.Event()

    async def page(self, centre: str, appliance: str, *, after: int, wait_s: float) -> ReceiptsPage:
        """Return what is there after ``after``; where there is nothing, wait for it a while."""
        folder = self.layout.receipt_folder(centre, appliance)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            news = self._news
            page = await asyncio.to_thread(read_receipts, folder, after)
            left = deadline - loop.time()
            if page.receipts or left <= 0 or self._closing:
                return page
            await _wait(news, min(left, LOOK_EVERY_S))


async def _wait(news: asyncio.Event, seconds: float) -> None:
    waiting = asyncio.ensure_future(news.wait())
    await asyncio.wait([waiting], timeout=seconds)
    waiting.cancel()
