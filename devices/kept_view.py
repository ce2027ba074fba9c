"""A view that comes back: it follows its camera through unplugging and replugging.

Owns one `View` at a time. Rules:

* A gap is told as a gap: `GapBegan` when the picture is lost (or never came), with the
  reason; `GapEnded` when it is back. Nothing is filled in.
* After a gap the encoder is a new one: the next piece has another ``opening`` and counts
  from 0, so whoever seals pieces begins a new segment.
* The camera is the one at the wanted place, else the first there is. One that is pulled
  out ends the view at once, without waiting for the driver's time-out; one that fails
  otherwise is tried again with growing pauses, up to five seconds.

::

    async with CameraWatch() as watch, KeptView(watch, clock=now) as view:
        async for event in view.events():        # Piece | GapBegan | GapEnded
            ...
        still = await view.still()

Tasks: one, owned by this context, cancelled on leaving it; within it one that watches for
the camera's removal while the view runs, and ends with it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Final, Self

import msgspec

from devices.cameras import Camera, CameraWatch
from devices.capture import AnyOrigin, CameraOrigin, CaptureSettings, ClipOrigin
from devices.encoder import EncoderSettings, Piece
from devices.errors import DeviceError, PictureLostError
from devices.view import Clock, Still, View
from runtime.tasks import Tasks

_WAITING: Final = 64
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0


class GapBegan(msgspec.Struct, frozen=True, kw_only=True):
    """No picture from ``at`` on (ms of the view's clock)."""

    at: int
    reason: str


class GapEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Pictures again from ``at`` on, by ``camera`` (None: a clip)."""

    at: int
    camera: Camera | None


ViewEvent = Piece | GapBegan | GapEnded


def open_camera(camera: Camera) -> AnyOrigin:
    """Return what a camera is opened by."""
    return CameraOrigin(node=camera.node)


class KeptView:
    """A view of a camera or clip, kept running. An async context manager."""

    def __init__(
        self,
        source: CameraWatch | ClipOrigin,
        *,
        clock: Clock,
        place: str | None = None,
        capture: CaptureSettings | None = None,
        encoder: EncoderSettings | None = None,
        origin_of: Callable[[Camera], AnyOrigin] = open_camera,
        on_live: Callable[[], None] | None = None,
    ) -> None:
        """``on_live`` is called on the loop whenever `is_live` has changed: be brief."""
        self._source = source
        self._clock = clock
        self._place = place
        self._capture = capture
        self._encoder = encoder
        self._origin_of = origin_of
        self._on_live = on_live or (lambda: None)
        self._events: asyncio.Queue[ViewEvent] = asyncio.Queue(_WAITING)
        self._view: View | None = None
        self._in_gap = False
        self._failures = 0
        self._tasks = Tasks("view")

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tasks.start("keep the view", self._keep())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.__aexit__(kind, error, trace)

    @property
    def is_live(self) -> bool:
        """Whether there are pictures now."""
        return self._view is not None

    async def events(self) -> AsyncIterator[ViewEvent]:
        """Yield pieces and gaps in their order. One reader."""
        while True:
            yield await self._events.get()

    async def still(self, *, quality: int = 85) -> Still:
        """Return the newest picture as JPEG; raise `PictureLostError` in a gap."""
        if self._view is None:
            raise PictureLostError("expected a picture, the camera gives none at the moment")
        return await self._view.still(quality=quality)

    # --- the task -----------------------------------------------------------------------

    async def _keep(self) -> None:
        while True:
            camera = await self._choose()
            try:
                await self._show(camera)
                reason = "the camera was unplugged"
            except DeviceError as error:
                reason = str(error)
            await self._begin_gap(reason)
            await self._pause(camera)

    async def _choose(self) -> Camera | None:
        """Return the camera to open, when there is one; None for a clip."""
        if isinstance(self._source, ClipOrigin):
            return None
        cameras = self._source.cameras
        while (camera := self._chosen(cameras)) is None:
            where = f" at {self._place}" if self._place else ""
            await self._begin_gap(f"no camera was found{where}")
            cameras = await self._source.changed(cameras)
        return camera

    def _chosen(self, cameras: tuple[Camera, ...]) -> Camera | None:
        wanted = (camera for camera in cameras if self._place in (None, camera.place))
        return next(wanted, None)

    def _origin(self, camera: Camera | None) -> AnyOrigin:
        if isinstance(self._source, ClipOrigin):
            return self._source
        assert camera is not None  # a watch gave one
        return self._origin_of(camera)

    async def _show(self, camera: Camera | None) -> None:
        """Pass on the pieces of one view until it ends; raise `DeviceError` if it breaks."""
        origin = self._origin(camera)
        view = View(origin, clock=self._clock, capture=self._capture, encoder=self._encoder)
        async with view, Tasks("view, camera") as tasks:
            watching = self._stop_when_removed(view, camera)
            tasks.start("watch for removal", watching, may_end=True)
            try:
                await self._pass_on(view, camera)
            finally:
                self._view = None
                self._on_live()

    async def _pass_on(self, view: View, camera: Camera | None) -> None:
        self._view = view
        self._on_live()
        if self._in_gap:
            self._in_gap = False
            await self._events.put(GapEnded(at=self._clock(), camera=camera))
        async for piece in view.pieces():
            self._failures = 0
            await self._events.put(piece)

    async def _stop_when_removed(self, view: View, camera: Camera | None) -> None:
        if camera is None or isinstance(self._source, ClipOrigin):
            return
        cameras = self._source.cameras
        while camera in cameras:
            cameras = await self._source.changed(cameras)
        await view.stop()

    async def _begin_gap(self, reason: str) -> None:
        if not self._in_gap:
            self._in_gap = True
            await self._events.put(GapBegan(at=self._clock(), reason=reason))

    async def _pause(self, camera: Camera | None) -> None:
        """Wait before the next try; a change of the cameras ends the wait."""
        pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**self._failures)
        self._failures += 1
        if isinstance(self._source, ClipOrigin):
            await asyncio.sleep(pause)
            return
        if camera not in self._source.cameras:
            return
        changed = self._source.changed(self._source.cameras)
        try:
            await asyncio.wait_for(changed, pause)
        except TimeoutError:
            return
