"""A full disk at every write point of a seat, from its start to the end of its candidate's exam.

The whole way is gone once to count the points, and then once for each of them: there the disk
is full until somebody makes room. The page is told, what was called kept is there, and the way
goes on to the same end.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from exam.paper import Chosen
from exam.session import State
from protocol.decisions import Armed, Told
from protocol.envelope import Envelope
from protocol.grant import open_grant
from protocol.journal import Event, decode_event
from protocol.seat_api import DecisionSaid
from runtime.errors import DatabaseError, DiskError
from runtime.faults import FaultyDisk
from terminal_agent import actions as do
from terminal_agent.actions import Action, Kept, NotKept, Refused
from terminal_agent.view import ReasonCode
from tests.seat_hall import (
    ADMITTED,
    FIELDS,
    MINUTE,
    START,
    BoxLine,
    Keys,
    SampleHall,
    SeatAtWork,
    desk,
    lay_paper,
)

KEYS = Keys()


class Way:
    """One candidate's way at one seat; `kept` are the numbers that the page was told."""

    def __init__(self, folder: Path, disk: FaultyDisk) -> None:
        self.folder = folder
        self.disk = disk
        self.hall = SampleHall(KEYS)
        self.line = BoxLine(self.hall)
        self.kept: list[int] = []
        self.points = 0
        self.said = 0
        """How often the page was told that the disk refuses."""

    async def go(self) -> list[Event]:
        """Go the whole way; return the journal as it then lies on the disk."""
        lay_paper(self.folder, self.hall)
        await self.sit(self.before)
        await self.sit(self.exam)
        await self.sit(self.after)
        self.points = self.disk.points
        return await self.journal()

    async def sit(self, part: Callable[[SeatAtWork], Awaitable[None]]) -> None:
        """Start the seat's program, again where it finds no room, and do a part of the day."""
        is_up = False
        while not is_up:
            try:
                async with desk(self.folder, self.hall, self.line, knows=self.hall) as at:
                    is_up = True
                    await part(at)
            except (DiskError, DatabaseError):
                assert not is_up, "what breaks the link or an action ends no program"
                self.disk.room()
                self.said += 1

    # --- the three parts, with a restart between them -------------------------------------------

    async def before(self, at: SeatAtWork) -> None:
        if at.desk.state.session is None:
            await self.act(at, do.Consent(given=False))
            await self.act(at, do.LogIn(fields=FIELDS))
        await self.act(at, do.ConfirmOwnData(right=True))
        await self.hear(at, self.hall.decision(ADMITTED, one=True))
        await self.act(at, do.RulesRead())
        await self.hear(at, self.hall.decision(Armed(start=START)))
        await self.until_heard(at, lambda: at.tell_time(START))
        await self.until_heard(at, lambda: at.seat.hear(self.hall.key_said()))

    async def exam(self, at: SeatAtWork) -> None:
        assert at.desk.state.state() is State.ANSWERING
        for option in ("o1", "o2", "o3"):
            await self.answer(at, "s1", option)
        await self.act(at, do.Mark(item="s2", marked=True))
        await self.act(at, do.GoTo(item="s5"))
        await self.act(at, do.ScreenLeft(away=True))
        await self.act(at, do.ScreenLeft(away=False))
        await self.act(at, do.RaiseHand(raised=True))
        await self.act(at, do.RaiseHand(raised=False))
        told = self.hall.decision(Told(text="quiet", must_confirm=True), one=True)
        await self.hear(at, told)
        await self.act(at, do.ConfirmNotice(id=told.digest))
        await self.until_heard(at, at.deliver)

    async def after(self, at: SeatAtWork) -> None:
        await self.until_heard(at, lambda: at.tell_time(START + 31 * MINUTE))
        await self.answer(at, "s3", "o4")
        await self.act(at, do.HandIn())
        await self.until_heard(at, at.deliver)
        grant = at.session.grant
        place = self.line.positions[grant.session, grant.epoch]
        for said in (
            self.hall.receipt(grant.session, place),
            self.hall.office_holds(grant.session, place),
        ):
            await self.until_heard(at, lambda said=said: at.seat.hear(said))
        await self.act(at, do.LeaveHall())

    # --- what the page and the link do -----------------------------------------------------------

    async def answer(self, at: SeatAtWork, item: str, option: str) -> None:
        await self.act(at, do.Answer(item=item, response=Chosen(options=(option,))))

    async def act(self, at: SeatAtWork, action: Action) -> None:
        """Do as the page does: again, where the disk refused."""
        outcome = await at.seat.act(action)
        if isinstance(outcome, NotKept):
            assert outcome.reason.code is ReasonCode.DISK
            self.said += 1
            self.disk.room()
            outcome = await at.seat.act(action)
        if isinstance(outcome, Refused):  # it was kept before the restart
            assert outcome.reason.code in {ReasonCode.NOT_NOW, ReasonCode.TIME_OVER}
        if isinstance(outcome, Kept):
            self.kept.append(outcome.event)

    async def hear(self, at: SeatAtWork, envelope: Envelope) -> None:
        """Let the box say a decision, again after each link."""
        await self.until_heard(at, lambda: at.seat.hear(DecisionSaid(decision=envelope)))

    async def until_heard(self, at: SeatAtWork, said: Callable[[], Awaitable[object]]) -> None:
        """Do as the link does: it breaks at a full disk, the page says so, and it comes again."""
        try:
            await said()
        except (DiskError, DatabaseError) as error:
            at.desk.troubled(error)
            trouble = at.seat.view().trouble
            assert trouble is not None
            assert trouble.code is ReasonCode.DISK_TRIED
            self.said += 1
            self.disk.room()
            await at.meet(self.hall, self.line)
            at.desk.troubled(None)
            await said()

    async def journal(self) -> list[Event]:
        """Return the one journal, as it lies on the disk; all of it is at the box."""
        async with desk(self.folder, self.hall, self.line, meets=False) as at:
            *_, last = await at.desk.spool.sessions()
            assert last.receipt is not None
            grant = open_grant(last.grant_envelope, KEYS.box.public)
            bodies = await at.desk.spool.events(grant, 1, 999)
        assert self.line.journal[grant.session, grant.epoch] == bodies
        return [decode_event(body) for body in bodies]


def names(events: list[Event]) -> list[str]:
    """Return what happened, without how often the program was started."""
    return [type(event).__name__ for event in events if type(event).__name__ != "Started"]


async def test_the_way_to_the_receipt_survives_a_full_disk_anywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At each write point the page says it, and afterwards the journal is the same."""
    with FaultyDisk().installed() as disk:
        way = Way(tmp_path / "counted", disk)
        whole = names(await way.go())
        points = way.points
        assert way.said == 0
    for after in range(points):
        with FaultyDisk().installed() as disk:
            way = Way(tmp_path / f"point-{after}", disk)
            disk.full(after=after)
            events = await way.go()
            assert way.said >= 1, f"point {after}: nobody was told"
        assert [event.n for event in events] == list(range(1, len(events) + 1))
        assert set(way.kept) <= {event.n for event in events}
        assert names(events) == whole, f"point {after}"
    assert points >= 40
    with capsys.disabled():
        print(f"\n{points} write points of a seat's day visited with a full disk")  # noqa: T201
