"""A hall to be measured: core as its own process, over a sample sitting."""

import asyncio
import contextlib
import datetime as dt
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.ipc import staff_client
from appliance.ipc.identity import write_identity
from drill.clips import sample_roster_photo
from drill.faces import ASTRONAUT
from drill.ports import free_port
from drill.sample_office import SampleHall, SampleOffice, make_sample_office
from drill.sample_sitting import people
from protocol import staff_api
from protocol.staff_api import ActDone

MEMBER = "wang-fang"


async def listening(port: int) -> None:
    """Return once somebody listens on ``port``."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return


class HallError(RuntimeError):
    """The hall to be measured could not be made."""


@dataclass(frozen=True, kw_only=True)
class MeasuredHall:
    """A running core and what speaks to it."""

    folder: Path
    office: SampleOffice
    port: int
    recordings_port: int
    pid: int
    """Of core."""
    pids: dict[str, int]
    """Of each process of the box that runs."""
    staff_socket: Path

    def seat_folder(self, seat: str) -> Path:
        """Return what a terminal is given as its folder."""
        return self.folder / "seats" / seat

    async def act(self, act: staff_api.Act, codes: tuple[str, ...] = ()) -> ActDone:
        """Perform an act of the sample staff; raise where it is refused."""
        hall = await staff_client.fetch_status(self.staff_socket)
        asked = staff_client.new_act(hall, MEMBER, act)
        key = self.office.staff_keys[MEMBER]
        reply = await staff_client.perform(self.staff_socket, asked, key, codes)
        if not isinstance(reply, ActDone):
            raise HallError(f"{type(act).__name__} was refused: {reply.text}")
        return reply


@contextlib.asynccontextmanager
async def measured_hall(
    seats: int,
    *,
    core_on: set[int] | None = None,
    package: bytes = b"",
    processes: Sequence[str] = ("core",),
) -> AsyncIterator[MeasuredHall]:
    """Start core over a sample sitting of ``seats`` seats, on the given processors.

    ``package``: the QTI package of its paper, the sample's where empty. ``processes``: those
    of the box that run, core among them.
    """
    with tempfile.TemporaryDirectory(prefix="measured-hall-") as name:
        folder = Path(name)
        office = await asyncio.to_thread(_office, folder, seats, package)
        state, run = folder / "box", folder / "run"
        port, recordings_port = free_port(), free_port()
        state.mkdir()
        await asyncio.to_thread(write_identity, state, office.boxes[0])
        settings = folder / "appliance.toml"
        settings.write_text(
            f'state = "{state}"\nrun = "{run}"\nnetwork = "loopback"\n'
            f'[listen]\nhost = "127.0.0.1"\nseats = {port}\n'
            f"faces = {free_port()}\nrecordings = {recordings_port}\n",
            "utf-8",
        )
        await _run("import", str(office.bundle), "--config", str(settings))
        async with _running(processes, settings, core_on) as pids:
            hall = MeasuredHall(
                folder=folder,
                office=office,
                port=port,
                recordings_port=recordings_port,
                pid=pids["core"],
                pids=pids,
                staff_socket=run / "staff.sock",
            )
            await _until_ready(hall)
            await hall.act(staff_api.OpenDoors(correction=0))
            yield hall


@contextlib.asynccontextmanager
async def _running(
    processes: Sequence[str], settings: Path, core_on: set[int] | None
) -> AsyncIterator[dict[str, int]]:
    """Run processes of the box; yield their ids by name."""
    programs = {
        name: await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "appliance.cli", "run", name, "--config", str(settings)),
            env=os.environ | {"EXAMHALL_LOG_LEVEL": "ERROR"},
        )
        for name in processes
    }
    try:
        if core_on is not None:
            os.sched_setaffinity(programs["core"].pid, core_on)
        yield {name: program.pid for name, program in programs.items()}
    finally:
        for program in programs.values():
            program.terminate()
        for program in programs.values():
            await program.wait()


def _office(folder: Path, seats: int, package: bytes) -> SampleOffice:
    now = dt.datetime.now(dt.UTC)
    hall = SampleHall(
        persons=people(seats),
        photos=(sample_roster_photo(ASTRONAUT),),
        opens=now + dt.timedelta(minutes=5),
        minutes=60,
        package=package,
    )
    return make_sample_office(folder / "office", hall, now)


async def _run(*arguments: str) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli", *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    if await program.wait():
        raise HallError(f"exam-appliance {arguments[0]} failed")


async def _until_ready(hall: MeasuredHall) -> None:
    for _ in range(600):
        if await asyncio.to_thread(hall.staff_socket.exists):
            return
        await asyncio.sleep(0.05)
    raise HallError("core did not come up within 30 s")
