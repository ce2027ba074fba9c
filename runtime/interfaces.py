"""The machine's network interfaces, and word of every change to them.

Rules:

1. What counts is the whole shape: names, indices, addresses, carrier. A network adapter
   that was pulled and put back with the same address has another index: that is a change,
   since the kernel has forgotten which groups its sockets had joined.
2. The kernel's word (rtnetlink) is only a call to look; what is there is read afresh, and
   read now and then without a call, since such messages can be lost.
3. IPv4 only: a hall's network is one switch, and mDNS by IPv4 reaches all of it.

Blocks nothing: the reading is done on a thread.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import ifaddr
import msgspec

SETTLE_S: Final = 0.3
LOOK_EVERY_S: Final = 10.0

_LINK_CHANGES: Final = 1
_ADDRESS_CHANGES: Final = 0x10
"""RTMGRP_LINK and RTMGRP_IPV4_IFADDR of linux/rtnetlink.h."""
_SYS: Final = Path("/sys/class/net")


class Interface(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One IPv4 address of one network interface."""

    name: str
    index: int
    address: str
    carrier: bool
    """Whether a cable is in and somebody is at its other end."""


Shape = tuple[Interface, ...]
"""All addresses of the machine but the loopback's."""

Networks = Callable[[], AsyncIterator[Shape]]
"""The present shape and then each new one: `shapes`, or `loopback_only`."""


async def shapes(*, look_every_s: float = LOOK_EVERY_S) -> AsyncIterator[Shape]:
    """Give the present shape, then each new one soon after it came about; without end."""
    with _kernels_word() as word:
        before: Shape | None = None
        while True:
            now = await asyncio.to_thread(read_shape)
            if now != before:
                before = now
                yield now
            await _called(word, look_every_s)
            await asyncio.sleep(SETTLE_S)


async def loopback_only() -> AsyncIterator[Shape]:
    """Give the loopback as the only network, for a hall on one machine; without end."""
    yield (Interface(name="lo", index=1, address="127.0.0.1", carrier=True),)
    await asyncio.Event().wait()


def read_shape() -> Shape:
    """Return the present shape, sorted. Blocks for some hundred microseconds."""
    found = [
        Interface(
            name=adapter.name,
            index=adapter.index or 0,
            address=each.ip,
            carrier=_carrier(adapter.name),
        )
        for adapter in ifaddr.get_adapters()
        for each in adapter.ips
        if isinstance(each.ip, str) and not each.ip.startswith("127.")
    ]
    return tuple(sorted(found))


def _carrier(name: str) -> bool:
    try:
        return (_SYS / name / "carrier").read_text().strip() == "1"
    except OSError:  # the interface is down (EINVAL) or gone in this moment
        return False


def _kernels_word() -> socket.socket:
    word = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    word.setblocking(False)
    word.bind((0, _LINK_CHANGES | _ADDRESS_CHANGES))
    return word


async def _called(word: socket.socket, at_most_s: float) -> None:
    """Return at the kernel's word, or after a while without one."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):
            try:
                await loop.sock_recv(word, 65_536)
            except OSError:  # ENOBUFS: words were lost, which is a call to look as well
                return
    with contextlib.suppress(BlockingIOError, OSError):
        while word.recv(65_536):
            pass
