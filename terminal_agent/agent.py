"""The agent's composition root: one seat, from an unknown machine to the end of the day.

::

    spool, shelf                    what outlasts a power cut
      desk                          the parts and the state, shared by all
      seat                          what the link tells, and what the page asks
        loopback                    the page
        finder                      where the appliance may be
          `_Agent.live`             pair, find, link; again and again
          watch the time            the own end, also without the appliance
          recorder                  the cameras

Nothing on the network is believed before it is proved; see `terminal_agent.link.prove`.
"""

import asyncio
import logging
import math
import os
import secrets
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

import aiohttp

from exam.identifiers import IdentifierError, parse
from protocol.discovery import Address
from protocol.errors import ProtocolError
from protocol.pairing import CodeFormatError, ConfirmationError, Refusal
from protocol.sealed_paper import SealedPaper
from protocol.seat_api import HallInfo
from protocol.values import Value, decode
from runtime.clock import Anchor, MachineClock, SeatClock
from runtime.errors import DatabaseError, DiskError, MachineryError
from runtime.files import make_folder, write_atomic
from runtime.interfaces import loopback_only, shapes
from runtime.service import Service
from runtime.tasks import Tasks
from terminal_agent import ending, opening, pairing
from terminal_agent import identity as identities
from terminal_agent.desk import Desk
from terminal_agent.finding import Candidate, Finder, Source
from terminal_agent.identity import Identity
from terminal_agent.link import Link, LinkLostError, Proven, prove
from terminal_agent.loopback import Loopback
from terminal_agent.papers import PaperShelf
from terminal_agent.recorder import Recorder
from terminal_agent.seat import Seat
from terminal_agent.spool import Spool
from terminal_agent.trust import TrustedHall, trust
from terminal_agent.view import Reason, ReasonCode

_AGAIN_S: Final = 1.0
_REASONS: Final = {
    Refusal.NO_WINDOW: ReasonCode.PAIRING_CLOSED,
    Refusal.WRONG_CODE: ReasonCode.PAIRING_WRONG,
    Refusal.TAKEN: ReasonCode.PAIRING_TAKEN,
    Refusal.SLOW_DOWN: ReasonCode.PAIRING_LATER,
    Refusal.EXPIRED: ReasonCode.PAIRING_EXPIRED,
    Refusal.BAD_REQUEST: ReasonCode.INTERNAL,
}
_NAMED: Final = {Source.TYPED, Source.BUNDLE, Source.QR}
_TELLS_LITTLE: Final = {ReasonCode.APPLIANCE_UNREACHED, ReasonCode.PAIRING_CLOSED}
"""What a box says that is none or another hall's: any other box's reason tells more."""
_FETCH_AGAIN: Final = (
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    ProtocolError,
    DiskError,
    DatabaseError,
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """How an agent was started."""

    folder: Path
    seat: str = ""
    """The seat's identifier or label, where it is known before the pairing."""
    appliance: tuple[Address, ...] = ()
    page_port: int = 0
    page_token: str | None = None
    cameras: str = "auto"
    """``auto``: USB cameras; ``none``; or the path of a video file."""
    network: Literal["lan", "loopback"] = "lan"
    """Where the seat looks and is seen: on every interface, or on this machine only (demo)."""
    address_file: Path | None = None
    """Where the page's address is written, for whoever opens it; none: ``page-address`` in
    the folder. It holds the token, so it goes into no log."""
    address_mode: int = 0o600
    """Who may read it: a browser that another user opens needs its group to (0640)."""


class Machine(Value, frozen=True, kw_only=True):
    """What this machine drew once: 32 bits that tell it from others before it has a seat."""

    bits: int


async def run_terminal(options: Options, service: Service) -> None:
    """Run one seat until the service ends."""
    await asyncio.to_thread(make_folder, options.folder)
    steady = MachineClock()
    async with Spool(options.folder) as spool:
        clock = SeatClock(steady, anchor=await _anchor(spool), last_ms=await spool.last_time())
        shelf = PaperShelf(options.folder / "papers")
        await asyncio.to_thread(shelf.prepare)
        recorder = Recorder(options.cameras, options.folder / "segments")
        desk = Desk(spool, shelf, clock, steady, recorder, agent=_release())
        desk.disk_free = lambda: _free(options.folder)
        seat = Seat(desk)
        agent = _Agent(options, seat, await _machine(spool))
        await agent.try_to_resume()
        async with (
            Loopback(seat, port=options.page_port, token=options.page_token) as page,
            recorder,
            Tasks("terminal") as tasks,
        ):
            address_file = options.address_file or options.folder / "page-address"
            await asyncio.to_thread(write_address, address_file, page.address, options.address_mode)
            tasks.start("watch the spool", spool.watch())
            tasks.start("find", agent.finder.run())
            tasks.start("live", agent.live())
            tasks.start("watch the time", ending.watch_time(desk))
            tasks.start("record", recorder.run(desk))
            service.ready(
                f"the page is served on {page.host}; its address stands in {address_file}"
            )
            await service.ended()


class _Agent:
    """Pairs, finds and links, for as long as the program lives."""

    def __init__(self, options: Options, seat: Seat, machine: Machine) -> None:
        self._options = options
        self._seat = seat
        self._desk = seat.desk
        self._identity: Identity | None = None
        self._paired = asyncio.Event()
        self._resumed = False
        given = [Candidate(address, Source.TYPED) for address in options.appliance]
        self.finder = Finder(
            machine=machine.bits,
            seat=options.seat or None,
            given=given,
            networks=loopback_only if options.network == "loopback" else shapes,
        )
        self._desk.pair = self.pair
        self._desk.state.seat = options.seat
        self._desk.state.appliance_seen = bool(given)

    async def try_to_resume(self) -> bool:
        """Read back who and where this seat was; say on the page why not, if it fails."""
        try:
            await self._resume()
        except (MachineryError, ProtocolError, OSError) as error:
            self._desk.troubled(error)
            return False
        self._desk.troubled(None)
        self._resumed = True
        return True

    async def _resume(self) -> None:
        """Read back who this machine is, and the hall that it knew."""
        found = await asyncio.to_thread(identities.load, self._options.folder / "identity")
        if found is None:
            return
        self._take(found)
        await self._seat.resume(await self._known_hall(found))

    async def _known_hall(self, identity: Identity) -> TrustedHall | None:
        stored = await self._desk.spool.get("hall")
        if stored is None:
            return None
        root = await asyncio.to_thread(_root_pem, identity)
        return trust(decode(stored, HallInfo), root, identity.seat, None)

    def _take(self, identity: Identity) -> None:
        self._identity = identity
        self._seat.paired_as(identity.seat, identity.signing_key)
        self._paired.set()

    # --- pairing ----------------------------------------------------------------------------

    async def pair(self, code: str, seat: str) -> Reason | None:
        """Pair this machine as a seat; return why not.

        Where an address was given and a box answers there, no box that was only heard of is
        asked: the code is not theirs, and each wrong one counts against them.
        """
        name = (seat or self._options.seat).strip().lower()
        try:
            parse("seat", name)
        except IdentifierError:
            return Reason(code=ReasonCode.BAD_REQUEST)
        reason = Reason(code=ReasonCode.APPLIANCE_UNREACHED)
        answered = False
        for candidate in self.finder.candidates:
            if answered and candidate.source is Source.HEARD:
                break  # a box that people named has spoken: another hall's is not asked
            found = await self._pair_with(candidate.address, name, code)
            if isinstance(found, Identity):
                self._take(found)
                return None
            answered = answered or (found is not None and candidate.source in _NAMED)
            if found is not None and reason.code in _TELLS_LITTLE:
                reason = found
        return reason

    async def _pair_with(self, address: Address, seat: str, code: str) -> Identity | Reason | None:
        try:
            return await pairing.pair(
                host=address.host,
                port=address.port,
                seat=seat,
                code=code,
                folder=self._options.folder / "identity",
            )
        except pairing.PairingRefusedError as error:
            return _why(error)
        except CodeFormatError:
            return Reason(code=ReasonCode.PAIRING_WRONG)
        except ConfirmationError:
            return Reason(code=ReasonCode.PAIRING_NOT_PROVED)
        except (pairing.PairingLineError, OSError, TimeoutError):
            return None
        except ProtocolError:
            _log.exception("pairing with %s", address)
            return Reason(code=ReasonCode.INTERNAL)

    # --- finding and linking ----------------------------------------------------------------

    async def live(self) -> None:
        """Pair, find, link; when the link breaks, find again."""
        while not self._resumed:
            await asyncio.sleep(_AGAIN_S)
            await self.try_to_resume()
        async with Tasks("look for pairing") as tasks:
            tasks.start("see appliances", self._see_appliances(), may_end=True)
            await self._paired.wait()
        while True:
            proven = await self.finder.search(self._prove)
            try:
                if await self._is_found(proven):
                    await self._linked(proven)
            except LinkLostError as error:
                _log.warning("the link to the appliance is lost: %s", error)
                if error.disk is not None:
                    self._desk.troubled(error.disk)
            finally:
                self._seat.link_lost()
                await proven.close()
            await asyncio.sleep(_AGAIN_S)

    async def _is_found(self, proven: Proven) -> bool:
        """Let the seat believe the hall; what hinders it is said, and tried again."""
        try:
            await self._seat.found(proven)
        except (DiskError, DatabaseError, ProtocolError) as error:
            self._desk.troubled(error)
            return False
        self._desk.troubled(None)
        return True

    async def _see_appliances(self) -> None:
        """Ask for the pairing code as soon as something on the network may be the appliance."""
        while not self._paired.is_set():
            if bool(self.finder.candidates) is not self._desk.state.appliance_seen:
                self._desk.state.appliance_seen = bool(self.finder.candidates)
                self._desk.changed()
            await asyncio.sleep(_AGAIN_S)

    async def _prove(self, address: Address) -> Proven | None:
        identity = self._identity
        if identity is None:
            return None
        root = await asyncio.to_thread(_root_pem, identity)
        try:
            proven = await prove(address, identity, root, self._desk.state.hall)
            if not self._seat.sits_elsewhere(proven.hall):
                return proven
            _log.error("%s holds another sitting than is sat here: not followed", address)
            await proven.close()
        except (ProtocolError, MachineryError) as error:
            _log.warning("%s is not believed: %s", address, error)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.debug("%s: %s", address, error)
        return None

    async def _linked(self, proven: Proven) -> None:
        link = Link(proven, self._seat, self._desk.steady)
        async with Tasks("link") as tasks:
            tasks.start("fetch the paper", self._fetch_papers(proven, link))
            await link.run(self._seat.link_up)

    async def _fetch_papers(self, proven: Proven, link: Link) -> None:
        """Fetch the sealed papers long before they open, and again one that was damaged."""
        while True:
            self._desk.papers_wanted.clear()
            for sealed in proven.hall.papers:
                await self._fetch_paper(proven, sealed)
                link.soon()
            await self._desk.papers_wanted.wait()

    async def _fetch_paper(self, proven: Proven, sealed: SealedPaper) -> None:
        """Fetch one sealed paper; what breaks is tried again."""
        while True:
            try:
                if not await self._desk.shelf.has(sealed):
                    await self._desk.shelf.fetch(proven.http, sealed)
                await opening.paper_came(self._desk, sealed)
            except _FETCH_AGAIN as error:
                _log.warning("the sealed paper of %s: %s", sealed.subject, error)
                await asyncio.sleep(_AGAIN_S)
            else:
                return


def _why(error: pairing.PairingRefusedError) -> Reason:
    parameters: dict[str, int | str] = {}
    if error.retry_after_s:
        parameters["seconds"] = math.ceil(error.retry_after_s)
    return Reason(code=_REASONS[error.reason], parameters=parameters)


def _root_pem(identity: Identity) -> str:
    """Return the office root among what was pinned: the one that issued itself."""
    return pick_root(identity.authority_pem.read_text("ascii"))


def pick_root(chain: str) -> str:
    """Return the last certificate of a PEM chain that ends with the root."""
    marker = "-----BEGIN CERTIFICATE-----"
    return marker + chain.rsplit(marker, maxsplit=1)[-1]


async def _anchor(spool: Spool) -> Anchor | None:
    stored = await spool.get("anchor")
    return None if stored is None else decode(stored, Anchor)


async def _machine(spool: Spool) -> Machine:
    stored = await spool.get("machine")
    if stored is not None:
        return decode(stored, Machine)
    machine = Machine(bits=secrets.randbits(32))
    await spool.put("machine", machine)
    return machine


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def write_address(path: Path, address: str, mode: int) -> None:
    """Write the page's address, whole and never readable by more than ``mode`` says. Blocks."""
    write_atomic(path, f"{address}\n".encode())
    path.chmod(mode)


def _release() -> str:
    try:
        return f"examhall {version('examhall')}"
    except PackageNotFoundError:
        return "examhall, not installed"
