"""The hall of network namespaces keeps what its words promise."""

import os
import sys
from pathlib import Path

import msgspec
import pytest

from drill.netns import APPLIANCE, Hall, NamespaceError

pytestmark = pytest.mark.netns

EXISTING = Path("/run/netns")
ECHO = Path(__file__).with_name("udp_echo.py")


class Line(msgspec.Struct):
    answered: int
    slowest_s: float


def everything() -> list[str]:
    return sorted(path.name for path in EXISTING.iterdir())


def namespaces_of_ours() -> list[str]:
    return [name for name in everything() if name.startswith(f"examhall-{os.getpid()}-")]


async def ask(hall: Hall, place: int, address: str, *, count: int = 1, size: int = 1) -> Line:
    argv = [sys.executable, str(ECHO), "ask", address, str(count), str(size)]
    return msgspec.json.decode((await hall.run(place, argv)).out, type=Line)


async def reaches(hall: Hall, place: int, address: str) -> bool:
    return (await ask(hall, place, address)).answered == 1


async def answering(hall: Hall, *places: int) -> None:
    """Have the machines at these places answer datagrams."""
    for place in places:
        server = await hall.start(place, [sys.executable, str(ECHO), "serve"])
        assert server.stdout
        assert await server.stdout.readline() == b"ready\n"


def lives(pid: int) -> bool:
    try:
        return Path("/proc", str(pid), "stat").read_text().rsplit(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_every_machine_reaches_every_other() -> None:
    """Terminals reach the appliance and each other, and nothing outside."""
    async with Hall(terminals=3) as hall:
        await answering(hall, APPLIANCE, 3)
        assert await reaches(hall, 1, hall.address(APPLIANCE))
        assert await reaches(hall, APPLIANCE, hall.address(3))
        assert await reaches(hall, 2, hall.address(3))
        assert not await reaches(hall, 1, "192.0.2.1")


async def test_a_pulled_cable_cuts_one_machine_only() -> None:
    """An unplugged terminal is cut off and keeps its address; its neighbour is not."""
    async with Hall(terminals=2) as hall:
        await answering(hall, APPLIANCE)
        await hall.unplug(1)
        assert not await reaches(hall, 1, hall.address(APPLIANCE))
        assert hall.address(1) in (await hall.run(1, ["ip", "addr"])).out
        assert await reaches(hall, 2, hall.address(APPLIANCE))
        await hall.plug(1)
        assert await reaches(hall, 1, hall.address(APPLIANCE))


async def test_a_pulled_adapter_takes_the_interface_away() -> None:
    """A pulled adapter is gone with its address, and comes back with the same one."""
    async with Hall(terminals=1) as hall:
        await answering(hall, APPLIANCE)
        await hall.pull_adapter(1)
        assert "eth0" not in (await hall.run(1, ["ip", "link"])).out
        await hall.insert_adapter(1)
        assert await reaches(hall, 1, hall.address(APPLIANCE))


async def test_a_changed_address_replaces_the_old_one() -> None:
    """After a change of address the new one answers and the old one does not."""
    async with Hall(terminals=1) as hall:
        await answering(hall, 1)
        old = hall.address(1)
        new = await hall.change_address(1)
        assert new == hall.address(1) != old
        assert await reaches(hall, APPLIANCE, new)
        assert not await reaches(hall, APPLIANCE, old)


async def test_loss_is_the_share_asked_for_in_each_direction() -> None:
    """At 30 % each way about half of the datagrams return; at 0 all of them again."""
    async with Hall(terminals=2) as hall:
        await answering(hall, APPLIANCE)
        assert await reaches(hall, 1, hall.address(APPLIANCE))  # address resolution is past
        await hall.loss(1, 0.3)
        lossy = await ask(hall, 1, hall.address(APPLIANCE), count=400)
        assert 0.35 < lossy.answered / 400 < 0.63
        assert (await ask(hall, 2, hall.address(APPLIANCE), count=50)).answered == 50
        await hall.loss(1, 0)
        assert (await ask(hall, 1, hall.address(APPLIANCE), count=50)).answered == 50


async def test_a_slow_cable_is_slow() -> None:
    """At 400 kbit/s twenty-two datagrams of 1,000 bytes need over 100 ms, without it not."""
    async with Hall(terminals=1) as hall:
        await answering(hall, APPLIANCE)
        await hall.rate(1, 400)
        slow = await ask(hall, 1, hall.address(APPLIANCE), count=22, size=1000)
        await hall.rate(1, None)
        quick = await ask(hall, 1, hall.address(APPLIANCE), count=22, size=1000)
        assert slow.slowest_s > 0.1 > quick.slowest_s


async def test_everything_is_gone_even_when_a_test_fails() -> None:
    """Namespaces and started programs end with the hall, whichever way it ends."""
    before = namespaces_of_ours()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the failure is inside on purpose
        async with Hall(terminals=2) as hall:
            sleeper = await hall.start(1, ["sh", "-c", "sleep 600 & echo $!; wait"])
            assert sleeper.stdout
            child = int(await sleeper.stdout.readline())
            assert lives(child)
            _ = 1 / 0
    assert namespaces_of_ours() == before
    assert sleeper.returncode is not None
    assert not lives(child)


async def test_what_a_killed_maker_left_is_swept() -> None:
    """A namespace whose maker no longer lives is removed by the next hall."""
    gone = 2**22 + 1
    async with Hall(terminals=0) as hall:
        await hall.run(APPLIANCE, ["ip", "netns", "add", f"examhall-{gone}-1-0"])
    async with Hall(terminals=0):
        assert f"examhall-{gone}-1-0" not in everything()


async def test_a_failing_command_says_what_it_said() -> None:
    """A fault that cannot be made names the command and the system's reason."""
    async with Hall(terminals=1) as hall:
        await hall.pull_adapter(1)
        with pytest.raises(NamespaceError, match="Cannot find device"):
            await hall.unplug(1)
        with pytest.raises(IndexError, match="0 to 1, got 2"):
            await hall.unplug(2)
