"""In a hall with a spoofer and a relay on the switch, seats are paired with the true box."""

import asyncio
import sys
from pathlib import Path

import pytest

from drill.netns import APPLIANCE, Hall

pytestmark = pytest.mark.netns

PARTIES = [sys.executable, str(Path(__file__).with_name("pairing_parties.py"))]


async def next_line(program: asyncio.subprocess.Process) -> list[str]:
    async with asyncio.timeout(25):
        line = await program.stdout.readline()
    if not line:
        pytest.fail((await program.stderr.read()).decode())
    return line.decode().split()


async def test_liars_on_the_network_win_nothing(tmp_path: Path) -> None:
    """Both liars are tried first; the seat goes on to the box, which shows who was between."""
    async with Hall(terminals=3) as hall:
        box = await hall.start(APPLIANCE, [*PARTIES, "box", str(tmp_path), "a-01", "a-02"])
        code = "".join(await next_line(box))
        await hall.start(2, [*PARTIES, "spoofer", str(tmp_path), "box-2"])
        true = f"{hall.address(APPLIANCE)}:8443"
        await hall.start(3, [*PARTIES, "relay", str(tmp_path), "box-3", true])
        seat = await hall.start(1, [*PARTIES, "seat", str(tmp_path), "a-01", code, "3"])
        assert await next_line(seat) == [true, "a-01"]
        assert await next_line(box) == ["WrongCode", hall.address(3)]
        assert await next_line(box) == ["SeatPaired", hall.address(1)]
