"""How a seat is set up: one TOML file, what the command line says, or both.

Everything has a default::

    folder = "/var/lib/examhall-seat"          # keys, spool, papers
    seat = "A07"                               # else it is typed at the pairing
    appliance = ["192.168.1.10:8440"]          # where mDNS does not reach
    camera = "auto"                            # USB cameras; "none"; or a film's path
    page_port = 8460                           # else a free one
    address_file = "/run/examhall-seat/page"   # where the page's address is written
    address_readers = "owner"                  # "group": the seat's group may read it too
    network = "lan"                            # "loopback": this machine only
"""

import tomllib
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from exam.identifiers import IdentifierError, parse
from protocol.discovery import AddressError, read_address
from terminal_agent.agent import Options

_ADDRESS_MODES: Final = {"owner": 0o600, "group": 0o640}


class SettingsError(ValueError):
    """Settings that do not fit; the message names the place."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a seat."""

    folder: str = "/var/lib/examhall-seat"
    seat: str = ""
    appliance: tuple[str, ...] = ()
    camera: str = "auto"
    page_port: int = 0
    address_file: str = ""
    address_readers: Literal["owner", "group"] = "owner"
    network: Literal["lan", "loopback"] = "lan"


def read_settings(path: Path | None, said: dict[str, Any]) -> Settings:
    """Return what the file says, and before it what was ``said`` on the command line.

    Raises `SettingsError`.
    """
    try:
        written = {} if path is None else tomllib.loads(path.read_text("utf-8"))
        return msgspec.convert(written | said, Settings)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}: expected the seat's settings") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path or 'command line'}: {error}") from error


def options(settings: Settings) -> Options:
    """Return how the agent is to be started; raise `SettingsError` for a wrong address or seat."""
    seat = settings.seat.strip().lower()
    try:
        addresses = tuple(read_address(each) for each in settings.appliance)
        if seat:
            parse("seat", seat)
    except (AddressError, IdentifierError) as error:
        raise SettingsError(str(error)) from error
    return Options(
        folder=Path(settings.folder),
        seat=seat,
        appliance=addresses,
        page_port=settings.page_port,
        cameras=settings.camera,
        network=settings.network,
        address_mode=_ADDRESS_MODES[settings.address_readers],
        address_file=Path(settings.address_file) if settings.address_file else None,
    )
