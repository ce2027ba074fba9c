"""Building core's parts on the record: nothing serves yet, nothing is decided.

`build_core` reads back where the hall stood and opens the generation's record where it is
new.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificates

from appliance.core import records, resume, sittings
from appliance.core.box import Box
from appliance.core.decisions import Decider
from appliance.core.hall import Hall
from appliance.core.identity_check import IdentityCheck
from appliance.core.intake import Bundle, Receiver
from appliance.core.journal import Journal
from appliance.core.links import Links
from appliance.core.log import Log
from appliance.core.parcels import LANES, ParcelMaker
from appliance.core.receipts import Receipts
from appliance.core.release import Release
from appliance.core.seats import Seats
from appliance.core.status import Surroundings
from appliance.ipc.identity import authorities
from appliance.ipc.outbox import Outbox
from appliance.ipc.settings import Settings
from protocol.enrolment import CentreAuthority
from protocol.errors import MalformedError
from protocol.identities import BoxIdentity
from protocol.log_entries import Opened, Paired
from protocol.seat_api import HallInfo
from protocol.values import decode, encode
from runtime.clock import Anchor, HallClock, SteadyClock
from runtime.database import Database
from runtime.facts import put_fact


@dataclass(frozen=True, kw_only=True)
class Core:
    """The parts of core, once they stand."""

    bundle: Bundle
    box: Box
    hall: Hall
    database: Database
    clock: HallClock
    links: Links
    seats: Seats
    log: Log
    decider: Decider
    journal: Journal
    release: Release
    receipts: Receipts
    identity_check: IdentityCheck
    parcels: ParcelMaker
    surroundings: Surroundings = field(default_factory=Surroundings)

    async def keep_clock(self) -> None:
        """Make the hall's clock durable, so that it never runs back over a restart."""
        anchor, now = encode(self.clock.anchor).decode(), self.clock.now()

        def record(connection: records.Connection) -> None:
            put_fact(connection, "anchor", anchor)
            put_fact(connection, "last_ms", str(now))

        await self.database.write(record)

    def office_has_all(self, subject: str) -> bool:
        """Say whether all lanes have ended for a subject, and the office has verified them all."""
        around = self.surroundings
        return subject in around.delivered and subject in around.recordings_delivered


def receiver_of(identity: BoxIdentity) -> Receiver:
    """Return whose intake this is."""
    return Receiver(
        appliance=identity.appliance,
        centre=identity.centre,
        root_pem=identity.root_certificate,
        age=identity.sealing_identity(),
        box_key=identity.signing_key().public,
        log_key=identity.log_signing_key().public,
    )


def centre_authority(identity: BoxIdentity) -> CentreAuthority:
    """Return the centre CA, which issues the seats' certificates."""
    key = load_pem_private_key(identity.centre_key.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise MalformedError("expected a P-256 key of the centre CA; install the identity again")
    chain = load_pem_x509_certificates(authorities(identity))
    return CentreAuthority(centre=identity.centre, key=key, chain=tuple(chain))


def hall_info(core: Core, settings: Settings, seat: str) -> HallInfo:
    """Return what a seat must know before anybody logs in."""
    subject = core.hall.current()
    return HallInfo(
        appliance=core.box.appliance,
        generation=core.box.generation,
        seat=seat,
        hall_time=core.clock.now(),
        bundle=core.bundle.envelope,
        office_certificate=core.bundle.office_certificate,
        rule_book=core.bundle.rule_book_text,
        faces_port=settings.listen.faces,
        recordings_port=settings.listen.recordings,
        subject=None if subject is None else subject.id,
    )


async def build_core(
    settings: Settings,
    identity: BoxIdentity,
    bundle: Bundle,
    database: Database,
    steady: SteadyClock,
    paired_before: Sequence[records.PairingRow] = (),
) -> Core:
    """Build the parts on the record, and put the hall back where it stood.

    ``paired_before``: the machines that a new record takes over from the sitting before.
    """
    kept = await database.read(resume.read_kept)
    clock = _clock(kept, steady, bundle.manifest.made_at)
    box = Box(
        centre=bundle.manifest.centre,
        sitting=bundle.manifest.sitting.id,
        appliance=identity.appliance,
        generation=int(kept.facts.get("generation", "1")),
        key=identity.signing_key(),
        now=clock.now,
    )
    hall = Hall(bundle.manifest, bundle.envelope, bundle.rules, bundle.roster)
    journal = Journal(database, hall, box)
    decider = Decider(database, hall, box)
    decider.made.extend(resume.restore(kept, hall, journal, box.key.public))
    if not clock.anchor.confirmed:  # guessed anew after a boot: somebody must look again
        hall.clock_confirmed_by = ""
    if "generation" not in kept.facts:
        await _open_generation(database, bundle, box, paired_before)
    log = Log(database, box, identity.log_signing_key())
    await log.resume()
    links = Links()
    release = Release(
        database,
        hall,
        links,
        box=identity.sealing_identity(),
        bundle_folder=bundle.folder,
        wrapped_folder=sittings.record_of(settings, box.sitting),
        now=clock.now,
    )
    await release.resume()
    seats = Seats(database, (r.certificate for r in bundle.manifest.revocations), clock.now)
    await seats.resume()
    check = IdentityCheck(hall, decider, links, clock.now)
    for seating in hall.seatings():
        check.resume(seating)
    parcels = _parcel_maker(settings, bundle, database, log, box)
    await parcels.settle()
    return Core(
        bundle=bundle,
        box=box,
        hall=hall,
        database=database,
        clock=clock,
        links=links,
        seats=seats,
        log=log,
        decider=decider,
        journal=journal,
        release=release,
        receipts=Receipts(database, log, box, hall),
        identity_check=check,
        parcels=parcels,
    )


def _parcel_maker(
    settings: Settings, bundle: Bundle, database: Database, log: Log, box: Box
) -> ParcelMaker:
    return ParcelMaker(
        database,
        log,
        Outbox(settings.outbox, LANES),
        box,
        office_recipient=bundle.manifest.office.opening_recipient,
    )


def _clock(kept: resume.Kept, steady: SteadyClock, made_at: int) -> HallClock:
    """Return the hall's clock: never before the last record, nor before the bundle was made.

    So a box whose battery is dead accepts the seats' certificates, which are of the bundle's
    day, before a person has confirmed the time.
    """
    text = kept.facts.get("anchor")
    anchor = None if text is None else decode(text.encode(), Anchor)
    last = max(int(kept.facts.get("last_ms", "0")), kept.last_decision_ms, made_at)
    return HallClock(steady, anchor=anchor, last_ms=last)


async def _open_generation(
    database: Database, bundle: Bundle, box: Box, paired_before: Sequence[records.PairingRow]
) -> None:
    """Write the first leaf of the record, which generation it is, and whose seats are paired."""
    opened = Opened(
        at=box.now(),
        appliance=box.appliance,
        generation=box.generation,
        bundle=bundle.envelope.digest,
        seen=(),
    )

    def record(connection: records.Connection) -> None:
        records.append_leaf(connection, opened)
        put_fact(connection, "generation", str(box.generation))
        put_fact(connection, "bundle", bundle.envelope.digest)
        for row in paired_before:
            records.insert(connection, "pairings", **msgspec.structs.asdict(row))
            leaf = Paired(
                at=opened.at,
                seat=row.seat,
                certificate=row.certificate,
                seat_key=row.seat_key,
                by="sitting-before",
            )
            records.append_leaf(connection, leaf)

    await database.write(record)
