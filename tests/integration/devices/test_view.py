"""A view over a real clip: pieces that play, stills that are new, a source that is lost."""

import asyncio
import contextlib
import io
import itertools
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from devices.capture import CameraOrigin, CaptureSettings, ClipOrigin
from devices.encoder import EncoderSettings, Piece, join
from devices.errors import CameraUnavailableError, EncoderError, PictureLostError
from devices.view import View

FAST = CaptureSettings(width=320, height=240, rate=25)
SHORT = EncoderSettings(piece_ms=200)


def write_clip(path: Path, pictures: int = 20) -> Path:
    """A white bar moving over noise; 25 pictures a second, Motion JPEG."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    rng = np.random.default_rng(7)
    for n in range(pictures):
        picture = rng.integers(40, 120, (240, 320, 3), dtype=np.uint8)
        picture[:, n * 8 : n * 8 + 30] = 250
        writer.write(picture)
    writer.release()
    return path


class Clock:
    """Counts the pictures: 40 ms each."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        self.now += 40
        return self.now


def decode(data: bytes) -> list[float]:
    """Times of all pictures in a file, seconds."""
    with av.open(io.BytesIO(data)) as container:
        return [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]


@pytest.fixture
def clip(tmp_path: Path) -> ClipOrigin:
    return ClipOrigin(path=str(write_clip(tmp_path / "clip.avi")))


async def take(view: View, count: int) -> list[Piece]:
    """The next ``count`` pieces."""
    pieces: list[Piece] = []
    async for piece in view.pieces():
        pieces.append(piece)
        if len(pieces) == count:
            break
    return pieces


async def collect(view: View, pieces: list[Piece]) -> None:
    """Put every piece into ``pieces`` until the view ends."""
    async for piece in view.pieces():
        pieces.append(piece)  # noqa: PERF401 - what came before an error must be kept


async def test_pieces_make_one_file_from_any_of_them_on(clip: ClipOrigin) -> None:
    """All pieces, those after the first, and those with one missing all play."""
    async with View(clip, clock=Clock(), capture=FAST, encoder=SHORT) as view:
        pieces = await asyncio.wait_for(take(view, 4), 30)
    total = sum(piece.pictures for piece in pieces)
    assert len(decode(join(pieces))) == total
    assert len(decode(join(pieces[1:]))) == total - pieces[0].pictures
    assert len(decode(join([pieces[0], *pieces[2:]]))) == total - pieces[1].pictures


async def test_pieces_follow_each_other_without_a_gap(clip: ClipOrigin) -> None:
    """Each piece starts when the one before it ends, and is about as long as asked."""
    async with View(clip, clock=Clock(), capture=FAST, encoder=SHORT) as view:
        pieces = await asyncio.wait_for(take(view, 4), 30)
    assert [piece.n for piece in pieces] == [0, 1, 2, 3]
    for before, after in itertools.pairwise(pieces):
        assert after.start == before.start + before.duration_ms
        assert before.duration_ms == 200


async def test_a_file_cut_short_plays_up_to_there(clip: ClipOrigin) -> None:
    """What a kill leaves of the last piece does not hurt the pieces before it."""
    async with View(clip, clock=Clock(), capture=FAST, encoder=SHORT) as view:
        pieces = await asyncio.wait_for(take(view, 3), 30)
    whole = sum(piece.pictures for piece in pieces[:2])
    torn = join(pieces)[: -len(pieces[2].data) // 2]
    shown = []
    with av.open(io.BytesIO(torn)) as container, contextlib.suppress(av.error.InvalidDataError):
        shown.extend(container.decode(video=0))
    assert whole <= len(shown) < whole + pieces[2].pictures


async def test_stopping_gives_the_last_piece_and_ends(clip: ClipOrigin) -> None:
    """After `stop` the reader gets what was coded, then the pieces end without an error."""
    async with View(clip, clock=Clock(), capture=FAST, encoder=SHORT) as view:
        first = await asyncio.wait_for(take(view, 1), 30)
        await view.stop()
        rest = [piece async for piece in view.pieces()]
    assert rest
    assert [piece.n for piece in rest] == list(range(first[0].n + 1, first[0].n + 1 + len(rest)))


async def test_a_still_is_the_newest_picture(clip: ClipOrigin) -> None:
    """Two stills with a piece between them are of different times; both are whole JPEGs."""
    async with View(clip, clock=Clock(), capture=FAST, encoder=SHORT) as view:
        first = await view.still()
        await asyncio.wait_for(take(view, 1), 30)
        second = await view.still()
    assert second.taken > first.taken
    for still in (first, second):
        picture = cv2.imdecode(np.frombuffer(still.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None
        assert picture.shape == (240, 320, 3)
        assert not still.faults


async def test_another_shape_is_fitted_in_not_stretched(tmp_path: Path) -> None:
    """A 4:3 clip in a wide view keeps its shape between black bars."""
    origin = ClipOrigin(path=str(write_clip(tmp_path / "clip.avi")))
    wide = CaptureSettings(width=640, height=240, rate=25)
    async with View(origin, clock=Clock(), capture=wide, encoder=SHORT) as view:
        still = await view.still()
    picture = cv2.imdecode(np.frombuffer(still.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture[:, :150].max() < 16
    assert picture[:, 200:440].mean() > 50


@pytest.mark.parametrize(
    "origin",
    [ClipOrigin(path="/nowhere/clip.avi"), CameraOrigin(node="/dev/video-none")],
    ids=["clip", "camera"],
)
async def test_what_is_not_there_is_named(origin: ClipOrigin | CameraOrigin) -> None:
    """A view of nothing raises at once and says of what."""
    with pytest.raises(CameraUnavailableError, match=r"nowhere|video-none"):
        async with View(origin, clock=Clock(), capture=FAST):
            pass


async def test_a_lost_source_ends_the_pieces_with_its_error(
    clip: ClipOrigin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A camera that is pulled out raises at the reader after the pieces that were made."""
    real = View.__init__.__globals__["open_source"]

    class Unplugged:
        def __init__(self) -> None:
            self._source, self._left = real(clip, FAST), 12

        def newest(self, due: float, stop: object) -> object:
            self._left -= 1
            if not self._left:
                raise PictureLostError("camera /dev/video0 gives no more pictures: unplugged?")
            return self._source.newest(due, stop)

        def close(self) -> None:
            self._source.close()

    monkeypatch.setattr("devices.view.open_source", lambda *_: Unplugged())
    pieces: list[Piece] = []
    async with View(clip, clock=Clock(), capture=FAST, encoder=SHORT) as view:
        with pytest.raises(PictureLostError, match="unplugged"):
            await collect(view, pieces)
    assert sum(piece.pictures for piece in pieces) == 11


async def test_an_odd_size_is_refused_by_name(clip):
    """Colour is coded for two points together: odd sizes are refused, and said."""
    odd = CaptureSettings(width=321, height=240, rate=25)
    with pytest.raises(EncoderError, match="got 321x240"):
        async with View(clip, clock=Clock(), capture=odd):
            pass


async def test_colours_stay_what_they_are(tmp_path):
    """Red, green and blue come out of a piece as they went into the camera."""
    path = tmp_path / "colours.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (320, 240))
    picture = np.zeros((240, 320, 3), np.uint8)
    for n in range(3):
        picture[:, n * 107 : (n + 1) * 107, n] = 200
    for _ in range(5):
        writer.write(picture)
    writer.release()
    origin = ClipOrigin(path=str(path))
    async with View(origin, clock=Clock(), capture=FAST, encoder=SHORT) as view:
        (piece,) = await asyncio.wait_for(take(view, 1), 30)
    with av.open(io.BytesIO(join([piece]))) as container:
        seen = next(container.decode(video=0)).to_ndarray(format="bgr24")
    for n in range(3):
        blue_green_red = seen[100, n * 107 + 50].astype(int)
        wanted = np.eye(3, dtype=int)[n] * 200
        assert abs(blue_green_red - wanted).max() < 25
