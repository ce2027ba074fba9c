"""The whole process: seats by HTTPS, core by its socket, real faces, real workers."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from appliance.ipc.faces import (
    CHANNEL,
    Admit,
    BeginCheck,
    CheckEnded,
    Dismiss,
    EngineState,
    Enrol,
    Enrolled,
    Forget,
    GetPicture,
    NoPicture,
    NotEnrolled,
    PhotoFault,
    Picture,
    Verdict,
    WorkerLost,
)
from drill import faces
from drill.clips import sample_roster_photo
from protocol.faces_api import (
    FRAME_HEADER,
    FRAMES,
    FaceHint,
    FrameInfo,
    FrameRefusal,
    FrameRefused,
    FrameSeen,
)
from protocol.values import encode
from runtime.errors import IpcRefusedError
from runtime.ipc import Client
from runtime.tls import client_context
from tests.certificates import Authority
from tests.faces_process import CHECK, ROSTER, SESSION, Box, Seat, jpegs, worker_pids

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Hall:
    """The process under test, with core and one seat beside it."""

    def __init__(self, core, events, seat, authority):
        self.core, self.events, self.seat, self.authority = core, events, seat, authority
        self.send, self.post, self.port = seat.send, seat.post, seat.port

    async def event(self, kind):
        """The next event of that kind."""
        while True:
            event = await asyncio.wait_for(self.events.get(), 30)
            if isinstance(event, kind):
                return event

    async def admit(self, candidate="zhang", session=SESSION):
        certificate = self.seat.certificate
        await self.core.ask(
            Admit(session=session, candidate=candidate, seat_certificate=certificate)
        )

    async def begin(self, check=CHECK):
        await self.core.ask(
            BeginCheck(session=SESSION, check=check, accept_below=450, refuse_above=600)
        )


@asynccontextmanager
async def running(folder: Path):
    """The process, core's client and a seat's."""
    box, events = Box(folder), asyncio.Queue()
    async with (
        box.faces(),
        Client(box.socket, CHANNEL, on_event=events.put_nowait) as core,
        Seat(box.authority) as seat,
    ):
        state = await asyncio.wait_for(events.get(), 60)
        assert isinstance(state, EngineState)
        assert state.workers == 1
        seat.port = state.port
        yield Hall(core, events, seat, box.authority.pem)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process(tmp_path_factory):
    async with running(tmp_path_factory.mktemp("faces")) as hall:
        yield hall


@pytest_asyncio.fixture(loop_scope="module")
async def hall(process):
    """The running process with the roster enrolled and nobody admitted."""
    await process.core.ask(Forget())
    for candidate, face in ROSTER.items():
        photo = sample_roster_photo(face)
        reply = await process.core.ask(Enrol(candidate=candidate, photo=photo), timeout=30)
        assert isinstance(reply, Enrolled)
    while not process.events.empty():
        process.events.get_nowait()
    return process


async def test_the_candidate_is_accepted_from_another_photograph(hall):
    """A clip made from another picture of the same man passes in three frames."""
    await hall.admit("zhang")
    await hall.begin()
    shown = jpegs(faces.PRESIDENT_EARLIER)
    replies = [await hall.send(jpeg) for jpeg in shown[:3]]
    ended = await hall.event(CheckEnded)
    assert ended.verdict is Verdict.ACCEPTED
    assert 250 < ended.distance < 450
    assert (ended.nearest, ended.frames, len(ended.distances)) == ("zhang", 3, 3)
    assert "dlib" in ended.build
    assert [reply.hints for reply in replies] == [(FaceHint.HOLD_STILL,)] * 2 + [()]
    assert replies[0].next_ms < replies[2].next_ms
    picture = await hall.core.ask(GetPicture(session=SESSION))
    assert isinstance(picture, Picture)
    assert picture.jpeg in shown


async def test_somebody_else_is_refused_and_named(hall):
    """Another man at the seat is refused by five frames, and who he is like is told."""
    await hall.admit("zhang")
    await hall.begin()
    for jpeg in jpegs(faces.VICE_PRESIDENT)[:5]:
        await hall.send(jpeg)
    ended = await hall.event(CheckEnded)
    assert (ended.verdict, ended.nearest, ended.frames) == (Verdict.REFUSED, "li", 5)
    assert ended.distance > 700
    assert ended.nearest_distance < 300


async def test_two_people_are_not_judged(hall):
    """With somebody looking over the shoulder no frame is used, and the page is told why."""
    await hall.admit("wang")
    await hall.begin()
    crowd = jpegs(faces.ASTRONAUT, faces.VICE_PRESIDENT, people=2, face_width=120)
    reply = await hall.send(crowd[0])
    assert reply.hints == (FaceHint.SEVERAL,)
    assert hall.events.empty()


async def test_a_dark_room_gets_a_hint(hall):
    """Too little light is said, whether or not a face is found."""
    await hall.admit()
    await hall.begin()
    reply = await hall.send(jpegs(faces.PRESIDENT, light=0.1)[0])
    assert FaceHint.TOO_DARK in reply.hints


async def test_who_sits_too_far_away_is_asked_to_come_closer(hall):
    """A face of 45 pixels gives another hint than an empty chair."""
    await hall.admit()
    await hall.begin()
    reply = await hall.send(jpegs(faces.ASTRONAUT, face_width=45)[0])
    assert reply.hints == (FaceHint.TOO_SMALL,)


async def test_a_torn_picture_is_refused_with_the_reason(hall):
    """The seat is told what was expected, and the check goes on."""
    await hall.admit()
    await hall.begin()
    jpeg = jpegs(faces.PRESIDENT)[0]
    reply = await hall.send(jpeg[:5_000])
    assert isinstance(reply, FrameRefused)
    assert reply.code is FrameRefusal.NO_PICTURE
    assert "end is missing" in reply.text
    assert isinstance(await hall.send(jpeg), FrameSeen)


async def test_frames_of_sessions_not_admitted_here_are_refused(hall):
    """A seat cannot send for another's session, nor before it is admitted."""
    jpeg = jpegs(faces.PRESIDENT)[0]
    assert (await hall.send(jpeg)).code is FrameRefusal.NOT_ADMITTED
    await hall.core.ask(Admit(session=SESSION, candidate="zhang", seat_certificate="f" * 64))
    assert (await hall.send(jpeg)).code is FrameRefusal.NOT_ADMITTED


async def test_a_dismissed_session_leaves_no_picture(hall):
    """After the end neither frames are taken nor a picture is kept."""
    await hall.admit()
    jpeg = jpegs(faces.PRESIDENT)[0]
    await hall.send(jpeg)
    assert isinstance(await hall.core.ask(GetPicture(session=SESSION)), Picture)
    await hall.core.ask(Dismiss(session=SESSION))
    assert isinstance(await hall.core.ask(GetPicture(session=SESSION)), NoPicture)
    assert (await hall.send(jpeg)).code is FrameRefusal.NOT_ADMITTED


@pytest.mark.parametrize(
    ("photo", "fault", "said"),
    [
        (lambda: b"PNG", PhotoFault.NO_PICTURE, "expected a JPEG"),
        (lambda: jpegs(faces.ASTRONAUT, light=0.0)[0], PhotoFault.NO_FACE, "found 0"),
        (
            lambda: jpegs(faces.ASTRONAUT, faces.VICE_PRESIDENT, people=2, face_width=120)[0],
            PhotoFault.SEVERAL_FACES,
            "found 2",
        ),
    ],
    ids=["no picture", "no face", "two faces"],
)
async def test_a_roster_photo_that_will_not_do_is_told(hall, photo, fault, said):
    """Core hears why, and a check of that candidate goes to a person at once."""
    reply = await hall.core.ask(Enrol(candidate="zhang", photo=photo()), timeout=30)
    assert isinstance(reply, NotEnrolled)
    assert reply.fault is fault
    assert said in reply.text
    await hall.admit("zhang")
    await hall.begin()
    assert (await hall.event(CheckEnded)).verdict is Verdict.NO_TEMPLATE


async def test_a_check_of_an_unknown_session_is_refused(hall):
    """Core gets a stable code, not an event that never comes."""
    with pytest.raises(IpcRefusedError) as refused:
        await hall.begin()
    assert refused.value.remote_code == "faces_not_admitted"


async def test_a_killed_worker_is_told_and_the_check_goes_on(hall):
    """One frame is lost with its worker; the same check is accepted by the next frames."""
    await hall.admit("zhang")
    await hall.begin()
    shown = jpegs(faces.PRESIDENT)
    assert isinstance(await hall.send(shown[0]), FrameSeen)
    workers = worker_pids()
    os.kill(workers[0], signal.SIGKILL)
    assert (await hall.event(WorkerLost)).pid == workers[0]
    assert isinstance(await hall.send(shown[1]), FrameSeen)
    assert isinstance(await hall.send(shown[2]), FrameSeen)
    assert (await hall.event(CheckEnded)).verdict is Verdict.ACCEPTED


async def test_a_request_that_breaks_the_protocol_is_answered_with_the_reason(hall):
    """Without its header, or too large, a frame is refused by HTTP."""
    status, text = await hall.post(data=b"jpeg")
    assert status == 400
    assert "Exam-Frame" in text
    info = FrameInfo(session=SESSION, view="front", taken=1)
    header = {FRAME_HEADER: encode(info).decode()}
    status, _ = await hall.post(data=bytes(2_000_000), headers=header)
    assert status == 413


async def test_a_seat_without_a_certificate_is_turned_away(hall):
    """Who shows no certificate, or that of another authority, gets no answer."""
    stranger = Authority("elsewhere").issue("seat")
    for identity in (None, stranger):
        trust = client_context(authorities=hall.authority, identity=identity)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"https://127.0.0.1:{hall.port}{FRAMES}", ssl=trust)
