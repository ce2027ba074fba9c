"""A hall of machines in network namespaces: one appliance, terminals, a switch between.

Owns: namespaces named ``examhall-PID-N-...``, the veth pairs between them, the rules that
lose or slow packets, and the programs started inside. All of it is gone when the
``async with`` ends, by whichever way it ends.

Rules: root is needed, and iproute2 and nftables. Addresses are given by hand, since a hall
may have no DHCP; there is no DNS and no default route. Place 0 is the appliance, 1 to n
are terminals. A packet that is lost is lost inside the switch, so no sender sees an error::

    async with Hall(terminals=5) as hall:
        await hall.loss(3, 0.3)
        await hall.unplug(1)
        done = await hall.run(2, ["ping", "-c1", hall.address(APPLIANCE)])
"""

import asyncio
import contextlib
import itertools
import os
import signal
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

APPLIANCE: Final = 0
"""The place of the appliance."""

CABLE: Final = "eth0"
"""Every machine's only network interface has this name."""

_PREFIX: Final = "examhall"
_NAMESPACES: Final = Path("/run/netns")
_END_GRACE_S: Final = 3.0
_LAST_ADDRESS_BLOCK: Final = 250
_PLACES: Final = 240
_halls = itertools.count(1)


class NamespaceError(Exception):
    """A command of iproute2, nftables or tc failed; the message holds what it said."""


class Finished(NamedTuple):
    """A program that has ended: exit code and what it wrote."""

    code: int
    out: str
    err: str


class Hall:
    """An appliance and ``terminals`` machines on one switch; see the module.

    Raises `NamespaceError` on entry where there is no root or a tool is missing.
    """

    def __init__(self, *, terminals: int) -> None:
        if not 0 <= terminals < _PLACES:
            raise ValueError(f"terminals: expected 0 to {_PLACES - 1}, got {terminals}")
        self._name = f"{_PREFIX}-{os.getpid()}-{next(_halls)}"
        self._places = terminals + 1
        self._block = dict.fromkeys(range(self._places), 0)
        self._started: list[asyncio.subprocess.Process] = []

    # ---- what there is -------------------------------------------------------------

    @property
    def terminals(self) -> range:
        """The places of the terminals."""
        return range(1, self._places)

    def namespace(self, place: int) -> str:
        """Name of the namespace at ``place``."""
        return f"{self._name}-{self._known(place)}"

    def address(self, place: int) -> str:
        """Present IPv4 address of the machine at ``place``."""
        return f"10.77.{self._block[self._known(place)]}.{place + 1}"

    # ---- programs ------------------------------------------------------------------

    async def start(
        self, place: int, argv: Sequence[str], *, env: Mapping[str, str] | None = None
    ) -> asyncio.subprocess.Process:
        """Start a program at ``place``; the hall ends it and its children, at the latest last.

        Its output comes by the pipes of the returned process; ``env`` is added to ours.
        """
        process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self.namespace(place), *argv),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
        self._started.append(process)
        return process

    async def run(self, place: int, argv: Sequence[str], *, timeout_s: float = 30.0) -> Finished:
        """Run a program at ``place`` to its end. Raises `TimeoutError`, having ended it."""
        process = await self.start(place, argv)
        try:
            async with asyncio.timeout(timeout_s):
                out, err = await process.communicate()
        finally:
            await _end(process)
        assert process.returncode is not None
        return Finished(process.returncode, out.decode(), err.decode())

    # ---- faults, as words ----------------------------------------------------------

    async def unplug(self, place: int) -> None:
        """Pull the cable: the machine keeps its address and loses the carrier."""
        await self._switch(f"link set {self._port(place)} down")

    async def plug(self, place: int) -> None:
        """Put the cable back."""
        await self._switch(f"link set {self._port(place)} up")

    async def pull_adapter(self, place: int) -> None:
        """Pull a USB network adapter: the interface itself is gone, with its address."""
        await self._switch(f"link delete {self._port(place)}")

    async def insert_adapter(self, place: int) -> None:
        """Insert the adapter again: a new interface of the same name, the same address."""
        await self._switch(*self._wire(place))
        await self._inside(place, *self._settle(place))

    async def change_address(self, place: int) -> str:
        """Give the machine another address on the same cable; returns it."""
        old = self.address(place)
        self._block[place] = (self._block[place] + 1) % _LAST_ADDRESS_BLOCK
        new = self.address(place)
        # Away first: taking the first address of a network takes the later ones with it.
        await self._inside(
            place, f"addr del {old}/16 dev {CABLE}", f"addr add {new}/16 dev {CABLE}"
        )
        return new

    async def loss(self, place: int, share: float) -> None:
        """Lose this share of packets, 0 to 1, in each direction of the cable at ``place``."""
        if not 0 <= share <= 1:
            raise ValueError(f"share of packets lost: expected 0 to 1, got {share}")
        per_mille, port = round(share * 1000), self._port(place)
        rules = [f"flush chain bridge faults {port}"]
        if per_mille:
            drop = f"numgen random mod 1000 < {per_mille} drop"
            rules.append(f"add rule bridge faults {port} {drop}")
        await self._nft("\n".join(rules))

    async def no_multicast(self, place: int) -> None:
        """Let no multicast through at ``place``, as between two subnets; `loss` ends it."""
        port = self._port(place)
        rule = f"add rule bridge faults {port} ip daddr 224.0.0.0/4 drop"
        await self._nft(f"flush chain bridge faults {port}\n{rule}")

    async def rate(self, place: int, kbit_per_s: int | None) -> None:
        """Limit the cable in each direction, in kbit/s; None takes the limit away."""
        shape = f"tbf rate {kbit_per_s}kbit burst 16kb latency 200ms"
        verb = "replace" if kbit_per_s else "del"
        for namespace, device in (
            (self._switch_ns, self._port(place)),
            (self.namespace(place), CABLE),
        ):
            words = f"tc -n {namespace} qdisc {verb} dev {device} root".split()
            await _command([*words, *(shape.split() if kbit_per_s else [])])

    # ---- making and unmaking -------------------------------------------------------

    async def __aenter__(self) -> Self:
        if os.geteuid() != 0:
            raise NamespaceError("network namespaces: expected to run as root; use sudo")
        await _sweep_abandoned()
        try:
            await self._build()
        except BaseException:
            await self._remove()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.shield(self._remove())

    async def _build(self) -> None:
        names = [self._switch_ns, *map(self.namespace, range(self._places))]
        await _ip(*(f"netns add {name}" for name in names))
        wires = itertools.chain.from_iterable(map(self._wire, range(self._places)))
        await self._switch(
            "link add hall type bridge mcast_snooping 0 stp_state 0", "link set hall up", *wires
        )
        for place in range(self._places):
            await self._inside(place, "link set lo up", *self._settle(place))
        await self._nft(self._fault_table())

    def _wire(self, place: int) -> list[str]:
        port, far = self._port(place), self.namespace(place)
        return [
            f"link add {port} type veth peer name {CABLE} netns {far}",
            f"link set {port} master hall up",
        ]

    def _settle(self, place: int) -> list[str]:
        return [f"addr add {self.address(place)}/16 dev {CABLE}", f"link set {CABLE} up"]

    def _fault_table(self) -> str:
        ports = [self._port(place) for place in range(self._places)]
        chains = [f"add chain bridge faults {port}" for port in ports]
        jumps = [
            f"add rule bridge faults forward {side}ifname {port} jump {port}"
            for port in ports
            for side in "io"
        ]
        hook = "add chain bridge faults forward { type filter hook forward priority 0; }"
        return "\n".join(["add table bridge faults", hook, *chains, *jumps])

    async def _remove(self) -> None:
        await asyncio.gather(*map(_end, self._started))
        mine = [name for name in _existing() if name.startswith(f"{self._name}-")]
        await _ip(*(f"netns del {name}" for name in mine))

    # ---- names ---------------------------------------------------------------------

    @property
    def _switch_ns(self) -> str:
        return f"{self._name}-switch"

    def _port(self, place: int) -> str:
        return f"port{self._known(place)}"

    def _known(self, place: int) -> int:
        if not 0 <= place < self._places:
            raise IndexError(f"place: expected 0 to {self._places - 1}, got {place}")
        return place

    async def _switch(self, *lines: str) -> None:
        await _ip(*lines, namespace=self._switch_ns)

    async def _inside(self, place: int, *lines: str) -> None:
        await _ip(*lines, namespace=self.namespace(place))

    async def _nft(self, rules: str) -> None:
        argv = ["ip", "netns", "exec", self._switch_ns, "nft", "-f", "-"]
        await _command(argv, rules)


async def _ip(*lines: str, namespace: str | None = None) -> None:
    """Run lines of ``ip``, in order, in one process; the first failure ends them."""
    where = ["-n", namespace] if namespace else []
    await _command(["ip", *where, "-batch", "-"], "\n".join(lines))


async def _command(argv: Sequence[str], text: str = "") -> None:
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except FileNotFoundError as error:
        raise NamespaceError(f"{argv[0]}: not found; install iproute2 and nftables") from error
    said, _ = await process.communicate(f"{text}\n".encode())
    if process.returncode:
        raise NamespaceError(f"{' '.join(argv)}: {said.decode().strip()}\nin:\n{text}")


async def _end(process: asyncio.subprocess.Process) -> None:
    for order in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, order)
        with contextlib.suppress(TimeoutError):
            # wait() alone does not return while an unread pipe is full: read it out.
            await asyncio.wait_for(process.communicate(), _END_GRACE_S)


async def _sweep_abandoned() -> None:
    """Remove namespaces whose maker was killed before it could."""
    abandoned = [name for name in _existing() if not _maker_lives(name)]
    await _ip(*(f"netns del {name}" for name in abandoned))


def _existing() -> Iterable[str]:
    if not _NAMESPACES.is_dir():
        return []
    return sorted(path.name for path in _NAMESPACES.glob(f"{_PREFIX}-*"))


def _maker_lives(name: str) -> bool:
    return Path("/proc", name.split("-")[1]).is_dir()
