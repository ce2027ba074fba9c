"""A box whose battery is dead: nobody is shut out, and every time on record is the hall's."""

import datetime as dt
from pathlib import Path

from exam.session import State
from protocol import seat_api, staff_api
from protocol.journal import Answered, RulesRead
from protocol.seat_api import Acknowledged
from protocol.staff_api import ActDone, TaskKind
from protocol.values import decode
from tests.attacked_hall import AttackedHall, attacked_hall

A_DAY = dt.timedelta(days=1)
NEAR_MS = 30_000


async def correction(hall: AttackedHall) -> int:
    """Return what a person reads off a clock that is right."""
    return hall.now() - (await hall.status()).hall_time


async def test_from_pairing_to_an_answer_on_a_box_in_2000(tmp_path: Path) -> None:
    """Paired, asked for the hall and told its time before the doors; log-in and answers after."""
    async with attacked_hall(
        tmp_path, module="tests.appliance_in_2000", packed=A_DAY, opens_doors=False
    ) as hall:
        before = await hall.status()
        assert before.clock_confirmed_by == ""
        assert TaskKind.CLOCK in {task.kind for task in before.tasks}
        made_at = hall.office.manifest.made_at  # in 2000 no certificate is valid yet
        assert made_at <= before.hall_time < made_at + NEAR_MS
        async with hall.seat("a01") as seat:
            async with seat.http.get(seat_api.HALL) as reply:
                assert reply.status == 200, await reply.text()
                decode(await reply.read(), seat_api.HallInfo)
            early = await seat.log_in(0)
            assert isinstance(early, seat_api.LoginRefused)
            assert early.code is seat_api.LoginRefusal.TOO_EARLY
            opened = await hall.act(staff_api.OpenDoors(correction=await correction(hall)))
            assert isinstance(opened, ActDone), opened
            status = await hall.status()
            assert status.clock_confirmed_by == "wang-fang"
            assert abs(status.hall_time - hall.now()) < NEAR_MS
            assert isinstance(await seat.log_in(0), seat_api.LoggedIn)
            assert seat.grant is not None
            assert abs(seat.grant.granted_at - hall.now()) < NEAR_MS
            await hall.until_state("a01", State.IDENTIFIED)
            assert isinstance(await seat.write((RulesRead, {"rules": "0" * 64})), Acknowledged)
            await hall.begin()
            answer = {"item": "q1", "response": {"type": "chosen", "options": ["a"]}}
            assert isinstance(await seat.write((Answered, answer)), Acknowledged)
