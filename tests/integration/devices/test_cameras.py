"""Hot-plugging, with the real pyudev against Debian's umockdev."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

HELPER = Path(__file__).with_name("umockdev_cameras.py")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def told() -> list[dict[str, object]]:
    run = subprocess.run(
        ["umockdev-wrapper", sys.executable, str(HELPER)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return [msgspec.json.decode(line) for line in run.stdout.splitlines()]


def test_a_camera_that_is_there_at_the_start_is_told(told: list[dict[str, object]]) -> None:
    """A camera plugged in before the watch begins is its first event."""
    assert told[0] == {
        "step": "at the start",
        "event": "added",
        "node": "/dev/video0",
        "place": "pci-0000:00:14.0-usb-0:1:1.0",
        "model": "Exam Camera: front",
        "cameras": ["/dev/video0"],
    }


def test_only_usb_cameras_that_capture_are_told(told: list[dict[str, object]]) -> None:
    """A metadata node and a loop-back device, plugged in first, are passed over."""
    assert told[1]["event"] == "added"
    assert told[1]["node"] == "/dev/video3"
    assert told[1]["cameras"] == ["/dev/video0", "/dev/video3"]


def test_a_camera_that_is_unplugged_is_told(told: list[dict[str, object]]) -> None:
    """Its removal names it and takes it off the list."""
    assert told[2]["event"] == "removed"
    assert told[2]["node"] == "/dev/video3"
    assert told[2]["cameras"] == ["/dev/video0"]


def test_a_camera_keeps_its_place_when_its_node_changes(told: list[dict[str, object]]) -> None:
    """Replugged into the same port it has another node and the same place."""
    assert told[3]["event"] == "added"
    assert told[3]["node"] == "/dev/video4"
    assert told[3]["place"] == told[1]["place"]
