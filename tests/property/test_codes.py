"""A code that was mistyped is found out, and the person is told which group to look at."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codes import (
    ALPHABET,
    GROUP,
    RECEIPT_GROUPS,
    UNLOCK_GROUPS,
    CodeError,
    read_code,
    receipt_code_from,
    unlock_code_from,
)

unlock_codes = st.binary(min_size=8, max_size=8).map(unlock_code_from)


def refused(code: str, groups: int = UNLOCK_GROUPS) -> CodeError:
    """Return the refusal of a code."""
    with pytest.raises(CodeError) as caught:
        read_code(code, groups)
    return caught.value


@given(unlock_codes)
def test_every_wrong_character_is_found(code: str) -> None:
    """Each of the 465 ways to get one character wrong is found, in the right group."""
    for place, right in enumerate(code):
        for wrong in ALPHABET if right != "-" else "":
            if wrong != right:
                typed = code[:place] + wrong + code[place + 1 :]
                assert refused(typed).group == place // (GROUP + 1) + 1


@given(unlock_codes)
def test_every_exchange_of_neighbours_is_found(code: str) -> None:
    """Two different neighbours exchanged are found, across groups too."""
    plain = code.replace("-", "")
    for place in range(len(plain) - 1):
        if plain[place] != plain[place + 1]:
            typed = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
            assert refused(typed).group in {place // GROUP + 1, (place + 1) // GROUP + 1}


@given(unlock_codes)
def test_exchanged_groups_are_found(code: str) -> None:
    """Any two groups in each other's place are found."""
    groups = code.split("-")
    for a, b in ((0, 1), (1, 2), (0, 2)):
        swapped = list(groups)
        swapped[a], swapped[b] = swapped[b], swapped[a]
        if swapped != groups:
            assert refused("-".join(swapped)).group == a + 1


spacing = st.lists(st.sampled_from(["", " ", "-", "\u3000", "—", "."]), min_size=15, max_size=15)


def as_it_is(text: str) -> str:
    return text


def full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


@given(
    unlock_codes,
    spacing,
    st.sampled_from([as_it_is, full_width]),
    st.sampled_from([str.upper, str.lower]),
)
def test_what_people_type_is_read(
    code: str, spaces: list[str], width: Callable[[str], str], case: Callable[[str], str]
) -> None:
    """Full width, lower case, look-alikes and any spacing make no difference."""
    typed = code.replace("-", "").replace("1", "i").replace("0", "O").replace("V", "u")
    typed = width(case(typed))
    assert read_code("".join(c + s for c, s in zip(typed, spaces, strict=True))) == code


@given(st.binary(min_size=32, max_size=32))
def test_receipt_codes_read_back(digest: bytes) -> None:
    """A receipt's code has twenty characters, reads back, and notices one that is wrong."""
    code = receipt_code_from(digest)
    assert len(code.replace("-", "")) == RECEIPT_GROUPS * GROUP == 20
    assert read_code(code, RECEIPT_GROUPS) == code
    wrong = ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32]
    assert refused(code[:-1] + wrong, RECEIPT_GROUPS).group == RECEIPT_GROUPS


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is typed gives a code in its one spelling, or a refusal that names a group."""
    try:
        code = read_code(text)
    except CodeError as error:
        refusal = error
    else:
        assert read_code(code) == code
        return
    assert 0 <= refusal.group <= UNLOCK_GROUPS
