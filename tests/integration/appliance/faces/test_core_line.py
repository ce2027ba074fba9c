"""Core and `faces` together: a candidate is accepted, another is brought before a person."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

from appliance.core.faces_line import FacesLine
from appliance.core.links import Link, Links
from appliance.ipc.settings import Settings
from drill import faces
from drill.clips import sample_roster_photo
from exam.session import State
from protocol.faces_api import FrameSeen
from protocol.seat_api import Beat
from tests.faces_process import ROSTER, SESSION, Box, Seat, jpegs


@dataclass
class Followed:
    """What core's identity check is told; it lets nobody in by itself."""

    measures: asyncio.Queue = field(default_factory=asyncio.Queue)
    asked: asyncio.Queue = field(default_factory=asyncio.Queue)

    async def measured(self, seating, distance, *, is_closest):
        seating.session = SimpleNamespace(state=State.IDENTIFIED)
        self.measures.put_nowait((seating.candidate.id, distance, is_closest))

    async def ask_staff(self, seating, why):
        seating.needs_person = why
        self.asked.put_nowait(why)

    def hint(self, seating, hints):
        """Hints are not what these tests are about."""


def seated(candidate: str, seat: Seat):
    """A candidate who has logged in and sits there."""
    grant = SimpleNamespace(session=SESSION, candidate=candidate, seat_certificate=seat.certificate)
    return SimpleNamespace(
        candidate=SimpleNamespace(id=candidate),
        grant=grant,
        seat="a01",
        id=SESSION,
        session=SimpleNamespace(state=State.SEATED),
        needs_person="",
        consents=True,
    )


def core_with(seatings):
    """As much of core as the line looks at."""
    rules = SimpleNamespace(identity=SimpleNamespace(accept_below=450, refuse_above=600))
    hall = SimpleNamespace(
        rules=rules,
        candidates=dict.fromkeys(ROSTER),
        current=lambda: None,
        seatings=lambda _: iter(seatings),
    )
    surroundings = SimpleNamespace(connected={})
    return SimpleNamespace(
        hall=hall, identity_check=Followed(), surroundings=surroundings, links=Links()
    )


def beat(cameras: int) -> Beat:
    """What a seat says every two seconds."""
    return Beat(
        sent=1, hall=1, screen="face", paper=None, spooled=0, disk_free=0, cameras=cameras,
        hand_raised=False, log_size=0, cosignature="",
    )  # fmt: skip


async def photo(candidate: str) -> bytes | None:
    return sample_roster_photo(ROSTER[candidate])


@asynccontextmanager
async def joined(folder, core, box, open_photo=photo):
    """Core's line beside the process, its follower running."""
    settings = Settings(state=str(folder), run=str(folder))
    async with box.faces(), FacesLine(settings, core, open_photo) as line:
        following = asyncio.ensure_future(line.run())
        try:
            yield line
        finally:
            following.cancel()


async def send(line: FacesLine, seat: Seat, frames: list[bytes]) -> None:
    seat.port = (await asyncio.wait_for(line.settled(), 60)).port
    for frame in frames:
        assert isinstance(await seat.send(frame), FrameSeen)


async def test_a_look_ends_in_a_measure(tmp_path):
    """Begun by core, fed by the seat, it ends with a distance and who is nearest."""
    box = Box(tmp_path)
    async with Seat(box.authority) as seat:
        seating = seated("zhang", seat)
        core = core_with([])
        async with joined(tmp_path, core, box) as line:
            await line.look(seating)
            await send(line, seat, jpegs(faces.PRESIDENT_EARLIER)[:3])
            measured = await asyncio.wait_for(core.identity_check.measures.get(), 30)
            assert core.surroundings.connected == {"faces": True}
            assert "dlib" in line.build
            assert await line.last_picture(SESSION) in jpegs(faces.PRESIDENT_EARLIER)
    candidate, distance, is_closest = measured
    assert (candidate, is_closest) == ("zhang", True)
    assert 250 < distance < 450


async def test_where_the_seat_has_no_camera_a_person_is_asked_at_once(tmp_path):
    """Nobody waits for looks that no picture can come to."""
    box = Box(tmp_path)
    async with Seat(box.authority) as seat:
        seating, core = seated("zhang", seat), core_with([])
        link = Link("a01", seat.certificate, "192.0.2.1", 0)
        link.beat = beat(cameras=0)
        core.links.add(link)
        async with joined(tmp_path, core, box) as line:
            await line.look(seating)
            assert core.identity_check.asked.get_nowait() == "no_camera"


async def test_a_seat_with_a_camera_is_looked_at(tmp_path):
    """One camera is enough; before the first beat nothing is known, and the look begins."""
    box = Box(tmp_path)
    async with Seat(box.authority) as seat:
        for link in (None, Link("a01", seat.certificate, "192.0.2.1", 0)):
            seating, core = seated("zhang", seat), core_with([])
            if link is not None:
                link.beat = beat(cameras=1)
                core.links.add(link)
            async with joined(tmp_path, core, box) as line:
                await line.look(seating)
                assert core.identity_check.asked.empty()
                assert len(line._looks) == 1


async def test_a_look_that_a_restart_of_core_cut_off_begins_again(tmp_path):
    """Who sits there when core comes up is looked at without another log-in."""
    box = Box(tmp_path)
    async with Seat(box.authority) as seat:
        sitting = seated("zhang", seat)
        core = core_with([sitting])
        async with joined(tmp_path, core, box) as line:
            await line.look(sitting)  # as `Following` asks when the seat's link is back
            await send(line, seat, jpegs(faces.VICE_PRESIDENT)[:5])
            measured = await asyncio.wait_for(core.identity_check.measures.get(), 30)
    candidate, distance, is_closest = measured
    assert (candidate, is_closest) == ("zhang", False)
    assert distance > 600


async def test_without_a_roster_photo_a_person_looks(tmp_path):
    """A photo that is not there gives no template: the look ends at once, with a person."""

    async def none(candidate: str) -> bytes | None:
        return None if candidate == "zhang" else await photo(candidate)

    box = Box(tmp_path)
    async with Seat(box.authority) as seat:
        core = core_with([])
        async with joined(tmp_path, core, box, none) as line:
            await line.look(seated("zhang", seat))
            why = await asyncio.wait_for(core.identity_check.asked.get(), 30)
    assert why == "no_template"
