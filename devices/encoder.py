"""Pictures become pieces: AV1 in fragmented MP4, about two seconds each.

Rules:

* A *piece* begins with a key frame and needs no earlier piece to be decoded: a lost one
  costs its own two seconds.
* A file is the ``opening`` of any piece of one encoder (ftyp + moov, a few hundred
  bytes), then the ``data`` of pieces in their order (moof + mdat each). So a segment may
  be cut at every piece, a file that is cut short by a kill plays up to there, and one
  whose middle was lost plays on after it.
* Times are those of the pictures, in milliseconds of the caller's clock; the rate may
  vary. The clock is never read here.
* The encoder is SVT-AV1 (BSD, patents licensed by AOMedia), never x264: see
  docs/decisions/ on the GPL parts of PyAV's wheel. Low delay: no picture waits for later
  ones.

Blocking, for one thread.
"""

import os
from collections.abc import Iterable
from fractions import Fraction

import av
import cv2
import msgspec
import numpy as np
from av.video.frame import PictureType

from devices.capture import CaptureSettings
from devices.errors import EncoderError
from devices.picture import Picture

_MILLISECOND = Fraction(1, 1000)
MEDIA_TYPE = 'video/mp4; codecs="av01.0.04M.08"'


class EncoderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the pictures are coded."""

    piece_ms: int = 2_000
    quality: int = 42
    """AV1's constant rate factor, 0 (best) to 63; 42 gives 80 to 140 kbit/s at 640x480."""
    preset: int = 12
    """SVT-AV1's preset; 12 costs 1 to 3 % of a core at 8 pictures a second."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """About two seconds of coded picture.

    ``n`` counts from 0 for one encoder; a number that is missing is a piece lost.
    """

    n: int
    start: int
    """Time of its first picture, ms of the clock that the pictures came with."""
    duration_ms: int
    pictures: int
    opening: bytes
    data: bytes


def join(pieces: Iterable[Piece]) -> bytes:
    """Return the file that ``pieces`` of one encoder make."""
    parts = list(pieces)
    return parts[0].opening + b"".join(piece.data for piece in parts) if parts else b""


class _Sink:
    """What the muxer writes into; drained at each piece."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def drain(self) -> bytes:
        drained = bytes(self._written)
        self._written.clear()
        return drained


class Encoder:
    """Codes the pictures of one view. ``encode`` them in order of time, then ``finish``."""

    def __init__(self, capture: CaptureSettings, settings: EncoderSettings | None = None) -> None:
        os.environ.setdefault("SVT_LOG", "1")  # errors only; else it writes to stderr
        self._settings = settings or EncoderSettings()
        self._sink = _Sink()
        self._container = av.open(
            self._sink,
            "w",
            format="mp4",
            options={"movflags": "empty_moov+default_base_moof+frag_keyframe+skip_trailer"},
        )
        self._stream = self._open_stream(capture)
        self._container.start_encoding()
        self._opening = b""
        self._origin: int | None = None
        self._last = self._key_due = 0
        self._piece_start = 0
        self._pictures = 0
        self._n = 0

    def _open_stream(self, capture: CaptureSettings) -> av.VideoStream:
        settings = self._settings
        if capture.width % 2 or capture.height % 2:
            raise EncoderError(
                f"expected an even width and height, got {capture.width}x{capture.height}"
            )
        pictures_a_piece = max(1, round(capture.rate * settings.piece_ms / 1000))
        try:
            stream = self._container.add_stream(
                "libsvtav1",
                rate=max(1, round(capture.rate)),
                options={
                    "preset": str(settings.preset),
                    "crf": str(settings.quality),
                    "svtav1-params": f"pred-struct=1:lp=1:keyint={4 * pictures_a_piece}",
                },
            )
        except (av.FFmpegError, ValueError) as error:
            raise EncoderError(f"expected FFmpeg with libsvtav1, got: {error}") from error
        stream.width, stream.height, stream.pix_fmt = capture.width, capture.height, "yuv420p"
        stream.codec_context.time_base = _MILLISECOND
        return stream

    def encode(self, picture: Picture, at: int) -> list[Piece]:
        """Take a picture seen at ``at`` (ms); return the pieces that are complete now."""
        if self._origin is None:
            self._origin = self._piece_start = at
            self._key_due = self._last = at
        else:
            at = max(at, self._last + 1)
        # OpenCV turns colours in a tenth of FFmpeg's time.
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = at - self._origin, _MILLISECOND
        frame.pict_type = PictureType.I if at >= self._key_due else PictureType.NONE
        if at >= self._key_due:
            self._key_due = at + self._settings.piece_ms
        self._last = at
        return self._mux(frame)

    def finish(self) -> list[Piece]:
        """Close the stream and return its last pieces; the encoder is used up."""
        pieces = self._mux(None)
        self._container.close()
        return [*pieces, self._take(self._last + 1)] if self._pictures else pieces

    def _mux(self, frame: av.VideoFrame | None) -> list[Piece]:
        """Code one picture (None: all that wait). A key frame makes the muxer end a piece."""
        pieces = []
        try:
            for packet in self._stream.encode(frame):
                at = (self._origin or 0) + (packet.pts or 0)
                self._container.mux(packet)
                if packet.is_keyframe and self._pictures:
                    pieces.append(self._take(at))
                self._pictures += 1
        except av.FFmpegError as error:
            raise EncoderError(f"the encoder refused a picture: {error}") from error
        return pieces

    def _take(self, until: int) -> Piece:
        """Make a piece of what the muxer has written: all up to the key frame at ``until``."""
        data = self._sink.drain()
        if not self._opening:
            self._opening, data = _split_opening(data)
        piece = Piece(
            n=self._n,
            start=self._piece_start,
            duration_ms=until - self._piece_start,
            pictures=self._pictures,
            opening=self._opening,
            data=data,
        )
        self._n, self._piece_start, self._pictures = self._n + 1, until, 0
        return piece


def _split_opening(data: bytes) -> tuple[bytes, bytes]:
    """Part ftyp and moov from the fragments (ISO/IEC 14496-12: 4 bytes of length, 4 of type)."""
    at = 0
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"moof":
        at += int.from_bytes(data[at : at + 4], "big")
    return data[:at], data[at:]
