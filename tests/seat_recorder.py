"""A seat's recorder as a program, for tests that kill it: real camera view, spool and uploads.

``python -m tests.seat_recorder PLAN CLIP``; PLAN is a file as `Plan` has it. What it lacks of a
seat is the way to its session: the grant is given. It says ``recording`` once pictures are
kept, and ends the session when a line comes on its standard input; it says ``ended`` when the
box knows.
"""

import asyncio
import contextlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp

from exam.rulebook import read_rule_book
from exam.session import Session, State
from protocol.envelope import Envelope
from protocol.grant import open_grant
from protocol.journal import Consented
from protocol.keys import SigningKey, VerifyKey
from protocol.seat_api import LoggedIn, OwnData, Standing
from protocol.segment import View
from protocol.values import Value, decode
from runtime.clock import Anchor, MachineClock, SeatClock
from runtime.secret import Secret
from runtime.tls import Identity, client_context
from terminal_agent.progress import Progress
from terminal_agent.recorder import Recorder
from terminal_agent.recording import CutRules
from terminal_agent.session import SeatSession
from terminal_agent.spool import MakeEvent, Spool
from terminal_agent.state import SeatState
from tests.waiting import until

RULES = Path(__file__).parent.parent / "exam" / "rulebooks" / "ksj.toml"


class Plan(Value, frozen=True, kw_only=True):
    """What the seat is given."""

    folder: str
    port: int
    grant: Envelope
    key: str
    """The session key's seed in hexadecimal."""
    box_key: str
    recipient: str
    chain_pem: str
    key_pem: str
    authority_pem: str
    duration_ms: int
    offset_ms: int
    """Hall time minus the machine's steady time."""

    def __repr__(self) -> str:
        return "Plan(hidden)"


class Seat:
    """What the recorder needs of a seat: see `terminal_agent.state.Watched`."""

    def __init__(self, clock: SeatClock, steady: MachineClock) -> None:
        self.state = SeatState()
        self._clock = clock
        self._steady = steady
        self._news = asyncio.Event()

    def now(self) -> int | None:
        return self._clock.now()

    def changed(self) -> None:
        self.state.version += 1
        self._news.set()
        self._news = asyncio.Event()

    async def wait_change(self, seen: int) -> None:
        while self.state.version == seen:
            await self._news.wait()

    def event(self, kind: type, **fields: object) -> MakeEvent:
        hall, mono = self._clock.now(), self._steady.steady_ms()
        return lambda n: kind(n=n, hall=hall, mono=mono, **fields)


def clock_of(plan: Plan, steady: MachineClock) -> SeatClock:
    """Return the hall's clock as a heartbeat would have set it."""
    anchor = Anchor(boot=steady.boot(), offset_ms=plan.offset_ms, confirmed=True)
    return SeatClock(steady, anchor=anchor)


async def session_of(plan: Plan, seat: Seat, spool: Spool) -> SeatSession:
    """Open the granted session, or go on with it after a kill."""
    box_key = VerifyKey.from_hex(plan.box_key)
    grant = open_grant(plan.grant, box_key)
    if await spool.last_session() is None:
        reply = LoggedIn(
            grant=plan.grant,
            own_data=OwnData(
                candidate=grant.candidate,
                name="",
                id_number="",
                ticket_number="",
                mobile="",
                level="",
                extra_minutes=0,
            ),
            standing=Standing(session=Session(state=State.SEATED)),
            decisions=(),
        )
        key = SigningKey.from_seed(bytes.fromhex(plan.key))
        consented = seat.event(Consented, faces=True, recording=True)
        await spool.open_session(grant, reply, key, [consented])
    stored = await spool.last_session()
    assert stored is not None
    progress = Progress(rules=read_rule_book(RULES.read_text("utf-8")), box_keys=[box_key])
    return await SeatSession.resume(spool, stored, grant, progress, seat.changed, seat.now() or 0)


def proven(plan: Plan, http: aiohttp.ClientSession) -> Any:
    """Return the box as `terminal_agent.link.Proven` has it."""
    return SimpleNamespace(
        http=http,
        hall=SimpleNamespace(info=SimpleNamespace(recordings_port=plan.port, faces_port=0)),
        url=lambda port, path: f"https://127.0.0.1:{port}{path}",
    )


async def until_told(seat: Seat, recorder: Recorder, session: SeatSession) -> None:
    """End the session when told to, and return when the box has all of it."""
    await asyncio.to_thread(sys.stdin.readline)
    session.state = "left"
    seat.changed()
    shelf, grant = recorder._shelf, session.grant
    await until(lambda: shelf.chain(grant.session, grant.epoch, View.FRONT).told)


async def main(plan: Plan, clip: str) -> None:
    """Record until the end."""
    steady = MachineClock()
    seat = Seat(clock_of(plan, steady), steady)
    identity = Identity(chain_pem=plan.chain_pem.encode(), key_pem=Secret(plan.key_pem.encode()))
    context = client_context(authorities=plan.authority_pem.encode(), identity=identity)
    folder = Path(plan.folder)
    recorder = Recorder(clip, folder / "segments", rules=CutRules(duration_ms=plan.duration_ms))
    async with (
        Spool(folder) as spool,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http,
        recorder,
    ):
        session = await session_of(plan, seat, spool)
        seat.state.hall = SimpleNamespace(  # type: ignore[assignment]
            manifest=SimpleNamespace(office=SimpleNamespace(opening_recipient=plan.recipient))
        )
        seat.state.session, seat.state.proven = session, proven(plan, http)
        recording = asyncio.ensure_future(recorder.run(seat))
        await until(lambda: recorder.recording_since is not None)
        say("recording")
        await until_told(seat, recorder, session)
        recording.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await recording
        say("ended")


def say(word: str) -> None:
    """Tell whoever started this program."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(decode(Path(sys.argv[1]).read_bytes(), Plan), sys.argv[2]))
