"""The spool: what is kept, in which order, and what may be written twice."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from protocol.decisions import Paused, Resumed, open_decision
from protocol.grant import Grant, Position, open_grant
from protocol.journal import Placed, decode_event
from protocol.keys import SigningKey
from protocol.seat_api import LoggedIn, Standing
from runtime.errors import DatabaseForeignError, DatabaseInUseError
from terminal_agent.spool import Spool
from terminal_agent.trust import Log
from tests.seat_hall import OWN, BoxLine, SampleHall

HALL = SampleHall()
LOG = Log(sitting="s-1", appliance="box-1", generation=1)


def looked(n: int) -> Placed:
    """Make event ``n``: the candidate turned to an item."""
    return Placed(n=n, hall=1, mono=1, item="q-1")


async def opened(spool: Spool, line: BoxLine) -> Grant:
    """Open a session in the spool; return its grant."""
    key = SigningKey.generate()
    reply: LoggedIn = line.let_in(HALL.grant(key.public.hex))
    grant = open_grant(reply.grant, HALL.keys.box.public)
    await spool.open_session(grant, reply, key, [looked])
    return grant


async def test_events_count_without_a_hole_whoever_writes(tmp_path: Path) -> None:
    """Fifty at once are numbered in the order in which they became durable."""
    async with Spool(tmp_path) as spool:
        grant = await opened(spool, BoxLine(HALL))
        kept = await asyncio.gather(*(spool.append(grant, [looked]) for _ in range(50)))
        numbers = sorted(event.n for group in kept for event, _ in group)
        assert numbers == list(range(2, 52))
        bodies = await spool.events(grant, 1, 999)
        assert [decode_event(body).n for body in bodies] == list(range(1, 52))
        assert await spool.last_event(grant.session, grant.epoch) == 51
        assert len(await spool.events(grant, 50, 999)) == 2


async def test_an_event_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    """Of a group all are kept, or none."""

    def wrong(_: int) -> Placed:
        raise ValueError("no such event")

    async with Spool(tmp_path) as spool:
        grant = await opened(spool, BoxLine(HALL))
        with pytest.raises(ValueError, match="no such event"):
            await spool.append(grant, [looked, wrong])
        assert await spool.last_event(grant.session, grant.epoch) == 1


async def test_a_session_is_read_back_as_it_was(tmp_path: Path) -> None:
    """Grant, key, standing, and how far box and office are."""
    async with Spool(tmp_path) as spool:
        grant = await opened(spool, BoxLine(HALL))
        await spool.keep_tail(grant, 1)
        await spool.keep_tail(grant, 0)
        await spool.keep_lowered(grant, 1)
        await spool.keep_office(grant.session, Position(epoch=1, n=1, head="0" * 64))
        await spool.keep_office(grant.session, Position(epoch=1, n=0, head="0" * 64))
        await spool.set_state(grant, "left")
    async with Spool(tmp_path) as spool:
        (stored,) = await spool.sessions()
    assert (stored.tail, stored.lowered, stored.office, stored.state) == (1, 1, 1, "left")
    assert (stored.own_data, stored.standing.session) == (OWN, BoxLine(HALL).standing().session)
    assert isinstance(stored.standing, Standing)
    assert stored.key().public.hex == grant.session_key
    assert stored.key().dangerous_seed().hex() not in repr(stored)


async def test_the_same_session_is_never_opened_twice(tmp_path: Path) -> None:
    """A grant that comes again changes nothing of what was written under it."""
    async with Spool(tmp_path) as spool:
        line = BoxLine(HALL)
        grant = await opened(spool, line)
        (stored,) = await spool.sessions()
        again = LoggedIn(
            grant=stored.grant_envelope, own_data=OWN, standing=line.standing(), decisions=()
        )
        with pytest.raises(sqlite3.IntegrityError):
            await spool.open_session(grant, again, stored.key(), [looked])
        assert await spool.last_event(grant.session, grant.epoch) == 1


async def test_decisions_are_kept_once_and_by_their_log(tmp_path: Path) -> None:
    """The same number of another sitting, box or generation is another decision."""
    box = HALL.keys.box.public
    hall = SampleHall(HALL.keys)
    envelopes = [hall.decision(Paused(reason="x")), hall.decision(Resumed(reason="y"))]
    other = SampleHall(HALL.keys, sitting="s-2").decision(Paused(reason="z"))
    async with Spool(tmp_path) as spool:
        for envelope in reversed(envelopes):
            assert await spool.keep_decision(open_decision(envelope, box), envelope)
            assert not await spool.keep_decision(open_decision(envelope, box), envelope)
        assert await spool.keep_decision(open_decision(other, box), other)
        assert await spool.decisions(LOG) == envelopes
        assert await spool.decisions_seen(LOG) == 2
        for log in (
            Log(sitting="s-2", appliance="box-2", generation=1),
            Log(sitting="s-1", appliance="box-1", generation=2),
        ):
            assert await spool.decisions(log) == []
            assert await spool.decisions_seen(log) == 0


async def test_a_spool_has_one_program(tmp_path: Path) -> None:
    """A second one is told, and touches nothing."""
    async with Spool(tmp_path):
        with pytest.raises(DatabaseInUseError):
            async with Spool(tmp_path):
                pass


async def test_another_programs_file_is_no_spool(tmp_path: Path) -> None:
    """It is refused before anything in it is changed."""
    with sqlite3.connect(tmp_path / "spool.db") as file:
        file.execute("CREATE TABLE theirs (x)")
    before = (tmp_path / "spool.db").read_bytes()
    with pytest.raises(DatabaseForeignError):
        async with Spool(tmp_path):
            pass
    assert (tmp_path / "spool.db").read_bytes() == before
