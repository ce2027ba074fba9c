"""Whether staff really asked for a decision, and whether the machine may make it alone.

The box checks all of this before it decides (`appliance.core.permission`). It is checked again
because the box may be in wrong hands, which hold its keys and not those of staff.

The steps of `check_asked`:

1. The decision names the act that came with it; only the machine's has none.
2. The member of staff whom it names signed it, for this box, generation and sitting.
3. It asks for this very decision, and was used for no other.
4. It was signed about when the decision was made.
5. By a bundle that the centre may have gone by, the role of who asked reaches, and a grave
   one is signed by two people.

What a decision must be besides, and what the machine may decide: `central.verification.alone`.
"""

from typing import Final

from central.registry import Revision
from central.store import decided
from central.verification.context import Context, ContradictionError, WaitsError, expect
from exam.rulebook import GraveAct
from protocol.asking import asks_for
from protocol.bundle import StaffMember
from protocol.decisions import Decision, DoorsOpened
from protocol.envelope import Envelope, verify
from protocol.errors import UntrustedError
from protocol.keys import VerifyKey
from protocol.payload_types import PayloadType
from protocol.permitted import MOST_APART_MS, Lack, grave_act, lacking, signers
from protocol.staff_api import StaffAct
from protocol.values import Value, decode_canonical

_LONGEST_MS: Final = MOST_APART_MS + 60_000
"""The box looks when the act arrives, and decides when the disk lets it."""


NO_RULES: Final = (
    "the rule book of this sitting is not here, so nobody can say who may decide what: enrol the "
    "bundle's whole folder"
)


class UnpermittedError(UntrustedError):
    """What a member of staff may not ask for, or not alone."""

    code = "P210"


def check_asked(context: Context, decision: Decision, envelope: Envelope | None) -> StaffAct | None:
    """Return the act behind a decision, None behind the machine's.

    Raises unless the person whom the decision names asked for it, and may.
    """
    # 1
    named = None if envelope is None else envelope.digest
    expect(f"decision {decision.n}: its act", decision.act, named)
    if envelope is None:  # only the machine's: the type itself asks for every person's act
        return None
    # 2
    act = _opened(context, decision, envelope)
    # 3
    if not asks_for(act.act, decision):
        raise ContradictionError(
            f"decision {decision.n} ({tag(decision.what)}): expected the act that asked for it; "
            f"got one that asks for another ({tag(act.act)})"
        )
    used = decided.acts_used(context.store, context.box_place, decision)
    if envelope.digest in used:
        raise ContradictionError(
            f"decision {decision.n}: expected an act of its own; got that of decision "
            f"{used[envelope.digest]}"
        )
    # 4
    apart = abs(decision.at - act.at)
    if apart > _LONGEST_MS:
        raise ContradictionError(
            f"decision {decision.n}: expected an act signed within {_LONGEST_MS // 60_000} "
            f"minutes of it; got one signed {apart // 60_000} minutes apart"
        )
    # 5
    far = isinstance(decision.what, DoorsOpened) and _back_before(context, decision)
    _check_permitted(context, decision, envelope, grave_act(act.act, sets_clock_far=far))
    return act


def _opened(context: Context, decision: Decision, envelope: Envelope) -> StaffAct:
    members = _members(context, decision.by)
    keys = [VerifyKey.from_hex(member.key) for member in members]
    act = decode_canonical(verify(envelope, PayloadType.STAFF_ACT, keys), StaffAct)
    place = (context.box.centre, decision.appliance, decision.generation, decision.sitting)
    expect(
        f"decision {decision.n}: who acted, where",
        (decision.by, *place),
        (act.staff, act.centre, act.appliance, act.generation, act.sitting),
    )
    return act


def _members(context: Context, name: str) -> list[StaffMember]:
    staff = (member for one in context.box.revisions for member in one.manifest.staff)
    return [member for member in staff if member.id == name]


def _check_permitted(
    context: Context, decision: Decision, envelope: Envelope, grave: GraveAct | None
) -> None:
    lack = lack_of(context, decision, envelope, grave)
    if lack is Lack.SECOND_PERSON:
        raise UnpermittedError(
            f"decision {decision.n} ({tag(decision.what)}): expected two members of staff to have "
            f"signed this grave act ({grave}), in the roles of the rule book; got "
            f"{_signed_by(context, envelope)}"
        )
    if lack is Lack.ROLE:
        raise UnpermittedError(
            f"decision {decision.n} ({tag(decision.what)}): expected a member of staff whose role "
            f"may act by the rule book; got {_signed_by(context, envelope)}"
        )


def lack_of(
    context: Context, decision: Decision, envelope: Envelope, grave: GraveAct | None
) -> Lack | None:
    """Return what an act lacks by each revision of the bundle; None where one lets it be."""
    revisions = context.box.revisions
    lacks = [_lacks(one, decision.by, envelope, grave) for one in revisions]
    if None in lacks:
        return None
    if any(one.rules is None for one in revisions):
        raise WaitsError(NO_RULES)
    return Lack.SECOND_PERSON if Lack.SECOND_PERSON in lacks else Lack.ROLE


def _lacks(
    revision: Revision, name: str, envelope: Envelope, grave: GraveAct | None
) -> Lack | None:
    signed = signers(envelope, revision.manifest.staff)
    asking = [member for member in signed if member.id == name]
    if not asking or revision.rules is None:
        return Lack.ROLE
    return lacking(asking[0], signed, revision.rules.staff, grave)


def _signed_by(context: Context, envelope: Envelope) -> str:
    staff = (member for one in context.box.revisions for member in one.manifest.staff)
    return ", ".join(
        sorted({f"{member.id} ({member.role})" for member in signers(envelope, staff)})
    )


def _back_before(context: Context, decision: Decision) -> bool:
    """Say whether the clock was set back before a decision on record."""
    assert isinstance(decision.what, DoorsOpened)
    if not decision.what.correction:
        return False
    held = decided.decisions(context.store, context.box_place)
    last = max((one.made.at for one in held), default=0)
    return decision.at + decision.what.correction < last


def tag(value: Value) -> object:
    """Return the name of a kind."""
    return value.__struct_config__.tag
