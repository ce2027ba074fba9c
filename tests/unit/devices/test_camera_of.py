"""Which udev properties make a camera."""

import pytest

from devices.cameras import camera_of

USB = {"ID_V4L_CAPABILITIES": ":capture:", "ID_BUS": "usb", "ID_SERIAL": "Maker_Cam_1"}


@pytest.mark.parametrize(
    "changed", [{"ID_V4L_CAPABILITIES": ":"}, {"ID_BUS": "pci"}, {"ID_BUS": ""}]
)
def test_other_nodes_are_no_cameras(changed: dict[str, str]) -> None:
    """Only a node that captures and hangs on USB is a camera."""
    assert camera_of("/dev/video0", USB | changed) is None


@pytest.mark.parametrize(
    ("more", "place"),
    [({"ID_PATH": "usb-1"}, "usb-1"), ({}, "Maker_Cam_1"), ({"ID_SERIAL": ""}, "/dev/video0")],
)
def test_the_place_is_the_best_name_that_udev_has(more: dict[str, str], place: str) -> None:
    """The port, else the serial, else the node names the camera."""
    camera = camera_of("/dev/video0", USB | more)
    assert camera is not None
    assert camera.place == place


def test_a_model_without_a_product_name_is_readable() -> None:
    """ID_MODEL's underscores become spaces."""
    camera = camera_of("/dev/video0", USB | {"ID_MODEL": "HD_Webcam"})
    assert camera is not None
    assert camera.model == "HD Webcam"
