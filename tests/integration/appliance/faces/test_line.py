"""Core's line to `faces`: what core wants holds there, through restarts on either side."""

import asyncio
from contextlib import asynccontextmanager

from appliance.ipc.faces import (
    CHANNEL,
    Admit,
    BeginCheck,
    CheckEnded,
    Enrol,
    Enrolled,
    GetPicture,
    NoPicture,
    NotEnrolled,
    Picture,
    Verdict,
)
from appliance.ipc.faces_line import FacesLine
from drill import faces
from drill.clips import sample_roster_photo
from protocol.faces_api import FrameRefused, FrameSeen
from runtime.ipc import Client
from tests.faces_process import CHECK, ROSTER, SESSION, Box, Seat, jpegs


def photo_of(face):
    async def open_photo() -> bytes:
        return sample_roster_photo(face)

    return open_photo


PHOTOS = {candidate: photo_of(face) for candidate, face in ROSTER.items()}


class Core:
    """What core would note of checks and photos."""

    def __init__(self):
        self.ended: asyncio.Queue[CheckEnded] = asyncio.Queue()
        self.faults: list[NotEnrolled] = []

    def line(self, box: Box) -> FacesLine:
        return FacesLine(
            box.socket, on_ended=self.ended.put_nowait, on_photo_fault=self.faults.append
        )

    async def next_end(self) -> CheckEnded:
        return await asyncio.wait_for(self.ended.get(), 60)


def wants(line: FacesLine, seat: Seat, *, check: str = CHECK) -> None:
    """Core's wish: the roster, one session, one check."""
    line.enrol(PHOTOS)
    line.admit(Admit(session=SESSION, candidate="zhang", seat_certificate=seat.certificate))
    line.begin(BeginCheck(session=SESSION, check=check, accept_below=450, refuse_above=600))


async def send(line: FacesLine, seat: Seat, frames: list[bytes]) -> None:
    """Send frames once `faces` has been told everything; all are taken."""
    seat.port = (await asyncio.wait_for(line.settled(), 60)).port
    for frame in frames:
        assert isinstance(await seat.send(frame), FrameSeen)


@asynccontextmanager
async def hall(folder):
    box, core = Box(folder), Core()
    async with Seat(box.authority) as seat:
        yield box, core, seat


async def test_a_wish_from_before_the_process_was_there_is_carried_out(tmp_path):
    """Core asks while `faces` is away; when it comes, roster, session and check are told."""
    async with hall(tmp_path) as (box, core, seat), core.line(box) as line:
        wants(line, seat)
        assert line.state is None
        assert await line.picture(SESSION) is None
        async with box.faces():
            await send(line, seat, jpegs(faces.PRESIDENT)[:3])
            ended = await core.next_end()
            assert isinstance(await line.picture(SESSION), Picture)
    assert (ended.verdict, ended.check, ended.nearest) == (Verdict.ACCEPTED, CHECK, "zhang")
    assert core.ended.empty()
    assert not core.faults


async def test_a_check_goes_on_after_the_process_was_restarted(tmp_path):
    """Ended in the middle of a check, the next instance is told all and ends it, once."""
    async with hall(tmp_path) as (box, core, seat), core.line(box) as line:
        wants(line, seat)
        async with box.faces():
            await send(line, seat, jpegs(faces.VICE_PRESIDENT)[:2])
            first = line.state
        async with box.faces():
            assert (await asyncio.wait_for(line.settled(), 60)).instance != first.instance
            await send(line, seat, jpegs(faces.VICE_PRESIDENT)[:5])
            ended = await core.next_end()
    assert (ended.verdict, ended.nearest, ended.frames) == (Verdict.REFUSED, "li", 5)
    assert core.ended.empty()


async def test_another_core_begins_with_nothing(tmp_path):
    """After core was restarted, sessions that it does not know are forgotten by `faces`."""
    async with hall(tmp_path) as (box, core, seat), box.faces():
        async with core.line(box) as line:
            wants(line, seat)
            await send(line, seat, jpegs(faces.PRESIDENT)[:3])
            await core.next_end()
        async with core.line(box) as line, Client(box.socket, CHANNEL) as other:
            line.enrol(PHOTOS)
            await asyncio.wait_for(line.settled(), 60)
            assert isinstance(await other.ask(GetPicture(session=SESSION)), NoPicture)
            reply = await seat.send(jpegs(faces.PRESIDENT)[0])
    assert isinstance(reply, FrameRefused)


async def test_a_photo_that_does_not_open_keeps_nobody_else_out(tmp_path):
    """The fault is told, that candidate goes to a person, all others are compared."""

    async def broken() -> bytes:
        raise OSError("the bundle's disk is gone")

    async with hall(tmp_path) as (box, core, seat), core.line(box) as line, box.faces():
        line.enrol(PHOTOS | {"zhang": broken})
        line.admit(Admit(session=SESSION, candidate="zhang", seat_certificate=seat.certificate))
        line.begin(BeginCheck(session=SESSION, check=CHECK, accept_below=450, refuse_above=600))
        ended = await core.next_end()
        assert ended.verdict is Verdict.NO_TEMPLATE
        async with Client(box.socket, CHANNEL) as other:
            reply = await other.ask(
                Enrol(candidate="li", photo=sample_roster_photo(faces.VICE_PRESIDENT)), timeout=30
            )
    assert isinstance(reply, Enrolled)
    (fault,) = core.faults
    assert fault.candidate == "zhang"
    assert "the bundle's disk is gone" in fault.text


async def test_a_dismissed_session_sends_nothing_more(tmp_path):
    """Dismissed by core, frames are refused and the picture is gone."""
    async with hall(tmp_path) as (box, core, seat), core.line(box) as line, box.faces():
        wants(line, seat)
        await send(line, seat, jpegs(faces.PRESIDENT)[:3])
        await core.next_end()
        line.dismiss(SESSION)
        await asyncio.wait_for(line.settled(), 60)
        assert await line.picture(SESSION) is None
        reply = await seat.send(jpegs(faces.PRESIDENT)[0])
    assert isinstance(reply, FrameRefused)


async def test_a_second_try_takes_the_place_of_the_first(tmp_path):
    """Begun again before the first ended, only the second is told."""
    async with hall(tmp_path) as (box, core, seat), core.line(box) as line, box.faces():
        wants(line, seat, check="1" * 32)
        await send(line, seat, jpegs(faces.PRESIDENT)[:1])
        wants(line, seat, check="2" * 32)
        await send(line, seat, jpegs(faces.PRESIDENT)[:3])
        assert (await core.next_end()).check == "2" * 32
    assert core.ended.empty()
