"""A box in its second sitting: clean, with the seats paired, and the first one delivered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from appliance.core import sittings
from appliance.core.building import centre_authority, receiver_of
from appliance.core.intake import Bundle, BundleRefusedError, bundle_in_place, take_bundle
from appliance.core.pairing import Enrolled, SeatPaired
from appliance.core.service import SCHEMA
from appliance.ipc.outbox import Outbox
from appliance.ipc.settings import Settings
from drill import sample_office
from drill.sample_office import PASSPHRASE, SampleOffice
from drill.sample_qti import paper_package
from drill.sample_sitting import CENTRE, SITTING, SUBJECT, plan_toml, seat_labels, write_sample
from exam.session import State
from protocol import decisions as d
from protocol import staff_api as api
from protocol.enrolment import make_request
from protocol.parcel import Lane
from protocol.sealing import SealingIdentity
from provisioning.office import Office
from provisioning.pack import make_bundle
from provisioning.qti import convert
from provisioning.sittings import SittingFolder
from tests.core_hall import (
    ADMITTED,
    OPENS,
    PACKED,
    PERSONS,
    CoreHall,
    core_hall,
    make_office,
    photo,
)
from tests.core_office import core_office
from tests.sample_office import SampleOffice as Plain
from tests.sample_parcels import Lanes

NEXT = "cim-next"


def pack_next(office: SampleOffice, folder: Path) -> Path:
    """Let the same office prepare another sitting at the same centre; return its bundle."""
    plan = plan_toml(seats=seat_labels(len(PERSONS)), opens=OPENS).replace(SITTING, NEXT)
    write_sample(folder, PERSONS, (photo(),), plan)
    with Office(office.office_folder, PASSPHRASE) as opened:
        held = SittingFolder.add(opened, folder / "plan.toml")
        held.keep_paper(convert(paper_package("2.1"), subject=SUBJECT), PACKED)
        sample_office._take_roster(held, folder, lambda _: 1, PACKED)
        return make_bundle(held, CENTRE, PACKED, codes=1).folder


class Box:
    """One box and the two bundles that reach it, one after the other."""

    def __init__(self, office: SampleOffice, following: Path, folder: Path) -> None:
        self.office = office
        self.bundles = {SITTING: office.bundle, NEXT: following}
        self.folder = folder
        self.settings = Settings(state=str(folder / "state"), run=str(folder / "run"))
        self.receiver = receiver_of(office.boxes[0])

    def take(self, sitting: str, *, put_aside: bool = False) -> Bundle:
        """Do what ``exam-appliance import`` does."""
        return take_bundle(
            self.bundles[sitting],
            self.settings.bundles,
            self.receiver,
            may_leave=lambda p: None if put_aside else sittings.check_free(self.settings, p),
        )

    @asynccontextmanager
    async def hall(self) -> AsyncIterator[CoreHall]:
        """Do what core does at its start: with the bundle in place."""
        bundle = bundle_in_place(self.settings.bundles, self.receiver)
        assert bundle is not None
        present = bundle.manifest.sitting.id
        identity = self.office.boxes[0]
        await sittings.cut_what_is_left(self.settings, identity, self.receiver, present, SCHEMA)
        async with core_hall(self.folder, self.office, bundle=bundle) as hall:
            yield hall


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[SampleOffice, Path]:
    """Return an office and the bundle of its next sitting; only read by the tests."""
    folder = tmp_path_factory.mktemp("offices")
    office = make_office(folder)
    return office, pack_next(office, folder / "next")


@pytest.fixture
def box(made: tuple[SampleOffice, Path], tmp_path: Path) -> Box:
    """Return a box that has the first sitting's bundle."""
    box = Box(*made, tmp_path)
    box.take(SITTING)
    return box


async def pair_a01(hall: CoreHall) -> str:
    """Pair a machine as seat a01; return the digest of its certificate."""
    keys = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
    issued = centre_authority(hall.office.boxes[0]).issue(
        seat="a01",
        tls_request=make_request(keys[0], "a01"),
        seat_request=make_request(keys[1], "a01"),
    )
    enrolled = Enrolled(
        seat="a01",
        tls_certificate=issued.tls_certificate,
        seat_certificate=issued.seat_certificate,
    )
    await hall.core.seats.record(
        SeatPaired(window="w", source="192.0.2.1", enrolled=enrolled, revoked=())
    )
    (certificate,) = hall.row("SELECT certificate FROM pairings")
    return str(certificate)


async def sit(hall: CoreHall) -> None:
    """Let one candidate sit and hand in, all others be absent, and the subject be closed."""
    await hall.arm()
    seat = await hall.answering(0)
    seat.answer("q-01", "a")
    hall.until(hall.now() + 40 * 60_000)
    seat.hand_in(hall=hall.now())
    await hall.deliver(seat)
    await hall.rounds.look_at_the_doors()


async def test_the_next_sitting_begins_clean(box: Box) -> None:
    """Nobody is in, nothing is decided, armed or unlocked; the same candidate logs in anew."""
    async with box.hall() as hall:
        await sit(hall)
        hall.core.release._wrap(SUBJECT, SealingIdentity.generate())
        assert isinstance(await hall.act(api.CloseSubject(subject=SUBJECT)), api.ActDone)
    box.take(NEXT)
    async with box.hall() as hall:
        status = hall.status()
        assert (status.sitting, status.closing, status.log_size) == (NEXT, None, 1)
        assert status.subject is not None
        assert (status.subject.unlocked, status.subject.armed_start) == (False, None)
        assert status.standing == {State.EXPECTED: len(PERSONS)}
        await hall.log_in(0)
        assert (await hall.decide(ADMITTED, 0)).n == 1


async def test_the_wrapped_key_of_one_sitting_opens_nothing_of_another(box: Box) -> None:
    """Subjects of two sittings have one name, and not one key."""
    async with box.hall() as hall:
        hall.core.release._wrap(SUBJECT, SealingIdentity.generate())
    box.take(NEXT)
    async with box.hall() as hall:
        assert hall.hall.subjects[SUBJECT].paper_key is None


async def test_paired_machines_stay_paired(box: Box) -> None:
    """A hundred seats are not paired again for each sitting; the new log says who they are."""
    async with box.hall() as hall:
        certificate = await pair_a01(hall)
    box.take(NEXT)
    async with box.hall() as hall:
        assert hall.core.seats.who(certificate).seat == "a01"
        leaves = [bytes(body) for (body,) in hall.rows("SELECT body FROM leaves ORDER BY i")]
        assert len(leaves) == 2
        assert certificate.encode() in leaves[1]


async def test_what_the_first_sitting_had_not_cut_is_delivered_in_the_second(
    box: Box, tmp_path: Path
) -> None:
    """The office verifies the whole first sitting, though core never cut a parcel in it."""
    async with box.hall() as hall:
        await sit(hall)
        hall.closer._after = nothing  # core ends before its next round
        await hall.act(api.CloseSubject(subject=SUBJECT))
        assert list(box.settings.outbox.rglob("*.parcel")) == []
    box.take(NEXT)
    async with box.hall() as hall, core_office(tmp_path / "office", box.office) as central:
        await central.take_folder(box.settings.outbox)
        assert central.reasons() == []
        (account,) = central.accounts()
        assert account.startswith("6 accounted for: 1 handed in, 5 refused or absent")
        assert "all received and verified" in account
        assert hall.hall.sitting.id == NEXT


async def nothing() -> None:
    """Do nothing after a closing."""


async def test_a_sitting_under_way_is_not_left_unawares(box: Box) -> None:
    """Tomorrow's bundle is refused while today's candidates sit; nothing changes."""
    async with box.hall() as hall:
        await hall.answering(0)
        with pytest.raises(BundleRefusedError, match=r"under way.*open are theory.*--put-aside"):
            box.take(NEXT)
    async with box.hall() as hall:
        assert hall.hall.sitting.id == SITTING
        assert hall.seating(0).session.state is State.ANSWERING


async def test_a_sitting_that_nobody_began_or_that_is_closed_is_left(box: Box) -> None:
    """Doors alone are no reason to stay."""
    async with box.hall() as hall:
        await hall.act(api.OpenDoors(correction=0))
    assert box.take(NEXT).manifest.sitting.id == NEXT


async def test_a_sitting_put_aside_goes_on_where_it_stood(box: Box) -> None:
    """By name it is left, and its bundle taken again brings it back whole."""
    async with box.hall() as hall:
        seat = await hall.answering(0)
        await hall.decide(d.Told(text="a pause", must_confirm=False))
    box.take(NEXT, put_aside=True)
    async with box.hall() as hall:
        assert hall.status().sitting == NEXT
    box.take(SITTING)
    async with box.hall() as hall:
        assert hall.seating(0).session.state is State.ANSWERING
        assert len(hall.core.decider.made) == 2
        seat.answer("q-01", "a")
        await hall.deliver(seat)


def test_settling_one_sitting_leaves_the_others_staging_alone(tmp_path: Path) -> None:
    """A parcel that another sitting has committed and not yet published is not removed."""
    plain = Plain()
    parcel = Lanes(plain.recipient, plain.main).parcel(Lane.ANSWERS)
    outbox = Outbox(tmp_path, [Lane.ANSWERS])
    outbox.stage(parcel.key, parcel.data)
    outbox.settle([], centre=parcel.key.centre, sitting="another")
    assert outbox.publish(parcel.key).exists()
