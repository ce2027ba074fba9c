"""How seats and appliances are called on the local network, and how an address is written.

All of it is a hint: who is real is decided by the pairing code and the pinned authority.

A paired machine, or one that was told its seat, is announced by the seat's identifier;
any other as ``new-`` and the eight hexadecimal digits that it drew for itself. An address
is ``host:port``, with a bare IPv6 host in brackets; on a QR code it is
``examhall://host:port``.
"""

import re
from typing import Final, NamedTuple

from protocol.errors import MalformedError

TERMINAL_SERVICE: Final = "_exam-terminal._tcp"
APPLIANCE_SERVICE: Final = "_exam-appliance._tcp"

HELLO: Final = b"examhall terminal 1\n"
"""All that a terminal's open port ever says; it reads nothing."""

SEAT_HINT: Final = "seat"
CENTRE_HINT: Final = "centre"

_NEWCOMER: Final = re.compile(r"new-[0-9a-f]{8}")
_QR: Final = "examhall://"
_ADDRESS: Final = re.compile(
    r"(?:\[(?P<v6>[0-9a-fA-F:.]{2,45})\]|(?P<host>[0-9A-Za-z.-]{1,253})):(?P<port>[0-9]{1,5})"
)
_PORTS: Final = range(1, 65_536)


class Address(NamedTuple):
    """Where an appliance may be."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class AddressError(MalformedError):
    """What was typed or read is no ``host:port``."""

    code = "P130"


def newcomer_name(machine: int) -> str:
    """Return the name of a machine without a seat, from 32 random bits."""
    return f"new-{machine:08x}"


def is_newcomer(name: str) -> bool:
    """Say whether a name is one that a machine without a seat takes."""
    return _NEWCOMER.fullmatch(name) is not None


def read_address(text: str) -> Address:
    """Return the address in what a person typed or a camera read; raise `AddressError`."""
    found = _ADDRESS.fullmatch(text.strip().removeprefix(_QR).rstrip("/"))
    if found is None or int(found["port"]) not in _PORTS:
        raise AddressError(
            f"expected host:port, such as 10.0.0.1:8443 or [fe80::1]:8443; got {text[:80]!r}"
        )
    return Address(found["v6"] or found["host"], int(found["port"]))


def qr_text(address: Address) -> str:
    """Return the text of the QR code that leads a seat to ``address``.

    Format, for who makes such codes: `read_address` takes them, no command prints them yet.
    """
    return f"{_QR}{address}"
