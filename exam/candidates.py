"""Candidates and the roster."""

import msgspec

from exam.identifiers import Digest, Label
from exam.quantities import Count


class Candidate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One person on the roster.

    ``id`` is made by provisioning and says nothing about the person; ``id_number`` is
    the 18 characters of GB 11643-1999, check digit verified.
    """

    id: Label
    name: str
    id_number: str
    subjects: tuple[Label, ...]
    seat: Label
    ticket_number: str = ""
    mobile: str = ""
    level: str = ""
    photo: Digest
    """Digest of the photo's bytes, which lie beside the roster in the bundle."""
    extra_minutes: Count = 0
    """Accommodation: minutes added to the candidate's own time."""
    password: str = ""
    """For the log-in of rule books that ask for one; case and blanks are not looked at."""

    def __repr__(self) -> str:
        return f"Candidate({self.id}, personal data hidden)"


class Roster(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who sits what, where, in one sitting at one centre."""

    sitting: Label
    centre: Label
    candidates: tuple[Candidate, ...]


_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def id_number_check_character(first17: str) -> str:
    """Return the check character of an ID number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(w * int(d) for w, d in zip(_WEIGHTS, first17, strict=True)) % 11]
