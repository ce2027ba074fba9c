"""The session at a seat: what goes into a batch."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exam.rulebook import read_rule_book
from exam.session import Session
from protocol.grant import Grant, sign_grant
from protocol.journal import Event, Placed
from protocol.keys import SigningKey
from protocol.seat_api import LoggedIn, OwnData, Standing
from provisioning.plan import OWN_RULE_BOOKS
from terminal_agent.progress import Progress
from terminal_agent.session import SeatSession
from terminal_agent.spool import Spool

RULES = read_rule_book((OWN_RULE_BOOKS / "ksj.toml").read_text("utf-8"))


def looked(n: int) -> Event:
    """Make event ``n``: the candidate turned to an item."""
    return Placed(n=n, hall=1, mono=1, item="q-1")


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[SeatSession]:
    """A session over a spool of its own, with nothing written yet."""
    box, key = SigningKey.generate(), SigningKey.generate()
    grant = Grant(
        appliance="box-1", generation=1, centre="c1", sitting="s1", subject="theory", room="r1",
        seat="a1", candidate="c-001", session=secrets.token_hex(16), epoch=1,
        seat_certificate="1" * 64, session_key=key.public.hex, previous=None,
        order_seed="2" * 32, order=(), granted_at=1,
    )  # fmt: skip
    own = OwnData(
        candidate="c-001", name="王芳", id_number="1", ticket_number="2", mobile="3", level="",
        extra_minutes=0,
    )  # fmt: skip
    envelope = sign_grant(grant, box)
    reply = LoggedIn(
        grant=envelope, own_data=own, standing=Standing(session=Session()), decisions=()
    )
    async with Spool(tmp_path) as spool:
        await spool.open_session(grant, reply, key, [])
        progress = Progress(rules=RULES, box_keys=[box.public])
        yield SeatSession(spool, grant, envelope.digest, key, own, progress, lambda: None)


async def test_an_event_that_is_kept_but_not_followed_yet_waits_for_the_next_batch(
    session: SeatSession,
) -> None:
    """Between the commit and its following a batch may be asked for: it ends before."""
    await session.write(looked)
    await session._spool.append(session.grant, [looked])
    batch = await session.next_batch()
    assert batch is not None
    assert len(batch.events) == 1


async def test_there_is_no_batch_of_what_nobody_has_followed(session: SeatSession) -> None:
    """The very first event may be on the disk, and nothing can be signed yet."""
    await session._spool.append(session.grant, [looked])
    assert await session.next_batch() is None
