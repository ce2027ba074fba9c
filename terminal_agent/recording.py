"""From pieces to segments, and what is missing to gaps on record.

Owns the view that is being recorded. Rules:

1. From the beginning of a session to its end, every moment is in a segment that is kept,
   or in a `PictureGap` event of the journal; the shortest that count are `SLACK_MS`.
2. In the order of time: no segment is kept while a gap before it is not on record. So a
   seat that is started again finds the frontier, up to which all is accounted for.
3. A segment holds pieces of one encoder without a hole. It is cut after `CutRules`, when the
   camera is lost, and at the session's end; sealed in memory; then kept.
4. A segment that cannot be kept is dropped, said, and a gap. Answers come first.

Reasons of gaps are `GapReason`; the log has the words.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

from devices.encoder import Piece
from protocol.keys import SigningKey
from protocol.segment import MAX_DURATION_MS, MAX_SEALED
from protocol.values import Value
from runtime.errors import DatabaseError, DiskError, DiskFullError
from terminal_agent.segments import Chain, SegmentShelf, TooLargeError, seal_segment

SLACK_MS: Final = 500
"""A hole that is no longer is none: two pieces' times differ by less."""
BEGINNING_MS: Final = 5_000
"""Until the first whole piece of a fresh session."""
LAST_PIECE_S: Final = 4.0
"""Longest wait at the end for the piece that is being coded."""
_log = logging.getLogger(__name__)


class GapReason(StrEnum):
    """Why a view was not recorded."""

    NO_CAMERA = "no_camera"
    CAMERA_LOST = "camera_lost"
    RESTARTED = "seat_restarted"
    DISK = "seat_disk"
    PIECES_LOST = "pieces_lost"
    """The machine was too busy to code or to take the pictures."""
    TOO_LARGE = "too_large"


class CutRules(Value, frozen=True, kw_only=True):
    """When a segment is cut at the latest."""

    duration_ms: int = 30_000
    plain_bytes: int = MAX_SEALED - 64 * 1024
    """age adds 200 bytes, and 16 to each 64 KiB."""

    def __post_init__(self) -> None:
        if not 0 < self.duration_ms <= MAX_DURATION_MS:
            raise ValueError(f"expected at most {MAX_DURATION_MS} ms; got {self.duration_ms}")


class Gap(Value, frozen=True, kw_only=True):
    """A time without pictures, hall ms."""

    since: int
    until: int
    reason: GapReason


class Recorded(Value, frozen=True, kw_only=True):
    """The session whose view is recorded."""

    chain: Chain
    begins: int
    """Hall time from which on pictures are wanted: nothing older is taken."""
    key: SigningKey
    recipient: str
    """The office's opening recipient."""
    is_fresh: bool
    """Whether it has just begun; else this program was started again within it."""

    def __repr__(self) -> str:
        return f"Recorded({self.chain.session}, {self.chain.epoch})"


WriteGap = Callable[[Gap], Awaitable[None]]
"""Puts a gap into the session's journal; raises `DiskError` or `DatabaseError`."""


class Recording:
    """The recording of one view of one session, from `begin` to `end`."""

    def __init__(
        self,
        recorded: Recorded,
        shelf: SegmentShelf,
        write_gap: WriteGap,
        *,
        on_record: Callable[[], int],
        rules: CutRules | None = None,
        camera: bool,
    ) -> None:
        """``on_record``: end of the journal's last gap, 0 for none. ``camera``: there is one."""
        self._of = recorded
        self._chain = recorded.chain
        self._shelf = shelf
        self._write_gap = write_gap
        self._rules = rules or CutRules()
        self._on_record = on_record
        self._frontier = max(recorded.begins, recorded.chain.until)
        self._reason = GapReason.PIECES_LOST if camera else GapReason.NO_CAMERA
        if not recorded.is_fresh:
            self._reason = GapReason.RESTARTED
        self._slack = BEGINNING_MS if recorded.is_fresh and camera else SLACK_MS
        self._owed: Gap | None = None
        """A gap that is not on record yet."""
        self._pieces: list[Piece] = []
        self._lock = asyncio.Lock()
        self._ends: int | None = None
        self._covered = asyncio.Event()
        """Set when no piece is to be waited for at the end."""
        self.since: int | None = None
        """Hall time since when pictures come; None while they do not."""

    @property
    def chain(self) -> Chain:
        """Where the chain stands."""
        return self._chain

    async def piece(self, piece: Piece) -> None:
        """Take the next piece of the view."""
        async with self._lock:
            if self._ends is not None and piece.start >= self._ends:
                self._covered.set()
                return
            if piece.start < self._of.begins:  # begun before the session
                return
            if self._pieces and not _follows(self._pieces[-1], piece):
                await self._cut()
            if self._pieces and self._is_full_with(piece):
                await self._cut()
            if not self._pieces:
                await self._gap_until(piece.start)
            self.since = self.since or piece.start
            self._pieces.append(piece)
            if self._ends is not None and _end(piece) >= self._ends:
                self._covered.set()
            if _duration(self._pieces) >= self._rules.duration_ms:
                await self._cut()

    async def lost(self, reason: GapReason) -> None:
        """Cut: no more pictures, until the next piece."""
        async with self._lock:
            await self._cut()
            if self._reason is GapReason.PIECES_LOST:  # else an older reason goes on
                self._reason = reason
            self.since = None
            self._covered.set()

    def open_gap(self, at: int) -> Gap | None:
        """Return what is missing up to ``at`` and is not on record, for the journal's end."""
        if self._owed is not None:
            return Gap(since=self._owed.since, until=at, reason=self._owed.reason)
        since = max(self._frontier, self._on_record())
        if self.since is not None or at - since <= self._slack:
            return None
        return Gap(since=since, until=at, reason=self._reason)

    async def pause(self) -> None:
        """Keep what there is: the program ends, the session does not."""
        async with self._lock:
            await self._cut()

    async def end(self, at: int) -> None:
        """Take the piece that ``at`` falls into, cut for the last time, close the chain.

        Raises `DiskError` where something of it could not be made durable: to be called again.
        """
        self._ends = at
        if self.since is not None and not self._reaches(at):
            self._covered.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._covered.wait(), LAST_PIECE_S)
        async with self._lock:
            await self._cut()
            await self._gap_until(at)
            self.since = None
            if not await self._settle():
                raise DiskFullError("expected the recording's last gap to be put on record")
            await self._shelf.end(self._chain)

    # --- gaps -------------------------------------------------------------------------------

    async def _gap_until(self, at: int) -> None:
        """Put what is missing between the frontier and ``at`` on record."""
        self._frontier = max(self._frontier, self._on_record())
        if at - self._frontier > self._slack:
            await self._missing(self._frontier, at, self._reason)
        self._slack = SLACK_MS
        self._frontier = max(self._frontier, at)
        self._reason = GapReason.PIECES_LOST

    async def _missing(self, since: int, until: int, reason: GapReason) -> None:
        owed = self._owed
        self._owed = Gap(
            since=since if owed is None else owed.since,
            until=until,
            reason=reason if owed is None else owed.reason,
        )
        await self._settle()

    async def _settle(self) -> bool:
        """Write the gap that is owed; say whether nothing is owed any more."""
        if self._owed is None or self._owed.until <= self._on_record():
            self._owed = None
            return True
        try:
            await self._write_gap(self._owed)
        except (DiskError, DatabaseError) as error:
            _log.warning("a gap of the recording is not on record yet: %s", error)
            return False
        _log.warning(
            "not recorded for %d ms: %s", self._owed.until - self._owed.since, self._owed.reason
        )
        self._owed = None
        return True

    # --- segments ---------------------------------------------------------------------------

    def _reaches(self, at: int) -> bool:
        return max(self._frontier, *map(_end, self._pieces), 0) >= at

    def _is_full_with(self, piece: Piece) -> bool:
        size = len(piece.opening) + sum(len(p.data) for p in (*self._pieces, piece))
        longest = _end(piece) - self._pieces[0].start > MAX_DURATION_MS
        return size > self._rules.plain_bytes or longest

    async def _cut(self) -> None:
        """Seal and keep the pieces that there are, or drop them as a gap."""
        if not self._pieces:
            return
        pieces, self._pieces = tuple(self._pieces), []
        begins, ends = pieces[0].start, _end(pieces[-1])
        reason = await self._kept(pieces)
        self._frontier = ends
        if reason is not None:
            await self._missing(begins, ends, reason)

    async def _kept(self, pieces: tuple[Piece, ...]) -> GapReason | None:
        """Keep a segment; return why it could not be."""
        if not await self._settle():
            return GapReason.DISK
        try:
            sealed = await asyncio.to_thread(
                seal_segment, pieces, self._chain, self._of.key, self._of.recipient
            )
            self._chain = await self._shelf.keep(sealed)
        except DiskError as error:
            _log.warning("a segment was dropped: %s", error)
            return GapReason.DISK
        except TooLargeError as error:
            _log.error("a segment was dropped: %s", error)
            return GapReason.TOO_LARGE
        return None


def _follows(before: Piece, piece: Piece) -> bool:
    """Say whether both are of one encoder, with nothing lost between them."""
    return piece.n == before.n + 1 and piece.opening == before.opening


def _duration(pieces: list[Piece]) -> int:
    return _end(pieces[-1]) - pieces[0].start


def _end(piece: Piece) -> int:
    return piece.start + piece.duration_ms
