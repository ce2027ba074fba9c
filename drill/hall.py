"""A whole hall on one machine: real programs, real files, real networks of this machine.

`open_hall` stacks it visibly, and takes it down in the other order::

    prepare             the office's work, then the same commands that people type:
                        exam-central init, enrol; exam-appliance install, import
      Line              between the centre and the office; it breaks on command
        office          exam-central: receiver and inner worker
          appliance     exam-appliance: each of its processes
            seats       exam-terminal, one process a seat up to `APART`, packed beyond
              Hall

Every program is a process of its own under a `Supervisor`, which starts again what dies, as
systemd does where the product is installed. Nothing listens but on loopback. Logs lie in
``logs/`` below the hall's folder, one JSON object a line.
"""

import asyncio
import contextlib
import datetime as dt
import secrets
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from appliance.commands import PROCESSES
from appliance.ipc import staff_client
from central.commands import PARTS
from central.layout import Layout
from drill import cast, sample_office
from drill.errors import DrillError
from drill.line import Line
from drill.page import SeatPage
from drill.ports import free_port
from drill.sample_office import STAFF, SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import DRILL_RULES, Person, people
from drill.staff import Staff
from drill.waiting import patience
from protocol.codes import unlock_code_from
from protocol.identities import BoxIdentity, OfficeIdentity, seal_identity
from protocol.values import encode
from runtime.files import make_folder, write_atomic
from runtime.supervise import OUR_PYTHON, Program, Supervisor

APART: Final = 20
"""Up to so many seats each is a process of its own."""
PACKED: Final = 25
"""Seats in one process beyond that."""
UP_S: Final = 60.0
_ENVIRONMENT: Final = {"EXAMHALL_LOG_FORMAT": "json"}


class HallPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What hall is wanted."""

    folder: Path
    seats: int
    minutes: int
    """The candidates' own time."""
    impostors: frozenset[int] = frozenset()
    """Seats (from 0) with another person before the camera than the candidate."""
    cameras: int = 0
    """So many seats, from the first on, have a camera; a clip is before it."""
    own_cameras: frozenset[int] = frozenset()
    """Seats (from 0) that look through this machine's own USB camera."""
    opens_in_s: int = 60
    """The planned start, from now; staff may arm another."""
    apart: bool = False
    """Each process of box and office under our own supervisor, as systemd runs them, instead of
    ``exam-appliance serve`` and ``exam-central serve``."""


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Folders and ports of a hall."""

    folder: Path
    seats_port: int
    faces_port: int
    recordings_port: int
    line_port: int
    office_port: int

    @property
    def office(self) -> Path:
        """The central office's folder."""
        return self.folder / "central"

    @property
    def state(self) -> Path:
        """What the box keeps."""
        return self.folder / "box"

    @property
    def run(self) -> Path:
        """The box's sockets."""
        return self.folder / "run"

    @property
    def config(self) -> Path:
        """The box's settings."""
        return self.folder / "appliance.toml"

    @property
    def logs(self) -> Path:
        """Where programs write what they say."""
        return self.folder / "logs"

    def seat(self, seat: str) -> Path:
        """Return a seat's folder."""
        return self.folder / "seats" / seat

    def page(self, seat: str) -> Path:
        """Return where a seat's program writes the address of its page."""
        return self.folder / "seats" / f"{seat}.page"


class Seated(msgspec.Struct, frozen=True, kw_only=True):
    """One seat of the hall, whose it is, and who sits there."""

    seat: str
    person: Person
    role: cast.Role
    camera: str | None
    """As ``exam-terminal`` takes it: a clip's path, or ``auto``; None: there is none."""


@dataclass(frozen=True, kw_only=True)
class Hall:
    """A hall that runs."""

    plan: HallPlan
    places: Places
    sample: SampleOffice
    seated: tuple[Seated, ...]
    line: Line
    office: Supervisor
    box: Supervisor
    seats: Supervisor
    staff: Staff

    @property
    def layout(self) -> Layout:
        """The central office's folder."""
        return Layout(self.places.office)

    def page(self, seat: str) -> SeatPage:
        """Return the page of a seat, not opened yet."""
        return SeatPage(seat, self.places.page(seat))


@contextlib.asynccontextmanager
async def open_hall(plan: HallPlan) -> AsyncIterator[Hall]:
    """Make a hall, start it, and take it down at the end; nothing is left running."""
    places = _places(plan.folder)
    seated = await asyncio.to_thread(_seat_people, plan)
    sample = await prepare(plan, places, seated)
    async with (
        Line("127.0.0.1", places.office_port, listen_port=places.line_port) as line,
        supervised(office_programs(places, apart=plan.apart)) as office,
        supervised(box_programs(places, apart=plan.apart)) as box,
        supervised(seat_programs(places, seated)) as seats,
    ):
        yield Hall(
            plan=plan,
            places=places,
            sample=sample,
            seated=seated,
            line=line,
            office=office,
            box=box,
            seats=seats,
            staff=_staff(places, sample),
        )


# --- before anything runs ------------------------------------------------------------------


def _places(folder: Path) -> Places:
    seats, faces, recordings, line, office = (free_port() for _ in range(5))
    return Places(
        folder=folder,
        seats_port=seats,
        faces_port=faces,
        recordings_port=recordings,
        line_port=line,
        office_port=office,
    )


def _seat_people(plan: HallPlan) -> tuple[Seated, ...]:
    """Say who sits where. Blocks: clips are made the first time."""
    roles = cast.cast(plan.seats, impostors=plan.impostors)
    return tuple(
        Seated(
            seat=person.seat.lower(),
            person=person,
            role=role,
            camera=_camera(plan, number, role),
        )
        for number, (person, role) in enumerate(zip(people(plan.seats), roles, strict=True))
    )


def _camera(plan: HallPlan, number: int, role: cast.Role) -> str | None:
    if number in plan.own_cameras:
        return "auto"
    return str(cast.clip(role)) if number < plan.cameras else None


async def prepare(plan: HallPlan, places: Places, seated: Iterable[Seated]) -> SampleOffice:
    """Do the office's work, and install the office's server and the box by their commands."""
    people_there = tuple(seated)
    sample = await asyncio.to_thread(_make_office, plan, places, people_there)
    for folder in (places.logs, places.folder / "seats"):
        await asyncio.to_thread(make_folder, folder)
    await asyncio.to_thread(write_atomic, places.config, _settings(places).encode())
    async with asyncio.TaskGroup() as installing:
        installing.create_task(_install_office(places, sample))
        installing.create_task(_install_box(places, sample))
    return sample


def _make_office(plan: HallPlan, places: Places, seated: tuple[Seated, ...]) -> SampleOffice:
    now = dt.datetime.now(dt.UTC)
    wanted = SampleHall(
        persons=tuple(one.person for one in seated),
        photos=tuple(cast.roster_photo(one.role) for one in seated),
        opens=now + dt.timedelta(seconds=plan.opens_in_s),
        minutes=plan.minutes,
        office_address=f"https://127.0.0.1:{places.line_port}",
        rule_book=DRILL_RULES,
        # Several halls may be on one machine's loopback: each box has a name of its own.
        boxes=(f"main-{secrets.token_hex(3)}", "spare"),
    )
    return make_sample_office(places.folder / "provisioning", wanted, now)


def _settings(places: Places) -> str:
    return f"""state = "{places.state}"
run = "{places.run}"
network = "loopback"

[listen]
host = "127.0.0.1"
seats = {places.seats_port}
faces = {places.faces_port}
recordings = {places.recordings_port}
"""


async def _install_office(places: Places, sample: SampleOffice) -> None:
    sealed, code = await _sealed(places, sample.server, "server")
    listen = ("--listen", f"127.0.0.1:{places.office_port}")
    home = str(places.office)
    await _command("central.cli", "init", home, str(sealed), "--code", code, *listen)
    await _command("central.cli", "enrol", home, str(sample.bundle))


async def _install_box(places: Places, sample: SampleOffice) -> None:
    sealed, code = await _sealed(places, sample.boxes[0], "main")
    config = ("--config", str(places.config))
    await _command("appliance.cli", "install", str(sealed), "--code", code, *config)
    await _command("appliance.cli", "import", str(sample.bundle), *config)


async def _sealed(
    places: Places, identity: BoxIdentity | OfficeIdentity, name: str
) -> tuple[Path, str]:
    """Seal an identity for its way to its machine, as ``exam-provision`` does."""
    code = unlock_code_from(secrets.token_bytes(8))
    sealed = await asyncio.to_thread(seal_identity, identity, code, secrets.token_hex(16))
    path = places.folder / f"{name}.identity.json"
    await asyncio.to_thread(write_atomic, path, encode(sealed))
    return path, code


async def _command(module: str, *arguments: str) -> None:
    """Run one command of ours to its end; raise `DrillError` with what it said."""
    process = await asyncio.create_subprocess_exec(
        *OUR_PYTHON,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode:
        shown = [word for word in arguments if "-" not in word[:1]][:2]
        raise DrillError(f"{module} {' '.join(shown)}: {said.decode(errors='replace').strip()}")


# --- the programs --------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def supervised(programs: Iterable[Program]) -> AsyncIterator[Supervisor]:
    """Keep programs running; go on when all of them say that they are ready."""
    async with Supervisor(programs, grace=15, first_pause=0.1, longest_pause=1.0) as keeper:
        async with patience(UP_S, lambda: _still_starting(keeper)):
            await keeper.all_ready()
        yield keeper


def _still_starting(keeper: Supervisor) -> str:
    return "; ".join(
        f"{state.name} {state.condition.value} after {state.deaths} deaths, exit {state.exit_code}"
        for state in keeper.states
    )


def office_programs(places: Places, *, apart: bool) -> list[Program]:
    """Return what runs the office's two processes."""
    home = str(places.office)
    if not apart:
        return [_program(places, "central", "central.cli", "serve", home)]
    return [_program(places, part, "central.cli", "run", part, home) for part in PARTS]


def box_programs(places: Places, *, apart: bool) -> list[Program]:
    """Return what runs the box's five processes."""
    config = ("--config", str(places.config))
    if not apart:
        return [_program(places, "appliance", "appliance.cli", "serve", *config)]
    return [_program(places, name, "appliance.cli", "run", name, *config) for name in PROCESSES]


def seat_programs(places: Places, seated: Iterable[Seated]) -> list[Program]:
    """Return the programs of the seats: one a seat, or packed where there are many."""
    listed = list(seated)
    if len(listed) <= APART:
        return [
            _program(places, f"seat-{one.seat}", "terminal_agent.cli", *_seat_options(places, one))
            for one in listed
        ]
    packs = [listed[n : n + PACKED] for n in range(0, len(listed), PACKED)]
    return [
        _program(places, f"seats-{n}", "drill.packed", *_pack_options(places, pack))
        for n, pack in enumerate(packs, start=1)
    ]


def _seat_options(places: Places, one: Seated) -> tuple[str, ...]:
    return (
        *("--folder", str(places.seat(one.seat)), "--seat", one.seat),
        *("--network", "loopback", "--address-file", str(places.page(one.seat))),
        # Other halls may be on this loopback: the code is tried at the own box, and nowhere else.
        *("--appliance", f"127.0.0.1:{places.seats_port}"),
        *("--camera", one.camera or "none"),
    )


def _pack_options(places: Places, pack: Iterable[Seated]) -> tuple[str, ...]:
    cameras = [f"{one.seat}={one.camera or 'none'}" for one in pack]
    box = ("--appliance", f"127.0.0.1:{places.seats_port}")
    return ("--folder", str(places.folder / "seats"), *box, *cameras)


def _program(places: Places, name: str, module: str, *arguments: str) -> Program:
    return Program(
        name=name,
        module=module,
        arguments=arguments,
        environment=_ENVIRONMENT,
        log=places.logs / f"{name}.log",
    )


def _staff(places: Places, sample: SampleOffice) -> Staff:
    member = STAFF[0][0]
    path = places.folder / f"{member}.key"
    path.write_bytes(sample.staff_files[member])
    key = staff_client.read_staff_key(path, sample_office.STAFF_PASSPHRASE.reveal())
    return Staff(places.run / "staff.sock", member, key)
