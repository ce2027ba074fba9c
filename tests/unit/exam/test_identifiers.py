"""Names are what they look like, everywhere."""

import msgspec
import pytest

from exam.identifiers import Digest, IdentifierError, Label, parse
from exam.quantities import LARGEST, Count, Offset, Ordinal


@pytest.mark.parametrize("text", ["a", "7", "a-07", "sz-07", "0" * 63, "a" + "-" * 61 + "b"])
def test_identifiers(text: str) -> None:
    """Letters, digits and hyphens within, one to 63 of them."""
    assert parse("seat", text) == text
    assert msgspec.convert(text, Label) == text


@pytest.mark.parametrize(
    "text",
    ["", "A07", "a 07", "-a", "a-", "-", "a_7", "a.7", "a/7", "..", "0" * 64, "座7", "a\n", "ａ7"],
)
def test_what_is_no_identifier(text: str) -> None:
    """Anything else is refused by both readers, a final newline too."""
    with pytest.raises(IdentifierError, match="seat: expected 1 to 63 characters"):
        parse("seat", text)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, Label)


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 64 + "\n"])
def test_what_is_no_digest(text: str) -> None:
    """A digest is 64 lower-case hexadecimal digits and nothing after them."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, Digest)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Count, (0, LARGEST), (-1, LARGEST + 1)),
        (Ordinal, (1, LARGEST), (0, -1, LARGEST + 1)),
        (Offset, (-LARGEST, 0, LARGEST), (-LARGEST - 1, LARGEST + 1)),
    ],
)
def test_numbers_stay_where_every_json_reader_keeps_them(
    kind: type, good: tuple[int, ...], bad: tuple[int, ...]
) -> None:
    """The ends of each range are within it, and their neighbours are not."""
    assert [msgspec.convert(number, kind) for number in good] == list(good)
    for number in bad:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(number, kind)
