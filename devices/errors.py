"""What can go wrong with a device.

::

    DeviceError
      CameraUnavailableError   a camera or clip does not open
      PictureLostError         it was open and gives no more pictures
      EncoderError             the encoder refused its settings or a picture
"""


class DeviceError(Exception):
    """Something about a camera or its coding."""


class CameraUnavailableError(DeviceError):
    """A camera or a clip that cannot be opened."""


class PictureLostError(DeviceError):
    """A source that was open gives no more pictures: unplugged, or its file has gone."""


class EncoderError(DeviceError):
    """The encoder refused its settings or a picture."""
