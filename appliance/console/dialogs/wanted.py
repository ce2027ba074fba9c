"""What comes of a dialog's fields: an act to ask for, or what is wrong with them. Pure."""

import msgspec

from protocol.staff_api import Act


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An act ready to be asked for; ``sure`` is what a person confirms first, where it is grave."""

    act: Act
    codes: tuple[str, ...] = ()
    sure: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why what was typed makes no act: what was expected, what came, what to do."""

    text: str
    field: str = ""
    """The identifier of the field to go back to."""
