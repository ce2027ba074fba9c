"""Numbers as people read them, and moments as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from appliance.console import wording
from tests.sample_halls import HOUR, MINUTE, NINE

ZONE = "Asia/Shanghai"
TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30)


def test_hall_time_is_shown_in_the_sittings_zone():
    """The planned start reads nine o'clock in Shanghai, and one in the morning in UTC."""
    assert wording.clock(NINE, ZONE) == "09:00:00"
    assert wording.clock_minutes(NINE, ZONE) == "09:00"
    assert wording.clock_minutes(NINE + 5_000, ZONE) == "09:00:05"
    assert wording.clock(NINE, "Nowhere/Else") == "01:00:00"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "00:00"), (-5, "00:00"), (59_999, "00:59"), (HOUR, "1:00:00"), (3_725_000, "1:02:05")],
)
def test_spans(ms, text):
    """Minutes and seconds, with hours where there are any, never below nothing."""
    assert wording.span(ms) == text


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("09:00:30", NINE + 30_000),
        ("9:01", NINE + MINUTE),
        ("０９：０２：００", NINE + 2 * MINUTE),
        ("23:59:00", NINE + 14 * HOUR + 59 * MINUTE - 24 * HOUR),
        ("2026-03-22 09:00:00", NINE + 24 * HOUR),
    ],
)
def test_a_typed_time_is_the_nearest_one(typed, moment):
    """A time of day means the one nearest to now; with a day it means that day."""
    now = NINE if "23" not in typed else NINE - 8 * HOUR
    assert wording.typed_moment(typed, now, ZONE) == moment


@pytest.mark.parametrize("typed", ["", "nine", "25:00", "09:61:00", "9", "09:00:00 pm"])
def test_what_is_no_time_is_not_guessed(typed):
    """A person is told, instead of the clock being set to something."""
    assert wording.typed_moment(typed, NINE, ZONE) is None


@given(TEXT, st.integers(1, 40))
def test_fitted_text_is_exactly_as_wide(text, cells):
    """Whatever a name is made of, its column stays as wide as it is."""
    assert cell_len(wording.fitted(text, cells)) == cells


def test_what_is_cut_off_shows():
    """A long name ends with an ellipsis, a short one does not."""
    assert wording.fitted("阿卜杜热合曼", 8) == "阿卜杜… "
    assert wording.fitted("王芳", 8) == "王芳    "


def test_an_id_number_is_hidden_in_its_middle():
    """Three and four characters show; a short number shows none."""
    assert wording.masked("11010119900301473X") == "110***********473X"
    assert wording.masked("1234") == "****"


def test_nine_digits_stand_in_threes():
    """A pairing code is read aloud in threes."""
    assert wording.grouped_digits("483920175") == "483 920 175"
    assert wording.grouped_digits("483 920 175") == "483 920 175"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1536, "1.5 kB"), (40 * 1024, "40 kB"), (3 * 1024**3 // 2, "1.5 GB")],
)
def test_sizes(count, text):
    """Bytes in the unit that leaves few digits."""
    assert wording.size(count) == text


def test_separators_are_no_part_of_a_code():
    """Hyphens and blanks of any width are left out."""
    assert wording.without_separators("AB-12－ C　3—4") == "AB12C34"
