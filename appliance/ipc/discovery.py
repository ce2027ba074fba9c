"""What `discovery` and `core` tell each other, and the four things that a seat can be.

`discovery` serves its socket. `core`, its client, says at each connection who belongs to the
hall; `discovery` publishes, whole each time, whom it has heard and reached. Times are the
box's BOOTTIME in milliseconds, which its processes share; 0: before this boot.

R201: *found*, *reachable*, *paired* and *ready* are four different things: a paired seat
may be switched off, and a reachable machine a stranger's. Liveness is the heartbeat (or an
answer on the machine's own port), never what mDNS says or leaves unsaid.
"""

from typing import Final

from exam.identifiers import Label
from protocol.values import Milliseconds, Value
from runtime.ipc import Channel

SILENT_AFTER_MS: Final = 15_000
"""A seat whose last heartbeat is older is not live."""
PROBE_STALE_AFTER_MS: Final = 30_000


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


class SeatFacts(Value, frozen=True, kw_only=True):
    """All that is known of one seat's machine."""

    seen: TerminalSeen | None = None
    paired: bool = False
    """A certificate for it is on record and not revoked."""
    last_beat: Milliseconds | None = None
    """The last heartbeat by that certificate."""
    checks_passed: bool = False
    """What the seat said in that heartbeat: paper, hall time, devices."""


class Standing(Value, frozen=True, kw_only=True):
    """The four things of R201."""

    found: bool
    reachable: bool
    paired: bool
    ready: bool


def standing(facts: SeatFacts, now: int) -> Standing:
    """Judge the facts at BOOTTIME ``now``, in ms."""
    live = facts.last_beat is not None and now - facts.last_beat <= SILENT_AFTER_MS
    return Standing(
        found=facts.seen is not None or live,
        reachable=live or _answered(facts.seen, now),
        paired=facts.paired,
        ready=facts.paired and live and facts.checks_passed,
    )


def _answered(seen: TerminalSeen | None, now: int) -> bool:
    if seen is None or seen.probed is None or not seen.reached:
        return False
    return now - seen.probed <= PROBE_STALE_AFTER_MS
