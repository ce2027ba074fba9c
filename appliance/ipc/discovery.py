"""What `discovery` and `core` tell each other.

`discovery` serves its socket. `core`, its client, says at each connection who belongs to the
hall; `discovery` publishes, whole each time, whom it has heard and reached. Times are the
box's BOOTTIME in milliseconds, which its processes share; 0: before this boot.

Found and reachable is all that is said here: a reachable machine may be a stranger's.
"""

from typing import Final

from exam.identifiers import Label
from protocol.values import Milliseconds, Value
from runtime.ipc import Channel


class Roster(Value, frozen=True, kw_only=True, tag="roster"):
    """From `core`: the seats of the hall. Nobody else is looked for, but a few newcomers."""

    seats: tuple[Label, ...]


class Expected(Value, frozen=True, kw_only=True, tag="expected"):
    """From `discovery`: the roster is taken."""


class TerminalSeen(Value, frozen=True, kw_only=True):
    """One machine, by the name that it gave."""

    name: str
    seat: Label | None
    """The seat that it claims, if the roster has it: a hint."""
    addresses: tuple[str, ...]
    """``host:port``, a few; the one that answered last comes first."""
    first_heard: Milliseconds
    last_heard: Milliseconds
    probed: Milliseconds | None = None
    reached: bool = False
    """Whether it answered the last probe."""


class TerminalsSeen(Value, frozen=True, kw_only=True, tag="terminals_seen"):
    """From `discovery`: all machines that it knows of, in order of their names."""

    terminals: tuple[TerminalSeen, ...]


CHANNEL: Final[Channel[Roster, Expected, TerminalsSeen]] = Channel(
    requests=Roster, replies=Expected, events=TerminalsSeen
)
