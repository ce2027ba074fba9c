"""The picture of the session table is the table's."""

from tests.unit.exam.session_picture import PAGE, page


def test_the_picture_is_drawn_from_the_table() -> None:
    """`docs/sessions.md` is what the table gives; run `tests.unit.exam.session_picture` anew."""
    assert PAGE.read_text("utf-8") == page()
