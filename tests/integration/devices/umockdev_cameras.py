"""Plugs and unplugs cameras in a fake kernel and prints what `CameraWatch` says of it.

Run under ``umockdev-wrapper`` by test_cameras.py. The testbed must exist before pyudev's
context, and the remove event must come before the device's files go.
"""

import asyncio
import itertools
import sys

import msgspec

sys.path.append("/usr/lib/python3/dist-packages")  # gi is Debian's; nothing else is wanted of it
import gi

sys.path.pop()
gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402

from devices.cameras import Camera, CameraWatch  # noqa: E402
from devices.capture import CaptureSettings, ClipOrigin  # noqa: E402
from devices.encoder import EncoderSettings, Piece  # noqa: E402
from devices.kept_view import KeptView  # noqa: E402


def plug(
    testbed: "UMockdev.Testbed", number: int, port: str, *, capture: bool = True, bus: str = "usb"
) -> str:
    """Add a video node; return its path in /sys."""
    return testbed.add_device(
        "video4linux",
        f"video{number}",
        None,
        ["name", "Exam Camera"],
        [
            *("DEVNAME", f"/dev/video{number}"),
            *("ID_V4L_CAPABILITIES", ":capture:" if capture else ":"),
            *("ID_V4L_PRODUCT", "Exam Camera: front"),
            *("ID_BUS", bus),
            *("ID_PATH", f"pci-0000:00:14.0-usb-0:{port}:1.0"),
            *("ID_SERIAL", "Maker_Exam_Camera_0042"),
            *("ID_VENDOR_ID", "046d"),
            *("ID_MODEL_ID", "0825"),
        ],
    )


def unplug(testbed: "UMockdev.Testbed", path: str) -> None:
    """Send the event, then remove the files, as the kernel does."""
    testbed.uevent(path, "remove")
    testbed.remove_device(path)


async def scenario() -> None:
    """One camera before the start; another plugged in, unplugged, and put elsewhere."""
    testbed = UMockdev.Testbed.new()
    plug(testbed, 0, "1")
    async with CameraWatch() as watch:
        seen: tuple[Camera, ...] = ()

        async def say(step: str) -> None:
            nonlocal seen
            before, seen = seen, await asyncio.wait_for(watch.changed(seen), 10)
            (other,) = {*before} ^ {*seen}
            line = {
                "step": step,
                "event": "added" if other in seen else "removed",
                "node": other.node,
                "place": other.place,
                "model": other.model,
                "cameras": [camera.node for camera in seen],
            }
            sys.stdout.write(msgspec.json.encode(line).decode() + "\n")

        await say("at the start")
        plug(testbed, 1, "1", capture=False)  # the metadata node of the first
        plug(testbed, 2, "9", bus="virtual")  # a loop-back device
        second = plug(testbed, 3, "2")
        await say("plugged in")
        unplug(testbed, second)
        await say("unplugged")
        plug(testbed, 4, "2")
        await say("back in the same port")


async def replugged(clip: str) -> None:
    """A kept view whose camera is not there, plugged in, pulled out, and back elsewhere.

    The camera's pictures are those of ``clip``; all else is real.
    """
    testbed = UMockdev.Testbed.new()
    now = itertools.count(1_000, 40)
    async with (
        CameraWatch() as watch,
        KeptView(
            watch,
            clock=lambda: next(now),
            capture=CaptureSettings(width=320, height=240, rate=25),
            encoder=EncoderSettings(piece_ms=200),
            origin_of=lambda _: ClipOrigin(path=clip),
        ) as view,
    ):
        events = view.events()

        async def say(step: str) -> None:
            event = await asyncio.wait_for(anext(events), 20)
            while step == "unplugged" and isinstance(event, Piece):
                event = await asyncio.wait_for(anext(events), 20)
            line = {"step": step, "event": type(event).__name__, "live": view.is_live}
            line["n"] = getattr(event, "n", None)
            line["reason"] = getattr(event, "reason", None)
            camera = getattr(event, "camera", None)
            line["node"] = camera.node if camera else None
            sys.stdout.write(msgspec.json.encode(line).decode() + "\n")

        await say("no camera")
        path = plug(testbed, 0, "1")
        await say("plugged in")
        await say("pictures")
        await say("pictures")
        unplug(testbed, path)
        await say("unplugged")
        plug(testbed, 1, "2")
        await say("back")
        await say("pictures")


if __name__ == "__main__":
    asyncio.run(replugged(sys.argv[1]) if len(sys.argv) > 1 else scenario())
