"""One running camera view: capture and coding in a thread, pieces and stills on the loop.

Owns the thread of one source. Rules:

* The thread opens the source, reads, codes; the loop never waits for a camera. Thread and
  loop meet in `View._deliver`, by ``call_soon_threadsafe``, and in the newest picture,
  which the thread replaces whole.
* Who reads slowly loses the oldest pieces, never the newest: numbers that are missing in
  ``Piece.n`` are the gap. Who wants a still gets the newest picture, never an old one.
* When the source is lost, the pieces end, then `PictureLostError` is raised to the
  reader, whose task it is to open another view when the camera is back (`CameraWatch`).

::

    async with View(ClipOrigin(path="clip.avi"), clock=hall_clock.now) as view:
        async for piece in view.pieces():
            seal(piece)                      # devices.encoder.Piece
        still = await view.still()           # the newest picture as JPEG

The task that reads ``pieces`` owns the reading and may be cancelled; leaving the context
stops the thread within one picture and the camera's time-out.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

import cv2
import msgspec

from devices.capture import AnyOrigin, CaptureSettings, Source, open_source
from devices.encoder import Encoder, EncoderSettings, Piece
from devices.errors import DeviceError, EncoderError, PictureLostError
from devices.faults import Fault, Observed, PictureLimits, faults, observe
from devices.picture import Picture, measure, thumbnail

Clock = Callable[[], int]
"""Milliseconds; hall time in the product. Called from the view's thread."""

_WAITING_PIECES = 30


class Still(msgspec.Struct, frozen=True, kw_only=True):
    """The newest picture as JPEG, with what is wrong with it."""

    taken: int
    """When it was seen, ms of the view's clock."""
    jpeg: bytes
    faults: frozenset[Fault]


class _Seen(msgspec.Struct, frozen=True):
    picture: Picture
    taken: int
    observed: Observed


class View:
    """A camera or clip that is being recorded. An async context manager."""

    def __init__(
        self,
        origin: AnyOrigin,
        *,
        clock: Clock,
        capture: CaptureSettings | None = None,
        encoder: EncoderSettings | None = None,
        limits: PictureLimits | None = None,
    ) -> None:
        self._origin = origin
        self._clock = clock
        self._capture = capture or CaptureSettings()
        self._encoder = encoder or EncoderSettings()
        self._limits = limits or PictureLimits()
        self._stop = threading.Event()
        self._newest: _Seen | None = None
        self._waiting: deque[Piece] = deque(maxlen=_WAITING_PIECES)
        self._news = asyncio.Event()
        self._first = asyncio.Event()
        self._ended: DeviceError | None = None
        self._done = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="view", daemon=True)

    async def __aenter__(self) -> Self:
        """Open the source and wait for its first picture; raise `DeviceError` if none comes."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        try:
            await self._first.wait()
        except asyncio.CancelledError:
            self._stop.set()
            raise
        if self._newest is None:
            raise self._ended or PictureLostError(f"{self._origin} gave no picture")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop capturing. The pieces up to here can still be read; then they end."""
        self._stop.set()
        await asyncio.to_thread(self._thread.join)

    async def pieces(self) -> AsyncIterator[Piece]:
        """Yield pieces as they are complete; end after `stop`; raise `DeviceError` on a loss."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._done:
                break
            self._news.clear()
            await self._news.wait()
        if self._ended is not None:
            raise self._ended

    async def still(self, *, quality: int = 85) -> Still:
        """Return the newest picture as JPEG of ``quality`` (0 to 100), coded off the loop."""
        seen = self._newest
        if seen is None or self._done:
            raise self._ended or PictureLostError(f"{self._origin} is not being captured")
        jpeg = await asyncio.to_thread(to_jpeg, seen.picture, quality)
        still_for = max(0, seen.taken - seen.observed.still_since)
        wrong = faults(seen.observed.measure, still_for_ms=still_for, limits=self._limits)
        return Still(taken=seen.taken, jpeg=jpeg, faults=wrong)

    # --- the thread ---------------------------------------------------------------------

    def _run(self) -> None:
        ended: DeviceError | None = DeviceError(f"capturing {self._origin} broke off; see the log")
        try:
            source = open_source(self._origin, self._capture)
            try:
                self._record(source)
            finally:
                source.close()
            ended = None
        except DeviceError as error:
            ended = error
        finally:
            self._tell(self._end, ended)

    def _record(self, source: Source) -> None:
        encoder = Encoder(self._capture, self._encoder)
        try:
            due, luma = time.monotonic(), None
            while (picture := source.newest(due, self._stop)) is not None:
                taken = self._clock()
                before, luma = luma, thumbnail(picture)
                earlier = self._newest.observed if self._newest else None
                seen = observe(earlier, measure(luma, before), taken, self._limits)
                self._newest = _Seen(picture, taken, seen)
                self._tell(self._deliver, encoder.encode(picture, taken))
                due = max(due + 1 / self._capture.rate, time.monotonic())
        finally:
            self._tell(self._deliver, encoder.finish())

    def _tell(self, callback: Callable[..., None], argument: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, argument)

    # --- on the loop --------------------------------------------------------------------

    def _deliver(self, pieces: list[Piece]) -> None:
        self._waiting.extend(pieces)
        self._first.set()
        if pieces:
            self._news.set()

    def _end(self, error: DeviceError | None) -> None:
        self._ended, self._done = error, True
        self._first.set()
        self._news.set()


def to_jpeg(picture: Picture, quality: int = 85) -> bytes:
    """Code ``picture`` as JPEG."""
    good, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not good:
        raise EncoderError(f"a picture of shape {picture.shape} could not be coded as JPEG")
    return coded.tobytes()
