"""Which USB cameras are plugged in, now and as that changes.

Owns the udev monitor. Rules:

* Only nodes of video4linux that can capture, on USB: a camera's second node (metadata),
  and loop-back devices that pretend to be cameras, are not cameras.
* A camera is known by its ``place`` (ID_PATH: the port it hangs on), which outlives
  replugging and restarts; ``/dev/videoN`` does not.
* The monitor's thread touches nothing of ours: it hands each device over to the event
  loop by ``call_soon_threadsafe``, in `CameraWatch._from_udev` and nowhere else.
* The monitor listens before the first enumeration, so that no camera falls between; what
  the monitor has said of a node by then is newer than what the enumeration says of it.

::

    async with CameraWatch() as watch:
        seen = watch.cameras
        while True:
            seen = await watch.changed(seen)
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import msgspec
import pyudev

_SUBSYSTEM = "video4linux"


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """A USB camera that can capture."""

    place: str
    """ID_PATH, such as ``pci-0000:00:14.0-usb-0:2:1.0``; ID_SERIAL where udev knows no path."""
    node: str
    """Where to open it now, such as ``/dev/video0``."""
    model: str
    """Name for people."""
    serial: str = ""
    """ID_SERIAL: maker, model and, where it has one, its number."""
    vendor_id: str = ""
    model_id: str = ""


def camera_of(node: str, properties: Mapping[str, str]) -> Camera | None:
    """Return the camera that udev's properties describe, or None if they describe another thing."""
    can_capture = ":capture:" in properties.get("ID_V4L_CAPABILITIES", "")
    if not can_capture or properties.get("ID_BUS") != "usb":
        return None
    serial = properties.get("ID_SERIAL", "")
    model = properties.get("ID_V4L_PRODUCT") or properties.get("ID_MODEL", "").replace("_", " ")
    return Camera(
        place=properties.get("ID_PATH") or serial or node,
        node=node,
        model=model.strip() or "USB camera",
        serial=serial,
        vendor_id=properties.get("ID_VENDOR_ID", ""),
        model_id=properties.get("ID_MODEL_ID", ""),
    )


class CameraWatch:
    """The cameras of this machine, kept true by udev. An async context manager."""

    def __init__(self) -> None:
        self._cameras: dict[str, Camera] = {}
        self._told: set[str] = set()
        self._changed = asyncio.Event()
        self._observer: pyudev.MonitorObserver | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def cameras(self) -> tuple[Camera, ...]:
        """The cameras that are plugged in, by place."""
        return tuple(sorted(self._cameras.values(), key=lambda camera: camera.place))

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        context = pyudev.Context()
        monitor = pyudev.Monitor.from_netlink(context)
        monitor.filter_by(_SUBSYSTEM)
        self._observer = pyudev.MonitorObserver(
            monitor, callback=self._from_udev, name="camera-watch"
        )
        self._observer.start()
        for node, properties in await asyncio.to_thread(_enumerate, context):
            if node not in self._told:
                self._apply("add", node, properties)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._observer is not None:
            await asyncio.to_thread(self._observer.stop)

    async def changed(self, seen: tuple[Camera, ...]) -> tuple[Camera, ...]:
        """Return the cameras as soon as they are others than ``seen``."""
        while self.cameras == seen:
            await self._changed.wait()
        return self.cameras

    def _from_udev(self, device: pyudev.Device) -> None:
        """Cross from the monitor's thread into the loop: the one place where that happens."""
        node, action, properties = device.device_node, device.action, dict(device.properties)
        if self._loop is not None and node is not None:
            self._loop.call_soon_threadsafe(self._hear, action, node, properties)

    def _hear(self, action: str, node: str, properties: Mapping[str, str]) -> None:
        self._told.add(node)
        self._apply(action, node, properties)

    def _apply(self, action: str, node: str, properties: Mapping[str, str]) -> None:
        camera = None if action == "remove" else camera_of(node, properties)
        if camera == self._cameras.get(node):
            return
        if camera is None:
            del self._cameras[node]
        else:
            self._cameras[node] = camera
        self._changed.set()
        self._changed = asyncio.Event()


def _enumerate(context: pyudev.Context) -> list[tuple[str, dict[str, str]]]:
    found = context.list_devices(subsystem=_SUBSYSTEM).match_is_initialized()
    return [(d.device_node, dict(d.properties)) for d in found if d.device_node]
