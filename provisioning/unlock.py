"""Giving out unlock codes: at most a quarter of an hour before the start, and on record."""

import datetime as dt
from typing import Final

from provisioning import messages
from provisioning.authority import milliseconds
from provisioning.errors import BundleError
from provisioning.sittings import SittingFolder
from runtime.secret import Secret

BEFORE_MINUTES: Final = 15


def give_codes(
    held: SittingFolder,
    centre: str,
    subject: str,
    *,
    to: str,
    now: dt.datetime,
    revision: int = 0,
    early: str = "",
) -> tuple[Secret[str], ...]:
    """Return the unlock codes of a subject, outermost first, and write down who got them.

    ``revision`` is the bundle's, 0 for the newest. ``early`` is the reason why they are given
    sooner than 15 minutes before the planned start (a sealed envelope for a far centre).
    Raises `BundleError`.
    """
    sitting = held.sitting(centre)
    catalogue = held.office.catalogue
    revision = revision or catalogue.last_bundle(centre, sitting.id)
    sealed = catalogue.codes(centre, sitting.id, subject, revision)
    if not sealed:
        name = f"{centre} / {sitting.id} / {subject} / r{revision}"
        raise BundleError(messages.NO_CODE, name=name)
    planned = held.plan.subject(subject).id
    opens = next(one.opens for one in sitting.subjects if one.id == planned)
    before_ms = opens - milliseconds(now)
    if before_ms > BEFORE_MINUTES * 60_000 and not early:
        minutes = -(-before_ms // 60_000)
        raise BundleError(messages.CODE_EARLY, minutes=BEFORE_MINUTES, came=minutes)
    vault = held.office.vault()
    codes = tuple(Secret(vault.open(one).decode("ascii")) for one in sealed)
    with catalogue.transaction():
        for number in range(1, len(codes) + 1):
            catalogue.add_given_code(
                centre=centre,
                sitting=sitting.id,
                subject=subject,
                revision=revision,
                number=number,
                given_at=milliseconds(now),
                given_to=f"{to} ({early})" if early else to,
            )
    return codes
