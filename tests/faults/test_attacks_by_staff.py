"""Somebody at the staff's socket who has a captured act, or acts in another's name."""

import contextlib
import sqlite3
from pathlib import Path

from msgspec.structs import replace

from appliance.ipc import staff_client
from protocol import staff_api
from protocol.keys import SigningKey
from protocol.staff_api import ActDone, ActRefusal, ActRefused
from tests.attacked_hall import AttackedHall, attacked_hall

EXTEND = staff_api.Extend(candidate=None, ms=600_000, reason="line")


async def refusal(
    hall: AttackedHall, asked: staff_api.StaffAct, key: SigningKey | None = None
) -> ActRefusal:
    """Return why an act was refused."""
    reply = await staff_client.perform(hall.socket, asked, key or hall.staff)
    assert isinstance(reply, ActRefused)
    return reply.code


async def test_an_act_counts_once_even_where_its_reply_was_lost(tmp_path: Path) -> None:
    """Sent again, and again after the kept reply is gone: ten minutes are given once."""
    async with attacked_hall(tmp_path) as hall:
        asked = staff_client.new_act(await hall.status(), "wang-fang", EXTEND)
        first = await staff_client.perform(hall.socket, asked, hall.staff)
        assert isinstance(first, ActDone)
        assert await staff_client.perform(hall.socket, asked, hall.staff) == first
        database = next((hall.state / "core").glob("*/core.db"))
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as box, box:
            assert box.execute("DELETE FROM acts").rowcount
        assert await staff_client.perform(hall.socket, asked, hall.staff) == first


async def test_nobody_acts_in_anothers_name_or_for_another_box(tmp_path: Path) -> None:
    """A strange key, a colleague's name, another generation, box or centre: all untrusted."""
    async with attacked_hall(tmp_path) as hall:
        asked = staff_client.new_act(await hall.status(), "wang-fang", EXTEND)
        assert await refusal(hall, asked, SigningKey.generate()) is ActRefusal.UNTRUSTED
        for false in (
            replace(asked, staff="li-na"),
            replace(asked, generation=2),
            replace(asked, appliance="spare"),
            replace(asked, centre="elsewhere"),
        ):
            assert await refusal(hall, false) is ActRefusal.UNTRUSTED
