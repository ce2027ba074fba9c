"""Core's parts over a real office's bundle, on a disk and a clock that a test moves.

Nothing listens here: requests are calls, seats are keys (`tests.key_seat`). What comes over
TLS is in ``tests/integration/appliance/``.
"""

import datetime as dt
import io
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from appliance.core.acts import Acts
from appliance.core.building import Core, build_core, receiver_of
from appliance.core.closing import Closer
from appliance.core.following import Following
from appliance.core.hall import Hall, Seating
from appliance.core.intake import Bundle, take_bundle
from appliance.core.links import Link
from appliance.core.pairing import PairingDesk
from appliance.core.parcels import ParcelWritten
from appliance.core.rounds import Rounds
from appliance.core.service import SCHEMA
from appliance.core.sessions import GrantGiven, Sessions
from appliance.core.sittings import open_record, paired_before
from appliance.core.status import hall_status
from appliance.core.working import Working, put_to_work
from appliance.ipc.settings import Settings
from drill.sample_office import SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import SUBJECT, people
from exam.rulebook import LoginField
from protocol.decisions import Decision, IdentityDecided, Scope, What
from protocol.grant import open_grant
from protocol.journal import Batch
from protocol.keys import SigningKey
from protocol.sealed_paper import derive_code_identity, open_paper_key
from protocol.sealing import SealingIdentity
from protocol.seat_api import (
    Acknowledged,
    BatchReply,
    HallSays,
    LoginRefused,
    LoginRequest,
    decode_hall_says,
)
from protocol.staff_api import (
    Act,
    ActDone,
    ActReply,
    ActRequest,
    Arm,
    HallStatus,
    StaffAct,
    sign_act,
)
from protocol.values import sha256_hex
from runtime.clock import ManualClock
from runtime.database import Database
from tests.key_seat import KeySeat

PERSONS = people(6)
OPENS = dt.datetime(2026, 3, 21, 1, tzinfo=dt.UTC)
MINUTE = 60_000
START = int(OPENS.timestamp() * 1000)
"""The planned start, hall time."""
DOORS = START - 20 * MINUTE
"""When a hall begins unless a test says otherwise: the doors are open."""
MEMBER = "wang-fang"
PACKED = OPENS - dt.timedelta(days=1)

ADMITTED = IdentityDecided(
    method="face", accepted=True, withheld=False, distance=300, reason="looked"
)


def photo() -> bytes:
    """Return a JPEG that the filing rule takes; whose face is in it is not looked at."""
    stream = io.BytesIO()
    bands = [Image.effect_noise((295, 413), 60) for _ in range(3)]
    Image.merge("RGB", bands).save(stream, "JPEG")
    return stream.getvalue()


def make_office(folder: Path, *, codes: int = 1) -> SampleOffice:
    """Make the office whose bundle these halls take; some two seconds, once a session."""
    hall = SampleHall(persons=PERSONS, photos=(photo(),), opens=OPENS, codes=codes)
    return make_sample_office(folder, hall, PACKED)


_MADE: dict[int, SampleOffice] = {}


def shared_office(factory: pytest.TempPathFactory, codes: int = 1) -> SampleOffice:
    """Return the office that all tests of this process share: it is only read."""
    if codes not in _MADE:
        _MADE[codes] = make_office(factory.mktemp("office"), codes=codes)
    return _MADE[codes]


def paper_key(office: SampleOffice) -> SealingIdentity:
    """Return P, opened with box and codes as core does it; 0.3 s and 145 MB a code."""
    (paper,) = office.manifest.papers
    codes = [
        derive_code_identity(code.reveal(), salt)
        for code, salt in zip(office.codes, paper.code_salts, strict=True)
    ]
    sealed = (office.bundle / paper.key_file).read_bytes()
    return open_paper_key(sealed, office.boxes[0].sealing_identity(), codes, paper.recipient)


@dataclass(kw_only=True)
class CoreHall:
    """Core's parts, as its service puts them together."""

    office: SampleOffice
    settings: Settings
    core: Core
    steady: ManualClock
    works: Working
    written: list[ParcelWritten]

    @property
    def sessions(self) -> Sessions:
        """Who logs in."""
        return self.works.sessions

    @property
    def following(self) -> Following:
        """Who is told."""
        return self.works.following

    @property
    def pairing(self) -> PairingDesk:
        """Who is paired."""
        return self.works.pairing

    @property
    def closer(self) -> Closer:
        """The account of a subject."""
        return self.works.closer

    @property
    def acts(self) -> Acts:
        """What staff ask for."""
        return self.works.acts

    @property
    def rounds(self) -> Rounds:
        """What happens by the clock."""
        return self.works.rounds

    @property
    def hall(self) -> Hall:
        """The hall in memory."""
        return self.core.hall

    @property
    def database(self) -> Database:
        """The record."""
        return self.core.database

    def now(self) -> int:
        """Hall time."""
        return self.core.clock.now()

    def until(self, hall_ms: int) -> None:
        """Let time pass to ``hall_ms``."""
        self.steady.advance(hall_ms - self.now())

    def seating(self, person: int) -> Seating:
        """Return where a person (from 0) stands."""
        wanted = PERSONS[person].id_number
        return next(s for s in self.hall.seatings(SUBJECT) if s.candidate.id_number == wanted)

    def row(self, query: str, *values: object) -> Any:
        """Return the first row that a reader of the record finds now."""
        return self.rows(query, *values)[0]

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return all rows that a reader of the record finds now."""
        reader = self.database._reading._connection()
        return reader.execute(query, values).fetchall()

    # --- seats ------------------------------------------------------------------------------

    async def ask(
        self,
        person: int,
        *,
        seat: str = "",
        fields: dict[LoginField, str] | None = None,
        consents: bool = True,
    ) -> tuple[GrantGiven | LoginRefused, SigningKey, LoginRequest]:
        """Log a person in at the seat of the plan, or another, with right or other fields."""
        number = PERSONS[person].id_number
        key = SigningKey.generate()
        right = {LoginField.ID_NUMBER: number, LoginField.ID_NUMBER_LAST4: number[-4:]}
        request = LoginRequest(
            subject=SUBJECT,
            fields=right if fields is None else fields,
            session_key=key.public.hex,
            consents_to_faces=consents,
            consents_to_recording=consents,
        )
        place = seat or self.seating(person).seat
        return await self.sessions.log_in(request, place, certificate_at(place)), key, request

    async def log_in(self, person: int, *, seat: str = "") -> KeySeat:
        """Log a person in; it must be granted."""
        given, key, _ = await self.ask(person, seat=seat)
        assert isinstance(given, GrantGiven), given
        grant = open_grant(given.grant, self.core.box.key.public)
        return KeySeat(grant, given.grant, key)

    async def accept(self, seat: KeySeat, batch: Batch | None = None) -> BatchReply:
        """Send a seat's batch, by default all that is new."""
        batch = seat.batch() if batch is None else batch
        return await self.core.journal.accept(batch, seat.certificate)

    async def deliver(self, *seats: KeySeat) -> None:
        """Send what is new at the seats; it must be acknowledged."""
        for seat in seats:
            reply = await self.accept(seat)
            assert isinstance(reply, Acknowledged), reply

    async def waiting(self, person: int) -> KeySeat:
        """Bring a person to the waiting room."""
        seat = await self.log_in(person)
        await self.decide(ADMITTED, person)
        seat.hall = self.now()
        seat.consent()
        seat.read_rules()
        await self.deliver(seat)
        return seat

    async def answering(self, person: int) -> KeySeat:
        """Bring a person to the open paper; it is the start by then."""
        seat = await self.waiting(person)
        self.begin()
        seat.enter(hall=self.now())
        await self.deliver(seat)
        return seat

    async def arm(self) -> None:
        """Let a member of staff arm the planned start, of a paper that nobody opens."""
        self.unlocked(SealingIdentity.generate())
        done = await self.act(Arm(subject=SUBJECT, start=0))
        assert isinstance(done, ActDone), done

    def begin(self) -> None:
        """Let the start come, without P."""
        subject = self.hall.subjects[SUBJECT]
        subject.armed_start, subject.released = START, True
        if self.now() < START:
            self.until(START)

    def link(self, person: int) -> "HeardLink":
        """Open a link of the person's seat."""
        link = HeardLink(self.seating(person).seat, self.now())
        self.core.links.add(link)
        return link

    # --- staff ------------------------------------------------------------------------------

    async def decide(self, what: What, *persons: int) -> Decision:
        """Decide about one person, or with none named about all."""
        concerned = [self.seating(person) for person in persons]
        scope = Scope.ONE if persons else Scope.ALL
        everybody = list(self.hall.seatings(SUBJECT))
        return await self.core.decider.decide(what, SUBJECT, concerned or everybody, scope=scope)

    def request(
        self, act: Act, codes: tuple[str, ...] = (), *, key: SigningKey | None = None, **other: Any
    ) -> ActRequest:
        """Return a signed act; ``key`` and ``other`` (fields of `StaffAct`) replace the right."""
        box = self.core.box
        fields: dict[str, Any] = {
            "centre": box.centre,
            "appliance": box.appliance,
            "generation": box.generation,
            "sitting": box.sitting,
            "staff": MEMBER,
            "nonce": secrets.token_hex(16),
            "at": self.now(),
            "act": act,
        }
        signer = self.office.staff_keys[MEMBER] if key is None else key
        return ActRequest(act=sign_act(StaffAct(**{**fields, **other}), signer), codes=codes)

    async def act(self, act: Act, codes: tuple[str, ...] = ()) -> ActReply:
        """Sign an act and let it be performed."""
        return await self.acts.perform(self.request(act, codes))

    def status(self) -> HallStatus:
        """Return what the console would show."""
        return hall_status(self.works.sources)

    def unlocked(self, key: SealingIdentity) -> None:
        """Let the paper be unlocked, without the sum that a code costs."""
        self.hall.subjects[SUBJECT].paper_key = key


class HeardLink(Link):
    """A link whose seat is the test: `heard` are the messages since the last look."""

    def __init__(self, seat: str, at: int) -> None:
        super().__init__(seat, certificate_at(seat), "192.0.2.1", at)

    def heard(self) -> list[HallSays]:
        """Return what was told since the last look; the end of the link is no message."""
        found = []
        while not self.outgoing.empty():
            data = self.outgoing.get_nowait()
            if data is not None:
                found.append(decode_hall_says(data))
        return found

        """Whether the link was told to close."""
        return None in self.outgoing._queue  # type: ignore[attr-defined]


def certificate_at(seat: str) -> str:
    """Return the digest of the certificate that this seat's machine shows."""
    return sha256_hex(seat.encode())


@asynccontextmanager
async def core_hall(
    folder: Path,
    office: SampleOffice,
    *,
    steady: ManualClock | None = None,
    bundle: Bundle | None = None,
) -> AsyncIterator[CoreHall]:
    """Open a hall in ``folder``; again in the same folder it goes on where it stood.

    ``bundle`` takes the place of the office's own.
    """
    steady = ManualClock(wall_ms=DOORS) if steady is None else steady
    identity = office.boxes[0]
    settings = Settings(state=str(folder / "state"), run=str(folder / "run"))
    bundle = _bundle_of(office) if bundle is None else bundle
    record = open_record(settings, bundle.manifest.sitting.id)
    before = paired_before(settings, bundle)
    async with Database(record / "core.db", SCHEMA) as database:
        core = await build_core(settings, identity, bundle, database, steady, before)
        yield _assembled(office, settings, core, steady)


_TAKEN: dict[Path, Bundle] = {}


def _bundle_of(office: SampleOffice) -> Bundle:
    """Return the office's bundle as the main box takes it, checked once for all halls."""
    if office.bundle not in _TAKEN:
        receiver = receiver_of(office.boxes[0])
        _TAKEN[office.bundle] = take_bundle(
            office.bundle, office.office_folder.parent / "taken", receiver
        )
    return _TAKEN[office.bundle]


def _assembled(
    office: SampleOffice, settings: Settings, core: Core, steady: ManualClock
) -> CoreHall:
    written: list[ParcelWritten] = []
    works = put_to_work(
        core,
        office.boxes[0],
        steady,
        written=written.append,
        disk_free=lambda: 10 * 1024**3,
    )
    return CoreHall(
        office=office, settings=settings, core=core, steady=steady, works=works, written=written
    )
