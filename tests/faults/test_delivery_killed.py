"""kill -9 of the real receiver, inner worker and courier while parcels are on their way."""

import contextlib
import json
import os
import random
import signal
from pathlib import Path

import pytest

from drill.line import Line
from drill.ports import free_port
from protocol.parcel import Lane
from runtime.database import open_read_only
from runtime.files import make_folder, write_atomic
from runtime.supervise import Condition, Supervisor
from tests.real_office import RealOffice, set_up
from tests.sample_parcels import SampleParcel
from tests.sample_session import SampleSession
from tests.waiting import until

KILLS = 15


def put(real: RealOffice, parcel: SampleParcel) -> None:
    """Do as the makers of parcels do."""
    folder = real.outbox / parcel.key.lane.value
    make_folder(folder)
    write_atomic(folder / parcel.key.file_name, parcel.data)


def stages(real: RealOffice) -> dict[str, int]:
    """Return the courier's parcels by stage."""
    if not real.courier_database.exists():
        return {}
    with contextlib.closing(open_read_only(real.courier_database)) as connection:
        rows = connection.execute("SELECT stage, count(*) FROM parcel GROUP BY 1")
        return {str(stage): int(count) for stage, count in rows}


def all_verified(real: RealOffice, made: list[SampleParcel]) -> bool:
    """Say whether the courier has receipts that all of these are verified."""
    return stages(real) == {"verified": len(made)}


@pytest.mark.slow
async def test_killed_anywhere_everything_arrives_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through fifteen kills at random moments: every answer in the store, none twice."""
    chance = random.Random(7)
    real = set_up(tmp_path, capsys, line_port=free_port())
    lanes, made = real.lanes(), []
    session = SampleSession(lanes.box, "c-001", plan=real.made.manifest)
    async with (
        Line("127.0.0.1", real.port, listen_port=real.line_port) as line,
        Supervisor(real.programs(), first_pause=0.02, longest_pause=0.05) as programs,
    ):
        await programs.all_ready()
        line.slow(300_000)
        for kill in range(KILLS):
            session.answer(f"q-{kill}", chance.choice("abcd"))
            records = [session.granted(), session.journal()] if kill == 0 else [session.journal()]
            made.append(lanes.parcel(Lane.ANSWERS, records))
            made.append(lanes.parcel(Lane.RECORDINGS, blobs=[chance.randbytes(200_000)]))
            for parcel in made[-2:]:
                put(real, parcel)
            enough = line.passed + chance.randrange(1_000, 250_000)
            await until(lambda n=enough: line.passed > n or all_verified(real, made))
            victim = chance.choice(programs.states)
            if victim.pid is not None and victim.condition is Condition.READY:
                os.kill(victim.pid, signal.SIGKILL)
        line.slow(None)
        await until(lambda: all_verified(real, made), seconds=60)
        assert sum(state.deaths for state in programs.states) >= KILLS // 2
    for parcel in made:
        assert real.layout.parcel(parcel.key).read_bytes() == parcel.data
    held = json.loads(real.central("responses", str(real.home)))
    expected = {item: list(answer.options) for item, answer in session.answers.items()}  # type: ignore[union-attr]
    assert {one["item"]: one["response"]["options"] for one in held} == expected
    (sitting,) = real.status()["sittings"]
    assert {lane["lane"]: lane["verified"] for lane in sitting["lanes"]} == {
        Lane.ANSWERS: KILLS,
        Lane.RECORDINGS: KILLS,
    }
    assert all(lane["highest"] == lane["verified"] for lane in sitting["lanes"])
