"""One group of a code at a time, for a person who is still typing."""

import pytest

from protocol.codes import CodeError, read_code, read_group, unlock_code_from

CODE = unlock_code_from(b"examhall")


def test_the_groups_of_a_code_are_good_one_by_one():
    """Each group of a good code is good at its own place, however it was typed."""
    groups = CODE.split("-")
    assert [read_group(f" {g.lower()} ", n) for n, g in enumerate(groups, 1)] == groups
    assert read_code("".join(groups)) == CODE


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_wrong_character_is_found_in_its_group(number):
    """A group with one wrong character is refused, and the refusal names the group."""
    group = CODE.split("-")[number - 1]
    wrong = ("2" if group[0] != "2" else "3") + group[1:]
    with pytest.raises(CodeError) as caught:
        read_group(wrong, number)
    assert caught.value.group == number


def test_a_group_at_anothers_place_is_refused():
    """The check knows the number of its group, so exchanged groups are found."""
    first = CODE.split("-")[0]
    with pytest.raises(CodeError):
        read_group(first, 2)
