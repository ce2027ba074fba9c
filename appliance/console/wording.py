"""Numbers as people read them: times of day in the sitting's zone, spans, sizes. Pure.

::

    clock(1_767_229_200_000, "Asia/Shanghai")  -> "09:00:00"
    span(3_725_000)                            -> "1:02:05"
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.cells import cell_len, set_cell_size

_GIB: Final = 1024**3
_MIB: Final = 1024**2
_KIB: Final = 1024
_DAY_S: Final = 86_400
_SHOWN_OF_ID: Final = (3, 4)


def zone(name: str) -> tzinfo:
    """Return the time zone of an IANA name; UTC where this machine has no such zone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def moment(ms: int, zone_name: str) -> datetime:
    """Return a hall time (ms since the epoch, UTC) as a moment in the sitting's zone."""
    return datetime.fromtimestamp(ms / 1000, zone(zone_name))


def clock(ms: int, zone_name: str) -> str:
    """Return the time of day with seconds."""
    return moment(ms, zone_name).strftime("%H:%M:%S")


def clock_minutes(ms: int, zone_name: str) -> str:
    """Return the time of day; with seconds only where they are not zero."""
    text = clock(ms, zone_name)
    return text.removesuffix(":00") if text.count(":") > 1 else text


def day_and_clock(ms: int, zone_name: str) -> str:
    """Return date and time of day."""
    return moment(ms, zone_name).strftime("%Y-%m-%d %H:%M:%S")


def span(ms: int) -> str:
    """Return a span of time as h:mm:ss, or mm:ss below an hour; never below nothing."""
    seconds = max(0, ms) // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def signed_span(ms: int) -> str:
    """Return a correction, with its sign."""
    return ("-" if ms < 0 else "+") + span(abs(ms))


def size(count: int) -> str:
    """Return a number of bytes in the unit that leaves few digits."""
    for unit, name in ((_GIB, "GB"), (_MIB, "MB"), (_KIB, "kB")):
        if count >= unit:
            return (
                f"{count / unit:.0f} {name}" if count >= 10 * unit else f"{count / unit:.1f} {name}"
            )
    return f"{count} B"


def distance(thousandths: int) -> str:
    """Return a distance between faces as it is written; empty where there is none."""
    return "" if thousandths < 0 else f"{thousandths / 1000:.2f}"


def masked(id_number: str) -> str:
    """Return an ID number with its middle hidden."""
    first, last = _SHOWN_OF_ID
    hidden = len(id_number) - first - last
    if hidden <= 0:
        return "*" * len(id_number)
    return id_number[:first] + "*" * hidden + id_number[-last:]


def grouped_digits(code: str) -> str:
    """Return the nine digits of a pairing code in threes."""
    digits = "".join(code.split())
    return " ".join(digits[i : i + 3] for i in range(0, len(digits), 3))


def fitted(text: str, cells: int) -> str:
    """Return ``text`` in exactly so many cells; what is cut off shows as a full stop or two."""
    if cell_len(text) <= cells:
        return set_cell_size(text, cells)
    return set_cell_size(text, cells - 1).rstrip() + "…" + " " * _left(text, cells)


def _left(text: str, cells: int) -> int:
    return cells - 1 - cell_len(set_cell_size(text, cells - 1).rstrip())


def typed_moment(text: str, now: int, zone_name: str) -> int | None:
    """Return the hall time that a person typed; None where it is no time.

    ``HH:MM``, ``HH:MM:SS`` mean the one nearest to ``now``; ``YYYY-MM-DD HH:MM:SS`` says the
    day too, for a box whose clock lost even that. Full-width digits and colons are read.
    """
    cleaned = text.translate(_NARROW).strip()
    here = moment(now, zone_name)
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"):
        read = _read(cleaned, form)
        if read is not None:
            return _ms(read.replace(tzinfo=here.tzinfo))
    for form in ("%H:%M:%S", "%H:%M"):
        read = _read(cleaned, form)
        if read is not None:
            return _nearest(
                _ms(
                    here.replace(
                        hour=read.hour, minute=read.minute, second=read.second, microsecond=0
                    )
                ),
                now,
            )
    return None


_NARROW: Final = str.maketrans("０１２３４５６７８９：－　", "0123456789:- ")


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None


def _ms(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def _nearest(ms: int, now: int) -> int:
    days = (ms - _DAY_S * 1000, ms, ms + _DAY_S * 1000)
    return min(days, key=lambda each: abs(each - now))


def without_separators(text: str) -> str:
    """Return a code as it was typed, without blanks and hyphens of any width."""
    return "".join(c for c in text if c not in _SEPARATORS and not c.isspace())


_SEPARATORS: Final = "-－‐–—.．"
