"""Who may ask for what: roles, a second person, and acts of another time. Pure.

1. An act is signed by the member of staff that it names, of this sitting's bundle, and is for
   this box and its generation; a second person may have signed the same bytes.
2. It is of now: what was captured cannot be asked for later.
3. The rule book says which roles may ask, which acts need two people, and of which role one
   of the two must be (`protocol.permitted`, by which the office looks again).
"""

from collections.abc import Sequence

from appliance.core import messages as m
from appliance.core.box import Box
from appliance.core.refusals import RefusedError
from exam.rulebook import GraveAct, StaffRules
from protocol import permitted
from protocol import staff_api as api
from protocol.bundle import StaffMember
from protocol.envelope import Envelope
from protocol.keys import VerifyKey
from protocol.permitted import MOST_APART_MS, Lack
from protocol.staff_api import ActRefusal, StaffAct


def signed_act(
    envelope: Envelope, staff: Sequence[StaffMember], box: Box
) -> tuple[StaffAct, list[StaffMember]]:
    """Return the act and who signed it, the one who asks first (1)."""
    signers = permitted.signers(envelope, staff)
    if not signers:
        raise RefusedError(ActRefusal.UNTRUSTED, m.NOT_STAFF)
    act = api.open_act(envelope, VerifyKey.from_hex(signers[0].key))
    asking = [member for member in signers if member.id == act.staff]
    if not asking:
        raise RefusedError(
            ActRefusal.UNTRUSTED, m.ANOTHERS_NAME, signer=signers[0].id, name=act.staff
        )
    here = (box.centre, box.sitting, box.appliance, box.generation)
    there = (act.centre, act.sitting, act.appliance, act.generation)
    if there != here:
        raise RefusedError(
            ActRefusal.UNTRUSTED, m.ELSEWHERE, there=_place(there), here=_place(here)
        )
    return act, [*asking, *(member for member in signers if member.id != act.staff)]


def check_time(act: StaffAct, now: int) -> None:
    """Refuse an act that was signed long before, or after, this moment (2)."""
    apart = abs(now - act.at)
    if apart > MOST_APART_MS:
        minutes, most = apart // 60_000, MOST_APART_MS // 60_000
        raise RefusedError(ActRefusal.STALE, m.STALE, minutes=minutes, most=most)


def check_people(signers: Sequence[StaffMember], rules: StaffRules, grave: GraveAct | None) -> None:
    """Refuse an act whose signers, the one who asks first, may not ask for it (3)."""
    asking = signers[0]
    match permitted.lacking(asking, signers, rules, grave):
        case Lack.ROLE:
            role, roles = _role(asking.role), _roles(rules.may_act)
            raise RefusedError(
                ActRefusal.NOT_ALLOWED, m.ROLE, name=asking.name, role=role, roles=roles
            )
        case Lack.SECOND_PERSON if grave is not None:
            raise RefusedError(
                ActRefusal.SECOND_PERSON,
                m.SECOND_PERSON,
                act=m.GRAVE[grave.value],
                roles=_roles(rules.one_of or rules.may_act),
                signers=[f"{member.name}" for member in signers],
            )
        case _:
            return


def _role(role: str) -> object:
    return m.ROLES.get(role, role)


def _roles(roles: Sequence[str]) -> list[object]:
    return [_role(role) for role in roles]


def _place(place: tuple[str, str, str, int]) -> str:
    return "{}, {}, {} generation {}".format(*place)
