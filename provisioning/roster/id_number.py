"""ID numbers after GB 11643-1999: 6 digits of area, 8 of birth date, 3 of order, a check."""

import datetime as dt
import re
from typing import Final, Literal

from exam.candidates import id_number_check_character

_FORM: Final = re.compile(r"[0-9]{17}[0-9X]")
_OLDEST: Final = dt.date(1900, 1, 1)

Fault = Literal["form", "birth", "check"]


def find_fault(id_number: str, today: dt.date) -> Fault | None:
    """Return what is wrong with an ID number (18 characters, X in capitals), or None.

    The birth date must exist and lie between 1900 and ``today``.
    """
    if not _FORM.fullmatch(id_number):
        return "form"
    birth = birth_date(id_number)
    if birth is None or not _OLDEST <= birth <= today:
        return "birth"
    if id_number_check_character(id_number[:17]) != id_number[17]:
        return "check"
    return None


def birth_date(id_number: str) -> dt.date | None:
    """Return the date in characters 7 to 14, None where there is no such date."""
    try:
        return dt.date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))
    except ValueError:
        return None
