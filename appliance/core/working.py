"""Core's parts that do something: for seats, for staff, and by the clock.

They stand on `appliance.core.building.Core`, the record read back. Nothing listens and nothing
runs yet: `appliance.core.service` opens the sockets and starts the tasks over them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from appliance.core import building
from appliance.core.acts import Acts, Parts
from appliance.core.building import Core
from appliance.core.closing import Closer
from appliance.core.following import Following
from appliance.core.pairing import PairingDesk
from appliance.core.parcels import ParcelWritten
from appliance.core.rounds import Rounds
from appliance.core.sessions import Sessions
from appliance.core.status import Sources
from protocol.identities import BoxIdentity
from runtime.clock import SteadyClock


@dataclass(frozen=True, kw_only=True)
class Working:
    """The parts, once they stand."""

    sessions: Sessions
    pairing: PairingDesk
    following: Following
    rounds: Rounds
    closer: Closer
    acts: Acts
    sources: Sources
    """Where the status is read from."""


def put_to_work(
    core: Core,
    identity: BoxIdentity,
    steady: SteadyClock,
    *,
    written: Callable[[ParcelWritten], None],
    disk_free: Callable[[], int],
) -> Working:
    """Stack the parts on core; ``written`` hears of each parcel that lies in the outbox."""
    pairing = PairingDesk(
        authority=building.centre_authority(identity), enrolled=core.seats.enrolled
    )
    rounds = Rounds(
        database=core.database,
        hall=core.hall,
        decider=core.decider,
        release=core.release,
        parcels=core.parcels,
        clock=core.clock,
        written=written,
        keep_clock=core.keep_clock,
    )
    closer = Closer(core.hall, core.box, core.decider, core.release, after=rounds.make_parcels_once)
    return Working(
        sessions=Sessions(core.database, core.hall, core.box, core.journal),
        pairing=pairing,
        following=_following(core),
        rounds=rounds,
        closer=closer,
        acts=_acts(core, pairing, closer, steady),
        sources=_sources(core, pairing, steady, disk_free),
    )


def _following(core: Core) -> Following:
    return Following(
        core.database,
        core.hall,
        core.links,
        core.decider,
        core.journal,
        core.release,
        core.receipts,
        core.identity_check,
    )


def _acts(core: Core, pairing: PairingDesk, closer: Closer, steady: SteadyClock) -> Acts:
    parts = Parts(
        database=core.database,
        hall=core.hall,
        decider=core.decider,
        release=core.release,
        pairing=pairing,
        closer=closer,
        clock=core.clock,
        steady=steady,
        keep_anchor=core.keep_clock,
    )
    return Acts(parts, core.box)


def _sources(
    core: Core, pairing: PairingDesk, steady: SteadyClock, disk_free: Callable[[], int]
) -> Sources:
    return Sources(
        hall=core.hall,
        links=core.links,
        seats=core.seats,
        log=core.log,
        release=core.release,
        pairing=pairing,
        surroundings=core.surroundings,
        appliance=core.box.appliance,
        generation=core.box.generation,
        now=core.clock.now,
        steady_ms=steady.steady_ms,
        disk_free=disk_free,
        office_has_all=core.office_has_all,
    )
