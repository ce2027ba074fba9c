"""Finding the appliance: every way at once, and only the real one is taken.

Owns: the machine's mDNS name, its one open port, and the list of addresses where the
appliance may be: typed or given by the bundle, read from a QR code, heard by mDNS.

Rules:

1. An address is a guess until the caller's ``prove`` has been there and back: mTLS to the
   pinned authority, or pairing. Liars on the network cost a try each, and tries are few at
   a time and bounded.
2. Addresses that people gave are never pushed out by what the network says. Of those that
   were heard a few are kept; one that proved false makes room for the next, others do not.
3. The open port says one line, reads nothing, and tells only that a terminal is here.

::

    finder = Finder(machine=0x1F2E3D4C, seat="a-07", given=[Address("10.0.0.1", 8443)])
    tasks.start("finding", finder.run())
    link = await finder.search(prove)
"""

import asyncio
import contextlib
import enum
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, NamedTuple, TypeVar

from exam.identifiers import IdentifierError, parse
from protocol.discovery import (
    APPLIANCE_SERVICE,
    HELLO,
    SEAT_HINT,
    TERMINAL_SERVICE,
    Address,
    newcomer_name,
)
from runtime.interfaces import Networks, shapes
from runtime.mdns import Announcement, Heard, Lan, Timing

T = TypeVar("T")

log = logging.getLogger(__name__)

HEARD_ADDRESSES: Final = 16
TRIES_AT_ONCE: Final = 4
TRY_S: Final = 10.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 8.0


class Source(enum.StrEnum):
    """How an address came to be known."""

    TYPED = "typed"
    BUNDLE = "bundle"
    QR = "qr"
    WORKED = "worked"
    """It led to the appliance before."""
    HEARD = "heard"


class Candidate(NamedTuple):
    """An address where the appliance may be."""

    address: Address
    source: Source


class Candidates:
    """The list, best first: what worked, what people gave, what was heard."""

    def __init__(self, given: Iterable[Candidate] = ()) -> None:
        self._given = {each.address: each.source for each in given}
        self._heard: dict[Address, bool] = {}
        """With whether it proved false when it was last tried."""
        self._worked: Address | None = None

    def give(self, address: Address, source: Source) -> bool:
        """Add an address that a person or the bundle gives; says whether it is new."""
        is_new = address not in self._given
        self._given[address] = source
        return is_new

    def hear(self, addresses: Iterable[Address]) -> bool:
        """Add what was heard while there is room; says whether anything is new."""
        before = set(self._heard)
        for address in addresses:
            if address not in self._heard and self._make_room():
                self._heard[address] = False
        return bool(self._heard.keys() - before)

    def tried(self, address: Address, *, real: bool) -> None:
        """Note whether the appliance was there."""
        if address in self._heard:
            self._heard[address] = not real
        if real:
            self._worked = address

    def ordered(self) -> tuple[Candidate, ...]:
        """Return all, each once."""
        first = {self._worked: Source.WORKED} if self._worked else {}
        heard = dict.fromkeys(self._heard, Source.HEARD)
        best = heard | self._given | first
        order = dict.fromkeys([*first, *self._given, *self._heard])
        return tuple(Candidate(address, best[address]) for address in order)

    def _make_room(self) -> bool:
        if len(self._heard) < HEARD_ADDRESSES:
            return True
        false = next((address for address, failed in self._heard.items() if failed), None)
        if false is not None:
            del self._heard[false]
        return false is not None


class Finder:
    """Listens, answers "here", and searches; `run` must run for the first two. Made on the loop."""

    def __init__(
        self,
        *,
        machine: int,
        seat: str | None = None,
        given: Iterable[Candidate] = (),
        hello_host: str = "0.0.0.0",  # noqa: S104 - says one line, reads nothing
        hello_port: int = 0,
        networks: Networks = shapes,
        timing: Timing | None = None,
    ) -> None:
        """``machine``: 32 bits that this machine drew once; ``hello_port`` 0: any free one."""
        self._names = [newcomer_name(machine), *([seat] if seat else [])][::-1]
        self._seat = seat
        self._candidates = Candidates(given)
        self._hello = (hello_host, hello_port)
        self._networks = networks
        self._timing = timing
        self._news = asyncio.Event()
        self._lan: Lan | None = None
        self._port: asyncio.Future[int] = asyncio.Future()
        self._found = False

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Where the appliance may be, best first."""
        return self._candidates.ordered()

    def give(self, address: Address, source: Source) -> None:
        """Try this address too, from now on."""
        if self._candidates.give(address, source):
            self._news.set()

    async def hello_port(self) -> int:
        """Return the open port, as soon as it is open."""
        return await asyncio.shield(self._port)

    async def run(self) -> None:
        """Announce, listen and answer until cancelled."""
        server = await asyncio.start_server(_say_hello, *self._hello)
        async with server:
            port: int = server.sockets[0].getsockname()[1]
            self._port.set_result(port)
            self._lan = self._make_lan(port)
            await self._lan.run()

    async def search(self, prove: Callable[[Address], Awaitable[T | None]]) -> T:
        """Return what ``prove`` returns for the first address that is the real one.

        ``prove`` gives None where nobody answers or a stranger does. All addresses are
        tried, four at a time; then again after a pause, or as soon as a new one is known.
        """
        self._found, pause = False, FIRST_PAUSE_S
        if self._lan is not None:
            self._lan.look_again()
        while True:
            self._news.clear()
            proof = await self._first_real(prove)
            if proof is not None:
                self._found = True
                return proof
            try:
                await asyncio.wait_for(self._news.wait(), pause)
                pause = FIRST_PAUSE_S
            except TimeoutError:
                pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _first_real(self, prove: Callable[[Address], Awaitable[T | None]]) -> T | None:
        places = asyncio.Semaphore(TRIES_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            tries = [
                group.create_task(self._try(each.address, prove, places))
                for each in self.candidates
            ]
            for each in asyncio.as_completed(tries):
                proof = await each
                if proof is not None:
                    for other in tries:
                        other.cancel()
                    return proof
        return None

    async def _try(
        self,
        address: Address,
        prove: Callable[[Address], Awaitable[T | None]],
        places: asyncio.Semaphore,
    ) -> T | None:
        proof: T | None = None
        async with places:
            with contextlib.suppress(TimeoutError):
                proof = await asyncio.wait_for(prove(address), TRY_S)
        self._candidates.tried(address, real=proof is not None)
        return proof

    def _make_lan(self, port: int) -> Lan:
        hints = {SEAT_HINT: self._seat} if self._seat else {}
        return Lan(
            announce=[
                Announcement(service=TERMINAL_SERVICE, instance=name, port=port, hints=hints)
                for name in self._names
            ],
            browse=APPLIANCE_SERVICE,
            wanted=_is_label,
            heard=self._heard,
            complete=lambda: self._found,
            networks=self._networks,
            timing=self._timing,
        )

    def _heard(self, peer: Heard) -> None:
        if self._candidates.hear(Address(host, peer.port) for host in peer.addresses):
            log.info("heard of appliance %s at %s", peer.instance, ", ".join(peer.addresses))
            self._news.set()


async def _say_hello(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HELLO)
    writer.close()


def _is_label(name: str) -> bool:
    try:
        parse("appliance", name)
    except IdentifierError:
        return False
    return True
