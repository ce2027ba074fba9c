"""Five terminals and an appliance on one switch find each other, whatever happens to it.

Real discovery and real finding, each in a network namespace of its own, by real mDNS.
"""

import asyncio
import re
import sqlite3
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from appliance.ipc.discovery import TerminalSeen, TerminalsSeen
from drill.netns import APPLIANCE, Hall
from protocol.discovery import TERMINAL_SERVICE

pytestmark = pytest.mark.netns

HERE = Path(__file__).parent
PACKET_FILTER = HERE.parent.parent / "appliance" / "discovery" / "packet_filter.nft"
LIE = "10.77.99.99:6666"
SEATS = {place: f"a-{place:02d}" for place in range(1, 9)}
SECONDS = 25.0
"""No test waits so long unless it fails; measured: 1 to 2 to find, 5 to miss."""


class Line(msgspec.Struct):
    found: str | None = None
    lost: str | None = None


class Watched:
    """What a program says, line by line, as values; remembers the last."""

    def __init__(self, process: Process, kind: type) -> None:
        self.process = process
        self.last = None
        self._kind = kind

    async def until(self, true: Callable[[object], bool], seconds: float = SECONDS):
        """The first value for which ``true`` holds; fails with the last one seen."""
        assert self.process.stdout
        try:
            async with asyncio.timeout(seconds):
                while line := await self.process.stdout.readline():
                    self.last = msgspec.json.decode(line, type=self._kind)
                    if true(self.last):
                        return self.last
        except TimeoutError:
            pytest.fail(f"not within {seconds} s; the last was {self.last}")
        assert self.process.stderr
        pytest.fail((await self.process.stderr.read()).decode())


class Scene:
    """A hall with an appliance in it; terminals are switched on one by one."""

    def __init__(self, hall: Hall, folder: Path, renew_s: float, network: str = "lan") -> None:
        self.hall = hall
        self._network = network
        self._folder = folder
        self._renew = str(renew_s)

    async def switch_on_appliance(self, *places: int) -> None:
        seats = [SEATS[place] for place in places]
        program = [sys.executable, str(HERE / "hall_appliance.py"), self._network]
        process = await self.hall.start(
            APPLIANCE, [*program, str(self._folder), self._renew, *seats]
        )
        self.core = Watched(process, TerminalsSeen)

    async def switch_on(
        self, place: int, seat: str | None = "", *given: str, at: int | None = None
    ) -> Watched:
        program = [sys.executable, str(HERE / "hall_terminal.py"), self._network]
        name = "-" if seat is None else seat or SEATS[place]
        argv = [*program, f"{0xABC0 + place:08x}", name, self._renew, *given]
        return Watched(await self.hall.start(place if at is None else at, argv), Line)

    async def reached(self, *places: int, seconds: float = SECONDS) -> dict[str, TerminalSeen]:
        """Wait until core hears that these terminals answer, at their present addresses."""
        now = {SEATS[place]: self.hall.address(place) for place in places}
        news = await self.core.until(lambda news: now.items() <= answering(news).items(), seconds)
        return {seen.name: seen for seen in news.terminals}

    async def silent(self, place: int) -> None:
        """Wait until core hears that this terminal does not answer."""
        await self.core.until(lambda news: SEATS[place] not in answering(news), 20)


def answering(news: object) -> dict[str, str]:
    assert isinstance(news, TerminalsSeen)
    return {
        seen.name: seen.addresses[0].partition(":")[0] for seen in news.terminals if seen.reached
    }


@asynccontextmanager
async def scene(folder: Path, terminals: int, renew_s: float = 30) -> AsyncIterator[Scene]:
    async with Hall(terminals=terminals) as hall:
        made = Scene(hall, folder, renew_s)
        await made.switch_on_appliance(*hall.terminals)
        yield made


async def found(terminal: Watched, seconds: float = SECONDS) -> str:
    line = await terminal.until(lambda line: line.found is not None, seconds)
    return line.found


async def test_five_terminals_and_the_appliance_find_each_other(tmp_path: Path) -> None:
    """With nothing typed, both sides know of each other within seconds; so does a late one."""
    async with scene(tmp_path, 5) as hall:
        early = [await hall.switch_on(place) for place in (1, 2, 3, 4)]
        for terminal in early:
            assert await found(terminal) == f"{hall.hall.address(APPLIANCE)}:8443"
        seen = await hall.reached(1, 2, 3, 4)
        assert all(seen[SEATS[place]].seat == SEATS[place] for place in (1, 2, 3, 4))
        late = await hall.switch_on(5)
        assert await found(late)
        await hall.reached(1, 2, 3, 4, 5)


async def test_a_machine_without_a_seat_is_shown_as_a_newcomer(tmp_path: Path) -> None:
    """Before it is paired a machine is found under the name that it drew."""
    async with scene(tmp_path, 1) as hall:
        await found(await hall.switch_on(1, None))
        news = await hall.core.until(lambda news: "new-0000abc1" in answering(news))
        assert news.terminals[0].seat is None


async def test_two_machines_of_one_name_are_both_seen(tmp_path: Path) -> None:
    """The second takes a newcomer's name and says which seat it claims."""
    async with scene(tmp_path, 2) as hall:
        await hall.switch_on(1)
        await hall.reached(1)
        await hall.switch_on(2, SEATS[1])
        news = await hall.core.until(lambda news: "new-0000abc2" in answering(news))
        claims = {seen.name: seen.seat for seen in news.terminals}
        assert claims == {SEATS[1]: SEATS[1], "new-0000abc2": SEATS[1]}


@pytest.mark.slow
async def test_a_pulled_cable_comes_back(tmp_path: Path) -> None:
    """Unplugged, a terminal stops answering; plugged in again it is reached and finds again."""
    async with scene(tmp_path, 2) as hall:
        terminals = [await hall.switch_on(place) for place in (1, 2)]
        for terminal in terminals:
            await found(terminal)
        await hall.reached(1, 2)
        await hall.hall.unplug(1)
        await hall.silent(1)
        await terminals[0].until(lambda line: line.lost is not None)
        await hall.hall.plug(1)
        await found(terminals[0])
        await hall.reached(1, 2)


@pytest.mark.slow
async def test_an_adapter_put_back_with_the_same_address(tmp_path: Path) -> None:
    """A network adapter pulled and put back does not leave its machine deaf."""
    async with scene(tmp_path, 2) as hall:
        for place in (1, 2):
            await found(await hall.switch_on(place))
        await hall.reached(1, 2)
        await hall.hall.pull_adapter(1)
        await hall.silent(1)
        await hall.hall.insert_adapter(1)
        await hall.reached(1, 2)


@pytest.mark.slow
async def test_a_changed_address_is_followed(tmp_path: Path) -> None:
    """A terminal's new address is probed, and the appliance's is found, without a restart."""
    async with scene(tmp_path, 1) as hall:
        terminal = await hall.switch_on(1)
        await found(terminal)
        await hall.reached(1)
        await hall.hall.change_address(1)
        await hall.reached(1)
        moved = await hall.hall.change_address(APPLIANCE)
        line = await terminal.until(lambda line: line.found == f"{moved}:8443")
        assert line.found


async def test_an_appliance_that_comes_late_is_found(tmp_path: Path) -> None:
    """Terminals that were on before the appliance find it when it comes."""
    async with Hall(terminals=2) as hall:
        late = Scene(hall, tmp_path, 30)
        terminals = [await late.switch_on(place) for place in (1, 2)]
        await late.switch_on_appliance(1, 2)
        for terminal in terminals:
            await found(terminal)
        await late.reached(1, 2)


async def test_a_restarted_discovery_remembers_where_to_look(tmp_path: Path) -> None:
    """After its death discovery probes whom it knew, before anybody announces anew."""
    async with scene(tmp_path, 1) as hall:
        await hall.switch_on(1)
        await hall.reached(1)
        await rows(tmp_path / "discovery.db", 1)
        hall.core.process.kill()
        await hall.core.process.wait()
        await hall.switch_on_appliance(1)
        news = await hall.core.until(lambda news: bool(news.terminals), 3)
        assert news.terminals[0].name == SEATS[1]
        await hall.reached(1)


async def rows(database: Path, count: int) -> None:
    async with asyncio.timeout(15):
        while True:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                (there,) = connection.execute("SELECT count(*) FROM terminals").fetchone()
            if there == count:
                return
            await asyncio.sleep(0.1)


async def test_a_typed_address_needs_no_mdns(tmp_path: Path) -> None:
    """Where multicast does not pass, the typed address leads there."""
    async with scene(tmp_path, 1) as hall:
        await hall.hall.no_multicast(1)
        terminal = await hall.switch_on(1, "", f"{hall.hall.address(APPLIANCE)}:8443")
        assert await found(terminal)


async def test_a_whole_hall_on_one_machine(tmp_path: Path) -> None:
    """Where all programs share one machine, mDNS over its loopback is enough."""
    async with Hall(terminals=0) as hall:
        one = Scene(hall, tmp_path, 30, "loopback")
        await one.switch_on_appliance(1, 2, 3)
        for place in (1, 2, 3):
            assert await found(await one.switch_on(place, at=APPLIANCE)) == "127.0.0.1:8443"
        await one.core.until(lambda news: len(answering(news)) == 3)


@pytest.mark.slow
async def test_with_a_third_of_all_packets_lost_everybody_is_found(tmp_path: Path) -> None:
    """At 30 % loss each way on every terminal's cable all eight are found and reached."""
    async with scene(tmp_path, 8, renew_s=2) as hall:
        for place in hall.hall.terminals:
            await hall.hall.loss(place, 0.3)
        terminals = [await hall.switch_on(place) for place in hall.hall.terminals]
        for terminal in terminals:
            await found(terminal, 60)
        heard: set[str] = set()

        def all_have_answered(news: object) -> bool:
            heard.update(answering(news))
            return heard == set(SEATS.values())

        await hall.core.until(all_have_answered, 60)


async def lying(hall: Hall, place: int, names: str, a_second: int, seconds: float) -> Process:
    argv = [sys.executable, str(HERE / "mdns_liar.py"), TERMINAL_SERVICE]
    return await hall.start(place, [*argv, names, str(a_second), str(seconds)])


@pytest.mark.parametrize("names", ["random", "new"])
async def test_a_trickle_of_false_names_stays_bounded(tmp_path: Path, names: str) -> None:
    """While hundreds of false names come in, real seats are found and few others are kept."""
    async with scene(tmp_path, 3) as hall:
        liar = await lying(hall.hall, 3, names, 50, 8)
        for place in (1, 2):
            await hall.switch_on(place)
        await hall.reached(1, 2)
        assert liar.returncode is None, "the flood was over too early"
        sent, _ = await liar.communicate()
        assert int(sent) > 300
        if names == "new" and len(hall.core.last.terminals) < 34:
            await hall.core.until(lambda news: len(news.terminals) == 34)
        strangers = [
            each.name for each in hall.core.last.terminals if each.name not in SEATS.values()
        ]
        assert len(strangers) == (32 if names == "new" else 0)


async def test_a_flood_is_stopped_by_the_appliances_packet_filter(tmp_path: Path) -> None:
    """Two thousand packets a second from one machine do not keep the others from being found."""
    async with scene(tmp_path, 3) as hall:
        assert (await hall.hall.run(APPLIANCE, ["nft", "-f", str(PACKET_FILTER)])).code == 0
        liar = await lying(hall.hall, 3, "random", 2000, 8)
        for place in (1, 2):
            await hall.switch_on(place)
        await hall.reached(1, 2)
        assert liar.returncode is None, "the flood was over too early"
        counted = await hall.hall.run(APPLIANCE, ["nft", "list", "counters"])
        dropped = re.search(r"packets (\d+)", counted.out)
        assert dropped
        assert int(dropped[1]) > 500


@pytest.mark.slow
async def test_a_lie_about_a_seat_does_not_push_it_out(tmp_path: Path) -> None:
    """False records and goodbyes in a seat's name leave it found and reached where it is."""
    async with scene(tmp_path, 2) as hall:
        await hall.switch_on(1)
        await hall.reached(1)
        liar = await lying(hall.hall, 2, SEATS[1], 20, 3)
        await hall.core.until(lambda news: LIE in news.terminals[0].addresses)
        await liar.wait()
        await hall.hall.unplug(1)
        await hall.silent(1)
        await hall.hall.plug(1)
        seen = await hall.reached(1)
        assert LIE in seen[SEATS[1]].addresses


AVAHI = """
mount -t tmpfs tmpfs /run && mkdir -p /run/dbus /run/avahi-daemon
dbus-daemon --config-file="$1" --nofork & bus=$!
until [ -S /run/dbus/system_bus_socket ]; do kill -0 $bus || exit 1; done
avahi-daemon --no-drop-root --no-chroot --no-rlimits -f /dev/null & avahi=$!
until [ -S /run/avahi-daemon/socket ]; do kill -0 $avahi || exit 1; done
timeout 4 avahi-browse -rp "$2"
kill $avahi $bus
"""

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>"""


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("_exam-terminal._tcp", r"=;eth0;IPv4;a-01;.*;a-01.local;10.77.0.2;\d+;\"seat=a-01\""),
        ("_exam-appliance._tcp", r"=;eth0;IPv4;box;.*;box.local;10.77.0.1;8443;\"centre=c017\""),
    ],
)
async def test_avahi_sees_what_we_announce(tmp_path: Path, service: str, expected: str) -> None:
    """Another implementation of mDNS finds terminal and appliance, with address and hints."""
    bus = tmp_path / "bus.conf"
    bus.write_text(BUS)
    async with scene(tmp_path, 2) as hall:
        await hall.switch_on(1)
        await hall.reached(1)
        argv = ["unshare", "--mount", "sh", "-c", AVAHI, "avahi", str(bus), service]
        browsed = await hall.hall.run(2, argv)
        assert re.search(expected, browsed.out), browsed
