"""Being found and finding others on the local network: mDNS (RFC 6762) and DNS-SD (RFC 6763).

Rules:

1. What is heard is a hint, never an identity, and "removed" says nothing: others can say
   goodbye in anybody's name, and a killed machine says none. Only what was heard is told.
2. Names that the caller does not want are dropped unread. Those it wants are told at once
   where all is known, else resolved a few at a time, each within seconds; what does not fit
   into the queue is heard again later. The caller keeps the wanted names few.
3. A browser asks four times and then falls silent, so with lost packets it stays blind: a
   new one begins every half to whole minute while the caller still misses somebody.
4. Every new shape of the network interfaces (an address changed, a cable or an adapter put
   back) begins everything anew on new sockets: an adapter that comes back with the same
   address would otherwise be deaf without a word.

::

    lan = Lan(announce=me, browse="_exam-appliance._tcp", wanted=is_label, heard=candidates.hear)
    tasks.start("local network", lan.run())
"""

import asyncio
import contextlib
import logging
import random
import socket
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec
from zeroconf import IPVersion, NonUniqueNameException, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from runtime.interfaces import Networks, Shape, shapes

log = logging.getLogger(__name__)

_LOCAL: Final = "local."
_ADDRESSES: Final = 4
_HINTS: Final = 8
_HINT_LENGTH: Final = 64


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds and numbers; the defaults suit a hall of some hundred machines."""

    renew_from_s: float = 30.0
    renew_to_s: float = 60.0
    resolve_s: float = 3.0
    resolvers: int = 8
    waiting: int = 256
    """Names that wait to be resolved, at most."""
    retry_s: float = 3.0


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What this machine says of itself. ``service`` is like ``_exam-terminal._tcp``."""

    service: str
    instance: str
    """At most 63 bytes, without dots."""
    port: int
    hints: Mapping[str, str] = {}


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What some machine said; nothing of it is proved."""

    instance: str
    addresses: tuple[str, ...]
    """IPv4, at most four."""
    port: int
    hints: Mapping[str, str]
    """At most eight, of at most 64 characters."""


class Lan:
    """Announces, browses and resolves while `run` runs; its owner cancels it."""

    def __init__(
        self,
        *,
        browse: str,
        wanted: Callable[[str], bool],
        heard: Callable[[Heard], None],
        announce: Sequence[Announcement] = (),
        complete: Callable[[], bool] = lambda: False,
        networks: Networks = shapes,
        timing: Timing | None = None,
    ) -> None:
        """Take what to say and whom to tell; ``wanted`` and ``heard`` must not block.

        Of ``announce`` the first is said whose name no other machine answers to.
        ``complete`` says that nobody is missed any more, so that no new browser is needed.
        """
        self._browse = f"{browse}.{_LOCAL}"
        self._wanted = wanted
        self._heard = heard
        self._announcements = announce
        self._complete = complete
        self._networks = networks
        self._timing = timing or Timing()
        self._look = asyncio.Event()

    def look_again(self) -> None:
        """Begin a new browser now: somebody is missed."""
        self._look.set()

    async def run(self) -> None:
        """Work until cancelled, through every change of the network."""
        async with asyncio.TaskGroup() as group:
            session: asyncio.Task[None] | None = None
            async for shape in self._networks():
                if session is not None:
                    session.cancel()
                    await asyncio.wait([session])
                session = group.create_task(self._on_network(shape))

    async def _on_network(self, shape: Shape) -> None:
        addresses = sorted({each.address for each in shape if each.carrier})
        while addresses:
            try:
                await self._session(addresses)
            except* OSError as errors:  # an address went away while we took it, or later
                said = "; ".join(map(str, errors.exceptions))
                log.warning("mDNS on %s: %s; trying again", ", ".join(addresses), said)
            await asyncio.sleep(self._timing.retry_s)
        log.warning("no network: expected a cable and an IPv4 address, found none")

    async def _session(self, addresses: list[str]) -> None:
        waiting: asyncio.Queue[str] = asyncio.Queue(self._timing.waiting)
        async with (
            AsyncZeroconf(interfaces=addresses, ip_version=IPVersion.V4Only) as mdns,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(self._timing.resolvers):
                group.create_task(self._resolve(mdns, waiting))
            group.create_task(self._keep_browsing(mdns, waiting))
            await self._announce(mdns, addresses)

    async def _announce(self, mdns: AsyncZeroconf, addresses: list[str]) -> None:
        for said in self._announcements:
            try:
                await (await mdns.async_register_service(_service_info(said, addresses)))
            except NonUniqueNameException:
                log.warning("%s: another machine on this network answers to it", said.instance)
            else:
                return

    async def _keep_browsing(self, mdns: AsyncZeroconf, waiting: asyncio.Queue[str]) -> None:
        def changed(
            zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
        ) -> None:
            if state_change is not ServiceStateChange.Removed:
                self._changed(zeroconf, service_type, name, waiting)

        while True:
            self._look.clear()
            browser = AsyncServiceBrowser(mdns.zeroconf, self._browse, handlers=[changed])
            try:
                await self._missed()
            finally:
                await browser.async_cancel()

    async def _missed(self) -> None:
        """Return when it is time for a new browser."""
        while True:
            pause = random.uniform(self._timing.renew_from_s, self._timing.renew_to_s)  # noqa: S311 - spreads machines, hides nothing
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), pause)
                return
            if not self._complete():
                return

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, waiting: asyncio.Queue[str]
    ) -> None:
        if not self._wanted(_instance(name, service_type)):
            return
        info = AsyncServiceInfo(service_type, name)
        if info.load_from_cache(zeroconf):
            self._tell(info)
        elif not waiting.full():
            waiting.put_nowait(name)

    async def _resolve(self, mdns: AsyncZeroconf, waiting: asyncio.Queue[str]) -> None:
        while True:
            info = AsyncServiceInfo(self._browse, await waiting.get())
            if await info.async_request(mdns.zeroconf, self._timing.resolve_s * 1000):
                self._tell(info)

    def _tell(self, info: AsyncServiceInfo) -> None:
        addresses = info.parsed_addresses(IPVersion.V4Only)[:_ADDRESSES]
        if not addresses or not info.port:
            return
        self._heard(
            Heard(
                instance=_instance(info.name, self._browse),
                addresses=tuple(addresses),
                port=info.port,
                hints=_hints(info.decoded_properties),
            )
        )


def _service_info(said: Announcement, addresses: list[str]) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        f"{said.service}.{_LOCAL}",
        f"{said.instance}.{said.service}.{_LOCAL}",
        port=said.port,
        properties=dict(said.hints),
        server=f"{said.instance}.{_LOCAL}",
        addresses=[socket.inet_aton(address) for address in addresses],
    )


def _instance(name: str, service_type: str) -> str:
    return name.removesuffix(f".{service_type}")


def _hints(properties: Mapping[str, str | None]) -> dict[str, str]:
    few = islice(sorted(properties.items()), _HINTS)
    return {key[:_HINT_LENGTH]: (value or "")[:_HINT_LENGTH] for key, value in few}
