"""What is true of every name and every ID number."""

import datetime as dt
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from exam.candidates import id_number_check_character
from provisioning.roster.id_number import find_fault
from provisioning.roster.text import clean, clean_name, clean_number

TODAY = dt.date(2026, 3, 1)
FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in "0123456789Xx"}
areas = st.integers(100000, 999999).map(str)
births = st.dates(dt.date(1900, 1, 1), TODAY).map(lambda d: d.strftime("%Y%m%d").zfill(8))
orders = st.integers(0, 999).map("{:03d}".format)
firsts = st.tuples(areas, births, orders).map("".join)


def whole(first: str) -> str:
    return first + id_number_check_character(first)


@given(firsts)
def test_a_right_id_number_has_no_fault(first):
    """Every number with its own check character passes."""
    assert find_fault(whole(first), TODAY) is None


@given(firsts, st.integers(0, 17), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_always_found(first, place, digit):
    """MOD 11-2 finds every single wrong character."""
    number = whole(first)
    changed = number[:place] + digit + number[place + 1 :]
    assert (find_fault(changed, TODAY) is None) == (changed == number)


@given(firsts, st.integers(0, 16))
def test_two_neighbours_exchanged_are_always_found(first, place):
    """MOD 11-2 finds every exchange of neighbours (save by the check character X)."""
    number = whole(first)
    changed = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert (find_fault(changed, TODAY) is None) == (changed == number)


@given(firsts, st.sampled_from(["", " ", "\u3000", "\ufeff", "\u200b", "\t"]))
def test_full_width_numbers_are_read(first, blank):
    """Full-width characters and blanks that nobody sees do not change a number."""
    number = whole(first)
    written = blank + number.lower().translate(FULL_WIDTH)[:9] + number[9:] + blank
    assert clean_number(written) == number


@given(st.text())
def test_cleaning_again_changes_nothing(text):
    """Clean text is in NFKC, without outer blanks, and stays as it is."""
    once = clean(text)
    assert once == once.strip()
    assert clean_name(clean_name(text)) == clean_name(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cf") for c in once)


@given(
    st.text("张李王赵欧阳明华", min_size=2, max_size=4), st.lists(st.sampled_from(" \u3000\u00a0"))
)
def test_padding_between_characters_goes(name, blanks):
    """A two-character name padded to three is the same name."""
    padded = name[0] + "".join(blanks) + name[1:]
    assert clean_name(padded) == name
