"""The courier's work: look into the outbox, send, read receipts, delete what may go.

Tasks (owned by `appliance.courier.service`, cancelled at its end; any may be cancelled
anywhere, since what counts is in the ledger): one that looks, `HANDS` that send, one that
reads receipts. A full or failing disk makes a task wait, never end.
"""

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import aiohttp

from appliance.courier import ledger
from appliance.courier.choosing import REFUSED_PAUSE_S, Moment, Pace, choose, set_forward_ms
from appliance.courier.ledger import Carried, Parcel, ReadUpTo
from appliance.courier.line import Line
from appliance.courier.outbox_scan import lane_folder, read_all, unknown
from appliance.courier.tus_client import (
    Advanced,
    LineError,
    NotTaken,
    TusClient,
    Upload,
    read_bounded,
)
from appliance.ipc.courier import OfficeReceiptArrived, Receipts, SyncState
from protocol import upload as tus
from protocol.envelope import Envelope
from protocol.errors import ProtocolError
from protocol.keys import VerifyKey
from protocol.office_receipt import OfficeReceipt, open_office_receipt
from protocol.parcel import Lane
from protocol.values import decode
from runtime.database import Database
from runtime.errors import DatabaseError, DiskError
from runtime.files import remove_durably

log = logging.getLogger(__name__)


def free_bytes(folder: Path) -> int:
    """Return how many bytes this user may still write on the disk of ``folder``.

    Where the makers of parcels have not made it yet there is nothing to give way.
    """
    try:
        found = os.statvfs(folder)
    except FileNotFoundError:
        return sys.maxsize
    return found.f_bavail * found.f_frsize


_OK: Final = 200
HANDS: Final = 2
"""Parcels in flight."""
LOOK_EVERY_S: Final = 5.0
DISK_PAUSE_S: Final = 2.0
WAIT_FOR_RECEIPTS_S: Final = 20
MOST_OF_A_PAGE: Final = 64 * 1024 * 1024
"""Of one answer with receipts, bytes."""
TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=10, sock_read=40)
"""Of one request: a piece takes about two seconds where the line is what it was."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is carried, whose signatures count, and how long verified parcels stay."""

    outbox: Path
    box_key: VerifyKey
    receipts_key: VerifyKey
    keep_ms: int
    leave_free: int = 0
    """With less room (bytes) on the disk, verified parcels go before their time."""
    free: Callable[[Path], int] = free_bytes


class Errands:
    """What the courier does; ``said`` tells the makers of parcels of a receipt."""

    def __init__(
        self,
        terms: Terms,
        database: Database,
        line: Line,
        session: aiohttp.ClientSession,
        *,
        said: Callable[[OfficeReceiptArrived], None],
        changed: Callable[[], None],
    ) -> None:
        self._terms = terms
        self._database = database
        self._line = line
        self._session = session
        self._said = said
        self._changed = changed
        self._known: set[str] = set()
        self._waiting: dict[str, Parcel] = {}
        """What may have to be sent, by name, in the order of delivery."""
        self._in_hand: dict[str, Upload] = {}
        self._busy: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._errors: dict[Lane, str] = {}
        self._pace = Pace()
        self._looked: Moment | None = None
        """When it was last looked what may be deleted."""
        self._news = asyncio.Event()
        self._look_now = asyncio.Event()

    # --- what others ask -----------------------------------------------------------------------

    def look_soon(self) -> None:
        """Somebody wrote a parcel."""
        self._look_now.set()

    async def state(self) -> SyncState:
        """Return how the lanes and the line stand."""
        lanes = await self._database.read(ledger.lanes)
        return SyncState(lanes=lanes, line=self._line.status, last_error=dict(self._errors))

    async def receipts_after(self, number: int) -> Receipts:
        """Return office receipts after a number of ours."""
        found = await self._database.read(partial(ledger.receipts_after, number=number))
        return Receipts(receipts=found)

    async def undelivered(self) -> list[tuple[Path, str]]:
        """Return file and SHA-256 of what is not verified, in the order of delivery."""
        found = await self._database.read(ledger.undelivered)
        return [(self._path(parcel), parcel.sha256) for parcel in found]

    # --- looking -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Read back how far everything has come."""
        self._known = await self._database.read(ledger.names)
        await self._refresh()

    async def keep_looking(self) -> None:
        """Look into the outbox when told, and every few seconds."""
        while True:
            self._look_now.clear()
            await self._patiently(self.look)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look_now.wait(), LOOK_EVERY_S)

    async def look(self) -> None:
        """Write down what is new in the outbox; delete what may go."""
        paths = await asyncio.to_thread(unknown, self._terms.outbox, self._known)
        good, wrong = await asyncio.to_thread(read_all, paths, self._terms.box_key, _now_ms())
        for path, words in wrong.items():
            self._known.add(path.name)
            self._fault(path.name, Lane(path.parent.name), words)
        if good:
            await self._database.write(partial(ledger.add, parcels=good))
            self._known |= {parcel.name for parcel in good}
            await self._refresh()
        await self._delete_what_may_go()

    async def _delete_what_may_go(self) -> None:
        await self._follow_the_calendar()
        oldest = _now_ms() - self._terms.keep_ms
        for parcel in await self._database.read(partial(ledger.to_delete, verified_by=oldest)):
            await self._delete(parcel)
        await self._make_room()

    async def _make_room(self) -> None:
        """On a disk that runs short delete verified parcels early: recordings first, oldest first.

        What the office has not verified is never deleted.
        """
        missing = self._terms.leave_free - await asyncio.to_thread(
            self._terms.free, self._terms.outbox
        )
        if missing <= 0:
            return
        verified = await self._database.read(ledger.verified)
        going = ledger.first_to_go(verified, missing)
        for parcel in going:
            await self._delete(parcel)
        if going:
            log.warning("the disk runs short: %d verified parcel(s) were deleted early", len(going))

    async def _delete(self, parcel: Parcel) -> None:
        path = self._path(parcel)
        if await asyncio.to_thread(path.exists):
            await asyncio.to_thread(remove_durably, path)
        await self._database.write(partial(ledger.note_removed, name=parcel.name))

    async def _follow_the_calendar(self) -> None:
        """Where the calendar was set forward, the retention is not over for that."""
        now = Moment(steady_s=asyncio.get_running_loop().time(), calendar_ms=_now_ms())
        ahead = 0 if self._looked is None else set_forward_ms(self._looked, now)
        if ahead:
            log.warning("the calendar was set forward by %d s; what is kept stays", ahead // 1000)
            await self._database.write(partial(ledger.shift_verified, by=ahead))
        self._looked = now

    # --- sending -------------------------------------------------------------------------------

    async def keep_sending(self) -> None:
        """Be one hand: take the parcel that is next, send a piece of it, choose again."""
        while True:
            await self._line.may_try()
            parcel = self._choose()
            if parcel is None:
                await self._wait_for_news()
                continue
            self._busy.add(parcel.name)
            try:
                await self._patiently(partial(self._send_piece, parcel))
            finally:
                self._busy.discard(parcel.name)

    def _choose(self) -> Parcel | None:
        now_s = asyncio.get_running_loop().time()
        return choose(
            self._waiting.values(), self._busy, self._not_before, now_s=now_s, now_ms=_now_ms()
        )

    async def _wait_for_news(self) -> None:
        news = self._news
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), LOOK_EVERY_S)

    async def _send_piece(self, parcel: Parcel) -> None:
        upload = self._in_hand.setdefault(
            parcel.name,
            Upload(path=self._path(parcel), size=parcel.size, sha256=parcel.sha256),
        )
        began = time.monotonic()
        try:
            step = await TusClient(self._session, self._line.address).step(upload, self._pace.piece)
        except LineError as error:
            self._pace = self._pace.after_break()
            self._line.fails(str(error))
            return
        self._line.works()
        match step:
            case NotTaken(code=code, message=message):
                self._not_before[parcel.name] = asyncio.get_running_loop().time() + REFUSED_PAUSE_S
                self._fault(parcel.name, parcel.lane, f"{code} {message}")
            case Advanced(offset=offset, sent=sent):
                self._pace = self._pace.after(sent, time.monotonic() - began)
                if offset == parcel.size:
                    await self._note_sent(parcel)

    async def _note_sent(self, parcel: Parcel) -> None:
        at = _now_ms()
        await self._database.write(partial(ledger.note_sent, name=parcel.name, at=at))
        self._in_hand.pop(parcel.name, None)
        self._errors.pop(parcel.lane, None)
        if parcel.name in self._waiting:
            sent = replace(parcel, stage=Carried.SENT, changed_at=at)
            self._waiting[parcel.name] = sent
        self._changed()

    # --- receipts ------------------------------------------------------------------------------

    async def keep_reading_receipts(self) -> None:
        """Ask the office for receipts, again and again, letting it wait until there are some."""
        while True:
            await self._line.may_try()
            await self._patiently(self._read_receipts)

    async def _read_receipts(self) -> None:
        read = await self._database.read(ledger.read_up_to)
        try:
            page = await self._ask_for_receipts(read.after)
            await self.take_receipts(page.receipts, read.on(page))
        except (aiohttp.ClientError, OSError, TimeoutError, ProtocolError, LineError) as error:
            self._line.fails(f"receipts: {error or type(error).__name__}")
            return
        self._line.works()

    async def _ask_for_receipts(self, after: int) -> tus.ReceiptsPage:
        query = {"after": str(after), "wait": str(WAIT_FOR_RECEIPTS_S)}
        url = self._line.address.rstrip("/") + tus.RECEIPTS
        async with self._session.get(url, params=query, allow_redirects=False) as response:
            body = await read_bounded(response, MOST_OF_A_PAGE)
            if response.status != _OK:
                raise LineError(f"the office answers {response.status}")
            return decode(body, tus.ReceiptsPage)

    async def take_receipts(
        self, numbered: Iterable[tus.NumberedReceipt], read: ReadUpTo | None = None
    ) -> int:
        """Verify receipts and keep them; return how many were new. Raises `ProtocolError`.

        ``read`` is how far the office's own list is read with them, None where they came by
        stick.
        """
        opened = [(one.receipt, self._open(one.receipt)) for one in numbered]
        if not opened and (read is None or read == await self._database.read(ledger.read_up_to)):
            return 0
        new = await self._database.write(
            partial(ledger.take_receipts, receipts=opened, read=read, at=_now_ms())
        )
        signed_for = {receipt.digest for _, receipt in opened}
        self._waiting = {n: p for n, p in self._waiting.items() if p.digest not in signed_for}
        self._changed()
        for receipt in new:
            self._said(receipt)
        return len(new)

    def _open(self, envelope: Envelope) -> OfficeReceipt:
        return open_office_receipt(envelope, self._terms.receipts_key)

    # --- common --------------------------------------------------------------------------------

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work``; if our own disk refuses, say so and wait: nothing is lost by waiting."""
        try:
            await work()
        except (DiskError, DatabaseError) as error:
            log.warning("the courier waits: %s", error)
            await asyncio.sleep(DISK_PAUSE_S)

    async def _refresh(self) -> None:
        """Take the ledger's word for what has to be sent, and tell whoever waits."""
        found = await self._database.read(ledger.to_send)
        self._waiting = {parcel.name: parcel for parcel in found}
        news, self._news = self._news, asyncio.Event()
        news.set()
        self._changed()

    def _fault(self, name: str, lane: Lane, words: str) -> None:
        log.error("%s: %s", name, words)
        self._errors[lane] = words
        self._changed()

    def _path(self, parcel: Parcel) -> Path:
        return lane_folder(self._terms.outbox, parcel.lane) / parcel.name


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
