"""Pictures in the terminal: what is decoded, and how it becomes cells."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from appliance.console import pictures
from appliance.console.pictures import HalfCells, Painter, PictureError, closer, decode, half_cells
from tests.scripted_desk import portrait


def written(picture: Image.Image, form: str) -> bytes:
    """Return a picture as a file of some form."""
    kept = io.BytesIO()
    picture.save(kept, form)
    return kept.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_the_forms_of_photos_are_read(form):
    """JPEG and PNG are read, large ones made smaller, in their shape."""
    picture = decode(written(Image.new("RGB", (3200, 1600), "#336699"), form))
    assert picture.size == (1600, 800)
    assert picture.mode == "RGB"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff\xe0 no picture",
        portrait("#335577", "#221100")[:400],
        written(Image.new("RGB", (8, 8)), "GIF"),
        written(Image.new("1", (9000, 9000)), "PNG"),
    ],
    ids=["empty", "no_picture", "cut_short", "another_form", "too_many_pixels"],
)
def test_what_is_no_photo_is_refused(data):
    """Whatever a seat sends, it is a photo of bounded size, or it is refused."""
    with pytest.raises(PictureError):
        decode(data)


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 80), st.integers(1, 40))
def test_half_cells_fit_and_keep_the_shape(width, height, columns, rows):
    """The lines are no more than there is room for, and one side uses the room."""
    lines = half_cells(Image.new("RGB", (width, height)), columns, rows)
    cells = lines[0].cell_length
    assert 1 <= len(lines) <= rows
    assert 1 <= cells <= columns
    assert len(lines) == rows or cells == columns
    assert all(line.cell_length == cells for line in lines)


def test_a_half_cell_is_two_pixels():
    """The upper pixel is the block's colour, the lower one the ground's."""
    picture = Image.new("RGB", (1, 2))
    picture.putpixel((0, 0), (255, 0, 0))
    picture.putpixel((0, 1), (0, 0, 255))
    (line,) = half_cells(picture, 1, 1)
    (cell,) = line
    assert cell.text == "▀"
    assert cell.style.color.triplet == (255, 0, 0)
    assert cell.style.bgcolor.triplet == (0, 0, 255)


def test_closer_is_the_middle():
    """The closer look keeps the shape and the horizontal middle."""
    picture = closer(Image.new("RGB", (640, 480)))
    assert picture.size == (352, 264)


def test_only_who_asks_for_sharper_pictures_asks_the_terminal(monkeypatch):
    """Half-cells are drawn by ourselves until textual-image was asked for."""
    assert Painter.widget is HalfCells
    monkeypatch.setattr(Painter, "widget", HalfCells)
    pictures.ask_terminal()
    assert Painter.widget is not HalfCells
    assert Painter.widget.__module__.startswith("textual_image")
