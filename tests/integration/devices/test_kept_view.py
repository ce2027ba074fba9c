"""A view that follows its camera through unplugging, and gaps that are told as gaps."""

import asyncio
import itertools
import os
import subprocess
import sys
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from devices.capture import CaptureSettings, ClipOrigin, open_source
from devices.encoder import EncoderSettings, Piece
from devices.errors import CameraUnavailableError, PictureLostError
from devices.kept_view import GapBegan, GapEnded, KeptView

HELPER = Path(__file__).with_name("umockdev_cameras.py")
ROOT = Path(__file__).parents[3]
FAST = CaptureSettings(width=320, height=240, rate=25)
SHORT = EncoderSettings(piece_ms=200)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    rng = np.random.default_rng(3)
    for _ in range(10):
        writer.write(rng.integers(40, 200, (240, 320, 3), dtype=np.uint8))
    writer.release()
    return path


def test_a_view_follows_its_camera_to_another_port(clip):
    """Not there, plugged in, pulled out, back: gap, pictures, gap, pictures from 0 on."""
    run = subprocess.run(
        ["umockdev-wrapper", sys.executable, str(HELPER), str(clip)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    told = [msgspec.json.decode(line) for line in run.stdout.splitlines()]
    assert [(line["step"], line["event"], line["node"], line["n"]) for line in told] == [
        ("no camera", "GapBegan", None, None),
        ("plugged in", "GapEnded", "/dev/video0", None),
        ("pictures", "Piece", None, 0),
        ("pictures", "Piece", None, 1),
        ("unplugged", "GapBegan", None, None),
        ("back", "GapEnded", "/dev/video1", None),
        ("pictures", "Piece", None, 0),
    ]
    assert told[0]["reason"] == "no camera was found"
    assert told[4]["reason"] == "the camera was unplugged"
    assert [told[n]["live"] for n in (0, 2, 4)] == [False, True, False]


class Breaking:
    """A source whose cable comes loose after eleven pictures."""

    def __init__(self, source):
        self._source, self._left = source, 12

    def newest(self, due, stop):
        self._left -= 1
        if not self._left:
            raise PictureLostError("the cable is loose")
        return self._source.newest(due, stop)

    def close(self):
        self._source.close()


def bad_cable():
    """Opens a source that breaks, then none, then good ones."""
    attempts = itertools.count()

    def opening(origin, settings):
        attempt = next(attempts)
        if attempt == 1:
            raise CameraUnavailableError("not yet")
        source = open_source(origin, settings)
        return source if attempt else Breaking(source)

    return opening


async def until_pictures_are_back(view):
    """All events up to the first piece after a gap; in the gap no still is to be had."""
    seen = []
    async for event in view.events():
        seen.append(event)
        if isinstance(event, GapBegan):
            with pytest.raises(PictureLostError, match="none at the moment"):
                await view.still()
        if isinstance(event, Piece) and any(isinstance(e, GapEnded) for e in seen):
            return seen
    raise AssertionError("the events ended")


async def test_a_source_that_breaks_is_opened_again(clip, monkeypatch):
    """It gives pictures, breaks, will not open once, and comes back: one gap is told."""
    monkeypatch.setattr("devices.view.open_source", bad_cable())
    now = itertools.count(1_000, 40)
    async with KeptView(
        ClipOrigin(path=str(clip)), clock=lambda: next(now), capture=FAST, encoder=SHORT
    ) as view:
        seen = await asyncio.wait_for(until_pictures_are_back(view), 30)
        assert (await view.still()).jpeg
    gaps = [event for event in seen if not isinstance(event, Piece)]
    assert [type(gap) for gap in gaps] == [GapBegan, GapEnded]
    assert gaps[0].reason == "the cable is loose"
    assert gaps[0].at < gaps[1].at
    assert seen[-1].n == 0
    assert seen[-1].start >= gaps[0].at
