"""Who may ask for what: one reading, for the box that acts and the office that looks again.

1. An act is asked for by the member of staff whom it names. Everybody of the bundle's staff
   who signed the same bytes stands behind it.
2. The rule book says which roles may ask, which acts are grave and need two people, and of
   which role one of the two must be.
3. An act is of its own time: what was captured cannot be asked for later.

What is grave about a clock depends on the hall: whoever asks says it by ``sets_clock_far``.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

from exam.rulebook import GraveAct, StaffRules
from protocol import staff_api as api
from protocol.bundle import StaffMember
from protocol.envelope import Envelope
from protocol.errors import UntrustedError
from protocol.keys import VerifyKey

MOST_APART_MS: Final = 10 * 60_000
"""So long may lie between signing and acting: a second person has to come to the console."""

_TWO: Final = 2


class Lack(StrEnum):
    """What an act lacks."""

    ROLE = "role"
    """The role of who asks does not reach."""
    SECOND_PERSON = "second_person"
    """It is grave, and two people of the roles that the rule book wants have not signed it."""


def signers(act: Envelope, staff: Iterable[StaffMember]) -> list[StaffMember]:
    """Return the members of ``staff`` who signed the act."""
    return [member for member in staff if _has_signed(act, member)]


def lacking(
    asking: StaffMember, signed: Sequence[StaffMember], rules: StaffRules, grave: GraveAct | None
) -> Lack | None:
    """Return what an act lacks that ``asking`` asks for and all of ``signed`` have signed."""
    if asking.role not in rules.may_act:
        return Lack.ROLE
    if grave is None or grave not in rules.two_people:
        return None
    has_role = not rules.one_of or any(member.role in rules.one_of for member in signed)
    return None if has_role and _people(signed) >= _TWO else Lack.SECOND_PERSON


def grave_act(act: api.Act, *, sets_clock_far: bool) -> GraveAct | None:
    """Return which grave act this is, None where it is none."""
    match act:
        case api.Void():
            return GraveAct.VOID
        case api.Collect(candidate=None):
            return GraveAct.COLLECT_ALL
        case api.DecideIdentity(accepted=False):
            return GraveAct.TURN_AWAY
        case api.OpenDoors() if sets_clock_far:
            return GraveAct.CLOCK
        case _:
            return None


def _people(signed: Sequence[StaffMember]) -> int:
    """Count people: neither one name with two keys nor two names with one key are two."""
    return min(len({member.id for member in signed}), len({member.key for member in signed}))


def _has_signed(act: Envelope, member: StaffMember) -> bool:
    key = VerifyKey.from_hex(member.key)
    if all(signature.keyid != key.id for signature in act.signatures):
        return False
    try:
        api.open_act(act, key)
    except UntrustedError:
        return False
    return True
