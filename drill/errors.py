"""What can go wrong with a drill itself.

::

    DrillError            the drill could not be performed as asked
      NotInTimeError      something that was waited for did not come
      ActRefusedError     core refused an act of the staff
      PageError           a seat's page refused or could not do what a candidate did

A drill that was performed and whose answers do not match is no error: it is a report with
mismatches in it.
"""


class DrillError(Exception):
    """The drill could not be performed; the message says what was expected and what came."""


class NotInTimeError(DrillError):
    """Something that was waited for did not come."""


class ActRefusedError(DrillError):
    """Core refused an act of the staff; ``text_zh`` is its reason in Chinese."""

    def __init__(self, message: str, *, text_zh: str = "") -> None:
        self.text_zh = text_zh
        super().__init__(message)


class PageError(DrillError):
    """A seat's page refused what a candidate did, or is not there."""
