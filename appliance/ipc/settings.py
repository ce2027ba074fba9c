"""How this box is set up: one TOML file, read by each of its processes.

Everything has a default but the two folders::

    state = "/var/lib/examhall"      # databases, bundles, outbox: on the encrypted disk
    run   = "/run/examhall"          # sockets

    [listen]
    host = "0.0.0.0"
    seats = 8440
"""

import os
import tomllib
from pathlib import Path
from typing import Literal

import msgspec


class SettingsError(ValueError):
    """A settings file that does not fit; the message names the place."""

    code = "settings_error"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Listen(_Section, frozen=True, kw_only=True):
    """Where seats are served; a port 0 takes a free one."""

    host: str = "0.0.0.0"  # noqa: S104 - the hall's LAN is what the box is for
    seats: int = 8440
    faces: int = 8442
    recordings: int = 8443


class Rhythm(_Section, frozen=True, kw_only=True):
    """How often core does what it does by itself, in ms."""

    parcels_ms: int = 2_000
    log_heads_ms: int = 10_000


class Office(_Section, frozen=True, kw_only=True):
    """Overrides of the bundle: where to deliver, such as through a line of one's own."""

    addresses: tuple[str, ...] = ()


class Faces(_Section, frozen=True, kw_only=True):
    """Worker processes for faces; 0: one for each core."""

    workers: int = 0


class Courier(_Section, frozen=True, kw_only=True):
    """What becomes of parcels that the office has verified."""

    keep_verified_hours: int = 168
    """Their files stay so long on this box."""
    leave_free_mb: int = 3_072
    """With less room on the disk they go at once, recordings first: before recordings give way."""


class Recordings(_Section, frozen=True, kw_only=True):
    """When recordings give way, and how long the end of a lane waits for them."""

    leave_free_mb: int = 2_048
    """With less room than this on the disk no segment is taken: answers need it."""
    views_wait_s: int = 600
    """After a subject was closed, views that have not come to their end are waited for."""


class Settings(_Section, frozen=True, kw_only=True):
    """All settings of a box."""

    state: str
    run: str
    listen: Listen = Listen()
    rhythm: Rhythm = Rhythm()
    office: Office = Office()
    faces: Faces = Faces()
    courier: Courier = Courier()
    recordings: Recordings = Recordings()
    staff_keys: str = "/etc/examhall/staff"
    """Where the key files of staff lie, as the office made them: NAME.staff.pem."""
    network: Literal["lan", "loopback"] = "lan"
    """Where the box is announced: on every interface, or on this machine only (demo)."""

    @property
    def state_folder(self) -> Path:
        """Where what lasts is kept."""
        return Path(self.state)

    @property
    def bundles(self) -> Path:
        """Where bundles are kept."""
        return self.state_folder / "bundles"

    @property
    def outbox(self) -> Path:
        """Where parcels wait for the courier."""
        return self.state_folder / "outbox"

    def own(self, process: str) -> Path:
        """Return the folder that one process alone writes."""
        return self.state_folder / process

    def socket(self, process: str) -> Path:
        """Return where a process listens for its siblings."""
        return Path(self.run) / f"{process}.sock"

    @property
    def staff_socket(self) -> Path:
        """Where the console and ``exam-appliance act`` ask core."""
        return Path(self.run) / "staff.sock"


def default_path() -> Path:
    """Return where the settings lie; the variable is for several boxes on one machine."""
    return Path(os.environ.get("EXAMHALL_CONFIG") or "/etc/examhall/appliance.toml")


def read_settings(path: Path) -> Settings:
    """Return the settings; raise `SettingsError` with the place that does not fit."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}: expected the box's settings") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}") from error
